/* Paths: grammar, print(parse) = text, reading with its four states; edits. */
#include <stdlib.h>

#include "base/buf.h"
#include "check.h"
#include "hl7/edit.h"

static struct hl7_message indexed(const char *text, struct arena *a)
{
    struct hl7_limits limits = hl7_limits_default();
    struct hl7_message m;
    struct err e = {0};

    CHECK(hl7_message_index(str_of(text), NULL, &limits, a, NULL, &m, &e), "%s", e.text);
    return m;
}

static struct hl7_path parsed(const char *text, struct arena *a)
{
    struct hl7_path p;
    struct err e = {0};
    size_t at;

    CHECK(hl7_path_parse(str_of(text), a, &p, &at, &e), "%s: %s", text, e.text);
    return p;
}

static const char *const good[] = {
    "PID-13",
    "PID-13(2)",
    "PID-3(5=MR).1",
    "PID-13(2=PRN&3=CP)",
    "PID-3(4.2=1.2.3)",
    "ZZ1-999(999)",
    "SCH-11.4",
    "PID-3.4.2",
    "MSH-1",
    "PID-5(1=\xE8\xA8\xB1)",
    "PID-3(5=MR&4.2=a b|c^d~e).1.2",
    "PID-3(1.1=x)",
    "PID-3(1=-)",
};

static const struct {
    const char *text;
    size_t at;
} bad[] = {
    {"", 0},
    {"PI", 2},
    {"pID-1", 0},
    {"1ID-3", 0},
    {"PID", 3},
    {"PID-", 4},
    {"PID-0", 4},
    {"PID-03", 4},
    {"PID-1000", 7},
    {"PID-3(", 6},
    {"PID-3()", 6},
    {"PID-3(5=MR.1", 12},
    {"PID-3(5=)", 8},
    {"PID-3(5)x", 8},
    {"PID-3.", 6},
    {"PID-3.0", 6},
    {"PID-3.1.", 8},
    {"PID-3.1.2.3", 9},
    {"PID-3 ", 5},
    {"PID-3[1]", 5},
    {"PIDX-3", 3},
    {"PID-3(5=a=b)", 9},
    {"PID-3(5=a\"b)", 9},
    {"PID-3(5=a\tb)", 9},
    {"PID-3(5=\x80)", 8},
    {"PID-3(5=a&)", 10},
    {"PID-3(5.=a)", 8},
    {"PID-3(5=\xC2\x85)", 8},
};

static void test_grammar(void)
{
    for
        EACH (i, good) {
            struct arena a = {0};
            struct hl7_path p = parsed(good[i], &a);
            struct str s = hl7_path_print(&p, &a);

            CHECK(str_eq(s, str_of(good[i])), "%s prints " STR_FMT, good[i], STR_ARG(s));
            arena_reset(&a);
        }
    for
        EACH (i, bad) {
            struct arena a = {0};
            struct hl7_path p;
            struct err e = {0};
            size_t at = 99;

            CHECK(!hl7_path_parse(str_of(bad[i].text), &a, &p, &at, &e), "%s", bad[i].text);
            CHECK(at == bad[i].at && e.kind == ERR_INPUT, "%s: at %zu", bad[i].text, at);
            arena_reset(&a);
        }
}

/* Whatever parses prints as it was; whatever does not names an offset inside. */
static void check_property(struct str s)
{
    char *copy = malloc(s.n + 1);
    struct arena a = {0};
    struct hl7_path p;
    struct err e = {0};
    struct str printed;
    size_t at = 0;

    memcpy(copy, s.p, s.n);
    s.p = copy;
    if (hl7_path_parse(s, &a, &p, &at, &e)) {
        printed = hl7_path_print(&p, &a);
        CHECK(str_eq(printed, s), STR_FMT " prints " STR_FMT, STR_ARG(s), STR_ARG(printed));
    } else {
        CHECK(at <= s.n && e.kind == ERR_INPUT && e.text[0], STR_FMT ": at %zu", STR_ARG(s), at);
    }
    arena_reset(&a);
    free(copy);
}

