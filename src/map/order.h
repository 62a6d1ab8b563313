/* Messages that overtook each other: what an older one says of a unit is no longer true. */
#ifndef MAP_ORDER_H
#define MAP_ORDER_H

#include "store/store.h"

/* When the message was written that said the slot (struct feed_outcome). */
struct said {
    int64_t phone_ms, language_ms;
};

/* An instance that emits is older when its message was written before the one that the unit's latest
 * event came from; it is recorded then and emits nothing. Otherwise its event takes along when it was
 * written, and when phone and language were said (event_said_ms()): MSH-7 with an offset or meta.lastUpdated, at the latest when it was received. False: the
 * store failed, ERR_*; a unit that is damaged counts as unknown. */
bool order_keep(struct instance *in, const struct said *said, struct store *s, struct arena *a,
                struct err *e);

#endif
