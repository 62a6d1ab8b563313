/* What a peer says to one of our messages: is it an answer at all, and to which?
 *
 * An answer counts only when it is exactly one MSH and one MSA with a code of table 0008 in MSA-1;
 * whose it is, MSA-2 says, byte for byte. Everything else changes nothing and is counted
 * (hl7v2.md 3.1, 9; reliability.md I10). */
#ifndef OUTBOUND_ANSWER_H
#define OUTBOUND_ANSWER_H

#include "hl7/ack.h"

/* Why bytes of the peer were no answer. The names are public: metrics, `tidings send`. */
enum stray {
    STRAY_NONE,
    STRAY_FRAME,    /* a damaged, unframed or oversized frame, or one cut by the end */
    STRAY_SHAPE,    /* not exactly one MSH and one MSA: two in one, unreadable */
    STRAY_CODE,     /* MSA-1 is none of AA, AE, AR, CA, CE, CR */
    STRAY_UNASKED,  /* nothing is in flight */
    STRAY_ID,       /* MSA-2 names nothing in flight: forged, swapped, late */
    STRAY_ANSWERED, /* of a message that has its answer: doubled, AA after CA unasked */
    STRAY_BYTE,     /* a commit byte of MLLP Release 2 that can be of more than one message */
    STRAYS          /* how many */
};
/* "ACK_SHAPE"; "" for STRAY_NONE. */
const char *stray_name(enum stray s);

struct answer {
    enum hl7_ack_code code;
    struct str id; /* MSA-2, raw; points into the content */
};

/* content: one frame, without framing. STRAY_NONE when *out is set, else STRAY_SHAPE or STRAY_CODE. */
enum stray answer_read(struct str content, struct answer *out);

#endif
