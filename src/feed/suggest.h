/* "Did you mean …?": the known word nearest to a misspelt one. */
#ifndef FEED_SUGGEST_H
#define FEED_SUGGEST_H

#include "base/arena.h"

struct suggest {
    struct str word; /* the misspelt one */
    struct str best; /* absent until one is near enough */
    size_t distance;
};

struct suggest suggest_for(struct str word);
/* Offers one known word. Near enough: optimal-string-alignment distance at most
 * min(2, characters of the word / 3); ties by code point. */
void suggest_offer(struct suggest *s, struct str known);
/* "did you mean `x`?" in `a`, or NULL. */
const char *suggest_hint(const struct suggest *s, struct arena *a);

#endif
