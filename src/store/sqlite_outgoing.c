/* The HL7 messages that we send. */
#include "among.h"
#include "growing.h"
#include "sqlite_store.h"

#define OUTGOING_COLUMNS                                                                           \
    "id, message_id, channel, code, reason, state, due_ms, tries, control_id, body"

static const struct query add_outgoing = {
    "put outgoing", "INSERT INTO outgoing(id, message_id, channel, code, state, due_ms)"
                    " VALUES (?1, ?2, ?3, ?4, 1, ?5)"};
static const struct query find_due = {"find outgoing",
                                      "SELECT " OUTGOING_COLUMNS " FROM outgoing"
                                      " WHERE state = 1 AND channel = ?1 AND due_ms <= ?2"
                                      " ORDER BY due_ms, id LIMIT ?3"};
/* One past those that were listed: the next may be due already, when the list was full. */
static const struct query find_next = {
    "find outgoing", "SELECT due_ms FROM outgoing WHERE state = 1 AND channel = ?1"
                     " ORDER BY due_ms, id LIMIT 1 OFFSET ?2"};
static const struct query find_reply = {"find replies", "SELECT " OUTGOING_COLUMNS " FROM outgoing"
                                                        " WHERE channel IS NULL AND message_id = ?1"
                                                        " AND state IN (1, 3, 5) ORDER BY id"};
/* One will come: the message is not mapped yet, and wants it there. */
static const struct query awaits_reply = {
    "find replies", "SELECT 1 FROM message WHERE id = ?1 AND mapped <> 1 AND reply <> 0"
                    " AND channel IS NULL"};
static const struct query save_outgoing = {
    "save outgoing", "UPDATE outgoing SET state = ?2, reason = ?3, due_ms = ?4, tries = ?5,"
                     " control_id = ?6, body = ?7 WHERE id = ?1"};
static const struct query refuse_outgoing = {
    "hold outgoing", "UPDATE outgoing SET state = 4, reason = ?2 WHERE id = ?1"};
static const struct query land_flying = {
    "recover outgoing", "UPDATE outgoing SET state = 1, due_ms = min(due_ms, ?1) WHERE state = 2"};
/* SQLite would as soon read the index of all replies that ever were. */
static const struct query drop_replies = {
    "recover outgoing", "UPDATE outgoing INDEXED BY outgoing_reply SET state = 5, reason = ?1"
                        " WHERE state = 1 AND channel IS NULL"};

static const struct query list_channels = {"keep channels",
                                           "SELECT DISTINCT channel FROM outgoing"
                                           " WHERE state = 1 AND channel IS NOT NULL"};
static const struct query drop_channel = {
    "keep channels", "UPDATE outgoing SET state = 5, reason = ?1 WHERE state = 1 AND channel = ?2"};

static struct seal_place body_at(int64_t id)
{
    return (struct seal_place){"outgoing", "body", id};
}

bool outgoing_put(struct sqlite *q, int64_t message_id, struct str channel, struct str code,
                  int64_t due_ms, struct err *e)
{
    int64_t id;

    return next_id(q, T_OUTGOING, &id, e) &&
           sql_do(q, &add_outgoing,
                  ARGS(INT(id), INT(message_id), TEXT(channel), TEXT(code), INT(due_ms)), NULL, e);
}

static bool outgoing_row(const struct rows *r, struct arena *a, struct outgoing *o, struct err *e)
{
    *o = (struct outgoing){
        .id = row_int(r, 0),
        .message_id = row_int(r, 1),
        .channel = row_text(r, 2, a),
        .code = row_text(r, 3, a),
        .reason = row_text(r, 4, a),
        .state = (enum outgoing_state)row_int(r, 5),
        .due_ms = row_int(r, 6),
        .tries = (int32_t)row_int(r, 7),
        .control_id = row_text(r, 8, a),
    };
    return row_sealed(r, 9, body_at(o->id), a, &o->body, e);
}

/* The rest of the rows. Damaged ones cannot be sent as they were: refused, for good. */
static bool outgoing_list_of(struct rows *r, struct arena *a, struct outgoing_list *out,
                             struct err *e)
{
    struct sqlite *q = r->q;
    struct id_list damaged = {0};
    bool more, ok;

