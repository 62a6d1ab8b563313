/* The FHIR receiver: HTTP requests in, a stored message and its answer out.
 *
 *   POST /fhir              Bundle transaction, batch, collection, message, history
 *   POST /fhir/Bundle       the same
 *   POST /fhir/{Type}       one Appointment, DiagnosticReport or Patient
 *   PUT  /fhir/{Type}/{id}  the same, id and type as in the path
 *   GET  /fhir/metadata     CapabilityStatement
 *
 * A request is stored whole, as one unit, and answered after the commit: 201 for a create, 200 for
 * the rest; a request that was stored before gets the stored answer again and has no second effect.
 * Whatever is refused gets an OperationOutcome (http-server page; FHIR page, section 3.2). */
#ifndef RECEIVE_FHIR_H
#define RECEIVE_FHIR_H

#include <stdint.h>

#include "base/bell.h"
#include "base/clock.h"
#include "net/http_server.h"
#include "seal/seal.h"
#include "store/queue.h"

struct fhir_receiver;

struct fhir_receiver_settings {
    struct http_settings http; /* loop, address, limits; routes are filled in here */
    struct store_queue *queue;
    const struct clock *clock;
    const struct seal *seal;
    struct bell next;    /* rung after each commit of a new message */
    const char *name;    /* of the listener, part of the duplicate key; NULL: the feed's */
    const char *feed;    /* name of the feed that maps what comes in */
    const char *version; /* of Tidings, for the CapabilityStatement */
    size_t max_body;     /* bytes; 413 past it */
    size_t max_depth;    /* arrays and objects inside each other; 400 past it */
    size_t max_entries;  /* of one Bundle; 413 past it */
    size_t max_waiting;  /* requests with the store at once; 429 past it */
};

/* Since open. */
struct fhir_receiver_counts {
    int64_t stored, duplicates, refused, busy;
};

/* ERR_CONFIG when the address cannot be listened on. */
bool fhir_receiver_open(const struct fhir_receiver_settings *set, struct fhir_receiver **out,
                        struct err *e) MUST_USE;
int fhir_receiver_port(const struct fhir_receiver *r);
struct fhir_receiver_counts fhir_receiver_counts(const struct fhir_receiver *r);
/* Takes no more requests, finishes those in flight within grace_ms, then calls on_closed exactly
 * once. */
void fhir_receiver_close(struct fhir_receiver *r, int64_t grace_ms, void (*on_closed)(void *ctx),
                         void *ctx);

#endif
