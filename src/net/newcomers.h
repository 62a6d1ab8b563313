/* Connections that a listener has accepted and that still shake hands. They cost nobody else a place: past
 * `most` the oldest goes, and of one address no more than a quarter of them are there at a time. */
#ifndef NEWCOMERS_H
#define NEWCOMERS_H

#include "net/stream.h"

struct newcomer;

struct newcomers {
    uv_loop_t *loop;
    struct tls *tls;
    int64_t handshake_ms;
    int most;
    /* The handshake is done over `under`; s is the caller's now. */
    void (*ready)(void *ctx, struct stream *s, struct stream *under);
    void (*failed)(void *ctx, const char *peer, const char *why);
    void *ctx;
    struct newcomer *first, *last; /* the youngest, the oldest */
    int n;
};

/* Takes a connected stream over; ready() or failed() once for it, never inside: failed() of another that
 * has to go for it may be. */
void newcomers_add(struct newcomers *all, struct stream *s);
/* Closes all of them without a word. */
void newcomers_drop(struct newcomers *all);

#endif
