/* Headers and acknowledgements: the matrix of hl7v2.md 3.2, the table 3.4, the header 3.5, ERR 3.6, and
 * that nothing a sender writes adds a segment to an answer (3.7). */
#include <stdlib.h>

#include "base/buf.h"
#include "check.h"
#include "hl7/ack.h"
#include "hl7/message.h"

static const char *const versions[] = {"2.1", "2.2",   "2.3",   "2.3.1", "2.4",
                                       "2.5", "2.5.1", "2.6",   "2.7",   "2.7.1",
                                       "2.8", "2.8.1", "2.8.2", "2.9",   "2.9.1"};
static const char *const modes[] = {"", "AL", "NE", "ER", "SU", "xx"};

/* What the answer is, by kind of outcome: accepted, error, rejected. Rows MSH-15, columns MSH-16, both in
 * the order of `modes`; application acknowledgement on the same socket. */
static const char *const matrix[6][6] = {
    {"AA AE AR", "AA AE AR", "-- -- --", "-- AE AR", "AA -- --", "AA AE AR"},
    {"CA CE CR", "CA CE CR", "CA CE CR", "CA CE CR", "CA CE CR", "CA CE CR"},
    {"-- -- --", "AA AE AR", "-- -- --", "-- AE AR", "AA -- --", "-- -- --"},
    {"-- CE CR", "-- CE CR", "-- CE CR", "-- CE CR", "-- CE CR", "-- CE CR"},
    {"CA -- --", "CA -- --", "CA -- --", "CA -- --", "CA -- --", "CA -- --"},
    {"AA AE AR", "AA AE AR", "-- -- --", "-- AE AR", "AA -- --", "AA AE AR"},
};

static const struct {
    const char *name, *type, *processing, *version; /* version NULL: the one of the loop */
    struct str id;
    enum hl7_condition condition;
    int column; /* of "AA AE AR" */
    const char *code;
} faults[] = {
    {"ok", "SIU^S12^SIU_S12", "P", NULL, STR_LIT("A1"), HL7_COMMITTED, 0, ""},
    {"test", "SIU^S12", "T", NULL, STR_LIT("A1"), HL7_COMMITTED, 0, ""},
    {"unknown but well formed", "ZZZ^Z99", "D", NULL, STR_LIT("A1"), HL7_COMMITTED, 0, ""},
    {"no event", "ADT", "P", NULL, STR_LIT("A1"), HL7_COMMITTED, 0, ""},
    {"no type", "", "P", NULL, STR_LIT("A1"), HL7_BAD_TYPE, 2, "200"},
    {"bad type", "S-U^S12", "P", NULL, STR_LIT("A1"), HL7_BAD_TYPE, 2, "200"},
    {"bad event", "SIU^S123", "P", NULL, STR_LIT("A1"), HL7_BAD_EVENT, 2, "201"},
    {"bad processing id", "SIU^S12", "X", NULL, STR_LIT("A1"), HL7_BAD_PROCESSING, 2, "202"},
    {"no processing id", "SIU^S12", "", NULL, STR_LIT("A1"), HL7_BAD_PROCESSING, 2, "202"},
    {"bad version", "SIU^S12", "P", "3.0", STR_LIT("A1"), HL7_BAD_VERSION, 2, "203"},
    {"later version", "SIU^S12", "P", "2.10", STR_LIT("A1"), HL7_BAD_VERSION, 2, "203"},
    {"no id", "SIU^S12", "P", NULL, STR_LIT(""), HL7_NO_ID, 1, "101"},
    {"blank id", "SIU^S12", "P", NULL, STR_LIT("  "), HL7_NO_ID, 1, "101"},
    {"control byte in id", "SIU^S12", "P", NULL, STR_LIT("A\0011"), HL7_ID_BYTES, 1, "102"},
    {"NUL in id", "SIU^S12", "P", NULL, STR_LIT("A\0001"), HL7_ID_BYTES, 1, "102"},
    {"DEL in id", "SIU^S12", "P", NULL, STR_LIT("A\1771"), HL7_ID_BYTES, 1, "102"},
};

static struct buf message(size_t fault, const char *version, const char *m15, const char *m16)
{
    struct buf b = buf_new(1 << 16);

    buf_printf(&b, "MSH|^~\\&|APP^1.2^ISO|FAC|TID^9^ISO|CLIN|20260101||%s|", faults[fault].type);
    buf_add(&b, faults[fault].id);
    buf_printf(&b, "|%s|%s|||%s|%s||UNICODE UTF-8\rPID|1\r", faults[fault].processing,
               faults[fault].version ? faults[fault].version : version, m15, m16);
    return b;
}

static struct hl7_ack reply(const struct hl7_header *h, enum hl7_condition c,
                            enum hl7_ack_code code)
{
    struct hl7_ack ack = {.header = h,
                          .condition = c,
                          .code = code,
                          .now_ms = 1795251600412, /* 2026-11-21T09:00:00.412Z */
                          .zone_min = 480,
                          .start = '\x0b',
                          .end = '\x1c'};

    for (size_t i = 0; i < sizeof ack.random; i++)
        ack.random[i] = (uint8_t)(i * 37 + 5);
    return ack;
}

/* Takes the framing off; absent when it is not as it should be. */
static struct str unframed(const struct buf *b)
{
    if (b->n < 5 || b->p[0] != '\x0b' || b->p[b->n - 2] != '\x1c' || b->p[b->n - 1] != '\r')
        return (struct str){NULL, 0};
    return (struct str){b->p + 1, b->n - 3};
}

static void check_answer(size_t f, const char *version, const struct hl7_header *h,
                         enum hl7_condition c, enum hl7_ack_code code)
{
    struct hl7_ack ack = reply(h, c, code);
    struct buf out = buf_new(HL7_ACK_MOST);
    struct hl7_limits limits = hl7_limits_default();
    const struct hl7_segment *msa, *err;
    struct arena a = {0};
    struct hl7_message m;
    struct err e = {0};
    struct str s;

