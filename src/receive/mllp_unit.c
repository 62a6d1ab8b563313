#include "mllp_unit.h"

#include "hl7/continuation.h"
#include "hl7/xml.h"
#include "hl7/xml_ack.h"
#include "mllp_lane.h"

void mllp_unit_init(struct mllp_unit *u)
{
    *u = (struct mllp_unit){.ack = buf_new(HL7_XML_ACK_MOST)};
}

void mllp_unit_end(struct mllp_unit *u)
{
    buf_reset(&u->ack);
    arena_reset(&u->arena);
}

enum hl7_app_ack mllp_unit_app(const struct mllp_profile *p)
{
    return p->app_ack == HL7_APP_RETURN_CHANNEL && !p->channel ? HL7_APP_SAME_SOCKET : p->app_ack;
}

/* v2.xml is answered in v2.xml. */
static bool write_ack(const struct mllp_unit *u, const struct hl7_ack *ack, struct buf *out,
                      struct err *e)
{
    struct buf plain;
    bool ok;

    if (!u->xml)
        return hl7_ack_write(ack, out, e);
    plain = buf_new(HL7_ACK_MOST);
    ok = hl7_ack_content(ack, &plain, e) && buf_add_char(out, ack->start) &&
         hl7_xml_ack(buf_str(&plain), out, e) && buf_add_char(out, ack->end) &&
         buf_add_char(out, '\r');
    buf_reset(&plain);
    return ok;
}

bool mllp_unit_answer(struct mllp_unit *u, const struct mllp_receiver_settings *set,
                      enum hl7_condition c, struct err *e)
{
    const struct hl7_header *h = u->readable || u->header.control_id.n ? &u->header : NULL;
    struct hl7_ack ack = {.header = h,
                          .condition = c,
                          .now_ms = u->now_ms,
                          .start = set->framing.start,
                          .end = set->framing.end,
                          .faults = u->faults,
                          .n_faults = c == HL7_MISSING_FIELD ? u->n_faults : 0,
                          .sequenced = u->sequenced,
                          .expected = u->expected};

    u->ack.n = 0;
    u->ack.over = false;
    u->condition = c;
    u->code = ack.code = hl7_ack_code(h, c, u->profile->mode, mllp_unit_app(u->profile), NULL);
    if (ack.code == HL7_SILENT)
        return true;
    memcpy(ack.random, u->random, sizeof ack.random);
    if (write_ack(u, &ack, &u->ack, e))
        return true;
    /* Whatever the sender's header does to an answer, a plain one is sound. */
    u->ack.n = 0;
    u->ack.over = false;
    ack.header = NULL;
    return hl7_ack_write(&ack, &u->ack, e);
}

static void miss(struct mllp_unit *u, const char *segment, unsigned field)
{
    u->faults[u->n_faults++] = (struct hl7_fault){HL7_MISSING_FIELD, segment, 1, field, 0};
}

static bool is_empty(struct str s)
{
    return str_trim(s).n == 0;
}

/* What a strict profile asks for beside what every message needs (MSH-9 to MSH-12). */
static enum hl7_condition check_required(struct mllp_unit *u, const struct hl7_message *m)
{
    const struct hl7_segment *pid = hl7_segment_find(m, "PID");

    u->n_faults = 0;
    if (is_empty(u->header.fields[7]))
        miss(u, "MSH", 7);
    if (pid && is_empty(hl7_field(pid, 3)))
        miss(u, "PID", 3);
    return u->n_faults ? HL7_MISSING_FIELD : HL7_COMMITTED;
}

static void index_pointer(const struct mllp_unit *u, const struct mllp_receiver_settings *set,
                          struct str pointer, uint8_t out[INDEX_BYTES])
{
    struct str parts[] = {str_of(set->name), u->header.fields[3], u->header.fields[4], pointer};

    seal_index(set->seal, "message.part", parts, 4, out);
}

/* Parts of v2.xml do not exist: a document is whole. */
static void read_part(struct mllp_unit *u, const struct mllp_receiver_settings *set)
{
    struct hl7_part part = {{NULL, 0}, {NULL, 0}};

    if (!u->xml)
        part = hl7_part_read(u->body, &u->header);
    u->part.continues = part.from.n > 0;
    u->part.goes_on = part.to.n > 0;
    if (u->part.continues)
        index_pointer(u, set, part.from, u->part.from);
    if (u->part.goes_on)
        index_pointer(u, set, part.to, u->part.next);
}

/* Decodes and indexes the message, once: what cannot be read later must not be acknowledged now. */
static enum hl7_condition check_text(struct mllp_unit *u, const struct mllp_receiver_settings *set)
{
    const struct mllp_profile *p = u->profile;
    struct hl7_charset_settings charset = {p->charset, p->fallback, p->strict};
    struct hl7_decoded decoded;
    struct hl7_message m;
    struct err e;

    if (u->xml)
        charset = (struct hl7_charset_settings){0};
    if (!hl7_decode(u->text, u->header.fields[18], &charset, &u->arena, &u->notes, &decoded, &e))
        return HL7_BAD_CHARSET;
    if (!hl7_message_index(decoded.text, decoded.charset, &set->limits, &u->arena, &u->notes, &m,
                           &e))
        return e.code == HL7_LIMIT ? HL7_OVER_LIMIT : HL7_BAD_SYNTAX;
    u->message.type = hl7_message_type(&m, &u->arena);
    u->message.lane = mllp_lane(&m, set->seal);
    read_part(u, set);
    return p->strict ? check_required(u, &m) : HL7_COMMITTED;
}

