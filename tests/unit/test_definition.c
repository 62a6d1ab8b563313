/* What HL7 v2 defines: every field of every segment of every version is found by its own path and the one
 * behind the last is not; every structure has its segments; and the messages of the corpus, from many
 * vendors, fill almost nothing that the tables lack. */
#include <ctype.h>
#include <ftw.h>
#include <stdlib.h>

#include "base/buf.h"
#include "check.h"
#include "hl7/definition.h"
#include "hl7/header.h"

static enum hl7_path_fault define(enum hl7_version v, const char *text, struct hl7_definition *at)
{
    const struct hl7_path_test *test = NULL;
    struct arena a = {0};
    struct hl7_path p;
    struct err e;
    size_t where;
    enum hl7_path_fault fault = HL7_PATH_NO_SEGMENT;

    if (hl7_path_parse(str_of(text), &a, &p, &where, &e)) {
        fault = hl7_path_define(v, &p, at, &test);
        CHECK(!test == (fault != HL7_PATH_TEST_COMPONENT && fault != HL7_PATH_TEST_SUBCOMPONENT),
              "%s: test", text);
        if (!strcmp(at->name, p.segment)) /* lives in the path, which goes away */
            at->name = "segment";
    } else {
        CHECK(false, "%s is no path", text);
    }
    arena_reset(&a);
    return fault;
}

static void test_paths(void)
{
    static const struct {
        enum hl7_version v;
        const char *path;
        enum hl7_path_fault fault;
        const char *name;
    } rows[] = {
        {HL7_V2_5_1, "PID-3(5=MR).1", HL7_PATH_DEFINED, "ST"},
        {HL7_V2_5_1, "PID-13", HL7_PATH_DEFINED, "XTN"},
        {HL7_V2_5_1, "PID-3.4.2", HL7_PATH_DEFINED, "ST"},
        {HL7_V2_5_1, "PID-3.4.3", HL7_PATH_DEFINED, "ID"},
        {HL7_V2_5_1, "PID-3.4.4", HL7_PATH_NO_SUBCOMPONENT, "HD"},
        {HL7_V2_5_1, "PID-39", HL7_PATH_DEFINED, "CWE"},
        {HL7_V2_5_1, "PID-40", HL7_PATH_NO_FIELD, "segment"},
        {HL7_V2_7, "PID-40", HL7_PATH_DEFINED, "XTN"},
        {HL7_V2_5, "PDI-3", HL7_PATH_NO_SEGMENT, "segment"},
        {HL7_V2_9, "PDI-3", HL7_PATH_DEFINED, "segment"},
        {HL7_V2_9, "GSP-5", HL7_PATH_DEFINED, "segment"},
        {HL7_V2_8, "OBX-29", HL7_PATH_DEFINED, "segment"},
        {HL7_V2_5_1, "PID-7.1", HL7_PATH_DEFINED, "DTM"},
        {HL7_V2_5_1, "PID-7(3=X)", HL7_PATH_TEST_COMPONENT, "TS"},
        {HL7_V2_5_1, "PID-7(2=X)", HL7_PATH_DEFINED, "TS"},
        {HL7_V2_7, "PID-7(2=X)", HL7_PATH_TEST_COMPONENT, "DTM"},
        {HL7_V2_7, "PID-7(1=X)", HL7_PATH_DEFINED, "DTM"},
        {HL7_V2_5_1, "PID-3(4.2=1.2.3)", HL7_PATH_DEFINED, "CX"},
        {HL7_V2_5_1, "PID-3(4.4=x)", HL7_PATH_TEST_SUBCOMPONENT, "HD"},
        {HL7_V2_5_1, "PID-8.2", HL7_PATH_NO_COMPONENT, "IS"},
        {HL7_V2_5_1, "PID-8.1.1", HL7_PATH_DEFINED, "IS"},
        {HL7_V2_5_1, "OBX-5.9.9", HL7_PATH_DEFINED, "VARIES"},
        {HL7_V2_5_1, "OBX-5(7=x).3", HL7_PATH_DEFINED, "VARIES"},
        {HL7_V2_3, "TQ1-7", HL7_PATH_NO_SEGMENT, "segment"},
        {HL7_V2_5, "TQ1-7.1", HL7_PATH_DEFINED, "DTM"},
        {HL7_V2_5_1, "QPD-12", HL7_PATH_DEFINED, "segment"},
        {HL7_V2_5_1, "ZPI-99.7.3", HL7_PATH_DEFINED, "segment"},
        {HL7_V2_5_1, "SCH-11.4", HL7_PATH_DEFINED, "TS"},
        {HL7_V2_5_1, "MSH-9.3", HL7_PATH_DEFINED, "ID"},
        {HL7_V2_3, "MSH-9.3", HL7_PATH_NO_COMPONENT, "CM_MSG"},
    };

    for
        EACH (i, rows) {
            struct hl7_definition at = {.name = "?"};
            enum hl7_path_fault fault = define(rows[i].v, rows[i].path, &at);

            CHECK(fault == rows[i].fault, "%s: %d", rows[i].path, (int)fault);
            CHECK(!strcmp(at.name, rows[i].name) ||
                      (!strcmp(rows[i].name, "segment") && strlen(at.name) == 3),
                  "%s: %s", rows[i].path, at.name);
        }
}