    CHECK(hl7_ack_write(&ack, &out, &e), "%s %s: %s", faults[f].name, version, e.text);
    s = unframed(&out);
    CHECK(s.p && hl7_message_index(s, NULL, &limits, &a, NULL, &m, &e), "%s %s: %s", faults[f].name,
          version, e.text);
    msa = hl7_segment_find(&m, "MSA");
    err = hl7_segment_find(&m, "ERR");
    CHECK(str_eq(hl7_field(msa, 1), str_of(hl7_ack_code_name(code))), "MSA-1");
    if (c != HL7_ID_BYTES)
        CHECK(str_eq(hl7_field(msa, 2), faults[f].id), "%s: MSA-2 byte for byte", faults[f].name);
    CHECK(m.n_segments == (err ? 3u : 2u), "%zu segments", m.n_segments);
    CHECK((err != NULL) == (c != HL7_COMMITTED && strcmp(version, "2.1") != 0),
          "%s %s: one ERR with a fault", faults[f].name, version);
    CHECK(!err || memmem(err->text.p, err->text.n, faults[f].code, 3), "%s: ERR code",
          faults[f].name);
    CHECK(hl7_field(&m.segments[0], 10).n == HL7_ACK_ID, "our own MSH-10");
    CHECK(!hl7_field(&m.segments[0], 15).n && !hl7_field(&m.segments[0], 16).n, "MSH-15, 16 empty");
    arena_reset(&a);
    buf_reset(&out);
}

static void check_cell(size_t f, size_t v, size_t m15, size_t m16)
{
    const char *version = faults[f].version ? "2.5.1" : versions[v];
    struct buf b = message(f, versions[v], modes[m15], modes[m16]);
    char want[3] = {0};
    struct hl7_header h;
    struct err e;
    enum hl7_condition c;
    enum hl7_ack_code code;

    CHECK(hl7_header_scan(buf_str(&b), &h, &e), "%s", e.text);
    c = hl7_header_check(&h);
    CHECK(c == faults[f].condition, "%s: condition %d", faults[f].name, (int)c);
    code = hl7_ack_code(&h, c, HL7_MODE_AUTO, HL7_APP_SAME_SOCKET, NULL);
    memcpy(want, matrix[m15][m16] + 3 * faults[f].column, 2);
    CHECK(strcmp(strcmp(want, "--") == 0 ? "none" : want, hl7_ack_code_name(code)) == 0,
          "%s, v%s, MSH-15 %s, MSH-16 %s: %s instead of %s", faults[f].name, version, modes[m15],
          modes[m16], hl7_ack_code_name(code), want);
    if (code != HL7_SILENT)
        check_answer(f, version, &h, c, code);
    buf_reset(&b);
}

/* What the receiver finds beyond the header, each with every version and both mode fields. */
static const struct {
    enum hl7_condition condition;
    int column; /* of "AA AE AR"; 3: AR in original mode, CE in enhanced */
    const char *code;
} found[] = {
    {HL7_LONG_FIELD, 1, "104"},   {HL7_BAD_FRAME, 1, "102"},   {HL7_BAD_SYNTAX, 1, "100"},
    {HL7_BAD_CHARSET, 1, "102"},  {HL7_OVER_LIMIT, 1, "104"},  {HL7_IN_BATCH, 1, "207"},
    {HL7_BUSY, 1, "207"},         {HL7_NOT_BOUND, 3, "207"},   {HL7_MISSING_FIELD, 1, "101"},
    {HL7_SEQUENCE, 1, "207"},     {HL7_WRONG_COUNT, 1, "102"}, {HL7_NOT_MAPPED, 1, "207"},
    {HL7_FEED_REFUSED, 3, "207"},
};

/* Which cell of the matrix; a sender that is not who it says is refused for good, but CR is kept for the
 * three faults of the header. */
static void wanted_code(size_t k, size_t m15, size_t m16, char want[5])
{
    const char *cell = matrix[m15][m16];
    int column = found[k].column == 3 ? (strncmp(cell + 6, "CR", 2) == 0 ? 1 : 2) : found[k].column;

    snprintf(want, 5, "%.2s", cell + 3 * column);
    if (strcmp(want, "--") == 0)
        snprintf(want, 5, "none");
}

static void check_found(size_t k, size_t v, size_t m15, size_t m16)
{
    struct buf b = message(0, versions[v], modes[m15], modes[m16]), out = buf_new(HL7_ACK_MOST);
    struct hl7_header h;
    struct hl7_ack ack;
    struct err e = {0};
    enum hl7_ack_code code;
    char want[5];
    bool has_err;

    CHECK(hl7_header_scan(buf_str(&b), &h, &e), "%s", e.text);
    code = hl7_ack_code(&h, found[k].condition, HL7_MODE_AUTO, HL7_APP_SAME_SOCKET, NULL);
    wanted_code(k, m15, m16, want);
    CHECK(strcmp(hl7_ack_code_name(code), want) == 0,
          "condition %d, MSH-15 %s, MSH-16 %s: %s not %s", (int)found[k].condition, modes[m15],
          modes[m16], hl7_ack_code_name(code), want);
    if (code != HL7_SILENT) {
        ack = reply(&h, found[k].condition, code);
        CHECK(hl7_ack_write(&ack, &out, &e), "%s", e.text);
        has_err = memmem(out.p, out.n, "\rERR|", 5) != NULL;
        CHECK(has_err == (v > 0) && (!has_err || memmem(out.p, out.n, found[k].code, 3)),
              "condition %d, v%s: ERR", (int)found[k].condition, versions[v]);
    }
    buf_reset(&out);
    buf_reset(&b);
}

static void test_found(void)
{
    for
        EACH (k, found)
        for
            EACH (v, versions)
            for
                EACH (m15, modes)
                for
                    EACH (m16, modes)
                        check_found(k, v, m15, m16);
}

static void test_matrix(void)
{
    for
        EACH (f, faults)
        for
            EACH (v, versions)
            for
                EACH (m15, modes)
                for
                    EACH (m16, modes)
                        check_cell(f, v, m15, m16);
}

