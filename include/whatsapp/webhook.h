/* The webhook envelope: every element of every array, whatever else is in it (WhatsApp page §7).
 *
 *   {"object":"whatsapp_business_account","entry":[{"id":…,"changes":[{"field":…,"value":{
 *     "metadata":{"phone_number_id":…},"statuses":[…],"messages":[…],"errors":[…]}}]}]} */
#ifndef WHATSAPP_WEBHOOK_H
#define WHATSAPP_WEBHOOK_H

#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "model/notice.h"

struct webhook_status {
    struct str wamid;
    struct str echo;            /* biz_opaque_callback_data of our shape; absent otherwise */
    struct str name;            /* "sent", …; anything of [a-z_]{1,32} */
    struct str phone_number_id; /* of its change's metadata; absent when there is none */
    int32_t error_code;         /* of errors[0]; 0: none */
    int64_t at_ms;              /* 0: no readable timestamp */
};

/* A tap on a quick reply of ours. */
struct webhook_tap {
    struct str wamid;           /* of the message that was answered; absent when it is not named */
    char echo[ECHO_BYTES + 1];  /* of the attempt that its payload names */
    int reply;                  /* number of the bit of enum quick_reply */
    struct str phone_number_id; /* as in struct webhook_status */
    int64_t at_ms;
};

struct webhook {
    struct webhook_tap *taps;
    size_t n_taps;
    struct webhook_status *statuses;
    size_t n_statuses;
    size_t n_messages;  /* inbound messages, taps among them */
    size_t n_errors;    /* value.errors[] */
    size_t n_events;    /* changes of account-level and template fields */
    size_t n_malformed; /* elements that are not what their array is for */
};

/* False (ERR_INPUT with an offset) when the body is not JSON or not this envelope. One odd element never
 * hides the others: it is counted as malformed. Everything lives in `a`. */
bool webhook_parse(struct str body, struct arena *a, struct webhook *out, struct err *e) MUST_USE;

#endif
