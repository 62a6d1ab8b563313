#include "plan/plan.h"

#include <stdlib.h>

#include "base/container_of.h"
#include "base/log.h"

struct plan {
    struct plan_settings set;
    bool running, again, closing;
    void (*on_closed)(void *ctx);
    void *closed_ctx;

    struct store_job job;
    struct arena arena;
    struct plan_result result;
};

static bool run(struct store_job *j, struct store *s, struct err *e)
{
    struct plan *p = container_of(j, struct plan, job);

    arena_reset(&p->arena);
    return plan_run(&p->set, clock_now_ms(p->set.clock), s, &p->arena, &p->result, e);
}

static void plan_free(struct plan *p)
{
    void (*on_closed)(void *ctx) = p->on_closed;
    void *ctx = p->closed_ctx;

    arena_reset(&p->arena);
    free(p);
    on_closed(ctx);
}

static void done(struct store_job *j)
{
    struct plan *p = container_of(j, struct plan, job);

    p->running = false;
    arena_reset(&p->arena);
    if (p->closing) {
        plan_free(p);
        return;
    }
    if (!j->ok) {
        log_event(LOG_WARN, "plan", "a transaction failed: %s -> again in %lld ms", j->err.text,
                  (long long)p->set.retry_ms);
        alarm_set(&p->set.alarm, clock_now_ms(p->set.clock) + p->set.retry_ms);
        return;
    }
    alarm_set(&p->set.alarm, p->result.next_ms);
    if (p->result.ready)
        bell_ring(&p->set.next);
    if (p->again || p->result.more)
        plan_ring(p);
}

bool plan_open(const struct plan_settings *set, struct plan **out, struct err *e)
{
    struct plan *p = calloc(1, sizeof *p);

    if (!p)
        return err_set(e, ERR_BUSY, 0, "out of memory");
    p->set = *set;
    *out = p;
    return true;
}

void plan_ring(void *plan)
{
    struct plan *p = plan;

    p->again = p->running;
    if (p->running || p->closing)
        return;
    p->running = true;
    p->job = (struct store_job){.run = run, .done = done, .later = true};
    store_queue_submit(p->set.queue, &p->job);
}

void plan_close(struct plan *p, void (*on_closed)(void *ctx), void *ctx)
{
    p->closing = true;
    p->on_closed = on_closed;
    p->closed_ctx = ctx;
    if (!p->running)
        plan_free(p);
}
