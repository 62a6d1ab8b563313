/* "Did you mean …?" */
#ifndef BASE_CLOSEST_H
#define BASE_CLOSEST_H

#include <stddef.h>

/* The name nearest to `word` by optimal string alignment distance, at most min(2, length / 3) away,
 * ties by byte order; NULL when none is that near. (docs/feed-language.md, section 14) */
const char *closest(const char *word, const char *const *names, size_t n);

#endif
