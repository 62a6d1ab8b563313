/* What the parts of the outbound step share: outbound.c is the step, channel.c one channel of it,
 * compose.c the message itself. */
#ifndef OUTBOUND_IMPL_H
#define OUTBOUND_IMPL_H

#include "outbound/client.h"
#include "outbound/outbound.h"

/* One channel: at any time it waits, has a job with the store, or a message on the wire. */
struct channel {
    struct outbound *o;
    const struct outbound_channel *set;
    struct client *client;
    struct client_request request;
    struct store_job job;

    struct arena arena, found_arena;
    struct outgoing row;   /* on the wire, or with an outcome that is not stored yet; in `arena` */
    struct outgoing found; /* by the job: FLYING and committed when it is done; in `found_arena` */
    bool has_outcome, has_found;
    bool looks;      /* the job looks for the next one, too */
    bool more;       /* the job refused one that cannot be written: look again */
    int64_t next_ms; /* the earliest due time of the others; 0: none */

    bool busy, flying, wanted;
    bool store_failed;     /* the last job: what is to be stored waits, too */
    unsigned failures;     /* in a row */
    int64_t rest_until_ms; /* nothing is tried before */
    int64_t now_ms;        /* for the job */
    uint8_t random[HL7_ACK_RANDOM];
};

struct outbound {
    struct outbound_settings set;
    struct channel *channels;
    struct outbound_counts counts, *shown; /* shown: with what the clients counted */
    size_t open;                           /* clients and jobs that are still to end */
    bool closing;
    void (*on_closed)(void *ctx);
    void *closed_ctx;
};

/* Does what can be done now; the alarm is the step's. */
void channel_pump(struct channel *ch);
/* When the channel wants to be woken; 0: it does not. */
int64_t channel_wake(const struct channel *ch);
/* After a job or a request: pumps all that waits, sets the alarm, ends a step that is closing. */
void outbound_turn(struct outbound *o);

/* Writes the body and the control id of a row that has none: the application acknowledgement of its
 * message. ERR_INPUT: it cannot be written, now or later. Store thread. */
bool outbound_compose(struct outgoing *row, const struct channel *ch, struct store *s,
                      struct arena *a, struct err *e) MUST_USE;

#endif
