/*                      a message                  committed, or refused at once
 *   taken ---> READING ---------> STORING ------------------------> ANSWERING ---+
 *               ^  |                 | told to close: finish, then   |           | answer written
 *               |  | end, limit,     |                               v           |
 *               |  | close           +------> CLOSING <-- LINGERING <+           |
 *               |  +----------------------------^                                |
 *               +----------------------------------------------------------------+
 *
 * READING goes on as YIELDED, and back, when there is much to do that the store is not needed for.
 *
 * One message at a time. While one is stored or answered, what comes is kept, up to KEPT_MOST bytes; then
 * the socket is left alone until all of that is handled, so TCP holds a fast sender back and our memory
 * stays bounded. One answer is written at a time: a peer that does not read is owed no second one.
 * A commit whose outcome is unknown calls nobody: the queue's on_fatal() ends the process. */
#include "mllp_conn.h"

#include <stdlib.h>

#include "base/container_of.h"
#include "base/log.h"

enum {
    KEPT_MOST = 64 << 10,
    READ_MOST = 64 << 10,
    TURN_MOST = 64, /* messages that need no store, or other steps, before it is others' turn */
    LINGER_MS = 1000,
    LINGER_MOST = 16 << 20, /* the longest message that anybody may be allowed */
};

static void on_gone(struct mllp_conn *c)
{
    struct mllp_receiver *r = c->r;

    if (--c->open)
        return;
    mllp_reply_forget(c);
    *c->back = c->next;
    if (c->next)
        c->next->back = c->back;
    mllp_conn_tell_peers(c);
    mllp_ring_end(&c->ring);
    mllp_framer_end(&c->framer);
    mllp_unit_end(&c->unit);
    mllp_batch_end(&c->batch);
    arena_reset(&c->found);
    buf_reset(&c->kept);
    free(c);
    mllp_receiver_let_go(r);
}

static void on_timer_closed(uv_handle_t *h)
{
    on_gone(container_of(h, struct mllp_conn, timer));
}

static void on_stream_closed(void *ctx)
{
    on_gone(ctx);
}

void mllp_conn_close(struct mllp_conn *c)
{
    c->quit = true;
    if (c->state == STORING || c->state == ANSWERING || c->state == CLOSING)
        return; /* the job's done() or on_written() comes back here */
    c->state = CLOSING;
    c->r->open--;
    if (c->r->set.room)
        c->r->set.room->open--;
    uv_close((uv_handle_t *)&c->timer, on_timer_closed);
    stream_close(c->stream);
}

/* Nothing more is answered. Closing with bytes unread would reset the connection, and the peer might
 * lose an answer that it has not read. */
static void leave(struct mllp_conn *c)
{
    if (!c->answered || c->ended || c->broken || c->r->hurry) {
        mllp_conn_close(c);
        return;
    }
    c->state = LINGERING;
    c->in.n = 0;
    mllp_conn_deadline(c, LINGER_MS);
    stream_shutdown(c->stream);
    stream_read(c->stream, true);
}

static void say_closed(const struct mllp_conn *c, enum hl7_code code, uint64_t offset,
                       uint64_t bytes)
{
    log_event(LOG_WARN, "receive", "mllp connection %llu: %s at byte %llu, %llu bytes -> closed",
              (unsigned long long)c->id, hl7_code_name(code), (unsigned long long)offset,
              (unsigned long long)bytes);
}

static void on_written(void *ctx, bool ok)
{
    struct mllp_conn *c = ctx;

    if (c->state == CLOSING)
        return; /* the write was cut by the write limit */
    mllp_conn_deadline(c, 0);
    c->state = READING;
    c->answered = ok;
    c->touched = uv_now(c->r->set.loop);
    if (ok)
        mllp_conn_pump(c);
    else
        mllp_conn_close(c);
}

void mllp_conn_write(struct mllp_conn *c, struct str bytes)
{
    size_t now;

    c->state = READING;
    if (c->broken) {
        mllp_conn_close(c);
        return;
    }
    now = stream_write_now(c->stream, bytes);
    if (now == bytes.n) {
        c->answered = true;
        c->touched = uv_now(c->r->set.loop);
        return;
    }
    c->state = ANSWERING;
    mllp_conn_deadline(c, c->r->set.write_ms);
    stream_write(c->stream, (struct str){bytes.p + now, bytes.n - now});
}

void mllp_conn_submit(struct mllp_conn *c)
{
    c->state = STORING;
    mllp_conn_deadline(c, 0);
    store_queue_submit(c->r->set.queue, &c->job);
}

/* A damaged or oversized frame. An oversized one is answered only if its header can be read. */
static void refuse_frame(struct mllp_conn *c, const struct mllp_event *ev)
{
    bool large = ev->code == MLLP_TOO_LARGE;
    struct hl7_header h;
    struct err e;

    if (ev->last)
        c->quit = true;
    if (large && !hl7_header_scan(ev->content, &h, &e)) {
        c->r->counts.conditions[HL7_OVER_LIMIT]++;
        say_closed(c, ev->code, ev->offset, ev->count);
        mllp_conn_close(c);
        return;
    }
    c->frame = ev->content;
    mllp_conn_take_message(c, large ? HL7_OVER_LIMIT : HL7_BAD_FRAME);
    c->frame.n = 0;
}

