#include <unicode/uloc.h>

#include "convert_step.h"

/* Codes of ISO 639-2/B (bibliographic) that differ from 639-2/T, and ISO 639-3 codes of the one
 * member of a macrolanguage that its two-letter code commonly means (CLDR languageAlias). ICU knows
 * the rest. */
static const struct {
    char code[4], means[3];
} aliases[] = {
    /* ICU knows these too, but looks through all languages: the ones that messages name most, first. */
    {"zho", "zh"}, {"zh", "zh"},  {"eng", "en"}, {"en", "en"},  {"jpn", "ja"}, {"ja", "ja"},
    {"kor", "ko"}, {"ko", "ko"},  {"spa", "es"}, {"es", "es"},  {"vie", "vi"}, {"vi", "vi"},
    {"ind", "id"}, {"id", "id"},  {"tha", "th"}, {"th", "th"},  {"fra", "fr"}, {"fr", "fr"},
    {"deu", "de"}, {"de", "de"},  {"alb", "sq"}, {"arm", "hy"}, {"baq", "eu"}, {"bur", "my"},
    {"chi", "zh"}, {"cze", "cs"}, {"dut", "nl"}, {"fre", "fr"}, {"geo", "ka"}, {"ger", "de"},
    {"gre", "el"}, {"ice", "is"}, {"mac", "mk"}, {"mao", "mi"}, {"may", "ms"}, {"per", "fa"},
    {"rum", "ro"}, {"slo", "sk"}, {"tib", "bo"}, {"wel", "cy"}, {"als", "sq"}, {"arb", "ar"},
    {"azj", "az"}, {"cmn", "zh"}, {"ekk", "et"}, {"khk", "mn"}, {"kmr", "ku"}, {"lvs", "lv"},
    {"npi", "ne"}, {"ory", "or"}, {"pes", "fa"}, {"plt", "mg"}, {"swh", "sw"}, {"uzn", "uz"},
    {"ydd", "yi"}, {"iw", "he"},  {"in", "id"},  {"ji", "yi"},  {"zsm", "ms"},
};

enum { PRIMARY_BYTES = 4 }; /* two or three letters and a NUL */

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool same_tag(struct str a, struct str b)
{
    if (a.n != b.n)
        return false;
    for (size_t i = 0; i < a.n; i++)
        if (lower(a.p[i]) != lower(b.p[i]))
            return false;
    return true;
}

/* The shortest code ISO 639 has for the language of a primary subtag; false: no language. */
static bool language_code(struct str subtag, char out[PRIMARY_BYTES])
{
    UErrorCode status = U_ZERO_ERROR;
    char code[PRIMARY_BYTES] = "";

    if (subtag.n < 2 || subtag.n > 3)
        return false;
    for (size_t i = 0; i < subtag.n; i++)
        code[i] = lower(subtag.p[i]);
    for (size_t i = 0; i < sizeof aliases / sizeof aliases[0]; i++)
        if (strcmp(code, aliases[i].code) == 0) {
            memcpy(out, aliases[i].means, sizeof aliases[i].means);
            return true;
        }
    (void)uloc_getLanguage(code, out, PRIMARY_BYTES, &status);
    return U_SUCCESS(status) && uloc_getISO3Language(out)[0] != '\0';
}

/* What stands behind the primary subtag: nothing, or subtags of one to eight letters and digits. */
static bool subtags_fit(struct str rest)
{
    size_t n = 0;

    for (size_t i = 0; i < rest.n; i++) {
        char c = rest.p[i];

        if (is_letter(c) || (c >= '0' && c <= '9'))
            n++;
        else if ((c != '-' && c != '_') || (i > 0 && n == 0))
            return false;
        else
            n = 0;
        if (n > 8 || (i == 0 && n > 0))
            return false;
    }
    return rest.n == 0 || n > 0;
}

/* A tag in the form it is compared in: the primary subtag's shortest code, then the rest with
 * hyphens. */
static bool normal_tag(struct str tag, struct arena *a, char primary[PRIMARY_BYTES],
                       struct str *out)
{
    struct str rest;
    size_t n = 0;

    while (n < tag.n && is_letter(tag.p[n]))
        n++;
    rest = (struct str){tag.p + n, tag.n - n};
    if (!language_code((struct str){tag.p, n}, primary) || !subtags_fit(rest))
        return false;
    *out = arena_printf(a, "%s" STR_FMT, primary, STR_ARG(rest));
    for (char *c = (char *)out->p; *c; c++)
        if (*c == '_')
            *c = '-';
    return true;
}

/* The same language, whatever the region and script. */
static bool same_language(struct str tag, const char *primary)
{
    char other[PRIMARY_BYTES] = "";
    struct str rest = tag;

    return language_code(str_cut(&rest, '-'), other) && strcmp(primary, other) == 0;
}

void convert_language(struct str text, const struct convert_context *ctx, struct converted *out)
{
    char primary[PRIMARY_BYTES] = "";
    const struct str *only = NULL;
    struct str tag;
    size_t n = 0;

    if (!normal_tag(text, ctx->arena, primary, &tag)) {
        out->reason = "language.unknown";
        return;
    }
    for (size_t i = 0; i < ctx->n_offered; i++) {
        if (same_tag(tag, ctx->offered[i])) {
            out->text = ctx->offered[i];
            return;
        }
        if (same_language(ctx->offered[i], primary)) {
            only = &ctx->offered[i];
            n++;
        }
    }
    if (same_language(ctx->site_language, primary))
        out->text = ctx->site_language;
    else if (n == 1)
        out->text = *only;
    else
        out->reason = "language.not_offered";
}
