/*                      a message                  committed, or refused at once
 *   taken ---> READING ---------> STORING ------------------------> ANSWERING ---+
 *               ^  |                 | told to close: finish, then   |           | answer written
 *               |  | end, limit,     |                               v           |
 *               |  | close           +-----------------> CLOSING <---+           |
 *               |  +---------------------------------------^                     |
 *               +----------------------------------------------------------------+
 *
 * One message at a time. While one is stored or answered at most one more read is taken; then the socket
 * is left alone until the answer is out, so TCP holds a fast sender back and our memory stays bounded.
 * A commit whose outcome is unknown calls nobody: the queue's on_fatal() ends the process. */
#include "mllp_conn.h"

#include <stdlib.h>

#include "base/container_of.h"
#include "base/log.h"

enum { KEEP_BYTES = 4096 /* of each buffer, while a connection is idle */ };

static void on_gone(struct mllp_conn *c)
{
    struct mllp_receiver *r = c->r;

    if (--c->open)
        return;
    *c->back = c->next;
    if (c->next)
        c->next->back = c->back;
    mllp_framer_end(&c->framer);
    mllp_unit_end(&c->unit);
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
    if (c->state != READING)
        return; /* store_done() or on_written() comes back here */
    c->state = CLOSING;
    uv_close((uv_handle_t *)&c->timer, on_timer_closed);
    stream_close(c->stream);
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

    uv_timer_stop(&c->timer);
    c->waits = MLLP_WAIT_START;
    if (c->state == CLOSING)
        return; /* the write was cut by the write limit */
    c->state = READING;
    if (!ok || c->quit)
        mllp_conn_close(c);
    else
        mllp_conn_pump(c);
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
        c->r->counts.codes[ev->code]++;
    switch (ev->step) {
    case MLLP_MORE:
    case MLLP_NOTE:
        break;
    case MLLP_FRAME:
        c->r->counts.frames++;
        c->frame = ev->content;
        break;
    case MLLP_REFUSE:
        c->r->counts.frames++;
        refuse_frame(c, ev);
        break;
    case MLLP_CLOSE:
        say_closed(c, ev->code, ev->offset, ev->count);
        mllp_conn_close(c);
        break;
    }
}

void mllp_conn_timer(uv_timer_t *t)
{
    struct mllp_conn *c = container_of(t, struct mllp_conn, timer);

    if (c->state == ANSWERING) {
        c->r->counts.write_timeouts++;
        log_event(LOG_WARN, "receive",
                  "mllp connection %llu: answers are not taken -> closed after %lld ms",
                  (unsigned long long)c->id, (long long)c->r->set.write_ms);
        c->state = READING; /* the write is abandoned with the stream */
        mllp_conn_close(c);
        return;
    }
    c->waits = MLLP_WAIT_START;
    switch (mllp_waits(&c->framer)) {
    case MLLP_WAIT_START:
        c->r->counts.idle_timeouts++;
        mllp_conn_close(c);
        return;
    case MLLP_WAIT_FRAME:
        mllp_timeout(&c->framer);
        break;
    case MLLP_WAIT_GRACE:
        mllp_silence(&c->framer);
        break;
    }
    mllp_conn_pump(c);
}

static int64_t limit_of(const struct mllp_conn *c, enum mllp_wait w)
{
    switch (w) {
    case MLLP_WAIT_START:
        return c->r->set.idle_ms;
    case MLLP_WAIT_FRAME:
        return c->r->set.frame_ms;
    case MLLP_WAIT_GRACE:
        return c->r->set.fs_grace_ms;
    }
    return 0;
}

/* All is read: waits for more. A frame's limit runs from its first byte, whatever trickles in. */
static void wait_more(struct mllp_conn *c)
{
    enum mllp_wait w = mllp_waits(&c->framer);
    int64_t limit = limit_of(c, w);

    if (w != c->waits || w == MLLP_WAIT_START || c->waits_for != c->framer.start) {
        uv_timer_stop(&c->timer);
        if (limit > 0)
            uv_timer_start(&c->timer, mllp_conn_timer, (uint64_t)limit, 0);
        c->waits = w;
        c->waits_for = c->framer.start;
    }
    if (w == MLLP_WAIT_START) {
        mllp_trim(&c->framer, KEEP_BYTES);
        arena_reset(&c->found);
        arena_reset(&c->unit.arena);
    }
    if (c->kept.size > KEEP_BYTES)
        buf_reset(&c->kept);
    c->kept.n = 0;
    if (c->paused) {
        c->paused = false;
        stream_read(c->stream, true);
    }
}

void mllp_conn_pump(struct mllp_conn *c)
{
    struct mllp_event ev;

    while (c->state == READING) {
        if (c->frame.n) {
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

/* Keeps what a read left over: it lives no longer than the read. */
static void keep_rest(struct mllp_conn *c, struct str rest)
{
    if (rest.n == 0 || c->state == CLOSING)
        return;
    buf_add(&c->kept, rest);
    c->in = buf_str(&c->kept);
    c->paused = true;
    stream_read(c->stream, false);
}

enum mllp_match mllp_conn_sender(struct mllp_conn *c, const struct hl7_header *h,
                                 const struct mllp_profile **out)
{
    const struct mllp_receiver_settings *set = &c->r->set;
    struct mllp_origin from = {c->stream->peer, c->stream->certificate};
    const struct mllp_sender *s = NULL;
    enum mllp_match match = mllp_sender_find(set->senders, set->n_senders, hl7_header_name(h, 3),
                                             hl7_header_name(h, 4), &from, &s);

    *out = s ? &s->profile : &set->profile;
    if (match == MLLP_UNKNOWN && set->only_known)
        match = MLLP_FOREIGN;
    if (match != MLLP_FOREIGN)
        return match;
    c->r->counts.foreign++;
    log_event(LOG_WARN, "security", "mllp connection %llu from %s: names of %s -> message refused",
              (unsigned long long)c->id, c->stream->peer, s ? s->name : "nobody who is listed");
    return match;
}

static void on_data(void *ctx, struct str data)
{
    struct mllp_conn *c = ctx;
    struct str rest = data;

    if (c->state == READING) {
        c->in = data;
        mllp_conn_pump(c);
        rest = c->in;
        c->in = (struct str){NULL, 0};
    }
    keep_rest(c, rest);
}

static void on_end(void *ctx, const struct err *why)
{
    struct mllp_conn *c = ctx;

    c->ended = true;
    c->broken = why->kind != ERR_NONE;
    if (c->broken)
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
    c->next = r->conns;
    c->back = &r->conns;
    if (c->next)
        c->next->back = &c->next;
    r->conns = c;
    r->alive++;
    c->open = 2;
    c->paused = true;
    c->kept = buf_new((size_t)1 << 20); /* one read at a time is kept, of 64 KiB */
    mllp_framer_init(&c->framer, &r->set.framing);
    mllp_unit_init(&c->unit);
    uv_timer_init(r->set.loop, &c->timer);
    s->on = (struct stream_events){on_data, on_end, on_written, on_stream_closed};
    s->ctx = c;
    wait_more(c);
}

void mllp_conn_close_all(struct mllp_receiver *r)
{
    for (struct mllp_conn *c = r->conns, *next; c; c = next) {
        next = c->next;
        mllp_conn_close(c);
    }
}
