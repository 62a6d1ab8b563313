#include "check.h"
#include "feed/convert.h"
#include "feed/moment.h"

#define S(text) STR_LIT(text)

static const struct str offered[] = {S("zh-TW"), S("en"), S("pt-BR"), S("pt-PT"), S("fil")};

static struct convert_context context(struct arena *a)
{
    return (struct convert_context){
        .arena = a,
        .zone = zone_find("Asia/Taipei"),
        .country = "TW",
        .area = S("02"),
        .site_language = S("zh-TW"),
        .offered = offered,
        .n_offered = 5,
        .keyspace = S("main"),
        .message_ms = 1740788100000, /* 2025-03-01T08:15:00+08:00 */
        .has_offset = true,
        .offset_s = 8 * 3600,
        .key = S("tidings-test-key"),
        .domain = S("patient"),
    };
}

/* Chains of converters, as `as:` writes them; `out` is a reason where it has a dot before any space. */
static const struct {
    const char *as[3];
    struct str in;
    const char *out, *reason;
} cases[] = {
    {{0}, S("  plain "), "plain", NULL},
    {{"text"}, S("a b"), "a b", NULL},
    {{"text"}, S("a\tb"), NULL, "text.control"},
    {{"text"}, S("a\x7f"), NULL, "text.control"},
    {{"text"}, S("a\xc2\x85"), NULL, "text.control"},
    {{"text"}, S("\xff"), NULL, "text.control"},
    {{0}, S("a\x01"), NULL, "text.control"},
    {{"trim"}, S("\xe3\x80\x80x\xc2\xa0y\xe2\x80\x83 "), "x\xc2\xa0y", NULL},
    {{"trim"}, S("\xe3\x80\x80"), "", NULL},
    {{"trim"}, S("x\x02"), NULL, "text.control"},
    {{"lower"}, S("ABC-\xc3\x84\xce\xa3"), "abc-\xc3\xa4\xcf\x82", NULL}, /* final sigma */
    {{"lower"}, S("\xc4\xb0"), "i\xcc\x87", NULL},                        /* I with a dot */
    {{"digits"}, S("A-1\xef\xbc\x92.3 x"), "123", NULL},                  /* full-width 2 */
    {{"digits"}, S("\xe2\x91\xa0"), "1", NULL},                           /* circled 1, by NFKC */
    {{"digits"}, S("none"), NULL, "digits.none"},
    {{"digits"}, S("\xd9\xa1"), NULL, "digits.none"}, /* Arabic-Indic digits are not ASCII */
    {{"slice(1,2)"}, S("ABC"), "AB", NULL},
    {{"slice(3,3)"}, S("ABC"), "C", NULL},
    {{"slice(2,3)"}, S("\xe5\x8c\x97\xe9\x99\xa2\xe9\x96\x80"), "\xe9\x99\xa2\xe9\x96\x80", NULL},
    {{"slice(2,4)"}, S("ABC"), NULL, "slice.short"},
    {{"slice(4,4)"}, S("ABC"), NULL, "slice.short"},
    {{"trim", "lower", "slice(1,3)"}, S(" ABCD "), "abc", NULL},
    {{"digits", "slice(1,2)"}, S("x1"), NULL, "slice.short"},
    /* dates */
    {{"date"}, S("20250304"), "2025-03-04", NULL},
    {{"date"}, S("2025030409"), "2025-03-04", NULL},
    {{"date"}, S("20250304093000.1234+0800"), "2025-03-04", NULL},
    {{"date"}, S("2025-03-04"), "2025-03-04", NULL},
    {{"date"}, S("2025-03-04T23:59:59Z"), "2025-03-04", NULL},
    {{"date"}, S("2024-02-29"), "2024-02-29", NULL},
    {{"date"}, S("2025"), NULL, "date.partial"},
    {{"date"}, S("202503"), NULL, "date.partial"},
    {{"date"}, S("2025-03"), NULL, "date.partial"},
    {{"date"}, S("20250229"), NULL, "date.syntax"},
    {{"date"}, S("20251304"), NULL, "date.syntax"},
    {{"date"}, S("04.03.2025"), NULL, "date.syntax"},
    {{"date"}, S("2025-3-4"), NULL, "date.syntax"},
    {{"date"}, S("20250304+0800"), NULL, "date.syntax"},
    {{"date"}, S("2025-03-04Z"), NULL, "date.syntax"},
    {{"date"}, S("202503041"), NULL, "date.syntax"},
    {{"date"}, S("00000101"), NULL, "date.syntax"},
    {{"date"}, S(""), NULL, "date.syntax"},
    /* instants */
    {{"instant"}, S("202503040930"), "2025-03-04T09:30:00+08:00[Asia/Taipei]", NULL},
    {{"instant"}, S("20250304093000"), "2025-03-04T09:30:00+08:00[Asia/Taipei]", NULL},
    {{"instant"}, S("20250304093059.9999"), "2025-03-04T09:30:59+08:00[Asia/Taipei]", NULL},
    {{"instant"}, S("202503040930+0000"), "2025-03-04T17:30:00+08:00[Asia/Taipei]", NULL},
    {{"instant"}, S("20250304093000-0500"), "2025-03-04T22:30:00+08:00[Asia/Taipei]", NULL},
    {{"instant"}, S("2025-03-04T09:30:00+08:00"), "2025-03-04T09:30:00+08:00[Asia/Taipei]", NULL},
    {{"instant"}, S("2025-03-04T01:30:00.5Z"), "2025-03-04T09:30:00+08:00[Asia/Taipei]", NULL},
    {{"instant"}, S("20250304"), NULL, "instant.date_only"},
    {{"instant"}, S("202503"), NULL, "instant.date_only"},
    {{"instant"}, S("2025-03-04"), NULL, "instant.date_only"},
    {{"instant"}, S("2025030409"), NULL, "instant.syntax"},
    {{"instant"}, S("2025030409+0800"), NULL, "instant.syntax"},
    {{"instant"}, S("202503042400"), NULL, "instant.syntax"},
    {{"instant"}, S("20250304235960"), NULL, "instant.syntax"},
    {{"instant"}, S("20250304093000."), NULL, "instant.syntax"},
    {{"instant"}, S("20250304093000+08"), NULL, "instant.syntax"},
    {{"instant"}, S("20250304093000+1401"), NULL, "instant.syntax"},
    {{"instant"}, S("20250304093000+0860"), NULL, "instant.syntax"},
    {{"instant"}, S("20250304093000Z"), NULL, "instant.syntax"},
    {{"instant"}, S("2025-03-04T09:30+08:00"), NULL, "instant.syntax"},
    {{"instant"}, S("2025-03-04T09:30:00+0800"), NULL, "instant.syntax"},
    {{"instant"}, S("2025-03-04 09:30:00+08:00"), NULL, "instant.syntax"},
    {{"instant"}, S("2025-03-04T09:30:00"), NULL, "instant.no_offset"},
    {{"instant"}, S("tomorrow"), NULL, "instant.syntax"},
    {{"instant"}, S("19790701003000"), NULL, "instant.gap"},
    {{"instant"}, S("19790930233000"), NULL, "instant.fold"},
    {{"instant"}, S("19790930233000+0900"), "1979-09-30T23:30:00+09:00[Asia/Taipei]", NULL},
    {{"instant"}, S("18500101000000+0000"), "1850-01-01T08:06:00+08:06[Asia/Taipei]", NULL},
    /* phones as text */
    {{"phone"}, S("0912-345-678"), "+886912345678", NULL},
    {{"phone"}, S("(02) 2123.4567"), "+886221234567", NULL},
    {{"phone"}, S("2123 4567"), "+886221234567", NULL}, /* the site's area in front */
    {{"phone"}, S("+886 912/345/678"), "+886912345678", NULL},
    {{"phone"},
     S("\xef\xbc\x90\xef\xbc\x99\xef\xbc\x91\xef\xbc\x92\xe3\x80\x80"
       "345678"),
     "+886912345678",
     NULL},
    {{"phone"}, S("+12125550123"), "+12125550123", NULL},
    {{"phone"}, S("002-1-212-555-0123"), "+12125550123", NULL},
    {{"trim", "phone"},
     S("\xc2\xa0"
       "0912345678"),
     "+886912345678",
     NULL},
    {{"phone"}, S("0912 ask mother"), NULL, "phone.characters"},
    {{"phone"}, S("0912345678 ext 5"), NULL, "phone.characters"},
    {{"phone"}, S("0912345678,0221234567"), NULL, "phone.characters"},
    {{"phone"}, S("0912345678+"), NULL, "phone.characters"},
    {{"phone"}, S("++886912345678"), NULL, "phone.characters"},
    {{"phone"}, S("0912345678\x00"), NULL, "phone.characters"},
    {{"phone"}, S("unknown"), NULL, "phone.no_digits"},
    {{"phone"}, S("+"), NULL, "phone.no_digits"},
    {{"phone"}, S("-"), NULL, "phone.no_digits"},
    {{"phone"}, S("0912345"), NULL, "phone.not_valid"},
    {{"phone"}, S("+886912345"), NULL, "phone.not_valid"},
    {{"phone"}, S("0000000000"), NULL, "phone.not_valid"},
    {{"phone"},
     S("11111111111111111111111111111111111111111111111111111111111111111"),
     NULL,
     "phone.characters"},
    /* languages; the site's is zh-TW */
    {{"language"}, S("zh-TW"), "zh-TW", NULL},
    {{"language"}, S("ZH-tw"), "zh-TW", NULL},
    {{"language"}, S("zho"), "zh-TW", NULL},
    {{"language"}, S("chi"), "zh-TW", NULL},
    {{"language"}, S("cmn"), "zh-TW", NULL},
    {{"language"}, S("zh_Hant_TW"), "zh-TW", NULL},
    {{"language"}, S("eng"), "en", NULL},
    {{"language"}, S("en-GB"), "en", NULL},
    {{"language"}, S("fil"), "fil", NULL},
    {{"language"}, S("por-BR"), "pt-BR", NULL},
    {{"language"}, S("pt"), NULL, "language.not_offered"}, /* two offered, none exact */
    {{"language"}, S("fra"), NULL, "language.not_offered"},
    {{"language"}, S("iw"), NULL, "language.not_offered"},
    {{"language"}, S("nan"), NULL, "language.not_offered"}, /* a language, but not this one */
    {{"language"}, S("qqq"), NULL, "language.unknown"},
    {{"language"}, S("vi"), NULL, "language.not_offered"},
    {{"language"}, S("xx"), NULL, "language.unknown"},
    {{"language"}, S("english"), NULL, "language.unknown"},
    {{"language"}, S("en-"), NULL, "language.unknown"},
    {{"language"}, S("en--US"), NULL, "language.unknown"},
    {{"language"}, S("en1"), NULL, "language.unknown"},
    {{"language"}, S("en-abcdefghi"), NULL, "language.unknown"},
    {{"language"}, S("en-U\x00"), NULL, "language.unknown"},
    {{"language"}, S("1"), NULL, "language.unknown"},
    /* pseudonyms: the public example, and that what is in front of the digest is what counts */
    {{"pseudonym"}, S("MRN00012345"), "pk_99890a7d14", NULL},
    {{"pseudonym"}, S(" MRN00012345 "), "pk_99890a7d14", NULL},
    {{"lower", "pseudonym"}, S("MRN00012345"), "pk_", NULL},
};

