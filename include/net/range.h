/* A range of IP addresses: "10.0.0.0/8", "2001:db8::/32", "192.0.2.7". */
#ifndef NET_RANGE_H
#define NET_RANGE_H

#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

struct net_range {
    uint8_t address[16]; /* IPv4 as ::ffff:a.b.c.d */
    int bits;            /* of 128 */
};

/* ERR_INPUT: no numeric address, or a prefix that does not fit it, or bits set behind the prefix. */
bool net_range_parse(struct str text, struct net_range *out, struct err *e) MUST_USE;
/* address: numeric; an IPv4 address mapped into IPv6 is the IPv4 address. False for what is none. */
bool net_range_holds(const struct net_range *r, const char *address);
bool net_ranges_hold(const struct net_range *all, size_t n, const char *address);

#endif