static void check_components(enum hl7_version v, const char *field, const char *type, int depth)
{
    struct hl7_definition part;
    unsigned n = 0;

    while (hl7_component_defined(v, str_of(type), n + 1, &part)) {
        n++;
        CHECK(part.name[0] && (part.title[0] || part.n_parts == 0), "%s: %s.%u", field, type, n);
        CHECK(depth < 8, "%s: %s goes round in a circle", field, type);
        if (depth < 8 && part.n_parts)
            check_components(v, field, part.name, depth + 1);
    }
    CHECK(n > 0, "%s: %s has no parts at all", field, type);
}

static size_t check_fields(enum hl7_version v, const char *name)
{
    struct hl7_definition segment, at;
    char path[32];

    CHECK(hl7_segment_defined(v, str_of(name), &segment), "%s", name);
    for (unsigned f = 1; f <= segment.n_parts + 1; f++) {
        bool behind = f > segment.n_parts;
        enum hl7_path_fault fault;

        snprintf(path, sizeof path, "%s-%u", name, f);
        fault = define(v, path, &at);
        CHECK(fault == (behind && !segment.open ? HL7_PATH_NO_FIELD : HL7_PATH_DEFINED),
              "%s: %d in version %d", path, (int)fault, (int)v);
        if (!behind && hl7_field_defined(v, str_of(name), f, &at))
            check_components(v, path, at.name, 0);
    }
    return segment.n_parts;
}

/* Every field passes its own path; the one behind the last does not, but where more may come. */
static void test_every_field(void)
{
    size_t fields = 0;

    for (int v = HL7_V2_3; v <= HL7_V2_9_1; v++) {
        const char *name;

        for (size_t i = 0; (name = hl7_segment_at((enum hl7_version)v, i)) != NULL; i++)
            fields += check_fields((enum hl7_version)v, name);
        CHECK(!hl7_segment_defined((enum hl7_version)v, STR("PDI"), &(struct hl7_definition){0}),
              "PDI");
    }
    CHECK(fields > 15000, "%zu fields", fields);
}

static void test_names(void)
{
    struct hl7_definition d;

    CHECK(hl7_segment_defined(HL7_V2_5_1, STR("PID"), &d) && d.n_parts == 39 &&
              !strcmp(d.title, "Patient Identification"),
          "PID");
    CHECK(hl7_field_defined(HL7_V2_5_1, STR("PID"), 13, &d) && d.repeats &&
              !strcmp(d.title, "Phone Number - Home"),
          "PID-13");
    CHECK(hl7_field_defined(HL7_V2_5_1, STR("PID"), 7, &d) && !d.repeats, "PID-7");
    CHECK(!hl7_segment_known(STR("PDI")) && hl7_segment_known(STR("TQ1")), "known");
    CHECK(hl7_segment_is_local(STR("ZPI")) && !hl7_segment_is_local(STR("PID")), "local");
}

