#include "mllp_intake.h"

#include "mllp_sequence.h"

/* The message or the part, without regard to its number. */
static bool put(struct mllp_unit *u, const struct mllp_receiver_settings *set, struct store *s,
                struct arena *a, struct intake *out, struct err *e)
{
    struct message m = u->message;

    m.ack = buf_str(&u->ack);
    if (u->part.continues || u->part.goes_on)
        return mllp_parts_take(u, set, &m, s, a, out, e);
    return s->ops->put_message(s, &m, a, out, e);
}

/* The number that was taken last, on a message that was not: kept, because it is acknowledged, but no
 * event. */
static bool put_again(struct mllp_unit *u, struct store *s, struct arena *a, struct intake *out,
                      struct err *e)
{
    struct message m = u->message;
    struct instance dropped = {.received_ms = m.received_ms,
                               .message_ms = m.received_ms,
                               .test = m.test,
                               .feed = m.feed,
                               .standing = STANDING_DROPPED,
                               .reason = STR("sequence number of the message before")};

    m.ack = buf_str(&u->ack);
    m.reply = REPLY_NEVER;
    if (!s->ops->put_message(s, &m, a, out, e))
        return false;
    return out->seen || s->ops->put_mapped(s, out->id, (struct str){NULL, 0}, &dropped, 1, e);
}

static bool put_numbered(struct mllp_unit *u, const struct mllp_receiver_settings *set,
                         struct store *s, struct arena *a, struct intake *out, struct err *e)
{
    struct sequence now;
    struct mllp_step_taken step;
    int64_t n;
    bool numeric = mllp_sequence_read(u->header.fields[13], &n);
    enum hl7_condition c;

    if (!s->ops->get_sequence(s, u->sender, &now, e))
        return false;
    step = mllp_sequence_step(&now, numeric, n);
    c = step.turn == MLLP_TURN_WRONG ? HL7_SEQUENCE : HL7_COMMITTED;
    u->sequenced = true;
    u->expected = step.answer;
    if (!mllp_unit_answer(u, set, c, e))
        return false;
    if (step.turn == MLLP_TURN_AGAIN)
        return put_again(u, s, a, out, e);
    if (step.turn != MLLP_TURN_WRONG && !put(u, set, s, a, out, e))
        return false;
    if (step.turn == MLLP_TURN_LINK)
        out->ack = (struct str){NULL, 0}; /* where we are now, whatever was said before */
    if (step.turn != MLLP_TURN_WRONG && u->condition != HL7_COMMITTED)
        return true; /* refused as a part: its number was not taken */
    return s->ops->put_sequence(s, u->sender, &step.after, e);
}

bool mllp_intake(struct mllp_unit *u, const struct mllp_receiver_settings *set, struct store *s,
                 struct arena *a, struct intake *out, struct err *e)
{
    *out = (struct intake){0};
    if (u->condition != HL7_COMMITTED && !mllp_unit_answer(u, set, HL7_COMMITTED, e))
        return false; /* written by a run that was rolled back */
    return u->numbered ? put_numbered(u, set, s, a, out, e) : put(u, set, s, a, out, e);
}
