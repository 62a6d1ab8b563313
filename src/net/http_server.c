/* Listening, deadlines, the end. */
#include "net/http_server.h"

#include <stdlib.h>

#include "base/container_of.h"
#include "http_conn.h"

enum { SWEEP_LEAST_MS = 10, SWEEP_MOST_MS = 250 };

struct http_settings http_settings_default(uv_loop_t *loop, const char *host, int port)
{
    return (struct http_settings){
        .loop = loop,
        .host = host,
        .port = port,
        .handshake_ms = 10000,
        .keepalive_s = 60,
        .max_connections = 1024,
        .max_header = 16384,
        .header_ms = 10000,
        .idle_ms = 60000,
        .body_ms = 10000,
        .min_rate = 1024,
        .write_ms = 30000,
    };
}

static void on_sweep_closed(uv_handle_t *h)
{
    struct http_server *s = container_of(h, struct http_server, sweep);
    void (*on_closed)(void *ctx) = s->on_closed;
    void *ctx = s->ctx;

    free(s);
    on_closed(ctx);
}

static void end_if_empty(struct http_server *s)
{
    if (s->n_conns)
        return;
    uv_timer_stop(&s->sweep);
    if (s->closing && !uv_is_closing((uv_handle_t *)&s->sweep))
        uv_close((uv_handle_t *)&s->sweep, on_sweep_closed);
}

static void on_sweep(uv_timer_t *timer)
{
    struct http_server *s = container_of(timer, struct http_server, sweep);
    int64_t now = (int64_t)uv_now(s->set.loop);

    /* Nothing is freed inside: a stream's close comes later. */
    for (struct http_conn *c = s->conns; c; c = c->next) {
        if (s->closing && now >= s->drain_ms)
            http_conn_cut(c);
        else if (c->deadline_ms && now >= c->deadline_ms)
            http_conn_expire(c);
    }
}

/* Often enough that no deadline is missed by more than a quarter. */
static uint64_t sweep_ms(const struct http_settings *set)
{
    const int64_t all[] = {set->header_ms, set->idle_ms, set->body_ms, set->write_ms};
    int64_t least = SWEEP_MOST_MS * 4;

    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        least = all[i] < least ? all[i] : least;
    return least / 4 > SWEEP_LEAST_MS ? (uint64_t)(least / 4) : SWEEP_LEAST_MS;
}

static void on_refused(void *ctx, enum listener_refusal r, const char *peer, const char *why)
{
    struct http_server *s = ctx;

    if (s->set.on_refused)
        s->set.on_refused(s->set.refused_ctx, r, peer, why);
}

static bool on_stream(void *ctx, struct stream *stream)
{
    struct http_server *s = ctx;

    if (s->n_conns == 0)
        uv_timer_start(&s->sweep, on_sweep, sweep_ms(&s->set), sweep_ms(&s->set));
    http_conn_open(s, stream);
    return true;
}

void http_server_forget(struct http_server *s, struct http_conn *c)
{
    if (c->prev)
        c->prev->next = c->next;
    else
        s->conns = c->next;
    if (c->next)
        c->next->prev = c->prev;
    s->n_conns--;
    end_if_empty(s);
}

bool http_server_open(const struct http_settings *set, struct http_server **out, struct err *e)
{
    struct http_server *s = calloc(1, sizeof *s);
    struct listener_settings listen = {.loop = set->loop,
                                       .host = set->host,
                                       .port = set->port,
                                       .fd = set->fd,
                                       .max_connections = set->max_connections,
                                       .allow = set->allow,
                                       .n_allow = set->n_allow,
                                       .tls = set->tls,
                                       .handshake_ms = set->handshake_ms,
                                       .max_handshakes = set->max_handshakes,
                                       .keepalive_s = set->keepalive_s,
                                       .on_stream = on_stream,
                                       .on_refused = on_refused,
                                       .ctx = s};

    if (!s)
        abort();
    s->set = *set;
    if (!listener_open(&listen, &s->listener, e)) {
        free(s);
        return false;
    }
    uv_timer_init(set->loop, &s->sweep);
    *out = s;
    return true;
}

int http_server_port(const struct http_server *s)
{
    return listener_port(s->listener);
}

int http_server_connections(const struct http_server *s)
{
    return s->n_conns;
}

void http_server_close(struct http_server *s, int64_t grace_ms, void (*on_closed)(void *ctx),
                       void *ctx)
{
    s->closing = true;
    s->on_closed = on_closed;
    s->ctx = ctx;
    s->drain_ms = (int64_t)uv_now(s->set.loop) + grace_ms;
    listener_close(s->listener);
    for (struct http_conn *c = s->conns; c; c = c->next) {
        if (grace_ms > 0)
            http_conn_drain(c);
        else
            http_conn_cut(c);
    }
    end_if_empty(s);
}
