/* The HTTP client against a peer that behaves as badly as told: what it may say was sent. */
#include "net/http_client.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/container_of.h"
#include "check.h"

enum act {
    ANSWER,      /* every request, and keep the connection */
    ANSWER_ONCE, /* all but the second: read whole, then the connection closes without a byte */
    RESET,       /* once it has read something */
    HANG_UP,     /* on accept, with FIN */
    MUTE,        /* read, never answer */
    RAW,         /* write fake.raw, then close */
    RAW_KEEP,    /* write fake.raw, keep the connection */
};

struct fake {
    uv_tcp_t tcp;
    enum act act;
    const char *raw;
    int port, connections, requests;
    int on_one;      /* most requests on one connection */
    int open;        /* handles: its own and its peers' */
    struct buf last; /* the last whole request */
};

struct peer {
    uv_tcp_t tcp;
    uv_write_t write;
    struct fake *fake;
    struct buf in;
    int requests;
    char room[65536];
};

static void on_peer_closed(uv_handle_t *h)
{
    struct peer *p = container_of(h, struct peer, tcp);

    p->fake->open--;
    buf_reset(&p->in);
    free(p);
}

static void peer_close(struct peer *p)
{
    if (!uv_is_closing((uv_handle_t *)&p->tcp))
        uv_close((uv_handle_t *)&p->tcp, on_peer_closed);
}

static void on_peer_written(uv_write_t *w, int status)
{
    struct peer *p = container_of(w, struct peer, write);

    (void)status;
    if (p->fake->act == RAW)
        peer_close(p);
}

static void peer_write(struct peer *p, const char *text)
{
    uv_buf_t b = {.base = (char *)(uintptr_t)text, .len = strlen(text)};

    uv_write(&p->write, (uv_stream_t *)&p->tcp, &b, 1, on_peer_written);
}

/* The bytes of the first whole request in `in`; 0: not there yet. */
static size_t request_bytes(const struct buf *in)
{
    const char *blank = in->n ? strstr(in->p, "\r\n\r\n") : NULL;
    const char *length = blank ? strstr(in->p, "Content-Length: ") : NULL;
    size_t n = blank ? (size_t)(blank - in->p) + 4 : 0;

    if (!blank)
        return 0;
    if (length && length < blank)
        n += strtoul(length + 16, NULL, 10);
    return in->n >= n ? n : 0;
}

