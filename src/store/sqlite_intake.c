/* Messages as they arrive. */
#include "growing.h"
#include "sqlite_store.h"

static const struct query find_resend = {
    "find a resend", "SELECT id FROM message WHERE key = ?1 AND digest = ?2 AND received_ms >= ?3"
                     " ORDER BY received_ms DESC, id DESC LIMIT 1"};
/* `kind` chooses the index: only FHIR has keys without versions. */
static const struct query find_newest = {
    "find the newest", "SELECT id, digest = ?2 FROM message WHERE key = ?1 AND kind = 2"
                       " AND received_ms >= ?3 ORDER BY id DESC LIMIT 1"};
static const struct query find_reuse = {
    "find a reused id",
    "SELECT 1 FROM message WHERE key = ?1 AND digest <> ?2 AND received_ms >= ?3 LIMIT 1"};
static const struct query read_ack = {"read an ACK", "SELECT ack FROM content WHERE id = ?1"};
static const struct query count_resend = {
    "count a resend", "UPDATE message SET duplicates = duplicates + 1 WHERE id = ?1"};
static const struct query add_message = {
    "put message", "INSERT INTO message(id, kind, feed, type, key, digest, received_ms, test,"
                   " standing) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)"};
static const struct query add_content = {"put message",
                                         "INSERT INTO content(id, body, ack) VALUES (?1, ?2, ?3)"};

#define MESSAGE_COLUMNS                                                                            \
    "m.id, m.kind, m.feed, m.type, m.key, m.digest, m.received_ms, m.test, c.body, c.ack"

static const struct query take_stored = {
    "take stored", "SELECT " MESSAGE_COLUMNS " FROM message m LEFT JOIN content c ON c.id = m.id"
                   " WHERE m.mapped = 0 ORDER BY m.id LIMIT ?1"};
static const struct query read_one = {
    "read message", "SELECT " MESSAGE_COLUMNS " FROM message m LEFT JOIN content c ON c.id = m.id"
                    " WHERE m.id = ?1"};

static struct seal_place body_at(int64_t id)
{
    return (struct seal_place){"content", "body", id};
}

static struct seal_place ack_at(int64_t id)
{
    return (struct seal_place){"content", "ack", id};
}

static bool find(struct sqlite *q, const struct query *query, const struct message *m, int64_t *id,
                 bool *found, struct err *e)
{
    struct rows r;

    if (!rows_one(&r, q, query,
                  ARGS(BYTES(m->key, INDEX_BYTES), BYTES(m->digest, INDEX_BYTES),
                       INT(m->received_ms - q->duplicate_ms)),
                  found, e))
        return false;
    if (*found) {
        *id = row_int(&r, 0);
        rows_close(&r);
    }
    return true;
}

/* The first answer again, byte for byte, and no second effect (I8). */
static bool answer_resend(struct sqlite *q, struct arena *a, struct intake *out, struct err *e)
{
    struct rows r;
    bool found, ok = true;

    if (!rows_one(&r, q, &read_ack, ARGS(INT(out->id)), &found, e))
        return false;
    if (found) {
        ok = row_sealed(&r, 0, ack_at(out->id), a, &out->ack, e) || e->kind == ERR_INPUT;
        rows_close(&r); /* one that does not open is absent: the sender must not be stopped by it */
    }
    q->change[LINE_ACKED]++;
    q->change[LINE_DUPLICATE]++;
    return ok && sql_do(q, &count_resend, ARGS(INT(out->id)), NULL, e);
}

static bool insert(struct sqlite *q, const struct message *m, int64_t id, struct err *e)
{
    struct arg body, ack;

    if (!sealed_arg(q, body_at(id), m->body.p ? m->body : STR(""), &body, e) ||
        !sealed_arg(q, ack_at(id), m->ack, &ack, e) ||
        !sql_do(q, &add_message,
                ARGS(INT(id), INT(m->kind), TEXT(m->feed), TEXT(m->type),
                     BYTES(m->key, INDEX_BYTES), BYTES(m->digest, INDEX_BYTES), INT(m->received_ms),
                     INT(m->test), INT(STANDING_PENDING)),
                NULL, e) ||
        !sql_do(q, &add_content, ARGS(INT(id), body, ack), NULL, e))
        return false;
    q->change[LINE_ACKED]++;
    q->change[STANDING_PENDING]++;
    return true;
}

