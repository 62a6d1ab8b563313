/* Batches in one frame: what they hold, what does not add up, and the batch that answers them
 * (hl7v2.md 8, 3.7). */
#include <stdlib.h>

#include "check.h"
#include "hl7/batch.h"
#include "hl7/message.h"

#define M(n) "MSH|^~\\&|A|B|C|D|||ADT^A08|" n "|P|2.5\rPID|1\r"
#define BHS_ "BHS|^~\\&|APP^1.2^ISO|FAC|TID|CLIN|2026||name|note|B7|\r"
#define FHS_ "FHS|^~\\&|APP|FAC|TID|CLIN|2026||file||F9\r"

static const struct {
    const char *name, *in;
    const char *want; /* per group: h(eaded) c(losed) =/! count, then the ids of its messages */
    int count, open, stray; /* notes */
    bool file;
} shapes[] = {
    {"plain", BHS_ M("1") M("2") "BTS|2\r", "hc=12 ", 0, 0, 0, false},
    {"empty", BHS_ "BTS|0\r", "hc= ", 0, 0, 0, false},
    {"empty, no count", BHS_ "BTS\r", "hc ", 0, 0, 0, false},
    {"no trailer", BHS_ M("1"), "h1 ", 0, 1, 0, false},
    {"header alone", BHS_, "h ", 0, 1, 0, false},
    {"wrong count", BHS_ M("1") "BTS|2|x\r", "hc!1 ", 1, 0, 0, false},
    {"count is no number", BHS_ M("1") "BTS|one\r", "hc!1 ", 1, 0, 0, false},
    {"huge count", BHS_ M("1") "BTS|99999999999999999999999999\r", "hc!1 ", 1, 0, 0, false},
    {"padded count", BHS_ M("1") "BTS| 01 \r", "hc=1 ", 0, 0, 0, false},
    {"empty count", BHS_ M("1") "BTS||x\r", "hc1 ", 0, 0, 0, false},
    {"file", FHS_ BHS_ M("1") "BTS|1\r" BHS_ M("2") M("3") "BTS|2\rFTS|2\r", "hc=1 hc=23 ", 0, 0, 0,
     true},
    {"file, wrong count", FHS_ BHS_ M("1") "BTS|1\rFTS|2\r", "hc=1 ", 1, 0, 0, true},
    {"file without batch header", FHS_ M("1") M("2") "FTS|1\r", "12 ", 0, 0, 0, true},
    {"file of nothing", FHS_ "FTS|0\r", "", 0, 0, 0, true},
    {"file not closed", FHS_ BHS_ M("1") "BTS|1\r", "hc=1 ", 0, 1, 0, true},
    {"batch not closed in a file", FHS_ BHS_ M("1") BHS_ M("2") "BTS|1\rFTS|2\r", "h1 hc=2 ", 0, 1,
     0, true},
    {"no header at all", M("1") M("2"), "12 ", 0, 0, 0, false},
    {"trailer without header", M("1") "BTS|1\r", "c=1 ", 0, 0, 0, false},
    {"after the trailer", BHS_ M("1") "BTS|1\r" M("2"), "hc=1 2 ", 0, 0, 0, false},
    {"stray before", BHS_ "PID|9\r" M("1") "BTS|1\r", "hc=1 ", 0, 0, 1, false},
    {"stray after", BHS_ M("1") "BTS|1\rPID|9\rPV1|1\r", "hc=1 ", 0, 0, 2, false},
    {"two trailers", BHS_ M("1") "BTS|1\rBTS|1\r", "hc=1 ", 0, 0, 1, false},
    {"file trailer without file", BHS_ M("1") "BTS|1\rFTS|1\r", "hc=1 ", 0, 0, 1, false},
    {"two file headers", FHS_ FHS_ BHS_ "BTS\rFTS|1\r", "hc ", 0, 0, 1, true},
    {"blank lines", BHS_ "\r\r" M("1") "\r\n" M("2") "\r\nBTS|2\r\n", "hc=12 ", 0, 0, 0, false},
    {"LF is content", BHS_ "MSH|^~\\&|A|B|C|D|||ADT|1|P|2.5\rNTE|x\nMSH|^~\\&|y\nBTS|7\rBTS|1\r",
     "hc=1 ", 0, 0, 0, false},
    {"LF ends segments",
     "BHS|^~\\&|\nMSH|^~\\&|A|B|C|D|||ADT|1|P|2.5\nPID|1\nMSH|^~\\&|A|B|C|D|||ADT|2|P|2.5\nBTS|2\n",
     "hc=12 ", 0, 0, 0, false},
    {"LF inside CR",
     BHS_ "MSH|^~\\&|A|B|C|D|||ADT|1|P|2.5\nPID|1\nMSH|^~\\&|A|B|C|D|||ADT|2|P|2.5\nPID\rBTS|2\r",
     "hc=12 ", 0, 0, 0, false},
    {"another sender's separators", BHS_ "MSH$%~\\&$A$B$C$D$$$ADT$1$P$2.5\r" M("2") "BTS|2\r",
     "hc=12 ", 0, 0, 0, false},
    {"a broken header is a message", BHS_ M("1") "MSH|^^^\rPID|1\r" M("2") "BTS|3\r", "hc=1?2 ", 0,
     0, 0, false},
    {"names that only begin so", BHS_ M("1") "MSHX|1\rBTSA|1\r" M("2") "BTS|2\r", "hc=12 ", 0, 0, 0,
     false},
    {"no end", BHS_ M("1") "BTS|1", "hc=1 ", 0, 0, 0, false},
};