static size_t chain(const char *const as[3], struct converter out[3])
{
    size_t n = 0;

    for (; n < 3 && as[n]; n++)
        CHECK(convert_named(str_of(as[n]), &out[n]) == CONVERT_NAMED, "%s", as[n]);
    return n;
}

static bool is_cut_key(const char *wanted)
{
    return strncmp(wanted, "pk_", 3) == 0;
}

static void test_chains(void)
{
    struct arena a = {0};

    for
        EACH (i, cases) {
            struct convert_context ctx = context(&a);
            struct converter c[3];
            size_t n = chain(cases[i].as, c);
            struct candidate in = {.text = cases[i].in};
            struct converted out;
            bool ok = convert_run(c, n, &ctx, &in, &out);

            CHECK(ok == (cases[i].reason == NULL), "case %zu (%s): %s", i, cases[i].in.p,
                  out.reason ? out.reason : "converted");
            if (!ok)
                CHECK(cases[i].reason && strcmp(out.reason, cases[i].reason) == 0 && !out.text.p,
                      "case %zu (%s): %s", i, cases[i].in.p, out.reason);
            else if (cases[i].out && is_cut_key(cases[i].out))
                CHECK(out.text.n == 35 && str_starts(out.text, str_of(cases[i].out)),
                      "case %zu: " STR_FMT, i, STR_ARG(out.text));
            else
                CHECK(str_eq(out.text, str_of(cases[i].out)), "case %zu (%s): " STR_FMT, i,
                      cases[i].in.p, STR_ARG(out.text));
            arena_reset(&a);
        }
}

