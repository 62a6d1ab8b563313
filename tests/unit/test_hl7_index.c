/* The index: both ways of finding marks beside each other, ADD, parts, groups, the four states of a field,
 * and limits that hold before memory is taken. */
#include <stdlib.h>

#include "../../src/hl7/index.h"
#include "base/buf.h"
#include "base/utf8.h"
#include "check.h"
#include "hl7/continuation.h"
#include "hl7/group.h"
#include "hl7/path.h"

static unsigned next_random(uint64_t *seed)
{
    *seed = *seed * 6364136223846793005U + 1442695040888963407U;
    return (unsigned)(*seed >> 33);
}

static bool same(const struct marks_wanted *w)
{
    size_t n = (w->text.n + MARKS_BLOCK - 1) / MARKS_BLOCK;
    struct marks_block *a = calloc(n + 1, sizeof *a), *b = calloc(n + 1, sizeof *b);
    bool ok;

    marks_scalar.find(w, a);
    marks_best()->find(w, b);
    ok = memcmp(a, b, n * sizeof *a) == 0;
    free(a);
    free(b);
    return ok;
}

/* Random text of few characters, at every length and alignment around a block; each copy ends where its
 * memory ends, so that a step too far is seen. */
static void test_both_ways(void)
{
    static const char letters[] = "|^~&\\\r\nA\xE8";
    static const struct str ends[] = {STR_LIT("\r"), STR_LIT("\n"), STR_LIT("\r\n")};
    uint64_t seed = 20261121;

    for (size_t n = 0; n < 600; n++) {
        size_t length = n < 200 ? n : next_random(&seed) % 4000;
        char *p = malloc(length + 1), *text = p + 1;
        struct marks_wanted w = {{text, length}, '|', ends[n % 3]};
        bool plain = n % 4 == 0;

        for (size_t i = 0; i < length; i++)
            text[i] = plain ? 'a' : letters[next_random(&seed) % (sizeof letters - 1)];
        if (plain && length)
            text[next_random(&seed) % length] = '\xC3';
        CHECK(same(&w), "%zu bytes", length);
        CHECK(marks_scalar.among(w.text, "^~&") == marks_best()->among(w.text, "^~&"), "%zu bytes",
              length);
        CHECK(utf8_ascii(w.text) == utf8_ascii_scalar(w.text), "%zu bytes", length);
        free(p);
    }
}

static void test_bits(void)
{
    for (unsigned i = 0; i < 64; i++) {
        uint64_t low = ((uint64_t)1 << i) - 1;

        CHECK(marks_bits(low) == i && marks_bits(~low) == 64 - i, "%u", i);
    }
}

static bool read_index(struct str text, struct arena *a, struct hl7_message *m, struct err *e)
{
    struct hl7_limits limits = hl7_limits_default();

    return hl7_message_index(text, NULL, &limits, a, NULL, m, e);
}

#define HEAD "MSH|^~\\&|\r"

static const struct {
    const char *in, *want; /* all segments, / between them */
} adds[] = {
    {HEAD "OBX|1|TX|a||one\rADD| two\r", "MSH|^~\\&|/OBX|1|TX|a||one two"},
    {HEAD "OBX|1|TX|a||one\rADD| two\rADD| three|F\rNTE|1\r",
     "MSH|^~\\&|/OBX|1|TX|a||one two three|F/NTE|1"},
    {HEAD "OBX|1\radd|x~y^z\r", "MSH|^~\\&|/OBX|1x~y^z"},
    {HEAD "OBX|1\r\rADD|x", "MSH|^~\\&|/OBX|1x"},
    {HEAD "OBX|1\rADD\rNTE|1\r", "MSH|^~\\&|/OBX|1/NTE|1"},
    {HEAD "OBX|1\rADD|\rADD||\r", "MSH|^~\\&|/OBX|1|"},
    {HEAD "ADD|the rest of an earlier message\rOBX|1\r",
     "MSH|^~\\&|/ADD|the rest of an earlier message/OBX|1"},
    {HEAD "ADD|a\rADD|b\r", "MSH|^~\\&|/ADD|ab"},
    {HEAD "AD\rADD|D|x\rNTE|1\r", "MSH|^~\\&|/AD/ADD|D|x/NTE|1"}, /* no name: not continued */
    {HEAD "AD\rADD|x\rADD|y\r", "MSH|^~\\&|/AD/ADD|xy"},
    {HEAD "PID\rADD|X|1\rADD|2\r", "MSH|^~\\&|/PIDX|12"},
    {HEAD "OBX|1\rADDX|2\r", "MSH|^~\\&|/OBX|1/ADDX|2"},
    {"MSH|^~\\&|\r\nOBX|1\r\nADD|2\r\n", "MSH|^~\\&|/OBX|12"},
    {"MSH$%*!@$\nOBX$1\nADD$2$3\n", "MSH$%*!@$/OBX$12$3"},
};

