#include "net/control.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/container_of.h"
#include "control_place.h"

enum { BACKLOG = 16, HANDLES = 2 /* of one connection */ };

/* One connection. It ends when it is answered, or when its line does not come. */
struct control_ask {
    struct control *control;
    struct control_ask *next;
    uv_pipe_t pipe;
    uv_timer_t timer;
    uv_write_t write;
    int n_closed; /* of its handles */
    bool asked;   /* the line is with on_ask() */
    bool closing;
    char line[CONTROL_WORDS + 1];
    size_t n;
    struct buf answer;
};

struct control {
    struct control_settings set;
    uv_pipe_t pipe;
    struct control_ask *asks;
    int n_asks;
    int place;            /* control_place() */
    bool closing, closed; /* closed: the listening handle is */
    void (*on_closed)(void *ctx);
    void *closed_ctx;
};

static void end_if_idle(struct control *c)
{
    void (*on_closed)(void *ctx) = c->on_closed;
    void *ctx = c->closed_ctx;

    if (!c->closing || !c->closed || c->n_asks)
        return;
    free(c);
    if (on_closed)
        on_closed(ctx);
}

static void on_handle_closed(uv_handle_t *h)
{
    struct control_ask *q = h->data, **at;
    struct control *c = q->control;

    if (++q->n_closed < HANDLES)
        return;
    for (at = &c->asks; *at != q; at = &(*at)->next)
        ;
    *at = q->next;
    c->n_asks--;
    buf_reset(&q->answer);
    free(q);
    end_if_idle(c);
}

static void ask_close(struct control_ask *q)
{
    if (q->closing)
        return;
    q->closing = true;
    uv_close((uv_handle_t *)&q->pipe, on_handle_closed);
    uv_close((uv_handle_t *)&q->timer, on_handle_closed);
}

static void on_written(uv_write_t *w, int status)
{
    (void)status;
    ask_close(container_of(w, struct control_ask, write));
}

/* Whoever does not take the answer holds its connection no longer than this. */
static void on_timer(uv_timer_t *t)
{
    ask_close(container_of(t, struct control_ask, timer));
}

void control_answer(struct control_ask *q, int number, struct str text)
{
    uv_buf_t out;

    q->answer = buf_new(text.n + 8);
    if (!buf_printf(&q->answer, "%d\n", number) || !buf_add(&q->answer, text)) {
        ask_close(q);
        return;
    }
    out = uv_buf_init(q->answer.p, (unsigned)q->answer.n);
    (void)uv_timer_start(&q->timer, on_timer, (uint64_t)q->control->set.read_ms, 0);
    if (uv_write(&q->write, (uv_stream_t *)&q->pipe, &out, 1, on_written) < 0)
        ask_close(q);
}

static bool is_ours(uv_pipe_t *pipe)
{
    struct ucred peer = {0};
    socklen_t size = sizeof peer;
    uv_os_fd_t fd;

    return uv_fileno((uv_handle_t *)pipe, &fd) == 0 &&
           getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 &&
           (peer.uid == 0 || peer.uid == geteuid());
}

static void on_alloc(uv_handle_t *h, size_t suggested, uv_buf_t *out)
{
    struct control_ask *q = h->data;

    (void)suggested;
    *out = uv_buf_init(q->line + q->n, (unsigned)(CONTROL_WORDS - q->n));
}

static void on_read(uv_stream_t *s, ssize_t n, const uv_buf_t *unused)
{
    struct control_ask *q = s->data;
    char *end;

    (void)unused;
    if (n < 0) { /* gone, or a line too long (ENOBUFS) */
        ask_close(q);
        return;
    }
    q->n += (size_t)n;
    end = memchr(q->line, '\n', q->n);
    if (!end)
        return;
    *end = '\0';
    (void)uv_read_stop(s);
    (void)uv_timer_stop(&q->timer);
    if (!is_ours(&q->pipe)) {
        control_answer(q, CONTROL_DENIED, STR(""));
        return;
    }
    q->asked = true;
    q->control->set.on_ask(q->control->set.ctx, q, q->line);
}

static void on_connection(uv_stream_t *server, int status)
{
    struct control *c = server->data;
    struct control_ask *q = status < 0 ? NULL : calloc(1, sizeof *q);

    if (!q)
        return;
    q->control = c;
    q->next = c->asks;
    c->asks = q;
    c->n_asks++;
    (void)uv_pipe_init(c->set.loop, &q->pipe, 0);
    (void)uv_timer_init(c->set.loop, &q->timer);
    q->pipe.data = q->timer.data = q;
    if (uv_accept(server, (uv_stream_t *)&q->pipe) < 0 || c->n_asks > c->set.most)
        ask_close(q);
    else if (uv_timer_start(&q->timer, on_timer, (uint64_t)c->set.read_ms, 0) < 0 ||
             uv_read_start((uv_stream_t *)&q->pipe, on_alloc, on_read) < 0)
        ask_close(q);
}

static void on_listening_closed(uv_handle_t *h)
{
    struct control *c = h->data;

    c->closed = true;
    end_if_idle(c);
}

static int listen_at(struct control *c, const struct sockaddr_un *at)
{
    int rc = uv_pipe_bind(&c->pipe, at->sun_path);

    if (rc == 0 && chmod(at->sun_path, 0600) < 0)
        rc = -errno;
    if (rc == 0)
        rc = uv_listen((uv_stream_t *)&c->pipe, BACKLOG, on_connection);
    return rc;
}

bool control_open(const struct control_settings *set, struct control **out, struct err *e)
{
    struct control *c = calloc(1, sizeof *c);
    struct sockaddr_un at;
    int rc;

    if (!c)
        return err_set(e, ERR_BUSY, 0, "out of memory");
    c->set = *set;
    if (!control_place(set->folder, &at, &c->place, e)) {
        free(c);
        return false;
    }
    (void)uv_pipe_init(set->loop, &c->pipe, 0);
    c->pipe.data = c;
    (void)unlink(at.sun_path);
    rc = listen_at(c, &at);
    if (rc < 0) {
        control_close(c, NULL, NULL);
        return err_set(e, ERR_CONFIG, -rc, "%s/tidings.sock: %s", set->folder, uv_strerror(rc));
    }
    *out = c;
    return true;
}

void control_close(struct control *c, void (*on_closed)(void *ctx), void *ctx)
{
    c->closing = true;
    c->on_closed = on_closed;
    c->closed_ctx = ctx;
    for (struct control_ask *q = c->asks; q; q = q->next)
        if (!q->asked)
            ask_close(q);
    uv_close((uv_handle_t *)&c->pipe, on_listening_closed); /* removes the socket, by its name */
    if (c->place >= 0)
        (void)close(c->place);
}
