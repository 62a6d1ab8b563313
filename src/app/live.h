/* The feeds in service. Immutable; a reload makes another one. Only src/app sees it. */
#ifndef APP_LIVE_H
#define APP_LIVE_H

#include "app/feeds.h"
#include "base/buf.h"
#include "seal/seal.h"

struct live {
    struct feed_set set;
    bool borrowed;                      /* the set is the one that app_open() was given */
    char hash[2 * SEAL_HASH_BYTES + 1]; /* of all names and versions: the configuration */
    int64_t *since_ms; /* of each feed: when this version of it came into service */
};

/* Takes the feeds of `set` over and leaves it empty; a borrowed one is copied and left. A feed whose
 * version is that of `before` (NULL: none) keeps its time. NULL: no memory; `set` is untouched. */
struct live *live_make(struct feed_set *set, bool borrowed, const struct live *before,
                       int64_t now_ms);
void live_free(struct live *l); /* NULL is fine */

/* The same feeds, from the same files, in the same versions. */
bool live_same(const struct live *x, const struct live *y);

/* One line a feed: what became of it from `before` to `after`, and its tests. For people. */
void live_compare(const struct live *before, const struct live *after, struct buf *out);

/* The entries of its policies that have ended by now_ms; those that ended after since_ms are logged.
 * *next_ms: when the next one ends; 0: none will. */
size_t live_expired(const struct live *l, int64_t since_ms, int64_t now_ms, int64_t *next_ms);

#endif
