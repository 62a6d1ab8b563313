#include "mllp_sweep.h"

#include "base/container_of.h"
#include "base/log.h"
#include "mllp_conn.h"

enum { SOON_MS = 1000 };

static void on_timer(uv_timer_t *t);

/* Rings in `ms`, unless it rings sooner already. */
static void set_timer(struct mllp_receiver *r, int64_t ms)
{
    uv_timer_t *t = &r->sweep.timer;
    uint64_t in = ms > 0 ? (uint64_t)ms : 0;

    if (r->closing || (uv_is_active((uv_handle_t *)t) && uv_timer_get_due_in(t) <= in))
        return;
    uv_timer_start(t, on_timer, in, 0);
}

static bool run(struct store_job *j, struct store *s, struct err *e)
{
    struct mllp_sweep *w = container_of(j, struct mllp_sweep, job);

    return s->ops->expire_parts(s, w->before_ms, &w->n, &w->next_ms, e);
}

static void done(struct store_job *j)
{
    struct mllp_sweep *w = container_of(j, struct mllp_sweep, job);
    struct mllp_receiver *r = container_of(w, struct mllp_receiver, sweep);

    w->busy = false;
    if (!j->ok)
        set_timer(r, SOON_MS);
    else if (w->next_ms)
        set_timer(r, w->next_ms - w->before_ms + 1);
    if (j->ok && w->n)
        log_event(LOG_WARN, "receive", "%s: the rest of %zu continued messages never came -> held",
                  r->set.name, w->n);
    mllp_receiver_work_done(r);
}

static void on_timer(uv_timer_t *t)
{
    struct mllp_sweep *w = container_of(t, struct mllp_sweep, timer);
    struct mllp_receiver *r = container_of(w, struct mllp_receiver, sweep);

    if (r->replier.failed)
        mllp_receiver_ring(r);
    if (w->busy || r->set.parts_ms <= 0)
        return;
    w->busy = true;
    w->before_ms = clock_now_ms(r->set.clock) - r->set.parts_ms;
    w->job = (struct store_job){.run = run, .done = done, .later = true};
    r->works++;
    store_queue_submit(r->set.queue, &w->job);
}

void mllp_sweep_open(struct mllp_receiver *r)
{
    uv_timer_init(r->set.loop, &r->sweep.timer);
    r->works++;
    if (r->set.parts_ms > 0)
        set_timer(r, 0);
}

static void on_closed(uv_handle_t *h)
{
    struct mllp_sweep *w = container_of(h, struct mllp_sweep, timer);

    mllp_receiver_work_done(container_of(w, struct mllp_receiver, sweep));
}

void mllp_sweep_close(struct mllp_receiver *r)
{
    uv_close((uv_handle_t *)&r->sweep.timer, on_closed);
}

void mllp_sweep_later(struct mllp_receiver *r)
{
    if (r->set.parts_ms > 0)
        set_timer(r, r->set.parts_ms + 1);
}

void mllp_sweep_soon(struct mllp_receiver *r)
{
    set_timer(r, SOON_MS);
}
