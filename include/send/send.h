/* Send: ready notices onto the wire, at most one accepted request a notice.
 *
 *   ready --begin_attempts--> flying (committed) --POST--> outcome --save--> accepted, waiting, held,
 *                                                                            checking
 * One seat a notice in flight:
 *
 *   FREE -> POSTING -> STORING -> FREE
 *     |                 ^  |
 *     +-(never left)----+  +-- store busy: kept and tried again until it is stored
 *
 * The store hands out one notice a number at a time, oldest first, so none waits here and none
 * overtakes another. What the store hands out too late (stopped, resting, closing, stale) ends as
 * unsent.
 *
 * What is not what the second line of defence approved (store/approval.h) never leaves: the notice is held and its
 * feed paused, as by map.
 *
 * A refusal that is our own fault (token, permission, number; classes ST, PN) stops the sender: nothing
 * is POSTed until a GET of the phone number says 200, or until the class's rest is over. A connection
 * that cannot be made rests the sender for 1 s, doubled up to 60 s. */
#ifndef SEND_SEND_H
#define SEND_SEND_H

#include <stdatomic.h>

#include "base/alarm.h"
#include "base/bell.h"
#include "base/clock.h"
#include "net/http_client.h"
#include "store/queue.h"

struct send;

struct send_settings {
    struct store_queue *queue;
    struct http_client *http;
    const struct clock *clock;
    const struct random_source *random;
    const struct seal *seal;
    const char *graph;           /* "https://graph.facebook.com/v25.0", no slash at the end */
    const char *phone_number_id; /* digits */
    const char *token_file;      /* mode 0600; read at open and again at each probe */
    size_t in_flight;            /* seats: notices between `ready` and a stored outcome */
    int64_t timeout_ms;          /* of one POST */
    int64_t probe_ms;            /* between probes while stopped */
    int64_t grace_ms;            /* how long send_close() waits for answers */
    struct retry_policy retry;
    _Atomic uint64_t *blocked; /* counts what was not approved; NULL: nobody asks */
    struct bell plan;          /* rung after each stored outcome */
    struct alarm alarm;        /* wakes send_ring() */
};

/* For metrics. Counts since open. */
struct send_counts {
    uint64_t accepted, rejected, unsent, unknown;
    uint64_t damaged;    /* outcomes whose notice does not open any more: the store holds it */
    uint64_t echo_first; /* outcomes that a status had already settled */
    uint64_t store_retries;
    uint64_t conflicts;  /* see whatsapp/proof.h */
    size_t in_flight;    /* now */
    bool beginning;      /* ready notices are being fetched */
    const char *stopped; /* why nothing is sent; our own words; NULL: it runs */
    int stopped_code;    /* Graph error code behind it; 0: none */
};

/* ERR_CONFIG: token file missing or readable by others, graph or phone number id not well formed. */
bool send_open(const struct send_settings *set, struct send **out, struct err *e) MUST_USE;
void send_ring(void *send);
struct send_counts send_counts(const struct send *s);

/* Notices that WhatsApp took, of a site that a policy's `log` asks for. */
enum { SEND_SITE_TEXT = 16, SEND_SITES_MOST = 256 };
struct send_site {
    char code[SEND_SITE_TEXT + 1]; /* [A-Z0-9_-] */
    uint64_t accepted;
};
const struct send_site *send_sites(const struct send *s, size_t *n);

/* Takes nothing more, waits up to grace_ms for answers on the wire, then abandons them: their attempts
 * stay flying and are unknown at the next start. Outcomes that are known are stored first. The store
 * queue, the client, the alarm and the clock must live until on_closed(ctx), which comes exactly once,
 * possibly before send_close() returns. */
void send_close(struct send *s, void (*on_closed)(void *ctx), void *ctx);

#endif
