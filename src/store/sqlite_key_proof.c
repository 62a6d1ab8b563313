/* What storage did not alter, and what takes the place of what it did (sqlite_key.h). */
#include "base/log.h"
#include "key_filter.h"
#include "sqlite_store.h"

static const struct query read_block = {"look up a key",
                                        "SELECT entries, proof FROM key_block WHERE id = ?1"};
static const struct query read_keys = {
    "make keys anew", "SELECT id, key, digest FROM message WHERE id > ?1 AND id <= ?2 ORDER BY id"};

void key_prove(const struct sqlite *q, const char *table, int64_t id, struct str bytes,
               uint8_t out[INDEX_BYTES])
{
    char where[8];
    struct str parts[] = {str_of(table), {where, sizeof where}, bytes};

    key_store(where, (uint64_t)id, sizeof where);
    seal_index(q->seal, "store.keys", parts, 3, out);
}

bool key_is_proven(const struct sqlite *q, const char *table, int64_t id, struct str bytes,
                   const struct rows *r, int column)
{
    uint8_t is[INDEX_BYTES], ought[INDEX_BYTES];

    row_bytes(r, column, is, INDEX_BYTES);
    key_prove(q, table, id, bytes, ought);
    return seal_equal(is, ought, INDEX_BYTES);
}

void key_say_damaged(struct sqlite *q, const char *what, int64_t id)
{
    if (q->keys.said_damaged)
        return;
    q->keys.said_damaged = true; /* the next one is most likely of the same cause */
    log_event(LOG_ERROR, "store",
              "%s %lld of the duplicate index: damaged on disk -> made anew "
              "from the messages, as will be all others",
              what, (long long)id);
}

/* Both ends of a range of ids: those of `n` segments. */
static bool open_keys(struct rows *r, struct sqlite *q, int64_t segment, size_t n, struct err *e)
{
    const int64_t size = (int64_t)q->keys.segment;

    return rows_open(r, q, &read_keys,
                     ARGS(INT(segment * size), INT((segment + (int64_t)n) * size)), e);
}

static struct key_print row_print(const struct rows *r)
{
    uint8_t key[INDEX_BYTES], digest[INDEX_BYTES];

    row_bytes(r, 1, key, INDEX_BYTES);
    row_bytes(r, 2, digest, INDEX_BYTES);
    return key_print_of(key, digest);
}

/* All blocks of a segment, from the messages. */
static bool mend_segment(struct sqlite *q, int64_t segment, struct err *e)
{
    const size_t most = q->keys.segment;
    struct key_entry *entries = NEW_ARRAY(&q->scratch, struct key_entry, most);
    const struct key_entry **block = NEW_ARRAY(&q->scratch, const struct key_entry *, most);
    size_t n = 0;
    struct rows r;
    bool more, ok;

    key_say_damaged(q, "segment", segment);
    if (!open_keys(&r, q, segment, 1, e))
        return false;
    while ((ok = rows_next(&r, &more, e)) && more && n < most)
        entries[n++] = (struct key_entry){.id = row_int(&r, 0), .print = row_print(&r)};
    if (ok && more)
        rows_close(&r);
    for (size_t i = 0; ok && i < KEY_BLOCKS; i++) {
        size_t in = 0;

        for (size_t k = 0; k < n; k++) {
            if (entries[k].print.key >> 56 == i)
                block[in++] = &entries[k];
        }
        ok = key_put_block(q, segment, i, block, in, e);
    }
    return ok;
}

bool key_mend_filter(struct sqlite *q, size_t group, uint8_t *filter, struct err *e)
{
    struct rows r;
    bool more, ok;

    key_say_damaged(q, "filter", (int64_t)group);
    memset(filter, 0, key_filter_lines(&q->keys) * FILTER_LINE);
    if (!open_keys(&r, q, (int64_t)group * KEY_GROUP, KEY_GROUP, e))
        return false;
    while ((ok = rows_next(&r, &more, e)) && more)
        key_filter_add(filter, key_filter_lines(&q->keys), row_print(&r).key);
    return ok && key_put_filter(q, group, filter, e);
}

/* *sound is false when it is missing, too. */
static bool read_sound(struct sqlite *q, int64_t id, struct arena *a, struct str *block,
                       bool *sound, struct err *e)
{
    struct rows r;
    bool there;

    *sound = false;
    if (!rows_one(&r, q, &read_block, ARGS(INT(id)), &there, e))
        return false;
    if (!there)
        return true;
    *block = row_text(&r, 0, a);
    *sound = key_is_proven(q, "block", id, *block, &r, 1);
    rows_close(&r);
    return true;
}

bool key_read_block(struct sqlite *q, int64_t segment, size_t block, struct arena *a,
                    struct str *out, struct err *e)
{
    const int64_t id = segment * KEY_BLOCKS + (int64_t)block;
    bool sound;

    *out = (struct str){NULL, 0};
    if (!read_sound(q, id, a, out, &sound, e))
        return false;
    if (sound)
        return true;
    return mend_segment(q, segment, e) && read_sound(q, id, a, out, &sound, e) &&
           (sound || err_set(e, ERR_BUSY, 0, "look up a key: what was written is not there"));
}
