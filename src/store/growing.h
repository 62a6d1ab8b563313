/* A list that grows in an arena. */
#ifndef STORE_GROWING_H
#define STORE_GROWING_H

#include "base/arena.h"

/* An array of items of `size` bytes with `n` of them taken over and room for one more. The array is
 * moved when n is a power of two, so n appends cost O(n). */
static inline void *growing_room(struct arena *a, void *items, size_t n, size_t size)
{
    void *wider;

    if (n != 0 && (n & (n - 1)) != 0)
        return items;
    wider = arena_get(a, n ? 2 * n : 1, size);
    if (n)
        memcpy(wider, items, n * size);
    return wider;
}

/* One more item at the end of a list { items, n }, zeroed; gives its address. */
#define GROW(a, list)                                                                              \
    ((list)->items = growing_room((a), (list)->items, (list)->n, sizeof *(list)->items),           \
     &(list)->items[(list)->n++])

#endif