static void test_property(void)
{
    char text[64];

    for
        EACH (i, good) {
            size_t n = strlen(good[i]);

            for (size_t k = 0; k <= n; k++)
                check_property((struct str){good[i], k});
            for (size_t k = 0; k < n; k++) {
                for (int c = 0; c < 256; c++) {
                    memcpy(text, good[i], n);
                    text[k] = (char)c;
                    check_property((struct str){text, n});
                }
            }
        }
}

static const char patient[] =
    "MSH|^~\\&|A|B|C|D|20250301||ADT^A08|1|P|2.5.1\r"
    "PID|1||MRN1^^^KH^MR~A12^^^T&1.2.3&ISO^NI||\xE8\xA8\xB1^a\\T\\b||\"\"| |||||"
    "02^PRN^PH~^PRN^CP^^^^0912~\"\"|^^^^|a^\"\"^b\rNK1|1|one\rNK1|2\rNK1|3|three\r";

/* "v:text", "d", "e", "a" for each element, "," between them. */
static const struct {
    const char *path, *want;
    bool whole;
} readings[] = {
    {"PID-3", "v:MRN1,v:A12", false},
    {"PID-3(1)", "v:MRN1", false},
    {"PID-3(2).5", "v:NI", false},
    {"PID-3(3)", "a", false},
    {"PID-3(5=MR).1", "v:MRN1", false},
    {"PID-3(5=XX).1", "", false},
    {"PID-3(4.2=1.2.3).1", "v:A12", false},
    {"PID-3(4=T).4.3", "v:ISO", false},
    {"PID-3.4", "v:KH,v:T", false},
    {"PID-3.9", "a,a", false},
    {"PID-5.2", "v:a&b", false},
    {"PID-5", "v:\xE8\xA8\xB1", false},
    {"PID-5(2=a&1=\xE8\xA8\xB1)", "", false},
    {"PID-7", "d", false},
    {"PID-7.3", "d", false},
    {"PID-7(5=x).3.2", "d", false},
    {"PID-7(4)", "d", false},
    {"PID-8", "e", false},
    {"PID-9", "e", false},
    {"PID-14", "e", false},
    {"PID-99", "a", false},
    {"PID-13", "v:02,e,d", false},
    {"PID-13", "v:02,v:,d", true},
    {"PID-13(3=CP)", "v:", true},
    {"PID-13(3=CP).7", "v:0912", true},
    {"PID-13(2=PRN&3=CP).7", "v:0912", false},
    {"PID-13(3)", "d", false},
    {"PID-14", "v:", true},
    {"PID-13(3).2", "d", false},
    {"PID-15.2", "d", false},
    {"PID-15.2.3", "d", false},
    {"PID-15.3", "v:b", false},
    {"NK1-2", "v:one,a,v:three", false},
    {"ZZZ-1", "", false},
    {"MSH-1", "v:|", false},
    {"MSH-2", "v:^~\\&", false},
    {"MSH-2.2", "a", false},
    {"MSH-9.2", "v:A08", false},
    {"MSH-12", "v:2.5.1", false},
    {"MSH-13", "a", false},
};

static void add_element(struct buf *b, const struct hl7_element *el)
{
    static const char letters[] = "aedv";

    buf_printf(b, "%s%c", b->n ? "," : "", letters[el->state]);
    if (el->state == HL7_VALUE)
        buf_printf(b, ":" STR_FMT, STR_ARG(el->text));
    CHECK((el->state == HL7_VALUE) == (el->text.p != NULL), "only values have text");
}

static const struct hl7_segment **list_of(const struct hl7_message *m, struct arena *a)
{
    const struct hl7_segment **list =
        arena_get(a, m->n_segments, sizeof(const struct hl7_segment *));

    for (size_t i = 0; i < m->n_segments; i++)
        list[i] = &m->segments[i];
    return list;
}

static void test_reading(void)
{
    for
        EACH (i, readings) {
            struct arena a = {0};
            struct hl7_message m = indexed(patient, &a);
            struct hl7_path p = parsed(readings[i].path, &a);
            struct hl7_elements all;
            struct buf got = buf_new(4096);

            hl7_path_read(&p, &m, list_of(&m, &a), m.n_segments, readings[i].whole, &a, &all);
            buf_add(&got, STR(""));
            for (size_t k = 0; k < all.n; k++)
                add_element(&got, &all.items[k]);
            CHECK(str_eq(buf_str(&got), str_of(readings[i].want)), "%s%s: " STR_FMT,
                  readings[i].path, readings[i].whole ? " whole" : "", STR_ARG(buf_str(&got)));
            buf_reset(&got);
            arena_reset(&a);
        }
}

