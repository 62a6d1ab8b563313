#include "feed/convert.h"

#include "base/encode.h"
#include "base/utf8.h"
#include "convert_step.h"
#include "feed/moment.h"
#include "seal/seal.h"
#include "unicode.h"

static const struct {
    const char *name;
    enum convert_type yields;
    bool uses_site;
    struct convert_about about;
} kinds[] = {
    [CONVERT_TEXT] = {"text", CONVERT_TYPE_TEXT, false, {"nothing more", "text.control"}},
    [CONVERT_TRIM] = {"trim",
                      CONVERT_TYPE_TEXT,
                      false,
                      {"takes off Unicode white space at both ends", "text.control"}},
    [CONVERT_LOWER] = {"lower", CONVERT_TYPE_TEXT, false, {"Unicode lower case", ""}},
    [CONVERT_DIGITS] = {"digits",
                        CONVERT_TYPE_TEXT,
                        false,
                        {"NFKC, then keeps the ASCII digits", "digits.none"}},
    [CONVERT_SLICE] = {"slice",
                       CONVERT_TYPE_TEXT,
                       false,
                       {"`slice(n,m)`: code points n to m, both included", "slice.short"}},
    [CONVERT_DATE] = {"date",
                      CONVERT_TYPE_DATE,
                      false,
                      {"HL7 DT or DTM, FHIR date; day precision at least",
                       "date.syntax date.partial"}},
    [CONVERT_INSTANT] = {"instant",
                         CONVERT_TYPE_INSTANT,
                         true,
                         {"a moment; without an offset, in the site's zone",
                          "instant.syntax instant.date_only instant.no_offset instant.gap "
                          "instant.fold"}},
    [CONVERT_PHONE] = {"phone",
                       CONVERT_TYPE_PHONE,
                       true,
                       {"an XTN repetition or a text as E.164, valid to libphonenumber",
                        "phone.no_digits phone.characters phone.kind phone.expired "
                        "phone.protected phone.not_valid"}},
    [CONVERT_LANGUAGE] = {"language",
                          CONVERT_TYPE_TAG,
                          true,
                          {"ISO 639 or BCP 47 as a language that the templates offer",
                           "language.unknown language.not_offered"}},
    [CONVERT_PSEUDONYM] = {"pseudonym",
                           CONVERT_TYPE_KEY,
                           false,
                           {"a keyed hash; the only thing a key slot takes", ""}},
};

enum { KINDS = sizeof kinds / sizeof kinds[0] };

/* 1 to 999, no leading zero. */
static int read_count(struct str s)
{
    int n = 0;

    if (s.n == 0 || s.n > 3 || s.p[0] == '0')
        return 0;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9')
            return 0;
        n = n * 10 + (s.p[i] - '0');
    }
    return n;
}

/* The two numbers of "slice(n,m)": `inside` is what stands behind "slice". */
static enum convert_named read_slice(struct str inside, struct converter *out)
{
    struct str to = inside, from;

    if (inside.n < 2 || inside.p[0] != '(' || inside.p[inside.n - 1] != ')')
        return CONVERT_BAD_SLICE;
    to = (struct str){inside.p + 1, inside.n - 2};
    from = str_cut(&to, ',');
    *out = (struct converter){CONVERT_SLICE, read_count(str_trim(from)), read_count(str_trim(to))};
    return out->from && out->to >= out->from ? CONVERT_NAMED : CONVERT_BAD_SLICE;
}

enum convert_named convert_named(struct str text, struct converter *out)
{
    *out = (struct converter){0};
    if (str_eq(text, STR("slice")))
        return CONVERT_BAD_SLICE;
    if (str_starts(text, STR("slice(")))
        return read_slice((struct str){text.p + 5, text.n - 5}, out);
    for (size_t i = CONVERT_TEXT; i < KINDS; i++)
        if (str_eq(text, str_of(kinds[i].name))) {
            out->kind = (enum convert_kind)i;
            return CONVERT_NAMED;
        }
    return CONVERT_NO_SUCH_NAME;
}

const char *convert_name(size_t i)
{
    return i + CONVERT_TEXT < KINDS ? kinds[i + CONVERT_TEXT].name : NULL;
}

const struct convert_about *convert_about(enum convert_kind k)
{
    return &kinds[k].about;
}

enum convert_type convert_yields(enum convert_kind k)
{
    return kinds[k].yields;
}

bool convert_uses_site(enum convert_kind k)
{
    return kinds[k].uses_site;
}

static void convert_text(struct str text, struct converted *out)
{
    out->text = text;
    if (unicode_has_control(text))
        out->reason = "text.control";
}

static void convert_digits(struct str text, struct arena *a, struct converted *out)
{
    struct str norm = unicode_nfkc(text, a);
    char *digits = arena_get(a, norm.n + 1, 1);
    size_t n = 0;

    for (size_t i = 0; i < norm.n; i++)
        if (norm.p[i] >= '0' && norm.p[i] <= '9')
            digits[n++] = norm.p[i];
    out->text = (struct str){digits, n};
    if (n == 0)
        out->reason = "digits.none";
}

