/* A stable sort of pointers that takes its memory from an arena; qsort() would ask the system. Private to fhir. */
#ifndef FHIR_SORT_H
#define FHIR_SORT_H

#include "base/arena.h"

/* O(n log n), whatever the order. What it needs on the way is given back to `a`. */
void sort_pointers(const void **items, size_t n, bool (*before)(const void *x, const void *y),
                   struct arena *a);

#endif
