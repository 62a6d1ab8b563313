/* Messages whose transaction failed by itself. Each is set aside with its lane until it is mapped or
 * held; the set is bounded. One thread at a time: a job in flight may read it. */
#ifndef MAP_STUCK_H
#define MAP_STUCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct stuck {
    int64_t id;
    int tries;
    bool given_up; /* its last try failed: to be held */
    int64_t due_ms;
};

struct stuck_set {
    struct stuck *items;
    uint64_t *lanes; /* of each, as take_stored() wants them */
    size_t n, most;
};

/* False: no memory. */
bool stuck_open(struct stuck_set *set, size_t most);
void stuck_close(struct stuck_set *set);
/* NULL: the set is full. The address is good until the next stuck_drop(). */
struct stuck *stuck_add(struct stuck_set *set, int64_t id, uint64_t lane);
void stuck_drop(struct stuck_set *set, struct stuck *one);
/* The one to be tried first: given up, else due first. NULL: the set is empty. */
struct stuck *stuck_next(const struct stuck_set *set);

#endif