static struct str all_segments(const struct hl7_message *m, struct arena *a)
{
    struct str s = {"", 0};

    for (size_t i = 0; i < m->n_segments; i++)
        s = arena_printf(a, STR_FMT "%s" STR_FMT, STR_ARG(s), i ? "/" : "",
                         STR_ARG(m->segments[i].text));
    return s;
}

static void test_add(void)
{
    for
        EACH (i, adds) {
            struct arena a = {0};
            struct hl7_message m = {0};
            struct err e = {0};
            struct str got;

            CHECK(read_index(str_of(adds[i].in), &a, &m, &e), "%zu: %s", i, e.text);
            got = all_segments(&m, &a);
            CHECK(str_eq(got, str_of(adds[i].want)), "%zu: " STR_FMT, i, STR_ARG(got));
            arena_reset(&a);
        }
}

/* Joined, the limits hold for the whole segment. */
static void test_add_limits(void)
{
    struct buf text = buf_new(1 << 20);
    struct arena a = {0};
    struct hl7_message m;
    struct err e = {0};

    buf_add(&text, STR(HEAD "OBX|"));
    for (int i = 0; i < 1001; i++)
        buf_add(&text, STR("a\rADD|~"));
    CHECK(!read_index(buf_str(&text), &a, &m, &e) && e.code == HL7_LIMIT &&
              strstr(e.text, "1000 repetitions"),
          "%s", e.text);
    buf_reset(&text);
    arena_reset(&a);
}

#define PART_(id, from) "MSH|^~\\&|A|B|C|D|||ORU^R01|" id "|P|2.5||" from "\r"

static const struct {
    const char *name;
    const char *parts[4];
    const char *want; /* after MSH; NULL: refused */
    const char *why;
} joins[] = {
    {"one whole message", {PART_("1", "") "OBX|1\r"}, "OBX|1\r", NULL},
    {"three parts",
     {PART_("1", "") "OBX|1\rDSC|p1|F\r", PART_("2", "p1") "OBX|2\rDSC|p2\r",
      PART_("3", "p2") "OBX|3\r"},
     "OBX|1\rOBX|2\rOBX|3\r",
     NULL},
    {"a segment goes on",
     {PART_("1", "") "OBX|1|TX|||one\rADD\rDSC|p1\r", PART_("2", "p1") "ADD| two|||F\r"},
     "OBX|1|TX|||one\rADD| two|||F\r",
     NULL},
    {"a segment goes on over three",
     {PART_("1", "") "OBX|1\rADD\rDSC|p1\r", PART_("2", "p1") "ADD|2\rADD\rDSC|p2\r",
      PART_("3", "p2") "ADD|3\rNTE|1\r"},
     "OBX|1\rADD|2\rADD|3\rNTE|1\r",
     NULL},
    {"no last line end, blank lines, lower case",
     {PART_("1", "") "OBX|1\r\rdsc| p1 \r\r", PART_("2", " p1") "\r\rNTE|1"},
     "OBX|1\rNTE|1\r",
     NULL},
    {"other line ends",
     {PART_("1", "") "OBX|1\rDSC|p1\r", "MSH|^~\\&|A|B|C|D|||ORU^R01|2|P|2.5||p1\nNTE|1\n"},
     "OBX|1\rNTE|1\r",
     NULL},
    {"an empty DSC ends it",
     {PART_("1", "") "OBX|1\rDSC|p1\r", PART_("2", "p1") "OBX|2\rDSC|\r"},
     "OBX|1\rOBX|2\r",
     NULL},
    {"DSC in the middle is a segment", {PART_("1", "") "DSC|x\rOBX|1\r"}, "DSC|x\rOBX|1\r", NULL},
    {"another pointer",
     {PART_("1", "") "OBX|1\rDSC|p1\r", PART_("2", "p9") "OBX|2\r"},
     NULL,
     "part 2 does not continue part 1"},
    {"nothing is continued",
     {PART_("1", "") "OBX|1\r", PART_("2", "p1") "OBX|2\r"},
     NULL,
     "part 2 does not continue part 1"},
    {"an interactive DSC makes no part",
     {PART_("1", "") "OBX|1\rDSC|p1|I\r", PART_("2", "p1") "OBX|2\r"},
     NULL,
     "part 2 does not continue part 1"},
    {"the rest of the segment is missing",
     {PART_("1", "") "OBX|1\rADD\rDSC|p1\r", PART_("2", "p1") "OBX|2\r"},
     NULL,
     "part 2 does not go on with the segment of part 1"},
    {"more is promised at the end",
     {PART_("1", "") "OBX|1\rDSC|p1\r", PART_("2", "p1") "OBX|2\rADD\r"},
     NULL,
     "part 2 promises more"},
    {"other separators",
     {PART_("1", "") "OBX|1\rDSC|p1\r", "MSH|^~\\$|A|B|C|D|||ORU^R01|2|P|2.5||p1\rNTE|1\r"},
     NULL,
     "other separators"},
    {"another character set",
     {PART_("1", "") "OBX|1\rDSC|p1\r",
      "MSH|^~\\&|A|B|C|D|||ORU^R01|2|P|2.5||p1||||BIG-5\rNTE|1\r"},
     NULL,
     "another MSH-18"},
    {"no message", {PART_("1", "") "OBX|1\rDSC|p1\r", "NTE|1\r"}, NULL, "no MSH"},
    {"a batch", {"BHS|^~\\&|A\rMSH|\r"}, NULL, "batch"},
};

