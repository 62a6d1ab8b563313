/* A store that fails on purpose: its call number `at` (1: the first), of any operation, over any
 * backend. rollback and close always work.
 *
 *     for (int at = 1;; at++) {
 *         struct flaky f;
 *         struct store *s = flaky_over(&f, real, at);
 *         ... work with s ...
 *         if (!f.fired)
 *             break; (the run needed fewer calls than `at`: every one of them has failed once)
 *     }
 *
 * Closing it closes the real store. */
#ifndef FLAKY_STORE_H
#define FLAKY_STORE_H

#include "store/store.h"

struct flaky {
    struct store store; /* give this to the code under test */
    struct store *real;
    int at;    /* which call fails; 0: none */
    int calls; /* so far */
    bool fired;
    enum err_kind kind; /* of the failure; flaky_over() sets ERR_BUSY */
    bool after;         /* fail after the real call worked: a commit whose answer was lost */
    bool no_expire;     /* expire_parts() always fails */
    bool no_acks;       /* stored answers are damaged: a resend is seen, its ack absent */
    /* NULL, or asked before each put_mapped(), on the store thread: false fails it. */
    bool (*maps)(void *ctx, int64_t message_id, const struct instance *all, size_t n);
    void *ctx;
};

struct store *flaky_over(struct flaky *f, struct store *real, int at);

#endif
