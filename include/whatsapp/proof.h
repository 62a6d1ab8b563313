/* What statuses prove about an attempt, and what that does to its notice. Pure; the same for any order
 * and any multiplicity of the same statuses, and whether they come before or after the answer. */
#ifndef WHATSAPP_PROOF_H
#define WHATSAPP_PROOF_H

#include "model/notice.h"

enum proof_conflict {
    PROOF_FINE,
    PROOF_AFTER_REFUSAL, /* a status of an attempt that was refused or never left */
    PROOF_TWO_IDS,       /* two message ids for one attempt: it was accepted twice */
};

/* Folds every known status of the attempt into `a` and `n`.
 *
 * sent, delivered, read, played prove that the attempt was accepted, whatever we knew of it. `failed`
 * alone says nothing of an attempt whose answer is still to come: the answer decides. The message id is
 * adopted from the statuses when the answer that named it was lost. */
enum proof_conflict proof_fold(struct attempt *a, struct notice *n, const struct status *all,
                               size_t n_all);

#endif
