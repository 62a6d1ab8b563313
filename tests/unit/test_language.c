/* Every code of two and three letters: where ICU by itself has a two-letter code for a language, the converter
 * comes to that one, whichever of the two it is asked for. */
#include <unicode/uloc.h>

#include "check.h"
#include "feed/convert.h"

static const struct converter language = {.kind = CONVERT_LANGUAGE};

static bool converts(struct str code, struct str offered, struct arena *a)
{
    const struct convert_context ctx = {
        .arena = a, .offered = &offered, .n_offered = 1, .site_language = STR("tlh")};
    const struct candidate in = {.text = code};
    struct converted out;

    return convert_run(&language, 1, &ctx, &in, &out) && str_eq(out.text, offered);
}

/* Codes that ISO 639 withdrew: ours is what has replaced them. */
static bool is_withdrawn(const char *code)
{
    return strcmp(code, "iw") == 0 || strcmp(code, "in") == 0 || strcmp(code, "ji") == 0;
}

struct tally {
    int known, wrong, confused;
};

static void check_code(const char *code, struct tally *t)
{
    UErrorCode status = U_ZERO_ERROR;
    struct arena a = {0};
    char two[ULOC_LANG_CAPACITY] = "";

    (void)uloc_getLanguage(code, two, sizeof two, &status);
    if (U_SUCCESS(status) && strlen(two) == 2 && uloc_getISO3Language(two)[0] &&
        !is_withdrawn(code)) {
        t->known++;
        if (!converts(str_of(code), str_of(two), &a) && t->wrong++ < 3)
            printf("%s is %s\n", code, two);
        t->confused += strcmp(two, "ga") != 0 && converts(str_of(code), STR("ga"), &a);
    }
    arena_reset(&a);
}

int main(void)
{
    struct tally t = {0};

    for (int x = 'a'; x <= 'z'; x++)
        for (int y = 'a'; y <= 'z'; y++)
            for (int z = 'a' - 1; z <= 'z'; z++)
                check_code((const char[]){(char)x, (char)y, (char)(z < 'a' ? '\0' : z), '\0'}, &t);
    CHECK(t.wrong == 0 && t.confused == 0, "%d of %d, %d", t.wrong, t.known, t.confused);
    CHECK(t.known > 300, "%d known", t.known);
    return check_end();
}
