#include "turn.h"

#include <stdlib.h>

#include "base/container_of.h"

struct turn {
    uv_idle_t idle;
    void (*fn)(void *ctx);
    void *ctx;
};

static void on_closed(uv_handle_t *h)
{
    free(container_of(h, struct turn, idle));
}

void turn_cancel(struct turn *t)
{
    if (t)
        uv_close((uv_handle_t *)&t->idle, on_closed);
}

static void on_turn(uv_idle_t *idle)
{
    struct turn *t = container_of(idle, struct turn, idle);

    turn_cancel(t);
    t->fn(t->ctx);
}

struct turn *turn_start(uv_loop_t *loop, void (*fn)(void *ctx), void *ctx)
{
    struct turn *t = calloc(1, sizeof *t);

    if (!t)
        abort();
    t->fn = fn;
    t->ctx = ctx;
    uv_idle_init(loop, &t->idle);
    uv_idle_start(&t->idle, on_turn);
    return t;
}
