/* The flows of E601, E605, E801 and E802: from the sink back to the paths that are too sensitive for it. Each
 * function gives its flow to the finding that was made last. */
#ifndef FEED_FLOW_H
#define FEED_FLOW_H

#include "loading.h"

/* slot <- value <- paths: one line of `with`. */
void flow_of_binding(struct loading *l, const struct rule *r, const struct binding *b);

/* sink <- slot <- value <- paths: of the line of `with` whose class is highest. `sink` is the name of a
 * parameter or "template"; the paths are those above `ceiling`. */
struct flow_sink {
    const char *name;
    const struct yaml_node *node;
    enum sensitivity ceiling;
};
void flow_of_slot(struct loading *l, const struct flow_sink *sink, const struct event_type *t,
                  const struct slot_type *slot);

/* template <- only_if <- paths: a branch of a guard. `name` is "only_if" or "sensitive". */
void flow_of_guard(struct loading *l, const struct rule *r, const char *name,
                   const struct branch *b);

/* template <- slot <- value <- paths: a line of `with` that can stop its rule. */
void flow_of_stop(struct loading *l, const struct rule *r, const struct binding *b);

#endif
