/* Looking up a key (sqlite_key.h). */
#include "key_filter.h"
#include "sqlite_store.h"

static const struct query read_print = {
    "look up a key", "SELECT key, digest, received_ms, kind FROM message WHERE id = ?1"};

/* What is looked for, and what was found. */
struct wanted {
    const struct message *m;
    struct key_print print;
    enum key_chain chain;
    int kind; /* 0: any */
    int64_t since_ms;
    int64_t id; /* found */
    bool same;  /* digest, too */
};

uint64_t key_load(const char *p, size_t n)
{
    uint64_t v = 0;

    for (size_t i = 0; i < n; i++)
        v = v << 8 | (uint8_t)p[i];
    return v;
}

struct key_print key_print_of(const uint8_t key[INDEX_BYTES], const uint8_t digest[INDEX_BYTES])
{
    const uint64_t first = key_load((const char *)key, 8);

    /* an odd factor: both halves are keyed hashes, but equal ones must not cancel out */
    return (struct key_print){first, (first ^ key_load((const char *)key + 8, 8)) +
                                         key_load((const char *)digest, 8) * 0x9e3779b97f4a7c15};
}

/* A print is only 64 bits of what must be equal. */
static bool check_row(struct sqlite *q, struct wanted *w, int64_t id, bool *found, struct err *e)
{
    uint8_t key[INDEX_BYTES], digest[INDEX_BYTES];
    struct rows r;

    if (!rows_one(&r, q, &read_print, ARGS(INT(id)), found, e))
        return false;
    if (!*found)
        return true;
    row_bytes(&r, 0, key, INDEX_BYTES);
    row_bytes(&r, 1, digest, INDEX_BYTES);
    w->id = id;
    w->same = memcmp(digest, w->m->digest, INDEX_BYTES) == 0;
    *found = memcmp(key, w->m->key, INDEX_BYTES) == 0 && row_int(&r, 2) >= w->since_ms &&
             (w->chain == KEY_CHAIN || w->same) && (!w->kind || row_int(&r, 3) == w->kind);
    rows_close(&r);
    return true;
}

static bool find_in_map(struct sqlite *q, struct wanted *w, bool *found, struct err *e)
{
    const struct key_map *map = &q->keys.map;
    const struct key_entry *at = NULL;

    while (!*found && (at = key_map_next(map, w->chain, w->print, at)) != NULL) {
        if (at->received_ms >= w->since_ms && !check_row(q, w, at->id, found, e))
            return false;
    }
    return true;
}

/* The end of the records whose key is at most `key`. */
static size_t end_of(struct str block, uint64_t key)
{
    size_t low = 0, high = block.n / KEY_RECORD;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (key_load(block.p + middle * KEY_RECORD, 8) <= key)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool find_in_block(struct sqlite *q, struct wanted *w, int64_t segment, struct str block,
                          bool *found, struct err *e)
{
    for (size_t at = end_of(block, w->print.key); at > 0 && !*found; at--) {
        const char *p = block.p + (at - 1) * KEY_RECORD;
        const int64_t id = segment * (int64_t)q->keys.segment + 1 + (int64_t)key_load(p + 16, 4);

        if (key_load(p, 8) != w->print.key)
            break;
        if ((w->chain == KEY_CHAIN || key_load(p + 8, 8) == w->print.pair) &&
            !check_row(q, w, id, found, e))
            return false;
    }
    return true;
}

static bool find_in_segment(struct sqlite *q, struct wanted *w, int64_t segment, bool *found,
                            struct err *e)
{
    struct arena a = {0};
    struct str block;
    bool ok = key_read_block(q, segment, w->print.key >> 56, &a, &block, e) &&
              find_in_block(q, w, segment, block, found, e);

    arena_reset(&a);
    return ok;
}

static bool find_in_group(struct sqlite *q, struct wanted *w, size_t group, bool *found,
                          struct err *e)
{
    const int64_t first = (int64_t)group * KEY_GROUP;
    int64_t segment = first + KEY_GROUP;
    uint8_t *filter;

    if (q->keys.groups[group].newest_ms < w->since_ms) {
        key_filter_drop(&q->keys, group);
        return true;
    }
    if (!key_filter_of(q, group, &filter, e))
        return false;
    if (!key_filter_has(filter, key_filter_lines(&q->keys), w->print.key))
        return true;
    if (segment > q->keys.now.segment)
        segment = q->keys.now.segment;
    while (!*found && segment-- > first) {
        if (!find_in_segment(q, w, segment, found, e))
            return false;
    }
    return true;
}

static bool find(struct sqlite *q, struct wanted *w, bool *found, struct err *e)
{
    *found = false;
    if (q->read_only)
        return err_set(e, ERR_BUSY, 0, "look up a key: this store is only read");
    w->print = key_print_of(w->m->key, w->m->digest);
    if (!find_in_map(q, w, found, e))
        return false;
    for (size_t group = q->keys.n_groups; group-- > 0 && !*found;) {
        if (!find_in_group(q, w, group, found, e))
            return false;
    }
    return true;
}

bool key_find_same(struct sqlite *q, const struct message *m, int64_t since_ms, int64_t *id,
                   bool *found, struct err *e)
{
    struct wanted w = {.m = m, .chain = PAIR_CHAIN, .since_ms = since_ms};

    if (!find(q, &w, found, e))
        return false;
    if (*found)
        *id = w.id;
    return true;
}

bool key_find_newest(struct sqlite *q, const struct message *m, int64_t since_ms, int64_t *id,
                     bool *same, bool *found, struct err *e)
{
    struct wanted w = {.m = m,
                       .chain = KEY_CHAIN,
                       .kind = m->newest_only ? (int)m->kind : 0,
                       .since_ms = since_ms};

    if (!find(q, &w, found, e))
        return false;
    if (*found) {
        *id = w.id;
        *same = w.same;
    }
    return true;
}
