#include "character.h"
#include "hl7/ack.h"
#include "hl7/escape.h"
#include "reply.h"
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
    [HL7_NOT_BOUND] = {"207", "Application internal error", "MSH-3 and MSH-4 are not from here",
                       "not-bound", 3, 1},
    [HL7_MISSING_FIELD] = {"101", "Required field missing", "a required field is missing",
                           "missing-field", 0, 0},
    [HL7_SEQUENCE] = {"207", "Application internal error", "MSH-13 is not the number expected",
                      "sequence", 13, 1},
    [HL7_WRONG_COUNT] = {"102", "Data type error", "a count of the batch is not what came",
                         "batch-count", 0, 0},
    [HL7_NOT_MAPPED] = {"207", "Application internal error", "could not be mapped", "not-mapped", 0,
                        0},
    [HL7_FEED_REFUSED] = {"207", "Application internal error", "refused by the feed",
                          "feed-refused", 0, 0},
};

static void add_times(struct buf *b, char c, size_t n)
{
    while (n--)
        buf_add_char(b, c);
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

/* MSH-13 to MSH-18: only an application acknowledgement says which answer it wants itself. */
static void add_msh_tail(struct buf *b, const struct hl7_ack *ack, char f,
                         const struct hl7_header *h)
{
    bool set = !h->batch && h->fields[18].n && !(h->charset && !h->charset->iconv);

    if (ack->accept)
        buf_printf(b, "%c%c%c%s%cNE", f, f, f, ack->accept, f);
    else if (set)
        add_times(b, f, 4);
    if (set) {
        add_times(b, f, 2);
        reply_echo(b, h, h->fields[18]);
    }
    buf_add_char(b, '\r');
}

/* Both heads of the answer are turned round: the sender becomes the receiver. */
static void add_msh(struct buf *b, const struct hl7_ack *ack, const struct hl7_separators *sep,
                    const struct hl7_header *h, enum hl7_version version)
{
    char id[HL7_ACK_ID + 1], f = sep->field;

    reply_head(b, "MSH", h, sep);
    buf_add_char(b, f);
    reply_time(b, ack->now_ms, ack->zone_min);
    add_times(b, f, 2);
    add_type(b, sep, h, version);
    hl7_ack_id(ack->random, id);
    buf_add_char(b, f);
    buf_add(b, (struct str){id, HL7_ACK_ID});
    buf_add_char(b, f);
    reply_echo_or(b, h, h->batch ? STR("") : h->fields[11], "P");
    buf_add_char(b, f);
    reply_echo_or(b, h, h->batch ? STR("") : h->fields[12], "2.5.1");
    add_msh_tail(b, ack, f, h);
}

static bool is_positive(enum hl7_ack_code code)
{
    return code == HL7_AA || code == HL7_CA;
}

static void add_msa(struct buf *b, const struct hl7_ack *ack, const struct hl7_separators *sep,
                    const struct hl7_header *h, enum hl7_version version)
{
    const char *own = faults[ack->n_faults ? ack->faults[0].condition : ack->condition].own;
    bool text = own && !is_positive(ack->code) && version <= HL7_V2_6;

    buf_add(b, STR("MSA"));
    buf_add_char(b, sep->field);
    buf_add(b, str_of(hl7_ack_code_name(ack->code)));
    buf_add_char(b, sep->field);
    reply_echo(b, h, h->control_id);
    if (text || ack->sequenced)
        buf_add_char(b, sep->field);
    if (text)
        hl7_escape(b, str_of(own), sep);
    if (ack->sequenced)
        buf_printf(b, "%c%lld", sep->field, (long long)ack->expected);
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

/* Where a fault is; segment NULL: nowhere in particular. */
struct place {
    const char *segment;
    unsigned sequence, field, component;
};

static bool is_segment_name(const char *s)
{
    for (size_t i = 0; i < 3; i++) {
        if (!(s[i] >= 'A' && s[i] <= 'Z') && !(i > 0 && s[i] >= '0' && s[i] <= '9'))
            return false;
    }
    return s[3] == '\0';
}

static struct place place_of(const struct hl7_fault *f)
{
    const struct fault *own = &faults[f->condition];

    if (f->segment && is_segment_name(f->segment))
        return (struct place){f->segment, f->sequence ? f->sequence : 1, f->field, f->component};
    if (own->field)
        return (struct place){"MSH", 1, (unsigned)own->field, (unsigned)own->component};
    return (struct place){0};
}

/* SCH^1^11^102&Data type error&HL70357: v2.2 to v2.4 */
static void add_err_1(struct buf *b, const struct hl7_fault *fault,
                      const struct hl7_separators *sep)
{
    struct place at = place_of(fault);
    char c = sep->component;

    if (at.segment)
        buf_printf(b, "%s%c%u%c", at.segment, c, at.sequence, c);
    else
        buf_printf(b, "%c%c", c, c);
    if (at.field)
        buf_printf(b, "%u", at.field);
    buf_add_char(b, c);
    add_code(b, &faults[fault->condition], sep->subcomponent, sep);
}

/* |SCH^1^11^1^4|102^Data type error^HL70357|E|own name: from v2.5 on */
static void add_err_2_to_5(struct buf *b, const struct hl7_fault *fault,
                           const struct hl7_separators *sep)
{
    struct place at = place_of(fault);
    char f = sep->field, c = sep->component;

    buf_add_char(b, f);
    if (at.segment)
        buf_printf(b, "%s%c%u", at.segment, c, at.sequence);
    if (at.segment && at.field)
        buf_printf(b, "%c%u", c, at.field);
    if (at.segment && at.field && at.component)
        buf_printf(b, "%c1%c%u", c, c, at.component);
    buf_add_char(b, f);
    add_code(b, &faults[fault->condition], c, sep);
    buf_printf(b, "%cE%c", f, f);
    hl7_escape(b, str_of(faults[fault->condition].name), sep);
}

static void add_err(struct buf *b, const struct hl7_fault *fault, const struct hl7_separators *sep,
                    enum hl7_version version)
{
    if (!faults[fault->condition].code || version < HL7_V2_2 || !sep->component ||
        (version < HL7_V2_5 && !sep->subcomponent))
        return;
    buf_printf(b, "ERR%c", sep->field);
    if (version < HL7_V2_5)
        add_err_1(b, fault, sep);
    else
        add_err_2_to_5(b, fault, sep);
    buf_add_char(b, '\r');
}

static void add_errs(struct buf *b, const struct hl7_ack *ack, const struct hl7_separators *sep,
                     enum hl7_version version)
{
    const struct hl7_fault whole = {.condition = ack->condition};

    if (is_positive(ack->code))
        return;
    if (ack->n_faults == 0)
        add_err(b, &whole, sep, version);
    for (size_t i = 0; i < ack->n_faults && i < HL7_FAULTS_MOST; i++)
        add_err(b, &ack->faults[i], sep, version);
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

/* Read by the set that it declares, it names both ends and the message as the sender does. */
static bool reads_back(struct str content, const struct hl7_header *h)
{
    static const struct {
        int answer, sender;
    } names[] = {{5, 3}, {6, 4}, {3, 5}, {4, 6}};
    const size_t id_at = strlen("\rMSA|AA|");
    struct hl7_header now;
    struct str id;
    struct err e;

    if (!hl7_header_scan(content, &now, &e) || now.text.n + id_at > content.n)
        return false;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (!reply_is_echo(h, h->fields[names[i].sender], now.fields[names[i].answer]))
            return false;
    }
    id = (struct str){content.p + now.text.n + id_at, content.n - now.text.n - id_at};
    id.n = hl7_field_end(id, now.sep.field, now.charset ? now.charset->width : HL7_BYTES);
    return reply_is_echo(h, h->control_id, id);
}

/* Values of MSH-15, table 0155; NULL: none. */
static bool is_accept(const char *s)
{
    return !s || strcmp(s, "AL") == 0 || strcmp(s, "NE") == 0 || strcmp(s, "ER") == 0 ||
           strcmp(s, "SU") == 0;
}

bool hl7_ack_content(const struct hl7_ack *ack, struct buf *out, struct err *e)
{
    struct hl7_separators sep = ack->header ? ack->header->sep : hl7_separators_default();
    static const struct hl7_header none;
    const struct hl7_header *h = ack->header ? ack->header : &none;
    enum hl7_version version = h->version == HL7_VERSION_NONE ? HL7_V2_5_1 : h->version;
    size_t before = out->n;
    struct str content;

    if (ack->code == HL7_SILENT || !is_accept(ack->accept))
        return err_set(e, ERR_INPUT, 0, "an answer would not have been sound");
    add_msh(out, ack, &sep, h, version);
    add_msa(out, ack, &sep, h, version);
    add_errs(out, ack, &sep, version);
    content = (struct str){out->p + before, out->n - before};
    if (out->over || !hl7_ack_is_sound(content) || !reads_back(content, h)) {
        out->n = before;
        return err_set(e, ERR_INPUT, 0, "an answer would not have been sound");
    }
    return true;
}

bool hl7_ack_write(const struct hl7_ack *ack, struct buf *out, struct err *e)
{
    size_t before = out->n;

    buf_add_char(out, ack->start);
    if (hl7_ack_content(ack, out, e) && reply_close(out, before, ack->start, ack->end))
        return true;
    out->n = before;
    return err_set(e, ERR_INPUT, 0, "an answer would not have been sound");
}
