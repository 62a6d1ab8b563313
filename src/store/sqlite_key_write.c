/* Keys on their way from memory to disk and back (sqlite_key.h). */
#include <stdlib.h>

#include "key_filter.h"
#include "sqlite_store.h"

static const struct query put_block = {
    "write keys", "INSERT OR REPLACE INTO key_block(id, entries, proof) VALUES (?1, ?2, ?3)"};
static const struct query put_segment = {
    "write keys", "INSERT INTO key_segment(id, size, newest_ms, proof) VALUES (?1, ?2, ?3, ?4)"};
static const struct query put_filter = {
    "write keys", "INSERT OR REPLACE INTO key_group(id, filter, proof) VALUES (?1, ?2, ?3)"};
static const struct query read_filter = {"read keys",
                                         "SELECT filter, proof FROM key_group WHERE id = ?1"};

size_t key_filter_lines(const struct key_index *k)
{
    return k->segment * KEY_GROUP / FILTER_LINE_KEYS;
}

static uint8_t *new_filter(const struct key_index *k)
{
    return aligned_alloc(FILTER_LINE, key_filter_lines(k) * FILTER_LINE);
}

struct key_group *key_group_of(struct key_index *k, int64_t segment)
{
    const size_t group = (size_t)segment / KEY_GROUP;
    struct key_group *wider;

    if (group < k->n_groups)
        return &k->groups[group];
    wider = realloc(k->groups, (group + 1) * sizeof *wider);
    if (!wider)
        return NULL;
    k->groups = wider;
    while (k->n_groups <= group)
        k->groups[k->n_groups++] = (struct key_group){.newest_ms = INT64_MIN};
    k->groups[group].filter = new_filter(k);
    if (!k->groups[group].filter) {
        k->n_groups = group;
        return NULL;
    }
    memset(k->groups[group].filter, 0, key_filter_lines(k) * FILTER_LINE);
    return &k->groups[group];
}

static struct str filter_bytes(const struct key_index *k, const uint8_t *filter)
{
    return (struct str){(const char *)filter, key_filter_lines(k) * FILTER_LINE};
}

/* One that is missing or altered is made anew. */
static bool read_filter_into(struct sqlite *q, size_t group, uint8_t *filter, struct err *e)
{
    const struct str bytes = filter_bytes(&q->keys, filter);
    struct rows r;
    bool found, sound = false;

    if (!rows_one(&r, q, &read_filter, ARGS(INT(group)), &found, e))
        return false;
    if (found) {
        row_bytes(&r, 0, filter, bytes.n);
        sound = key_is_proven(q, "filter", (int64_t)group, bytes, &r, 1);
        rows_close(&r);
    }
    return sound || key_mend_filter(q, group, filter, e);
}

bool key_filter_of(struct sqlite *q, size_t group, uint8_t **out, struct err *e)
{
    struct key_group *g = &q->keys.groups[group];
    uint8_t *filter;

    *out = g->filter;
    if (*out)
        return true;
    filter = new_filter(&q->keys);
    if (!filter)
        return err_set(e, ERR_BUSY, 0, "read keys: out of memory");
    if (!read_filter_into(q, group, filter, e)) {
        free(filter);
        return false;
    }
    g->filter = *out = filter;
    return true;
}

void key_filter_drop(struct key_index *k, size_t group)
{
    if ((int64_t)(group + 1) * KEY_GROUP > k->committed.segment)
        return;
    free(k->groups[group].filter);
    k->groups[group].filter = NULL;
}

/* ---- writing ---- */

static int by_key(const void *a, const void *b)
{
    const struct key_entry *const *x = a, *const *y = b;

    if ((*x)->print.key != (*y)->print.key)
        return (*x)->print.key < (*y)->print.key ? -1 : 1;
    return ((*x)->id > (*y)->id) - ((*x)->id < (*y)->id);
}

void key_store(char *p, uint64_t v, size_t n)
{
    while (n--) {
        p[n] = (char)(v & 0xff);
        v >>= 8;
    }
}

/* The entries of one block of the segment that is being written. */
static size_t collect(const struct key_index *k, size_t block, const struct key_entry **out,
                      size_t room)
{
    const size_t each = k->map.buckets / KEY_BLOCKS;
    const int64_t last = (k->now.segment + 1) * (int64_t)k->segment;
    size_t n = 0;

    for (size_t bucket = block * each; bucket < (block + 1) * each; bucket++) {
        const struct key_entry *at = NULL;

        while ((at = key_map_walk(&k->map, bucket, at)) != NULL) {
            if (at->id > last)
                continue;
            if (n < room)
                out[n] = at;
            n++;
        }
    }
    return n;
}