/* XTN repetitions, component by component. */
static const struct {
    struct str xtn[18];
    bool asks_use;
    const char *out, *reason;
} numbers[] = {
    {{S("0912-345-678"), S("PRN"), S("CP")}, false, "+886912345678", NULL},
    {{S("02-2123-4567"), S("PRN"), S("PH"), [11] = S("+886912345678")},
     false,
     "+886912345678",
     NULL},
    {{S("x"), S("PRN"), S("CP"), [4] = S("1"), S("212"), S("5550123")},
     false,
     "+12125550123",
     NULL},
    {{[4] = S("+886"), S("02"), S("2123-4567")}, false, "+886221234567", NULL},
    {{[5] = S("02"), S("2123 4567")}, false, "+886221234567", NULL},
    {{[6] = S("0912345678")}, false, "+886912345678", NULL},
    {{[4] = S("\"\""), S("\"\""), S("0912345678")}, false, "+886912345678", NULL},
    {{S("0912345678"), [11] = S("ask")}, false, "+886912345678", NULL}, /* the next form is tried */
    {{S("0912345678"), [4] = S("886")},
     false,
     "+886912345678",
     NULL}, /* no local number: not that form */
    {{S("0912 ask mother"), S("PRN"), S("CP")}, false, NULL, "phone.characters"},
    {{S("ask"), [11] = S("0912")},
     false,
     NULL,
     "phone.not_valid"}, /* the first form with content says why */
    {{[6] = S("555\x00"
              "0123")},
     false,
     NULL,
     "phone.characters"},
    {{S("")}, false, NULL, "phone.no_digits"},
    {{S("\"\"")}, false, NULL, "phone.no_digits"},
    {{S("0912345678"), S("PRN"), S("FX")}, false, NULL, "phone.kind"},
    {{S("0912345678"), S("PRN"), S("BP")}, false, NULL, "phone.kind"},
    {{S("0912345678"), S("PRN"), S("MD")}, false, NULL, "phone.kind"},
    {{S("0912345678"), S("PRN"), S("TDD")}, false, NULL, "phone.kind"},
    {{S("0912345678"), S("PRN"), S("TTY")}, false, NULL, "phone.kind"},
    {{S("0912345678"), S("PRN"), S("Internet")}, false, NULL, "phone.kind"},
    {{S("0912345678"), S("PRN"), S("X.400")}, false, NULL, "phone.kind"},
    {{S("0912345678"), S("NET"), S("CP")}, false, NULL, "phone.kind"},
    {{S("0912345678"), S("BPN"), S("CP")}, true, NULL, "phone.kind"},
    {{S("0912345678"), S("WPN"), S("CP")}, false, NULL, "phone.kind"},
    {{S("0912345678"), S("EMR"), S("CP")}, false, NULL, "phone.kind"},
    {{S("0912345678"), S("WPN"), S("CP")}, true, "+886912345678", NULL},
    {{S("0912345678"), S("EMR"), S("CP")}, true, "+886912345678", NULL},
    {{S("0912345678"), [12] = S("20250301")}, false, "+886912345678", NULL},
    {{S("0912345678"), [12] = S("20250302")}, false, NULL, "phone.expired"},
    {{S("0912345678"), [12] = S("202503010815")}, false, "+886912345678", NULL},
    {{S("0912345678"), [12] = S("202503010816")}, false, NULL, "phone.expired"},
    {{S("0912345678"), [13] = S("20250301")}, false, "+886912345678", NULL},
    {{S("0912345678"), [13] = S("20250228")}, false, NULL, "phone.expired"},
    {{S("0912345678"), [13] = S("2025")}, false, "+886912345678", NULL},
    {{S("0912345678"), [13] = S("202502")}, false, NULL, "phone.expired"},
    {{S("0912345678"), [13] = S("202503010015+0000")}, false, "+886912345678", NULL},
    {{S("0912345678"), [13] = S("202503010014+0000")}, false, NULL, "phone.expired"},
    {{S("0912345678"), [13] = S("soon")}, false, NULL, "phone.expired"},
    {{S("0912345678"), [12] = S("\"\""), S("\"\"")}, false, "+886912345678", NULL},
    {{S("0912345678"), [15] = S("Y")}, false, NULL, "phone.protected"},
    {{S("0912345678"), [15] = S("\"\"")}, false, "+886912345678", NULL},
};