static enum hl7_condition check(struct mllp_unit *u, const struct mllp_receiver_settings *set)
{
    enum hl7_condition c = u->found;

    if (c == HL7_COMMITTED && u->profile->processing_optional &&
        is_empty(hl7_header_name(&u->header, 11)))
        u->header.processing = 'P';
    if (c == HL7_COMMITTED)
        c = hl7_header_check(&u->header);
    if (c == HL7_COMMITTED && u->profile->refuse_test && u->header.processing != 'P')
        c = HL7_BAD_PROCESSING;
    return c == HL7_COMMITTED ? check_text(u, set) : c;
}

static void fill_reply(struct mllp_unit *u)
{
    /* The last part's is for all of them. */
    enum hl7_app_ack app = mllp_unit_app(u->profile);
    enum hl7_ack_mode mode = u->profile->mode;
    bool good =
        !u->part.goes_on && hl7_application_code(&u->header, HL7_AA, mode, app) != HL7_SILENT;
    bool bad =
        !u->part.goes_on && hl7_application_code(&u->header, HL7_AE, mode, app) != HL7_SILENT;

    u->message.reply = good && bad ? REPLY_ALWAYS
                       : good      ? REPLY_ON_SUCCESS
                       : bad       ? REPLY_ON_ERROR
                                   : REPLY_NEVER;
    if (u->message.reply != REPLY_NEVER && app == HL7_APP_RETURN_CHANNEL)
        u->message.channel = str_of(u->profile->channel);
}

/* Resends are recognised by sender and control id; MSH-7 may change between copies, nothing else. */
static void fill_message(struct mllp_unit *u, const struct mllp_receiver_settings *set)
{
    const struct hl7_header *h = &u->header;
    struct str key[] = {str_of(set->name), h->fields[3], h->fields[4], h->control_id};
    const char *end = u->text.p + u->text.n;
    struct str masked = h->fields[7].p ? h->fields[7] : (struct str){end, 0};
    const char *after = masked.p + masked.n;
    struct str rest[] = {{u->text.p, (size_t)(masked.p - u->text.p)},
                         {after, (size_t)(end - after)}};

    u->message.kind = MESSAGE_HL7;
    u->message.feed = str_of(set->feed);
    u->message.body = u->body;
    u->message.received_ms = u->now_ms;
    if (u->profile->charset)
        u->message.charset = str_of(u->profile->charset->name);
    if (u->profile->fallback)
        u->message.fallback = str_of(u->profile->fallback->name);
    u->message.test = h->processing != 'P';
    seal_index(set->seal, "message.key", key, 4, u->message.key);
    seal_index(set->seal, "message.digest", rest, 2, u->message.digest);
    u->numbered = u->profile->sequence && !is_empty(h->fields[13]);
    if (u->numbered)
        seal_index(set->seal, "sequence.sender", key, 3, u->sender);
    fill_reply(u);
}

/* The document in bars and hats; the whole frame is one message. */
static bool take_xml(struct mllp_unit *u)
{
    struct hl7_xml_limits limits = hl7_xml_limits_default();
    struct err e;

    u->xml = true;
    hl7_note(&u->notes, HL7_XML, 0);
    return hl7_xml_read(u->body, &limits, &u->arena, &u->text, &e) &&
           hl7_header_scan(u->text, &u->header, &e) && !u->header.batch;
}

void mllp_unit_take(struct mllp_unit *u, const struct mllp_receiver_settings *set,
                    struct str *frame, enum hl7_condition found)
{
    size_t next = frame->n;
    struct err e;

    arena_reset(&u->arena);
    u->notes = (struct hl7_notes){0};
    u->message = (struct message){0};
    u->header = (struct hl7_header){0};
    u->xml = u->sequenced = u->numbered = false;
    u->profile = &set->profile;
    u->body = u->text = *frame;
    if (hl7_xml_is(u->body)) {
        u->readable = take_xml(u);
    } else {
        u->readable = hl7_header_scan(u->body, &u->header, &e);
        if (u->readable && !u->header.batch && found == HL7_COMMITTED)
            next = hl7_header_next(u->body, &u->header);
    }
    *frame = (struct str){u->body.p + next, u->body.n - next};
    if (frame->n) {
        u->body.n = u->text.n = next;
        hl7_note(&u->notes, HL7_MULTI_MSH, next);
    }
    u->found = found == HL7_COMMITTED && !u->readable ? HL7_BAD_SYNTAX : found;
}

bool mllp_unit_judge(struct mllp_unit *u, const struct mllp_receiver_settings *set, struct err *e)
{
    u->now_ms = clock_now_ms(set->clock);
    u->condition = check(u, set);
    /* Says HL7_ACKMODE_HALF and its like, once a message. */
    (void)hl7_ack_code(u->readable ? &u->header : NULL, u->condition, u->profile->mode,
                       mllp_unit_app(u->profile), &u->notes);
    /* Silence now does not mean that a later refusal is silent, too: MSH-15 may be ER. */
    if (!set->random->get(set->random, u->random, sizeof u->random))
        return err_set(e, ERR_BUSY, 0, "no randomness for an answer");
    if (!mllp_unit_answer(u, set, u->condition, e))
        return false;
    if (u->condition == HL7_COMMITTED) {
        fill_message(u, set);
        u->message.ack = buf_str(&u->ack);
    }
    return true;
}
