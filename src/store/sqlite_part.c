/* Continued messages: chains of parts that wait for their end. */
#include "growing.h"
#include "sqlite_store.h"

static const struct query open_chain = {
    "put part", "INSERT INTO chain(id, next_part, began_ms, n, bytes) VALUES (?1, ?2, ?3, 1, ?4)"};
static const struct query grow_chain = {
    "put part", "UPDATE chain SET next_part = ?2, n = n + 1, bytes = bytes + ?3 WHERE id = ?1"};
static const struct query drop_chain = {"end parts", "DELETE FROM chain WHERE id = ?1"};
static const struct query find_chain = {
    "find parts", "SELECT id, n, bytes FROM chain WHERE next_part = ?1 AND began_ms >= ?2"
                  " ORDER BY id DESC LIMIT 1"};
static const struct query old_chains = {
    "expire parts", "SELECT id FROM chain WHERE began_ms < ?1 ORDER BY began_ms"};
static const struct query oldest_chain = {"expire parts", "SELECT min(began_ms) FROM chain"};
static const struct query read_parts = {
    "read parts", "SELECT " MESSAGE_COLUMNS " FROM message m LEFT JOIN content c ON c.id = m.id"
                  " WHERE m.mapped = 2 AND m.first_part = ?1 ORDER BY m.id"};
static const struct query end_part = {
    "end parts", "UPDATE message SET mapped = 1, standing = ?2 WHERE mapped = 2 AND first_part = ?1"
                 " RETURNING id"};
static const struct query add_part_instance = {
    "end parts", "INSERT INTO instance(id, message_id, received_ms, message_ms, test, feed,"
                 " standing, reason, emits, notifies, named, button, coalesce_ms, stale_ms)"
                 " SELECT ?1, id, received_ms, received_ms, test, feed, ?3, ?4, 0, 0, 0, 0, 0, 0"
                 " FROM message WHERE id = ?2"};

bool part_put(struct sqlite *q, const struct message *m, int64_t id, struct err *e)
{
    struct arg next = BYTES(m->next_part, INDEX_BYTES);
    int64_t changed;

    if (m->first_part == 0)
        return sql_do(q, &open_chain, ARGS(INT(id), next, INT(m->received_ms), INT(m->body.n)),
                      NULL, e);
    if (!sql_do(q, &grow_chain, ARGS(INT(m->first_part), next, INT(m->body.n)), &changed, e))
        return false;
    return changed == 1 ||
           err_set(e, ERR_INPUT, 0, "no open chain begins at %lld", (long long)m->first_part);
}

bool sqlite_find_parts(struct store *s, const uint8_t pointer[INDEX_BYTES], int64_t since_ms,
                       struct part_chain *out, bool *found, struct err *e)
{
    struct rows r;

    *out = (struct part_chain){0};
    if (!rows_one(&r, (struct sqlite *)s, &find_chain,
                  ARGS(BYTES(pointer, INDEX_BYTES), INT(since_ms)), found, e))
        return false;
    if (!*found)
        return true;
    *out = (struct part_chain){row_int(&r, 0), (size_t)row_int(&r, 1), (size_t)row_int(&r, 2)};
    rows_close(&r);
    return true;
}

bool sqlite_read_parts(struct store *s, int64_t first, struct arena *a, struct message_list *out,
                       struct err *e)
{
    bool more, ok, damaged = false;
    struct rows r;

    *out = (struct message_list){0};
    if (!rows_open(&r, (struct sqlite *)s, &read_parts, ARGS(INT(first)), e))
        return false;
    while ((ok = rows_next(&r, &more, e)) && more) {
        struct message m = {0};

        if (message_row(&r, false, a, &m, e)) {
            *GROW(a, out) = m;
        } else if (e->kind == ERR_INPUT) {
            damaged = true;
        } else {
            rows_close(&r);
            return false;
        }
    }
    if (!ok || !damaged)
        return ok;
    *out = (struct message_list){0}; /* a whole with a hole in it is none */
    return sqlite_end_parts(s, first, STANDING_HELD, DAMAGED, e);
}

/* The ids that a query gives, into the transaction's scratch. */
static bool ids_of(struct sqlite *q, const struct query *query, const struct arg *args, size_t n,
                   struct id_list *out, struct err *e)
{
    struct rows r;
    bool more, ok;

    *out = (struct id_list){0};
    if (!rows_open(&r, q, query, args, n, e))
        return false;
    while ((ok = rows_next(&r, &more, e)) && more)
        *GROW(&q->scratch, out) = row_int(&r, 0);
    return ok;
}

bool sqlite_end_parts(struct store *s, int64_t first, enum standing standing, struct str reason,
                      struct err *e)
{
    struct sqlite *q = (struct sqlite *)s;
    struct id_list parts;
    int64_t id;

    if (!ids_of(q, &end_part, ARGS(INT(first), INT(standing)), &parts, e))
        return false;
    if (parts.n == 0)
        return err_set(e, ERR_INPUT, 0, "no open chain begins at %lld", (long long)first);
    for (size_t i = 0; i < parts.n; i++) {
        if (!next_id(q, T_INSTANCE, &id, e) ||
            !sql_do(q, &add_part_instance,
                    ARGS(INT(id), INT(parts.items[i]), INT(standing), TEXT(reason)), NULL, e))
            return false;
        q->change[STANDING_PENDING]--;
        q->change[standing]++;
    }
    return sql_do(q, &drop_chain, ARGS(INT(first)), NULL, e);
}

bool sqlite_expire_parts(struct store *s, int64_t before_ms, size_t *n, int64_t *next_ms,
                         struct err *e)
{
    struct sqlite *q = (struct sqlite *)s;
    struct id_list chains;
    struct rows r;
    bool found;

    *n = 0;
    *next_ms = 0;
    if (!ids_of(q, &old_chains, ARGS(INT(before_ms)), &chains, e))
        return false;
    for (size_t i = 0; i < chains.n; i++) {
        if (!sqlite_end_parts(s, chains.items[i], STANDING_HELD, STR("the rest never came"), e))
            return false;
    }
    if (!rows_one(&r, q, &oldest_chain, NULL, 0, &found, e))
        return false;
    if (found) {
        *next_ms = row_int(&r, 0);
        rows_close(&r);
    }
    *n = chains.n;
    return true;
}