static void test_elements(void)
{
    struct arena a = {0};
    struct hl7_message m =
        indexed("MSH|^~\\&#|\rPID|1|ab#|\xEF\xBF\xBDx|a^b#^c\rNK1|x\rPID|9|cd\r", &a);
    const struct hl7_segment **list = list_of(&m, &a);
    struct hl7_elements all;
    struct hl7_path p = parsed("PID-2", &a);

    hl7_path_read(&p, &m, list, m.n_segments, false, &a, &all);
    CHECK(all.n == 2 && all.items[0].damaged && !all.items[1].damaged, "a cut value");
    CHECK(all.items[0].segment == 1 && all.items[1].segment == 3, "index into the list");
    CHECK(hl7_elements_state(&all) == HL7_VALUE, "one answer");
    hl7_path_read(&p, &m, list, 2, false, &a, &all);
    CHECK(all.n == 1, "only the list given");
    p = parsed("PID-3", &a);
    hl7_path_read(&p, &m, list, m.n_segments, false, &a, &all);
    CHECK(all.items[0].damaged, "a replaced character");
    p = parsed("PID-4(2=b#)", &a);
    hl7_path_read(&p, &m, list, m.n_segments, true, &a, &all);
    CHECK(all.n == 1 && all.items[0].state == HL7_ABSENT, "a damaged component passes no test");
    p = parsed("PID-4", &a);
    hl7_path_read(&p, &m, list, m.n_segments, true, &a, &all);
    CHECK(str_eq(all.items[0].raw, STR("a^b#^c")) && !all.items[0].damaged, "the whole repetition");
    CHECK(str_eq(hl7_component_text(&m, all.items[0].raw, 3, 0, &a), STR("c")), "and its parts");
    CHECK(hl7_component_text(&m, all.items[0].raw, 4, 0, &a).p == NULL, "absent past the last");
    arena_reset(&a);
}

static void test_many(void)
{
    struct arena a = {0};
    struct buf text = buf_new(1 << 20);
    struct hl7_limits limits = hl7_limits_default();
    struct hl7_path p = parsed("PID-3", &a);
    struct hl7_elements all;
    struct hl7_message m;
    struct err e;

    buf_add(&text, STR("MSH|^~\\&|\r"));
    for (int s = 0; s < 2; s++) {
        buf_add(&text, STR("PID|||"));
        for (int i = 0; i < 600; i++)
            buf_add(&text, i ? STR("~x") : STR("x"));
        buf_add(&text, STR("\r"));
    }
    CHECK(hl7_message_index(buf_str(&text), NULL, &limits, &a, NULL, &m, &e), "index");
    hl7_path_read(&p, &m, list_of(&m, &a), m.n_segments, false, &a, &all);
    CHECK(all.n == HL7_PATH_MOST && all.over, "%zu elements", all.n);
    buf_reset(&text);
    arena_reset(&a);
}

#define HEAD "MSH|^~\\&|A\r"

