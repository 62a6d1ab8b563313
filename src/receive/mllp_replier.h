/* From a mapped message to the connections that wait for its reply (mllp_reply.h), of one receiver. */
#ifndef RECEIVE_MLLP_REPLIER_H
#define RECEIVE_MLLP_REPLIER_H

#include "mllp_reply_list.h"
#include "receive/mllp.h"

struct mllp_receiver;

struct mllp_replier {
    struct store_job job;
    bool busy, again;            /* a job runs; ring once more after it */
    bool failed;                 /* it could not be done: to be rung again */
    struct mllp_replies orphans; /* their connections are gone */

    struct arena arena; /* what follows, of the present job */
    int64_t *ids;       /* messages of open connections, then of orphans */
    size_t n_open, n_ids;
    int64_t *lost; /* of orphans: made, and never written */
    size_t n_lost;
    uint8_t (*random)[HL7_ACK_RANDOM];
    size_t n_random;
    int64_t now_ms;
    struct arena found;
    struct mllp_made *made;
    size_t n_made;
    int64_t *none; /* messages to which none will come */
    size_t n_none;
};

/* A new message was committed whose reply no connection waits for: a copy may ask for it. */
void mllp_replier_abandon(struct mllp_receiver *r, struct mllp_reply orphan);
/* The receiver is gone. */
void mllp_replier_end(struct mllp_replier *w);

#endif
