/* The receiver's connections, seen from the receiver. */
#ifndef RECEIVE_MLLP_CONN_H
#define RECEIVE_MLLP_CONN_H

#include "mllp_unit.h"
#include "net/stream.h"
#include "receive/mllp.h"

struct mllp_receiver {
    struct mllp_receiver_settings set;
    struct mllp_counts counts;
    struct listener *listener;
    struct mllp_conn *conns; /* all that are open */
    uv_timer_t last;         /* keeps on_closed() out of mllp_receiver_close() */
    int alive;               /* connections, and `last` */
    bool closing;
    void (*on_closed)(void *ctx);
    void *ctx;
};

enum mllp_conn_state { READING, STORING, ANSWERING, CLOSING };

struct mllp_conn {
    struct mllp_receiver *r;
    struct mllp_conn *next, **back;
    uint64_t id; /* the how-manieth connection, for the log */
    struct stream *stream;
    uv_timer_t timer;
    int open; /* of stream and timer */
    enum mllp_conn_state state;
    bool paused;   /* the socket is left alone */
    bool ended;    /* the peer will send no more */
    bool told_end; /* and the framer knows */
    bool broken;   /* nothing can be written any more */
    bool quit;     /* close as soon as nothing is in flight */

    struct mllp_framer framer;
    struct str in;    /* bytes the framer has not seen: the present read, or part of `kept` */
    struct buf kept;  /* what was left of a read */
    struct str frame; /* messages of the present frame still to be handled */
    enum mllp_wait waits;
    uint64_t waits_for; /* start of the frame that the timer watches */

    struct mllp_unit unit;
    struct store_job job;
    struct intake intake;
    struct arena found; /* what the store handed out */
};

/* Takes a new stream; it is the connection's from here on. */
void mllp_conn_take(struct mllp_receiver *r, struct stream *s);
/* Closes all of them: those that store or answer finish that first. */
void mllp_conn_close_all(struct mllp_receiver *r);
/* One of `alive` is gone; the last one ends the receiver. */
void mllp_receiver_let_go(struct mllp_receiver *r);

/* Closes now, or as soon as what is in flight has ended. */
void mllp_conn_close(struct mllp_conn *c);
/* Goes on until there is nothing left to read, or something is in flight. */
void mllp_conn_pump(struct mllp_conn *c);
/* The time for what the connection waits for is over. */
void mllp_conn_timer(uv_timer_t *t);
/* Handles the next message of c->frame: stores it, or refuses it. found: what the framer has against
 * it. */
void mllp_conn_take_message(struct mllp_conn *c, enum hl7_condition found);

/* Whose message this is, once for each one. *out is what was agreed with them, refused or not.
 * MLLP_FOREIGN: it must be refused (HL7_NOT_BOUND); its names are bound elsewhere, or are nobody's and
 * only_known is set. That is reported and counted here. */
enum mllp_match mllp_conn_sender(struct mllp_conn *c, const struct hl7_header *h,
                                 const struct mllp_profile **out);

#endif