static void describe(const struct hl7_batch *b, struct buf *out)
{
    for (size_t i = 0; i < b->n_groups; i++) {
        const struct hl7_batch_group *g = &b->groups[i];

        buf_printf(out, "%s%s%s", g->headed ? "h" : "", g->closed ? "c" : "",
                   g->counted ? (g->wrong ? "!" : "=") : "");
        for (size_t k = 0; k < g->n_messages; k++) {
            struct hl7_header h;
            struct err e;

            if (hl7_header_scan(g->messages[k], &h, &e))
                buf_add(out, h.control_id);
            else
                buf_add_char(out, '?');
        }
        buf_add_char(out, ' ');
    }
}

static void test_shapes(void)
{
    for
        EACH (i, shapes) {
            struct hl7_notes notes = {0};
            struct buf got = buf_new(4096);
            struct arena a = {0};
            struct hl7_batch b;
            struct err e = {0};

            CHECK(hl7_batch_read(str_of(shapes[i].in), 100, &a, &notes, &b, &e), "%s: %s",
                  shapes[i].name, e.text);
            describe(&b, &got);
            CHECK(str_eq(buf_str(&got), str_of(shapes[i].want)), "%s: %s", shapes[i].name, got.p);
            CHECK((int)notes.count[HL7_BATCH_COUNT] == shapes[i].count, "%s: count",
                  shapes[i].name);
            CHECK((int)notes.count[HL7_BATCH_OPEN] == shapes[i].open, "%s: open", shapes[i].name);
            CHECK((int)notes.count[HL7_BATCH_STRAY] == shapes[i].stray &&
                      (int)b.n_stray == shapes[i].stray,
                  "%s: stray", shapes[i].name);
            CHECK(b.has_file == shapes[i].file, "%s: file", shapes[i].name);
            buf_reset(&got);
            arena_reset(&a);
        }
}

/* Whatever is cut off, nothing of a message is invented: each is a run of the body that starts MSH, in
 * order and without overlap. */
static void test_prefixes(void)
{
    struct str whole =
        STR(FHS_ BHS_ M("1") M("2") "BTS|2\r" BHS_ "BTS|0\rPID|1\r" BHS_ M("3") "BTS|1\rFTS|3\r");

    for (size_t n = 4; n <= whole.n; n++) {
        char *copy = malloc(n);
        struct arena a = {0};
        struct hl7_batch b;
        struct err e = {0};
        const char *last;
        bool ok;

        memcpy(copy, whole.p, n);
        last = copy;
        ok = hl7_batch_read((struct str){copy, n}, 100, &a, NULL, &b, &e);
        CHECK(ok || strncmp(e.text, "offset ", 7) == 0, "%zu: %s", n, e.text);
        for (size_t g = 0; ok && g < b.n_groups; g++) {
            for (size_t k = 0; k < b.groups[g].n_messages; k++) {
                struct str m = b.groups[g].messages[k];

                CHECK(m.p >= last && m.p + m.n <= copy + n && str_starts(m, STR("MSH")), "%zu", n);
                last = m.p + m.n;
            }
        }
        free(copy);
        arena_reset(&a);
    }
}

