/* Application acknowledgements on the connection that their messages came on. hl7v2.md 3.3.
 *
 *   committed -> expected by its connection -> mapped: a row waits -> stored as ACCEPTED with its bytes
 *             -> written between other answers, once
 *
 * A connection that is gone takes none: the row becomes GONE. What is expected lives in memory only; what
 * waits for a connection at a start is GONE, too (recover_outgoing). */
#ifndef RECEIVE_MLLP_REPLY_H
#define RECEIVE_MLLP_REPLY_H

#include "model/message.h"
#include "receive/mllp.h"

struct mllp_conn;
struct mllp_receiver;

struct mllp_reply {
    int64_t message_id;
    bool sure;           /* there will be one, whatever becomes of the message */
    int64_t outgoing_id; /* 0: its row was not met yet */
    struct buf framed;   /* to be written; empty: not made yet */
};

struct mllp_replies {
    struct mllp_reply *items; /* oldest first */
    size_t n, size;
};

/* Of a receiver. */
struct mllp_replier {
    struct store_job job;
    bool busy, again;            /* a job runs; ring once more after it */
    bool failed;                 /* it could not be done: to be rung again */
    size_t expected;             /* of all connections, and orphans */
    struct mllp_replies orphans; /* their connections are gone */

    struct arena arena; /* what follows, of the present job */
    int64_t *ids;       /* messages of open connections, then orphans */
    size_t n_open, n_ids;
    int64_t *lost; /* rows that were made, and never written */
    size_t n_lost;
    uint8_t (*random)[HL7_ACK_RANDOM];
    size_t n_random;
    int64_t now_ms;
    struct arena found;
    struct mllp_made *made;
    size_t n_made;
};

/* Room for one more reply that this connection is to wait for. sure: see above; one that is not may take
 * the place of the oldest such. */
bool mllp_reply_room(struct mllp_conn *c);
/* A message was committed that wants a reply on this connection. seen: it is a copy; the reply is this
 * connection's when the first one's is gone. */
void mllp_reply_expect(struct mllp_conn *c, int64_t message_id, enum reply_wanted wanted,
                       bool seen);
/* There is one to be written, and nothing in flight. */
bool mllp_reply_due(const struct mllp_conn *c);
/* Writes it. */
void mllp_reply_write(struct mllp_conn *c);
/* The connection is gone. */
void mllp_reply_forget(struct mllp_conn *c);
/* The receiver is gone. */
void mllp_replier_end(struct mllp_replier *w);

#endif