static void test_joins(void)
{
    for
        EACH (i, joins) {
            struct str parts[4], out = {NULL, 0}, head = STR(PART_("1", ""));
            struct arena a = {0};
            struct err e = {0};
            size_t n = 0;
            bool ok;

            while (n < 4 && joins[i].parts[n]) {
                parts[n] = str_of(joins[i].parts[n]);
                n++;
            }
            ok = hl7_join_parts(parts, n, &a, &out, &e);
            CHECK(ok == (joins[i].want != NULL), "%s: %s", joins[i].name, e.text);
            CHECK(ok || (e.kind == ERR_INPUT && strstr(e.text, joins[i].why)), "%s: %s",
                  joins[i].name, e.text);
            CHECK(!ok ||
                      (str_starts(out, head) &&
                       str_eq((struct str){out.p + head.n, out.n - head.n}, str_of(joins[i].want))),
                  "%s: " STR_FMT, joins[i].name, STR_ARG(out));
            arena_reset(&a);
        }
}

/* Any message cut anywhere between two segments, or within one with ADD, joins to what it was. */
static void test_join_anywhere(void)
{
    static const char rest[] = "PID|1||M^^^KH^MR\rOBX|1|TX|x||one~two^t&s|u|||||F\rNTE|1||end\r";
    const struct str whole = STR(PART_("1", "") "PID|1||M^^^KH^MR\r"
                                                "OBX|1|TX|x||one~two^t&s|u|||||F\rNTE|1||end\r");

    for (size_t at = 4; at < sizeof rest - 1; at++) {
        bool between = rest[at - 1] == '\r';
        struct arena a = {0};
        struct str parts[2], out = {NULL, 0};
        struct hl7_message m = {0}, w = {0};
        struct err e = {0};

        if (!between && (memchr(rest + at, '\r', 3) || memchr(rest + at - 3, '\r', 3)))
            continue; /* not within a name */
        parts[0] = arena_printf(&a, PART_("1", "") "%.*s%sDSC|p\r", (int)at, rest,
                                between ? "" : "\rADD\r");
        parts[1] = arena_printf(&a, PART_("2", "p") "%s%s", between ? "" : "ADD|", rest + at);
        CHECK(hl7_join_parts(parts, 2, &a, &out, &e), "%zu: %s", at, e.text);
        CHECK(read_index(out, &a, &m, &e) && read_index(whole, &a, &w, &e), "%zu: %s", at, e.text);
        CHECK(str_eq(all_segments(&m, &a), all_segments(&w, &a)), "%zu: " STR_FMT, at,
              STR_ARG(out));
        arena_reset(&a);
    }
}

