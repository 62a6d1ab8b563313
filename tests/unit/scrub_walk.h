/* The leaves of two messages side by side. */
#ifndef SCRUB_WALK_H
#define SCRUB_WALK_H

#include "hl7/message.h"
#include "samples/place.h"

struct leaf_pair {
    enum place place;
    struct str before, after; /* raw; absent: one message has no such leaf */
    const char *segment;
    unsigned field, component;
};

/* Calls `each` for every leaf; false when the structures differ, and *why says where. */
bool scrub_walk(const struct hl7_message *before, const struct hl7_message *after,
                void (*each)(void *ctx, const struct leaf_pair *pair), void *ctx, const char **why);

#endif
