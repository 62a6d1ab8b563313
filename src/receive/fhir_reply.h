/* The answers of the FHIR receiver. Private to module receive. */
#ifndef RECEIVE_FHIR_REPLY_H
#define RECEIVE_FHIR_REPLY_H

#include "fhir_request.h"

/* An answer as it is stored with its message, so that a repeat gets the same bytes:
 *
 *   201 /fhir/Appointment/6f…/_history/1 LF body        status, Location or "-", body
 */
struct str fhir_reply_pack(const struct fhir_call *call, const uint8_t *key, size_t key_bytes,
                           struct arena *a);
/* Sends a packed answer; ERR_INPUT when it is none. */
bool fhir_reply_send(struct http_exchange *x, struct str packed, struct err *e) MUST_USE;

/* Sends an OperationOutcome. retry_after_s 0: without Retry-After. */
void fhir_reply_refuse(struct http_exchange *x, const struct fhir_refusal *why, int retry_after_s);
/* Fills in type and body of an answer that the HTTP server makes itself. */
void fhir_reply_dress(void *ctx, int status, struct arena *a, struct http_answer *answer);

#endif
