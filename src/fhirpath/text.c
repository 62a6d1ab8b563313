#include <locale.h>
#include <wctype.h>

#include "base/utf8.h"
#include "value.h"

struct str text_substring(struct str s, size_t start, size_t length)
{
    struct str at = s, end;

    while (start > 0 && at.n) {
        (void)utf8_next(&at);
        start--;
    }
    if (at.n == 0)
        return (struct str){0};
    for (end = at; length > 0 && end.n; length--)
        (void)utf8_next(&end);
    return (struct str){at.p, (size_t)(end.p - at.p)};
}

/* White space and line ends of ECMAScript's trim(), which FHIRPath engines share. */
static bool is_space(uint32_t cp)
{
    return (cp >= 9 && cp <= 13) || cp == 32 || cp == 0xA0 || cp == 0x1680 ||
           (cp >= 0x2000 && cp <= 0x200A) || cp == 0x2028 || cp == 0x2029 || cp == 0x202F ||
           cp == 0x205F || cp == 0x3000 || cp == 0xFEFF;
}

struct str text_trim(struct str s)
{
    struct str rest = s, after = s;
    size_t end = 0;

    while (rest.n && is_space(utf8_next(&after))) {
        rest = after;
        s = rest;
    }
    for (rest = s; rest.n;) {
        if (!is_space(utf8_next(&rest)))
            end = (size_t)(rest.p - s.p);
    }
    return (struct str){s.p, end};
}

/* Characters whose other case is more than one character (Unicode SpecialCasing.txt). */
static const struct special {
    uint32_t from;
    struct str upper, lower;
} specials[] = {
    {0x00DF, STR_LIT("SS"), {NULL, 0}},
    {0x0130, {NULL, 0}, STR_LIT("i\xCC\x87")},
    {0x0149, STR_LIT("\xCA\xBCN"), {NULL, 0}},
    {0x01F0, STR_LIT("J\xCC\x8C"), {NULL, 0}},
    {0x0390, STR_LIT("\xCE\x99\xCC\x88\xCC\x81"), {NULL, 0}},
    {0x03B0, STR_LIT("\xCE\xA5\xCC\x88\xCC\x81"), {NULL, 0}},
    {0x0587, STR_LIT("\xD4\xB5\xD5\x92"), {NULL, 0}},
    {0xFB00, STR_LIT("FF"), {NULL, 0}},
    {0xFB01, STR_LIT("FI"), {NULL, 0}},
    {0xFB02, STR_LIT("FL"), {NULL, 0}},
    {0xFB03, STR_LIT("FFI"), {NULL, 0}},
    {0xFB04, STR_LIT("FFL"), {NULL, 0}},
    {0xFB05, STR_LIT("ST"), {NULL, 0}},
    {0xFB06, STR_LIT("ST"), {NULL, 0}},
};

static struct str special_case(uint32_t cp, bool upper)
{
    for (size_t i = 0; i < sizeof specials / sizeof *specials; i++) {
        if (specials[i].from == cp)
            return upper ? specials[i].upper : specials[i].lower;
    }
    return (struct str){0};
}

/* Sigma ends a word in another form. */
static bool ends_word(struct str before, struct str after)
{
    size_t back = before.n;

    while (back > 0 && ((unsigned char)before.p[back - 1] & 0xC0) == 0x80)
        back--;
    if (back == 0)
        return false;
    before = (struct str){before.p + back - 1, before.n - back + 1};
    return iswalpha((wint_t)utf8_next(&before)) &&
           !(after.n && iswalpha((wint_t)utf8_next(&after)));
}

struct str text_case(struct arena *a, struct str s, bool upper)
{
    locale_t unicode = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0), old = (locale_t)0;
    char *text = arena_get(a, 6 * s.n + 1, 1), *to = text;
    struct str rest = s;

    if (unicode)
        old = uselocale(unicode); /* of this thread alone */
    while (rest.n) {
        struct str before = {s.p, (size_t)(rest.p - s.p)};
        uint32_t cp = utf8_next(&rest);
        struct str special = special_case(cp, upper);

        if (special.p) {
            memcpy(to, special.p, special.n);
            to += special.n;
            continue;
        }
        if (!upper && cp == 0x03A3 && ends_word(before, rest))
            cp = 0x03C2;
        else if (cp < 0x110000)
            cp = (uint32_t)(upper ? towupper((wint_t)cp) : towlower((wint_t)cp));
        to += utf8_put(cp < 0x110000 ? cp : 0xFFFD, to);
    }
    if (unicode) {
        uselocale(old);
        freelocale(unicode);
    }
    return (struct str){text, (size_t)(to - text)};
}

bool text_contains(struct str s, struct str part)
{
    return part.n == 0 || memmem(s.p, s.n, part.p, part.n) != NULL;
}

bool text_ends(struct str s, struct str tail)
{
    return s.n >= tail.n && (tail.n == 0 || memcmp(s.p + s.n - tail.n, tail.p, tail.n) == 0);
}
