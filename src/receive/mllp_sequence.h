/* The sequence number protocol (MSH-13, MSA-4). hl7v2.md 7; HL7 v2.9.1 2.10.1. */
#ifndef RECEIVE_MLLP_SEQUENCE_H
#define RECEIVE_MLLP_SEQUENCE_H

#include "base/str.h"
#include "store/store.h"

enum mllp_turn {
    MLLP_TURN_NEXT,  /* the number expected: taken */
    MLLP_TURN_LINK,  /* 0 or -1: the sender asks where we are, or wants to start anew */
    MLLP_TURN_AGAIN, /* the number taken last: no event */
    MLLP_TURN_WRONG, /* any other: refused, and all that follow until a link starts */
};

struct mllp_step_taken {
    enum mllp_turn turn;
    int64_t answer;        /* MSA-4 */
    struct sequence after; /* the sender's state once the message is committed */
};

/* What MSH-13 says: a whole number, a fraction of zeros allowed. False: it is none. */
bool mllp_sequence_read(struct str msh13, int64_t *n);
/* One step of the protocol. numeric: n was read. */
struct mllp_step_taken mllp_sequence_step(const struct sequence *now, bool numeric, int64_t n);

#endif