static void convert_slice(struct str text, const struct converter *c, struct converted *out)
{
    struct str rest = text;
    const char *start = text.p;

    for (int i = 1; i <= c->to; i++) {
        if (rest.n == 0) {
            out->reason = "slice.short";
            return;
        }
        if (i == c->from)
            start = rest.p;
        (void)utf8_next(&rest);
    }
    out->text = (struct str){start, (size_t)(rest.p - start)};
}

static void convert_date(struct str text, struct arena *a, struct converted *out)
{
    struct moment m;

    if (!moment_read(text, &m))
        out->reason = "date.syntax";
    else if (m.precision < MOMENT_DAY)
        out->reason = "date.partial";
    else
        out->text = arena_printf(a, "%04d-%02d-%02d", m.local.year, m.local.month, m.local.day);
}

/* A time without an offset is the site's: never the server's, and not MSH-7's either, which is
 * wrong across a change of daylight saving time. */
static const char *resolve(const struct moment *m, const struct convert_context *ctx,
                           int64_t *unix_s, const char **warning)
{
    struct civil back;
    int offset_s;

    switch (zone_to_unix(ctx->zone, &m->local, unix_s)) {
    case ZONE_SKIPPED:
        return "instant.gap";
    case ZONE_REPEATED:
        return "instant.fold";
    case ZONE_UNIQUE:
        break;
    }
    zone_from_unix(ctx->zone, *unix_s, &back, &offset_s);
    if (ctx->has_offset && ctx->offset_s != offset_s)
        *warning = "message offset differs";
    return NULL;
}

static void convert_instant(struct str text, const struct convert_context *ctx,
                            struct converted *out)
{
    struct moment m;
    int64_t unix_s = 0;

    if (!moment_read(text, &m) || m.precision == MOMENT_HOUR)
        out->reason = "instant.syntax";
    else if (m.precision <= MOMENT_DAY)
        out->reason = "instant.date_only";
    else if (m.fhir && !m.has_offset)
        out->reason = "instant.no_offset";
    else if (m.has_offset)
        unix_s = moment_unix(&m);
    else
        out->reason = resolve(&m, ctx, &unix_s, &out->warning);
    if (!out->reason)
        out->text = moment_write(ctx->zone, unix_s, ctx->arena);
}

/* "pk_" + hex(first 16 bytes of HMAC-SHA-256(K, keyspace 0x1F domain 0x1F value)) */
static void convert_pseudonym(struct str text, const struct convert_context *ctx,
                              struct converted *out)
{
    struct str all = arena_printf(ctx->arena, STR_FMT "\x1f" STR_FMT "\x1f", STR_ARG(ctx->keyspace),
                                  STR_ARG(ctx->domain));
    char *in = arena_get(ctx->arena, all.n + text.n + 1, 1);
    char hex[2 * SEAL_INDEX_BYTES + 1];
    uint8_t hash[SEAL_HASH_BYTES];

    memcpy(in, all.p, all.n);
    if (text.n)
        memcpy(in + all.n, text.p, text.n);
    seal_hmac_sha256(ctx->key, (struct str){in, all.n + text.n}, hash);
    hex_encode(hash, SEAL_INDEX_BYTES, hex);
    out->text = arena_printf(ctx->arena, "pk_%s", hex);
}

static void run_one(const struct converter *c, const struct convert_context *ctx,
                    const struct candidate *in, struct converted *out)
{
    switch (c->kind) {
    case CONVERT_TEXT:
        convert_text(in->text, out);
        return;
    case CONVERT_TRIM:
        convert_text(unicode_trim(in->text), out);
        return;
    case CONVERT_LOWER:
        out->text = unicode_lower(in->text, ctx->arena);
        return;
    case CONVERT_DIGITS:
        convert_digits(in->text, ctx->arena, out);
        return;
    case CONVERT_SLICE:
        convert_slice(in->text, c, out);
        return;
    case CONVERT_DATE:
        convert_date(in->text, ctx->arena, out);
        return;
    case CONVERT_INSTANT:
        convert_instant(in->text, ctx, out);
        return;
    case CONVERT_PHONE:
        convert_phone(in, ctx, out);
        return;
    case CONVERT_LANGUAGE:
        convert_language(in->text, ctx, out);
        return;
    case CONVERT_PSEUDONYM:
        convert_pseudonym(in->text, ctx, out);
        return;
    }
}

bool convert_run(const struct converter *c, size_t n, const struct convert_context *ctx,
                 const struct candidate *in, struct converted *out)
{
    static const struct converter text = {.kind = CONVERT_TEXT};
    struct candidate now = *in;

    now.text = str_trim(in->text);
    *out = (struct converted){.text = now.text};
    if (n == 0)
        run_one(&text, ctx, &now, out);
    for (size_t i = 0; i < n && !out->reason; i++) {
        run_one(&c[i], ctx, &now, out);
        now = (struct candidate){.text = out->text};
    }
    if (out->reason)
        out->text = (struct str){NULL, 0};
    return out->reason == NULL;
}

struct str convert_domain(struct str slot)
{
    struct str tail = STR("_key");

    if (str_eq(slot, STR("patient_key")) || str_eq(slot, STR("previous_key")))
        return STR("patient");
    if (slot.n > tail.n && str_eq((struct str){slot.p + slot.n - tail.n, tail.n}, tail))
        slot.n -= tail.n;
    return slot;
}