    while ((ok = rows_next(r, &more, e)) && more) {
        struct outgoing o;

        if (outgoing_row(r, a, &o, e)) {
            *GROW(a, out) = o;
        } else if (e->kind == ERR_INPUT) {
            *GROW(a, &damaged) = o.id;
        } else {
            rows_close(r);
            return false;
        }
    }
    for (size_t i = 0; ok && i < damaged.n; i++)
        ok = sql_do(q, &refuse_outgoing, ARGS(INT(damaged.items[i]), TEXT(DAMAGED)), NULL, e);
    return ok;
}

bool sqlite_find_outgoing(struct store *s, struct str channel, int64_t now_ms, size_t most,
                          struct arena *a, struct outgoing_list *out, struct err *e)
{
    struct sqlite *q = (struct sqlite *)s;
    struct rows r;
    bool found;

    *out = (struct outgoing_list){0};
    if (!rows_open(&r, q, &find_due, ARGS(TEXT(channel), INT(now_ms), INT(most)), e) ||
        !outgoing_list_of(&r, a, out, e) ||
        !rows_one(&r, q, &find_next, ARGS(TEXT(channel), INT(out->n)), &found, e))
        return false;
    if (found) {
        out->next_ms = row_int(&r, 0);
        rows_close(&r);
    }
    return true;
}

static bool is_awaited(struct sqlite *q, int64_t message_id, bool *awaited, struct err *e)
{
    struct rows r;

    if (!rows_one(&r, q, &awaits_reply, ARGS(INT(message_id)), awaited, e))
        return false;
    if (*awaited)
        rows_close(&r);
    return true;
}

bool sqlite_find_replies(struct store *s, const int64_t *message_ids, size_t n, struct arena *a,
                         struct outgoing_list *out, struct err *e)
{
    struct sqlite *q = (struct sqlite *)s;
    struct rows r;

    *out = (struct outgoing_list){.none = NEW_ARRAY(a, int64_t, n)};
    for (size_t i = 0; i < n; i++) {
        const size_t before = out->n;
        bool awaited;

        if (!rows_open(&r, q, &find_reply, ARGS(INT(message_ids[i])), e) ||
            !outgoing_list_of(&r, a, out, e))
            return false;
        if (out->n > before)
            continue;
        if (!is_awaited(q, message_ids[i], &awaited, e))
            return false;
        if (!awaited)
            out->none[out->n_none++] = message_ids[i];
    }
    return true;
}

bool sqlite_save_outgoing(struct store *s, const struct outgoing *o, struct err *e)
{
    struct sqlite *q = (struct sqlite *)s;
    struct arg body;
    int64_t changed;

    if (!sealed_arg(q, body_at(o->id), o->body, &body, e) ||
        !sql_do(q, &save_outgoing,
                ARGS(INT(o->id), INT(o->state), TEXT(o->reason), INT(o->due_ms), INT(o->tries),
                     TEXT(o->control_id), body),
                &changed, e))
        return false;
    return changed == 1 || err_set(e, ERR_INPUT, 0, "no outgoing message %lld", (long long)o->id);
}

bool sqlite_recover_outgoing(struct store *s, int64_t now_ms, struct err *e)
{
    struct sqlite *q = (struct sqlite *)s;

    return sql_do(q, &land_flying, ARGS(INT(now_ms)), NULL, e) &&
           sql_do(q, &drop_replies, ARGS(TEXT(STR("its connection is gone"))), NULL, e);
}

struct names {
    struct str *items;
    size_t n;
};

bool sqlite_keep_channels(struct store *s, const struct str *channels, size_t n, struct err *e)
{
    struct sqlite *q = (struct sqlite *)s;
    struct names waited_for = {0};
    struct arena a = {0};
    struct rows r;
    bool more, ok = rows_open(&r, q, &list_channels, NULL, 0, e);

    while (ok && (ok = rows_next(&r, &more, e)) && more)
        *GROW(&a, &waited_for) = row_text(&r, 0, &a);
    for (size_t i = 0; ok && i < waited_for.n; i++) {
        if (!among(waited_for.items[i], channels, n))
            ok = sql_do(
                q, &drop_channel,
                ARGS(TEXT(STR("its channel is no longer configured")), TEXT(waited_for.items[i])),
                NULL, e);
    }
    arena_reset(&a);
    return ok;
}
