/* The HTTP server over real sockets: deadlines, late answers, peers that leave, the end. */
#include "net/http_server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "check.h"
#include "net/stream.h"

#define HOST "Host: a\r\n"

enum { BIG = 16 << 20, BODY = 1 << 20 };

struct house {
    uv_loop_t loop;
    struct http_server *server;
    struct http_exchange *late; /* waits for an answer */
    int n_requests;
    bool closed;
    char *big;
};

static void on_hello(struct http_exchange *x)
{
    struct house *t = x->ctx;

    t->n_requests++;
    CHECK(strcmp(x->request.peer, "127.0.0.1") == 0, "%s", x->request.peer);
    http_answer(x, &(struct http_answer){.status = 200, .body = STR("hello")});
}

static void on_late(struct http_exchange *x)
{
    struct house *t = x->ctx;

    t->n_requests++;
    t->late = x;
}

static void on_big(struct http_exchange *x)
{
    struct house *t = x->ctx;

    t->n_requests++;
    http_answer(x, &(struct http_answer){.status = 200, .body = {t->big, BIG}});
}

static void on_abort(struct http_exchange *x)
{
    http_abort(x);
}

static void dress(void *ctx, int status, struct arena *a, struct http_answer *answer)
{
    static const struct http_field fields[] = {{"Cache-Control", "no-store"}};

    (void)ctx;
    answer->content_type = "application/json";
    answer->body = arena_printf(a, "{\"status\":%d}", status);
    answer->fields = fields;
    answer->n_fields = 1;
}

static void on_closed(void *ctx)
{
    struct house *t = ctx;

    t->closed = true;
}

static struct http_route routes[6];

static struct http_settings house_init(struct house *t)
{
    struct http_settings set;

    *t = (struct house){.big = calloc(1, BIG)};
    uv_loop_init(&t->loop);
    set = http_settings_default(&t->loop, "127.0.0.1", 0);
    routes[0] = (struct http_route){"GET", "/hello", 0, on_hello, t};
    routes[1] = (struct http_route){"POST", "/hello", BODY, on_hello, t};
    routes[2] = (struct http_route){"GET", "/late", 0, on_late, t};
    routes[3] = (struct http_route){"POST", "/late", BODY, on_late, t};
    routes[4] = (struct http_route){"GET", "/big", 0, on_big, t};
    routes[5] = (struct http_route){"GET", "/abort", 0, on_abort, t};
    set.routes = routes;
    set.n_routes = 6;
    return set;
}

static void house_open(struct house *t, const struct http_settings *set)
{
    struct err e;

    if (!http_server_open(set, &t->server, &e)) {
        printf("%s\n", e.text);
        exit(1);
    }
}

static void house_end(struct house *t, int64_t grace_ms)
{
    if (!t->closed) {
        http_server_close(t->server, grace_ms, on_closed, t);
        while (!t->closed)
            uv_run(&t->loop, UV_RUN_ONCE);
    }
    uv_run(&t->loop, UV_RUN_DEFAULT);
    CHECK(uv_loop_close(&t->loop) == 0, "a handle is still open");
    free(t->big);
}

/* ---- a client that blocks on nothing ---- */

static int dial(const struct house *t)
{
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)http_server_port(t->server))};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    inet_pton(AF_INET, "127.0.0.1", &at.sin_addr);
    if (fd < 0 || connect(fd, (struct sockaddr *)&at, sizeof at) != 0)
        abort(); /* the backlog takes it */
    fcntl(fd, F_SETFL, O_NONBLOCK);
    return fd;
}

static void turn(struct house *t)
{
    uv_run(&t->loop, UV_RUN_NOWAIT);
    usleep(200);
}

/* Says all of it, while the server runs. False when the server has closed. */
static bool say(struct house *t, int fd, struct str text)
{
    while (text.n) {
        ssize_t n = send(fd, text.p, text.n, MSG_NOSIGNAL);

        if (n > 0)
            text = (struct str){text.p + n, text.n - (size_t)n};
        else if (errno != EAGAIN)
            return false;
        turn(t);
    }
    return true;
}

