/* One message of a frame: what is wrong with it, what is stored of it, what answers it. */
#ifndef RECEIVE_MLLP_UNIT_H
#define RECEIVE_MLLP_UNIT_H

#include "base/arena.h"
#include "receive/mllp.h"

struct mllp_unit {
    struct hl7_header header;
    bool readable; /* header is */
    enum hl7_condition condition;
    enum hl7_ack_code code;
    struct message message; /* HL7_COMMITTED: to be stored */
    struct buf ack;         /* framed; empty when nothing answers it */
    struct arena arena;     /* what message points to, besides the body */
    struct hl7_notes notes;
};

void mllp_unit_init(struct mllp_unit *u);
void mllp_unit_end(struct mllp_unit *u);

/* Reads the first message of *frame and takes it off; the rest holds further ones (several MSH and no
 * batch header). Judges it and writes its answer as if it were committed.
 *
 * found  what the framer has against it; HL7_COMMITTED: nothing
 * False: no randomness, so no answer can be made. */
bool mllp_unit_read(struct mllp_unit *u, const struct mllp_receiver_settings *set,
                    struct str *frame, enum hl7_condition found, struct err *e) MUST_USE;
/* Writes another answer for the same message: it could not be committed. */
bool mllp_unit_answer(struct mllp_unit *u, const struct mllp_receiver_settings *set,
                      enum hl7_condition c, struct err *e) MUST_USE;

#endif
