/* Where a request comes from, as coarse as limits need it: an IPv4 /24 or an IPv6 /48. Pure. */
#ifndef NETWORK_H
#define NETWORK_H

#include <stdint.h>

#include "base/str.h"

struct network {
    uint8_t family;   /* 4, 6; 0: unreadable, all of those are one network */
    uint8_t bytes[6]; /* 3 of IPv4, 6 of IPv6 */
};

/* peer: numeric. forwarded: the last X-Forwarded-For line, absent when there is none; its last address
 * counts when the peer is loopback, because then a proxy of ours wrote it. */
struct network network_of(struct str peer, struct str forwarded);

#endif
