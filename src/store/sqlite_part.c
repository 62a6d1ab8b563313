/* Continued messages: chains of parts that wait for their end. */
#include "growing.h"
#include "sqlite_store.h"

enum { PARTS_AT_ONCE = 4096 }; /* a transaction that holds more of them ends with the chain */

static const struct query open_chain = {
    "put part", "INSERT INTO chain(id, next_part, began_ms, n, bytes) VALUES (?1, ?2, ?3, 1, ?4)"};
static const struct query grow_chain = {
    "put part", "UPDATE chain SET next_part = ?2, n = n + 1, bytes = bytes + ?3 WHERE id = ?1"};
static const struct query drop_chain = {"end parts", "DELETE FROM chain WHERE id = ?1"};
static const struct query find_chain = {
    "find parts", "SELECT id, n, bytes FROM chain WHERE next_part = ?1 AND began_ms >= ?2"
                  " ORDER BY id DESC LIMIT 1"};
static const struct query old_chains = {
    "expire parts", "SELECT id FROM chain WHERE began_ms < ?1 ORDER BY began_ms LIMIT ?2"};
static const struct query lost_parts = {
    "expire parts", "SELECT DISTINCT m.first_part FROM message m WHERE m.mapped = 2"
                    " AND m.first_part IS NOT NULL"
                    " AND NOT EXISTS (SELECT 1 FROM chain c WHERE c.id = m.first_part) LIMIT ?1"};
static const struct query oldest_chain = {"expire parts", "SELECT min(began_ms) FROM chain"};
static const struct query count_chain = {"read parts", "SELECT n FROM chain WHERE id = ?1"};
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

/* *n: how many parts it had. */
static bool end_chain(struct sqlite *q, int64_t first, enum standing standing, struct str reason,
                      size_t *n, struct err *e)
{
    struct id_list parts;
    int64_t id;

    if (!ids_of(q, &end_part, ARGS(INT(first), INT(standing)), &parts, e))
        return false;
    *n = parts.n;
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

static bool misses_parts(struct sqlite *q, int64_t first, size_t n, bool *misses, struct err *e)
{
    struct rows r;
    bool found;

    *misses = false;
    if (!rows_one(&r, q, &count_chain, ARGS(INT(first)), &found, e))
        return false;
    if (!found)
        return true;
    *misses = row_int(&r, 0) != (int64_t)n;
    rows_close(&r);
    return true;
}

bool sqlite_read_parts(struct store *s, int64_t first, struct arena *a, struct message_list *out,
                       struct err *e)
{
    struct sqlite *q = (struct sqlite *)s;
    bool more, ok, damaged = false;
    size_t held;
    struct rows r;

    *out = (struct message_list){0};
    if (!rows_open(&r, q, &read_parts, ARGS(INT(first)), e))
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
    if (!ok || (!damaged && !misses_parts(q, first, out->n, &damaged, e)))
        return false;
    if (!damaged)
        return true;
    *out = (struct message_list){0}; /* a whole with a hole in it is none */
    return end_chain(q, first, STANDING_HELD, DAMAGED, &held, e);
}

bool sqlite_end_parts(struct store *s, int64_t first, enum standing standing, struct str reason,
                      struct err *e)
{
    size_t n;

    return end_chain((struct sqlite *)s, first, standing, reason, &n, e) &&
           (n > 0 || err_set(e, ERR_INPUT, 0, "no open chain begins at %lld", (long long)first));
}

/* Ends those chains, until the transaction is long enough. *n: how many. */
static bool hold_chains(struct sqlite *q, const struct id_list *chains, struct str reason,
                        size_t *n, struct err *e)
{
    size_t parts = 0, more;

    for (*n = 0; *n < chains->n && parts < PARTS_AT_ONCE; ++*n) {
        if (!end_chain(q, chains->items[*n], STANDING_HELD, reason, &more, e))
            return false;
        parts += more;
    }
    return true;
}

/* Parts that wait although their chain is gone: nobody can continue it. */
static bool hold_lost(struct sqlite *q, size_t *n, bool *more, struct err *e)
{
    struct id_list lost;

    if (!ids_of(q, &lost_parts, ARGS(INT(EXPIRE_MOST)), &lost, e) ||
        !hold_chains(q, &lost, DAMAGED, n, e))
        return false;
    *more = *n < lost.n || lost.n == EXPIRE_MOST;
    return true;
}

bool sqlite_expire_parts(struct store *s, int64_t before_ms, size_t *n, int64_t *next_ms,
                         struct err *e)
{
    struct sqlite *q = (struct sqlite *)s;
    struct id_list chains;
    struct rows r;
    size_t n_lost = 0;
    bool found, more = false;

    *n = 0;
    *next_ms = 0;
    if (!ids_of(q, &old_chains, ARGS(INT(before_ms), INT(EXPIRE_MOST)), &chains, e) ||
        !hold_chains(q, &chains, STR("the rest never came"), n, e))
        return false;
    if (*n == chains.n && chains.n < EXPIRE_MOST && !hold_lost(q, &n_lost, &more, e))
        return false;
    *n += n_lost;
    if (!rows_one(&r, q, &oldest_chain, NULL, 0, &found, e))
        return false;
    if (found) {
        *next_ms = row_int(&r, 0);
        rows_close(&r);
    }
    if (more)
        *next_ms = before_ms - 1;
    return true;
}
