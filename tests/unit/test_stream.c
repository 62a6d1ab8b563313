/* TCP streams: echo, back-pressure, half-close, a peer that resets, closing in every state. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "check.h"
#include "net/stream.h"

enum { BIG = 8 << 20 };

/* The owner of one accepted stream, and what happened to it. */
struct owner {
    uv_loop_t loop;
    struct listener *listener;
    struct stream *s;
    struct buf got;
    int n_end, n_written, n_failed, n_closed, n_refused;
    enum err_kind why;
    enum listener_refusal why_refused;
    bool inside, refuse;
};

static void on_data(void *ctx, struct str data)
{
    struct owner *o = ctx;

    buf_add(&o->got, data);
}

static void on_end(void *ctx, const struct err *why)
{
    struct owner *o = ctx;

    o->n_end++;
    o->why = why->kind;
}

static void on_written(void *ctx, bool ok)
{
    struct owner *o = ctx;

    CHECK(!o->inside, "on_written() inside stream_write()");
    CHECK(o->n_closed == 0, "on_written() after on_closed()");
    o->n_written++;
    o->n_failed += !ok;
}

static void on_closed(void *ctx)
{
    struct owner *o = ctx;

    o->n_closed++;
    o->s = NULL;
}

static bool on_stream(void *ctx, struct stream *s)
{
    struct owner *o = ctx;

    if (o->refuse)
        return false;
    s->on = (struct stream_events){on_data, on_end, on_written, on_closed};
    s->ctx = o;
    o->s = s;
    return true;
}

static void on_refused(void *ctx, enum listener_refusal why, const char *peer, const char *detail)
{
    struct owner *o = ctx;

    CHECK(strcmp(peer, "127.0.0.1") == 0, "%s", peer);
    CHECK(detail[0] == '\0', "%s", detail);
    o->why_refused = why;
    o->n_refused++;
}

static void turn(struct owner *o)
{
    uv_run(&o->loop, UV_RUN_NOWAIT);
    usleep(100);
}

static int dial(struct owner *o)
{
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)listener_port(o->listener))};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    inet_pton(AF_INET, "127.0.0.1", &at.sin_addr);
    if (fd < 0 || connect(fd, (struct sockaddr *)&at, sizeof at) != 0)
        abort();
    fcntl(fd, F_SETFL, O_NONBLOCK);
    return fd;
}

/* A listener with one stream taken; the peer's socket. */
static int owner_open(struct owner *o)
{
    struct listener_settings set;
    struct err e;
    int fd;

    *o = (struct owner){.got = buf_new(BIG * 2)};
    uv_loop_init(&o->loop);
    set = (struct listener_settings){.loop = &o->loop,
                                     .host = "127.0.0.1",
                                     .max_connections = 1,
                                     .on_stream = on_stream,
                                     .on_refused = on_refused,
                                     .ctx = o};
    if (!listener_open(&set, &o->listener, &e)) {
        printf("%s\n", e.text);
        exit(1);
    }
    fd = dial(o);
    while (!o->s)
        turn(o);
    CHECK(strcmp(o->s->peer, "127.0.0.1") == 0, "%s", o->s->peer);
    return fd;
}

static void owner_end(struct owner *o, int fd)
{
    if (o->s)
        stream_close(o->s);
    listener_close(o->listener);
    uv_run(&o->loop, UV_RUN_DEFAULT);
    CHECK(o->n_closed == 1, "on_closed() %d times", o->n_closed);
    CHECK(uv_loop_close(&o->loop) == 0, "a handle is still open");
    buf_reset(&o->got);
    close(fd);
}

static void owner_write(struct owner *o, struct str data)
{
    o->inside = true;
    stream_write(o->s, data);
    o->inside = false;
}

static void reset(int fd)
{
    struct linger now = {1, 0};

    setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close(fd);
}

static void test_talk(void)
{
    struct owner o;
    int fd = owner_open(&o);
    char back[8] = "";

    CHECK(send(fd, "abc", 3, MSG_NOSIGNAL) == 3, "send");
    for (int i = 0; i < 50; i++)
        turn(&o);
    CHECK(o.got.n == 0, "a new stream does not read until told to");
    stream_read(o.s, true);
    stream_read(o.s, true); /* twice is fine */
    while (o.got.n < 3)
        turn(&o);
    stream_read(o.s, false);
    CHECK(send(fd, "def", 3, MSG_NOSIGNAL) == 3, "send");
    for (int i = 0; i < 50; i++)
        turn(&o);
    CHECK(o.got.n == 3, "it read although told not to");
    shutdown(fd, SHUT_WR);
    stream_read(o.s, true);
    while (!o.n_end)
        turn(&o);
    CHECK(str_eq(buf_str(&o.got), STR("abcdef")) && o.why == ERR_NONE, "%s", o.got.p);
    owner_write(&o, STR("late")); /* a half-closed peer still hears */
    while (!o.n_written)
        turn(&o);
    stream_shutdown(o.s);
    for (ssize_t n = 0, k; n<4; n += k> 0 ? k : 0) {
        k = recv(fd, back + n, sizeof back - (size_t)n, 0);
        turn(&o);
    }
    CHECK(strcmp(back, "late") == 0 && o.n_failed == 0, "%s", back);
    while (recv(fd, back, 1, 0) != 0)
        turn(&o);
    CHECK(o.n_end == 1, "on_end() %d times", o.n_end);
    owner_end(&o, fd);
}