/* A peer profile overrules the message; with a return channel NE means silence on this one. */
static void test_forced(void)
{
    struct buf b = message(0, "2.5.1", "AL", "NE");
    struct hl7_notes notes = {0};
    struct hl7_header h;
    struct err e;

    CHECK(hl7_header_scan(buf_str(&b), &h, &e), "scan");
    CHECK(hl7_ack_code(&h, HL7_COMMITTED, HL7_MODE_ORIGINAL, HL7_APP_OFF, &notes) == HL7_AA,
          "original");
    CHECK(notes.count[HL7_ACKMODE_HALF] == 0, "both are valued");
    buf_reset(&b);
    b = message(0, "2.5.1", "", "");
    CHECK(hl7_header_scan(buf_str(&b), &h, &e), "scan");
    CHECK(hl7_ack_code(&h, HL7_BUSY, HL7_MODE_ENHANCED, HL7_APP_OFF, &notes) == HL7_CE, "enhanced");
    buf_reset(&b);
    b = message(0, "2.5.1", " AL^x~NE", "");
    CHECK(hl7_header_scan(buf_str(&b), &h, &e), "scan");
    CHECK(hl7_ack_code(&h, HL7_COMMITTED, HL7_MODE_AUTO, HL7_APP_OFF, &notes) == HL7_CA, "trimmed");
    CHECK(notes.count[HL7_ACKMODE_HALF] == 1, "half");
    buf_reset(&b);
    b = message(0, "2.5.1", "al", "NE");
    CHECK(hl7_header_scan(buf_str(&b), &h, &e), "scan");
    CHECK(hl7_ack_code(&h, HL7_COMMITTED, HL7_MODE_AUTO, HL7_APP_OFF, &notes) == HL7_SILENT,
          "case");
    CHECK(notes.count[HL7_ACKMODE_UNKNOWN] == 1, "unknown");
    buf_reset(&b);
    b = message(0, "2.5.1", "NE", "AL");
    CHECK(hl7_header_scan(buf_str(&b), &h, &e), "scan");
    CHECK(hl7_ack_code(&h, HL7_COMMITTED, HL7_MODE_AUTO, HL7_APP_RETURN_CHANNEL, NULL) ==
              HL7_SILENT,
          "the application answers elsewhere");
    buf_reset(&b);
}

/* Else two ends that answer whatever they get answer each other for ever. */
static void test_acknowledgements(void)
{
    static const struct {
        const char *msh_9, *accept, *application;
        enum hl7_condition condition;
        enum hl7_ack_mode mode;
        enum hl7_ack_code want;
    } rows[] = {
        {"ACK", "", "", HL7_COMMITTED, HL7_MODE_AUTO, HL7_SILENT},
        {"ACK^A01^ACK", "", "", HL7_COMMITTED, HL7_MODE_AUTO, HL7_SILENT},
        {"ACK^A01^ACK", "", "AL", HL7_COMMITTED, HL7_MODE_AUTO, HL7_SILENT},
        {"ACK^A01^ACK", "", "", HL7_BAD_VERSION, HL7_MODE_AUTO, HL7_SILENT},
        {"ACK", "", "", HL7_COMMITTED, HL7_MODE_ORIGINAL, HL7_SILENT},
        {"ACK", "AL", "NE", HL7_COMMITTED, HL7_MODE_ORIGINAL, HL7_SILENT},
        {"ACK", "", "", HL7_COMMITTED, HL7_MODE_ENHANCED, HL7_SILENT},
        {"ACK^A01^ACK", "AL", "NE", HL7_COMMITTED, HL7_MODE_AUTO, HL7_CA},
        {"ACKS^A01", "", "", HL7_COMMITTED, HL7_MODE_AUTO, HL7_AA},
        {"ADT^ACK", "", "", HL7_COMMITTED, HL7_MODE_AUTO, HL7_AA},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct buf b = buf_new(256);
        struct hl7_header h;
        struct err e;

        buf_printf(&b, "MSH|^~\\&|A|B|C|D|||%s|7|P|2.5.1|||%s|%s\rMSA|CA|X\r", rows[i].msh_9,
                   rows[i].accept, rows[i].application);
        CHECK(hl7_header_scan(buf_str(&b), &h, &e), "scan");
        CHECK(hl7_ack_code(&h, rows[i].condition, rows[i].mode, HL7_APP_SAME_SOCKET, NULL) ==
                  rows[i].want,
              "row %zu", i);
        CHECK(hl7_application_code(&h, HL7_AA, HL7_MODE_AUTO, HL7_APP_SAME_SOCKET) == HL7_SILENT,
              "no application acknowledgement, row %zu", i);
        buf_reset(&b);
    }
}

static const struct {
    const char *in;
    enum hl7_condition condition;
    const char *want;
} answers[] = {
    {"MSH|^~\\&|SCHED^1.2.3^ISO|HOSP|TIDINGS|CLINIC|2026||SIU^S12^SIU_S12|A0001|P|2.5.1|||AL|NE||"
     "UNICODE UTF-8\r",
     HL7_COMMITTED,
     "MSH|^~\\&|TIDINGS|CLINIC|SCHED^1.2.3^ISO|HOSP|20261121170000.412+0800||ACK^S12^ACK|"
     "0MN4YX4SQVHGGBAJEYE0|P|2.5.1||||||UNICODE UTF-8\rMSA|AA|A0001\r"},
    {"MSH|^~\\&|A|B|C|D|||ADT^A01|7|P|2.1\r", HL7_BAD_VERSION,
     "MSH|^~\\&|C|D|A|B|20261121170000.412+0800||ACK|0MN4YX4SQVHGGBAJEYE0|P|2.1\r"
     "MSA|AR|7|MSH-12 is not from 2.1 to 2.9.1\r"},
    {"MSH|^~\\&|A|B|C|D|||ADT^A01|7|P^T|2.3\r", HL7_BAD_TYPE,
     "MSH|^~\\&|C|D|A|B|20261121170000.412+0800||ACK^A01|0MN4YX4SQVHGGBAJEYE0|P^T|2.3\r"
     "MSA|AR|7|MSH-9.1 is no message type\r"
     "ERR|MSH^1^9^200&Unsupported message type&HL70357\r"},
    {"MSH|^~\\&|A|B|C|D|||ADT^A01|7|P|2.4\r", HL7_BUSY,
     "MSH|^~\\&|C|D|A|B|20261121170000.412+0800||ACK^A01^ACK|0MN4YX4SQVHGGBAJEYE0|P|2.4\r"
     "MSA|AE|7|cannot be stored now\rERR|^^^207&Application internal error&HL70357\r"},
    {"MSH|^~\\&|A|B|C|D|||ADT|7|D|2.7^USA\r", HL7_BAD_EVENT,
     "MSH|^~\\&|C|D|A|B|20261121170000.412+0800||ACK|0MN4YX4SQVHGGBAJEYE0|D|2.7^USA\r"
     "MSA|AR|7\rERR||MSH^1^9^1^2|201^Unsupported event code^HL70357|E|bad-event\r"},
    {"MSH$%:*!#$A%b$B$C$D$$$ADT%A01$7$P$2.7\r", HL7_BAD_FRAME,
     "MSH$%:*!#$C$D$A%b$B$20261121170000.412+0800$$ACK%A01%ACK$0MN4YX4SQVHGGBAJEYE0$P$2.7\r"
     "MSA$AE$7\rERR$$$102%Data type error%HL70357$E$bad-frame\r"},
    {"MSH| ~\\&|", HL7_BAD_SYNTAX,
     "MSH|^~\\&|||||20261121170000.412+0800||ACK|0MN4YX4SQVHGGBAJEYE0|P|2.5.1\r"
     "MSA|AE||no readable HL7 message\r"
     "ERR|||100^Segment sequence error^HL70357|E|bad-syntax\r"},
    {"BHS|^~\\&|A|B|C|D|2026||x|y|B77\r", HL7_IN_BATCH,
     "MSH|^~\\&|C|D|A|B|20261121170000.412+0800||ACK|0MN4YX4SQVHGGBAJEYE0|P|2.5.1\r"
     "MSA|AE|B77|batches are not taken here\r"
     "ERR|||207^Application internal error^HL70357|E|batch\r"},
    {"MSH-^~\\&-A-B-C-D---ADT^A01-7-P-2.5\r", HL7_NO_ID,
     "MSH-^~\\&-C-D-A-B-20261121170000.412+0800--ACK^A01^ACK-0MN4YX4SQVHGGBAJEYE0-P-2.5\r"
     "MSA-AE-7-MSH\\F\\10 is empty\r"
     "ERR--MSH^1^10^1^1-101^Required field missing^HL70357-E-no\\F\\id\r"},
};

