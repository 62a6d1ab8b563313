/* From one message to its answer: judged, committed, answered. */
#include "base/container_of.h"
#include "base/log.h"
#include "mllp_conn.h"

/* What stands in the log of a message that was not taken. */
static void say_refused(const struct mllp_conn *c)
{
    log_event(LOG_WARN, "receive", "mllp connection %llu: message of %llu bytes not taken -> %s",
              (unsigned long long)c->id, (unsigned long long)c->framer.content.n,
              hl7_ack_code_name(c->unit.code));
}

/* Sends what unit.ack or a stored answer holds; with nothing to send the next message is due at once. */
static void answer(struct mllp_conn *c, struct str bytes)
{
    c->state = READING;
    c->r->counts.acks[c->unit.code]++;
    if (bytes.n)
        mllp_conn_write(c, bytes);
}

/* The message cannot be stored now, by no fault of its own. */
static void answer_busy(struct mllp_conn *c)
{
    struct err e;

    c->r->counts.conditions[HL7_BUSY]++;
    c->state = READING; /* nothing is in flight any more */
    if (c->r->set.profile.busy == MLLP_BUSY_CLOSE || c->job.err.kind == ERR_UNCERTAIN ||
        !mllp_unit_answer(&c->unit, &c->r->set, HL7_BUSY, &e)) {
        mllp_conn_close(c);
        return;
    }
    if (c->r->set.profile.busy == MLLP_BUSY_NO_REPLY) {
        c->unit.code = HL7_SILENT;
        c->unit.ack.n = 0;
    }
    say_refused(c);
    answer(c, buf_str(&c->unit.ack));
}

static bool store_run(struct store_job *j, struct store *s, struct err *e)
{
    struct mllp_conn *c = container_of(j, struct mllp_conn, job);

    arena_reset(&c->found);
    c->intake = (struct intake){0};
    return s->ops->put_message(s, &c->unit.message, &c->found, &c->intake, e);
}

static void store_done(struct store_job *j)
{
    struct mllp_conn *c = container_of(j, struct mllp_conn, job);
    struct mllp_counts *counts = &c->r->counts;

    if (!j->ok) {
        answer_busy(c);
    } else if (c->intake.seen) {
        counts->duplicates++; /* the first answer again; lost on disk, the one made now */
        answer(c, c->intake.ack.p ? c->intake.ack : buf_str(&c->unit.ack));
    } else {
        counts->conditions[HL7_COMMITTED]++;
        if (c->intake.id_reused) {
            counts->codes[HL7_ID_REUSED]++;
            log_event(LOG_WARN, "receive", "message %lld: %s -> stored as a new one",
                      (long long)c->intake.id, hl7_code_name(HL7_ID_REUSED));
        }
        bell_ring(&c->r->set.next);
        answer(c, buf_str(&c->unit.ack));
    }
    if (c->state == READING)
        mllp_conn_pump(c);
}

void mllp_conn_take_message(struct mllp_conn *c, enum hl7_condition found)
{
    struct err e;

    if (!mllp_unit_read(&c->unit, &c->r->set, &c->frame, found, &e)) {
        log_event(LOG_ERROR, "receive", "mllp connection %llu: %s -> closed",
                  (unsigned long long)c->id, e.text);
        mllp_conn_close(c);
        return;
    }
    mllp_conn_note(c, c->unit.readable ? &c->unit.header : NULL, &c->unit.notes, c->unit.condition);
    if (c->unit.condition != HL7_COMMITTED) {
        c->r->counts.conditions[c->unit.condition]++;
        say_refused(c);
        answer(c, buf_str(&c->unit.ack));
        return;
    }
    c->job = (struct store_job){.run = store_run, .done = store_done};
    mllp_conn_submit(c);
}