/* ---- structures ---- */

static const struct {
    enum hl7_version v;
    const char *trigger, *segment, *lead;
    enum hl7_occurrence wanted;
} occurrences[] = {
    {HL7_V2_5_1, "SIU^S12", "SCH", "", HL7_OCCURS_ONCE},
    {HL7_V2_5_1, "SIU^S12", "PID", "", HL7_OCCURS_ONCE},
    {HL7_V2_5_1, "SIU^S12", "PV1", "", HL7_OCCURS_ONCE},
    {HL7_V2_5_1, "SIU^S12", "DG1", "", HL7_OCCURS_OFTEN},
    {HL7_V2_5_1, "SIU^S12", "TQ1", "", HL7_OCCURS_OFTEN},
    {HL7_V2_3, "SIU^S12", "TQ1", "", HL7_OCCURS_NEVER},
    {HL7_V2_5_1, "SIU^S12", "OBR", "", HL7_OCCURS_NEVER},
    {HL7_V2_5_1, "SIU^S12", "ZPI", "", HL7_OCCURS_MAYBE},
    {HL7_V2_5_1, "SIU^S12", "SFT", "", HL7_OCCURS_MAYBE},
    {HL7_V2_5_1, "SIU^S12", "AIL", "", HL7_OCCURS_OFTEN},
    {HL7_V2_5_1, "SIU^S12", "AIL", "AIL", HL7_OCCURS_ONCE},
    {HL7_V2_5_1, "SIU^S12", "AIL", "AIS", HL7_OCCURS_OFTEN},
    {HL7_V2_5_1, "SIU^S12", "AIS", "RGS", HL7_OCCURS_OFTEN},
    {HL7_V2_5_1, "SIU^S12", "RGS", "RGS", HL7_OCCURS_ONCE},
    {HL7_V2_5_1, "SIU^S17", "SCH", "", HL7_OCCURS_ONCE},
    {HL7_V2_3_1, "SIU^S27", "OBR", "", HL7_OCCURS_NEVER},
    {HL7_V2_5_1, "ORU^R01", "OBR", "", HL7_OCCURS_OFTEN},
    {HL7_V2_5_1, "ORU^R01", "OBR", "OBR", HL7_OCCURS_ONCE},
    {HL7_V2_5_1, "ORU^R01", "ORC", "OBR", HL7_OCCURS_ONCE},
    {HL7_V2_5_1, "ORU^R01", "OBX", "OBR", HL7_OCCURS_OFTEN},
    {HL7_V2_5_1, "ORU^R01", "PID", "OBR", HL7_OCCURS_ONCE},
    {HL7_V2_5_1, "ORU^R01", "SCH", "", HL7_OCCURS_NEVER},
    {HL7_V2_5_1, "ORU^R01", "MSH", "", HL7_OCCURS_ONCE},
    {HL7_V2_9, "ORU^R01", "GSP", "", HL7_OCCURS_MAYBE},
    {HL7_V2_9, "SIU^S12", "OBR", "", HL7_OCCURS_NEVER},
    {HL7_V2_5_1, "ORU^R30", "OBR", "", HL7_OCCURS_ONCE},
    {HL7_V2_5_1, "ORM^O01", "ORC", "OBR", HL7_OCCURS_ONCE},
    {HL7_V2_5_1, "ORM^O01", "OBR", "OBR", HL7_OCCURS_ONCE},
    {HL7_V2_5_1, "ORM^O01", "RXO", "", HL7_OCCURS_OFTEN},
    {HL7_V2_5_1, "RDS^O13", "RXD", "RXD", HL7_OCCURS_ONCE},
    {HL7_V2_5_1, "RDS^O13", "ORC", "RXD", HL7_OCCURS_ONCE},
    {HL7_V2_5_1, "RDE^O11", "RXE", "RXE", HL7_OCCURS_ONCE},
    {HL7_V2_5_1, "RDE^O11", "RXD", "", HL7_OCCURS_NEVER},
    {HL7_V2_5_1, "RDE^O11", "RXE", "RXD", HL7_OCCURS_MAYBE},
    {HL7_V2_5_1, "MDM^T02", "TXA", "", HL7_OCCURS_ONCE},
    {HL7_V2_5_1, "MDM^T09", "TXA", "", HL7_OCCURS_ONCE},
    {HL7_V2_5_1, "MDM^T02", "TXA", "TXA", HL7_OCCURS_ONCE},
    {HL7_V2_5_1, "DFT^P03", "FT1", "FT1", HL7_OCCURS_ONCE},
    {HL7_V2_3, "DFT^P03", "FT1", "", HL7_OCCURS_OFTEN},
    {HL7_V2_3, "DFT^P03", "FT1", "FT1", HL7_OCCURS_ONCE},
    {HL7_V2_5_1, "ADT^A03", "PV1", "", HL7_OCCURS_ONCE},
    {HL7_V2_5_1, "ADT^A40", "MRG", "", HL7_OCCURS_ONCE},
    {HL7_V2_5_1, "BAR^P01", "PV1", "", HL7_OCCURS_OFTEN},
    {HL7_V2_5_1, "ZBI^Z01", "OBR", "", HL7_OCCURS_MAYBE},
    {HL7_V2_5_1, "CCM^I21", "OBR", "", HL7_OCCURS_MAYBE},
    {HL7_V2_5_1, "RSP^K11", "OBX", "", HL7_OCCURS_MAYBE},
    {HL7_V2_5_1, "RSP^K11", "QAK", "", HL7_OCCURS_ONCE},
};

