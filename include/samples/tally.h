/* Counts by name, up to a number of names: what profile is made of. */
#ifndef SAMPLES_TALLY_H
#define SAMPLES_TALLY_H

#include <stdint.h>

#include "base/arena.h"

struct tally_count {
    struct str name;
    size_t n;
    size_t messages; /* how many messages, when tally_add() is told their numbers */
    size_t last;     /* the latest of these */
    size_t at;       /* its place before any sort */
};

struct tally {
    struct arena *arena;
    struct tally_count *items; /* in order of appearance, or as tally_sort() left them */
    size_t n, most;
    size_t over; /* names that found no room, counted each time */
    uint32_t *slots;
    size_t n_slots;
};

/* most: names kept. Takes no memory before the first of them. */
struct tally tally_new(struct arena *a, size_t most);
/* Counts `name` once; message: the number of the message it is in, from 1 (0: none). Its place in items until
 * a sort; SIZE_MAX when there was no room. */
size_t tally_add(struct tally *t, struct str name, size_t message);
/* NULL: never counted, or after tally_sort(). */
const struct tally_count *tally_find(const struct tally *t, struct str name);
/* Most often first, equal ones by name. Look-ups end with it. */
void tally_sort(struct tally *t);
/* By name, as people count: PID-3 before PID-13. */
void tally_sort_names(struct tally *t);
size_t tally_total(const struct tally *t);

#endif