static void test_bytes(void)
{
    for
        EACH (i, answers) {
            struct buf out = buf_new(HL7_ACK_MOST);
            struct hl7_header h;
            struct err e = {0};
            bool readable = hl7_header_scan(str_of(answers[i].in), &h, &e);
            enum hl7_ack_code code =
                hl7_ack_code(NULL, answers[i].condition, HL7_MODE_ORIGINAL, HL7_APP_OFF, NULL);
            struct hl7_ack ack = reply(readable ? &h : NULL, answers[i].condition, code);
            struct str got;

            CHECK(hl7_ack_write(&ack, &out, &e), "%zu: %s", i, e.text);
            got = unframed(&out);
            CHECK(str_eq(got, str_of(answers[i].want)), "%zu: " STR_FMT, i, STR_ARG(got));
            buf_reset(&out);
        }
}

#define HEAD_(v)    "MSH|^~\\&|A|B|C|D|||ORU^R01|7|P|" v "\r"
#define BACK_(t, v) "MSH|^~\\&|C|D|A|B|20261121170000.412+0800||ACK" t "|0MN4YX4SQVHGGBAJEYE0|P|" v

/* Faults with their places, sequence numbers, application acknowledgements: bytes by version. */
static const struct {
    const char *name, *in;
    enum hl7_ack_code code;
    enum hl7_condition condition;
    size_t n_faults;
    struct hl7_fault faults[3];
    int64_t expected; /* SEQ_NONE: MSA-4 is not used */
    const char *accept, *want;
} extras[] = {
#define SEQ_NONE INT64_MIN
    {"two faults, 2.5",
     HEAD_("2.5"),
     HL7_AE,
     HL7_MISSING_FIELD,
     2,
     {{HL7_MISSING_FIELD, "PID", 1, 3, 0}, {HL7_MISSING_FIELD, "OBX", 12, 5, 2}},
     SEQ_NONE,
     NULL,
     BACK_("^R01^ACK",
           "2.5") "\rMSA|AE|7|a required field is missing\r"
                  "ERR||PID^1^3|101^Required field missing^HL70357|E|missing-field\r"
                  "ERR||OBX^12^5^1^2|101^Required field missing^HL70357|E|missing-field\r"},
    {"two faults, 2.3",
     HEAD_("2.3"),
     HL7_AE,
     HL7_MISSING_FIELD,
     2,
     {{HL7_MISSING_FIELD, "PID", 1, 3, 0}, {HL7_MISSING_FIELD, "OBX", 12, 0, 0}},
     SEQ_NONE,
     NULL,
     BACK_("^R01", "2.3") "\rMSA|AE|7|a required field is missing\r"
                          "ERR|PID^1^3^101&Required field missing&HL70357\r"
                          "ERR|OBX^12^^101&Required field missing&HL70357\r"},
    {"two faults, 2.1",
     HEAD_("2.1"),
     HL7_AE,
     HL7_BAD_SYNTAX,
     2,
     {{HL7_MISSING_FIELD, "PID", 1, 3, 0}, {HL7_BUSY, NULL, 0, 0, 0}},
     SEQ_NONE,
     NULL,
     BACK_("", "2.1") "\rMSA|AE|7|a required field is missing\r"},
    {"a whole segment, 2.9.1",
     HEAD_("2.9.1"),
     HL7_CE,
     HL7_MISSING_FIELD,
     1,
     {{HL7_MISSING_FIELD, "SCH", 0, 0, 4}},
     SEQ_NONE,
     NULL,
     BACK_("^R01^ACK", "2.9.1") "\rMSA|CE|7\r"
                                "ERR||SCH^1|101^Required field missing^HL70357|E|missing-field\r"},
    {"a name that is none",
     HEAD_("2.8"),
     HL7_AE,
     HL7_MISSING_FIELD,
     1,
     {{HL7_MISSING_FIELD, "P\rD", 1, 2, 3}},
     SEQ_NONE,
     NULL,
     BACK_("^R01^ACK", "2.8") "\rMSA|AE|7\r"
                              "ERR|||101^Required field missing^HL70357|E|missing-field\r"},
    {"not bound",
     HEAD_("2.6"),
     HL7_AR,
     HL7_NOT_BOUND,
     0,
     {{0}},
     SEQ_NONE,
     NULL,
     BACK_("^R01^ACK",
           "2.6") "\rMSA|AR|7|MSH-3 and MSH-4 are not from here\r"
                  "ERR||MSH^1^3^1^1|207^Application internal error^HL70357|E|not-bound\r"},
    {"accepted with a number",
     HEAD_("2.5"),
     HL7_AA,
     HL7_COMMITTED,
     0,
     {{0}},
     18,
     NULL,
     BACK_("^R01^ACK", "2.5") "\rMSA|AA|7||18\r"},
    {"resynchronise",
     HEAD_("2.9"),
     HL7_CA,
     HL7_COMMITTED,
     0,
     {{0}},
     -1,
     NULL,
     BACK_("^R01^ACK", "2.9") "\rMSA|CA|7||-1\r"},
    {"not the number",
     HEAD_("2.4"),
     HL7_AE,
     HL7_SEQUENCE,
     0,
     {{0}},
     5,
     NULL,
     BACK_("^R01^ACK", "2.4") "\rMSA|AE|7|MSH-13 is not the number expected|5\r"
                              "ERR|MSH^1^13^207&Application internal error&HL70357\r"},
    {"application, taken",
     HEAD_("2.5.1"),
     HL7_AA,
     HL7_COMMITTED,
     0,
     {{0}},
     SEQ_NONE,
     "NE",
     BACK_("^R01^ACK", "2.5.1") "|||NE|NE\rMSA|AA|7\r"},
    {"application, not mapped",
     HEAD_("2.5.1"),
     HL7_AE,
     HL7_NOT_MAPPED,
     0,
     {{0}},
     SEQ_NONE,
     "NE",
     BACK_("^R01^ACK", "2.5.1") "|||NE|NE\rMSA|AE|7|could not be mapped\r"
                                "ERR|||207^Application internal error^HL70357|E|not-mapped\r"},
    {"application, refused, 2.3",
     HEAD_("2.3"),
     HL7_AR,
     HL7_FEED_REFUSED,
     0,
     {{0}},
     SEQ_NONE,
     "AL",
     BACK_("^R01", "2.3") "|||AL|NE\rMSA|AR|7|refused by the feed\r"
                          "ERR|^^^207&Application internal error&HL70357\r"},
    {"application, refused, 2.8",
     HEAD_("2.8"),
     HL7_AR,
     HL7_FEED_REFUSED,
     0,
     {{0}},
     SEQ_NONE,
     "AL",
     BACK_("^R01^ACK", "2.8") "|||AL|NE\rMSA|AR|7\r"
                              "ERR|||207^Application internal error^HL70357|E|feed-refused\r"},
    {"application, its receipt wanted",
     "MSH|^~\\&|A|B|C|D|||ORU^R01|7|P|2.7||||||8859/1\r",
     HL7_AE,
     HL7_MISSING_FIELD,
     0,
     {{0}},
     SEQ_NONE,
     "AL",
     BACK_("^R01^ACK", "2.7") "|||AL|NE||8859/1\rMSA|AE|7\r"
                              "ERR|||101^Required field missing^HL70357|E|missing-field\r"},
    {"nothing wrong is said of what was taken",
     HEAD_("2.5"),
     HL7_AA,
     HL7_BUSY,
     1,
     {{HL7_BUSY, NULL, 0, 0, 0}},
     SEQ_NONE,
     NULL,
     BACK_("^R01^ACK", "2.5") "\rMSA|AA|7\r"},
};

