/* Continued messages: parts are stored one by one; the last of them makes the message.
 *
 *   first part  (DSC p1)             a chain that waits for p1
 *   next part   (MSH-14 p1, DSC p2)  the chain waits for p2
 *   last part   (MSH-14 p2)          joined, stored as the whole message; the parts are recorded
 *   a part nobody waits for          a resend of one that was taken, else held */
#include "hl7/continuation.h"
#include "mllp_intake.h"
#include "mllp_lane.h"

/* Its chain is unknown: a copy of a part that was taken, or its beginning never came. It is acknowledged,
 * so it is kept. */
static bool put_orphan(const struct message *m, struct store *s, struct arena *a,
                       struct intake *out, struct err *e)
{
    struct instance held = {.received_ms = m->received_ms,
                            .message_ms = m->received_ms,
                            .test = m->test,
                            .feed = m->feed,
                            .standing = STANDING_HELD,
                            .reason = STR("its beginning never came")};

    if (!s->ops->put_message(s, m, a, out, e))
        return false;
    return out->seen || s->ops->put_mapped(s, out->id, (struct str){NULL, 0}, &held, 1, e);
}

static bool put_part(const struct mllp_unit *u, int64_t first, struct message *m, struct store *s,
                     struct arena *a, struct intake *out, struct err *e)
{
    m->is_part = true;
    m->first_part = first;
    memcpy(m->next_part, u->part.next, INDEX_BYTES);
    return s->ops->put_message(s, m, a, out, e);
}

/* The parts with this last one as one body, read as the first was: its header is that of all. What cannot be joined or read is refused. */
static bool join(struct mllp_unit *u, const struct mllp_receiver_settings *set,
                 const struct message_list *parts, struct arena *a, struct message *m,
                 enum hl7_condition *refused)
{
    struct hl7_charset_settings charset;
    struct str *bodies = NEW_ARRAY(a, struct str, parts->n + 1);
    struct hl7_message whole;
    struct err e;

    for (size_t i = 0; i < parts->n; i++)
        bodies[i] = parts->items[i].body;
    bodies[parts->n] = m->body;
    m->charset = parts->items[0].charset;
    m->fallback = parts->items[0].fallback;
    *refused = HL7_BAD_SYNTAX;
    if (!hl7_charset_settings_named(m->charset, m->fallback, &charset))
        return false;
    charset.strict = u->profile->strict;
    if (!hl7_join_parts(bodies, parts->n + 1, a, &m->body, &e))
        return false;
    if (!hl7_message_read(m->body, &charset, &set->limits, a, NULL, &whole, &e)) {
        *refused = e.code == HL7_LIMIT ? HL7_OVER_LIMIT : HL7_BAD_SYNTAX;
        return false;
    }
    m->type = hl7_message_type(&whole, a);
    m->lane = mllp_lane(&whole, set->seal);
    return true;
}

/* m->first_part: the chain that m ends. */
static bool put_whole(struct mllp_unit *u, const struct mllp_receiver_settings *set,
                      struct message *m, struct store *s, struct arena *a, struct intake *out,
                      struct err *e)
{
    const int64_t first = m->first_part;
    struct message_list parts;
    enum hl7_condition refused;
    struct str reason;

    m->first_part = 0; /* it is a whole message now */
    if (!s->ops->read_parts(s, first, a, &parts, e))
        return false;
    if (parts.n == 0) /* damaged, and held for that: there is nothing to join it to */
        return put_orphan(m, s, a, out, e);
    if (!join(u, set, &parts, a, m, &refused))
        return mllp_unit_answer(u, set, refused, e);
    if (!s->ops->put_message(s, m, a, out, e))
        return false;
    if (out->seen)
        return true;
    reason = arena_printf(a, "part of message %lld", (long long)out->id);
    return s->ops->end_parts(s, first, STANDING_RECORDED, reason, e);
}

bool mllp_parts_take(struct mllp_unit *u, const struct mllp_receiver_settings *set,
                     struct message *m, struct store *s, struct arena *a, struct intake *out,
                     struct err *e)
{
    int64_t since_ms = set->parts_ms > 0 ? m->received_ms - set->parts_ms : INT64_MIN;
    struct part_chain chain = {0};
    bool found;

    if (!u->part.continues)
        return put_part(u, 0, m, s, a, out, e);
    if (!s->ops->find_parts(s, u->part.from, since_ms, &chain, &found, e))
        return false;
    if (!found)
        return put_orphan(m, s, a, out, e);
    if (chain.n >= set->parts_most || chain.bytes + m->body.n > set->parts_bytes)
        return mllp_unit_answer(u, set, HL7_OVER_LIMIT, e);
    if (u->part.goes_on)
        return put_part(u, chain.first, m, s, a, out, e);
    m->first_part = chain.first;
    return put_whole(u, set, m, s, a, out, e);
}
