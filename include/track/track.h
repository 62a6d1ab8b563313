/* Track: status webhooks into the store, in any order and any multiplicity.
 *
 *   GET  /webhook   handshake: hub.mode, hub.verify_token, hub.challenge (WhatsApp page §8)
 *   POST /webhook   401 signature missing, doubled or wrong (empty body)
 *                   413 too large (the server says it)      503 store busy: Meta comes again
 *                   200 after the commit; authentic but unreadable bodies are counted, logged by
 *                       length, and answered 200 too, or they would come back for a week */
#ifndef TRACK_TRACK_H
#define TRACK_TRACK_H

#include "base/bell.h"
#include "base/clock.h"
#include "net/http_server.h"
#include "store/queue.h"

struct track;

enum { TRACK_SECRETS = 2 };

struct track_settings {
    struct http_settings http; /* loop, address, limits; the routes are filled in here */
    struct store_queue *queue;
    const struct clock *clock;
    const struct seal *seal;
    const char *phone_number_id;       /* statuses of other numbers are counted and left alone */
    struct str secrets[TRACK_SECRETS]; /* app secrets; the second only while one is replaced */
    size_t n_secrets;
    struct str verify_token;
    size_t max_body;  /* bytes; at least 4 MiB outside tests */
    struct bell plan; /* rung when a notice changed */
};

/* For metrics. Counts since open. */
struct track_counts {
    uint64_t posts;               /* authentic ones */
    uint64_t refused;             /* signature missing, doubled or wrong */
    uint64_t quarantined;         /* authentic but not this envelope */
    uint64_t statuses;            /* read */
    uint64_t fresh;               /* of them: not seen before */
    uint64_t unmatched;           /* of them: no attempt of ours */
    uint64_t foreign;             /* of them: another phone number's */
    uint64_t others;              /* messages, events and malformed elements, only counted */
    uint64_t conflicts;           /* see whatsapp/proof.h */
    uint64_t taps[QUICK_REPLIES]; /* quick replies of patients, each kind of a message once */
    uint64_t busy;                /* posts answered 503 */
    int64_t last_ms; /* last authentic post; 0: none. Proof that the webhook path is alive */
};

/* Copies secrets and verify token. ERR_CONFIG: no secret, no verify token, address not to be had. */
bool track_open(const struct track_settings *set, struct track **out, struct err *e) MUST_USE;
int track_port(const struct track *t);
struct track_counts track_counts(const struct track *t);
/* Posts in flight are finished within grace_ms; on_closed(ctx) once nothing is left. */
void track_close(struct track *t, int64_t grace_ms, void (*on_closed)(void *ctx), void *ctx);

#endif
