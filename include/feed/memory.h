/* What a store would remember, kept in an arena: the latest event of each unit. For tests, `explain` of several
 * messages and `diff --replay`, which start empty and never touch a real store. */
#ifndef FEED_MEMORY_H
#define FEED_MEMORY_H

#include "feed/feed.h"

struct feed_events {
    struct arena *a; /* events are copied into it */
    struct feed_events_slot {
        uint64_t hash; /* 0: empty */
        struct event event;
    } * slots;
    size_t n, room; /* room: a power of two, or 0 */
};

/* For feed_input.memory; the context is the struct. */
struct feed_memory feed_events_memory(struct feed_events *all);
/* Keeps the events of a result that emits. */
void feed_events_keep(struct feed_events *all, const struct feed_result *r);
void feed_events_forget(struct feed_events *all);

#endif
