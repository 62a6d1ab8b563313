/* The application acknowledgement to a stored message. */
#ifndef RECEIVE_MLLP_ANSWER_H
#define RECEIVE_MLLP_ANSWER_H

#include "hl7/ack.h"
#include "store/store.h"

struct mllp_answer {
    int64_t now_ms;
    const uint8_t *random;   /* HL7_ACK_RANDOM bytes, fresh */
    char id[HL7_ACK_ID + 1]; /* out: its MSH-10 */
};

/* Store thread. *content: without framing, in `a`; absent when the message no longer opens or holds no
 * header that could be answered. It asks for no answer itself (MSH-15 and MSH-16 NE). False: the store
 * failed. */
bool mllp_answer_make(struct mllp_answer *answer, struct store *s, const struct outgoing *o,
                      struct arena *a, struct str *content, struct err *e) MUST_USE;

#endif
