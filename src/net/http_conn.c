#include "http_conn.h"

#include <stdlib.h>

#include "base/container_of.h"
#include "http_route.h"

enum {
    LEFT_OVER = 4 * 65536, /* bytes behind a request that one or two reads can leave */
    DISCARD_MS = 1000,
    TARGET_BYTES = 8000, /* RFC 9112 §3 asks for as much */
};

static void conn_free(struct http_conn *c)
{
    http_server_forget(c->server, c);
    http_body_end(&c->body);
    arena_reset(&c->x.arena);
    buf_reset(&c->in);
    buf_reset(&c->sending);
    buf_reset(&c->waiting);
    free(c);
}

void http_conn_cut(struct http_conn *c)
{
    if (c->closing)
        return;
    c->closing = true;
    if (c->state == CONN_HANDLING)
        c->x.gone = true; /* the handler still answers; http_answer() frees */
    else
        c->state = CONN_CLOSED;
    c->deadline_ms = 0;
    stream_close(c->stream);
}

static struct str input(const struct http_conn *c)
{
    return (struct str){c->in.p ? c->in.p + c->at : "", c->in.n - c->at};
}

static void use_input(struct http_conn *c, size_t n)
{
    c->at += n;
    if (c->at == c->in.n) {
        buf_reset(&c->in);
        c->at = 0;
    }
}

static void dispatch(struct http_conn *c)
{
    c->x.request.body = buf_str(&c->body.bytes);
    c->x.ctx = c->route->ctx;
    c->state = CONN_HANDLING;
    c->deadline_ms = 0;
    c->route->on_request(&c->x);
}

static void ask_for_body(struct http_conn *c)
{
    c->state = CONN_BODY;
    c->body_from_ms = http_conn_now_ms(c);
    c->deadline_ms = c->body_from_ms + c->server->set.body_ms;
    if (!c->head->expects_continue || input(c).n)
        return;
    buf_add(&c->waiting, STR("HTTP/1.1 100 Continue\r\n\r\n"));
    http_conn_flush(c);
}

/* A head is whole and read: finds its route, or answers. */
static void begin(struct http_conn *c, struct str raw)
{
    const struct http_head *h = c->head;
    struct http_request *r = &c->x.request;
    struct http_target target;
    struct str allow;

    *r = (struct http_request){.method = h->method,
                               .headers = h->headers,
                               .n_headers = h->n_headers,
                               .peer = arena_copy(&c->x.arena, str_of(c->stream->peer)).p};
    c->keep = h->keep_alive;
    if (!http_target_read(h->target, &c->x.arena, &target)) {
        http_conn_refuse(c, 400);
        return;
    }
    r->path = target.path;
    r->query = target.query;
    c->route = http_route_find(&c->server->set, &target, r, &c->x.arena, &allow);
    if (!c->route) {
        c->keep = c->keep && !h->chunked && h->length == 0;
        http_conn_reply_own(c, allow.p ? 405 : 404, allow);
        return;
    }
    switch (http_body_start(&c->body, raw, h, c->route->max_body, c->server->set.max_header)) {
    case HTTP_BODY_MORE:
        ask_for_body(c);
        break;
    case HTTP_BODY_DONE:
        dispatch(c);
        break;
    case HTTP_BODY_BAD:
        http_conn_refuse(c, c->body.status);
        break;
    }
}

/* True when it took a step. */
static bool take_head(struct http_conn *c)
{
    size_t max = c->server->set.max_header;
    struct str in = input(c), raw;
    int status;

    if (in.n == 0)
        return false;
    switch (http_scan(&c->scan, (struct str){in.p, in.n < max ? in.n : max})) {
    case HTTP_SCAN_MORE:
        if (in.n < max)
            return false;
        http_conn_refuse(c, c->scan.line == 0 ? 414 : 431);
        return true;
    case HTTP_SCAN_BAD:
        http_conn_refuse(c, 400);
        return true;
    case HTTP_SCAN_END:
        break;
    }
    raw = arena_copy(&c->x.arena, (struct str){in.p, c->scan.at});
    use_input(c, raw.n);
    c->head = NEW(&c->x.arena, struct http_head);
    status = http_head_read(raw, c->head);
    if (!status && c->head->target.n > TARGET_BYTES)
        status = 414;
    if (status)
        http_conn_refuse(c, status);
    else
        begin(c, raw);
    return true;
}

static bool take_body(struct http_conn *c)
{
    const struct http_settings *set = &c->server->set;
    struct str rest = input(c);
    size_t n = rest.n;
    enum http_body_step step;

    if (n == 0)
        return false;
    step = http_body_feed(&c->body, &rest);
    use_input(c, n - rest.n);
    switch (step) {
    case HTTP_BODY_MORE:
        c->deadline_ms = c->body_from_ms + set->body_ms +
                         (int64_t)c->body.bytes.n * 1000 / (set->min_rate > 0 ? set->min_rate : 1);
        break;
    case HTTP_BODY_DONE:
        dispatch(c);
        break;
    case HTTP_BODY_BAD:
        http_conn_refuse(c, c->body.status);
        break;
    }
    return true;
}

