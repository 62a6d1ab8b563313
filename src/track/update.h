/* One webhook's statuses into attempts and notices. Store thread, inside a transaction. */
#ifndef TRACK_UPDATE_H
#define TRACK_UPDATE_H

#include "store/store.h"
#include "whatsapp/webhook.h"

struct update {
    /* given */
    const struct seal *seal;
    const struct webhook *hook;
    struct str phone_number_id;
    int64_t received_ms;

    /* found */
    size_t fresh, unmatched, foreign, conflicts;
    size_t taps[QUICK_REPLIES]; /* new ones */
    int64_t conflict_id;        /* a notice of the last conflict */
    bool changed;               /* a notice moved */
};

/* Repeatable: what it found is set afresh. */
bool update_run(struct update *u, struct store *s, struct err *e) MUST_USE;

#endif
