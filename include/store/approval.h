/* What the second line of defence let through, as a keyed digest that travels with it to the wire.
 *
 * Map makes one for each message of an outcome that was held against its source (feed_outcome.looked). The
 * store keeps it beside what it approves. Send makes it anew of what it reads back from the bytes that it is
 * about to POST: bytes that nobody approved do not leave. docs/decisions/039. */
#ifndef STORE_APPROVAL_H
#define STORE_APPROVAL_H

#include "seal/seal.h"
#include "store/store.h"

/* All of a message that varies, but for the link's token, which is minted later. Borrowed. */
struct approved {
    struct str feed, event_type, unit_key; /* whom it speaks for, and what about */
    struct str template, language;
    struct str to;
    bool link;       /* it ends in one */
    bool named;      /* names of parameters count only then */
    uint8_t replies; /* enum quick_reply */
    const struct param *params;
    size_t n_params;
};
struct approved approved_of(const struct notice *n);

/* Equal messages have equal approvals; without the key nobody makes one. Scratch memory in `a`. */
void approval_make(const struct seal *s, const struct approved *what, struct arena *a,
                   uint8_t out[INDEX_BYTES]);
bool approval_holds(const struct seal *s, const struct approved *what, struct arena *a,
                    const uint8_t approval[INDEX_BYTES]);

/* The same words to another number: `to` goes into `n`, which is approved if it was and the number is one
 * that the patient's own record names, as a contact and no more. Absent: to nobody, until one is known. */
void approval_readdress(const struct seal *s, const struct event *record, struct str to,
                        struct arena *a, struct notice *n);

#endif
