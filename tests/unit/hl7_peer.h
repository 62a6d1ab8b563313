/* A peer that takes HL7 messages over MLLP on loopback and does with each what a script says. It lives in
 * the test's own thread: nothing happens before peer_turn(). */
#ifndef HL7_PEER_H
#define HL7_PEER_H

#include "base/buf.h"

struct hl7_peer {
    int listener, fd; /* fd -1: nobody is connected */
    int port;
    struct buf heard; /* of this connection, what is not handled yet */
    struct buf all;   /* every whole frame heard, one after the other */
    size_t frames, connections;
    size_t heard_bytes; /* of this connection */

    /* One word for each frame: "AA" and the other codes answer it; "x" closes; "-" says nothing; past the
     * end: "AA". Or, when `say` is set, these bytes for the first frame, and then the end. */
    const char *script;
    struct str say;
    size_t piece;      /* bytes to a turn; 0: all at once */
    size_t take_bytes; /* closes after so many bytes of a request; (size_t)-1: never */
    size_t said;
    bool saying, closed_on_purpose;
};

/* port 0: a free one. */
void hl7_peer_open(struct hl7_peer *p, int port);
void hl7_peer_close(struct hl7_peer *p);
void hl7_peer_turn(struct hl7_peer *p);
/* Frame n of all that were heard, with its framing. */
struct str hl7_peer_frame(const struct hl7_peer *p, size_t n);

#endif
