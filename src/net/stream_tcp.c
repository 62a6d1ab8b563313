/* One read buffer serves every stream of a listener: the loop is one thread, and on_data() has used
 * the bytes before it returns. An idle connection costs its struct alone. */
#include "stream_tcp.h"

#include <netinet/tcp.h>
#include <stdlib.h>

#include "base/container_of.h"

static struct stream_tcp *of(struct stream *s)
{
    return container_of(s, struct stream_tcp, stream);
}

static void on_room(uv_handle_t *h, size_t want, uv_buf_t *out)
{
    struct stream_tcp *t = container_of(h, struct stream_tcp, tcp);

    (void)want;
    *out = uv_buf_init(t->room, STREAM_READ_BYTES);
}

static void on_read(uv_stream_t *h, ssize_t n, const uv_buf_t *buf)
{
    struct stream_tcp *t = container_of(h, struct stream_tcp, tcp);
    struct err why = {0};

    if (n > 0) {
        t->stream.on.on_data(t->stream.ctx, (struct str){buf->base, (size_t)n});
        return;
    }
    if (n == 0 || t->ended)
        return;
    t->ended = true;
    uv_read_stop(h);
    if (n != UV_EOF)
        err_set(&why, ERR_BUSY, (int)n, "connection broken: %s", uv_strerror((int)n));
    t->stream.on.on_end(t->stream.ctx, &why);
}

static void tcp_read(struct stream *s, bool on)
{
    struct stream_tcp *t = of(s);

    if (t->closing || t->ended)
        return;
    if (on)
        (void)uv_read_start((uv_stream_t *)&t->tcp, on_room, on_read); /* EALREADY is fine */
    else
        uv_read_stop((uv_stream_t *)&t->tcp);
}

static void on_written(uv_write_t *w, int status)
{
    struct stream_tcp *t = container_of(w, struct stream_tcp, write);

    t->stream.on.on_written(t->stream.ctx, status == 0);
}

/* A write that libuv would not take: its owner is told on the loop's next turn. */
static void tell_failure(void *ctx)
{
    struct stream_tcp *t = ctx;

    t->failure = NULL;
    t->stream.on.on_written(t->stream.ctx, false);
}

static void tcp_write(struct stream *s, struct str data)
{
    struct stream_tcp *t = of(s);
    union {
        const char *in;
        char *out; /* uv_write() does not write to it */
    } bytes = {data.p};
    uv_buf_t buf = uv_buf_init(bytes.out, (unsigned)data.n);

    /* After a reset that reading has seen libuv takes no write (EPIPE). */
    if (uv_write(&t->write, (uv_stream_t *)&t->tcp, &buf, 1, on_written) == 0)
        return;
    t->failure = turn_start(t->tcp.loop, tell_failure, t);
}

static size_t tcp_write_now(struct stream *s, struct str data)
{
    struct stream_tcp *t = of(s);
    union {
        const char *in;
        char *out; /* uv_try_write() does not write to it */
    } bytes = {data.p};
    uv_buf_t buf = uv_buf_init(bytes.out, (unsigned)data.n);
    int n = uv_try_write((uv_stream_t *)&t->tcp, &buf, 1);

    return n > 0 ? (size_t)n : 0; /* a broken connection is found by the write that follows */
}

static void tcp_shutdown(struct stream *s)
{
    struct stream_tcp *t = of(s);

    /* ENOTCONN: the peer has reset it, and reading says so. */
    (void)uv_shutdown(&t->shutdown, (uv_stream_t *)&t->tcp, NULL);
}

static void on_closed(uv_handle_t *h)
{
    struct stream_tcp *t = container_of(h, struct stream_tcp, tcp);

    if (t->failure) {
        turn_cancel(t->failure);
        tell_failure(t);
    }
    if (t->stream.on.on_closed)
        t->stream.on.on_closed(t->stream.ctx);
    if (t->on_gone)
        t->on_gone(t);
    if (t->owns_room)
        free(t->room);
    free(t);
}

static void tcp_close(struct stream *s)
{
    struct stream_tcp *t = of(s);

    if (t->closing)
        return;
    t->closing = true;
    uv_close((uv_handle_t *)&t->tcp, on_closed);
}

static const struct stream_ops tcp_ops = {tcp_read, tcp_write, tcp_shutdown, tcp_close,
                                          tcp_write_now};

struct stream_tcp *stream_tcp_new(uv_loop_t *loop, char *room)
{
    struct stream_tcp *t = calloc(1, sizeof *t);

    if (!t)
        abort();
    t->owns_room = !room;
    t->room = room ? room : malloc(STREAM_READ_BYTES);
    if (!t->room)
        abort();
    t->stream.ops = &tcp_ops;
    uv_tcp_init(loop, &t->tcp); /* no socket yet: cannot fail */
    return t;
}

/* Older libuv sets the first of the three times alone. */
static void keep_alive(struct stream_tcp *t, int idle_s)
{
    const int probes = 3, apart_s = 10;
    int fd = -1;

    if (uv_tcp_keepalive(&t->tcp, 1, (unsigned)idle_s) != 0 ||
        uv_fileno((uv_handle_t *)&t->tcp, &fd) != 0)
        return;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &apart_s, sizeof apart_s);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof probes);
}

void stream_tcp_ready(struct stream_tcp *t, int keepalive_s)
{
    struct sockaddr_storage at = {0};
    int size = sizeof at;

    uv_tcp_nodelay(&t->tcp, 1);
    if (keepalive_s > 0)
        keep_alive(t, keepalive_s);
    if (uv_tcp_getpeername(&t->tcp, (struct sockaddr *)&at, &size) == 0)
        (void)uv_ip_name((struct sockaddr *)&at, t->stream.peer, sizeof t->stream.peer);
}

bool stream_address(const char *host, int port, struct sockaddr_storage *out, struct err *e)
{
    if (port < 0 || port > 65535)
        return err_set(e, ERR_CONFIG, 0, "port %d is not between 0 and 65535", port);
    if (uv_ip4_addr(host, port, (struct sockaddr_in *)out) == 0 ||
        uv_ip6_addr(host, port, (struct sockaddr_in6 *)out) == 0)
        return true;
    return err_set(e, ERR_CONFIG, 0, "not a numeric address");
}