static void test_extras(void)
{
    for
        EACH (i, extras) {
            struct buf out = buf_new(HL7_ACK_MOST), bare = buf_new(HL7_ACK_MOST);
            struct hl7_header h;
            struct hl7_ack ack = reply(&h, extras[i].condition, extras[i].code);
            struct err e = {0};

            CHECK(hl7_header_scan(str_of(extras[i].in), &h, &e), "%s", e.text);
            ack.faults = extras[i].faults;
            ack.n_faults = extras[i].n_faults;
            ack.sequenced = extras[i].expected != SEQ_NONE;
            ack.expected = ack.sequenced ? extras[i].expected : 0;
            ack.accept = extras[i].accept;
            CHECK(hl7_ack_write(&ack, &out, &e) && hl7_ack_content(&ack, &bare, &e), "%s: %s",
                  extras[i].name, e.text);
            CHECK(str_eq(unframed(&out), str_of(extras[i].want)), "%s: " STR_FMT, extras[i].name,
                  STR_ARG(unframed(&out)));
            CHECK(str_eq(unframed(&out), buf_str(&bare)), "%s: without framing", extras[i].name);
            buf_reset(&out);
            buf_reset(&bare);
        }
}

/* Ten faults at most; every condition in every version. */
static void test_many_faults(void)
{
    for
        EACH (v, versions) {
            for (size_t n = 1; n < HL7_CONDITIONS; n++) {
                struct hl7_fault list[HL7_CONDITIONS] = {{0}};
                struct buf b = message(0, versions[v], "", ""), out = buf_new(HL7_ACK_MOST);
                struct hl7_header h;
                struct hl7_ack ack = reply(&h, HL7_BAD_SYNTAX, HL7_AE);
                struct err e = {0};
                size_t errs = 0;

                for (size_t i = 0; i < n; i++)
                    list[i] = (struct hl7_fault){(enum hl7_condition)(i + 1), "PID", 1, 3, 1};
                ack.faults = list;
                ack.n_faults = n;
                CHECK(hl7_header_scan(buf_str(&b), &h, &e) && hl7_ack_write(&ack, &out, &e), "%s",
                      e.text);
                for (size_t i = 0; i + 5 < out.n; i++)
                    errs += memcmp(out.p + i, "\rERR|", 5) == 0;
                CHECK(errs == (v == 0   ? 0
                               : n < 10 ? n
                                        : 10),
                      "v%s: %zu of %zu", versions[v], errs, n);
                buf_reset(&out);
                buf_reset(&b);
            }
        }
}

/* The later acknowledgement, by MSH-15 and MSH-16 in the order of `modes`: taken, failed, refused. Same
 * socket, then return channel. NE beside a value has its one reply at once on the same socket. */
static const char *const later[2][6][6] = {
    {{"", "", "", "", "", ""},
     {"", "AA AE AR", "-- -- --", "-- AE AR", "AA -- --", ""},
     {"", "", "", "", "", ""},
     {"", "AA AE AR", "-- -- --", "-- AE AR", "AA -- --", ""},
     {"", "AA AE AR", "-- -- --", "-- AE AR", "AA -- --", ""},
     {"", "", "", "", "", ""}},
    {{"", "", "", "", "", ""},
     {"", "AA AE AR", "-- -- --", "-- AE AR", "AA -- --", ""},
     {"", "AA AE AR", "-- -- --", "-- AE AR", "AA -- --", ""},
     {"", "AA AE AR", "-- -- --", "-- AE AR", "AA -- --", ""},
     {"", "AA AE AR", "-- -- --", "-- AE AR", "AA -- --", ""},
     {"", "", "", "", "", ""}},
};