/* Goes on as far as the bytes at hand allow. */
static void run(struct http_conn *c)
{
    while ((c->state == CONN_HEAD && take_head(c)) || (c->state == CONN_BODY && take_body(c)))
        ;
    if (c->closing)
        return;
    if (c->fin && (c->state == CONN_HEAD || c->state == CONN_BODY)) {
        http_conn_cut(c); /* the rest of the request will never come */
        return;
    }
    stream_read(c->stream, c->state == CONN_HEAD || c->state == CONN_BODY ||
                               c->state == CONN_DISCARDING ||
                               (c->state == CONN_HANDLING && input(c).n == 0));
}

static void wait_for_head(struct http_conn *c, int64_t idle_ms)
{
    const struct http_settings *set = &c->server->set;

    c->state = CONN_HEAD;
    c->scan = (struct http_scan){0};
    c->deadline_ms = http_conn_now_ms(c) + (input(c).n ? set->header_ms : idle_ms);
}

/* The answer is with the kernel. */
static void answered(struct http_conn *c)
{
    struct arena arena = c->x.arena;

    arena_reset(&arena);
    http_body_end(&c->body);
    c->x = (struct http_exchange){0};
    c->head = NULL;
    if (c->keep) {
        wait_for_head(c, c->server->set.idle_ms);
        if (c->server->closing && input(c).n == 0)
            http_conn_cut(c);
        else
            run(c);
        return;
    }
    if (c->fin) {
        http_conn_cut(c);
        return;
    }
    c->state = CONN_DISCARDING;
    c->deadline_ms = http_conn_now_ms(c) + DISCARD_MS;
    buf_reset(&c->in);
    c->at = 0;
    stream_shutdown(c->stream);
    stream_read(c->stream, true);
}

/* ---- the stream's events ---- */

static void on_data(void *ctx, struct str data)
{
    struct http_conn *c = ctx;

    if (c->closing || c->state == CONN_DISCARDING)
        return;
    if (c->state == CONN_HEAD && input(c).n == 0)
        c->deadline_ms = http_conn_now_ms(c) + c->server->set.header_ms;
    buf_drop(&c->in, c->at);
    c->at = 0;
    if (!buf_add(&c->in, data)) {
        http_conn_cut(c);
        return;
    }
    run(c);
}

static void on_end(void *ctx, const struct err *why)
{
    struct http_conn *c = ctx;

    c->fin = true;
    if (why->kind != ERR_NONE || c->state == CONN_DISCARDING)
        http_conn_cut(c);
    else if (!c->closing)
        run(c);
}

static void on_written(void *ctx, bool ok)
{
    struct http_conn *c = ctx;

    if (http_conn_wrote(c, ok) && c->state == CONN_ANSWERING)
        answered(c);
}

static void on_stream_closed(void *ctx)
{
    struct http_conn *c = ctx;

    c->stream = NULL;
    if (c->state != CONN_HANDLING)
        conn_free(c);
}

/* The handler has let go of an exchange whose connection is on its way out. */
static void let_go(struct http_conn *c)
{
    c->state = CONN_CLOSED;
    if (!c->stream)
        conn_free(c);
}

void http_answer(struct http_exchange *x, const struct http_answer *answer)
{
    struct http_conn *c = container_of(x, struct http_conn, x);

    if (c->closing)
        let_go(c);
    else
        http_conn_reply(c, answer);
}

void http_abort(struct http_exchange *x)
{
    struct http_conn *c = container_of(x, struct http_conn, x);

    if (!c->closing) {
        c->state = CONN_CLOSED;
        http_conn_cut(c);
    } else {
        let_go(c);
    }
}

void http_conn_open(struct http_server *s, struct stream *stream)
{
    struct http_conn *c = calloc(1, sizeof *c);

    if (!c)
        abort();
    c->server = s;
    c->stream = stream;
    c->in = buf_new(s->set.max_header + LEFT_OVER);
    c->sending = c->waiting = buf_new(HTTP_ANSWER_BYTES);
    c->next = s->conns;
    if (c->next)
        c->next->prev = c;
    s->conns = c;
    s->n_conns++;
    stream->ctx = c;
    stream->on = (struct stream_events){on_data, on_end, on_written, on_stream_closed};
    wait_for_head(c, s->set.header_ms);
    stream_read(stream, true);
}

void http_conn_expire(struct http_conn *c)
{
    if (c->state == CONN_BODY || (c->state == CONN_HEAD && input(c).n)) {
        http_conn_refuse(c, 408);
        if (!c->closing)
            stream_read(c->stream, false);
    } else {
        http_conn_cut(c);
    }
}

void http_conn_drain(struct http_conn *c)
{
    if (c->state == CONN_HEAD && input(c).n == 0)
        http_conn_cut(c);
}
