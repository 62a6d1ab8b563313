/* The guards of a rule, compiled. `rule` needs its `on`. */
#ifndef FEED_GUARDS_H
#define FEED_GUARDS_H

#include "loading.h"

void only_if_load(struct loading *l, const struct rule *rule, const struct yaml_node *map,
                  struct guard *out);
void sensitive_load(struct loading *l, const struct rule *rule, const struct yaml_node *map,
                    struct guard *out);

#endif
