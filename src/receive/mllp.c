#include <stdlib.h>

#include "base/container_of.h"
#include "base/log.h"
#include "mllp_conn.h"

struct mllp_receiver_settings mllp_receiver_settings_default(void)
{
    return (struct mllp_receiver_settings){
        .random = &seal_random_system,
        .framing = mllp_settings_default(),
        .limits = hl7_limits_default(),
        .profile = mllp_profile_default(),
        .keepalive_s = 60,
        .handshake_ms = 10000,
        .parts_most = 1000,
        .parts_bytes = (size_t)16 << 20,
        .parts_ms = 15 * 60 * 1000,
        .batch_most = 10000,
        .replies_most = 1000,
        .recorder_bytes = 0,
        .recordings_most = 100,
        .peers_most = 1000,
        .peers_ms = 10000,
        .max_connections = 64,
        .frame_ms = 30000,
        .fs_grace_ms = 250,
        .idle_ms = 0,
        .drain_ms = 0,
        .write_ms = 30000,
    };
}

static bool on_stream(void *ctx, struct stream *s)
{
    struct mllp_receiver *r = ctx;

    if (r->closing)
        return false;
    mllp_conn_take(r, s);
    return true;
}

static void on_refused(void *ctx, enum listener_refusal why, const char *peer, const char *detail)
{
    struct mllp_receiver *r = ctx;

    r->counts.refused[why]++;
    log_event(LOG_WARN, "security", "mllp %s: a connection from %s is refused: %s%s%s", r->set.name,
              peer, listener_refusal_name(why), detail[0] ? ": " : "", detail);
}

bool mllp_receiver_open(const struct mllp_receiver_settings *set, struct mllp_receiver **out,
                        struct err *e)
{
    struct mllp_receiver *r = calloc(1, sizeof *r);
    struct listener_settings ls;

    if (!r)
        abort();
    r->set = *set;
    ls = (struct listener_settings){.loop = set->loop,
                                    .host = set->host,
                                    .port = set->port,
                                    .fd = set->fd,
                                    .backlog = set->max_connections,
                                    .max_connections = set->max_connections,
                                    .allow = set->allow,
                                    .n_allow = set->n_allow,
                                    .tls = set->tls,
                                    .handshake_ms = set->handshake_ms,
                                    .keepalive_s = set->keepalive_s,
                                    .on_stream = on_stream,
                                    .on_refused = on_refused,
                                    .ctx = r};
    if (!listener_open(&ls, &r->listener, e)) {
        free(r);
        return false;
    }
    uv_timer_init(set->loop, &r->last);
    r->alive = 1;
    *out = r;
    return true;
}

int mllp_receiver_port(const struct mllp_receiver *r)
{
    return listener_port(r->listener);
}

int mllp_receiver_connections(const struct mllp_receiver *r)
{
    return r->alive - 1;
}

const struct mllp_counts *mllp_receiver_counts(const struct mllp_receiver *r)
{
    return &r->counts;
}

static void on_last(uv_handle_t *h);

/* All connections are gone. */
static void end_when_empty(struct mllp_receiver *r)
{
    if (!r->closing || r->ending || r->alive > 1)
        return;
    r->ending = true;
    uv_close((uv_handle_t *)&r->last, on_last);
}

void mllp_receiver_let_go(struct mllp_receiver *r)
{
    void (*on_closed)(void *ctx) = r->on_closed;
    void *ctx = r->ctx;

    r->alive--;
    end_when_empty(r);
    if (r->alive)
        return;
    free(r);
    on_closed(ctx);
}

static void on_last(uv_handle_t *h)
{
    mllp_receiver_let_go(container_of(h, struct mllp_receiver, last));
}

static void hurry(uv_timer_t *t)
{
    struct mllp_receiver *r = container_of(t, struct mllp_receiver, last);

    r->hurry = true;
    mllp_conn_close_all(r);
}

void mllp_receiver_close(struct mllp_receiver *r, void (*on_closed)(void *ctx), void *ctx)
{
    r->closing = true;
    r->on_closed = on_closed;
    r->ctx = ctx;
    listener_close(r->listener);
    if (r->set.drain_ms > 0) {
        uv_timer_start(&r->last, hurry, (uint64_t)r->set.drain_ms, 0);
        mllp_conn_drain_all(r);
    } else {
        hurry(&r->last);
    }
    end_when_empty(r);
}
