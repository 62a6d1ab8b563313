/* Opens a connection within a time: lookup, each address in turn, handshake. */
#include <stdlib.h>

#include "base/container_of.h"
#include "stream_tcp.h"
#include "stream_tls.h"

enum { ADDRESSES = 8 };

struct attempt {
    uv_getaddrinfo_t lookup;
    uv_connect_t req;
    uv_timer_t timer;
    uv_loop_t *loop;
    struct stream_connect *caller; /* NULL once it has its answer */
    struct sockaddr_storage at[ADDRESSES];
    int n_at, next;
    struct stream *stream; /* the one being opened */
    int holds;             /* by a request that is with libuv, by the timer */
};

static void let_go(struct attempt *a)
{
    if (--a->holds == 0)
        free(a);
}

static void on_timer_closed(uv_handle_t *h)
{
    let_go(container_of(h, struct attempt, timer));
}

/* The caller's answer; s NULL: why tells. */
static void answer(struct attempt *a, struct stream *s, const struct err *why)
{
    struct stream_connect *c = a->caller;

    a->caller = NULL;
    if (!s && a->stream)
        stream_close(a->stream);
    a->stream = NULL;
    uv_close((uv_handle_t *)&a->timer, on_timer_closed);
    c->done(c, s, why);
}

static void refuse(struct attempt *a, int code, const char *what, const char *why)
{
    struct err e = {0};

    err_set(&e, ERR_BUSY, code, "cannot connect: %s%s", what, why);
    answer(a, NULL, &e);
}

static void on_timeout(uv_timer_t *timer)
{
    struct attempt *a = container_of(timer, struct attempt, timer);

    uv_cancel((uv_req_t *)&a->lookup); /* its callback comes all the same */
    refuse(a, UV_ETIMEDOUT, "", "no answer in time");
}

static void on_shaken(void *ctx, const char *why)
{
    struct attempt *a = ctx;
    struct err none = {0};

    if (why)
        refuse(a, 0, "TLS handshake failed: ", why);
    else
        answer(a, a->stream, &none);
}

static void on_open(struct attempt *a)
{
    struct stream_tcp *t = container_of(a->stream, struct stream_tcp, stream);
    struct stream_tls_settings set = {.loop = a->loop,
                                      .tls = a->caller->tls,
                                      .under = a->stream,
                                      .host = a->caller->host,
                                      .done = on_shaken,
                                      .ctx = a};
    struct err none = {0};

    stream_tcp_ready(t, a->caller->keepalive_s);
    if (!a->caller->tls)
        answer(a, a->stream, &none);
    else
        a->stream = stream_tls_start(&set);
}

static void try_next(struct attempt *a);

static void on_connected(uv_connect_t *req, int status)
{
    struct attempt *a = container_of(req, struct attempt, req);

    if (!a->caller) {
        let_go(a); /* too late: the stream is closed */
        return;
    }
    if (status == 0) {
        on_open(a);
    } else {
        stream_close(a->stream);
        a->stream = NULL;
        if (a->next < a->n_at)
            try_next(a);
        else
            refuse(a, status, "", uv_strerror(status));
    }
    let_go(a);
}

/* Called from the loop alone: it may answer. */
static void try_next(struct attempt *a)
{
    int rc = UV_EADDRNOTAVAIL;

    while (rc != 0 && a->next < a->n_at) {
        const struct sockaddr *at = (const struct sockaddr *)&a->at[a->next++];
        struct stream_tcp *t = stream_tcp_new(a->loop, NULL);

        rc = uv_tcp_connect(&a->req, &t->tcp, at, on_connected);
        if (rc == 0)
            a->stream = &t->stream;
        else
            stream_close(&t->stream);
    }
    if (rc == 0)
        a->holds++;
    else
        refuse(a, rc, "", uv_strerror(rc));
}

static void on_found(uv_getaddrinfo_t *req, int status, struct addrinfo *all)
{
    struct attempt *a = container_of(req, struct attempt, lookup);

    for (struct addrinfo *one = all; one && a->caller && a->n_at < ADDRESSES; one = one->ai_next) {
        struct sockaddr_storage *at = &a->at[a->n_at++];

        memcpy(at, one->ai_addr, one->ai_addrlen);
        if (at->ss_family == AF_INET6)
            ((struct sockaddr_in6 *)at)->sin6_port = htons((uint16_t)a->caller->port);
        else
            ((struct sockaddr_in *)at)->sin_port = htons((uint16_t)a->caller->port);
    }
    uv_freeaddrinfo(all);
    if (a->caller && a->n_at)
        try_next(a);
    else if (a->caller)
        refuse(a, status, "the name is not found: ", uv_strerror(status));
    let_go(a);
}

/* Begins with the lookup, or with the connection when the host is numeric. */
static int begin(struct attempt *a, const struct stream_connect *c)
{
    const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct stream_tcp *t;
    struct err ignored;
    int rc;

    if (!stream_address(c->host, c->port, &a->at[0], &ignored)) {
        rc = uv_getaddrinfo(a->loop, &a->lookup, on_found, c->host, NULL, &hints);
    } else {
        t = stream_tcp_new(a->loop, NULL);
        a->stream = &t->stream;
        rc = uv_tcp_connect(&a->req, &t->tcp, (const struct sockaddr *)&a->at[0], on_connected);
    }
    a->holds += rc == 0;
    return rc;
}

bool stream_connect_start(uv_loop_t *loop, struct stream_connect *c, struct err *e)
{
    struct attempt *a;
    int rc;

    if (c->port < 0 || c->port > 65535)
        return err_set(e, ERR_CONFIG, 0, "port %d is not between 0 and 65535", c->port);
    a = calloc(1, sizeof *a);
    if (!a)
        abort();
    a->loop = loop;
    a->caller = c;
    a->holds = 1;
    uv_timer_init(loop, &a->timer);
    rc = begin(a, c);
    if (rc != 0) {
        if (a->stream)
            stream_close(a->stream);
        uv_close((uv_handle_t *)&a->timer, on_timer_closed);
        return err_set(e, ERR_BUSY, rc, "cannot connect: %s", uv_strerror(rc));
    }
    uv_timer_start(&a->timer, on_timeout, (uint64_t)c->timeout_ms, 0);
    return true;
}
