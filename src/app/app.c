/*             open                    ready                      stop
 *   keys, store, recover, steps ---> listeners, bells ---> listeners closed ---> steps closed
 *                                                            ---> store, client, alarms ---> gone
 *
 * Opened in the order of the layers, closed in reverse. A failed start takes the same way down. */
#include "parts.h"

#include <stdlib.h>

#include "base/container_of.h"
#include "base/log.h"

static void close_steps(struct app *a);
static void close_rest(struct app *a);

static void app_free(struct app *a)
{
    void (*on_stopped)(void *ctx) = a->on_stopped;
    void *ctx = a->stopped_ctx;

    for (size_t i = 0; i < MOST_LISTENERS; i++)
        tls_close(a->listening[i].tls);
    peers_close(&a->peers);
    live_free(a->live);
    seal_close(a->seal);
    arena_reset(&a->arena);
    free(a);
    if (on_stopped)
        on_stopped(ctx);
}

/* One close came back; the last one opens the next stage. */
static void closed(void *ctx)
{
    struct app *a = ctx;

    if (--a->closing == 0)
        a->stage(a);
}

static void on_wake_closed(uv_handle_t *h)
{
    closed(h->data);
}

/* `closing` starts at one, so that a close that comes back at once cannot end the stage early. */
static void begin_stage(struct app *a, void (*next)(struct app *a))
{
    a->stage = next;
    a->closing = 1;
}

static void close_listeners(struct app *a)
{
    begin_stage(a, close_steps);
    for (size_t i = 0; i < a->n_listening; i++) {
        a->closing++;
        listening_close(a, &a->listening[i], closed);
    }
    a->closing += (a->reload != NULL) + (a->control != NULL);
    if (a->reload)
        reload_close(a->reload, a->set.config->stop_grace, closed, a);
    if (a->control)
        control_close(a->control, closed, a);
    closed(a);
}

/* The sender wakes itself until its last outcome is stored. */
static void send_closed(void *ctx)
{
    struct app *a = ctx;

    a->wakes[WAKE_SEND].bell = (struct bell){NULL, NULL};
    closed(a);
}

static void close_steps(struct app *a)
{
    begin_stage(a, close_rest);
    a->wakes[WAKE_MAP].bell = a->wakes[WAKE_PLAN].bell = (struct bell){NULL, NULL};
    a->wakes[WAKE_OUTBOUND].bell = a->wakes[WAKE_POLICY].bell = (struct bell){NULL, NULL};
    a->closing += (a->map != NULL) + (a->plan != NULL) + (a->send != NULL) + (a->outbound != NULL);
    if (a->map)
        map_close(a->map, closed, a);
    if (a->send)
        send_close(a->send, send_closed, a);
    if (a->plan)
        plan_close(a->plan, closed, a);
    if (a->outbound)
        outbound_close(a->outbound, closed, a);
    closed(a);
}

static void close_rest(struct app *a)
{
    begin_stage(a, app_free);
    if (a->client)
        http_client_close(a->client);
    if (a->queue)
        store_queue_stop(a->queue);
    for (int i = 0; i < WAKES; i++) {
        a->closing++;
        a->wakes[i].timer.data = a;
        wake_close(&a->wakes[i], on_wake_closed);
    }
    closed(a);
}

void app_stop(struct app *a, void (*on_stopped)(void *ctx), void *ctx)
{
    a->stopping = true;
    a->on_stopped = on_stopped;
    a->stopped_ctx = ctx;
    close_listeners(a);
}

static bool open_listeners(struct app *a, struct err *e)
{
    const struct config *c = a->set.config;

    if (c->n_listen > MOST_LISTENERS)
        return err_set(e, ERR_CONFIG, 0, "%s: more than %d listeners", c->file, MOST_LISTENERS);
    for (size_t i = 0; i < c->n_listen; i++) {
        if (!listening_open(a, &c->listen[i], e))
            return false;
    }
    return true;
}

bool app_open(const struct app_settings *set, struct app **out, struct err *e)
{
    struct app *a = calloc(1, sizeof *a);
    struct feed_set feeds = *set->feeds;

    if (!a)
        return err_set(e, ERR_BUSY, 0, "out of memory");
    a->set = *set;
    for (int i = 0; i < WAKES; i++)
        wake_init(&a->wakes[i], set->loop, set->clock);
    a->live = live_make(&feeds, true, NULL, clock_now_ms(set->clock));
    if (!a->live)
        err_set(e, ERR_BUSY, 0, "out of memory");
    if (!a->live || !steps_open(a, e) || !operator_open(a, e) || !open_listeners(a, e)) {
        app_stop(a, NULL, NULL);
        return false;
    }
    map_ring(a->map);
    plan_ring(a->plan);
    send_ring(a->send);
    outbound_ring(a->outbound);
    operator_policy(a);
    a->ready = true;
    log_event(LOG_INFO, "app", "ready");
    *out = a;
    return true;
}

int app_port(const struct app *a, enum listen_kind kind, size_t n)
{
    for (size_t i = 0; i < a->n_listening; i++) {
        if (a->listening[i].set->kind == kind && n-- == 0)
            return listening_port(&a->listening[i]);
    }
    return 0;
}

static bool look_run(struct store_job *j, struct store *s, struct err *e)
{
    struct app_look *l = container_of(j, struct app_look, own.job);

    arena_reset(&l->own.arena);
    return s->ops->ledger(s, &l->ledger, e) &&
           s->ops->list_recent(s, l->most, &l->own.arena, &l->recent, e);
}

static void look_done(struct store_job *j)
{
    struct app_look *l = container_of(j, struct app_look, own.job);
    struct arena arena = l->own.arena;

    l->err = j->ok ? (struct err){0} : j->err;
    l->done(l); /* may start the next look, or free l */
    arena_reset(&arena);
}

void app_look(struct app *a, struct app_look *l)
{
    l->own = (struct app_look_private){.job = {.run = look_run, .done = look_done}};
    store_queue_submit(a->queue, &l->own.job);
}
