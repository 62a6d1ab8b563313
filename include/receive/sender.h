/* Who sends, and what was agreed with them: the peer profiles. hl7v2.md 3.2, 3.4, 5, 9.
 *
 * A message belongs to the sender whose application (MSH-3) and facility (MSH-4) it names; a row with both
 * comes before one with one of them, a bound one before a free one, then the first. A sender that lists
 * addresses or certificates is bound to them (to both, when it lists both): the same names on any other
 * connection are refused (AR 207) and reported. Bound rows with the very same names are one sender with
 * several places. Each row has a name: config refuses others. */
#ifndef RECEIVE_SENDER_H
#define RECEIVE_SENDER_H

#include "base/str.h"
#include "hl7/ack.h"
#include "hl7/charset.h"
#include "hl7/mllp.h"
#include "net/range.h"
#include "net/tls.h"

/* What a peer gets while nothing can be stored (disk full). */
enum mllp_busy { MLLP_BUSY_AE, MLLP_BUSY_NO_REPLY, MLLP_BUSY_CLOSE };
/* How a batch is answered (HL7 v2.9.1 §2.10.3). */
enum mllp_batch { MLLP_BATCH_EACH, MLLP_BATCH_ERRORS, MLLP_BATCH_NONE };

struct mllp_profile {
    enum hl7_ack_mode mode;
    enum hl7_app_ack app_ack;
    const char *channel; /* outbound channel for HL7_APP_RETURN_CHANNEL; else NULL */
    enum mllp_busy busy;
    enum mllp_batch batch;
    bool processing_optional; /* an empty MSH-11 reads as P, not AR 202 */
    bool refuse_test;         /* MSH-11 T or D: AR 202 instead of stored and never notified */
    bool strict;              /* undecodable text is AE 102, a missing required field AE 101 */
    bool sequence;            /* MSH-13 is a sequence number (by agreement only, §2.9.5) */
    const struct hl7_charset *charset; /* whatever MSH-18 says; NULL: none */
    const struct hl7_charset
        *fallback; /* undeclared bytes that are not UTF-8; NULL: windows-1252 */
};
struct mllp_profile mllp_profile_default(void);

struct mllp_sender {
    const char *name;                   /* in the log and in `tidings status` */
    const char *application, *facility; /* MSH-3, MSH-4; NULL: any, of one of them */
    const struct net_range *addresses;  /* empty: any */
    size_t n_addresses;
    const char *const *certificates; /* a name in the client's certificate; empty: any */
    size_t n_certificates;
    struct mllp_profile profile;
};

/* Where a connection comes from. */
struct mllp_origin {
    const char *address;         /* numeric, as stream.peer */
    const struct tls_peer *peer; /* its verified certificate; NULL: none */
};

enum mllp_match {
    MLLP_KNOWN,
    MLLP_UNKNOWN,
    MLLP_FOREIGN /* names of a sender bound to elsewhere */
};

/* The sender of a message with these names, as people would read them (near spellings of a name are that
 * name: other case, other width, blanks and controls around it), on that connection. *out is set for
 * MLLP_KNOWN and MLLP_FOREIGN. */
enum mllp_match mllp_sender_find(const struct mllp_sender *all, size_t n, struct str application,
                                 struct str facility, const struct mllp_origin *from,
                                 const struct mllp_sender **out);

#endif
