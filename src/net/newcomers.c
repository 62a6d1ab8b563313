#include "newcomers.h"

#include <stdlib.h>

#include "base/container_of.h"
#include "stream_tls.h"

enum { LINGER_MS = 1000 }; /* for the peer to read why it was refused */

struct newcomer {
    uv_timer_t timer;
    struct newcomers *all;
    struct newcomer *prev, *next;
    struct stream *s, *under;
    bool told; /* failed() was called */
};

static void on_timer_closed(uv_handle_t *h)
{
    free(container_of(h, struct newcomer, timer));
}

/* Its stream is somebody else's, or closing. */
static void leave(struct newcomer *n)
{
    if (n->prev)
        n->prev->next = n->next;
    else
        n->all->first = n->next;
    if (n->next)
        n->next->prev = n->prev;
    else
        n->all->last = n->prev;
    n->all->n--;
    uv_close((uv_handle_t *)&n->timer, on_timer_closed);
}

static void drop(struct newcomer *n)
{
    n->s->on = (struct stream_events){0};
    stream_close(n->s);
    leave(n);
}

static void on_left(void *ctx, const struct err *why)
{
    (void)why;
    drop(ctx);
}

static void give_up(struct newcomer *n, const char *why)
{
    struct newcomers *all = n->all;
    char peer[sizeof n->s->peer];
    bool told = n->told;

    memcpy(peer, n->s->peer, sizeof peer);
    drop(n);
    if (!told)
        all->failed(all->ctx, peer, why);
}

static void on_late(uv_timer_t *timer)
{
    give_up(container_of(timer, struct newcomer, timer), "no answer in time");
}

static void on_shaken(void *ctx, const char *why)
{
    struct newcomer *n = ctx;

    if (!why) {
        n->s->on = (struct stream_events){0};
        leave(n);
        n->all->ready(n->all->ctx, n->s, n->under);
        return;
    }
    n->told = true;
    uv_timer_start(&n->timer, on_late, LINGER_MS, 0);
    n->all->failed(n->all->ctx, n->s->peer, why);
}

/* Oldest first: silence is old, and a handshake that goes on is over soon. */
static void make_room(struct newcomers *all, const char *peer)
{
    struct newcomer *oldest = NULL; /* of this address */
    int here = 0;

    for (struct newcomer *n = all->first; n; n = n->next) {
        if (strcmp(n->s->peer, peer) != 0)
            continue;
        here++;
        oldest = n;
    }
    if (here > 0 && here >= all->most / 4)
        give_up(oldest, "too many handshakes of this address");
    else if (all->n >= all->most)
        give_up(all->last, "too many handshakes");
}

void newcomers_add(struct newcomers *all, struct stream *s)
{
    struct newcomer *n = calloc(1, sizeof *n);
    struct stream_tls_settings set = {
        .loop = all->loop, .tls = all->tls, .under = s, .done = on_shaken, .ctx = n};

    if (!n)
        abort();
    make_room(all, s->peer);
    n->all = all;
    n->next = all->first;
    if (n->next)
        n->next->prev = n;
    else
        all->last = n;
    all->first = n;
    all->n++;
    n->under = s;
    uv_timer_init(all->loop, &n->timer);
    uv_timer_start(&n->timer, on_late, (uint64_t)all->handshake_ms, 0);
    n->s = stream_tls_start(&set);
    n->s->on.on_end = on_left;
    n->s->ctx = n;
}

void newcomers_drop(struct newcomers *all)
{
    while (all->first)
        drop(all->first);
}
