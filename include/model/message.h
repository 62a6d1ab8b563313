/* One message as it arrived: one MLLP frame, or one FHIR request. */
#ifndef MODEL_MESSAGE_H
#define MODEL_MESSAGE_H

#include <stdint.h>

#include "base/str.h"

enum message_kind { MESSAGE_HL7 = 1, MESSAGE_FHIR = 2 };

enum { INDEX_BYTES = 16 }; /* a blind index: keyed HMAC-SHA-256, cut to 128 bits */

/* The application acknowledgement that the sender asked for in MSH-16 (HL7 v2.9.1 §2.9.2). */
enum reply_wanted { REPLY_NEVER, REPLY_ALWAYS, REPLY_ON_ERROR, REPLY_ON_SUCCESS };

struct message {
    int64_t id; /* 1, 2, 3 … in order of intake; 0 before it is stored */
    enum message_kind kind;
    struct str feed;             /* name of the feed that maps it                            */
    struct str type;             /* "SIU^S12", "Appointment", "Bundle": [A-Za-z0-9^_] only   */
    uint8_t key[INDEX_BYTES];    /* blind index of (listener, MSH-3, MSH-4, MSH-10), or of
                                    (listener, method, path, versionId or Bundle.identifier) */
    uint8_t digest[INDEX_BYTES]; /* blind index of the body, MSH-7 masked                    */
    struct str body;             /* the bytes received, without their framing. Sealed at rest */
    struct str ack;              /* the bytes answered, framing included. Sealed at rest      */
    int64_t received_ms;         /* Unix time, ms */
    bool test;                   /* MSH-11.1 is T or D: recorded, never sent */
    bool newest_only; /* at intake: nothing tells two versions of this key apart, so only the
                                    newest message of the key can be repeated. A, B, A are three events */
    uint64_t
        lane; /* blind index of the patient, cut to 64 bits; 0: none named. Messages of one lane
                      are mapped in order, and one that cannot be mapped stops its own lane only */

    enum reply_wanted reply; /* asked for once it is mapped */
    struct str
        channel; /* where that goes: an outbound channel; absent: the connection it came on */

    /* What its sender's profile says of the text: names of character sets (hl7/charset.h), forced
     * whatever MSH-18 says, and for undeclared bytes; absent: none. Whoever reads the body, then or
     * later, reads it by these. */
    struct str charset, fallback;

    /* read_message(): version of the feed that decided it (feed/feed.h); absent: none did, or not yet. */
    struct str feed_version;

    /* One part of a continued message (DSC, MSH-14; HL7 v2.9.1 §2.9.1): stored and acknowledged, not
     * mapped by itself. All zero for a whole message. */
    bool is_part;
    int64_t first_part;             /* id of the chain's first part; 0: this is it */
    uint8_t next_part[INDEX_BYTES]; /* blind index of (listener, MSH-3, MSH-4, DSC-1); for
                                       put_message() only, a message read back has none */
};

#endif