static void handle(struct mllp_conn *c, const struct mllp_event *ev)
{
    if (ev->code != HL7_CODE_NONE)
        mllp_conn_note_framing(c, ev);
    switch (ev->step) {
    case MLLP_MORE:
    case MLLP_NOTE:
        break;
    case MLLP_FRAME:
        c->r->counts.frames++;
        c->frame = ev->content;
        c->frame_at = ev->offset;
        break;
    case MLLP_REFUSE:
        c->r->counts.frames++;
        c->frame_at = ev->offset;
        refuse_frame(c, ev);
        break;
    case MLLP_CLOSE:
        say_closed(c, ev->code, ev->offset, ev->count);
        mllp_conn_close(c);
        break;
    }
}

bool mllp_conn_is_idle(const struct mllp_conn *c)
{
    return c->state == READING && c->in.n == 0 && c->frame.n == 0 &&
           mllp_waits(&c->framer) == MLLP_WAIT_START;
}

/* The receiver is to stop, and what this peer had sent by then is answered. */
static bool drained(const struct mllp_conn *c)
{
    return c->r->closing && c->frame.n == 0 && !c->batch.open && c->framer.n_queue == 0 &&
           c->framer.at >= c->drain_to && mllp_waits(&c->framer) == MLLP_WAIT_START;
}

/* All is read: waits for more. */
static void wait_more(struct mllp_conn *c)
{
    mllp_conn_wait(c);
    c->kept.n = 0;
    if (c->paused) {
        c->paused = false;
        stream_read(c->stream, true);
    }
}

void mllp_conn_pump(struct mllp_conn *c)
{
    struct mllp_event ev;

    for (int n = 0; c->state == READING; n++) {
        if (n == TURN_MOST) {
            mllp_turn_later(c);
        } else if (c->quit || drained(c)) {
            leave(c);
        } else if (mllp_reply_due(c)) {
            mllp_reply_write(c);
        } else if (c->frame.n || c->batch.open) {
            mllp_conn_take_message(c, HL7_COMMITTED);
        } else if (mllp_next(&c->framer, &c->in, &ev) != MLLP_MORE) {
            handle(c, &ev);
        } else if (c->told_end) {
            mllp_conn_close(c);
        } else if (c->ended) {
            c->told_end = true;
            mllp_eof(&c->framer);
        } else {
            wait_more(c);
            return;
        }
    }
}

/* Keeps bytes that cannot be looked at now: they live no longer than the read. */
static void keep(struct mllp_conn *c, struct str data)
{
    if (data.n == 0)
        return;
    buf_drop(&c->kept, c->kept.n - c->in.n); /* handled already */
    buf_add(&c->kept, data);
    c->in = buf_str(&c->kept);
    if (c->in.n >= KEPT_MOST && !c->paused) {
        c->paused = true;
        stream_read(c->stream, false);
    }
}

static void on_data(void *ctx, struct str data)
{
    struct mllp_conn *c = ctx;

    if (c->state == LINGERING) {
        c->dropped += data.n;
        if (c->dropped > LINGER_MOST)
            mllp_conn_close(c);
        return;
    }
    if (c->state == CLOSING)
        return;
    c->touched = uv_now(c->r->set.loop);
    mllp_recorder_add(c, data);
    if (c->state == READING) {
        c->in = data;
        mllp_conn_pump(c);
        data = c->in;
        c->in.n = 0;
        c->kept.n = 0;
    }
    if (c->state == STORING || c->state == ANSWERING || c->state == YIELDED)
        keep(c, data);
}

static void on_end(void *ctx, const struct err *why)
{
    struct mllp_conn *c = ctx;

    c->ended = true;
    c->broken = why->kind != ERR_NONE;
    if (c->broken || c->state == LINGERING)
        mllp_conn_close(c);
    else if (c->state == READING)
        mllp_conn_pump(c);
}

void mllp_conn_take(struct mllp_receiver *r, struct stream *s)
{
    struct mllp_conn *c = calloc(1, sizeof *c);

    if (!c)
        abort();
    c->r = r;
    c->stream = s;
    c->id = ++r->counts.connections;
    c->touched = uv_now(r->set.loop);
    memcpy(c->who.address, s->peer, sizeof c->who.address);
    c->opened_ms = clock_now_ms(r->set.clock);
    c->next = r->conns;
    c->back = &r->conns;
    if (c->next)
        c->next->back = &c->next;
    r->conns = c;
    r->open++;
    if (r->set.room)
        r->set.room->open++;
    r->alive++;
    c->open = 2;
    c->paused = true;
    c->kept = buf_new(KEPT_MOST + READ_MOST);
    mllp_framer_init(&c->framer, &r->set.framing);
    mllp_unit_init(&c->unit);
    uv_timer_init(r->set.loop, &c->timer);
    s->on = (struct stream_events){on_data, on_end, on_written, on_stream_closed};
    s->ctx = c;
    wait_more(c);
}

void mllp_conn_drain_all(struct mllp_receiver *r)
{
    for (struct mllp_conn *c = r->conns, *next; c; c = next) {
        next = c->next;
        c->drain_to = c->framer.at + c->in.n;
        if (c->state == READING && drained(c))
            mllp_conn_close(c);
    }
}

void mllp_conn_close_all(struct mllp_receiver *r)
{
    for (struct mllp_conn *c = r->conns, *next; c; c = next) {
        next = c->next;
        mllp_conn_close(c);
    }
}