/* Reading has seen the reset; a write after that fails, later, once. */
static void test_write_after_reset(bool close_at_once)
{
    struct owner o;
    int fd = owner_open(&o);

    stream_read(o.s, true);
    CHECK(send(fd, "abc", 3, MSG_NOSIGNAL) == 3, "send");
    while (!o.got.n)
        turn(&o);
    owner_write(&o, STR("x"));
    while (!o.n_written)
        turn(&o); /* the peer leaves this unread, so its close is a reset */
    reset(fd);
    while (!o.n_end)
        turn(&o);
    CHECK(o.why == ERR_BUSY, "not a reset: %d", (int)o.why);
    owner_write(&o, STR("too late"));
    if (close_at_once)
        stream_close(o.s);
    while (o.n_written < 2)
        turn(&o);
    CHECK(o.n_failed == 1, "%d failed", o.n_failed);
    owner_end(&o, -1);
    CHECK(o.n_written == 2, "told %d times", o.n_written);
}

static void test_close_while_writing(void)
{
    struct owner o;
    int fd = owner_open(&o);
    struct str big = {calloc(1, BIG * 4), BIG * 4};

    owner_write(&o, big);
    turn(&o);
    CHECK(o.n_written == 0, "more than a socket holds");
    stream_close(o.s);
    while (!o.n_closed)
        turn(&o);
    CHECK(o.n_written == 1 && o.n_failed == 1, "%d, %d", o.n_written, o.n_failed);
    free((char *)(uintptr_t)big.p);
    owner_end(&o, fd);
}

static void test_full(void)
{
    struct owner o;
    int fd = owner_open(&o), second = dial(&o), third;
    char c;

    while (recv(second, &c, 1, 0) != 0)
        turn(&o);
    CHECK(o.n_refused == 1 && listener_connections(o.listener) == 1, "%d", o.n_refused);
    stream_close(o.s);
    while (o.s)
        turn(&o);
    o.refuse = true;
    third = dial(&o);
    while (recv(third, &c, 1, 0) != 0)
        turn(&o);
    CHECK(listener_connections(o.listener) == 0 && o.n_closed == 1, "a refused one is not told of");
    close(second);
    close(third);
    owner_end(&o, fd);
}

static bool is_probed(int idle_s)
{
    bool found = false;

    for (int fd = 3; fd < 64; fd++) {
        int on = 0, idle = 0, apart = 0, probes = 0;
        socklen_t size = sizeof on;

        if (getsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, &size) != 0 || !on)
            continue;
        getsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, &size);
        getsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &apart, &size);
        getsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &probes, &size);
        CHECK(idle == idle_s && apart == 10 && probes == 3, "%d %d %d", idle, apart, probes);
        found = true;
    }
    return found;
}

/* Who may connect is asked before anything else; a peer that falls silent is probed. */
static void test_allow(void)
{
    static const struct {
        const char *range;
        bool taken;
    } rows[] = {{"127.0.0.0/8", true}, {"192.0.2.0/24", false}, {"::/0", true}, {"::1", false}};

    for
        EACH (i, rows) {
            struct owner o = {.got = buf_new(BIG)};
            struct net_range range;
            struct listener_settings set = {.loop = &o.loop,
                                            .host = "127.0.0.1",
                                            .max_connections = rows[i].taken ? 1 : 0,
                                            .allow = &range,
                                            .n_allow = 1,
                                            .keepalive_s = 60,
                                            .on_stream = on_stream,
                                            .on_refused = on_refused,
                                            .ctx = &o};
            struct err e;
            int fd;

            uv_loop_init(&o.loop);
            CHECK(net_range_parse(str_of(rows[i].range), &range, &e), "%s", e.text);
            CHECK(listener_open(&set, &o.listener, &e), "%s", e.text);
            fd = dial(&o);
            while (!o.s && !o.n_refused)
                turn(&o);
            CHECK(!!o.s == rows[i].taken, "%s", rows[i].range);
            CHECK(o.s || o.why_refused == LISTENER_ADDRESS, "%d", o.why_refused);
            CHECK(is_probed(60) == rows[i].taken, "%s: keep-alive", rows[i].range);
            o.n_closed = o.s ? o.n_closed : 1;
            owner_end(&o, fd);
        }
}

/* A socket that listens already is taken over as it is; one that does not is refused and closed. */
static void test_handed_over(void)
{
    struct owner o = {.got = buf_new(BIG)};
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof at;
    struct listener_settings set = {.loop = &o.loop,
                                    .host = "127.0.0.1",
                                    .fd = socket(AF_INET, SOCK_STREAM, 0),
                                    .max_connections = 1,
                                    .on_stream = on_stream,
                                    .ctx = &o};
    struct err e = {0};
    int fd;

    uv_loop_init(&o.loop);
    CHECK(!listener_open(&set, &o.listener, &e) && e.kind == ERR_CONFIG, "%s", e.text);
    uv_run(&o.loop, UV_RUN_DEFAULT);
    CHECK(fcntl(set.fd, F_GETFD) < 0, "a refused socket is still open");
    set.fd = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(bind(set.fd, (struct sockaddr *)&at, sizeof at) == 0 && listen(set.fd, 1) == 0 &&
              getsockname(set.fd, (struct sockaddr *)&at, &size) == 0,
          "socket");
    CHECK(listener_open(&set, &o.listener, &e), "%s", e.text);
    CHECK(listener_port(o.listener) == ntohs(at.sin_port), "%d", listener_port(o.listener));
    fd = dial(&o);
    while (!o.s)
        turn(&o);
    owner_end(&o, fd);
}

int main(void)
{
    test_talk();
    test_write_after_reset(false);
    test_write_after_reset(true);
    test_close_while_writing();
    test_full();
    test_allow();
    test_handed_over();
    return check_end();
}