static const struct {
    const char *pid, *path;
    enum hl7_state state;
    const char *text;
    bool damaged;
} states[] = {
    {NULL, "PID-13.1", HL7_ABSENT, NULL, false},
    {"PID|1", "PID-13.1", HL7_ABSENT, NULL, false},
    {"PID||", "PID-1", HL7_EMPTY, NULL, false},
    {"PID||", "PID-2", HL7_EMPTY, NULL, false},
    {"PID||", "PID-3", HL7_ABSENT, NULL, false},
    {"PID|||  |x", "PID-3.1", HL7_EMPTY, NULL, false},
    {"PID|||^b", "PID-3.1", HL7_EMPTY, NULL, false},
    {"PID|||a", "PID-3.2", HL7_ABSENT, NULL, false},
    {"PID|||\"\"", "PID-3", HL7_DELETE, NULL, false},
    {"PID|||\"\"", "PID-3.1", HL7_DELETE, NULL, false},
    {"PID|||\"\"", "PID-3(5=MR).1", HL7_DELETE, NULL, false},
    {"PID|||\"\"^b", "PID-3.1", HL7_DELETE, NULL, false},
    {"PID|||\"\"^b", "PID-3.2", HL7_VALUE, "b", false},
    {"PID|||a^\"\"&x", "PID-3.2", HL7_DELETE, NULL, false},
    {"PID|||\"a\"", "PID-3.1", HL7_VALUE, "\"a\"", false},
    {"PID|||~a", "PID-3.1", HL7_VALUE, "a", false},
    {"PID|||~a", "PID-3(1).1", HL7_EMPTY, NULL, false},
    {"PID|||~a", "PID-3(3).1", HL7_ABSENT, NULL, false},
    {"PID|||a^^^^PI~b^^^^MR", "PID-3(5=MR).1", HL7_VALUE, "b", false},
    {"PID|||a^^^^PI", "PID-3(5=MR).1", HL7_ABSENT, NULL, false},
    {"PID|||a\\S\\b", "PID-3.1", HL7_VALUE, "a^b", false},
    {"PID|||ab#", "PID-3.1", HL7_VALUE, "ab#", true},
    {"PID|||ab\\P\\", "PID-3.1", HL7_VALUE, "ab#", false},
    {"PID|||a#^^^^MR", "PID-3(5=MR).1", HL7_VALUE, "a#", true},
    {"PID|||a^^^^MR#", "PID-3(5=MR).1", HL7_ABSENT, NULL, false},
    {"PID|||a\xEF\xBF\xBD", "PID-3.1", HL7_VALUE, "a\xEF\xBF\xBD", true},
    {"pid|||a", "PID-3.1", HL7_VALUE, "a", false},
    {"Zx1|||a^b&c", "ZX1-3.2.2", HL7_VALUE, "c", false},
    {"PID|1\rPID|2", "PID-1", HL7_VALUE, "1", false},
    {"PID|\rPID|2", "PID-1", HL7_VALUE, "2", false},
    {"PID|\"\"\rPID|", "PID-1", HL7_DELETE, NULL, false},
    {NULL, "MSH-1", HL7_VALUE, "|", false},
    {NULL, "MSH-2", HL7_VALUE, "^~\\&#", false},
    {NULL, "MSH-3", HL7_VALUE, "A", false},
};

static void test_states(void)
{
    for
        EACH (i, states) {
            struct arena a = {0};
            struct hl7_message m = {0};
            struct hl7_element el;
            struct hl7_path p;
            struct err e = {0};
            size_t at;

            CHECK(read_index(
                      arena_printf(&a, "MSH|^~\\&#|A\r%s\r", states[i].pid ? states[i].pid : ""),
                      &a, &m, &e) &&
                      hl7_path_parse(str_of(states[i].path), &a, &p, &at, &e),
                  "%zu: %s", i, e.text);
            el = hl7_path_first(&p, &m, &a);
            CHECK(el.state == states[i].state && el.damaged == states[i].damaged &&
                      str_eq(el.text, str_of(states[i].text)),
                  "%s of %s: state %d, " STR_FMT, states[i].path, states[i].pid, (int)el.state,
                  STR_ARG(el.text));
            arena_reset(&a);
        }
}

#define SIU  "MSH|^~\\&|||||||SIU^S12\r"
#define ORU  "MSH|^~\\&|||||||ORU^R01\r"
#define NOTE "NTE|1\r"

