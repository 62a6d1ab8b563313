/* A frame that is a batch, worked off message by message. hl7v2.md 8.
 *
 * Each message is committed and answered like any other; its answer goes into the response batch, which
 * is written after the last commit. A crash in between loses nothing: the batch comes again, and what was
 * taken is answered with the stored bytes. */
#ifndef RECEIVE_MLLP_BATCH_H
#define RECEIVE_MLLP_BATCH_H

#include "hl7/batch.h"
#include "mllp_unit.h"

struct mllp_batch_work {
    bool open; /* some of it is still to be done */
    struct hl7_batch in;
    size_t group, message;             /* the next one */
    struct hl7_batch_answers *answers; /* of each group */
    struct str **acks;                 /* what they point to */
    const struct mllp_profile
        *profile; /* of the first message's sender: how the batch is answered */
    struct arena arena;
    struct buf out; /* the response batch */
};

void mllp_batch_end(struct mllp_batch_work *b); /* gives the memory back */

/* Begins a batch. Not open when it is refused as a whole: the condition says why.
 *
 * body   FHS or BHS first; lives until the batch is done */
enum hl7_condition mllp_batch_begin(struct mllp_batch_work *b,
                                    const struct mllp_receiver_settings *set, struct str body,
                                    struct hl7_notes *notes);
/* The next message; false: all are done. */
bool mllp_batch_next(struct mllp_batch_work *b, struct str *message);
/* The answer to the latest one, framed; empty: none. */
void mllp_batch_add(struct mllp_batch_work *b, const struct mllp_profile *profile,
                    enum hl7_ack_code code, struct str framed);
/* All are done: closes the batch; b->out is its framed answer, empty when none is wanted. False: no
 * randomness, or an answer would not be sound. */
bool mllp_batch_answer(struct mllp_batch_work *b, const struct mllp_receiver_settings *set,
                       struct err *e) MUST_USE;

#endif
