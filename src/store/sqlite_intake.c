/* Messages as they arrive. */
#include <stdio.h>

#include "growing.h"
#include "sqlite_store.h"

static const struct query count_resend = {
    "count a resend", "UPDATE message SET duplicates = duplicates + 1 WHERE id = ?1"};
static const struct query add_message = {
    "put message", "INSERT INTO message(id, kind, feed, type, key, digest, received_ms, test,"
                   " standing, lane, reply, channel, first_part, mapped, charset, fallback) VALUES"
                   " (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)"};
/* A message without a lane is one of its own, called by its id. */
static const struct query take_stored = {
    "take stored", "SELECT " MESSAGE_COLUMNS " FROM message m LEFT JOIN content c ON c.id = m.id"
                   " WHERE m.mapped = 0"
                   " AND coalesce(nullif(m.lane, 0), m.id) NOT IN (SELECT value FROM json_each(?2))"
                   " ORDER BY m.id LIMIT ?1"};
enum { FEED_VERSION = 17 }; /* behind MESSAGE_COLUMNS */
static const struct query read_one = {
    "read message",
    "SELECT " MESSAGE_COLUMNS ", m.feed_version FROM message m LEFT JOIN content c ON c.id = m.id"
    " WHERE m.id = ?1"};

/* The first answer again, byte for byte, and no second effect (I8). */
static bool answer_resend(struct sqlite *q, struct arena *a, struct intake *out, struct err *e)
{
    /* one that does not open is absent: the sender must not be stopped by it */
    bool ok = content_ack(q, out->id, a, &out->ack, e) || e->kind == ERR_INPUT;

    q->change[LINE_ACKED]++;
    q->change[LINE_DUPLICATE]++;
    return ok && sql_do(q, &count_resend, ARGS(INT(out->id)), NULL, e);
}

static bool insert(struct sqlite *q, const struct message *m, int64_t id, struct err *e)
{
    struct arg first_part = {ARG_NULL, 0, {NULL, 0}};

    if (m->is_part)
        first_part = INT(m->first_part ? m->first_part : id);
    if (!content_put(q, m, id, e) ||
        !sql_do(q, &add_message,
                ARGS(INT(id), INT(m->kind), TEXT(m->feed), TEXT(m->type),
                     BYTES(m->key, INDEX_BYTES), BYTES(m->digest, INDEX_BYTES), INT(m->received_ms),
                     INT(m->test), INT(STANDING_PENDING), INT(m->lane), INT(m->reply),
                     TEXT(m->channel), first_part, INT(m->is_part ? MAPPED_PART : 0),
                     TEXT(m->charset), TEXT(m->fallback)),
                NULL, e) ||
        (m->is_part && !part_put(q, m, id, e)) || !key_put(q, m, id, e))
        return false;
    q->change[LINE_ACKED]++;
    q->change[STANDING_PENDING]++;
    return true;
}

/* Has this been here before? */
static bool find_seen(struct sqlite *q, const struct message *m, struct intake *out, struct err *e)
{
    const int64_t since_ms = m->received_ms - q->duplicate_ms;
    int64_t other;
    bool found, same = false;

    if (m->newest_only) { /* only FHIR has keys without versions */
        if (!key_find_newest(q, m, since_ms, &out->id, &same, &found, e))
            return false;
        out->seen = found && same;
        return true;
    }
    if (!key_find_newest(q, m, since_ms, &other, &same, &found, e))
        return false;
    if (!found) /* the common case: whoever is the same has the same key */
        return true;
    out->seen = same;
    out->id = other;
    if (!same && !key_find_same(q, m, since_ms, &out->id, &out->seen, e))
        return false;
    out->id_reused = !out->seen;
    return true;
}

bool sqlite_put_message(struct store *s, const struct message *m, struct arena *a,
                        struct intake *out, struct err *e)
{
    struct sqlite *q = (struct sqlite *)s;

    *out = (struct intake){0};
    if (!find_seen(q, m, out, e))
        return false;
    if (out->seen)
        return answer_resend(q, a, out, e);
    return next_id(q, T_MESSAGE, &out->id, e) && insert(q, m, out->id, e);
}

bool message_row(const struct rows *r, bool wants_ack, struct arena *a, struct message *m,
                 struct err *e)
{
    int64_t first;

    m->id = row_int(r, 0);
    m->kind = (enum message_kind)row_int(r, 1);
    m->feed = row_text(r, 2, a);
    m->type = row_text(r, 3, a);
    row_bytes(r, 4, m->key, INDEX_BYTES);
    row_bytes(r, 5, m->digest, INDEX_BYTES);
    m->received_ms = row_int(r, 6);
    m->test = row_int(r, 7) != 0;
    m->lane = (uint64_t)row_int(r, 8);
    m->reply = (enum reply_wanted)row_int(r, 9);
    m->channel = row_text(r, 10, a);
    first = row_int(r, 11);
    m->is_part = first != 0;
    m->first_part = first == m->id ? 0 : first;
    m->charset = row_text(r, 12, a);
    m->fallback = row_text(r, 13, a);
    if (!content_row(r, 14, m->id, a, &m->body, wants_ack ? &m->ack : NULL, e))
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

/* "[1,-2]": a list that a statement prepared once can take. */
static struct str lanes_json(const uint64_t *lanes, size_t n, struct arena *a)
{
    const size_t size = 22 * n + 3; /* "-9223372036854775808" and its comma */
    char *text = arena_get(a, size, 1);
    size_t at = 0;

    text[at++] = '[';
    for (size_t i = 0; i < n; i++)
        at += (size_t)snprintf(text + at, size - at, "%s%lld", i ? "," : "", (long long)lanes[i]);
    text[at++] = ']';
    return (struct str){text, at};
}

bool sqlite_take_stored(struct store *s, size_t most, const uint64_t *stuck, size_t n_stuck,
                        struct arena *a, struct message_list *out, struct err *e)
{
    struct sqlite *q = (struct sqlite *)s;
    struct id_list damaged = {0};
    struct rows r;
    size_t bytes = 0;
    bool more, ok;

    *out = (struct message_list){0};
    if (!rows_open(&r, q, &take_stored,
                   ARGS(INT(most), TEXT(lanes_json(stuck, n_stuck, &q->scratch))), e))
        return false;
    while ((ok = rows_next(&r, &more, e)) && more) {
        struct message m = {0};

        if (message_row(&r, false, a, &m, e)) {
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
    ok = message_row(&r, true, a, out, e);
    out->feed_version = row_text(&r, FEED_VERSION, a);
    rows_close(&r);
    return ok;
}
