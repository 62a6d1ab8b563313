/* What a policy decides, entry by entry: for `check` and for the proof. */
#ifndef FEED_DECISION_H
#define FEED_DECISION_H

#include "model.h"

struct decision {
    const char *what;                /* "ZPI-4 = contact" */
    struct str because, by, expires; /* absent for an entry of `log` */
    const struct yaml_node *node;
};

struct decisions { /* in order of the file */
    struct decision *items;
    size_t n;
};

/* Those of a sound feed, in `a`. */
struct decisions decisions_of(const struct feed *f, struct arena *a);

#endif
