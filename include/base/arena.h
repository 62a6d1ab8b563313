/* Memory that is freed all at once: one arena a message, one a request. */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include "base/str.h"

struct arena_block;

struct arena {
    struct arena_block *blocks; /* newest first */
    size_t used;                /* bytes handed out since the last reset */
};

/* Zeroed, aligned memory that lives until arena_reset(). Never NULL: running out
 * of memory ends the process, so size what a peer sends BEFORE allocating it. */
void *arena_get(struct arena *a, size_t count, size_t size);
struct str arena_copy(struct arena *a, struct str s); /* with a NUL after it */
/* printf into the arena; NUL-terminated, n without the NUL. */
struct str arena_printf(struct arena *a, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void arena_reset(struct arena *a); /* frees everything; the arena is ready again */
/* So much room that the next `bytes`, in small pieces, need no more from the system. */
void arena_reserve(struct arena *a, size_t bytes);

/* ---- giving back what was needed for a while ---- */

struct arena_mark {
    struct arena_block *block;
    size_t block_used, used;
};
/* Where the arena stands. */
struct arena_mark arena_mark(const struct arena *a);
/* Everything taken since the mark is gone. */
void arena_rewind(struct arena *a, struct arena_mark m);
/* The same but for `bytes` at `p`, one piece taken since the mark: they stay, at the place returned. */
void *arena_rewind_but(struct arena *a, struct arena_mark m, const void *p, size_t bytes);

#define NEW(a, type)          ((type *)arena_get((a), 1, sizeof(type)))
#define NEW_ARRAY(a, type, n) ((type *)arena_get((a), (n), sizeof(type)))

#endif