/* Reads until the server closes, or `until` has come. What was heard; "reset" at its end after an RST. */
static struct str hear(struct house *t, int fd, const char *until, struct arena *a)
{
    struct buf all = buf_new(BIG * 2);
    struct str copy;

    for (;;) {
        char piece[65536];
        ssize_t n = recv(fd, piece, sizeof piece, 0);

        if (n > 0)
            buf_add(&all, (struct str){piece, (size_t)n});
        else if (n == 0 || errno != EAGAIN)
            break;
        if (n < 0)
            turn(t);
        if (until && all.n && strstr(all.p, until))
            break;
    }
    if (errno == ECONNRESET)
        buf_add(&all, STR("reset"));
    copy = arena_copy(a, buf_str(&all));
    buf_reset(&all);
    return copy;
}

static void reset(int fd)
{
    struct linger now = {1, 0};

    setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close(fd);
}

static bool starts(struct str s, const char *with)
{
    return str_starts(s, str_of(with));
}

static void wait_late(struct house *t)
{
    while (!t->late)
        turn(t);
}

static void answer_late(struct house *t)
{
    struct http_exchange *x = t->late;

    t->late = NULL;
    http_answer(x, &(struct http_answer){.status = 200, .body = STR("late")});
}

/* ---- */

static void test_late(void)
{
    struct house t;
    struct http_settings set = house_init(&t);
    struct arena a = {0};
    struct str heard;
    int fd;

    house_open(&t, &set);
    fd = dial(&t);
    say(&t, fd, STR("GET /late HTTP/1.1\r\n" HOST "\r\nGET /hello HTTP/1.1\r\n" HOST "\r\n"));
    wait_late(&t);
    for (int i = 0; i < 50; i++)
        turn(&t);
    CHECK(t.n_requests == 1, "the second waits for the first: %d", t.n_requests);
    CHECK(!t.late->gone, "the peer is there");
    answer_late(&t);
    heard = hear(&t, fd, "hello", &a);
    CHECK(strstr(heard.p, "late") && strstr(heard.p, "late") < strstr(heard.p, "hello"), "%s",
          heard.p);

    say(&t, fd, STR("GET /late HTTP/1.1\r\n" HOST "\r\n"));
    wait_late(&t);
    shutdown(fd, SHUT_WR); /* a half-closed peer still wants its answer */
    for (int i = 0; i < 20; i++)
        turn(&t);
    answer_late(&t);
    heard = hear(&t, fd, NULL, &a);
    CHECK(starts(heard, "HTTP/1.1 200") && strstr(heard.p, "late"), "%s", heard.p);
    close(fd);

    fd = dial(&t);
    say(&t, fd, STR("GET /late HTTP/1.1\r\n" HOST "\r\n"));
    wait_late(&t);
    reset(fd);
    while (!t.late->gone)
        turn(&t);
    CHECK(http_server_connections(t.server) == 1, "kept for the handler");
    answer_late(&t);
    CHECK(http_server_connections(t.server) == 0, "%d", http_server_connections(t.server));

    fd = dial(&t); /* gone by FIN: found out when the answer is written */
    say(&t, fd, STR("GET /late HTTP/1.1\r\n" HOST "\r\n"));
    wait_late(&t);
    close(fd);
    turn(&t);
    answer_late(&t);
    while (http_server_connections(t.server))
        turn(&t);

    fd = dial(&t);
    say(&t, fd, STR("GET /abort HTTP/1.1\r\n" HOST "\r\n"));
    heard = hear(&t, fd, NULL, &a);
    CHECK(heard.n == 0, "%s", heard.p);
    close(fd);
    arena_reset(&a);
    house_end(&t, 1000);
}

