/* What tidings.yaml says of those we talk HL7 v2 with, as the receiver and the outbound step want it.
 * Only src/app sees it. */
#ifndef APP_PEERS_H
#define APP_PEERS_H

#include "config/config.h"
#include "net/tls.h"
#include "outbound/outbound.h"
#include "receive/sender.h"

struct peers {
    struct mllp_sender *senders;
    size_t n_senders;
    struct outbound_channel *channels;
    size_t n_channels;
};

/* Reads ranges, character sets and PEM files. ERR_CONFIG with the line of the entry; whatever was opened
 * by then is closed by peers_close(). */
bool peers_open(const struct config *c, struct arena *a, struct peers *out, struct err *e) MUST_USE;
void peers_close(struct peers *p);

/* ERR_CONFIG: a character set that there is not. */
bool peers_profile(const struct config_profile *from, struct mllp_profile *out,
                   struct err *e) MUST_USE;
/* ERR_CONFIG: one of them is no range. */
bool peers_ranges(const struct texts *from, struct arena *a, struct net_range **out, size_t *n,
                  struct err *e) MUST_USE;
/* *out is NULL for a listener without TLS. */
bool peers_tls(const struct config_tls *from, bool server, struct tls **out,
               struct err *e) MUST_USE;

#endif