static void test_occurrence(void)
{
    for
        EACH (i, occurrences) {
            enum hl7_occurrence got =
                hl7_occurrence(occurrences[i].v, str_of(occurrences[i].trigger),
                               str_of(occurrences[i].segment), occurrences[i].lead);

            CHECK(got == occurrences[i].wanted, "%s %s each %s: %d", occurrences[i].trigger,
                  occurrences[i].segment, occurrences[i].lead, (int)got);
        }
}

/* The triggers that feeds may name, all events of all types with a letter and two digits. */
static void each_trigger(enum hl7_version v, void (*visit)(enum hl7_version v, const char *trigger))
{
    static const char *const types[] = {"ADT", "BAR", "DFT", "MDM", "MFN", "OMG", "OML", "OMI",
                                        "ORM", "ORU", "OUL", "RDE", "RDS", "REF", "RSP", "SIU",
                                        "SRM", "SRR", "VXU", "PPR", "RAS", "RGV", "QBP", "CCM"};
    static const char letters[] = "ACEIKMOPQRSTUVZ";

    for
        EACH (t, types)
            for (const char *l = letters; *l; l++)
                for (int n = 1; n < 100; n++) {
                    char trigger[16];

                    snprintf(trigger, sizeof trigger, "%s^%c%02d", types[t], *l, n);
                    if (hl7_structure(v, str_of(trigger)))
                        visit(v, trigger);
                }
}

static size_t structures;

/* Every segment that the structure names occurs, and none that it does not name. */
static void check_structure(enum hl7_version v, const char *trigger)
{
    const char *text = hl7_structure(v, str_of(trigger)), *name;
    int depth = 0;

    structures++;
    for (const char *p = text; *p; p++) {
        depth += (*p == '(' || *p == '[') - (*p == ')' || *p == ']');
        CHECK(depth >= 0 && (isupper(*p) || isdigit(*p) || strchr("()[]|* ?", *p)), "%s: %s",
              trigger, text);
    }
    CHECK(depth == 0 && !strncmp(text, "MSH ", 4), "%s: %s", trigger, text);
    for (size_t i = 0; (name = hl7_segment_at(v, i)) != NULL; i++) {
        enum hl7_occurrence got = hl7_occurrence(v, str_of(trigger), str_of(name), "");

        if (strstr(text, name))
            CHECK(got == HL7_OCCURS_ONCE || got == HL7_OCCURS_OFTEN, "%s %s", trigger, name);
        else
            CHECK(got == HL7_OCCURS_NEVER || strchr(text, '?') ||
                      strstr("ADD DSC SFT UAC ARV PRT", name),
                  "%s %s", trigger, name);
    }
}