static void test_refused(void)
{
    static const struct {
        const char *in;
        const char *text;
        int code;
    } all[] = {
        {"", "offset 0: no FHS, BHS or MSH segment", 0},
        {"BTS|1\r", "offset 0: no FHS, BHS or MSH segment", 0},
        {"BHSX^~\\&|\r", "offset 0: no FHS, BHS or MSH segment", 0},
        {"BHS|\r", "offset 0: the header of a batch has no separators", 0},
        {BHS_ "BHS|^^\r", "offset 54: the header of a batch has no separators", 0},
        {BHS_ M("1") M("2") M("3") M("4"), "offset 177: more than 3 messages", HL7_LIMIT},
        {BHS_ BHS_ BHS_ BHS_, "offset 162: more than 3 batches", HL7_LIMIT},
    };

    for
        EACH (i, all) {
            struct arena a = {0};
            struct hl7_batch b;
            struct err e = {0};

            CHECK(!hl7_batch_read(str_of(all[i].in), 3, &a, NULL, &b, &e), "%zu", i);
            CHECK(strcmp(e.text, all[i].text) == 0 && e.code == all[i].code, "%zu: %s", i, e.text);
            arena_reset(&a);
        }
}

static struct str answer(const char *id, enum hl7_ack_code code, bool framed, struct arena *a)
{
    struct hl7_header h;
    struct hl7_ack ack = {.header = &h,
                          .condition = code == HL7_AA ? HL7_COMMITTED : HL7_BUSY,
                          .code = code,
                          .start = '\x0b',
                          .end = '\x1c'};
    struct buf out = buf_new(HL7_ACK_MOST);
    struct str got, in = arena_printf(a, "MSH|^~\\&|A|B|C|D|||ADT^A08|%s|P|2.5\r", id);
    struct err e = {0};

    CHECK(hl7_header_scan(in, &h, &e), "%s", e.text);
    CHECK(framed ? hl7_ack_write(&ack, &out, &e) : hl7_ack_content(&ack, &out, &e), "%s", e.text);
    got = arena_copy(a, buf_str(&out));
    buf_reset(&out);
    return got;
}

#define TIME "19700101000000.000+0000"
#define ACK_(code, id)                                                                             \
    "MSH|^~\\&|C|D|A|B|" TIME "||ACK^A08^ACK|00000000000000000000|P|2.5\rMSA|" code "|" id
#define BUSY_ "|cannot be stored now\rERR|||207^Application internal error^HL70357|E|busy\r"

static const struct {
    const char *in;
    const char *answers; /* "+" taken, "-" not, per message; a blank ends the group */
    const char *want;
} replies[] = {
    {BHS_ M("1") M("2") "BTS|2\r", "+- ",
     "BHS|^~\\&|TID|CLIN|APP^1.2^ISO|FAC|" TIME
     "||||80000000000000000000|B7\r" ACK_("AA", "1") "\r" ACK_("AE", "2") BUSY_ "BTS|2\r"},
    {BHS_ "BTS|0\r", " ",
     "BHS|^~\\&|TID|CLIN|APP^1.2^ISO|FAC|" TIME "||||80000000000000000000|B7\rBTS|0\r"},
    {FHS_ BHS_ M("1") "BTS|1\r" M("2") "FTS|1\r", "+ + ",
     "FHS|^~\\&|TID|CLIN|APP|FAC|" TIME "||||00000000000000000000|F9\r"
     "BHS|^~\\&|TID|CLIN|APP^1.2^ISO|FAC|" TIME "||||80000000000000000000|B7\r" ACK_(
         "AA", "1") "\rBTS|1\r"
                    "BHS|^~\\&|TID|CLIN|APP|FAC|" TIME
                    "||||G0000000000000000000|\r" ACK_("AA", "2") "\rBTS|1\r"
                                                                  "FTS|2\r"},
    {FHS_ "FTS|0\r", "", "FHS|^~\\&|TID|CLIN|APP|FAC|" TIME "||||00000000000000000000|F9\rFTS|0\r"},
    {"BHS$%*!#$A%b$B$C$D\rBTS$0\r", " ",
     "BHS$%*!#$C$D$A%b$B$" TIME "$$$$80000000000000000000$\rBTS$0\r"},
    {M("1"), "+ ", "BHS|^~\\&|||||" TIME "||||80000000000000000000|\r" ACK_("AA", "1") "\rBTS|1\r"},
};

/* The answers of one row, "+- " and so on. */
static const char *fill(const char *p, size_t group, struct hl7_batch_answers *out, struct arena *a)
{
    struct str *acks = NEW_ARRAY(a, struct str, strlen(p) + 1);

    *out = (struct hl7_batch_answers){.acks = acks};
    out->random[0] = (uint8_t)(0x40 * (group + 1));
    for (; *p && *p != ' '; p++) {
        char id[2] = {(char)('1' + group + out->n), '\0'};

        acks[out->n] = answer(id, *p == '+' ? HL7_AA : HL7_AE, out->n % 2 == 0, a);
        out->n++;
    }
    return *p ? p + 1 : p;
}

