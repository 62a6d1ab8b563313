/* Wrong guesses in the running minute, by network and in all. They decide how a wrong guess is
 * answered, never whether a right one is. Pure: time is an argument. */
#ifndef MISSES_H
#define MISSES_H

#include "network.h"

enum { MISSES_NETWORKS = 1024, MISSES_ALARM_TIMES = 20 };

struct misses {
    int64_t limit; /* a network and minute */
    int64_t minute, all;
    bool alarm; /* this minute a network passed its limit, or all of them MISSES_ALARM_TIMES that */
    struct misses_slot {
        struct network network;
        int64_t minute, n;
    } slots[MISSES_NETWORKS];
};

/* One more. True when its network had used this minute's limit up before. */
bool misses_add(struct misses *m, struct network from, int64_t now_ms);

#endif
