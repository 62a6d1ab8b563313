/* Findings of the tests inside a feed, and the rewriting of their expectations. */
#include <stdlib.h>

#include "check.h"
#include "feed/test.h"
#include "feed/test_update.h"
#include "tenant.h"

#define EXPECT                                                                                     \
    "expect:\n      - appointment/1: {status: booked, phone: \"+886912345678\"}\n"                 \
    "      - send: {template: visit, language: zh_TW}\n"
#define RESULT                                                                                     \
    "  - test: final\n    given: samples/r01.hl7\n    expect: [{result_ready/1: {}}, {send: "      \
    "{}}]\n"

/* The tenant's feed with another end, loaded. */
static struct feed *load_with(const struct tenant *t, const char *put, struct arena *a,
                              struct findings *found)
{
    char *body = tenant_replace(tenant_text("feed.yaml"), EXPECT, put);
    struct feed *f;

    tenant_write(t, "feed.yaml", body);
    f = feed_load(t->feed, a, found);
    CHECK(f != NULL, "%s does not load", put);
    free(body);
    return f;
}

/* "E901 33:20 `moved`": code, place, and a word of the text of each error, or each warning that is asked for. */
static void check_finding(const char *put, const char *code, const char *source, int column,
                          const char *says)
{
    const struct feed_test_asked asked = {.unread = strcmp(code, "W905") == 0};
    struct findings found = {0};
    struct feed_test_count count;
    const struct finding *hit = NULL;
    struct arena a = {0};
    struct tenant t;
    struct feed *f;

    tenant_make(&t);
    f = load_with(&t, put, &a, &found);
    feed_test_check(f, &asked, &a, &found, &count);
    for (size_t i = 0; i < found.n && !hit; i++)
        if (strcmp(found.items[i].code, code) == 0 && strstr(found.items[i].text, says))
            hit = &found.items[i];
    CHECK(hit != NULL, "%s: no %s with %s", put, code, says);
    if (hit) {
        CHECK(hit->source && strstr(hit->source, source), "%s: at line %d: %s", code, hit->line,
              hit->source ? hit->source : "none");
        CHECK(hit->column == column, "%s: column %d", put, hit->column);
        CHECK(hit->end_line >= hit->line, "%s: ends before it begins", put);
        CHECK((code[0] == 'E') == (hit->severity == FINDING_ERROR), "%s: severity", code);
    }
    CHECK((code[0] == 'E') == (count.failed > 0) && (code[0] == 'E') == (found.n_errors > 0),
          "%s: %d failed, %zu errors", put, count.failed, found.n_errors);
    feed_free(f);
    tenant_remove(&t);
    arena_reset(&a);
}

static void test_findings(void)
{
    static const struct {
        const char *put, *code, *source;
        int column;
        const char *says;
    } cases[] = {
        {"expect:\n      - appointment/1: {status: moved}\n      - send: {}\n", "E901",
         "- appointment/1", 33, "`status` wanted `moved`, got `booked`"},
        {"expect: [{appointment/1: {}}, {send: {template: result}}]\n", "E901", "expect:", 53,
         "`template` wanted `result`, got `visit`"},
        {"expect: [{drop: no usable phone}]\n", "E901", "expect:", 14, "no outcome is `drop`"},
        {"change: {PID-13: \"\"}\n    expect: [{drop: no phone}]\n", "E901", "expect:", 21,
         "got `no usable phone`"},
        {"expect: []\n", "E901", "expect:", 13, "not expected: appointment/1"},
        {"change: {ZPI-1: \"1\"}\n    expect: []\n", "E903", "change:", 14, "cannot run"},
        {"change: {pid-1: \"1\"}\n    expect: []\n", "E903", "change:", 14, "not an HL7 path"},
        {"expect: [{appointment/1: {}}, {send: {}}]\n  - test: none\n    given: samples/none.hl7\n"
         "    expect: []\n",
         "E903", "given: samples/none", 12, "`samples/none.hl7` cannot be read"},
        {"change: {PID-3: \"A123456789^^^TWN^NI~M1^^^KH^MR\"}\n    " EXPECT, "E902", "change:", 21,
         "`PID-3` is a Taiwan national identifier"},
        {"change: {PID-13: \"0912-345-679^PRN^CP\"}\n    expect: [{appointment/1: {}}, {send: "
         "{}}]\n",
         "E902", "change:", 22, "`PID-13` is a phone number"},
        {"add: [\"NK1|1||||0912-345-679\"]\n    expect: []\n", "E902", "add:", 11, "`NK1-5`"},
        {EXPECT, "W903", "- rule: result", 5, "`result`"},
        {EXPECT RESULT, "W907", "of: small", 15, "overlay `lion`"},
        {EXPECT RESULT, "W905", "given:", 12, "is read by no rule"},
    };

    for
        EACH (i, cases)
            check_finding(cases[i].put, cases[i].code, cases[i].source, cases[i].column,
                          cases[i].says);
}

