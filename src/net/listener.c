/* Takes connections in and counts them. */
#include <stdlib.h>
#include <unistd.h>

#include "base/container_of.h"
#include "newcomers.h"
#include "stream_tcp.h"

struct listener {
    struct listener_settings set;
    struct newcomers newcomers;
    uv_tcp_t tcp;
    int open;  /* streams that their owners have, or that shake hands */
    int taken; /* those of owners */
    int alive; /* those, and the refused ones until libuv has closed them, and the socket itself */
    bool closing;
    char room[STREAM_READ_BYTES];
};

static void let_go(struct listener *l)
{
    if (--l->alive == 0)
        free(l);
}

static void on_gone(struct stream_tcp *t)
{
    struct listener *l = t->owner;

    l->open--;
    let_go(l);
}

static void on_taken_gone(struct stream_tcp *t)
{
    struct listener *l = t->owner;

    l->taken--;
    on_gone(t);
}

static void on_refused_gone(struct stream_tcp *t)
{
    let_go(t->owner);
}

static void refuse(struct stream_tcp *t)
{
    t->on_gone = on_refused_gone;
    t->stream.on = (struct stream_events){0};
    stream_close(&t->stream);
}

static void turn_away(struct listener *l, struct stream_tcp *t, enum listener_refusal why)
{
    char peer[sizeof t->stream.peer];

    memcpy(peer, t->stream.peer, sizeof peer);
    refuse(t);
    if (l->set.on_refused)
        l->set.on_refused(l->set.ctx, why, peer, "");
}

static void on_connection(uv_stream_t *server, int status)
{
    struct listener *l = container_of(server, struct listener, tcp);
    struct stream_tcp *t;

    if (status < 0 || l->closing)
        return; /* out of descriptors: libuv has shut the newcomer out, the next try comes by itself
                 */
    t = stream_tcp_new(l->set.loop, l->room);
    t->owner = l;
    l->alive++;
    if (uv_accept(server, (uv_stream_t *)&t->tcp) == 0)
        stream_tcp_ready(t, l->set.keepalive_s);
    if (!t->stream.peer[0]) { /* gone again: a socket without a peer has no name */
        refuse(t);
        return;
    }
    if (l->set.n_allow && !net_ranges_hold(l->set.allow, l->set.n_allow, t->stream.peer)) {
        turn_away(l, t, LISTENER_ADDRESS);
        return;
    }
    if (l->taken >= l->set.max_connections) {
        turn_away(l, t, LISTENER_FULL);
        return;
    }
    l->open++;
    if (l->set.tls) {
        t->on_gone = on_gone;
        newcomers_add(&l->newcomers, &t->stream);
        return;
    }
    t->on_gone = on_taken_gone;
    l->taken++;
    if (!l->set.on_stream(l->set.ctx, &t->stream)) {
        l->open--;
        l->taken--;
        refuse(t);
    }
}

const char *listener_refusal_name(enum listener_refusal r)
{
    static const char *const names[LISTENER_REFUSALS] = {
        [LISTENER_FULL] = "too many connections",
        [LISTENER_ADDRESS] = "address not allowed",
        [LISTENER_HANDSHAKE] = "TLS handshake failed",
    };

    return names[r];
}

static void on_socket_closed(uv_handle_t *h)
{
    let_go(container_of(h, struct listener, tcp));
}

static void on_ready(void *ctx, struct stream *s, struct stream *under)
{
    struct listener *l = ctx;
    struct stream_tcp *t = container_of(under, struct stream_tcp, stream);
    bool full = l->taken >= l->set.max_connections;

    t->on_gone = on_taken_gone;
    l->taken++;
    if (full && l->set.on_refused)
        l->set.on_refused(l->set.ctx, LISTENER_FULL, s->peer, "");
    if (!full && l->set.on_stream(l->set.ctx, s))
        return;
    s->on = (struct stream_events){0};
    stream_close(s);
}

static void on_failed(void *ctx, const char *peer, const char *why)
{
    struct listener *l = ctx;

    if (l->set.on_refused)
        l->set.on_refused(l->set.ctx, LISTENER_HANDSHAKE, peer, why);
}

static bool is_listening(int fd)
{
    int on = 0;
    socklen_t size = sizeof on;

    return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &on, &size) == 0 && on;
}

/* The socket that was handed over, or one of our own. */
static int take_socket(struct listener *l, const struct sockaddr_storage *at)
{
    int rc;

    if (!l->set.fd)
        return uv_tcp_bind(&l->tcp, (const struct sockaddr *)at, 0);
    rc = is_listening(l->set.fd) ? uv_tcp_open(&l->tcp, l->set.fd) : UV_EINVAL;
    if (rc != 0)
        close(l->set.fd);
    return rc;
}

bool listener_open(const struct listener_settings *set, struct listener **out, struct err *e)
{
    struct sockaddr_storage at = {0};
    struct listener *l;
    int rc;

    if (!set->fd && !stream_address(set->host, set->port, &at, e))
        return false;
    l = calloc(1, sizeof *l);
    if (!l)
        abort();
    l->set = *set;
    l->newcomers = (struct newcomers){.loop = set->loop,
                                      .tls = set->tls,
                                      .handshake_ms = set->handshake_ms,
                                      .most = set->max_handshakes ? set->max_handshakes
                                                                  : LISTENER_HANDSHAKES_MOST,
                                      .ready = on_ready,
                                      .failed = on_failed,
                                      .ctx = l};
    l->alive = 1;
    uv_tcp_init(set->loop, &l->tcp);
    rc = take_socket(l, &at);
    if (rc == 0)
        rc =
            uv_listen((uv_stream_t *)&l->tcp, set->backlog > 0 ? set->backlog : 511, on_connection);
    if (rc != 0) {
        listener_close(l);
        return err_set(e, ERR_CONFIG, rc, "cannot listen on %s port %d: %s", set->host, set->port,
                       uv_strerror(rc));
    }
    *out = l;
    return true;
}

int listener_port(const struct listener *l)
{
    struct sockaddr_storage at = {0};
    int size = sizeof at;

    if (uv_tcp_getsockname(&l->tcp, (struct sockaddr *)&at, &size) != 0)
        return 0;
    return ntohs(at.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&at)->sin6_port
                                          : ((struct sockaddr_in *)&at)->sin_port);
}

int listener_connections(const struct listener *l)
{
    return l->open;
}

void listener_close(struct listener *l)
{
    if (l->closing)
        return;
    l->closing = true;
    newcomers_drop(&l->newcomers);
    uv_close((uv_handle_t *)&l->tcp, on_socket_closed);
}