static void test_numbers(void)
{
    static const struct converter phone = {.kind = CONVERT_PHONE};
    struct arena a = {0};

    for
        EACH (i, numbers) {
            struct convert_context ctx = context(&a);
            struct candidate in = {
                .xtn = numbers[i].xtn, .n_xtn = 18, .asks_use = numbers[i].asks_use};
            struct converted out;
            bool ok = convert_run(&phone, 1, &ctx, &in, &out);

            CHECK(ok == (numbers[i].reason == NULL), "number %zu: %s", i,
                  out.reason ? out.reason : "converted");
            if (ok)
                CHECK(numbers[i].out && str_eq(out.text, str_of(numbers[i].out)),
                      "number %zu: " STR_FMT, i, STR_ARG(out.text));
            else
                CHECK(numbers[i].reason && strcmp(out.reason, numbers[i].reason) == 0,
                      "number %zu: %s", i, out.reason);
            arena_reset(&a);
        }
}

/* Gap, fold and the warning in other zones. */
static void test_zones(void)
{
    static const struct converter instant = {.kind = CONVERT_INSTANT};
    static const struct {
        const char *zone, *in, *out, *reason;
        bool has_offset;
        int offset_s;
        bool warns;
    } all[] = {
        {"America/New_York", "20250714093000", "2025-07-14T09:30:00-04:00[America/New_York]", NULL,
         true, -4 * 3600, false},
        /* MSH-7 written in winter, the appointment in summer: the zone's rules count */
        {"America/New_York", "20250714093000", "2025-07-14T09:30:00-04:00[America/New_York]", NULL,
         true, -5 * 3600, true},
        {"America/New_York", "20250714093000-0400", "2025-07-14T09:30:00-04:00[America/New_York]",
         NULL, true, 0, false},
        {"America/New_York", "20250714093000", "2025-07-14T09:30:00-04:00[America/New_York]", NULL,
         false, 0, false},
        {"America/New_York", "20250309023000", NULL, "instant.gap", true, 0, false},
        {"America/New_York", "20251102013000", NULL, "instant.fold", true, 0, false},
        {"America/New_York", "20251102013000-0500", "2025-11-02T01:30:00-05:00[America/New_York]",
         NULL, true, 0, false},
        {"Europe/London", "20250330010000", NULL, "instant.gap", false, 0, false},
        {"Europe/London", "20251026010000", NULL, "instant.fold", false, 0, false},
        {"Europe/London", "20251026020000", "2025-10-26T02:00:00+00:00[Europe/London]", NULL, false,
         0, false},
        {"Australia/Lord_Howe", "20251005020000", NULL, "instant.gap", false, 0, false},
        {"Australia/Lord_Howe", "20251005023000", "2025-10-05T02:30:00+11:00[Australia/Lord_Howe]",
         NULL, false, 0, false},
        {"Australia/Lord_Howe", "20250406014500", NULL, "instant.fold", false, 0, false},
        {"Australia/Lord_Howe", "20250406020000", "2025-04-06T02:00:00+10:30[Australia/Lord_Howe]",
         NULL, false, 0, false},
        {"Asia/Kathmandu", "20250101000000", "2025-01-01T00:00:00+05:45[Asia/Kathmandu]", NULL,
         false, 0, false},
    };
    struct arena a = {0};

    for
        EACH (i, all) {
            struct convert_context ctx = context(&a);
            struct candidate in = {.text = str_of(all[i].in)};
            struct converted out;
            int64_t unix_s = 0;
            bool ok;

            ctx.zone = zone_find(all[i].zone);
            ctx.has_offset = all[i].has_offset;
            ctx.offset_s = all[i].offset_s;
            ok = convert_run(&instant, 1, &ctx, &in, &out);
            CHECK(ok == (all[i].reason == NULL), "case %zu: %s", i,
                  out.reason ? out.reason : "converted");
            CHECK((out.warning != NULL) == all[i].warns, "case %zu: %s", i,
                  out.warning ? out.warning : "quiet");
            if (!ok) {
                CHECK(all[i].reason && strcmp(out.reason, all[i].reason) == 0, "case %zu: %s", i,
                      out.reason);
                continue;
            }
            CHECK(str_eq(out.text, str_of(all[i].out)), "case %zu: " STR_FMT, i, STR_ARG(out.text));
            CHECK(moment_read_ours(out.text, &unix_s) &&
                      str_eq(moment_write(ctx.zone, unix_s, &a), out.text),
                  "case %zu does not come back", i);
            arena_reset(&a);
        }
}