/* A sample that looks real fails one test and is one finding, however many tests use it. */
static void test_real_sample(void)
{
    const struct feed_test_asked asked = {.to = NULL};
    struct findings found = {0};
    struct feed_test_count count;
    struct arena a = {0};
    struct tenant t;
    struct feed *f;
    char *body;
    size_t n = 0;

    tenant_make(&t);
    body = tenant_replace(tenant_text("samples/s12.hl7"), "0912-345-678", "0912-345-679");
    tenant_write(&t, "samples/s12.hl7", body);
    f = load_with(&t,
                  "expect: [{appointment/1: {}}, {send: {}}]\n  - test: again\n    given: "
                  "samples/s12.hl7\n    expect: [{appointment/1: {}}, {send: {}}]\n",
                  &a, &found);
    feed_test_check(f, &asked, &a, &found, &count);
    for (size_t i = 0; i < found.n; i++)
        n += strcmp(found.items[i].code, "E902") == 0;
    CHECK(n == 1 && count.failed == 1 && count.passed == 1, "%zu findings, %d failed", n,
          count.failed);
    feed_free(f);
    tenant_remove(&t);
    arena_reset(&a);
    free(body);
}

static void test_only(void)
{
    const struct feed_test_asked asked = {.only = "ook"}, none = {.only = "nothing"};
    struct findings found = {0};
    struct feed_test_count count;
    struct arena a = {0};
    struct tenant t;
    struct feed *f;

    tenant_make(&t);
    f = load_with(&t, EXPECT RESULT, &a, &found);
    feed_test_check(f, &asked, &a, &found, &count);
    CHECK(count.passed == 1 && !count.failed && !found.n, "one of two, and no warnings");
    feed_test_check(f, &none, &a, &found, &count);
    CHECK(!count.passed && !count.failed && !found.n, "none of two");
    feed_free(f);
    tenant_remove(&t);
    arena_reset(&a);
}

/* ---- rewriting ---- */

/* What stands in the file, and what stands there afterwards; both behind "given: samples/s12.hl7". */
static void test_update(void)
{
    static const struct {
        const char *put, *becomes;
    } cases[] = {
        {EXPECT, NULL}, /* nothing to do */
        {"expect: [{appointment/1: {status: moved}}, {send: {}}]  # why\n",
         "expect: [{appointment/1: {status: booked}}, {send: {}}]  # why\n"},
        {"expect:\n      # one\n      - appointment/1: {status: \"moved\"} # two\n      - send: "
         "{}\n",
         "expect:\n      # one\n      - appointment/1: {status: booked} # two\n      - send: {}\n"},
        {"expect: []\n",
         "expect: [{appointment/1: {phone: \"+886912345678\", language: zh-TW, site: KH, status: "
         "booked, start: \"2025-03-04T09:30:00+08:00[Asia/Taipei]\"}}, {send: {template: visit, "
         "language: zh_TW}}]\n"},
        {"expect:\n      - send: {template: visit,\n               language: en} # kept\n"
         "      - appointment/1: {}\n",
         "expect:\n      - send: {template: visit,\n               language: zh_TW} # kept\n"
         "      - appointment/1: {}\n"},
        {"expect:\n      - appointment/1: {}\n", "expect:\n      - appointment/1: {}\n      - "
                                                 "{send: {template: visit, language: zh_TW}}\n"},
        {"expect:\n      - appointment/1: {}\n      - send: {}\n      - hold: x\n",
         "expect:\n      - appointment/1: {}\n      - send: {}\n"},
        {"expect: [{appointment/1: {}}, {hold: x}, {send: {}}]\n",
         "expect: [{appointment/1: {}}, {send: {}}]\n"},
        {"expect: [{appointment/1: {}}, {send: {}}, {hold: x}]\n",
         "expect: [{appointment/1: {}}, {send: {}}]\n"},
        {"change: {PID-13: \"\"}\n    expect:\n      - drop: no phone at all\n",
         "change: {PID-13: \"\"}\n    expect:\n      - drop: no usable phone\n"},
        {"change: {PID-13: \"\"}\n    expect:\n      - hold: no phone at all\n",
         "change: {PID-13: \"\"}\n    expect:\n      - {drop: no usable phone}\n"},
        {"change: {MSH-9.2: A04}\n    expect: [{hold: x}, {send: {}}]\n",
         "change: {MSH-9.2: A04}\n    expect: []\n"},
    };

    for
        EACH (i, cases) {
            struct findings found = {0};
            struct feed_rewrite *out = NULL;
            struct arena a = {0};
            struct tenant t;
            struct feed *f;
            struct err e = {0};
            char *want;
            size_t n = 0;
            bool ok;

            tenant_make(&t);
            f = load_with(&t, cases[i].put, &a, &found);
            ok = feed_test_update(f, NULL, &a, &out, &n, &e);
            CHECK(ok, "%s: %s", cases[i].put, e.text);
            CHECK(ok && n == (cases[i].becomes != NULL), "%s: %zu files", cases[i].put, n);
            if (ok && n == 1 && cases[i].becomes) {
                want = tenant_replace(tenant_text("feed.yaml"), EXPECT, cases[i].becomes);
                CHECK(str_eq(out[0].after, str_of(want)), "%s became\n" STR_FMT, cases[i].put,
                      STR_ARG(out[0].diff));
                CHECK(str_starts(out[0].diff, STR("@@ line ")), "a diff: " STR_FMT,
                      STR_ARG(out[0].diff));
                free(want);
            }
            feed_free(f);
            tenant_remove(&t);
            arena_reset(&a);
        }
}

