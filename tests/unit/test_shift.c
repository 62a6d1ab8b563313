#include "../../src/cli/play.h"
#include "../../src/cli/shift.h"
#include "check.h"

static const int64_t now_ms = 1795262400000; /* 2026-11-21T12:00:00Z */

static void test_hl7(void)
{
    static const struct {
        const char *name;
        struct str in, out;
    } cases[] = {
        {"20 days on, clock times stay",
         STR_LIT("MSH|^~\\&|A|B|C|D|20261101081500+0800||SIU^S12|1|P|2.5\rSCH|1||||||||||"
                 "^^30^20261104093000^202611041000"),
         STR_LIT("MSH|^~\\&|A|B|C|D|20261121081500+0800||SIU^S12|1|P|2.5\rSCH|1||||||||||"
                 "^^30^20261124093000^202611241000")},
        {"a birth date and long numbers stay",
         STR_LIT("MSH|^~\\&|A|B|C|D|202611010815||A|1|P|2.5\rPID|1||20261101081500123||||19800101"),
         STR_LIT(
             "MSH|^~\\&|A|B|C|D|202611210815||A|1|P|2.5\rPID|1||20261101081500123||||19800101")},
        {"a day that is not in the calendar stays",
         STR_LIT("MSH|^~\\&|A|B|C|D|202611010815||A|1|P|2.5\rX|20260230101500"),
         STR_LIT("MSH|^~\\&|A|B|C|D|202611210815||A|1|P|2.5\rX|20260230101500")},
        {"no MSH-7, nothing moves", STR_LIT("MSH|^~\\&|A|B|C|D|||A|1\rX|20260203101500"),
         STR_LIT("MSH|^~\\&|A|B|C|D|||A|1\rX|20260203101500")},
        {"not HL7", STR_LIT("hello"), STR_LIT("hello")},
    };

    for
        EACH (i, cases) {
            struct arena a = {0};
            struct str out = shift_hl7(cases[i].in, now_ms, &a);

            CHECK(str_eq(out, cases[i].out), "%s: " STR_FMT, cases[i].name, STR_ARG(out));
            arena_reset(&a);
        }
}

static void test_fhir(void)
{
    static const struct {
        const char *name;
        struct str in, out;
    } cases[] = {
        {"by lastUpdated",
         STR_LIT("{\"meta\":{\"lastUpdated\":\"2026-11-01T08:00:00Z\"},\"start\":\"2026-11-04T09:"
                 "30:00+08:00\"}"),
         STR_LIT("{\"meta\":{\"lastUpdated\":\"2026-11-21T08:00:00Z\"},\"start\":\"2026-11-24T09:"
                 "30:00+08:00\"}")},
        {"without one, three days ahead",
         STR_LIT("{\"start\":\"2025-03-04T09:30:00+08:00\",\"birthDate\":\"1980-01-01\"}"),
         STR_LIT("{\"start\":\"2026-11-24T09:30:00+08:00\",\"birthDate\":\"1980-01-01\"}")},
    };

    for
        EACH (i, cases) {
            struct arena a = {0};
            struct str out = shift_fhir(cases[i].in, now_ms, &a);

            CHECK(str_eq(out, cases[i].out), "%s: " STR_FMT, cases[i].name, STR_ARG(out));
            arena_reset(&a);
        }
}

static void test_play(void)
{
    struct arena a = {0};
    struct play p;
    struct err e;

    CHECK(play_read(STR("# x\n\na.hl7 | held needs release | why\nb.json|notified|"), "p", &a, &p,
                    &e),
          "%s", e.text);
    CHECK(p.n == 2 && strcmp(p.lines[0].file, "a.hl7") == 0, "%zu", p.n);
    CHECK(str_eq(p.lines[0].outcome, STR("held")), "outcome");
    CHECK(str_eq(p.lines[0].reason, STR("needs release")), "reason");
    CHECK(str_eq(p.lines[0].words, STR("why")) && p.lines[1].reason.n == 0, "words");
    CHECK(!play_read(STR("a.hl7 | sent | x"), "p", &a, &p, &e) && strstr(e.text, "p:1:"), "%s",
          e.text);
    CHECK(!play_read(STR("# nothing\n"), "p", &a, &p, &e), "an empty list");
    arena_reset(&a);
}

int main(void)
{
    test_hl7();
    test_fhir();
    test_play();
    return check_end();
}