static void test_names(void)
{
    static const char *const unknown[] = {"",      "phon",  "Phone", "slices", "slice (1,2)",
                                          " trim", "trim()"};
    static const char *const bad[] = {"slice",      "slice()",      "slice(1)",    "slice(0,1)",
                                      "slice(2,1)", "slice(1,2",    "slice(01,2)", "slice(1,1000)",
                                      "slice(a,b)", "slice(1,2,3)", "slice(-1,2)", "slice(1,2)x"};
    static const struct {
        const char *slot, *domain;
    } domains[] = {
        {"patient_key", "patient"}, {"previous_key", "patient"},
        {"visit_key", "visit"},     {"result_key", "result"},
        {"_key", "_key"},           {"keys", "keys"},
    };
    struct converter c;
    size_t n = 0;

    for
        EACH (i, unknown)
            CHECK(convert_named(str_of(unknown[i]), &c) == CONVERT_NO_SUCH_NAME, "`%s`",
                  unknown[i]);
    for
        EACH (i, bad)
            CHECK(convert_named(str_of(bad[i]), &c) == CONVERT_BAD_SLICE, "`%s`", bad[i]);
    CHECK(convert_named(STR("slice(2, 14)"), &c) == CONVERT_NAMED && c.from == 2 && c.to == 14,
          "slice");
    for (; convert_name(n); n++)
        if (strcmp(convert_name(n), "slice") != 0)
            CHECK(convert_named(str_of(convert_name(n)), &c) == CONVERT_NAMED, "%s",
                  convert_name(n));
    CHECK(n == 10, "%zu converters", n);
    CHECK(convert_uses_site(CONVERT_PHONE) && convert_uses_site(CONVERT_INSTANT) &&
              convert_uses_site(CONVERT_LANGUAGE) && !convert_uses_site(CONVERT_DATE),
          "+s");
    CHECK(convert_yields(CONVERT_PSEUDONYM) == CONVERT_TYPE_KEY &&
              convert_yields(CONVERT_LOWER) == CONVERT_TYPE_TEXT,
          "types");
    for
        EACH (i, domains)
            CHECK(str_eq(convert_domain(str_of(domains[i].slot)), str_of(domains[i].domain)), "%s",
                  domains[i].slot);
}

