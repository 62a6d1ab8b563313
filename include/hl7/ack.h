/* The answer to one message: which code, if any, and its bytes. hl7v2.md section 3.
 *
 *   SB MSH|^~\&|TIDINGS|CLINIC|SCHED|HOSP|20261121093000.412+0000||ACK^S12^ACK|<id>|P|2.5.1 CR
 *      MSA|AA|A0001 CR  [ERR ... CR]  FS CR */
#ifndef HL7_ACK_H
#define HL7_ACK_H

#include <stdint.h>

#include "base/buf.h"
#include "hl7/code.h"
#include "hl7/header.h"

/* What became of the message (3.4). */
enum hl7_condition {
    HL7_COMMITTED,      /* AA, CA */
    HL7_BAD_TYPE,       /* AR, CR 200: MSH-9.1 */
    HL7_BAD_EVENT,      /* AR, CR 201: MSH-9.2 */
    HL7_BAD_PROCESSING, /* AR, CR 202: MSH-11 */
    HL7_BAD_VERSION,    /* AR, CR 203: MSH-12 */
    HL7_NO_ID,          /* AE, CE 101: MSH-10 empty */
    HL7_ID_BYTES,       /* AE, CE 102: control bytes in MSH-10 */
    HL7_LONG_FIELD,     /* AE, CE 104: a header field over HL7_ECHO_MOST bytes */
    HL7_BAD_FRAME,      /* AE, CE 102: damaged framing */
    HL7_BAD_SYNTAX,     /* AE, CE 100: not readable as HL7 */
    HL7_BAD_CHARSET,    /* AE, CE 102: bytes that MSH-18's set cannot hold */
    HL7_OVER_LIMIT,     /* AE, CE 104: over the cap, or too many segments, fields ... */
    HL7_IN_BATCH,       /* AE, CE 207: a batch, which this feed does not take */
    HL7_BUSY,           /* AE, CE 207: cannot be stored now; worth repeating, never AR */
    HL7_NOT_BOUND,      /* AR, CE 207: MSH-3 and MSH-4 belong to another certificate or address */
    HL7_MISSING_FIELD,  /* AE, CE 101: a strict profile's required field; say which in a fault */
    HL7_SEQUENCE,       /* AE, CE 207: MSH-13 is not the number expected, which goes to MSA-4 */
    HL7_WRONG_COUNT,    /* AE, CE 102: BTS-1 or FTS-1 is not what came (HL7_BATCH_COUNT) */
    HL7_NOT_MAPPED,     /* AE 207, an application acknowledgement: taken, but needs a person */
    HL7_FEED_REFUSED,   /* AR 207, an application acknowledgement: the feed's rules say no */
    HL7_CONDITIONS      /* how many */
};

/* MSA-1. */
enum hl7_ack_code { HL7_SILENT, HL7_AA, HL7_AE, HL7_AR, HL7_CA, HL7_CE, HL7_CR, HL7_ACK_CODES };
const char *hl7_ack_code_name(enum hl7_ack_code c); /* "AA"; "none" */

enum hl7_ack_mode { HL7_MODE_AUTO, HL7_MODE_ORIGINAL, HL7_MODE_ENHANCED };
/* Where an application acknowledgement (MSH-16) goes (3.3). */
enum hl7_app_ack { HL7_APP_SAME_SOCKET, HL7_APP_RETURN_CHANNEL, HL7_APP_OFF };

/* The header's own fault, in the order MSH-10, 9, 11, 12; HL7_COMMITTED when it is acceptable. */
enum hl7_condition hl7_header_check(const struct hl7_header *h);

/* Which code answers at once (3.2). notes: HL7_ACKMODE_HALF, HL7_ACKMODE_UNKNOWN; NULL is fine.
 * HL7_SILENT, too, for an acknowledgement (MSH-9.1 ACK) whose MSH-15 is empty. */
enum hl7_ack_code hl7_ack_code(const struct hl7_header *h, enum hl7_condition c,
                               enum hl7_ack_mode mode, enum hl7_app_ack app,
                               struct hl7_notes *notes);

/* Which code a later application acknowledgement has (3.3): `outcome` (HL7_AA, HL7_AE or HL7_AR), or
 * HL7_SILENT when MSH-15 and MSH-16 ask for none, or the answer at once was it already. */
enum hl7_ack_code hl7_application_code(const struct hl7_header *h, enum hl7_ack_code outcome,
                                       enum hl7_ack_mode mode, enum hl7_app_ack app);

/* What an application acknowledgement with this code says. */
enum hl7_condition hl7_application_condition(enum hl7_ack_code code);

enum { HL7_ACK_RANDOM = 12, HL7_ACK_ID = 20, HL7_ACK_MOST = 16 * 1024, HL7_FAULTS_MOST = 10 };

/* One ERR segment. The texts are our own, by condition; nothing of the sender's but positions. */
struct hl7_fault {
    enum hl7_condition condition; /* not HL7_COMMITTED */
    const char *segment; /* "PID", three capitals or digits; NULL: where the condition points */
    unsigned sequence;   /* which segment of that name, from 1 */
    unsigned field, component; /* from 1; 0: the whole segment, the whole field */
};

struct hl7_ack {
    const struct hl7_header *header; /* NULL: unreadable, a plain 2.5.1 header is made up */
    enum hl7_condition condition;
    enum hl7_ack_code code;         /* not HL7_SILENT */
    uint8_t random[HL7_ACK_RANDOM]; /* fresh for each; becomes MSH-10, 20 base32 characters */
    int64_t now_ms;
    int zone_min;    /* minutes east of UTC, for MSH-7 */
    char start, end; /* framing bytes */

    const struct hl7_fault
        *faults;      /* one ERR each, at most HL7_FAULTS_MOST; none with a positive */
    size_t n_faults;  /* code. 0: one ERR, made of the condition */
    bool sequenced;   /* MSA-4 is written */
    int64_t expected; /* the sequence number expected next; -1: resynchronise */
    /* An application acknowledgement (3.3): MSH-16 is NE and MSH-15 this, AL, NE, ER or SU; NULL: the
     * answer at once, both empty. */
    const char *accept;
};

/* The 20 characters that stand for these bits in MSH-10, and a NUL. */
void hl7_ack_id(const uint8_t random[HL7_ACK_RANDOM], char out[HL7_ACK_ID + 1]);

/* Appends the framed answer to *out, which should have room for HL7_ACK_MOST bytes. Everything the
 * sender gave is cleaned, and the result is read again: exactly one MSH and one MSA, else ERR_INPUT
 * and nothing appended (3.7). */
bool hl7_ack_write(const struct hl7_ack *ack, struct buf *out, struct err *e) MUST_USE;
/* The same without framing bytes, for a batch or an outbound queue. */
bool hl7_ack_content(const struct hl7_ack *ack, struct buf *out, struct err *e) MUST_USE;

/* True when `content` (no framing) reads as one acknowledgement, however leniently it is split:
 * exactly one MSH, first, exactly one MSA, else only ERR. */
bool hl7_ack_is_sound(struct str content);

#endif
