/* What the second line of defence stopped (docs/feed-language.md, section 13.5). */
#ifndef MAP_BLOCKED_H
#define MAP_BLOCKED_H

#include "map/map.h"

/* Pauses the feed for each outcome that was blocked, in the message's own transaction, and says so in the log:
 * ids, sinks, classes and places. Store thread. */
bool map_blocked(const struct map_settings *set, const struct message *m, const struct feed *f,
                 const struct feed_result *r, struct store *s, struct err *e) MUST_USE;

#endif