static void test_structures(void)
{
    for (int v = HL7_V2_3; v <= HL7_V2_9_1; v++)
        each_trigger((enum hl7_version)v, check_structure);
    CHECK(structures > 1000, "%zu structures", structures);
}

/* ---- the corpus ---- */

/* nftw() has no argument for its caller. */
static struct seen {
    size_t messages, fields, no_segment, no_field, never, no_structure;
} seen;

static void judge_segment(enum hl7_version v, struct str trigger, const struct hl7_segment *s)
{
    struct str name = str_of(s->name);
    struct hl7_definition d;

    if (!s->name[0] || hl7_segment_is_local(name))
        return;
    if (!hl7_segment_defined(v, name, &d)) {
        seen.no_segment++;
        if (getenv("SHOW_UNDEFINED"))
            printf("%d " STR_FMT " %s\n", (int)v, STR_ARG(trigger), s->name);
        return;
    }
    if (hl7_occurrence(v, trigger, name, "") == HL7_OCCURS_NEVER) {
        seen.never++;
        if (getenv("SHOW_UNDEFINED"))
            printf("%d " STR_FMT " without %s\n", (int)v, STR_ARG(trigger), s->name);
    }
    for (unsigned f = 1; f <= s->n_fields; f++) {
        if (str_trim(hl7_field(s, f)).n == 0)
            continue;
        seen.fields++;
        if (f > d.n_parts && !d.open) {
            seen.no_field++;
            if (getenv("SHOW_UNDEFINED"))
                printf("%d " STR_FMT " %s-%u of %u\n", (int)v, STR_ARG(trigger), s->name, f,
                       d.n_parts);
        }
    }
}

static void judge(struct str body)
{
    struct hl7_limits limits = hl7_limits_default();
    struct hl7_charset_settings set = {0};
    struct arena a = {0};
    struct hl7_header h;
    struct hl7_message m;
    struct err e = {0};

    if (hl7_header_scan(body, &h, &e) && hl7_message_read(body, &set, &limits, &a, NULL, &m, &e)) {
        enum hl7_version v = h.version;
        struct str msh9 = hl7_field(&m.segments[0], 9);
        struct str type = hl7_component(&m.sep, msh9, 1), event = hl7_component(&m.sep, msh9, 2);
        struct str trigger = arena_printf(&a, STR_FMT "^" STR_FMT, STR_ARG(type), STR_ARG(event));

        if (v != HL7_VERSION_NONE) {
            seen.messages++;
            seen.no_structure += hl7_structure(v, trigger) == NULL;
            for (size_t i = 0; i < m.n_segments; i++)
                judge_segment(v, trigger, &m.segments[i]);
        }
    }
    arena_reset(&a);
}

static int on_file(const char *path, const struct stat *st, int kind, struct FTW *at)
{
    static char text[1 << 20];
    size_t n;
    FILE *f;

    (void)at;
    if (kind != FTW_F || st->st_size > (long)sizeof text || !strstr(path, ".hl7"))
        return 0;
    f = fopen(path, "rb");
    n = f ? fread(text, 1, sizeof text, f) : 0;
    if (f)
        (void)fclose(f);
    judge((struct str){text, n});
    return 0;
}

static void test_corpus(void)
{
    if (nftw("../shared/data/corpus/v2", on_file, 16, FTW_PHYS) != 0) {
        printf("skipped: ../shared/data/corpus is not here\n");
        return;
    }
    printf("corpus: %zu messages, %zu filled fields; undefined: %zu segments, %zu fields; "
           "%zu segments outside their structure, %zu messages without one\n",
           seen.messages, seen.fields, seen.no_segment, seen.no_field, seen.never,
           seen.no_structure);
    CHECK(seen.messages > 100 && seen.fields > 5000, "%zu messages", seen.messages);
    CHECK(seen.no_field * 100 < seen.fields, "%zu of %zu", seen.no_field, seen.fields);
}

int main(void)
{
    test_names();
    test_paths();
    test_every_field();
    test_occurrence();
    test_structures();
    test_corpus();
    return check_end();
}
