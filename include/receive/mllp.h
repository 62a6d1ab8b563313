/* Receives HL7 v2 over MLLP: each message is committed with its answer before the answer leaves.
 *
 *   bytes -> frame -> header -> one transaction {message, ACK} -> commit -> ACK -> next frame
 *
 * Order of work and rules: hl7v2.md sections 2 to 4. One connection is one state machine; while a
 * message is being stored or answered the socket is not read, so TCP holds a fast sender back. */
#ifndef RECEIVE_MLLP_H
#define RECEIVE_MLLP_H

#include <stdint.h>
#include <uv.h>

#include "base/bell.h"
#include "base/clock.h"
#include "base/err.h"
#include "hl7/ack.h"
#include "hl7/charset.h"
#include "hl7/message.h"
#include "hl7/mllp.h"
#include "net/stream.h"
#include "receive/sender.h"
#include "seal/seal.h"
#include "store/queue.h"

/* What all receivers of a daemon share: connections open, and how many may be. */
struct mllp_room {
    int open, most;
};

struct mllp_receiver_settings {
    uv_loop_t *loop;
    const char *host; /* numeric */
    int port;         /* 0: see mllp_receiver_port() */
    const char *name; /* of the listener, part of the duplicate key: two ports are two senders */
    const char *feed;

    struct store_queue *queue;
    const struct clock *clock;
    const struct random_source *random;
    const struct seal *seal;
    struct bell next; /* rung after a commit that stored a new message */

    struct mllp_settings framing;
    struct hl7_limits limits;
    struct mllp_profile profile;       /* of a sender that is not listed */
    const struct mllp_sender *senders; /* borrowed until closed, like all that follows */
    size_t n_senders;
    bool only_known; /* a message whose MSH-3 and MSH-4 name no listed sender is refused (AR 207) */

    struct tls *tls; /* NULL: plain */
    const struct net_range *allow;
    size_t n_allow;
    int fd; /* a socket that listens already; 0: none */
    int keepalive_s;
    int64_t handshake_ms;
    int max_handshakes; /* as in listener_settings */
    int64_t
        min_rate; /* bytes a second that a frame in progress must bring after frame_ms / 4; 0: no
                         limit but frame_ms */

    size_t parts_most, parts_bytes; /* of one continued message (DSC) */
    int64_t parts_ms;               /* its rest must come within; 0: no limit */
    size_t batch_most;              /* messages in one batch */
    size_t replies_most;            /* application acknowledgements that one connection waits for */

    size_t recorder_bytes;  /* of each connection, kept sealed in memory; 0: no flight recorder */
    size_t recordings_most; /* kept in the store */
    size_t peers_most;      /* rows of struct peer_note kept */
    int64_t peers_ms;       /* at most so often they are written */

    int max_connections;
    struct mllp_room *room; /* over all receivers; NULL: no such limit */
    int64_t frame_ms;       /* a frame is finished within; 0: no limit */
    int64_t fs_grace_ms;    /* silence after FS that ends a frame */
    int64_t idle_ms;        /* between frames; 0: no limit */
    int64_t write_ms;       /* an answer the peer does not take for so long: closed */
    int64_t drain_ms; /* when told to close: for frames that were begun; 0: they are dropped */
};

/* Every limit and choice at its default; the caller adds loop, host, port, name, feed and the
 * rooms. */
struct mllp_receiver_settings mllp_receiver_settings_default(void);

/* Since start; for /metrics. */
struct mllp_counts {
    uint64_t connections, refused[LISTENER_REFUSALS]; /* taken; turned away, by reason */
    uint64_t foreign; /* messages with the names of a sender that is bound elsewhere, or of none */
    uint64_t frames;
    uint64_t acks[HL7_ACK_CODES]; /* by MSA-1; [HL7_SILENT]: handled, no answer called for */
    uint64_t
        conditions[HL7_CONDITIONS]; /* by what became of the message; duplicates not included */
    uint64_t duplicates;            /* answered with the stored bytes */
    uint64_t replies;               /* application acknowledgements on the connection, written */
    uint64_t codes[HL7_CODES];      /* tolerated or refused, by code */
    uint64_t write_timeouts, idle_timeouts;
    uint64_t recordings; /* written by the flight recorder */
};

struct mllp_receiver;

/* ERR_CONFIG when the address cannot be listened on. */
bool mllp_receiver_open(const struct mllp_receiver_settings *set, struct mllp_receiver **out,
                        struct err *e) MUST_USE;
int mllp_receiver_port(const struct mllp_receiver *r);
int mllp_receiver_connections(const struct mllp_receiver *r); /* open now */
const struct mllp_counts *mllp_receiver_counts(const struct mllp_receiver *r);
/* Messages were mapped: application acknowledgements may be due on our connections. For a bell. */
void mllp_receiver_ring(void *r);
/* Stops listening, receives the frames that were begun (drain_ms), answers what is whole, closes;
 * on_closed(ctx) exactly once, and the receiver is gone. What is not whole by then is dropped,
 * unanswered. */
void mllp_receiver_close(struct mllp_receiver *r, void (*on_closed)(void *ctx), void *ctx);

#endif
