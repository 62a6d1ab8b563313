/* The outbound step: sends the HL7 messages that wait in the store, application acknowledgements now,
 * over MLLP channels of their own. hl7v2.md 3.3 and 9.
 *
 *   outgoing WAITING -> written with its MSH-10, FLYING (committed) -> sent -> answered, matched by MSA-2
 *
 * The same bytes under the same MSH-10 are sent until they are answered, so that a receiver can tell a
 * repetition. One message at a time on a channel, in order; a channel that fails is tried again with a
 * jittered back-off, and never holds up another. */
#ifndef OUTBOUND_OUTBOUND_H
#define OUTBOUND_OUTBOUND_H

#include <uv.h>

#include "base/alarm.h"
#include "base/clock.h"
#include "net/tls.h"
#include "seal/seal.h"
#include "store/queue.h"

struct outbound_channel {
    const char *name, *host; /* host: numeric or a name */
    int port;
    struct tls *tls; /* NULL: plain */
};

struct outbound_settings {
    uv_loop_t *loop;
    struct store_queue *queue;
    const struct clock *clock;
    const struct random_source *random;
    const struct outbound_channel *channels; /* borrowed until closed */
    size_t n_channels;
    int64_t connect_ms, answer_ms;
    int64_t retry_first_ms, retry_most_ms;
    int32_t max_tries; /* of answers AE and CE; a peer that does not answer is tried for ever */
    int64_t idle_ms;   /* a connection without work is closed after; 0: kept */
    int keepalive_s;
    struct alarm alarm; /* rings this step */
};

struct outbound_counts {
    uint64_t sent, accepted, refused, timeouts,
        strays; /* strays: answers that match nothing in flight */
};

struct outbound;

/* At start, in a transaction, before anything is sent: what was in flight waits again, what has no
 * connection or channel left is gone. Store thread or none yet. */
bool outbound_recover(const struct outbound_channel *channels, size_t n, int64_t now_ms,
                      struct store *s, struct err *e) MUST_USE;

/* Ends what waits for a channel that is no longer there, rings nobody. ERR_BUSY: no memory. */
bool outbound_open(const struct outbound_settings *set, struct outbound **out,
                   struct err *e) MUST_USE;
/* Something may wait to be sent: for a bell. */
void outbound_ring(void *outbound);
/* Since open; for /metrics. */
const struct outbound_counts *outbound_counts(const struct outbound *o);
/* What is in flight and unanswered stays FLYING: the next start sends it again. on_closed() once. */
void outbound_close(struct outbound *o, void (*on_closed)(void *ctx), void *ctx);

#endif
