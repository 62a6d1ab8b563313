/* The map step: takes stored messages, leaves the outcome of each instance and its typed event.
 *
 * A message is judged by its feed inside the transaction that marks it mapped, so that an event
 * carries what the messages before it left, and a crash in between changes nothing. Messages are
 * taken in order of intake, which keeps the order of every patient; a feed has no way to wait, so
 * none can block another. */
#ifndef MAP_MAP_H
#define MAP_MAP_H

#include "base/alarm.h"
#include "base/bell.h"
#include "base/clock.h"
#include "feed/feed.h"
#include "store/queue.h"

struct map;

struct map_settings {
    struct store_queue *queue;
    const struct clock *clock;
    const struct seal *seal;         /* gives the tenant key of the pseudonyms */
    const struct feed *const *feeds; /* borrowed until closed */
    size_t n_feeds;
    size_t batch;       /* messages in one transaction */
    int64_t retry_ms;   /* after a failed transaction */
    struct bell next;   /* plan */
    struct alarm alarm; /* rings this step again after a failure */
};

/* Borrows what the settings point to until map_close(). ERR_BUSY: no memory. */
bool map_open(const struct map_settings *set, struct map **out, struct err *e) MUST_USE;
/* There may be stored messages: for a bell. */
void map_ring(void *map);
/* Lets the transaction in flight end; on_closed() exactly once, perhaps inside. */
void map_close(struct map *m, void (*on_closed)(void *ctx), void *ctx);

/* One message through its feed: what the step does, without a loop. Store thread, inside a
 * transaction. ERR_* of the store only: a message that cannot be read is held. */
bool map_one(const struct map_settings *set, const uint8_t key[SEAL_KEY_BYTES],
             const struct message *m, struct store *s, struct arena *a, struct err *e) MUST_USE;

#endif
