#include "unicode.h"

#include <stdlib.h>

#include <unicode/uchar.h>
#include <unicode/unorm2.h>
#include <unicode/ustring.h>

#include "base/utf8.h"

enum { NOT_A_CODE_POINT = 0x110000 };

/* ICU fails here only when its data is missing or memory is gone: an installation that cannot work.
 */
static void need(UErrorCode code)
{
    if (U_FAILURE(code))
        abort();
}

struct str unicode_lower(struct str s, struct arena *a)
{
    UErrorCode code = U_ZERO_ERROR;
    int32_t size = (int32_t)s.n * 3 + 1; /* no lower case is longer than three times its capital */
    UChar *wide = NEW_ARRAY(a, UChar, s.n + 1), *low = NEW_ARRAY(a, UChar, (size_t)size);
    char *out = arena_get(a, (size_t)size * 3, 1);
    int32_t n_wide = 0, n_low, n = 0;

    u_strFromUTF8WithSub(wide, (int32_t)s.n + 1, &n_wide, s.p, (int32_t)s.n, 0xFFFD, NULL, &code);
    n_low = u_strToLower(low, size, wide, n_wide, "", &code);
    u_strToUTF8(out, size * 3, &n, low, n_low, &code);
    need(code);
    return (struct str){out, (size_t)n};
}

struct str unicode_nfkc(struct str s, struct arena *a)
{
    UErrorCode code = U_ZERO_ERROR;
    const UNormalizer2 *nfkc = unorm2_getNFKCInstance(&code);
    UChar *wide = NEW_ARRAY(a, UChar, s.n + 1);
    int32_t n_wide = 0, n_norm, n = 0;

    u_strFromUTF8WithSub(wide, (int32_t)s.n + 1, &n_wide, s.p, (int32_t)s.n, 0xFFFD, NULL, &code);
    need(code);
    n_norm = unorm2_normalize(nfkc, wide, n_wide, NULL, 0, &code);
    code = U_ZERO_ERROR; /* the measuring call ends in "buffer overflow" */

    UChar *norm = NEW_ARRAY(a, UChar, (size_t)n_norm + 1);
    char *out = arena_get(a, (size_t)n_norm * 3 + 1, 1);

    unorm2_normalize(nfkc, wide, n_wide, norm, n_norm + 1, &code);
    u_strToUTF8(out, n_norm * 3 + 1, &n, norm, n_norm, &code);
    need(code);
    return (struct str){out, (size_t)n};
}

static bool is_space(uint32_t cp)
{
    return cp < NOT_A_CODE_POINT && u_isUWhiteSpace((UChar32)cp);
}

struct str unicode_trim(struct str s)
{
    while (s.n) {
        struct str rest = s;

        if (!is_space(utf8_next(&rest)))
            break;
        s = rest;
    }
    for (size_t from = s.n; from > 0;) {
        struct str last;

        do
            from--;
        while (from > 0 && ((unsigned char)s.p[from] & 0xC0) == 0x80);
        last = (struct str){s.p + from, s.n - from};
        if (!is_space(utf8_next(&last)) || last.n)
            break;
        s.n = from;
    }
    return s;
}

bool unicode_has_control(struct str s)
{
    while (s.n) {
        uint32_t cp = utf8_next(&s);

        if (cp >= NOT_A_CODE_POINT || u_charType((UChar32)cp) == U_CONTROL_CHAR)
            return true;
    }
    return false;
}
