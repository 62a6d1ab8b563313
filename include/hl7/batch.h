/* One frame that is a batch, and the batch that answers it. hl7v2.md 8; HL7 v2.9.1 2.10.3.
 *
 *   [FHS] { [BHS] { MSH ... } [BTS|count] } [FTS|batches]
 *
 * A header or trailer starts after a CR; after an LF only where the header before it ended in LF. */
#ifndef HL7_BATCH_H
#define HL7_BATCH_H

#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "hl7/ack.h"
#include "hl7/header.h"

struct hl7_batch_group {
    struct hl7_header header;   /* its BHS; without one that of the file; else only separators */
    bool headed;                /* it has a BHS of its own */
    bool closed;                /* it has a BTS */
    bool counted, wrong;        /* BTS-1 is valued; it is not n_messages */
    const struct str *messages; /* each from its MSH to the next header or trailer, in the body */
    size_t n_messages;          /* may be 0 */
};

struct hl7_batch {
    struct str body;        /* a message's offset is message.p - body.p */
    struct hl7_header file; /* the FHS, when has_file */
    bool has_file, file_closed;
    bool file_counted, file_wrong; /* FTS-1 is valued; it is not n_groups */
    const struct hl7_batch_group *groups;
    size_t n_groups;
    size_t n_messages; /* of all groups */
    size_t n_stray;    /* segments that belong to no message: never covered by a positive answer */
};

/* body   a frame's content that starts FHS, BHS or MSH
 * most   messages, and groups, in it
 * notes  HL7_BATCH_COUNT, HL7_BATCH_OPEN, HL7_BATCH_STRAY with their offsets; NULL is fine
 * e      ERR_INPUT: no such start, its separators are unusable, or (e->code HL7_LIMIT) more than
 *        `most`; with the byte offset */
bool hl7_batch_read(struct str body, size_t most, struct arena *a, struct hl7_notes *notes,
                    struct hl7_batch *out, struct err *e) MUST_USE;

/* What answers one group: acknowledgements as hl7_ack_content() or hl7_ack_write() made them. */
struct hl7_batch_answers {
    const struct str *acks;
    size_t n;                       /* 0: an empty batch */
    uint8_t random[HL7_ACK_RANDOM]; /* fresh; becomes BHS-11 */
};

struct hl7_batch_reply {
    const struct hl7_batch *batch;           /* what is answered */
    const struct hl7_batch_answers *answers; /* one for each group of it */
    uint8_t random[HL7_ACK_RANDOM];          /* fresh; becomes FHS-11 when there was an FHS */
    int64_t now_ms;
    int zone_min;    /* minutes east of UTC, for BHS-7 */
    char start, end; /* framing bytes */
};

/* Appends one frame: for each group BHS (applications and facilities turned round, reference BHS-12 =
 * its BHS-11), the acknowledgements, BTS with their number; FHS and FTS around them when the batch had
 * an FHS. The result is read again: as many BHS, BTS and
 * acknowledgements as were put in and each of them sound, else ERR_INPUT and nothing appended. */
bool hl7_batch_write(const struct hl7_batch_reply *reply, struct buf *out, struct err *e) MUST_USE;

#endif