/* The answer to a body that is too long arrives although the client goes on sending. */
static void test_too_long(void)
{
    struct house t;
    struct http_settings set = house_init(&t);
    struct arena a = {0};
    struct str heard, junk = {calloc(1, BIG), BIG};
    int fd;

    set.dress = dress;
    house_open(&t, &set);
    for (int i = 0; i < 5; i++) {
        fd = dial(&t);
        say(&t, fd, STR("POST /hello HTTP/1.1\r\n" HOST "Content-Length: 16777216\r\n\r\n"));
        say(&t, fd, (struct str){junk.p, BODY});
        heard = hear(&t, fd, NULL, &a);
        CHECK(starts(heard, "HTTP/1.1 413 ") && strstr(heard.p, "\r\n\r\n{\"status\":413}"), "%s",
              heard.p);
        CHECK(!strstr(heard.p, "reset"), "an RST ate the answer");
        CHECK(strstr(heard.p, "Cache-Control: no-store\r\n") &&
                  strstr(heard.p, "Connection: close\r\n"),
              "%s", heard.p);
        close(fd);
    }
    CHECK(t.n_requests == 0, "the handler saw nothing");
    fd = dial(&t);
    say(&t, fd, STR("PUT /hello HTTP/1.1\r\n" HOST "\r\n"));
    heard = hear(&t, fd, "405}", &a);
    CHECK(strstr(heard.p, "Allow: GET, HEAD, POST\r\n") && strstr(heard.p, "Cache-Control"), "%s",
          heard.p);
    close(fd);
    free((char *)(uintptr_t)junk.p);
    arena_reset(&a);
    house_end(&t, 1000);
}

static void test_slow(void)
{
    struct house t;
    struct http_settings set = house_init(&t);
    struct arena a = {0};
    struct str heard;
    uint64_t from;
    int fd;

    set.header_ms = set.idle_ms = set.body_ms = 60;
    set.min_rate = 1;
    house_open(&t, &set);
    fd = dial(&t);
    say(&t, fd, STR("GET /hello HTTP/1.1\r\nHo"));
    heard = hear(&t, fd, NULL, &a);
    CHECK(starts(heard, "HTTP/1.1 408 "), "slow header: %s", heard.p);
    close(fd);
    fd = dial(&t);
    say(&t, fd, STR("POST /hello HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\n"));
    heard = hear(&t, fd, NULL, &a);
    CHECK(starts(heard, "HTTP/1.1 408 "), "slow body: %s", heard.p);
    close(fd);
    fd = dial(&t);
    heard = hear(&t, fd, NULL, &a);
    CHECK(heard.n == 0, "a silent peer is left without a word: %s", heard.p);
    close(fd);

    fd = dial(&t); /* 200 bytes at a byte a second are good for 200 s */
    say(&t, fd, STR("POST /hello HTTP/1.1\r\n" HOST "Content-Length: 201\r\n\r\n"));
    say(&t, fd, arena_printf(&a, "%0200d", 0));
    for (from = uv_hrtime(); uv_hrtime() - from < 150000000U;)
        turn(&t);
    say(&t, fd, STR("x"));
    heard = hear(&t, fd, "hello", &a);
    CHECK(starts(heard, "HTTP/1.1 200 "), "an honest slow body: %s", heard.p);
    heard = hear(&t, fd, NULL, &a);
    CHECK(heard.n == 0, "idle after an answer: %s", heard.p);
    close(fd);
    arena_reset(&a);
    house_end(&t, 1000);
}

static void test_never_reads(void)
{
    struct house t;
    struct http_settings set = house_init(&t);
    int fd;

    set.write_ms = 80;
    house_open(&t, &set);
    fd = dial(&t);
    for (int i = 0; i < 200; i++)
        if (!say(&t, fd, STR("GET /big HTTP/1.1\r\n" HOST "\r\n")))
            break;
    while (t.n_requests == 0)
        turn(&t);
    while (http_server_connections(t.server))
        turn(&t);
    CHECK(t.n_requests == 1, "%d answers queued for a peer that takes none", t.n_requests);
    close(fd);
    house_end(&t, 1000);
}

