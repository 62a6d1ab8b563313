#include "mllp_unit.h"

void mllp_unit_init(struct mllp_unit *u)
{
    *u = (struct mllp_unit){.ack = buf_new(HL7_ACK_MOST)};
}

void mllp_unit_end(struct mllp_unit *u)
{
    buf_reset(&u->ack);
    arena_reset(&u->arena);
}

bool mllp_unit_answer(struct mllp_unit *u, const struct mllp_receiver_settings *set,
                      enum hl7_condition c, struct err *e)
{
    const struct hl7_header *h = u->readable || u->header.control_id.n ? &u->header : NULL;
    struct hl7_ack ack = {.header = h,
                          .condition = c,
                          .now_ms = clock_now_ms(set->clock),
                          .start = set->framing.start,
                          .end = set->framing.end};

    u->ack.n = 0;
    u->ack.over = false;
    u->condition = c;
    u->code = ack.code = hl7_ack_code(h, c, set->profile.mode, set->profile.app_ack, &u->notes);
    if (ack.code == HL7_SILENT)
        return true;
    if (!set->random->get(set->random, ack.random, sizeof ack.random))
        return err_set(e, ERR_BUSY, 0, "no randomness for an answer");
    if (hl7_ack_write(&ack, &u->ack, e))
        return true;
    /* Whatever the sender's header does to an answer, a plain one is sound. */
    ack.header = NULL;
    return hl7_ack_write(&ack, &u->ack, e);
}

/* Decodes and indexes the message: what cannot be read later must not be acknowledged now. */
static enum hl7_condition check_text(struct mllp_unit *u, const struct mllp_receiver_settings *set,
                                     struct str body)
{
    struct hl7_decoded decoded;
    const struct hl7_charset_settings charset = {set->profile.charset, set->profile.fallback,
                                                 set->profile.strict};
    struct hl7_message m;
    struct err e;

    if (!hl7_decode(body, u->header.declared, &charset, &u->arena, &u->notes, &decoded, &e))
        return HL7_BAD_CHARSET;
    if (!hl7_message_index(decoded.text, decoded.charset, &set->limits, &u->arena, &u->notes, &m,
                           &e))
        return e.code == HL7_LIMIT ? HL7_OVER_LIMIT : HL7_BAD_SYNTAX;
    u->message.type = hl7_message_type(&m, &u->arena);
    return HL7_COMMITTED;
}

/* Resends are recognised by sender and control id; MSH-7 may change between copies, nothing else. */
static void fill_message(struct mllp_unit *u, const struct mllp_receiver_settings *set,
                         struct str body)
{
    const struct hl7_header *h = &u->header;
    struct str key[] = {str_of(set->name), h->fields[3], h->fields[4], h->control_id};
    struct str masked = h->fields[7].p ? h->fields[7] : (struct str){body.p + body.n, 0};
    const char *after = masked.p + masked.n;
    struct str rest[] = {{body.p, (size_t)(masked.p - body.p)},
                         {after, (size_t)(body.p + body.n - after)}};

    u->message.kind = MESSAGE_HL7;
    u->message.feed = str_of(set->feed);
    u->message.body = body;
    u->message.ack = buf_str(&u->ack);
    u->message.received_ms = clock_now_ms(set->clock);
    u->message.test = h->processing != 'P';
    seal_index(set->seal, "message.key", key, 4, u->message.key);
    seal_index(set->seal, "message.digest", rest, 2, u->message.digest);
}

bool mllp_unit_read(struct mllp_unit *u, const struct mllp_receiver_settings *set,
                    struct str *frame, enum hl7_condition found, struct err *e)
{
    struct str body = *frame;
    struct err syntax;
    size_t next;

    arena_reset(&u->arena);
    u->notes = (struct hl7_notes){0};
    u->message = (struct message){0};
    u->readable = hl7_header_scan(body, &u->header, &syntax);
    next = body.n;
    if (u->readable && !u->header.batch && found == HL7_COMMITTED)
        next = hl7_header_next(body, &u->header);
    *frame = (struct str){body.p + next, body.n - next};
    body.n = next;
    if (frame->n)
        hl7_note(&u->notes, HL7_MULTI_MSH, next);
    if (found == HL7_COMMITTED && !u->readable)
        found = HL7_BAD_SYNTAX;
    if (found == HL7_COMMITTED)
        found = hl7_header_check(&u->header);
    if (found == HL7_COMMITTED)
        found = check_text(u, set, body);
    if (!mllp_unit_answer(u, set, found, e))
        return false;
    if (found == HL7_COMMITTED)
        fill_message(u, set, body);
    return true;
}
