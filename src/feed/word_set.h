/* A set of texts: how many different ones there were. Private to feed. */
#ifndef FEED_WORD_SET_H
#define FEED_WORD_SET_H

#include "base/arena.h"

struct word_set {
    struct arena *a;
    struct str *slots; /* absent: empty; room is a power of two, or 0 */
    size_t n, room;
};

/* True when it was not there yet; the text is copied. */
bool word_set_add(struct word_set *set, struct str word);

#endif
