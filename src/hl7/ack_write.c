#include <time.h>

#include "hl7/ack.h"
#include "hl7/escape.h"
#include "type_text.h"

/* What each condition says: table 0357, our own text for MSA-3 and ERR-5, and the place in MSH. */
static const struct fault {
    const char *code, *standard, *own, *name;
    int field, component;
} faults[HL7_CONDITIONS] = {
    [HL7_COMMITTED] = {0},
    [HL7_BAD_TYPE] = {"200", "Unsupported message type", "MSH-9.1 is no message type", "bad-type",
                      9, 1},
    [HL7_BAD_EVENT] = {"201", "Unsupported event code", "MSH-9.2 is no event", "bad-event", 9, 2},
    [HL7_BAD_PROCESSING] = {"202", "Unsupported processing id", "MSH-11 is not P, D or T",
                            "bad-processing", 11, 1},
    [HL7_BAD_VERSION] = {"203", "Unsupported version id", "MSH-12 is not from 2.1 to 2.9.1",
                         "bad-version", 12, 1},
    [HL7_NO_ID] = {"101", "Required field missing", "MSH-10 is empty", "no-id", 10, 1},
    [HL7_ID_BYTES] = {"102", "Data type error", "MSH-10 holds control bytes", "id-bytes", 10, 1},
    [HL7_LONG_FIELD] = {"104", "Value too long", "a field of MSH is too long", "long-field", 0, 0},
    [HL7_BAD_FRAME] = {"102", "Data type error", "the frame is damaged", "bad-frame", 0, 0},
    [HL7_BAD_SYNTAX] = {"100", "Segment sequence error", "no readable HL7 message", "bad-syntax", 0,
                        0},
    [HL7_BAD_CHARSET] = {"102", "Data type error", "bytes do not fit the character set",
                         "bad-charset", 18, 1},
    [HL7_OVER_LIMIT] = {"104", "Value too long", "the message is too large", "over-limit", 0, 0},
    [HL7_IN_BATCH] = {"207", "Application internal error", "batches are not taken here", "batch", 0,
                      0},
    [HL7_BUSY] = {"207", "Application internal error", "cannot be stored now", "busy", 0, 0},
};

static bool is_control(char c)
{
    return (unsigned char)c < 0x20 || c == 0x7F;
}

/* A field of the sender without what could make a segment elsewhere; nothing of one that is too long
 * or shifts character sets. */
static void add_echo(struct buf *b, struct str s)
{
    if (s.n > HL7_ECHO_MOST || (s.n && memchr(s.p, 0x1B, s.n)))
        return;
    for (size_t i = 0; i < s.n; i++) {
        if (!is_control(s.p[i]))
            buf_add_char(b, s.p[i]);
    }
}

static void add_echo_or(struct buf *b, struct str s, const char *otherwise)
{
    size_t before = b->n;

    add_echo(b, s);
    if (b->n == before)
        buf_add(b, str_of(otherwise));
}

static void add_time(struct buf *b, int64_t now_ms, int zone_min)
{
    time_t local = (time_t)((now_ms - ((now_ms % 1000) + 1000) % 1000) / 1000) + zone_min * 60;
    int east = zone_min < 0 ? -zone_min : zone_min;
    struct tm t;

    if (!gmtime_r(&local, &t))
        return;
    buf_printf(b, "%04d%02d%02d%02d%02d%02d.%03d%c%02d%02d", t.tm_year + 1900, t.tm_mon + 1,
               t.tm_mday, t.tm_hour, t.tm_min, t.tm_sec, (int)(((now_ms % 1000) + 1000) % 1000),
               zone_min < 0 ? '-' : '+', east / 60, east % 60);
}

/* 96 bits, five at a time, in Crockford's alphabet: 20 characters, the limit of MSH-10 up to v2.5.1. */
static void add_id(struct buf *b, const uint8_t random[HL7_ACK_RANDOM])
{
    static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

    for (size_t i = 0; i < HL7_ACK_ID; i++) {
        size_t bit = i * 5, byte = bit / 8;
        unsigned two = (unsigned)random[byte] << 8;

        if (byte + 1 < HL7_ACK_RANDOM)
            two |= random[byte + 1];
        buf_add_char(b, alphabet[two >> (11 - bit % 8) & 31]);
    }
}

/* ACK, ACK^S12 (2.3), ACK^S12^ACK (2.3.1 and later). */
static void add_type(struct buf *b, const struct hl7_separators *sep, const struct hl7_header *h,
                     enum hl7_version version)
{
    bool event = h && type_name(h->trigger);

    buf_add(b, STR("ACK"));
    if (!event || !sep->component || version < HL7_V2_3)
        return;
    buf_add_char(b, sep->component);
    buf_add(b, h->trigger);
    if (version < HL7_V2_3_1)
        return;
    buf_add_char(b, sep->component);
    buf_add(b, STR("ACK"));
}

