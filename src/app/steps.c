/* Keys, store and steps, and who rings whom. */
#include <string.h>

#include "base/log.h"
#include "parts.h"

/* What a crash left is settled before anything can be sent: a barrier, not a background job. */
static bool recover(struct app *a, struct store *s, struct err *e)
{
    size_t unknown = 0;

    if (!s->ops->begin(s, e))
        return false;
    if (!s->ops->recover(s, clock_now_ms(a->set.clock), &unknown, e) ||
        !outbound_recover(a->peers.channels, a->peers.n_channels, clock_now_ms(a->set.clock), s,
                          e)) {
        s->ops->rollback(s);
        return false;
    }
    if (!s->ops->commit(s, e))
        return false;
    if (unknown)
        log_event(LOG_WARN, "app", "recovered: %zu attempts were in flight -> unknown", unknown);
    return true;
}

static void on_fatal(void *ctx, const struct err *e)
{
    struct app *a = ctx;

    log_event(LOG_ERROR, "store", "%s -> nothing more is answered; ending, the next start recovers",
              e->text);
    a->set.on_fatal(a->set.ctx, e);
}

static bool open_store(struct app *a, struct err *e)
{
    const struct config *c = a->set.config;
    struct store_settings set = {
        .where = c->state,
        .seal = a->seal,
        .duplicate_ms = c->receive_duplicate_window,
    };
    struct store_queue_settings queue = {
        .loop = a->set.loop,
        .max_batch = (size_t)c->store_max_batch,
        .later_ms = c->commit_later,
        .on_fatal = on_fatal,
        .ctx = a,
    };

    if (!store_sqlite.open(&set, &queue.store, e))
        return false;
    if (recover(a, queue.store, e) && store_queue_start(&queue, &a->queue, e))
        return true;
    queue.store->ops->close(queue.store);
    return false;
}

static bool open_client(struct app *a, struct err *e)
{
    const struct config *c = a->set.config;
    struct http_client_settings set = {
        .loop = a->set.loop,
        .max_host_connections = (int)c->send_in_flight,
        .connect_ms = c->send_connect_timeout,
        .max_age_s = 30,
    };

    return http_client_open(&set, &a->client, e);
}

static struct retry_policy retry_of(const struct config *c)
{
    return (struct retry_policy){
        .first_ms = c->send_retry_first,
        .most_ms = c->send_retry_most,
        .max_tries = (int32_t)c->send_max_tries,
        .unknown_ms = c->send_unknown_deadline,
    };
}

static bool open_map(struct app *a, struct err *e)
{
    struct map_settings set = {
        .queue = a->queue,
        .clock = a->set.clock,
        .seal = a->seal,
        .feeds = (const struct feed *const *)a->live->set.items,
        .n_feeds = a->live->set.n,
        .batch = (size_t)a->set.config->map_batch,
        .retry_ms = RETRY_MS,
        .max_tries = (int)a->set.config->map_max_tries,
        .stuck_most = (size_t)a->set.config->map_stuck,
        .parts_ms = a->set.config->receive_parts_timeout,
        .blocked = &a->blocked,
        .next = {app_ring_mapped, a},
        .alarm = wake_alarm(&a->wakes[WAKE_MAP]),
    };

    return map_open(&set, &a->map, e);
}

static bool open_plan(struct app *a, struct err *e)
{
    const struct config *c = a->set.config;
    struct plan_settings set = {
        .queue = a->queue,
        .clock = a->set.clock,
        .random = a->set.random,
        .seal = a->seal,
        .link_ttl_ms = c->links_ttl,
        .coalesce_most_ms = a->set.coalesce_most_ms,
        .retry = retry_of(c),
        .batch = (size_t)c->map_batch,
        .retry_ms = RETRY_MS,
        .next = {send_ring, a->send},
        .alarm = wake_alarm(&a->wakes[WAKE_PLAN]),
    };

    return plan_open(&set, &a->plan, e);
}

static bool open_send(struct app *a, struct err *e)
{
    const struct config *c = a->set.config;
    struct send_settings set = {
        .queue = a->queue,
        .http = a->client,
        .clock = a->set.clock,
        .random = a->set.random,
        .seal = a->seal,
        .graph = c->whatsapp_graph,
        .phone_number_id = c->whatsapp_phone_number_id,
        .token_file = c->whatsapp_token_file,
        .in_flight = (size_t)c->send_in_flight,
        .timeout_ms = c->send_timeout,
        .probe_ms = c->send_probe_interval,
        .grace_ms = c->stop_grace,
        .retry = retry_of(c),
        .blocked = &a->blocked,
        .plan = {app_ring_plan, a},
        .alarm = wake_alarm(&a->wakes[WAKE_SEND]),
    };

    return send_open(&set, &a->send, e);
}

static bool open_outbound(struct app *a, struct err *e)
{
    const struct config *c = a->set.config;
    struct outbound_settings set = {
        .loop = a->set.loop,
        .queue = a->queue,
        .clock = a->set.clock,
        .random = a->set.random,
        .channels = a->peers.channels,
        .n_channels = a->peers.n_channels,
        .connect_ms = c->outbound_connect_timeout,
        .answer_ms = c->outbound_answer_timeout,
        .retry_first_ms = c->outbound_retry_first,
        .retry_most_ms = c->outbound_retry_most,
        .max_tries = (int32_t)c->outbound_max_tries,
        .idle_ms = c->outbound_idle_timeout,
        .keepalive_s = (int)(c->receive_keepalive / 1000),
        .alarm = wake_alarm(&a->wakes[WAKE_OUTBOUND]),
    };

    return outbound_open(&set, &a->outbound, e);
}

bool steps_open(struct app *a, struct err *e)
{
    random_pool_init(&a->ids, a->set.random);
    if (!seal_open(a->set.config->keys, &a->seal, e) ||
        !peers_open(a->set.config, &a->arena, &a->peers, e) || !open_store(a, e) ||
        !open_client(a, e))
        return false;
    if (!open_send(a, e) || !open_plan(a, e) || !open_outbound(a, e) || !open_map(a, e))
        return false;
    a->wakes[WAKE_MAP].bell = (struct bell){map_ring, a->map};
    a->wakes[WAKE_PLAN].bell = (struct bell){plan_ring, a->plan};
    a->wakes[WAKE_SEND].bell = (struct bell){send_ring, a->send};
    a->wakes[WAKE_OUTBOUND].bell = (struct bell){outbound_ring, a->outbound};
    a->wakes[WAKE_POLICY].bell = (struct bell){operator_policy, a};
    return true;
}