/* Equal values of one register give equal keys; another domain, keyspace or key gives another. */
static void test_pseudonyms(void)
{
    static const struct converter pseudonym = {.kind = CONVERT_PSEUDONYM};
    struct arena a = {0};
    struct convert_context base = context(&a), other[3] = {base, base, base};
    struct candidate in = {.text = S("F1001")};
    struct converted first, out;

    CHECK(convert_run(&pseudonym, 1, &base, &in, &first), "runs");
    other[0].domain = STR("visit");
    other[1].keyspace = STR("other");
    other[2].key = STR("another key");
    for (size_t i = 0; i < 3; i++)
        CHECK(convert_run(&pseudonym, 1, &other[i], &in, &out) && !str_eq(out.text, first.text),
              "%zu", i);
    base.domain = STR("visit");
    CHECK(convert_run(&pseudonym, 1, &base, &in, &out) &&
              str_starts(out.text, STR("pk_019c13ac87")),
          STR_FMT, STR_ARG(out.text));
    arena_reset(&a);
}

/* Every prefix and every flipped bit: each is read or refused, and what is read is a real time. */
static void test_moments(void)
{
    static const char *const good[] = {"20250304093000.1234+0800", "2025-03-04T09:30:00.123+08:00",
                                       "2025-03-04T09:30:00Z", "19991231235959-1400"};
    int bad = 0;

    for
        EACH (i, good)
            for (size_t n = 0; n <= strlen(good[i]); n++)
                for (int bit = -1; bit < 8; bit++) {
                    char text[40];
                    struct moment m;

                    memcpy(text, good[i], n);
                    if (bit >= 0 && n > 0)
                        text[n - 1] = (char)(text[n - 1] ^ (1 << bit));
                    if (moment_read((struct str){text, n}, &m))
                        bad += !civil_valid(&m.local) || m.offset_s > 50400 || m.offset_s < -50400;
                    bad += n < 4 && moment_read((struct str){text, n}, &m);
                }
    CHECK(bad == 0, "%d", bad);
}

int main(void)
{
    test_chains();
    test_numbers();
    test_zones();
    test_names();
    test_pseudonyms();
    test_moments();
    return check_end();
}
