#include "feed/memory.h"

enum { ROOM_FIRST = 16 };

static uint64_t hash_of(struct str type, struct str key)
{
    uint64_t h = 0xcbf29ce484222325; /* FNV-1a */

    for (size_t i = 0; i < type.n + key.n; i++)
        h = (h ^ (unsigned char)(i < type.n ? type.p[i] : key.p[i - type.n])) * 0x100000001b3;
    return h ? h : 1;
}

/* The slot of a unit, or the empty one it would have. Some are always empty. */
static struct feed_events_slot *slot_of(const struct feed_events *all, struct str type,
                                        struct str key)
{
    uint64_t h = hash_of(type, key);
    size_t i = (size_t)h & (all->room - 1);

    while (all->slots[i].hash &&
           (all->slots[i].hash != h || !str_eq(all->slots[i].event.type, type) ||
            !str_eq(all->slots[i].event.unit_key, key)))
        i = (i + 1) & (all->room - 1);
    return &all->slots[i];
}

static bool find(void *ctx, struct str event_type, struct str unit_key, struct arena *a,
                 struct event *out, bool *found, struct err *e)
{
    const struct feed_events *all = ctx;
    const struct feed_events_slot *s = all->room ? slot_of(all, event_type, unit_key) : NULL;

    (void)a, (void)e;
    *found = s && s->hash;
    if (*found)
        *out = s->event;
    return true;
}

struct feed_memory feed_events_memory(struct feed_events *all)
{
    return (struct feed_memory){find, all};
}

static void grow(struct feed_events *all)
{
    struct feed_events old = *all;

    all->room = old.room ? 2 * old.room : ROOM_FIRST;
    all->slots = NEW_ARRAY(all->a, struct feed_events_slot, all->room);
    for (size_t i = 0; i < old.room; i++)
        if (old.slots[i].hash)
            *slot_of(all, old.slots[i].event.type, old.slots[i].event.unit_key) = old.slots[i];
}

static struct event copy_of(const struct event *ev, struct arena *a)
{
    struct event out = {.type = arena_copy(a, ev->type),
                        .unit_key = arena_copy(a, ev->unit_key),
                        .slots = NEW_ARRAY(a, struct slot, ev->n_slots + 1),
                        .n_slots = ev->n_slots};

    for (size_t i = 0; i < ev->n_slots; i++) {
        const struct slot *s = &ev->slots[i];

        out.slots[i] = (struct slot){.name = arena_copy(a, s->name),
                                     .value = arena_copy(a, s->value),
                                     .raw = s->raw.p ? arena_copy(a, s->raw) : s->raw,
                                     .class = s->class};
    }
    return out;
}

void feed_events_keep(struct feed_events *all, const struct feed_result *r)
{
    for (size_t i = 0; i < r->n; i++) {
        const struct event *ev = &r->outcomes[i].event;
        struct feed_events_slot *s;

        if (!r->outcomes[i].emits)
            continue;
        if (2 * (all->n + 1) > all->room)
            grow(all);
        s = slot_of(all, ev->type, ev->unit_key);
        all->n += !s->hash;
        *s = (struct feed_events_slot){hash_of(ev->type, ev->unit_key), copy_of(ev, all->a)};
    }
}

void feed_events_forget(struct feed_events *all)
{
    *all = (struct feed_events){.a = all->a};
}