static void on_request(struct peer *p, size_t n)
{
    struct fake *f = p->fake;

    f->requests++;
    if (++p->requests > f->on_one)
        f->on_one = p->requests;
    buf_reset(&f->last);
    buf_add(&f->last, (struct str){p->in.p, n});
    buf_drop(&p->in, n);
    if (f->act == ANSWER || (f->act == ANSWER_ONCE && f->requests != 2))
        peer_write(p, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    else if (f->act == ANSWER_ONCE)
        peer_close(p);
    else if (f->act == RAW || f->act == RAW_KEEP)
        peer_write(p, f->raw);
}

static void on_room(uv_handle_t *h, size_t want, uv_buf_t *out)
{
    struct peer *p = container_of(h, struct peer, tcp);

    (void)want;
    *out = uv_buf_init(p->room, sizeof p->room);
}

static void on_read(uv_stream_t *s, ssize_t n, const uv_buf_t *b)
{
    struct peer *p = container_of(s, struct peer, tcp);
    size_t whole;

    if (n < 0) {
        peer_close(p);
        return;
    }
    if (p->fake->act == RESET) {
        uv_tcp_close_reset(&p->tcp, on_peer_closed);
        return;
    }
    buf_add(&p->in, (struct str){b->base, (size_t)n});
    whole = request_bytes(&p->in);
    if (whole)
        on_request(p, whole);
}

static void on_accept(uv_stream_t *s, int status)
{
    struct fake *f = container_of(s, struct fake, tcp);
    struct peer *p = calloc(1, sizeof *p);

    if (!p || status < 0)
        abort();
    p->fake = f;
    p->in = buf_new(16 << 20);
    f->connections++;
    f->open++;
    uv_tcp_init(s->loop, &p->tcp);
    uv_accept(s, (uv_stream_t *)&p->tcp);
    if (f->act == HANG_UP)
        peer_close(p);
    else
        uv_read_start((uv_stream_t *)&p->tcp, on_room, on_read);
}

static void fake_open(struct fake *f, uv_loop_t *loop, enum act act, const char *raw)
{
    struct sockaddr_in at;
    int size = sizeof at;

    *f = (struct fake){.act = act, .raw = raw, .open = 1, .last = buf_new(16 << 20)};
    uv_tcp_init(loop, &f->tcp);
    uv_ip4_addr("127.0.0.1", 0, &at);
    uv_tcp_bind(&f->tcp, (struct sockaddr *)&at, 0);
    if (uv_listen((uv_stream_t *)&f->tcp, 16, on_accept) != 0)
        abort();
    uv_tcp_getsockname(&f->tcp, (struct sockaddr *)&at, &size);
    f->port = ntohs(at.sin_port);
}

static void on_fake_closed(uv_handle_t *h)
{
    container_of(h, struct fake, tcp)->open--;
}

static void fake_close(struct fake *f, uv_loop_t *loop)
{
    uv_close((uv_handle_t *)&f->tcp, on_fake_closed);
    while (f->open)
        uv_run(loop, UV_RUN_ONCE);
    buf_reset(&f->last);
}

/* ---- the caller ---- */

struct call {
    struct http_call http;
    char url[64];
    int n_done;
    bool starting;
    char reply[64];
    size_t reply_n;
};

static void on_done(struct http_call *h)
{
    struct call *c = container_of(h, struct call, http);

    CHECK(!c->starting, "done() inside http_start()");
    c->reply_n = h->reply.n;
    (void)snprintf(c->reply, sizeof c->reply, STR_FMT, STR_ARG(h->reply));
    c->n_done++;
}

static void call_init(struct call *c, const char *scheme, int port, struct str body)
{
    *c = (struct call){0};
    (void)snprintf(c->url, sizeof c->url, "%s://127.0.0.1:%d/v25.0/1/messages", scheme, port);
    c->http = (struct http_call){.url = c->url,
                                 .bearer = "T0KEN",
                                 .content_type = "application/json",
                                 .body = body,
                                 .timeout_ms = 60000,
                                 .max_reply = 1000,
                                 .done = on_done};
}

static void call_run(struct http_client *h, uv_loop_t *loop, struct call *c)
{
    struct err e = {0};
    int before = c->n_done;

    c->starting = true;
    CHECK(http_start(h, &c->http, &e), "%s", e.text);
    c->starting = false;
    while (c->n_done == before)
        uv_run(loop, UV_RUN_ONCE);
    CHECK(c->n_done == before + 1, "done() %d times", c->n_done - before);
}

static struct http_client *client_with(uv_loop_t *loop, int64_t connect_ms)
{
    struct http_client_settings set = {
        .loop = loop, .max_host_connections = 4, .connect_ms = connect_ms, .max_age_s = 60};
    struct http_client *h = NULL;
    struct err e;

    CHECK(http_client_open(&set, &h, &e), "%s", e.text);
    return h;
}

static struct http_client *client(uv_loop_t *loop)
{
    return client_with(loop, 60000);
}

/* libcurl 7.88.1 with CURLOPT_POSTFIELDS sends POST 2 twice here and reports success. */
static void test_trap(uv_loop_t *loop)
{
    struct http_client *h = client(loop);
    struct call one, two;
    struct fake f;

    fake_open(&f, loop, ANSWER_ONCE, NULL);
    call_init(&one, "http", f.port, STR("{\"n\":1}"));
    call_run(h, loop, &one);
    CHECK(one.http.sent == HTTP_ANSWERED && one.http.status == 200, "POST 1: %d", one.http.status);
    call_init(&two, "http", f.port, STR("{\"n\":2}"));
    call_run(h, loop, &two);
    CHECK(f.on_one == 2, "POST 2 came on a fresh connection: the trap was not set");
    CHECK(f.requests == 2, "POST 2 came %d times", f.requests - 1);
    CHECK(f.last.p && strstr(f.last.p, "{\"n\":2}"), "the server read POST 2 whole");
    CHECK(two.http.sent == HTTP_UNKNOWN, "sent %d", two.http.sent);
    CHECK(two.http.curl_code == 65, "curl %d; it was to find that it cannot rewind",
          two.http.curl_code);
    CHECK(two.http.status == 0, "status %d", two.http.status);
    http_client_close(h);
    fake_close(&f, loop);
}

static const struct {
    const char *name, *scheme;
    enum act act;
    const char *raw;
    int64_t timeout_ms;
    size_t max_reply;
    enum http_sent sent;
    int status;
    int64_t retry_after_s;
    const char *reply;
    int requests; /* that reached the peer whole */
} cases[] = {
    {"answered", "http", ANSWER, NULL, 60000, 1000, HTTP_ANSWERED, 200, -1, "ok", 1},
    {"reply as long as allowed", "http", ANSWER, NULL, 60000, 2, HTTP_ANSWERED, 200, -1, "ok", 1},
    {"reply too long", "http", ANSWER, NULL, 60000, 1, HTTP_UNKNOWN, 0, -1, "", 1},
    {"busy", "http", RAW, "HTTP/1.1 429 Too Many\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n",
     60000, 1000, HTTP_ANSWERED, 429, 7, "", 1},
    {"server error", "http", RAW, "HTTP/1.1 500 No\r\nContent-Length: 2\r\n\r\nno", 60000, 1000,
     HTTP_ANSWERED, 500, -1, "no", 1},
    {"redirect is not followed", "http", RAW,
     "HTTP/1.1 307 There\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n", 60000,
     1000, HTTP_ANSWERED, 307, -1, "", 1},
    {"answer until close", "http", RAW, "HTTP/1.1 200 OK\r\n\r\nall", 60000, 1000, HTTP_ANSWERED,
     200, -1, "all", 1},
    {"cut body", "http", RAW, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\ncut", 60000, 1000,
     HTTP_UNKNOWN, 0, -1, NULL, 1},
    {"cut head", "http", RAW, "HTTP/1.1 200 O", 60000, 1000, HTTP_UNKNOWN, 0, -1, NULL, 1},
    {"not http", "http", RAW_KEEP, "SSH-2.0-x\r\n\r\n", 60000, 1000, HTTP_UNKNOWN, 0, -1, NULL, 1},
    {"no answer in time", "http", MUTE, NULL, 1000, 1000, HTTP_UNKNOWN, 0, -1, "", 1},
    {"reset", "http", RESET, NULL, 60000, 1000, HTTP_UNKNOWN, 0, -1, "", 0},
    {"hung up on accept", "http", HANG_UP, NULL, 60000, 1000, HTTP_UNKNOWN, 0, -1, "", 0},
    {"TLS refused", "https", HANG_UP, NULL, 60000, 1000, HTTP_UNSENT, 0, -1, "", 0},
    {"TLS never finished", "https", MUTE, NULL, 150, 1000, HTTP_UNSENT, 0, -1, "", 0},
    {"absurd wait", "http", RAW,
     "HTTP/1.1 429 Too Many\r\nRetry-After: 9223372036854775807\r\nContent-Length: 0\r\n\r\n",
     60000, 1000, HTTP_ANSWERED, 429, INT64_MAX, "", 1},
    {"negative wait", "http", RAW,
     "HTTP/1.1 429 Too Many\r\nRetry-After: -5\r\nContent-Length: 0\r\n\r\n", 60000, 1000,
     HTTP_ANSWERED, 429, -1, "", 1},
};

static void test_cases(uv_loop_t *loop)
{
    for
        EACH (i, cases) {
            struct http_client *h = client(loop);
            struct call c;
            struct fake f;

            fake_open(&f, loop, cases[i].act, cases[i].raw);
            call_init(&c, cases[i].scheme, f.port, STR("{}"));
            c.http.timeout_ms = cases[i].timeout_ms;
            c.http.max_reply = cases[i].max_reply;
            call_run(h, loop, &c);
            CHECK(c.http.sent == cases[i].sent, "%s: sent %d, curl %d", cases[i].name, c.http.sent,
                  c.http.curl_code);
            CHECK(c.http.status == cases[i].status, "%s: %d", cases[i].name, c.http.status);
            CHECK(c.http.retry_after_s == cases[i].retry_after_s, "%s: retry after %lld",
                  cases[i].name, (long long)c.http.retry_after_s);
            CHECK((c.http.curl_code == 0) == (c.http.sent == HTTP_ANSWERED), "%s", cases[i].name);
            CHECK(!cases[i].reply || strcmp(c.reply, cases[i].reply) == 0, "%s: %s", cases[i].name,
                  c.reply);
            CHECK(f.requests == cases[i].requests, "%s: %d requests", cases[i].name, f.requests);
            CHECK(f.connections > 0, "%s: nobody came", cases[i].name);
            http_client_close(h);
            fake_close(&f, loop);
        }
}

static void test_nobody(uv_loop_t *loop)
{
    struct http_client *h = client(loop);
    struct call c;
    struct fake f;

    fake_open(&f, loop, ANSWER, NULL);
    fake_close(&f, loop); /* its port is free again */
    call_init(&c, "http", f.port, STR("{}"));
    call_run(h, loop, &c);
    CHECK(c.http.sent == HTTP_UNSENT && c.http.curl_code == 7, "sent %d, curl %d", c.http.sent,
          c.http.curl_code);
    http_client_close(h);
    uv_run(loop, UV_RUN_DEFAULT);
}

/* A listener that takes nobody any more: Linux drops further SYNs once its backlog is full. */
struct full {
    int listener, port;
    int waiting[8];
};

static void full_open(struct full *f)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof at;

    f->listener = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(f->listener, (struct sockaddr *)&at, sizeof at) != 0 || listen(f->listener, 0) != 0 ||
        getsockname(f->listener, (struct sockaddr *)&at, &size) != 0)
        abort();
    f->port = ntohs(at.sin_port);
    for
        EACH (i, f->waiting) {
            f->waiting[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
            (void)connect(f->waiting[i], (struct sockaddr *)&at, sizeof at);
        }
}

