#include <stdint.h>
#include <stdlib.h>

#include "samples/tally.h"

struct tally tally_new(struct arena *a, size_t most)
{
    return (struct tally){.arena = a, .most = most};
}

static uint64_t hash(struct str s)
{
    uint64_t h = 1469598103934665603ULL; /* FNV-1a */

    for (size_t i = 0; i < s.n; i++)
        h = (h ^ (uint8_t)s.p[i]) * 1099511628211ULL;
    return h;
}

static uint32_t *slot_of(const struct tally *t, struct str name)
{
    for (size_t i = hash(name) % t->n_slots;; i = (i + 1) % t->n_slots)
        if (t->slots[i] == 0 || str_eq(t->items[t->slots[i] - 1].name, name))
            return &t->slots[i];
}

static void grow(struct tally *t)
{
    size_t room = t->n_slots ? t->n_slots : 16;
    struct tally_count *items = NEW_ARRAY(t->arena, struct tally_count, room);

    if (t->n)
        memcpy(items, t->items, t->n * sizeof *items);
    t->items = items;
    t->n_slots = 2 * room;
    t->slots = NEW_ARRAY(t->arena, uint32_t, t->n_slots);
    for (size_t i = 0; i < t->n; i++)
        *slot_of(t, items[i].name) = (uint32_t)i + 1;
}

size_t tally_add(struct tally *t, struct str name, size_t message)
{
    struct tally_count *c;
    uint32_t *slot;

    if (2 * t->n >= t->n_slots)
        grow(t);
    slot = slot_of(t, name);
    if (*slot == 0) {
        if (t->n == t->most) {
            t->over++;
            return SIZE_MAX;
        }
        t->items[t->n] = (struct tally_count){.name = arena_copy(t->arena, name), .at = t->n};
        t->n++;
        *slot = (uint32_t)t->n;
    }
    c = &t->items[*slot - 1];
    c->n++;
    if (message && message != c->last)
        c->messages++;
    c->last = message;
    return *slot - 1;
}

const struct tally_count *tally_find(const struct tally *t, struct str name)
{
    const uint32_t *slot = t->n_slots ? slot_of(t, name) : NULL;

    return slot && *slot ? &t->items[*slot - 1] : NULL;
}

/* Numbers inside names count as numbers. */
static int compare_names(struct str a, struct str b)
{
    size_t i = 0, k = 0;

    while (i < a.n && k < b.n) {
        bool digits = a.p[i] >= '0' && a.p[i] <= '9' && b.p[k] >= '0' && b.p[k] <= '9';
        unsigned long x = (uint8_t)a.p[i], y = (uint8_t)b.p[k];

        if (digits)
            for (x = 0; i < a.n && a.p[i] >= '0' && a.p[i] <= '9'; i++)
                x = x * 10 + (unsigned long)(a.p[i] - '0');
        if (digits)
            for (y = 0; k < b.n && b.p[k] >= '0' && b.p[k] <= '9'; k++)
                y = y * 10 + (unsigned long)(b.p[k] - '0');
        if (x != y)
            return x < y ? -1 : 1;
        i += !digits;
        k += !digits;
    }
    return (a.n - i > b.n - k) - (a.n - i < b.n - k);
}

static int by_name(const void *a, const void *b)
{
    const struct tally_count *x = a, *y = b;

    return compare_names(x->name, y->name);
}

static int by_count(const void *a, const void *b)
{
    const struct tally_count *x = a, *y = b;

    if (x->n != y->n)
        return x->n < y->n ? 1 : -1;
    return by_name(a, b);
}

static void sort(struct tally *t, int (*by)(const void *, const void *))
{
    if (t->n)
        qsort(t->items, t->n, sizeof *t->items, by);
    t->slots = NULL;
    t->n_slots = 0;
}

void tally_sort(struct tally *t)
{
    sort(t, by_count);
}

void tally_sort_names(struct tally *t)
{
    sort(t, by_name);
}

size_t tally_total(const struct tally *t)
{
    size_t n = t->over;

    for (size_t i = 0; i < t->n; i++)
        n += t->items[i].n;
    return n;
}
