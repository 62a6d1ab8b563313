/* The terms of a template: quick replies, time to live, resending, the pinned copy. */
#ifndef FEED_TEMPLATE_TERMS_H
#define FEED_TEMPLATE_TERMS_H

#include "loading.h"

/* Reads `replies`, `ttl`, `pin` and `resend_unknown_after`. */
void template_terms_load(struct loading *l, const struct yaml_node *map, struct template *t);
/* E710 for what the template has and the event of the entry cannot have. */
void template_terms_check(struct loading *l, const struct yaml_node *at,
                          const struct notify_entry *e);

#endif
