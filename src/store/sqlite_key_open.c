/* What is known of keys when a store is opened (sqlite_key.h). */
#include <assert.h>
#include <stdlib.h>

#include "key_filter.h"
#include "sqlite_store.h"

static const struct query read_segments = {
    "read keys", "SELECT id, size, newest_ms, proof FROM key_segment ORDER BY id"};
static const struct query read_blocks = {
    "read keys", "SELECT id, entries, proof FROM key_block WHERE id >= ?1 AND id < ?2 ORDER BY id"};
static const struct query read_messages = {
    "read keys",
    "SELECT id, key, digest, received_ms FROM message WHERE id > ?1 ORDER BY id LIMIT ?2"};
static const struct query forget[] = {
    {"forget keys", "DELETE FROM key_block WHERE id >= ?1 * 256"},
    {"forget keys", "DELETE FROM key_segment WHERE id >= ?1 OR id < 0"},
    {"forget keys", "DELETE FROM key_group WHERE id >= ?1 / 32"},
};

static_assert(KEY_BLOCKS == 256 && KEY_GROUP == 32, "as in the SQL above");

static bool is_sound(const struct sqlite *q, const struct rows *r)
{
    uint8_t is[INDEX_BYTES], ought[INDEX_BYTES];

    row_bytes(r, 3, is, INDEX_BYTES);
    key_prove_segment(q, row_int(r, 0), row_int(r, 2), ought);
    return row_int(r, 0) == q->keys.now.segment && row_int(r, 1) == (int64_t)q->keys.segment &&
           seal_equal(is, ought, INDEX_BYTES);
}

/* From the first one on. *more: the next one is missing, altered, or was made with another size. */
static bool segments(struct sqlite *q, bool *more, struct err *e)
{
    struct key_index *k = &q->keys;
    struct rows r;
    bool ok;

    if (!rows_open(&r, q, &read_segments, NULL, 0, e))
        return false;
    while ((ok = rows_next(&r, more, e)) && *more && is_sound(q, &r)) {
        struct key_group *g = key_group_of(k, k->now.segment);

        if (!g) {
            rows_close(&r);
            return err_set(e, ERR_BUSY, 0, "read keys: out of memory");
        }
        if (row_int(&r, 2) > g->newest_ms)
            g->newest_ms = row_int(&r, 2);
        k->now.segment++;
    }
    if (ok && *more)
        rows_close(&r);
    return ok;
}

/* Segments from k->now.segment on: what is in them is read from the messages again. */
static bool forget_rest(struct sqlite *q, struct err *e)
{
    struct key_index *k = &q->keys;
    const size_t groups = ((size_t)k->now.segment + KEY_GROUP - 1) / KEY_GROUP;

    while (k->n_groups > groups)
        free(k->groups[--k->n_groups].filter);
    if (!q->store.ops->begin(&q->store, e))
        return false;
    for (size_t i = 0; i < sizeof forget / sizeof *forget; i++) {
        if (!sql_do(q, &forget[i], ARGS(INT(k->now.segment)), NULL, e)) {
            q->store.ops->rollback(&q->store);
            return false;
        }
    }
    return q->store.ops->commit(&q->store, e);
}

/* The filter of the group that is not complete. *sound is false when a block is missing or altered. */
static bool refill(struct sqlite *q, bool *sound, struct err *e)
{
    struct key_index *k = &q->keys;
    const int64_t last = k->now.segment, first = last / KEY_GROUP * KEY_GROUP;
    int64_t next = first * KEY_BLOCKS;
    struct arena a = {0};
    struct rows r;
    bool more = false, ok = true;

    *sound = true;
    if (first == last)
        return true;
    if (!rows_open(&r, q, &read_blocks, ARGS(INT(next), INT(last * KEY_BLOCKS)), e))
        return false;
    while (*sound && (ok = rows_next(&r, &more, e)) && more) {
        struct str block = row_text(&r, 1, &a);

        *sound = row_int(&r, 0) == next && key_is_proven(q, "block", next, block, &r, 2);
        for (size_t i = 0; *sound && i + KEY_RECORD <= block.n; i += KEY_RECORD)
            key_filter_add(k->groups[k->n_groups - 1].filter, key_filter_lines(k),
                           key_load(block.p + i, 8));
        arena_reset(&a);
        next++;
    }
    if (more)
        rows_close(&r);
    *sound = *sound && next == last * KEY_BLOCKS;
    return ok;
}

/* What is on disk, as far as it is sound. */
static bool read_index(struct sqlite *q, struct err *e)
{
    struct key_index *k = &q->keys;
    bool more, sound;

    if (!segments(q, &more, e))
        return false;
    if (more) {
        key_say_damaged(q, "segment", k->now.segment);
        if (!forget_rest(q, e))
            return false;
    }
    for (size_t i = 0; i < k->n_groups; i++) /* what is on disk is read when it is asked */
        key_filter_drop(&(struct key_index){.groups = k->groups, .committed = k->now}, i);
    if (!refill(q, &sound, e))
        return false;
    if (sound)
        return true;
    key_say_damaged(q, "segment", k->now.segment - 1);
    k->now.segment = k->now.segment / KEY_GROUP * KEY_GROUP;
    return forget_rest(q, e);
}

/* At most a segment's worth of messages that no segment holds; *n: how many there were. */
static bool load(struct sqlite *q, size_t *n, struct err *e)
{
    struct key_index *k = &q->keys;
    const int64_t after = k->now.newest;
    struct rows r;
    bool more, ok;

    *n = 0;
    if (!rows_open(&r, q, &read_messages, ARGS(INT(after), INT(k->segment)), e))
        return false;
    while ((ok = rows_next(&r, &more, e)) && more) {
        uint8_t key[INDEX_BYTES], digest[INDEX_BYTES];

        row_bytes(&r, 1, key, INDEX_BYTES);
        row_bytes(&r, 2, digest, INDEX_BYTES);
        if (!key_place(q, row_int(&r, 0), key_print_of(key, digest), row_int(&r, 3), e)) {
            rows_close(&r);
            return false;
        }
        (*n)++;
    }
    return ok;
}

/* One transaction: a segment's worth is loaded, and written when that makes one full. */
static bool catch_up(struct sqlite *q, size_t *n, struct err *e)
{
    if (!q->store.ops->begin(&q->store, e))
        return false;
    q->keys.now.credit = SIZE_MAX / 2;
    if (load(q, n, e) && key_write(q, e)) {
        q->keys.now.credit = 0;
        return q->store.ops->commit(&q->store, e);
    }
    q->store.ops->rollback(&q->store);
    return false;
}

bool key_open(struct sqlite *q, size_t segment, struct err *e)
{
    struct key_index *k = &q->keys;
    size_t n = 0;

    if (q->read_only)
        return true;
    k->segment = segment ? segment : KEY_SEGMENT;
    k->now.segment_ms = INT64_MIN;
    if (!key_map_init(&k->map, 4 * k->segment,
                      4 * k->segment > KEY_BLOCKS ? 4 * k->segment : KEY_BLOCKS))
        return err_set(e, ERR_BUSY, 0, "read keys: out of memory");
    if (!read_index(q, e))
        return false;
    k->now.newest = k->now.segment * (int64_t)k->segment;
    key_commit(q);
    do {
        if (!catch_up(q, &n, e))
            return false;
    } while (n == k->segment);
    return true;
}

void key_close(struct sqlite *q)
{
    struct key_index *k = &q->keys;

    for (size_t i = 0; i < k->n_groups; i++)
        free(k->groups[i].filter);
    free(k->groups);
    key_map_free(&k->map);
}