static void full_close(struct full *f)
{
    for
        EACH (i, f->waiting)
            close(f->waiting[i]);
    close(f->listener);
}

/* The connection is not there in time, by either limit: nothing left. */
static void test_connect_timeout(uv_loop_t *loop)
{
    static const struct {
        const char *name, *scheme;
        int64_t connect_ms, timeout_ms;
    } limits[] = {{"connect limit", "http", 150, 60000},
                  {"whole limit", "http", 60000, 150},
                  {"connect limit, TLS", "https", 150, 60000}};

    for
        EACH (i, limits) {
            struct http_client *h = client_with(loop, limits[i].connect_ms);
            struct call c;
            struct full f;

            full_open(&f);
            call_init(&c, limits[i].scheme, f.port, STR("{}"));
            c.http.timeout_ms = limits[i].timeout_ms;
            call_run(h, loop, &c);
            CHECK(c.http.curl_code == 28, "%s: curl %d: it was to time out", limits[i].name,
                  c.http.curl_code);
            CHECK(c.http.sent == HTTP_UNSENT, "%s: sent %d", limits[i].name, c.http.sent);
            http_client_close(h);
            uv_run(loop, UV_RUN_DEFAULT);
            full_close(&f);
        }
}

/* Mute once the request is there: unknown, on a fresh connection and on one that was used before. */
static void test_mute(uv_loop_t *loop)
{
    struct http_client *h = client(loop);
    struct call c;
    struct fake f;

    fake_open(&f, loop, ANSWER, NULL);
    call_init(&c, "http", f.port, STR("{}"));
    call_run(h, loop, &c);
    f.act = MUTE;
    for (int fresh = 0; fresh < 2; fresh++) {
        call_init(&c, "http", f.port, STR("{}"));
        c.http.timeout_ms = 1000;
        call_run(h, loop, &c);
        CHECK(c.http.curl_code == 28 && c.http.sent == HTTP_UNKNOWN, "sent %d, curl %d",
              c.http.sent, c.http.curl_code);
        CHECK(f.connections == 1 + fresh, "%d connections", f.connections);
    }
    http_client_close(h);
    fake_close(&f, loop);
}