bool key_put_block(struct sqlite *q, int64_t segment, size_t block,
                   const struct key_entry **entries, size_t n, struct err *e)
{
    const int64_t id = segment * KEY_BLOCKS + (int64_t)block;
    const int64_t first = segment * (int64_t)q->keys.segment + 1;
    char *bytes = arena_get(&q->scratch, n + 1, KEY_RECORD);
    uint8_t proof[INDEX_BYTES];

    qsort(entries, n, sizeof *entries, by_key);
    for (size_t i = 0; i < n; i++) {
        char *p = bytes + i * KEY_RECORD;

        key_store(p, entries[i]->print.key, 8);
        key_store(p + 8, entries[i]->print.pair, 8);
        key_store(p + 16, (uint64_t)(entries[i]->id - first), 4);
    }
    key_prove(q, "block", id, (struct str){bytes, n * KEY_RECORD}, proof);
    return sql_do(q, &put_block,
                  ARGS(INT(id), BYTES(bytes, n * KEY_RECORD), BYTES(proof, INDEX_BYTES)), NULL, e);
}

static bool write_block(struct sqlite *q, struct err *e)
{
    struct key_index *k = &q->keys;
    const size_t n = collect(k, k->now.block, NULL, 0);
    const struct key_entry **entries = NEW_ARRAY(&q->scratch, const struct key_entry *, n + 1);

    (void)collect(k, k->now.block, entries, n);
    for (size_t i = 0; i < n; i++) {
        if (entries[i]->received_ms > k->now.segment_ms)
            k->now.segment_ms = entries[i]->received_ms;
    }
    return key_put_block(q, k->now.segment, k->now.block, entries, n, e);
}

bool key_put_filter(struct sqlite *q, size_t group, const uint8_t *filter, struct err *e)
{
    const struct str bytes = filter_bytes(&q->keys, filter);
    uint8_t proof[INDEX_BYTES];

    key_prove(q, "filter", (int64_t)group, bytes, proof);
    return sql_do(q, &put_filter,
                  ARGS(INT(group), BYTES(bytes.p, bytes.n), BYTES(proof, INDEX_BYTES)), NULL, e);
}

void key_prove_segment(const struct sqlite *q, int64_t segment, int64_t newest_ms,
                       uint8_t out[INDEX_BYTES])
{
    char bytes[16];

    key_store(bytes, q->keys.segment, 8);
    key_store(bytes + 8, (uint64_t)newest_ms, 8);
    key_prove(q, "segment", segment, (struct str){bytes, sizeof bytes}, out);
}

/* The segment is on disk as a whole; with the last one of its group its filter is, too. */
static bool end_segment(struct sqlite *q, struct err *e)
{
    struct key_index *k = &q->keys;
    const size_t group = (size_t)k->now.segment / KEY_GROUP;
    uint8_t proof[INDEX_BYTES];

    key_prove_segment(q, k->now.segment, k->now.segment_ms, proof);
    if (!sql_do(q, &put_segment,
                ARGS(INT(k->now.segment), INT(k->segment), INT(k->now.segment_ms),
                     BYTES(proof, INDEX_BYTES)),
                NULL, e))
        return false;
    if ((k->now.segment + 1) % KEY_GROUP == 0 &&
        !key_put_filter(q, group, k->groups[group].filter, e))
        return false;
    k->now.segment++;
    k->now.block = 0;
    k->now.segment_ms = INT64_MIN;
    return true;
}

bool key_write(struct sqlite *q, struct err *e)
{
    struct key_index *k = &q->keys;

    while (k->map.newest >= (k->now.segment + 1) * (int64_t)k->segment) {
        if (k->now.credit < k->segment)
            return true;
        k->now.credit -= k->segment;
        if (!write_block(q, e) || (++k->now.block == KEY_BLOCKS && !end_segment(q, e)))
            return false;
    }
    k->now.credit = 0; /* nothing to write: nothing is saved up */
    return true;
}

bool key_place(struct sqlite *q, int64_t id, struct key_print print, int64_t received_ms,
               struct err *e)
{
    struct key_index *k = &q->keys;
    struct key_group *g = key_group_of(k, (id - 1) / (int64_t)k->segment);
    uint8_t *filter;

    if (!g || !key_map_add(&k->map, id, print, received_ms))
        return err_set(e, ERR_BUSY, 0, "put message: %s",
                       g ? "too many in one transaction" : "out of memory");
    k->now.newest = id;
    if (!key_filter_of(q, (size_t)(g - k->groups), &filter, e))
        return false;
    key_filter_add(filter, key_filter_lines(k), print.key);
    if (received_ms > g->newest_ms)
        g->newest_ms = received_ms;
    return true;
}

bool key_put(struct sqlite *q, const struct message *m, int64_t id, struct err *e)
{
    if (!key_place(q, id, key_print_of(m->key, m->digest), m->received_ms, e))
        return false;
    q->keys.now.credit +=
        2 * KEY_BLOCKS; /* twice what it costs: done when the next one is half full */
    return key_write(q, e);
}

/* What a commit has written need not be remembered any more. */
void key_commit(struct sqlite *q)
{
    struct key_index *k = &q->keys;

    k->committed = k->now;
    k->map.base = k->now.segment * (int64_t)k->segment;
}

/* Bits in a filter stay: they cost a look at most. So does the newest time. */
void key_rollback(struct sqlite *q)
{
    struct key_index *k = &q->keys;

    if (!k->segment)
        return;
    key_map_undo(&k->map, k->committed.newest);
    k->now = k->committed;
}
