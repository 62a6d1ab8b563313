/* The HTTP server over bytes in any cut: whatever is said, the answers do not depend on how the network
 * cuts it up, and nothing is left when the peer goes. The first byte chooses the cuts. */
#include <stdint.h>

#include "../../src/net/http_conn.h"
#include "../unit/stream_loop.h"

enum { MOST = 8192 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void on_echo(struct http_exchange *x)
{
    struct str token = http_form_value(x->request.query, "a", &x->arena);

    http_answer(x, &(struct http_answer){.status = token.p ? 201 : 200, .body = x->request.body});
}

static void on_value(struct http_exchange *x)
{
    http_answer(x, &(struct http_answer){.status = 200, .body = x->request.values[0]});
}

static const struct http_route routes[] = {
    {"POST", "/e", 256, on_echo, NULL},
    {"GET", "/l/{x}", 0, on_value, NULL},
    {"*", "/", 16, on_echo, NULL},
};

/* Depends on how much had arrived, so it is no part of the comparison. */
static void drop_continues(struct buf *b)
{
    static const char text[] = "HTTP/1.1 100 Continue\r\n\r\n";
    char *at;

    while (b->n && (at = memmem(b->p, b->n, text, sizeof text - 1))) {
        size_t rest = (size_t)(b->p + b->n - at) - (sizeof text - 1);

        memmove(at, at + sizeof text - 1, rest);
        b->n -= sizeof text - 1;
        b->p[b->n] = '\0';
    }
}

static struct buf talk(struct http_server *s, struct str in, unsigned cuts)
{
    struct stream_loop l;

    stream_loop_init(&l);
    http_conn_open(s, &l.stream);
    while (in.n) {
        size_t n = cuts ? 1 + cuts % 23 : in.n;

        cuts = cuts ? cuts * 1103515245U + 12345U | 1U : 0;
        n = n > in.n ? in.n : n;
        if (!stream_loop_say(&l, (struct str){in.p, n}))
            break;
        in = (struct str){in.p + n, in.n - n};
    }
    stream_loop_end(&l, ERR_NONE);
    if (!l.closed || http_server_connections(s) != 0)
        abort();
    drop_continues(&l.heard);
    return l.heard;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct http_server s = {0}; /* without a listener */
    struct buf whole, cut;
    uv_loop_t loop;

    if (size < 1 || size > MOST)
        return 0;
    uv_loop_init(&loop);
    uv_timer_init(&loop, &s.sweep);
    s.set = http_settings_default(&loop, "127.0.0.1", 0);
    s.set.routes = routes;
    s.set.n_routes = sizeof routes / sizeof routes[0];
    whole = talk(&s, (struct str){(const char *)data + 1, size - 1}, 0);
    cut = talk(&s, (struct str){(const char *)data + 1, size - 1}, data[0] | 1U);
    if (!str_eq(buf_str(&whole), buf_str(&cut)))
        abort();
    buf_reset(&whole);
    buf_reset(&cut);
    uv_close((uv_handle_t *)&s.sweep, NULL);
    uv_run(&loop, UV_RUN_DEFAULT);
    if (uv_loop_close(&loop) != 0)
        abort();
    return 0;
}
