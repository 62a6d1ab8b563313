/* A blocked Bloom filter (Putze, Sanders, Singler, "Cache-, Hash- and Space-Efficient Bloom Filters", 2007):
 * all bits of a key lie in one cache line, so a key that is not there costs one miss. With 16 bits and 7
 * probes a key, about one absent key in 700 is taken for present. */
#ifndef STORE_KEY_FILTER_H
#define STORE_KEY_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { FILTER_LINE = 64 /* bytes */, FILTER_LINE_KEYS = 32 /* for which one line is meant */ };

/* lines: a power of two; `bits` has lines * FILTER_LINE bytes. */
void key_filter_add(uint8_t *bits, size_t lines, uint64_t key);
bool key_filter_has(const uint8_t *bits, size_t lines, uint64_t key);

#endif
