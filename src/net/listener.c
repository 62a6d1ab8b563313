/* Takes connections in and counts them. */
#include <stdlib.h>

#include "base/container_of.h"
#include "stream_tcp.h"

struct listener {
    struct listener_settings set;
    uv_tcp_t tcp;
    int open;  /* streams that their owners have */
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
    if (uv_accept(server, (uv_stream_t *)&t->tcp) != 0) {
        refuse(t);
        return;
    }
    stream_tcp_name(t);
    if (l->open >= l->set.max_connections) {
        refuse(t);
        if (l->set.on_refused)
            l->set.on_refused(l->set.ctx, l->open);
        return;
    }
    t->on_gone = on_gone;
    l->open++;
    if (!l->set.on_stream(l->set.ctx, &t->stream)) {
        l->open--;
        refuse(t);
    }
}

static void on_socket_closed(uv_handle_t *h)
{
    let_go(container_of(h, struct listener, tcp));
}

bool listener_open(const struct listener_settings *set, struct listener **out, struct err *e)
{
    struct sockaddr_storage at = {0};
    struct listener *l;
    int rc;

    if (!stream_address(set->host, set->port, &at, e))
        return false;
    l = calloc(1, sizeof *l);
    if (!l)
        abort();
    l->set = *set;
    l->alive = 1;
    uv_tcp_init(set->loop, &l->tcp);
    rc = uv_tcp_bind(&l->tcp, (struct sockaddr *)&at, 0);
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
    uv_close((uv_handle_t *)&l->tcp, on_socket_closed);
}
