/* One message of a frame: what is wrong with it, what is stored of it, what answers it. */
#ifndef RECEIVE_MLLP_UNIT_H
#define RECEIVE_MLLP_UNIT_H

#include "base/arena.h"
#include "receive/mllp.h"

/* Continued messages (MSH-14, DSC): which part this is. Blind indexes of (listener, MSH-3, MSH-4,
 * pointer). */
struct mllp_part {
    bool continues; /* MSH-14 is valued: an earlier part goes before it */
    bool goes_on;   /* it ends in a DSC: another part follows it */
    uint8_t from[INDEX_BYTES], next[INDEX_BYTES];
};

struct mllp_unit {
    /* mllp_unit_take() sets these. */
    struct hl7_header header;
    bool readable;                      /* header is */
    bool xml;                           /* v2.xml; answered so, too */
    struct str body;                    /* as it came */
    struct str text;                    /* in bars and hats: body itself, or what the XML says */
    enum hl7_condition found;           /* what is wrong already; HL7_COMMITTED: nothing */
    const struct mllp_profile *profile; /* of its sender; the caller may set another one */

    /* mllp_unit_judge() sets these. */
    enum hl7_condition condition;
    enum hl7_ack_code code;
    struct hl7_fault faults[HL7_FAULTS_MOST];
    size_t n_faults;
    struct message message; /* HL7_COMMITTED: to be stored */
    struct mllp_part part;
    bool numbered;                  /* MSH-13 is a sequence number, by the profile */
    uint8_t sender[INDEX_BYTES];    /* numbered: blind index of (listener, MSH-3, MSH-4) */
    bool sequenced;                 /* MSA-4 is written */
    int64_t expected;               /* that number */
    struct buf ack;                 /* framed; empty when nothing answers it */
    int64_t now_ms;                 /* of all its answers, with their MSH-10 */
    uint8_t random[HL7_ACK_RANDOM]; /* only one of them is ever sent */

    struct arena arena; /* what text and message point to, besides the body */
    struct hl7_notes notes;
};

void mllp_unit_init(struct mllp_unit *u);
void mllp_unit_end(struct mllp_unit *u);

/* Reads the header of the first message of *frame and takes that message off; the rest holds further
 * ones (several MSH and no batch header).
 *
 * found  what the framer has against it; HL7_COMMITTED: nothing */
void mllp_unit_take(struct mllp_unit *u, const struct mllp_receiver_settings *set,
                    struct str *frame, enum hl7_condition found);
/* Judges it by u->profile and writes its answer as if it were committed. False: no randomness, so no
 * answer can be made. */
bool mllp_unit_judge(struct mllp_unit *u, const struct mllp_receiver_settings *set,
                     struct err *e) MUST_USE;
/* Writes another answer for the same message, under the same MSH-10: what was written before was not
 * sent. Pure but for the unit, so that the store's thread may call it. False: not even a plain answer
 * is sound, which does not happen. */
bool mllp_unit_answer(struct mllp_unit *u, const struct mllp_receiver_settings *set,
                      enum hl7_condition c, struct err *e) MUST_USE;

/* Where application acknowledgements go by this profile: a return channel needs a name. */
enum hl7_app_ack mllp_unit_app(const struct mllp_profile *p);

#endif