static void test_request(uv_loop_t *loop)
{
    struct http_client *h = client(loop);
    struct buf big = buf_new(2 << 20);
    struct call c;
    struct fake f;

    fake_open(&f, loop, ANSWER, NULL);
    call_init(&c, "http", f.port, STR("{\"a\":1}"));
    c.http.header = "X-Hub-Signature-256: sha256=00";
    call_run(h, loop, &c);
    CHECK(strncmp(f.last.p, "POST /v25.0/1/messages HTTP/1.1\r\n", 33) == 0, "%s", f.last.p);
    CHECK(strstr(f.last.p, "\r\nAuthorization: Bearer T0KEN\r\n"), "%s", f.last.p);
    CHECK(strstr(f.last.p, "\r\nContent-Type: application/json\r\n"), "%s", f.last.p);
    CHECK(strstr(f.last.p, "\r\nX-Hub-Signature-256: sha256=00\r\n"), "%s", f.last.p);
    CHECK(strstr(f.last.p, "\r\nContent-Length: 7\r\n"), "%s", f.last.p);
    CHECK(!strstr(f.last.p, "Expect:"), "%s", f.last.p);
    CHECK(strstr(f.last.p, "\r\n\r\n{\"a\":1}"), "%s", f.last.p);

    for (int i = 0; i < 1 << 20; i++)
        buf_add_char(&big, (char)('a' + i % 26));
    call_init(&c, "http", f.port, buf_str(&big));
    call_run(h, loop, &c);
    CHECK(c.http.sent == HTTP_ANSWERED && f.last.n > big.n, "sent %d", c.http.sent);
    CHECK(memcmp(f.last.p + f.last.n - big.n, big.p, big.n) == 0,
          "the long body arrived as it was");

    call_init(&c, "http", f.port, STR(""));
    call_run(h, loop, &c);
    CHECK(strncmp(f.last.p, "POST ", 5) == 0 && strstr(f.last.p, "Content-Length: 0\r\n"), "%s",
          f.last.p);
    call_init(&c, "http", f.port, (struct str){NULL, 0});
    c.http.bearer = c.http.content_type = NULL;
    call_run(h, loop, &c);
    CHECK(strncmp(f.last.p, "GET /v25.0/1/messages HTTP/1.1\r\n", 32) == 0, "%s", f.last.p);
    CHECK(!strstr(f.last.p, "Authorization"), "%s", f.last.p);
    CHECK(f.connections == 1 && f.requests == 4, "%d connections", f.connections);
    buf_reset(&big);
    http_client_close(h);
    fake_close(&f, loop);
}