static void test_big(void)
{
    struct house t;
    struct http_settings set = house_init(&t);
    struct arena a = {0};
    struct str heard;
    int fd;

    house_open(&t, &set);
    fd = dial(&t);
    say(&t, fd, STR("GET /big HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n"));
    heard = hear(&t, fd, NULL, &a);
    CHECK(heard.n > BIG && heard.n < BIG + 200, "%zu bytes", heard.n);
    close(fd);
    arena_reset(&a);
    house_end(&t, 1000);
}

static void test_full(void)
{
    struct house t;
    struct http_settings set = house_init(&t);
    struct arena a = {0};
    struct http_server *second;
    struct err e = {0};
    struct str heard;
    int fd[3];

    set.max_connections = 2;
    house_open(&t, &set);
    for (int i = 0; i < 2; i++) {
        fd[i] = dial(&t);
        while (http_server_connections(t.server) <= i)
            turn(&t);
    }
    fd[2] = dial(&t);
    heard = hear(&t, fd[2], NULL, &a);
    CHECK(heard.n == 0, "%s", heard.p);
    say(&t, fd[0], STR("GET /hello HTTP/1.1\r\n" HOST "\r\n"));
    heard = hear(&t, fd[0], "hello", &a);
    CHECK(starts(heard, "HTTP/1.1 200 "), "the others go on: %s", heard.p);
    for
        EACH (i, fd)
            close(fd[i]);
    while (http_server_connections(t.server))
        turn(&t);

    set.port = http_server_port(t.server);
    CHECK(!http_server_open(&set, &second, &e) && e.kind == ERR_CONFIG, "occupied: %s", e.text);
    set.host = "localhost";
    CHECK(!http_server_open(&set, &second, &e) && e.kind == ERR_CONFIG, "not numeric: %s", e.text);
    set.host = "192.0.2.1";
    CHECK(!http_server_open(&set, &second, &e) && e.kind == ERR_CONFIG, "not ours: %s", e.text);
    set.host = "127.0.0.1";
    set.port = 65536;
    CHECK(!http_server_open(&set, &second, &e) && e.kind == ERR_CONFIG, "no port: %s", e.text);
    arena_reset(&a);
    house_end(&t, 1000);
}

static void test_drain(void)
{
    struct house t;
    struct http_settings set = house_init(&t);
    struct arena a = {0};
    struct str heard;
    int idle, half, busy;

    house_open(&t, &set);
    idle = dial(&t);
    half = dial(&t);
    busy = dial(&t);
    say(&t, half, STR("POST /hello HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\nab"));
    say(&t, busy, STR("GET /late HTTP/1.1\r\n" HOST "\r\n"));
    wait_late(&t);
    while (http_server_connections(t.server) < 3)
        turn(&t);
    http_server_close(t.server, 60000, on_closed, &t);
    heard = hear(&t, idle, NULL, &a);
    CHECK(heard.n == 0 && !t.closed, "idle: %s", heard.p);
    say(&t, half, STR("cde"));
    heard = hear(&t, half, NULL, &a);
    CHECK(starts(heard, "HTTP/1.1 200 ") && strstr(heard.p, "Connection: close\r\n"), "%s",
          heard.p);
    CHECK(!t.closed, "a handler is at work");
    answer_late(&t);
    heard = hear(&t, busy, NULL, &a);
    CHECK(strstr(heard.p, "late") && strstr(heard.p, "Connection: close\r\n"), "%s", heard.p);
    close(idle);
    close(half);
    close(busy);
    while (!t.closed)
        turn(&t);
    arena_reset(&a);
    house_end(&t, 0);
}