static void check_later(size_t app, size_t m15, size_t m16)
{
    static const enum hl7_app_ack apps[] = {HL7_APP_SAME_SOCKET, HL7_APP_RETURN_CHANNEL};
    static const enum hl7_ack_code outcomes[] = {HL7_AA, HL7_AE, HL7_AR};
    struct buf b = message(0, "2.5", modes[m15], modes[m16]);
    struct hl7_header h;
    struct err e;

    CHECK(hl7_header_scan(buf_str(&b), &h, &e), "%s", e.text);
    for
        EACH (i, outcomes) {
            const char *cell = later[app][m15][m16];
            const char *got =
                hl7_ack_code_name(hl7_application_code(&h, outcomes[i], HL7_MODE_AUTO, apps[app]));

            CHECK(strncmp(got, *cell && cell[3 * i] != '-' ? cell + 3 * i : "none", 2) == 0,
                  "%zu: MSH-15 %s, MSH-16 %s, %s: %s", app, modes[m15], modes[m16],
                  hl7_ack_code_name(outcomes[i]), got);
            CHECK(hl7_application_code(&h, outcomes[i], HL7_MODE_AUTO, HL7_APP_OFF) == HL7_SILENT &&
                      hl7_application_code(&h, outcomes[i], HL7_MODE_ORIGINAL, apps[app]) ==
                          HL7_SILENT &&
                      hl7_application_code(NULL, outcomes[i], HL7_MODE_AUTO, apps[app]) ==
                          HL7_SILENT,
                  "off");
        }
    buf_reset(&b);
}

static void test_later(void)
{
    for (size_t app = 0; app < 2; app++)
        for
            EACH (m15, modes)
            for
                EACH (m16, modes)
                    check_later(app, m15, m16);
}

/* What the sender wrote comes back byte for byte, in its own character set. */
static const struct {
    const char *name, *charset, *value; /* in MSH-3, 4, 5, 6 and 10 */
} verbatim[] = {
    {"Big5 with delimiter bytes", "BIG-5", "\xB3\x5C\xB4\x5E\xA6\x7C\xAC\x7E"},
    {"GBK with delimiter bytes", "GB 18030-2000", "\x81\x5C\x81\x5E\x81\x7C\x81\x7E"},
    {"GB 18030, four bytes", "GB 18030-2000", "\x81\x39\xEE\x39"},
    {"Shift_JIS with delimiter bytes", "Shift_JIS", "\x95\x5C\x83\x7C\x83\x5E"},
    {"ISO 2022 with delimiter bytes", "ISO IR87", "\x1B$B!|0^;~\x1B(B"},
    {"Korean", "KS X 1001", "\xB1\xE8"},
    {"EUC-TW", "CNS 11643-1992", "\xC4\xE3\x8E\xA2\xA1\xA1"},
    {"half-width katakana", "ISO IR14", "\xD4\xCF"},
    {"Latin-1", "8859/1", "M\xFCller"},
    {"UTF-8", "UNICODE UTF-8", "\xE8\xA8\xB1"},
    {"undecodable", "UNICODE UTF-8", "\xFF\xFE"},
    {"escapes and components", "ASCII", "a^1.2.3&x^ISO~b\\T\\"},
};

static void test_verbatim(void)
{
    for
        EACH (i, verbatim) {
            struct buf in = buf_new(4096), out = buf_new(HL7_ACK_MOST), want = buf_new(4096);
            const char *x = verbatim[i].value, *cs = verbatim[i].charset;
            bool shifts = strchr(x, 0x1B) != NULL; /* no control byte is taken in MSH-10 */
            struct hl7_header h;
            struct hl7_ack ack = reply(&h, HL7_COMMITTED, HL7_AA);
            struct err e = {0};

            buf_printf(&in, "MSH|^~\\&|3%s|4%s|5%s|6%s|||ADT^A01|%s|P|2.5||||||%s\r", x, x, x, x,
                       shifts ? "7" : x, cs);
            buf_printf(&want,
                       "MSH|^~\\&|5%s|6%s|3%s|4%s|20261121170000.412+0800||ACK^A01^ACK|"
                       "0MN4YX4SQVHGGBAJEYE0|P|2.5||||||%s\rMSA|AA|%s\r",
                       x, x, x, x, cs, shifts ? "7" : x);
            CHECK(hl7_header_scan(buf_str(&in), &h, &e) && hl7_header_check(&h) == HL7_COMMITTED,
                  "%s: %s", verbatim[i].name, e.text);
            CHECK(hl7_ack_write(&ack, &out, &e), "%s: %s", verbatim[i].name, e.text);
            CHECK(str_eq(unframed(&out), buf_str(&want)), "%s: " STR_FMT, verbatim[i].name,
                  STR_ARG(unframed(&out)));
            buf_reset(&in);
            buf_reset(&out);
            buf_reset(&want);
        }
}

/* A shift that is not ended, or not one of the set's, is never copied. */
static void test_unbalanced(void)
{
    static const struct {
        const char *charset, *value;
    } all[] = {
        {"ISO IR87", "\x1B$B;3"},
        {"ISO IR87", "\x1B$Z;3\x1B(B"},
        {"8859/1", "\x1B$B;3\x1B(B"},
        {"ISO IR87", "\x1B$B;\x01\x1B(B"},
    };

    for
        EACH (i, all) {
            char in[256];
            struct buf out = buf_new(HL7_ACK_MOST);
            struct hl7_header h;
            struct hl7_ack ack = reply(&h, HL7_COMMITTED, HL7_AA);
            struct err e = {0};

            snprintf(in, sizeof in, "MSH|^~\\&|A|B|C|D|||ADT^A01|7|P^%s|2.5||||||%s\r",
                     all[i].value, all[i].charset);
            CHECK(hl7_header_scan(str_of(in), &h, &e) && hl7_ack_write(&ack, &out, &e), "%zu: %s",
                  i, e.text);
            CHECK(!memchr(out.p, 0x1B, out.n) && !memchr(out.p, 1, out.n), "%zu", i);
            buf_reset(&out);
        }
}