static bool find_seen(struct sqlite *q, const struct message *m, struct intake *out, struct err *e)
{
    struct rows r;
    bool found;

    if (!m->newest_only)
        return find(q, &find_resend, m, &out->id, &out->seen, e);
    if (!rows_one(&r, q, &find_newest,
                  ARGS(BYTES(m->key, INDEX_BYTES), BYTES(m->digest, INDEX_BYTES),
                       INT(m->received_ms - q->duplicate_ms)),
                  &found, e))
        return false;
    if (found) {
        out->id = row_int(&r, 0);
        out->seen = row_int(&r, 1) != 0;
        rows_close(&r);
    }
    return true;
}

bool sqlite_put_message(struct store *s, const struct message *m, struct arena *a,
                        struct intake *out, struct err *e)
{
    struct sqlite *q = (struct sqlite *)s;
    int64_t other;

    *out = (struct intake){0};
    if (!find_seen(q, m, out, e))
        return false;
    if (out->seen)
        return answer_resend(q, a, out, e);
    return (m->newest_only || find(q, &find_reuse, m, &other, &out->id_reused, e)) &&
           next_id(q, T_MESSAGE, &out->id, e) && insert(q, m, out->id, e);
}

static bool message_row(const struct rows *r, struct arena *a, struct message *m, struct err *e)
{
    m->id = row_int(r, 0);
    m->kind = (enum message_kind)row_int(r, 1);
    m->feed = row_text(r, 2, a);
    m->type = row_text(r, 3, a);
    row_bytes(r, 4, m->key, INDEX_BYTES);
    row_bytes(r, 5, m->digest, INDEX_BYTES);
    m->received_ms = row_int(r, 6);
    m->test = row_int(r, 7) != 0;
    if (!row_sealed(r, 8, body_at(m->id), a, &m->body, e))
        return false;
    return m->body.p || err_set(e, ERR_INPUT, 0, "content %lld: missing", (long long)m->id);
}

static bool hold_damaged(struct store *s, const struct id_list *damaged, struct err *e)
{
    for (size_t i = 0; i < damaged->n; i++) {
        struct instance held = {.standing = STANDING_HELD, .reason = DAMAGED};

        if (!sqlite_put_mapped(s, damaged->items[i], (struct str){NULL, 0}, &held, 1, e))
            return false;
    }
    return true;
}

bool sqlite_take_stored(struct store *s, size_t most, struct arena *a, struct message_list *out,
                        struct err *e)
{
    struct id_list damaged = {0};
    struct rows r;
    size_t bytes = 0;
    bool more, ok;

    *out = (struct message_list){0};
    if (!rows_open(&r, (struct sqlite *)s, &take_stored, ARGS(INT(most)), e))
        return false;
    while ((ok = rows_next(&r, &more, e)) && more) {
        struct message m = {0};

        if (message_row(&r, a, &m, e)) {
            *GROW(a, out) = m;
        } else if (e->kind == ERR_INPUT) {
            *GROW(a, &damaged) = m.id;
        } else {
            rows_close(&r);
            return false;
        }
        bytes += m.body.n;
        out->more = out->n + damaged.n == most || bytes >= STORE_LIST_BYTES;
        if (out->more) {
            rows_close(&r);
            break;
        }
    }
    return ok && hold_damaged(s, &damaged, e);
}

bool sqlite_read_message(struct store *s, int64_t id, struct arena *a, struct message *out,
                         struct err *e)
{
    struct rows r;
    bool found, ok;

    *out = (struct message){0};
    if (!rows_one(&r, (struct sqlite *)s, &read_one, ARGS(INT(id)), &found, e))
        return false;
    if (!found)
        return err_set(e, ERR_INPUT, 0, "no message %lld", (long long)id);
    ok = message_row(&r, a, out, e) && row_sealed(&r, 9, ack_at(id), a, &out->ack, e);
    rows_close(&r);
    return ok;
}
