#include "wake.h"

#include "base/container_of.h"

static void on_timer(uv_timer_t *t)
{
    bell_ring(&container_of(t, struct wake, timer)->bell);
}

static void set(void *ctx, int64_t at_ms)
{
    struct wake *w = ctx;
    int64_t now = clock_now_ms(w->clock);

    if (uv_is_closing((uv_handle_t *)&w->timer))
        return;
    if (!at_ms)
        (void)uv_timer_stop(&w->timer);
    else
        (void)uv_timer_start(&w->timer, on_timer, at_ms > now ? (uint64_t)(at_ms - now) : 0, 0);
}

void wake_init(struct wake *w, uv_loop_t *loop, const struct clock *clock)
{
    (void)uv_timer_init(loop, &w->timer);
    w->clock = clock;
}

struct alarm wake_alarm(struct wake *w)
{
    return (struct alarm){set, w};
}

void wake_close(struct wake *w, uv_close_cb on_closed)
{
    uv_close((uv_handle_t *)&w->timer, on_closed);
}