/* Every control byte in every echoed field, and lines that would make segments. */
static void test_injection(void)
{
    static const struct {
        const char *before, *after;
    } places[] = {
        {"MSH|^~\\&|", "|B|C|D|||ADT^A01|7|P|2.5||||||UNICODE UTF-8\r"},
        {"MSH|^~\\&|A|", "|C|D|||ADT^A01|7|P|2.5||||||UNICODE UTF-8\r"},
        {"MSH|^~\\&|A|B|", "|D|||ADT^A01|7|P|2.5||||||UNICODE UTF-8\r"},
        {"MSH|^~\\&|A|B|C|", "|||ADT^A01|7|P|2.5||||||UNICODE UTF-8\r"},
        {"MSH|^~\\&|A|B|C|D|||ADT^", "|7|P|2.5||||||UNICODE UTF-8\r"},
        {"MSH|^~\\&|A|B|C|D|||ADT^A01|", "|P|2.5||||||UNICODE UTF-8\r"},
        {"MSH|^~\\&|A|B|C|D|||ADT^A01|7|P", "|2.5||||||UNICODE UTF-8\r"},
        {"MSH|^~\\&|A|B|C|D|||ADT^A01|7|P|2.5", "||||||UNICODE UTF-8\r"},
        {"MSH|^~\\&|A|B|C|D|||ADT^A01|7|P|2.5||||||", "\r"},
    };

    for
        EACH (p, places) {
            for (int c = 1; c < 256; c++) {
                char value[32], text[256];
                struct buf out = buf_new(HL7_ACK_MOST);
                struct hl7_header h;
                struct err e = {0};
                struct hl7_ack ack;

                snprintf(value, sizeof value, "x%cMSA|AA|%c", c, c);
                snprintf(text, sizeof text, "%s%s%s", places[p].before, value, places[p].after);
                if (!hl7_header_scan(str_of(text), &h, &e)) {
                    CHECK(0, "place %zu, byte %d: %s", p, c, e.text);
                    continue;
                }
                ack = reply(&h, hl7_header_check(&h), HL7_AE);
                CHECK(hl7_ack_write(&ack, &out, &e), "place %zu, byte %d: %s", p, c, e.text);
                CHECK(unframed(&out).p && hl7_ack_is_sound(unframed(&out)), "place %zu, byte %d", p,
                      c);
                CHECK(!memchr(out.p, '\n', out.n), "place %zu, byte %d: no LF", p, c);
                buf_reset(&out);
            }
        }
}

static const struct {
    const char *text;
    bool sound;
} judged[] = {
    {"MSH|^~\\&|\rMSA|AA|1\r", true},
    {"MSH|^~\\&|\rMSA|AA|1\rERR||\r", true},
    {"MSH|^~\\&|\rMSA|AA|1", false},
    {"MSH|^~\\&|\r", false},
    {"MSA|AA|1\rMSH|^~\\&|\r", false},
    {"MSH|^~\\&|\rMSA|AA|1\rMSA|AA|1\r", false},
    {"MSH|^~\\&|\rMSA|AA|1\nMSA|AA|1\r", false},
    {"MSH|^~\\&|\rMSA|AA|1\rMSH|^~\\&|\r", false},
    {"MSH|^~\\&|\rMSA|AA|1\rPID|1\r", false},
    {"MSH|^~\\&|\rMSA|AA|1\r\r", false},
    {"", false},
};

/* Names with halves of pairs in them: no separator of ours is swallowed, and a reader of the set gets back
 * who sent what, and nobody else. */
static void test_halves(void)
{
    static const char *const sets[] = {"BIG-5", "GB 18030-2000", "ISO IR87", "8859/1"};
    static const char *const values[] = {"NOR\x81\x01", "\x81\x01|",        "\x81\x1F\xA6\x7C",
                                         "\x81",        "\xA6\x7C\x81\x02", "\x1B$B!\x01"};

    for
        EACH (s, sets)
        for
            EACH (v, values)
                for (int place = 3; place <= 10; place++) {
                    struct buf in = buf_new(4096), out = buf_new(HL7_ACK_MOST);
                    struct hl7_header h, back;
                    struct hl7_ack ack;
                    struct err e = {0};

                    buf_add(&in, STR("MSH|^~\\&"));
                    for (int field = 3; field <= 18; field++)
                        buf_printf(&in, "|%s",
                                   field == place ? values[v]
                                   : field == 10  ? "ID7"
                                   : field == 18  ? sets[s]
                                                  : "x");
                    buf_add(&in, STR("\r"));
                    CHECK(hl7_header_scan(buf_str(&in), &h, &e), "%s", e.text);
                    ack = reply(&h, HL7_COMMITTED, HL7_AA);
                    CHECK(hl7_ack_write(&ack, &out, &e), "%s, %zu, %d: %s", sets[s], v, place,
                          e.text);
                    CHECK(hl7_header_scan(unframed(&out), &back, &e), "%s", e.text);
                    CHECK(place == 3 || str_eq(back.fields[5], h.fields[3]), "%s, %zu, %d: MSH-5",
                          sets[s], v, place);
                    CHECK(place == 4 || place == 3 || str_eq(back.fields[6], h.fields[4]),
                          "%s, %zu, %d: MSH-6", sets[s], v, place);
                    CHECK(back.fields[10].n == HL7_ACK_ID, "%s, %zu, %d: MSH-10", sets[s], v,
                          place);
                    CHECK(back.charset == h.charset, "%s, %zu, %d: its set", sets[s], v, place);
                    buf_reset(&in);
                    buf_reset(&out);
                }
}

static void test_sound(void)
{
    for
        EACH (i, judged)
            CHECK(hl7_ack_is_sound(str_of(judged[i].text)) == judged[i].sound, "%zu", i);
}

static void test_ids(void)
{
    struct hl7_ack ack = reply(NULL, HL7_COMMITTED, HL7_AA);
    char last[HL7_ACK_ID] = "";

    /* Each of the 96 bits changes the id. */
    for (size_t bit = 0; bit <= 96; bit++) {
        struct buf out = buf_new(HL7_ACK_MOST);
        struct hl7_header h;
        struct err e = {0};

        memset(ack.random, 0, sizeof ack.random);
        if (bit < 96)
            ack.random[bit / 8] = (uint8_t)(0x80 >> bit % 8);
        CHECK(hl7_ack_write(&ack, &out, &e), "%s", e.text);
        CHECK(hl7_header_scan(unframed(&out), &h, &e) && h.control_id.n == HL7_ACK_ID, "id");
        CHECK(memcmp(last, h.control_id.p, HL7_ACK_ID) != 0, "bit %zu", bit);
        memcpy(last, h.control_id.p, HL7_ACK_ID);
        buf_reset(&out);
    }
    CHECK(memcmp(last, "00000000000000000000", HL7_ACK_ID) == 0, "no bits");
}

static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

/* The first 60 of its 96 bits, by which a million random ids differ. */
static uint64_t id_key(const char *id)
{
    static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    uint64_t key = 0;

    for (size_t k = 0; k < 12; k++)
        key = key << 5 | (uint64_t)(strchr(alphabet, id[k]) - alphabet);
    return key;
}

