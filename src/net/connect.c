/* Opens a connection to a numeric address within a time. */
#include <stdlib.h>

#include "base/container_of.h"
#include "stream_tcp.h"

struct attempt {
    uv_connect_t req;
    uv_timer_t timer;
    struct stream_tcp *stream;
    struct stream_connect *caller;
    bool late;
};

static void on_timer_closed(uv_handle_t *h)
{
    free(container_of(h, struct attempt, timer));
}

static void on_connected(uv_connect_t *req, int status)
{
    struct attempt *a = container_of(req, struct attempt, req);
    struct stream_connect *c = a->caller;
    struct stream_tcp *t = a->stream;
    struct err e = {0};
    bool late = a->late;

    uv_close((uv_handle_t *)&a->timer, on_timer_closed);
    if (status == 0 && !late) {
        stream_tcp_ready(t, c->keepalive_s);
        c->done(c, &t->stream, &e);
        return;
    }
    stream_close(&t->stream);
    err_set(&e, ERR_BUSY, status, "cannot connect: %s",
            late ? "no answer in time" : uv_strerror(status));
    c->done(c, NULL, &e);
}

static void on_timeout(uv_timer_t *timer)
{
    struct attempt *a = container_of(timer, struct attempt, timer);

    a->late = true;
    stream_close(&a->stream->stream); /* on_connected(ECANCELED) follows */
}

bool stream_connect_start(uv_loop_t *loop, struct stream_connect *c, struct err *e)
{
    struct sockaddr_storage at = {0};
    struct attempt *a;
    int rc;

    if (!stream_address(c->host, c->port, &at, e))
        return false;
    a = calloc(1, sizeof *a);
    if (!a)
        abort();
    a->caller = c;
    a->stream = stream_tcp_new(loop, NULL);
    uv_timer_init(loop, &a->timer);
    rc = uv_tcp_connect(&a->req, &a->stream->tcp, (struct sockaddr *)&at, on_connected);
    if (rc != 0) {
        stream_close(&a->stream->stream);
        uv_close((uv_handle_t *)&a->timer, on_timer_closed);
        return err_set(e, ERR_BUSY, rc, "cannot connect: %s", uv_strerror(rc));
    }
    uv_timer_start(&a->timer, on_timeout, (uint64_t)c->timeout_ms, 0);
    return true;
}
