/* The receiver's connections, seen from the receiver. */
#ifndef RECEIVE_MLLP_CONN_H
#define RECEIVE_MLLP_CONN_H

#include "mllp_batch.h"
#include "mllp_replier.h"
#include "mllp_reply.h"
#include "mllp_ring.h"
#include "mllp_sweep.h"
#include "mllp_turn.h"
#include "mllp_unit.h"
#include "net/stream.h"
#include "peers.h"
#include "receive/mllp.h"
#include "recorder.h"
#include "said.h"

struct mllp_receiver {
    struct mllp_receiver_settings set;
    struct mllp_counts counts;
    struct listener *listener;
    struct mllp_conn *conns; /* all that there are; `open` of them are not about to go */
    int open;
    struct mllp_peers peers;
    struct mllp_recorder recorder;
    struct said security, refusals; /* in the log */
    uv_timer_t last;                /* the time to write peer notes; closing: the time to drain */
    int alive;                      /* connections, recordings on their way, and `last` */
    int works;                      /* store jobs of its own, the sweep's timer, and `turn` */
    uv_idle_t turn;                 /* runs while a connection is YIELDED */
    struct mllp_replier replier;
    struct mllp_sweep sweep;
    bool closing, hurry; /* told to stop; and there is no more time */
    bool ending;         /* all connections are gone */
    void (*on_closed)(void *ctx);
    void *ctx;
};

/* LINGERING: all is answered, our half is shut; what still comes is dropped, so that the peer can read
 * the last answer before a reset (RFC 9293 3.6, half-closed). YIELDED: nothing is in flight, and there is
 * more to do than fits into one turn of the loop. */
enum mllp_conn_state { READING, STORING, ANSWERING, YIELDED, LINGERING, CLOSING };

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
    size_t dropped;       /* bytes, while LINGERING */

    const struct mllp_sender
        *whose;          /* the latest message with a header; NULL: nobody's who is listed */
    struct peer_who who; /* the sender of the latest message, as it may be shown */
    struct mllp_tallies *tallies; /* what was seen of them; NULL: nothing new */
    struct mllp_ring ring;
    uint64_t codes_seen;  /* bit n: enum hl7_code n */
    uint64_t recorded_to; /* of the stream; */
    int recordings;       /* so many */

    struct mllp_unit unit;
    struct store_job job;
    struct intake intake;
    struct arena found; /* what the store handed out */

    struct mllp_batch_work batch; /* the frame that is worked off */
    struct mllp_replies replies;  /* application acknowledgements that are to come */
    struct buf reply;             /* the one that is being written */
};

/* Takes a new stream; it is the connection's from here on. */
void mllp_conn_take(struct mllp_receiver *r, struct stream *s);
/* Receives what was begun, answers it, then closes. */
void mllp_conn_drain_all(struct mllp_receiver *r);
/* Closes all of them: those that store or answer finish that first. */
void mllp_conn_close_all(struct mllp_receiver *r);
/* One of `alive` is gone; the last one ends the receiver. */
void mllp_receiver_let_go(struct mllp_receiver *r);
/* One of `works` has ended. */
void mllp_receiver_work_done(struct mllp_receiver *r);

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
/* Sends an answer, which lives until it is written: READING again at once, and the caller sees to it that
 * mllp_conn_pump() runs; or ANSWERING, and that comes by itself. */
void mllp_conn_write(struct mllp_conn *c, struct str bytes);
/* Between frames, with nothing in flight. */
bool mllp_conn_is_idle(const struct mllp_conn *c);
/* Starts to listen. */
bool mllp_door_open(struct mllp_receiver *r, struct err *e) MUST_USE;
/* One more security event may go to the log; all are counted. */
bool mllp_receiver_may_say(struct mllp_receiver *r);
/* One more refused message may. */
bool mllp_receiver_may_say_refused(struct mllp_receiver *r);
/* Tells what was left out and not told yet. now_ms: on uv_now()'s clock; UINT64_MAX: of all time. */
void mllp_receiver_say_rest(struct mllp_receiver *r, uint64_t now_ms);

/* The framer's code: counted, and told to the peer notes under the address alone. */
void mllp_conn_note_framing(struct mllp_conn *c, const struct mllp_event *ev);
/* What one message showed: counted, and told to the peer notes under the listed sender it belongs to
 * (mllp_conn_sender() found it, of a batch header this does), else under the address alone.
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
/* Hands what was seen of its sender to the receiver's peer notes. */
void mllp_conn_tell_peers(struct mllp_conn *c);

#endif
