/* Wrong guesses in the running minute, by network and in all. Pure: time is an argument. */
#ifndef MISSES_H
#define MISSES_H

#include "network.h"

enum { MISSES_NETWORKS = 1024, MISSES_ALL_TIMES = 20 };

struct misses {
    int64_t limit; /* a network and minute; all networks: MISSES_ALL_TIMES as many */
    int64_t minute, all;
    struct misses_slot {
        struct network network;
        int64_t minute, n;
    } slots[MISSES_NETWORKS];
};

/* Whether that network, or all of them, have used up this minute. */
bool misses_over(const struct misses *m, struct network from, int64_t now_ms);
/* One more. True when it was the one that used a limit up: the moment to tell someone. */
bool misses_add(struct misses *m, struct network from, int64_t now_ms);

#endif
