/* How often something may go to the log: what a peer can cause without end is counted, not written. */
#ifndef RECEIVE_SAID_H
#define RECEIVE_SAID_H

#include <stdbool.h>
#include <stdint.h>

enum { SAID_MOST = 10 /* lines a second */ };

struct said {
    uint64_t second, n; /* so many in it, written or not */
};

/* One more at now_ms, which never runs back: it may be written. *left_out: so many of an earlier second
 * were not, which is to be written first; 0: none. */
bool said_one(struct said *s, uint64_t now_ms, uint64_t *left_out);
/* What is still to be told of a second that is over; once. */
uint64_t said_rest(struct said *s, uint64_t now_ms);

#endif
