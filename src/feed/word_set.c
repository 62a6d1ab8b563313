#include "word_set.h"

#include <stdint.h>

enum { ROOM_FIRST = 64 };

static uint64_t hash_of(struct str s)
{
    uint64_t h = 0xcbf29ce484222325; /* FNV-1a */

    for (size_t i = 0; i < s.n; i++)
        h = (h ^ (unsigned char)s.p[i]) * 0x100000001b3;
    return h;
}

static struct str *slot_of(const struct word_set *set, struct str word)
{
    size_t i = (size_t)hash_of(word) & (set->room - 1);

    while (set->slots[i].p && !str_eq(set->slots[i], word))
        i = (i + 1) & (set->room - 1);
    return &set->slots[i];
}

static void grow(struct word_set *set)
{
    struct word_set old = *set;

    set->room = old.room ? 2 * old.room : ROOM_FIRST;
    set->slots = NEW_ARRAY(set->a, struct str, set->room);
    for (size_t i = 0; i < old.room; i++)
        if (old.slots[i].p)
            *slot_of(set, old.slots[i]) = old.slots[i];
}

bool word_set_add(struct word_set *set, struct str word)
{
    struct str *slot;

    if (2 * (set->n + 1) > set->room)
        grow(set);
    slot = slot_of(set, word);
    if (slot->p)
        return false;
    *slot = arena_copy(set->a, word);
    set->n++;
    return true;
}
