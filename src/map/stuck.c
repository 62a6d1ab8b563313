#include "stuck.h"

#include <stdlib.h>

bool stuck_open(struct stuck_set *set, size_t most)
{
    *set = (struct stuck_set){.most = most};
    set->items = calloc(most + 1, sizeof *set->items);
    set->lanes = calloc(most + 1, sizeof *set->lanes);
    return set->items && set->lanes;
}

void stuck_close(struct stuck_set *set)
{
    free(set->items);
    free(set->lanes);
}

struct stuck *stuck_add(struct stuck_set *set, int64_t id, uint64_t lane)
{
    if (set->n == set->most)
        return NULL;
    set->lanes[set->n] = lane ? lane : (uint64_t)id;
    set->items[set->n] = (struct stuck){.id = id};
    return &set->items[set->n++];
}

void stuck_drop(struct stuck_set *set, struct stuck *one)
{
    size_t i = (size_t)(one - set->items);

    set->n--;
    set->items[i] = set->items[set->n];
    set->lanes[i] = set->lanes[set->n];
}

struct stuck *stuck_next(const struct stuck_set *set)
{
    struct stuck *first = NULL;

    for (size_t i = 0; i < set->n; i++) {
        struct stuck *one = &set->items[i];

        if (one->given_up)
            return one;
        if (!first || one->due_ms < first->due_ms)
            first = one;
    }
    return first;
}
