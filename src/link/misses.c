#include "misses.h"

enum { MINUTE_MS = 60000, PROBES = 8 };

static bool same(struct network a, struct network b)
{
    return a.family == b.family && memcmp(a.bytes, b.bytes, sizeof a.bytes) == 0;
}

static size_t slot_of(struct network n)
{
    uint32_t hash = 2166136261U ^ n.family; /* FNV-1a */

    for (size_t i = 0; i < sizeof n.bytes; i++)
        hash = (hash ^ n.bytes[i]) * 16777619U;
    return hash % MISSES_NETWORKS;
}

/* Its own, else a free one, else the one with the fewest misses: a flood of networks forgets the
 * harmless first. */
static struct misses_slot *take(struct misses *m, struct network from, int64_t minute)
{
    struct misses_slot *best = NULL;

    for (size_t i = 0, at = slot_of(from); i < PROBES; i++, at = (at + 1) % MISSES_NETWORKS) {
        struct misses_slot *s = &m->slots[at];

        if (s->minute != minute)
            *s = (struct misses_slot){.minute = minute};
        if (s->n && same(s->network, from))
            return s;
        if (!best || s->n < best->n)
            best = s;
    }
    *best = (struct misses_slot){.network = from, .minute = minute};
    return best;
}

bool misses_add(struct misses *m, struct network from, int64_t now_ms)
{
    int64_t minute = now_ms / MINUTE_MS;
    struct misses_slot *s = take(m, from, minute);
    bool over = s->n >= m->limit;

    if (m->minute != minute) {
        m->minute = minute;
        m->all = 0;
        m->alarm = false;
    }
    s->n++;
    m->all++;
    m->alarm = m->alarm || over || m->all > m->limit * MISSES_ALARM_TIMES;
    return over;
}
