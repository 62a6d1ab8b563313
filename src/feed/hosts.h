/* Host names in the texts that patients see: a notice leads to one place only, the link that Tidings mints. */
#ifndef FEED_HOSTS_H
#define FEED_HOSTS_H

#include "loading.h"

/* The first host name in a text, as a phone would turn it into a link: behind "://" or "www.", or letters
 * with dots in between that end in a top-level domain. Absent when there is none. */
struct str host_in(struct str text);
/* A service that hides where a link leads: bit.ly, and www.bit.ly. */
bool host_is_shortener(struct str host);

/* An entry of `hosts` in the policy: its host. E708 for a shortener, E105 for what is no host name. */
void host_load(struct loading *l, const struct yaml_node *n);
/* E708 for every body, footer and site fact with a host that the policy does not name, or a shortener. */
void hosts_check(struct loading *l);

#endif