static void test_update_refused(void)
{
    struct findings found = {0};
    struct feed_rewrite *out;
    struct arena a = {0};
    struct tenant t;
    struct feed *f;
    struct err e = {0};
    char *body;
    size_t n;

    tenant_make(&t);
    f = load_with(&t, "change: {ZPI-1: \"1\"}\n    expect: []\n", &a, &found);
    CHECK(!feed_test_update(f, NULL, &a, &out, &n, &e) && e.kind == ERR_INPUT &&
              strstr(e.text, "E903"),
          "%s", e.text);
    feed_free(f);
    f = load_with(&t, "expect: []\n", &a, &found);
    body = tenant_replace(tenant_text("feed.yaml"), EXPECT, "expect: [{hold: x}]\n");
    tenant_write(&t, "feed.yaml", body);
    CHECK(!feed_test_update(f, NULL, &a, &out, &n, &e) && e.kind == ERR_BUSY, "%s", e.text);
    feed_free(f);
    tenant_remove(&t);
    arena_reset(&a);
    free(body);
}

/* `standard.NAME` in a condition is its paths: the first value of the first that has one, any, all, and their
 * state as one. */
static void test_standard_in_conditions(void)
{
    static const struct {
        const char *cond;
        bool holds;
    } cases[] = {
        {"standard.appointment.start in (\\\"20250304093000\\\", \\\"202503040930\\\")", true},
        {"present(standard.appointment.start)", true},
        {"absent(standard.appointment.start)", false},
        {"not present(standard.appointment.start)", false},
        {"any(standard.appointment.start) in (none)", false},
        {"standard.appointment.start in (none) or MSH-9.2 = S12", true},
        {"absent(standard.appointment.key)", false},
    };

    for
        EACH (i, cases) {
            struct findings found = {0};
            struct feed_test_count count;
            struct arena a = {0};
            struct tenant t;
            struct feed *f;
            char put[400], *body;

            (void)snprintf(
                put, sizeof put,
                "    on: {hl7: [SIU^S12, SIU^S15], fhir: Appointment}\n    only_if: {hl7: "
                "\"%s\", fhir: none, else: drop(condition)}\n",
                cases[i].cond);
            tenant_make(&t);
            body = tenant_replace(tenant_text("feed.yaml"),
                                  "    on: {hl7: [SIU^S12, SIU^S15], fhir: Appointment}\n", put);
            tenant_write(&t, "feed.yaml", body);
            f = feed_load(t.feed, &a, &found);
            CHECK(f != NULL, "%s does not load: %s", cases[i].cond,
                  found.n ? found.items[0].text : "");
            if (f) {
                feed_test_run(f, NULL, &count);
                CHECK((count.failed == 0) == cases[i].holds, "%s", cases[i].cond);
            }
            feed_free(f);
            tenant_remove(&t);
            arena_reset(&a);
            free(body);
        }
}

int main(void)
{
    test_standard_in_conditions();
    test_findings();
    test_real_sample();
    test_only();
    test_update();
    test_update_refused();
    return check_end();
}
