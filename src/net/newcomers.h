/* Connections that a listener has accepted and that still shake hands. */
#ifndef NEWCOMERS_H
#define NEWCOMERS_H

#include "net/stream.h"

struct newcomer;

struct newcomers {
    uv_loop_t *loop;
    struct tls *tls;
    int64_t handshake_ms;
    void (*ready)(void *ctx, struct stream *s); /* the handshake is done; s is the caller's now */
    void (*failed)(void *ctx, const char *peer, const char *why);
    void *ctx;
    struct newcomer *first;
};

/* Takes a connected stream over; ready() or failed() once, never inside. */
void newcomers_add(struct newcomers *all, struct stream *s);
/* Closes all of them without a word. */
void newcomers_drop(struct newcomers *all);

#endif
