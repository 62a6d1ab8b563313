/* From one message to its answer: judged, committed, answered. */
#include "base/container_of.h"
#include "base/log.h"
#include "mllp_conn.h"
#include "mllp_intake.h"

/* What stands in the log of a message that was not taken. */
static void say_refused(const struct mllp_conn *c)
{
    if (!mllp_receiver_may_say_refused(c->r))
        return;
    if (c->unit.condition == HL7_SEQUENCE)
        log_event(
            LOG_ERROR, "receive",
            "mllp connection %llu: the sequence number is not the one expected -> messages of "
            "this sender are refused until it starts its link anew (MSH-13 0 or -1)",
            (unsigned long long)c->id);
    log_event(LOG_WARN, "receive", "mllp connection %llu: message of %llu bytes not taken -> %s",
              (unsigned long long)c->id, (unsigned long long)c->unit.body.n,
              hl7_ack_code_name(c->unit.code));
}

/* Sends what unit.ack or a stored answer holds; with nothing to send the next message is due at once.
 * Within a batch it goes into the batch that answers. */
static void answer(struct mllp_conn *c, struct str bytes)
{
    c->state = READING;
    c->r->counts.acks[c->unit.code]++;
    if (c->batch.open)
        mllp_batch_add(&c->batch, c->unit.profile, c->unit.code, bytes);
    else if (bytes.n)
        mllp_conn_write(c, bytes);
}

static void answer_refused(struct mllp_conn *c)
{
    c->r->counts.conditions[c->unit.condition]++;
    say_refused(c);
    answer(c, buf_str(&c->unit.ack));
}

/* The message cannot be stored now, by no fault of its own. */
static void answer_busy(struct mllp_conn *c)
{
    enum mllp_busy way = c->unit.profile->busy;
    struct err e;

    c->state = READING; /* nothing is in flight any more */
    c->unit.sequenced = false;
    if (way == MLLP_BUSY_CLOSE || c->job.err.kind == ERR_UNCERTAIN ||
        !mllp_unit_answer(&c->unit, &c->r->set, HL7_BUSY, &e)) {
        c->r->counts.conditions[HL7_BUSY]++;
        mllp_conn_close(c);
        return;
    }
    if (way == MLLP_BUSY_NO_REPLY) {
        c->unit.code = HL7_SILENT;
        c->unit.ack.n = 0;
    }
    answer_refused(c);
}

/* The commit itself found that it is not to be taken. */
static void answer_found_out(struct mllp_conn *c)
{
    static const struct hl7_notes none;

    mllp_conn_note(c, &c->unit.header, &none, c->unit.condition);
    answer_refused(c);
}

static void say_reused(struct mllp_conn *c)
{
    struct hl7_notes notes = {0};

    hl7_note(&notes, HL7_ID_REUSED, 0);
    mllp_conn_note(c, &c->unit.header, &notes, HL7_COMMITTED);
    log_event(LOG_WARN, "receive", "message %lld: %s -> stored as a new one",
              (long long)c->intake.id, hl7_code_name(HL7_ID_REUSED));
}

/* What no place is left for is given up: a copy of the message may ask for it. */
static void promise(struct mllp_conn *c)
{
    if (mllp_reply_room(c))
        mllp_reply_expect(c, c->intake.id, c->intake.seen);
    else if (!c->intake.seen)
        mllp_replier_abandon(c->r, (struct mllp_reply){.message_id = c->intake.id});
}

static void answer_stored(struct mllp_conn *c)
{
    const struct message *m = &c->unit.message;

    if (m->reply != REPLY_NEVER && !m->channel.p)
        promise(c);
    if (c->intake.seen) {
        c->r->counts.duplicates++; /* the first answer again; lost on disk, the one made now */
        answer(c, c->intake.ack.p ? c->intake.ack : buf_str(&c->unit.ack));
        return;
    }
    c->r->counts.conditions[HL7_COMMITTED]++;
    if (c->intake.id_reused)
        say_reused(c);
    if (c->unit.part.goes_on)
        mllp_sweep_later(c->r);
    bell_ring(&c->r->set.next);
    answer(c, buf_str(&c->unit.ack));
}

static bool store_run(struct store_job *j, struct store *s, struct err *e)
{
    struct mllp_conn *c = container_of(j, struct mllp_conn, job);

    arena_reset(&c->found);
    return mllp_intake(&c->unit, &c->r->set, s, &c->found, &c->intake, e);
}

static void store_done(struct store_job *j)
{
    struct mllp_conn *c = container_of(j, struct mllp_conn, job);

    if (!j->ok)
        answer_busy(c);
    else if (c->unit.condition != HL7_COMMITTED)
        answer_found_out(c);
    else
        answer_stored(c);
    if (c->state == READING)
        mllp_conn_pump(c);
}

static void close_mute(struct mllp_conn *c, const struct err *e)
{
    log_event(LOG_ERROR, "receive", "mllp connection %llu: %s -> closed", (unsigned long long)c->id,
              e->text);
    mllp_conn_close(c);
}

/* The unit is taken: judged by what was agreed with its sender. */
static void handle_unit(struct mllp_conn *c)
{
    struct mllp_unit *u = &c->unit;
    struct err e;

    if (u->readable && mllp_conn_sender(c, &u->header, &u->profile) == MLLP_FOREIGN &&
        u->found == HL7_COMMITTED)
        u->found = HL7_NOT_BOUND;
    if (!mllp_unit_judge(u, &c->r->set, &e)) {
        close_mute(c, &e);
        return;
    }
    if (u->message.reply != REPLY_NEVER && !u->message.channel.p && !mllp_reply_room(c))
        hl7_note(&u->notes, HL7_REPLY_UNPROMISED, 0);
    mllp_conn_note(c, u->readable ? &u->header : NULL, &u->notes, u->condition);
    if (u->condition != HL7_COMMITTED) {
        answer_refused(c);
        return;
    }
    c->job = (struct store_job){.run = store_run, .done = store_done};
    mllp_conn_submit(c);
}

/* The next message of the open batch; after the last one, the answer to all. */
static void take_batched(struct mllp_conn *c)
{
    struct str message;
    struct err e;

    if (mllp_batch_next(&c->batch, &message)) {
        mllp_unit_take(&c->unit, &c->r->set, &message, HL7_COMMITTED);
        if (message.n)
            c->unit.found = HL7_BAD_SYNTAX; /* it ends in two ways: nothing of it is taken */
        handle_unit(c);
    } else if (!mllp_batch_answer(&c->batch, &c->r->set, &e)) {
        close_mute(c, &e);
    } else if (c->batch.out.n) {
        mllp_conn_write(c, buf_str(&c->batch.out));
    }
}

void mllp_conn_take_message(struct mllp_conn *c, enum hl7_condition found)
{
    struct mllp_unit *u = &c->unit;

    if (c->batch.open) {
        take_batched(c);
        return;
    }
    mllp_unit_take(u, &c->r->set, &c->frame, found);
    if (u->found == HL7_COMMITTED && u->header.batch) {
        u->found = mllp_batch_begin(&c->batch, &c->r->set, u->body, &u->notes);
        if (c->batch.open) {
            mllp_conn_note(c, &u->header, &u->notes, HL7_COMMITTED);
            return;
        }
    }
    handle_unit(c);
}