/* No two of 10^6 ids are equal; every sixteenth is read again from a whole answer. */
static void test_many_ids(void)
{
    enum { IDS = 1000000, SLOTS = 1 << 21 };
    uint64_t *slots = calloc(SLOTS, sizeof *slots), state = 88172645463325252u;
    struct hl7_ack ack = reply(NULL, HL7_COMMITTED, HL7_AA);
    struct buf out = buf_new(HL7_ACK_MOST);
    size_t twice = 0, wrong = 0;
    char id[HL7_ACK_ID + 1];
    struct hl7_header h;
    struct err e = {0};

    for (size_t i = 0; i < IDS; i++) {
        uint64_t first = next_random(&state), second = next_random(&state), key;
        size_t slot;

        memcpy(ack.random, &first, 8);
        memcpy(ack.random + 8, &second, 4);
        hl7_ack_id(ack.random, id);
        out.n = 0;
        if (i % 16 == 0)
            wrong += !hl7_ack_write(&ack, &out, &e) || !hl7_header_scan(unframed(&out), &h, &e) ||
                     !str_eq(h.control_id, str_of(id));
        key = id_key(id) + 1;
        for (slot = (size_t)(key * 0x9E3779B97F4A7C15u >> 43); slots[slot] && slots[slot] != key;)
            slot = (slot + 1) % SLOTS;
        twice += slots[slot] != 0;
        slots[slot] = key;
    }
    CHECK(twice == 0 && wrong == 0, "%zu twice, %zu wrong", twice, wrong);
    buf_reset(&out);
    free(slots);
}

/* Where the next message starts: hl7v2.md 2.4, a later bare LF is content when MSH ends in CR. */
static void test_header_next(void)
{
    static const struct {
        const char *body;
        size_t want;
    } all[] = {
        {"MSH|^~\\&|A\rOBX|1|note\nMSH|^~\\&|B\rPID|2\r", 39},
        {"MSH|^~\\&|A\rOBX|1|note\nMSH|^~\\&|B\rMSH|^~\\&|C\r", 33},
        {"MSH|^~\\&|A\r\nPID|1\r\nMSH|^~\\&|B\r\n", 19},
        {"MSH|^~\\&|A\rPID|1\r\n\nMSH|^~\\&|B\r", 19},
        {"MSH|^~\\&|A\nPID|1\nMSH|^~\\&|B\n", 17},
        {"MSH|^~\\&|A\nPID|1\rMSH|^~\\&|B\n", 17},
        {"MSH|^~\\&|A\r\nOBX|1|note\nMSH|^~\\&|B\r\n", 35},
        {"MSH|^~\\&|A\rPID|1\rMSH$%~\\&$B\rPID$2\r", 17},
        {"MSH|^~\\&|A\rPID|1\nMSH$%~\\&$B\rPID$2\r", 34},
        {"MSH|^~\\&|A\rMSHA|1\rMSH1|1\rMSH |1\rMSH\x81|\rMSH\r", 42},
        /* A lead byte takes no line end with it. */
        {"MSH|^~\\&|A|||||||||||||||BIG-5|x\x81\rMSH|^~\\&|B\r", 34},
        {"MSH|^~\\&|A|||||||||||||||ISO IR87|\x1B$B!\rMSH|^~\\&|B\r", 39},
        {"MSH|^~\\&|A|||||||||||||||ISO IR87|\x1B$(\rMSH|^~\\&|B\r", 38},
    };

    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        struct str body = str_of(all[i].body);
        struct hl7_header h;
        struct err e;

        CHECK(hl7_header_scan(body, &h, &e) && hl7_header_next(body, &h) == all[i].want,
              "row %zu: %zu, not %zu", i, hl7_header_next(body, &h), all[i].want);
    }
}

static void test_header(void)
{
    struct hl7_header h;
    struct err e = {0};
    struct str two = STR("MSH|^~\\&|A\rPID|1|MSH|x\rMSH|^~\\&|B\rPID|2\r");
    /* MSH-4 ends in a character whose second byte is the separator. */
    struct str big5 = STR("MSH|^~\\&|A|\xA6\x7C|C|D|||ADT^A01|7|P|2.5||||||BIG-5\r");
    struct str jis = STR("MSH|^~\\&|A|\x1B$B||||\x1B(B|C|D|||ADT^A01|7|P|2.5||||||ISO IR87\r");

    CHECK(hl7_header_scan(two, &h, &e) && hl7_header_next(two, &h) == 23, "the next message");
    CHECK(h.text.n == 10 && str_eq(h.fields[3], STR("A")) && !h.fields[4].p, "the first segment");
    CHECK(hl7_header_scan(big5, &h, &e), "%s", e.text);
    CHECK(str_eq(h.fields[4], STR("\xA6\x7C")) && str_eq(h.control_id, STR("7")), "Big5");
    CHECK(h.charset && strcmp(h.charset->name, "BIG-5") == 0, "its set");
    CHECK(hl7_header_scan(jis, &h, &e) && str_eq(h.control_id, STR("7")), "ISO 2022");
    CHECK(strcmp(h.type, "ADT^A01") == 0 && h.version == HL7_V2_5 && h.processing == 'P', "parts");
    CHECK(!hl7_header_scan(STR("MSA|AA|1"), &h, &e) && strncmp(e.text, "offset 0:", 9) == 0, "MSA");
    CHECK(!hl7_header_scan(STR("MSHA^~\\&|"), &h, &e), "a letter is no separator");
    CHECK(!hl7_header_scan(STR("MSH|^~^&|"), &h, &e), "two are equal");
    CHECK(!hl7_header_scan(STR("MSH||A"), &h, &e), "none");
    CHECK(!hl7_header_scan(STR("MSH|^~\\&#!|A"), &h, &e), "too many");
    CHECK(!hl7_header_scan(STR("MSH"), &h, &e) && !hl7_header_scan(STR(""), &h, &e), "short");
    CHECK(hl7_header_scan(STR("MSH|^~\\&"), &h, &e) && hl7_header_check(&h) == HL7_NO_ID, "bare");
    CHECK(hl7_header_scan(STR("MSH|^~\\&|||||||A&B^S 1|1"), &h, &e) && h.type[0] == '\0',
          "unfit type");
}

int main(void)
{
    test_matrix();
    test_found();
    test_forced();
    test_acknowledgements();
    test_later();
    test_bytes();
    test_extras();
    test_many_faults();
    test_verbatim();
    test_unbalanced();
    test_injection();
    test_halves();
    test_sound();
    test_ids();
    test_many_ids();
    test_header_next();
    test_header();
    return check_end();
}