/* Both heads of the answer are turned round: the sender becomes the receiver. */
static void add_msh(struct buf *b, const struct hl7_ack *ack, const struct hl7_separators *sep,
                    const struct hl7_header *h, enum hl7_version version)
{
    const char encoding[] = {sep->component,    sep->repetition, sep->escape,
                             sep->subcomponent, sep->truncation, '\0'};
    char f = sep->field;

    buf_printf(b, "MSH%c%s", f, encoding);
    for (size_t i = 0; i < 4; i++) {
        static const int turned[] = {5, 6, 3, 4};

        buf_add_char(b, f);
        add_echo(b, h->fields[turned[i]]);
    }
    buf_add_char(b, f);
    add_time(b, ack->now_ms, ack->zone_min);
    buf_printf(b, "%c%c", f, f);
    add_type(b, sep, h, version);
    buf_add_char(b, f);
    add_id(b, ack->random);
    buf_add_char(b, f);
    add_echo_or(b, h->batch ? STR("") : h->fields[11], "P");
    buf_add_char(b, f);
    add_echo_or(b, h->batch ? STR("") : h->fields[12], "2.5.1");
    if (!h->batch && h->fields[18].n && !(h->charset && !h->charset->iconv)) {
        buf_printf(b, "%c%c%c%c%c%c", f, f, f, f, f, f);
        add_echo(b, h->fields[18]);
    }
    buf_add_char(b, '\r');
}

static void add_msa(struct buf *b, const struct hl7_ack *ack, const struct hl7_separators *sep,
                    const struct hl7_header *h, enum hl7_version version)
{
    const struct fault *fault = &faults[ack->condition];

    buf_printf(b, "MSA%c%s%c", sep->field, hl7_ack_code_name(ack->code), sep->field);
    add_echo(b, h->control_id);
    if (fault->own && version <= HL7_V2_6) {
        buf_add_char(b, sep->field);
        hl7_escape(b, str_of(fault->own), sep);
    }
    buf_add_char(b, '\r');
}

/* code SEP text SEP HL70357 */
static void add_code(struct buf *b, const struct fault *fault, char part,
                     const struct hl7_separators *sep)
{
    buf_printf(b, "%s%c", fault->code, part);
    hl7_escape(b, str_of(fault->standard), sep);
    buf_printf(b, "%cHL70357", part);
}

/* 2.2 to 2.4: ERR-1 holds place and code; from 2.5 on ERR-2, ERR-3, ERR-4 and our own name in ERR-5. */
static void add_err(struct buf *b, const struct hl7_ack *ack, const struct hl7_separators *sep,
                    enum hl7_version version)
{
    const struct fault *fault = &faults[ack->condition];
    char f = sep->field, c = sep->component;

    if (!fault->code || version < HL7_V2_2 || !c)
        return;
    if (version < HL7_V2_5) {
        if (!sep->subcomponent)
            return;
        buf_printf(b, "ERR%c", f);
        if (fault->field)
            buf_printf(b, "MSH%c1%c%d%c", c, c, fault->field, c);
        else
            buf_printf(b, "%c%c%c", c, c, c);
        add_code(b, fault, sep->subcomponent, sep);
    } else {
        buf_printf(b, "ERR%c%c", f, f);
        if (fault->field)
            buf_printf(b, "MSH%c1%c%d%c1%c%d", c, c, fault->field, c, c, fault->component);
        buf_add_char(b, f);
        add_code(b, fault, c, sep);
        buf_printf(b, "%cE%c", f, f);
        hl7_escape(b, str_of(fault->name), sep);
    }
    buf_add_char(b, '\r');
}

bool hl7_ack_is_sound(struct str content)
{
    size_t n_msh = 0, n_msa = 0, n = 0;
    struct hl7_header h;
    struct err e;

    if (!hl7_header_scan(content, &h, &e) || content.p[content.n - 1] != '\r')
        return false;
    for (size_t at = 0, end; at < content.n; at = end + 1) {
        const char *s = content.p + at;

        for (end = at; end < content.n && content.p[end] != '\r' && content.p[end] != '\n';)
            end++;
        if (end - at < 4 || s[3] != h.sep.field)
            return false;
        n_msh += memcmp(s, "MSH", 3) == 0;
        n_msa += memcmp(s, "MSA", 3) == 0;
        if (memcmp(s, "MSH", 3) != 0 && memcmp(s, "MSA", 3) != 0 && memcmp(s, "ERR", 3) != 0)
            return false;
        n++;
    }
    return n_msh == 1 && n_msa == 1 && n <= 12;
}

bool hl7_ack_write(const struct hl7_ack *ack, struct buf *out, struct err *e)
{
    struct hl7_separators sep = ack->header ? ack->header->sep : hl7_separators_default();
    static const struct hl7_header none;
    const struct hl7_header *h = ack->header ? ack->header : &none;
    enum hl7_version version = h->version == HL7_VERSION_NONE ? HL7_V2_5_1 : h->version;
    size_t before = out->n;
    struct str content;

    buf_add_char(out, ack->start);
    add_msh(out, ack, &sep, h, version);
    add_msa(out, ack, &sep, h, version);
    add_err(out, ack, &sep, version);
    content = (struct str){out->p + before + 1, out->n - before - 1};
    if (out->over || ack->code == HL7_SILENT || memchr(content.p, ack->start, content.n) ||
        memchr(content.p, ack->end, content.n) || !hl7_ack_is_sound(content)) {
        out->n = before;
        return err_set(e, ERR_INPUT, 0, "an answer would not have been sound");
    }
    buf_add_char(out, ack->end);
    buf_add_char(out, '\r');
    return !out->over || err_set(e, ERR_INPUT, 0, "an answer would not have been sound");
}
