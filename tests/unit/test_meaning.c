/* The table of meanings: sound in itself, and complete for the triggers that a receiver must know. */
#include "check.h"
#include "hl7/meaning.h"
#include "hl7/path.h"

/* What the issue and hl7v2.md 10 and 14 name. */
static const char *const wanted[] = {
    "SIU^S12", "SIU^S13", "SIU^S14", "SIU^S15", "SIU^S16", "SIU^S17", "SIU^S18", "SIU^S19",
    "SIU^S20", "SIU^S21", "SIU^S22", "SIU^S23", "SIU^S24", "SIU^S26", "SIU^S27", "SRM^S01",
    "SRM^S11", "SRR^S01", "SRR^S11", "ORU^R01", "ORU^R30", "ORU^R31", "ORU^R32", "ORU^R40",
    "OUL^R21", "OUL^R22", "OUL^R23", "OUL^R24", "MDM^T01", "MDM^T02", "MDM^T03", "MDM^T04",
    "MDM^T05", "MDM^T06", "MDM^T07", "MDM^T08", "MDM^T09", "MDM^T10", "MDM^T11", "ADT^A01",
    "ADT^A03", "ADT^A04", "ADT^A05", "ADT^A08", "ADT^A11", "ADT^A13", "ADT^A23", "ADT^A24",
    "ADT^A27", "ADT^A28", "ADT^A29", "ADT^A31", "ADT^A34", "ADT^A36", "ADT^A37", "ADT^A38",
    "ADT^A39", "ADT^A40", "ADT^A41", "ADT^A42", "ADT^A43", "ADT^A44", "ADT^A47", "ADT^A49",
    "ADT^A50", "ADT^A51", "ORM^O01", "OMG^O19", "OML^O21", "OMI^O23", "RDE^O11", "RDE^O25",
    "RDS^O13", "DFT^P03", "DFT^P11", "BAR^P01", "BAR^P05", "BAR^P06", "BAR^P12", "VXU^V04",
    "RSP^K11",
};

static bool is_trigger(struct str s)
{
    return s.n == 7 && s.p[3] == '^';
}

static void test_groups(void)
{
    size_t n = 0;

    for (size_t i = 0; i < hl7_n_trigger_groups; i++) {
        const struct hl7_trigger_group *g = &hl7_trigger_groups[i];
        struct str rest = str_of(g->triggers);

        CHECK(hl7_trigger_group_find(str_of(g->name)) == g, "%s: twice", g->name);
        for (; rest.p; n++) {
            struct str one = str_cut(&rest, ' ');

            CHECK(is_trigger(one), "%s: " STR_FMT, g->name, STR_ARG(one));
            CHECK(hl7_trigger_group_of(one) == g, STR_FMT ": in two groups", STR_ARG(one));
        }
    }
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
        CHECK(hl7_trigger_group_of(str_of(wanted[i])), "%s: no meaning", wanted[i]);
    CHECK(n >= sizeof wanted / sizeof *wanted, "%zu triggers", n);
    CHECK(!hl7_trigger_group_of(STR("XYZ^S12")) && !hl7_trigger_group_find(STR("booked")),
          "what is not there");
}

static void test_facts(void)
{
    struct arena a = {0};

    for (size_t i = 0; i < hl7_n_facts; i++) {
        struct str rest = str_of(hl7_facts[i].paths);

        CHECK(hl7_fact_find(str_of(hl7_facts[i].name)) == &hl7_facts[i], "%s: twice",
              hl7_facts[i].name);
        while (rest.p) {
            struct hl7_path path;
            struct err e;
            size_t at;

            CHECK(hl7_path_parse(str_cut(&rest, ' '), &a, &path, &at, &e), "%s: %s",
                  hl7_facts[i].name, e.text);
        }
    }
    CHECK(!hl7_fact_find(STR("start")), "what is not there");
    arena_reset(&a);
}

int main(void)
{
    test_groups();
    test_facts();
    return check_end();
}