static const struct {
    const char *text, *path, *raw, *want; /* want NULL: refused */
} edits[] = {
    {HEAD "PID|1|2|3\r", "PID-2", "x", HEAD "PID|1|x|3\r"},
    {HEAD "PID|1|2|3\r", "PID-2", "", HEAD "PID|1||3\r"},
    {HEAD "PID|1|2|3\r", "PID-2", "\"\"", HEAD "PID|1|\"\"|3\r"},
    {HEAD "PID|1|a^b~c\r", "PID-2", "n^e~w", HEAD "PID|1|n^e~w\r"},
    {HEAD "PID|1\r", "PID-4", "x", HEAD "PID|1|||x\r"},
    {HEAD "PID\r", "PID-1", "x", HEAD "PID|x\r"},
    {HEAD "PID|1", "PID-2", "x", HEAD "PID|1|x"},
    {HEAD, "MSH-5", "x", "MSH|^~\\&|A||x\r"},
    {HEAD, "MSH-3", "x", "MSH|^~\\&|x\r"},
    {HEAD, "MSH-2", "x", NULL},
    {HEAD, "MSH-1", "x", NULL},
    {HEAD "PID|a^b~c^d\r", "PID-1(2)", "x", HEAD "PID|a^b~x\r"},
    {HEAD "PID|a^b~c^d\r", "PID-1(2).2", "x", HEAD "PID|a^b~c^x\r"},
    {HEAD "PID|a^b~c^d\r", "PID-1.2", "x", HEAD "PID|a^x~c^d\r"},
    {HEAD "PID|a\r", "PID-1(3).2.2", "x", HEAD "PID|a~~^&x\r"},
    {HEAD "PID|a&b^c\r", "PID-1.1.1", "x", HEAD "PID|x&b^c\r"},
    {HEAD "PID|a^MR~b^NI\r", "PID-1(2=NI).1", "x", HEAD "PID|a^MR~x^NI\r"},
    {HEAD "PID|a^MR~b^NI\r", "PID-1(2=NI)", "x", HEAD "PID|a^MR~x\r"},
    {HEAD "PID|a^MR\r", "PID-1(2=NI)", "x", NULL},
    {HEAD "PID|1\rNK1|a\rNK1|b\r", "NK1-1", "x", HEAD "PID|1\rNK1|x\rNK1|b\r"},
    {"MSH|^~\\&|A\nPID|1\n", "PID-1", "x", "MSH|^~\\&|A\nPID|x\n"},
    {HEAD "PID|1\r", "PV1-1", "x", NULL},
    {HEAD "PID|1\r", "PID-1", "a\rb", NULL},
    {HEAD "PID|1\r", "PID-1", "a\nb", NULL},
    {"nothing", "PID-1", "x", NULL},
    {"MSH|^|A\rPID|1\r", "PID-1(2)", "x", NULL},
    {"MSH|^|A\rPID|1\r", "PID-1.2", "x", "MSH|^|A\rPID|1^x\r"},
};

static void test_edits(void)
{
    for
        EACH (i, edits) {
            struct arena a = {0};
            struct hl7_path p = parsed(edits[i].path, &a);
            struct str got = {NULL, 0};
            struct err e = {0};
            bool ok = hl7_edit_set(str_of(edits[i].text), &p, str_of(edits[i].raw), &a, &got, &e);

            CHECK(ok == (edits[i].want != NULL), "%zu %s: %s", i, edits[i].path, e.text);
            CHECK(!ok || str_eq(got, str_of(edits[i].want)), "%zu %s: " STR_FMT, i, edits[i].path,
                  STR_ARG(got));
            arena_reset(&a);
        }
}

static const struct {
    const char *text, *segment, *want;
} appends[] = {
    {HEAD, "ZZ1|x", HEAD "ZZ1|x\r"},
    {"MSH|^~\\&|A", "ZZ1|x", "MSH|^~\\&|A\rZZ1|x\r"},
    {"MSH|^~\\&|A\r\nPID|1", "ZZ1", "MSH|^~\\&|A\r\nPID|1\r\nZZ1\r\n"},
    {HEAD, "Z|x", NULL},
    {HEAD, "", NULL},
    {HEAD, "ZZ1|x\rZZ2", NULL},
    {"PID|", "ZZ1|x", NULL},
};

static void test_appends(void)
{
    for
        EACH (i, appends) {
            struct arena a = {0};
            struct str got = {NULL, 0};
            struct err e = {0};
            bool ok =
                hl7_edit_append(str_of(appends[i].text), str_of(appends[i].segment), &a, &got, &e);

            CHECK(ok == (appends[i].want != NULL), "%zu: %s", i, e.text);
            CHECK(!ok || str_eq(got, str_of(appends[i].want)), "%zu: " STR_FMT, i, STR_ARG(got));
            arena_reset(&a);
        }
}

int main(void)
{
    test_grammar();
    test_property();
    test_reading();
    test_elements();
    test_many();
    test_edits();
    test_appends();
    return check_end();
}
