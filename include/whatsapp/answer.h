/* What an answer of POST /{phone-number-id}/messages proves (WhatsApp page §3, §5.2).
 *
 *   2xx with messages[0].id and no error object     accepted
 *   4xx with a Graph error object                   rejected, unless the table calls the code doubtful
 *   anything else, every 5xx included               unknown: it may have been accepted */
#ifndef WHATSAPP_ANSWER_H
#define WHATSAPP_ANSWER_H

#include <stdint.h>

#include "base/arena.h"
#include "whatsapp/graph_error.h"

enum answer_kind { ANSWER_ACCEPTED = 1, ANSWER_REJECTED, ANSWER_UNKNOWN };

struct answer {
    enum answer_kind kind;
    struct str wamid; /* accepted; lives in the arena. It holds the phone number: never log it */
    int32_t code;     /* of the Graph error object; 0 when there is none */
    const struct graph_error *error; /* row of `code`; NULL when there is no error object */
};

/* Reads the answer of one POST to /messages; what is neither accept nor Graph error is unknown. */
void whatsapp_answer(int status, struct str body, struct arena *a, struct answer *out);

#endif
