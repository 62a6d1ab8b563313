/* The map step: takes stored messages, leaves the outcome of each instance and its typed event.
 *
 * A message is judged by its feed inside the transaction that marks it mapped, so that an event
 * carries what the messages before it left, and a crash in between changes nothing. Messages are
 * taken in order of intake, which keeps the order of every patient; a feed has no way to wait, so
 * none can block another.
 *
 * When a batch fails, its messages are tried one by one. One that fails alone is set aside with its
 * lane (model/message.h; without a lane, by itself) and tried again, later and later; the other
 * lanes go on. After max_tries it is held, "cannot be mapped: the store refused it", as soon as the
 * store takes that: while the store refuses everything, nothing is given up.
 *
 * A continued message whose rest does not come is held, too. */
#ifndef MAP_MAP_H
#define MAP_MAP_H

#include <stdatomic.h>

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
    const struct feed *const *feeds; /* borrowed until closed, or until map_swap() lets them go */
    size_t n_feeds;
    size_t batch;      /* messages in one transaction */
    int64_t retry_ms;  /* after a failed transaction; doubled each time, 32 times as long at most */
    int max_tries;     /* of one message, alone */
    size_t stuck_most; /* messages set aside at a time; when there are more, all wait for them */
    int64_t parts_ms;  /* how long a continued message may take; 0: for ever */
    _Atomic uint64_t
        *blocked;       /* counts what the second line of defence stopped; NULL: nobody asks */
    struct bell next;   /* plan, and what sends replies */
    struct alarm alarm; /* rings this step again: after a failure, and when parts are overdue */
};

/* Borrows what the settings point to until map_close(). ERR_BUSY: no memory. */
bool map_open(const struct map_settings *set, struct map **out, struct err *e) MUST_USE;
/* There may be stored messages: for a bell. */
void map_ring(void *map);
/* From the next transaction on, these feeds judge; one that is running ends under those it began with.
 * on_unused(ctx) comes exactly once, perhaps inside: nothing uses the feeds before these any more. Not
 * to be called again until then. */
void map_swap(struct map *m, const struct feed *const *feeds, size_t n,
              void (*on_unused)(void *ctx), void *ctx);
/* Lets the transaction in flight end; on_closed() exactly once, perhaps inside. */
void map_close(struct map *m, void (*on_closed)(void *ctx), void *ctx);

/* One message through its feed: what the step does, without a loop. Store thread, inside a
 * transaction. ERR_* of the store only: a message that cannot be read is held. */
bool map_one(const struct map_settings *set, const uint8_t key[SEAL_KEY_BYTES],
             const struct message *m, struct store *s, struct arena *a, struct err *e) MUST_USE;

#endif
