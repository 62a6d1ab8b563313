/* The receiver's connections, seen from the receiver. */
#ifndef RECEIVE_MLLP_CONN_H
#define RECEIVE_MLLP_CONN_H

#include "mllp_unit.h"
#include "net/stream.h"
#include "receive/mllp.h"

enum { PEER_NAME_BYTES = 20 };

struct mllp_receiver {
    struct mllp_receiver_settings set;
    struct mllp_counts counts;
    struct listener *listener;
    struct mllp_conn *conns; /* all that are open */
    uv_timer_t last;         /* closing: the time to drain; keeps on_closed() out of the call */
    int alive;               /* connections, and `last` */
    bool closing, hurry;     /* told to stop; and there is no more time */
    bool ending;             /* all connections are gone */
    void (*on_closed)(void *ctx);
    void *ctx;
};

/* LINGERING: all is answered, our half is shut; what still comes is dropped, so that the peer can read
 * the last answer before a reset (RFC 9293 3.6, half-closed). */
enum mllp_conn_state { READING, STORING, ANSWERING, LINGERING, CLOSING };

struct mllp_conn {
    struct mllp_receiver *r;
    struct mllp_conn *next, **back;
    uint64_t id; /* the how-manieth connection, for the log */
    struct stream *stream;
    uv_timer_t
        timer;      /* runs to `rings`, or not at all; may ring before the deadline, never after */
    uint64_t rings; /* on uv_now()'s clock */
    uint64_t
        deadline; /* what the connection waits for has to come before; 0: it may take for ever */
    int open;     /* of stream and timer */
    enum mllp_conn_state state;
    bool paused;   /* the socket is left alone */
    bool ended;    /* the peer will send no more */
    bool told_end; /* and the framer knows */
    bool broken;   /* nothing can be written any more */
    bool quit;     /* close as soon as nothing is in flight */
    bool answered; /* an answer went out */
    int64_t opened_ms;
    uint64_t touched; /* last bytes or answer, on uv_now()'s clock */

    struct mllp_framer framer;
    struct str in;     /* bytes the framer has not seen: the present read, or the end of `kept` */
    struct buf kept;   /* what was left of a read, and what came while a message was in flight */
    struct str frame;  /* messages of the present frame still to be handled */
    uint64_t frame_at; /* its first byte in the stream */
    uint64_t begun;    /* when the frame that is being read was first waited for */
    uint64_t begun_start; /* and which one that was */
    uint64_t drain_to;    /* told to drain: what was received up to here is finished */

    struct hl7_notes framing;              /* of the stream, not yet told to anybody */
    char application[PEER_NAME_BYTES + 1]; /* of the latest message, as peer notes name it */
    char facility[PEER_NAME_BYTES + 1];

    struct mllp_unit unit;
    struct store_job job;
    struct intake intake;
    struct arena found; /* what the store handed out */
};

/* Takes a new stream; it is the connection's from here on. */
void mllp_conn_take(struct mllp_receiver *r, struct stream *s);
/* Receives what was begun, answers it, then closes. */
void mllp_conn_drain_all(struct mllp_receiver *r);
/* Closes all of them: those that store or answer finish that first. */
void mllp_conn_close_all(struct mllp_receiver *r);
/* One of `alive` is gone; the last one ends the receiver. */
void mllp_receiver_let_go(struct mllp_receiver *r);

/* Closes now, or as soon as what is in flight has ended. What is still unread is lost. */
void mllp_conn_close(struct mllp_conn *c);
/* Goes on until there is nothing left to read, or something is in flight. */
void mllp_conn_pump(struct mllp_conn *c);
/* Has to be over in `ms`; 0: may take for ever. */
void mllp_conn_deadline(struct mllp_conn *c, int64_t ms);
/* What the framer waits for, and how long. */
void mllp_conn_wait(struct mllp_conn *c);

/* Hands c->job to the store: STORING until its done() makes it READING again, or answers. */
void mllp_conn_submit(struct mllp_conn *c);
/* Sends an answer, which lives until it is written: ANSWERING, then READING by itself. */
void mllp_conn_write(struct mllp_conn *c, struct str bytes);
/* The framer's code: counted, and told to the peer notes with the next message. */
void mllp_conn_note_framing(struct mllp_conn *c, const struct mllp_event *ev);
/* What one message showed: counted, and told to the peer notes under the names in its header.
 * h: NULL, it is unreadable. refused: why the peer hears no; HL7_COMMITTED: nothing is wrong so far. */
void mllp_conn_note(struct mllp_conn *c, const struct hl7_header *h, const struct hl7_notes *notes,
                    enum hl7_condition refused);
/* Handles the next message of c->frame: stores it, or refuses it. found: what the framer has against
 * it. */
void mllp_conn_take_message(struct mllp_conn *c, enum hl7_condition found);

/* Whose message this is, once for each one. *out is what was agreed with them, refused or not.
 * MLLP_FOREIGN: it must be refused (HL7_NOT_BOUND); its names are bound elsewhere, or are nobody's and
 * only_known is set. That is reported and counted here. */
enum mllp_match mllp_conn_sender(struct mllp_conn *c, const struct hl7_header *h,
                                 const struct mllp_profile **out);

#endif