/* Grace runs out while a handler is at work and another peer dawdles. */
static void test_cut(int64_t grace_ms)
{
    struct house t;
    struct http_settings set = house_init(&t);
    int half, busy;

    house_open(&t, &set);
    half = dial(&t);
    busy = dial(&t);
    say(&t, half, STR("GET /hello HTTP/1.1\r\nHo"));
    say(&t, busy, STR("POST /late HTTP/1.1\r\n" HOST "Content-Length: 1\r\n\r\nx"));
    wait_late(&t);
    while (http_server_connections(t.server) < 2)
        turn(&t);
    http_server_close(t.server, grace_ms, on_closed, &t);
    while (!t.late->gone || http_server_connections(t.server) > 1)
        turn(&t);
    CHECK(!t.closed, "the exchange is still out");
    CHECK(str_eq(t.late->request.body, STR("x")), "the request lives until it is answered");
    answer_late(&t);
    while (!t.closed)
        turn(&t);
    close(half);
    close(busy);
    house_end(&t, 0);
}

struct dialer {
    struct stream_connect c;
    int n_done;
    bool failed;
};

static void on_dialed(struct stream_connect *c, struct stream *s, const struct err *e)
{
    struct dialer *d = (struct dialer *)(void *)c;

    d->n_done++;
    d->failed = !s;
    CHECK(!s == (e->kind == ERR_BUSY), "%s", e->text);
    if (s)
        stream_close(s);
}

static void test_connect(void)
{
    struct house t;
    struct http_settings set = house_init(&t);
    struct dialer d = {.c = {.host = "127.0.0.1", .timeout_ms = 60000, .done = on_dialed}};
    struct err e = {0};

    house_open(&t, &set);
    d.c.port = http_server_port(t.server);
    CHECK(stream_connect_start(&t.loop, &d.c, &e) && d.n_done == 0, "%s", e.text);
    while (!d.n_done)
        turn(&t);
    CHECK(d.n_done == 1 && !d.failed, "%d", d.n_done);
    http_server_close(t.server, 0, on_closed, &t);
    while (!t.closed)
        turn(&t);
    CHECK(stream_connect_start(&t.loop, &d.c, &e), "%s", e.text); /* nobody listens now */
    while (d.n_done == 1)
        turn(&t);
    CHECK(d.n_done == 2 && d.failed, "%d", d.n_done);
    d.c = (struct stream_connect){
        .host = "192.0.2.1", .port = 9, .timeout_ms = 50, .done = on_dialed}; /* nobody is there */
    if (stream_connect_start(&t.loop, &d.c, &e)) {
        while (d.n_done == 2)
            turn(&t);
        CHECK(d.n_done == 3 && d.failed, "%d", d.n_done);
    }
    d = (struct dialer){.c = {.host = "localhost", .timeout_ms = 60000, .done = on_dialed}};
    d.c.port = 70000;
    CHECK(!stream_connect_start(&t.loop, &d.c, &e) && e.kind == ERR_CONFIG, "%s", e.text);
    house_end(&t, 0);
}

/* A real socket breaks at every byte of a talk; ASan sees what is left. */
static void test_breaks(void)
{
    static const char talk[] = "POST /late HTTP/1.1\r\n" HOST
                               "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX: y\r\n\r\n";
    struct house t;
    struct http_settings set = house_init(&t);

    house_open(&t, &set);
    for (size_t n = 0; n < sizeof talk; n++) {
        int fd = dial(&t);

        say(&t, fd, (struct str){talk, n});
        reset(fd);
        do
            turn(&t);
        while (http_server_connections(t.server) && !t.late);
        if (t.late)
            answer_late(&t);
        while (http_server_connections(t.server))
            turn(&t);
    }
    CHECK(t.n_requests <= 1, "%d", t.n_requests);
    house_end(&t, 0);
}

int main(void)
{
    test_late();
    test_too_long();
    test_slow();
    test_never_reads();
    test_big();
    test_full();
    test_drain();
    test_cut(0);
    test_cut(30);
    test_connect();
    test_breaks();
    return check_end();
}
