/* "There is work for you": how one step wakes the next. Ringing twice is as good as once; a bell
 * carries no data, because steps meet only in the store. Loop thread only. */
#ifndef BASE_BELL_H
#define BASE_BELL_H

#include <stddef.h>

struct bell {
    void (*ring)(void *ctx); /* NULL: nobody listens */
    void *ctx;
};

/* Wakes whoever listens, later on the loop; does nothing when nobody does. */
static inline void bell_ring(const struct bell *b)
{
    if (b->ring)
        b->ring(b->ctx);
}

#endif
