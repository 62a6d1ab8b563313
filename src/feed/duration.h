/* Durations as feeds write them: 30s, 15m, 24h, 7d. */
#ifndef FEED_DURATION_H
#define FEED_DURATION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/str.h"

/* False: not a duration. */
bool duration_read(struct str text, int64_t *ms);
/* In the largest unit that leaves no rest: 86400000 is "24h", more than two days are days. */
struct str duration_write(int64_t ms, struct arena *a);

#endif
