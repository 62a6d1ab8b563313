/* Application acknowledgements that are to come on one connection, or were to come on one that is gone. */
#ifndef RECEIVE_MLLP_REPLY_LIST_H
#define RECEIVE_MLLP_REPLY_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

struct mllp_reply {
    int64_t message_id;
    bool made;         /* its row says ACCEPTED, and nobody else has heard it */
    struct buf framed; /* to be written; empty: not made yet */
};

struct mllp_replies {
    struct mllp_reply *items; /* oldest first */
    size_t n, size;
    int64_t *written; /* messages of the latest ones written, replies_most of them; NULL: none */
    uint64_t n_written;
    int64_t forgotten; /* no message up to this one gets a reply any more: it may have had one */
};

void mllp_replies_add(struct mllp_replies *l, struct mllp_reply reply);
/* NULL: there is none. */
struct mllp_reply *mllp_replies_find(const struct mllp_replies *l, int64_t message_id);
void mllp_replies_drop_at(struct mllp_replies *l, size_t i);
void mllp_replies_drop(struct mllp_replies *l, int64_t message_id);
void mllp_replies_end(struct mllp_replies *l);

/* One was written; the `most` latest are known by name. */
void mllp_replies_remember(struct mllp_replies *l, size_t most, int64_t message_id);
/* It was, or may have been. */
bool mllp_replies_was_written(const struct mllp_replies *l, size_t most, int64_t message_id);

#endif
