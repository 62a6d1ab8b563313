/* What a connection waits for, and for how long.
 *
 * A deadline moves with every message, a timer is moved only when it would ring too late: one that rings
 * too early looks at the deadline and goes on. */
#include "base/container_of.h"
#include "base/log.h"
#include "mllp_conn.h"

enum { KEEP_BYTES = 4096 /* of each buffer, while a connection is idle */, UNTIMED_MS = 30000 };

static void on_timer(uv_timer_t *t);

static void run_timer(struct mllp_conn *c)
{
    uint64_t now = uv_now(c->r->set.loop);

    c->rings = c->deadline;
    uv_timer_start(&c->timer, on_timer, c->deadline > now ? c->deadline - now : 0, 0);
}

void mllp_conn_deadline(struct mllp_conn *c, int64_t ms)
{
    c->deadline = ms > 0 ? uv_now(c->r->set.loop) + (uint64_t)ms : 0;
    if (c->deadline && (!uv_is_active((uv_handle_t *)&c->timer) || c->rings > c->deadline))
        run_timer(c);
}

static void answer_late(struct mllp_conn *c)
{
    c->r->counts.write_timeouts++;
    log_event(LOG_WARN, "receive",
              "mllp connection %llu: answers are not taken -> closed after %lld ms",
              (unsigned long long)c->id, (long long)c->r->set.write_ms);
    c->state = READING; /* the write is abandoned with the stream */
    mllp_conn_close(c);
}

static void read_late(struct mllp_conn *c)
{
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

static void on_timer(uv_timer_t *t)
{
    struct mllp_conn *c = container_of(t, struct mllp_conn, timer);

    if (c->deadline == 0)
        return;
    if (c->deadline > uv_now(c->r->set.loop)) {
        run_timer(c);
        return;
    }
    c->deadline = 0;
    switch (c->state) {
    case READING:
        read_late(c);
        break;
    case ANSWERING:
        answer_late(c);
        break;
    case LINGERING:
        mllp_conn_close(c);
        break;
    case STORING:
    case YIELDED:
    case CLOSING:
        break;
    }
}

/* Milliseconds that the frame being read may take in all: what it has brought so far buys time. */
static int64_t frame_limit(const struct mllp_conn *c)
{
    const struct mllp_receiver_settings *set = &c->r->set;
    int64_t bytes = (int64_t)(c->framer.at - c->framer.start), paid, free_of_charge;

    if (set->min_rate <= 0)
        return set->frame_ms;
    free_of_charge = (set->frame_ms > 0 ? set->frame_ms : UNTIMED_MS) / 4;
    paid = bytes * 1000 / set->min_rate;
    paid = paid > free_of_charge ? paid : free_of_charge;
    return set->frame_ms > 0 && set->frame_ms < paid ? set->frame_ms : paid;
}

/* A frame's time runs from its first byte, whatever trickles in. */
static void wait_frame(struct mllp_conn *c)
{
    uint64_t now = uv_now(c->r->set.loop);
    int64_t limit = frame_limit(c), left;

    if (c->begun == 0 || c->begun_start != c->framer.start) {
        c->begun = now;
        c->begun_start = c->framer.start;
    }
    left = limit - (int64_t)(now - c->begun);
    mllp_conn_deadline(c, limit > 0 && left < 1 ? 1 : limit > 0 ? left : 0);
}

void mllp_conn_wait(struct mllp_conn *c)
{
    switch (mllp_waits(&c->framer)) {
    case MLLP_WAIT_START:
        mllp_conn_deadline(c, c->r->set.idle_ms);
        c->begun = 0;
        mllp_trim(&c->framer, KEEP_BYTES);
        arena_reset(&c->found);
        arena_reset(&c->unit.arena);
        if (c->kept.size > KEEP_BYTES)
            buf_reset(&c->kept);
        break;
    case MLLP_WAIT_FRAME:
        wait_frame(c);
        break;
    case MLLP_WAIT_GRACE:
        mllp_conn_deadline(c, c->r->set.fs_grace_ms);
        break;
    }
}