/* A character a segment: "m" message level, "0" a patient block, "a" a group, "-" aside. */
static const struct {
    const char *in, *lead, *want;
} groupings[] = {
    {SIU "SCH|1\r" NOTE "PID|1\rPV1|1\rRGS|1\rAIS|1\r" NOTE, "", "mmm00mm-"},
    {SIU "SCH|1\rPID|1\rRGS|1\rAIS|1\r" NOTE "AIL|1\r" NOTE "AIS|2\r" NOTE, "AIS", "mm0maaa-bb"},
    {SIU "SCH|1\rPID|1\rRGS|1\rAIS|1\r" NOTE "AIL|1\r" NOTE NOTE "AIS|2\r", "AIL", "mm0mm-aaaa"},
    {SIU "SCH|1\rPID|1\rRGS|1\rAIS|1\r" NOTE "RGS|2\rAIS|2\rZZ1|\r", "RGS", "mm0aa-bbb"},
    {SIU "SCH|1\rPID|1\rPID|2\rPV1|\rRGS|1\r", "", "mm011m"},
    {ORU "PID|1\rORC|1\rOBR|1\r" NOTE "OBX|1\r" NOTE "ORC|2\rOBR|2\rOBX|1\r", "OBR", "m0aaaaabbb"},
    {ORU "PID|1\rORC|1\rORC|2\rOBR|1\rPID|2\rOBR|2\r", "OBR", "m00aa1b"},
    {ORU "PID|1\rOBR|1\robx|1\rZX1|1\rOBR|2\r", "OBR", "m0aaab"},
    {ORU "OBR|1\rOBX|1\r", "", "mmm"},
    {ORU "TXA|1\rOBX|1\rTXA|2\r", "TXA", "maab"},
};

static void test_groups(void)
{
    for
        EACH (i, groupings) {
            struct arena a = {0};
            struct hl7_message m = {0};
            struct hl7_groups g;
            struct err e = {0};
            char got[32] = "";

            CHECK(read_index(str_of(groupings[i].in), &a, &m, &e), "%zu: %s", i, e.text);
            hl7_groups_cut(&m, groupings[i].lead, &a, &g);
            for (size_t k = 0; k < m.n_segments && k < sizeof got - 1; k++) {
                const struct hl7_place *p = &g.places[k];

                got[k] = p->aside                  ? '-'
                         : p->group != HL7_NOWHERE ? (char)('a' + p->group)
                         : p->block != HL7_NOWHERE ? (char)('0' + p->block)
                                                   : 'm';
            }
            CHECK(strcmp(got, groupings[i].want) == 0, "%zu: %s", i, got);
            arena_reset(&a);
        }
}

static const struct {
    const char *name, *lead, *unit;
    size_t times;
} floods[] = {
    {"a million repetitions", HEAD "PID|", "~", 1000000},
    {"a million components", HEAD "PID|", "^", 1000000},
    {"a million subcomponents", HEAD "PID|", "&a", 1000000},
    {"a million fields", HEAD "PID", "|", 1000000},
    {"100,000 segments", HEAD, "PID|1\r", 100000},
    {"100,000 additions", HEAD "PID|1\r", "ADD|1\r", 100000},
    {"a million blank lines", HEAD, "\r", 1000000},
    {"a million blank lines of CR LF", "MSH|^~\\&|\r\n", "\r\n", 1000000},
    {"a million fields in allowed segments", HEAD,
     "ZZZ||||||||||||||||||||||||||||||||||||||||||\r", 4990},
};

/* Refused for a limit, with memory for the marks as bits and no more: a quarter of the text. */
static void test_floods(void)
{
    for
        EACH (i, floods) {
            struct buf text = buf_new((size_t)16 << 20);
            struct arena a = {0};
            struct hl7_message m;
            struct err e = {0};

            buf_add(&text, str_of(floods[i].lead));
            for (size_t k = 0; k < floods[i].times; k++)
                buf_add(&text, str_of(floods[i].unit));
            CHECK(!read_index(buf_str(&text), &a, &m, &e) && e.code == HL7_LIMIT, "%s: %s",
                  floods[i].name, e.text);
            CHECK(a.used <= text.n / 4 + ((size_t)2 << 20), "%s: %zu bytes for %zu", floods[i].name,
                  a.used, text.n);
            buf_reset(&text);
            arena_reset(&a);
        }
}

int main(void)
{
    test_both_ways();
    test_bits();
    test_add();
    test_add_limits();
    test_joins();
    test_join_anywhere();
    test_states();
    test_groups();
    test_floods();
    return check_end();
}
