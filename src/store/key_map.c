#include "key_map.h"

#include <stdlib.h>

bool key_map_init(struct key_map *m, size_t size, size_t buckets)
{
    *m = (struct key_map){.size = size, .buckets = buckets};
    while ((size_t)1 << m->bits < buckets)
        m->bits++;
    m->ring = calloc(size, sizeof *m->ring);
    m->by_key = calloc(buckets, sizeof *m->by_key);
    m->by_pair = calloc(buckets, sizeof *m->by_pair);
    return m->ring && m->by_key && m->by_pair;
}

void key_map_free(struct key_map *m)
{
    free(m->ring);
    free(m->by_key);
    free(m->by_pair);
    *m = (struct key_map){0};
}

static struct key_entry *entry_at(const struct key_map *m, int64_t id)
{
    return &m->ring[(size_t)id & (m->size - 1)];
}

static int64_t *head(const struct key_map *m, enum key_chain chain, uint64_t print)
{
    const size_t bucket = (size_t)(print >> (64 - m->bits));

    return chain == KEY_CHAIN ? &m->by_key[bucket] : &m->by_pair[bucket];
}

/* The distance to the entry before it; one that has left the ring ends the chain. */
static uint32_t back_to(const struct key_map *m, int64_t id, int64_t before)
{
    return before > m->base && (size_t)(id - before) < m->size ? (uint32_t)(id - before) : 0;
}

bool key_map_add(struct key_map *m, int64_t id, struct key_print print, int64_t received_ms)
{
    struct key_entry *e = entry_at(m, id);
    int64_t *by_key = head(m, KEY_CHAIN, print.key), *by_pair = head(m, PAIR_CHAIN, print.pair);

    if (e->id > m->base)
        return false;
    *e = (struct key_entry){.id = id,
                            .received_ms = received_ms,
                            .print = print,
                            .back_key = back_to(m, id, *by_key),
                            .back_pair = back_to(m, id, *by_pair)};
    *by_key = *by_pair = m->newest = id;
    return true;
}

void key_map_undo(struct key_map *m, int64_t newest)
{
    for (; m->newest > newest; m->newest--) {
        struct key_entry *e = entry_at(m, m->newest);

        if (e->id != m->newest)
            continue; /* an id that no message has */
        *head(m, KEY_CHAIN, e->print.key) = e->back_key ? e->id - e->back_key : 0;
        *head(m, PAIR_CHAIN, e->print.pair) = e->back_pair ? e->id - e->back_pair : 0;
        *e = (struct key_entry){0};
    }
}

static const struct key_entry *seen(const struct key_map *m, int64_t id)
{
    const struct key_entry *e = entry_at(m, id);

    return id > m->base && e->id == id ? e : NULL;
}

static const struct key_entry *step(const struct key_map *m, enum key_chain chain,
                                    const struct key_entry *from)
{
    const uint32_t back = chain == KEY_CHAIN ? from->back_key : from->back_pair;

    return back ? seen(m, from->id - back) : NULL;
}

const struct key_entry *key_map_next(const struct key_map *m, enum key_chain chain,
                                     struct key_print print, const struct key_entry *from)
{
    const uint64_t wanted = chain == KEY_CHAIN ? print.key : print.pair;
    const struct key_entry *e = from ? step(m, chain, from) : seen(m, *head(m, chain, wanted));

    while (e && (e->print.key != print.key || (chain == PAIR_CHAIN && e->print.pair != wanted)))
        e = step(m, chain, e);
    return e;
}

const struct key_entry *key_map_walk(const struct key_map *m, size_t bucket,
                                     const struct key_entry *from)
{
    return from ? step(m, KEY_CHAIN, from) : seen(m, m->by_key[bucket]);
}