static void test_refused(uv_loop_t *loop)
{
    static const char *const urls[] = {"file:///etc/passwd", "ftp://127.0.0.1/", "127.0.0.1", ""};
    struct http_client *h = client(loop);

    for
        EACH (i, urls) {
            struct err e = {0};
            struct call c;

            call_init(&c, "http", 1, STR("{}"));
            c.http.url = urls[i];
            CHECK(!http_start(h, &c.http, &e) && e.kind == ERR_CONFIG, "%s", urls[i]);
            CHECK(c.n_done == 0, "%s", urls[i]);
        }
    http_client_close(h);
    uv_run(loop, UV_RUN_DEFAULT);
}

static void test_cancel(uv_loop_t *loop)
{
    struct http_client *h = client(loop);
    struct err e = {0};
    struct call c[3];
    struct fake f;

    fake_open(&f, loop, MUTE, NULL);
    for
        EACH (i, c) {
            call_init(&c[i], "http", f.port, STR("{}"));
            CHECK(http_start(h, &c[i].http, &e), "%s", e.text);
        }
    http_cancel(h, &c[0].http); /* before it left */
    while (f.requests < 2)
        uv_run(loop, UV_RUN_ONCE);
    http_cancel(h, &c[1].http);
    http_cancel(h, &c[2].http);
    http_cancel(h, &c[2].http); /* ended: nothing to do */
    http_client_close(h);
    fake_close(&f, loop);
    for
        EACH (i, c)
            CHECK(c[i].n_done == 0, "done() after http_cancel()");
}

/* done() may start the next call. */
struct chain {
    struct call call;
    struct http_client *http;
    int left;
};

static void on_chained(struct http_call *h)
{
    struct call *c = container_of(h, struct call, http);
    struct chain *all = container_of(c, struct chain, call);
    struct err e = {0};

    c->n_done++;
    if (--all->left)
        CHECK(http_start(all->http, h, &e), "%s", e.text);
}

static void test_chain(uv_loop_t *loop)
{
    struct chain all = {.http = client(loop), .left = 50};
    struct err e = {0};
    struct fake f;

    fake_open(&f, loop, ANSWER, NULL);
    call_init(&all.call, "http", f.port, STR("{}"));
    all.call.http.done = on_chained;
    CHECK(http_start(all.http, &all.call.http, &e), "%s", e.text);
    while (all.left)
        uv_run(loop, UV_RUN_ONCE);
    CHECK(all.call.n_done == 50 && f.requests == 50 && f.connections == 1, "%d", f.connections);
    http_client_close(all.http);
    fake_close(&f, loop);
}

int main(void)
{
    uv_loop_t loop;

    setenv("http_proxy", "http://127.0.0.1:1", 1); /* nobody is there: it must not be asked */
    setenv("https_proxy", "http://127.0.0.1:1", 1);
    setenv("ALL_PROXY", "http://127.0.0.1:1", 1);
    uv_loop_init(&loop);
    test_trap(&loop);
    test_cases(&loop);
    test_nobody(&loop);
    test_connect_timeout(&loop);
    test_mute(&loop);
    test_request(&loop);
    test_refused(&loop);
    test_cancel(&loop);
    test_chain(&loop);
    uv_run(&loop, UV_RUN_DEFAULT);
    CHECK(uv_loop_close(&loop) == 0, "a handle is still open");
    return check_end();
}
