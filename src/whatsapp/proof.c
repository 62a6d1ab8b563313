#include "whatsapp/proof.h"

#include <string.h>

/* Every status of an attempt carries the id of the message it became. */
static bool adopt_wamid(struct attempt *a, const struct status *all, size_t n_all)
{
    bool one = true;

    for (size_t i = 0; i < n_all; i++) {
        if (!a->has_wamid) {
            memcpy(a->wamid, all[i].wamid, sizeof a->wamid);
            a->has_wamid = true;
        } else if (memcmp(a->wamid, all[i].wamid, sizeof a->wamid) != 0) {
            one = false;
        }
    }
    return one;
}

enum proof_conflict proof_fold(struct attempt *a, struct notice *n, const struct status *all,
                               size_t n_all)
{
    enum proof_conflict found = PROOF_FINE;

    attempt_fold(a, all, n_all);
    if (a->delivery != DELIVERY_NONE && a->state != ATTEMPT_ACCEPTED) {
        if (a->state == ATTEMPT_REJECTED || a->state == ATTEMPT_UNSENT)
            found = PROOF_AFTER_REFUSAL;
        a->state = ATTEMPT_ACCEPTED;
    }
    if (a->state == ATTEMPT_ACCEPTED && !adopt_wamid(a, all, n_all))
        found = PROOF_TWO_IDS;
    /* refused and failed are one fact told twice; flying and failed waits for the answer */
    if (a->state == ATTEMPT_ACCEPTED || a->state == ATTEMPT_UNKNOWN)
        notice_tracked(n, a);
    return found;
}
