/* A byte buffer that grows up to a limit it was born with. */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include "base/err.h"
#include "base/str.h"

struct buf {
    char *p;     /* owned; a NUL always stands after the n bytes once p is set */
    size_t n;    /* bytes held   */
    size_t size; /* bytes owned  */
    size_t max;  /* never holds more than this many bytes */
    bool over;   /* an append did not fit: what is held is a prefix; sticky until buf_reset() */
};

/* An empty buffer that will never hold more than `max` bytes; takes no memory yet. */
static inline struct buf buf_new(size_t max)
{
    return (struct buf){.max = max};
}

/* Appends; false (and b->over) when it would pass b->max. Out of memory ends the process. */
bool buf_add(struct buf *b, struct str s);
bool buf_add_char(struct buf *b, char c);
bool buf_printf(struct buf *b, const char *fmt, ...) PRINTF(2, 3);
/* Room for `n` more bytes at b->p + b->n, for a read(); the caller then adds to b->n. */
bool buf_room(struct buf *b, size_t n);
void buf_drop(struct buf *b, size_t n); /* takes n bytes off the front */
void buf_reset(struct buf *b);          /* empty, memory given back, limit kept */

/* What it holds, good until the next change; never absent. */
static inline struct str buf_str(const struct buf *b)
{
    return (struct str){b->p ? b->p : "", b->n};
}

#endif