static void test_replies(void)
{
    for
        EACH (i, replies) {
            struct buf out = buf_new(1 << 16);
            struct hl7_batch_answers answers[3];
            struct hl7_batch b;
            struct hl7_batch_reply reply = {
                .batch = &b, .answers = answers, .start = '\x0b', .end = '\x1c'};
            const char *p = replies[i].answers;
            struct arena a = {0};
            struct err e = {0};
            size_t want = strlen(replies[i].want);

            CHECK(hl7_batch_read(str_of(replies[i].in), 9, &a, NULL, &b, &e), "%zu: %s", i, e.text);
            for (size_t g = 0; g < b.n_groups; g++)
                p = fill(p, g, &answers[g], &a);
            CHECK(hl7_batch_write(&reply, &out, &e), "%zu: %s", i, e.text);
            CHECK(out.n == want + 3 && out.p[0] == '\x0b' && out.p[out.n - 2] == '\x1c' &&
                      memcmp(out.p + 1, replies[i].want, want) == 0,
                  "%zu: " STR_FMT, i, STR_ARG(buf_str(&out)));
            buf_reset(&out);
            arena_reset(&a);
        }
}

/* Control bytes in every echoed field of the header, and lines that would make segments of their own. */
static void test_injection(void)
{
    static const struct {
        const char *before, *after;
    } places[] = {
        {"BHS|^~\\&|", "|B|C|D|2026||||B7\r"}, {"BHS|^~\\&|A|", "|C|D|2026||||B7\r"},
        {"BHS|^~\\&|A|B|", "|D|2026||||B7\r"}, {"BHS|^~\\&|A|B|C|", "|2026||||B7\r"},
        {"BHS|^~\\&|A|B|C|D|2026||||", "\r"},  {"FHS|^~\\&|A|B|C|D|2026||||", "\r"},
        {"FHS|^~\\&|", "|B|C|D|2026||||B7\r"},
    };

    for
        EACH (p, places) {
            for (int c = 1; c < 256; c++) {
                char text[256];
                struct buf out = buf_new(1 << 16);
                struct arena a = {0};
                struct hl7_batch_answers answers[8] = {{.n = 0}};
                struct hl7_batch b;
                struct hl7_batch_reply reply = {
                    .batch = &b, .answers = answers, .start = '\x0b', .end = '\x1c'};
                struct err e = {0};

                snprintf(text, sizeof text, "%sx%cBTS|9%cMSH|^~\\&|%s", places[p].before, c, c,
                         places[p].after);
                if (!hl7_batch_read(str_of(text), 8, &a, NULL, &b, &e)) {
                    CHECK(0, "place %zu, byte %d: %s", p, c, e.text);
                    continue;
                }
                CHECK(hl7_batch_write(&reply, &out, &e), "place %zu, byte %d: %s", p, c, e.text);
                CHECK(out.n > 3 && !memchr(out.p, '\n', out.n) &&
                          !memchr(out.p + 1, '\x0b', out.n - 1) &&
                          memchr(out.p, '\x1c', out.n) == out.p + out.n - 2,
                      "place %zu, byte %d: framing", p, c);
                buf_reset(&out);
                arena_reset(&a);
            }
        }
}

/* An answer that is none is never sent on, and nothing is left behind. */
static void test_unsound(void)
{
    static const char *const bad[] = {"",
                                      "MSH|^~\\&|\r",
                                      "MSA|AA|1\r",
                                      "MSH|^~\\&|\rMSA|AA|1",
                                      "MSH|^~\\&|\rMSA|AA|1\rBTS|1\r",
                                      "MSH|^~\\&|\rMSA|AA|1\rMSH|^~\\&|\rMSA|AA|1\r",
                                      "MSH|^~\\&|x\x1cy\rMSA|AA|1\r"};
    struct str in = STR(BHS_ M("1") "BTS|1\r");

    for
        EACH (i, bad) {
            struct str ack = str_of(bad[i]);
            struct hl7_batch_answers answers = {.acks = &ack, .n = 1};
            struct buf out = buf_new(1 << 16);
            struct arena a = {0};
            struct hl7_batch b;
            struct hl7_batch_reply reply = {
                .batch = &b, .answers = &answers, .start = '\x0b', .end = '\x1c'};
            struct err e = {0};

            buf_add(&out, STR("before"));
            CHECK(hl7_batch_read(in, 8, &a, NULL, &b, &e), "%s", e.text);
            CHECK(!hl7_batch_write(&reply, &out, &e) && str_eq(buf_str(&out), STR("before")), "%zu",
                  i);
            buf_reset(&out);
            arena_reset(&a);
        }
}

int main(void)
{
    test_shapes();
    test_prefixes();
    test_refused();
    test_replies();
    test_injection();
    test_unsound();
    return check_end();
}
