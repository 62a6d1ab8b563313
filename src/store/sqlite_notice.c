/* Notices until they are sent. */
#include "growing.h"
#include "params.h"
#include "sqlite_store.h"

static const struct query add_notice = {
    "put notice", "INSERT INTO notice(" NOTICE_COLUMNS ", recipient_key) VALUES (?1, ?2, ?3, ?4,"
                  " ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20,"
                  " ?21, ?22, ?23, ?24, ?25)"};
static const struct query mark_planned = {"mark planned",
                                          "UPDATE instance SET planned = 1 WHERE id = ?1"};
static const struct query find_open = {
    "find open",
    "SELECT " NOTICE_COLUMNS " FROM notice"
    " WHERE event_type = ?1 AND unit_key = ?2 AND state IN (1, 2, 3, 4, 8) ORDER BY id"};
static const struct query find_window = {"find window",
                                         "SELECT " NOTICE_COLUMNS " FROM notice"
                                         " WHERE coalesce_key = ?1 AND state = 1 ORDER BY id"};
static const struct query find_patient = {
    "find patient", "SELECT " NOTICE_COLUMNS " FROM notice INDEXED BY notice_by_patient"
                    " WHERE state IN (1, 2, 3, 4, 8) AND patient_key = ?1 ORDER BY id"};
static const struct query find_due = {
    "find due", "SELECT " NOTICE_COLUMNS " FROM notice INDEXED BY notice_reminder"
                " WHERE state = 1 AND before_ms > 0 AND due_ms <= ?1 ORDER BY due_ms, id LIMIT ?2"};
static const struct query save_recipient = {
    "save recipient",
    "UPDATE notice SET recipient = ?2, recipient_key = ?3, approval = ?4 WHERE id = ?1"};
static const struct query read_notice = {"read notice",
                                         "SELECT " NOTICE_COLUMNS " FROM notice WHERE id = ?1"};
static const struct query find_later = {
    "find later", "SELECT 1 FROM notice WHERE event_type = ?1 AND unit_key = ?2 AND id > ?3"
                  " AND instance_id <> ?4 LIMIT 1"};
static const struct query release_due = {
    "release due", "UPDATE notice SET state = 2 WHERE state = 1 AND due_ms <= ?1"
                   " AND before_ms = 0"};
static const struct query next_due = {"next due", "SELECT min(due_ms) FROM notice WHERE state = 1"};

static struct seal_place at(const char *column, int64_t id)
{
    return (struct seal_place){"notice", column, id};
}

/* Equal numbers have equal keys; which number it is, the key does not say. */
static struct arg recipient_key(struct sqlite *q, struct str to, uint8_t key[INDEX_BYTES])
{
    if (!to.p)
        return BLOB(to);
    seal_index(q->seal, "phone", &to, 1, key);
    return BYTES(key, INDEX_BYTES);
}

bool sqlite_put_notice(struct store *s, struct notice *n, struct link_new *link, struct err *e)
{
    struct sqlite *q = (struct sqlite *)s;
    struct str packed = params_pack(n->params, n->n_params, &q->scratch);
    struct arg params, to, token;
    uint8_t key[INDEX_BYTES];

    if (!next_id(q, T_NOTICE, &n->id, e) ||
        !sealed_arg(q, at("params", n->id), packed, &params, e) ||
        !sealed_arg(q, at("recipient", n->id), n->to, &to, e) ||
        !sealed_arg(q, at("token", n->id), n->token, &token, e) ||
        !sql_do(q, &add_notice,
                ARGS(INT(n->id), INT(n->instance_id), INT(n->state), TEXT(n->reason), TEXT(n->feed),
                     TEXT(n->event_type), TEXT(n->unit_key), TEXT(n->patient_key),
                     TEXT(n->coalesce), TEXT(n->template), TEXT(n->language), INT(n->named), params,
                     to, token, INT(n->due_ms), INT(n->expires_ms), INT(n->tries), INT(n->carrier),
                     INT(n->before_ms), INT(n->resend_ms), INT(n->replies), TEXT(n->log),
                     BYTES(n->approval, INDEX_BYTES), recipient_key(q, n->to, key)),
                NULL, e) ||
        !sql_do(q, &mark_planned, ARGS(INT(n->instance_id)), NULL, e))
        return false;
    if (!link)
        return true;
    link->notice_id = n->id;
    return link_put(q, link, e);
}

bool notice_row(const struct rows *r, struct arena *a, struct notice *n, struct err *e)
{
    struct str params;

    n->id = row_int(r, 0);
    n->instance_id = row_int(r, 1);
    n->state = (enum notice_state)row_int(r, 2);
    n->reason = row_text(r, 3, a);
    n->feed = row_text(r, 4, a);
    n->event_type = row_text(r, 5, a);
    n->unit_key = row_text(r, 6, a);
    n->patient_key = row_text(r, 7, a);
    n->coalesce = row_text(r, 8, a);
    n->template = row_text(r, 9, a);
    n->language = row_text(r, 10, a);
    n->named = row_int(r, 11) != 0;
    n->due_ms = row_int(r, 15);
    n->expires_ms = row_int(r, 16);
    n->tries = (int32_t)row_int(r, 17);
    n->carrier = row_int(r, 18);
    n->before_ms = row_int(r, 19);
    n->resend_ms = row_int(r, 20);
    n->replies = (uint8_t)row_int(r, 21);
    n->log = row_text(r, 22, a);
    row_bytes(r, 23, n->approval, INDEX_BYTES);
    return row_sealed(r, 12, at("params", n->id), a, &params, e) &&
           params_unpack(params, a, &n->params, &n->n_params, e) &&
           row_sealed(r, 13, at("recipient", n->id), a, &n->to, e) &&
           row_sealed(r, 14, at("token", n->id), a, &n->token, e);
}

bool notice_list_of(struct rows *r, struct arena *a, struct notice_list *out, size_t *n,
                    struct err *e)
{
    struct notice_list damaged = {0};
    bool more, ok;

    *out = (struct notice_list){0};
    while ((ok = rows_next(r, &more, e)) && more) {
        struct notice row = {0};

        if (notice_row(r, a, &row, e)) {
            *GROW(a, out) = row;
        } else if (e->kind == ERR_INPUT) {
            *GROW(a, &damaged) = row;
        } else {
            rows_close(r);
            return false;
        }
    }
    for (size_t i = 0; ok && i < damaged.n; i++)
        ok = notice_hold_damaged(r->q, &damaged.items[i], e);
    if (n)
        *n = out->n + damaged.n;
    return ok;
}

bool notice_read(struct sqlite *q, int64_t id, struct arena *a, struct notice *out, struct err *e)
{
    struct rows r;
    bool found, ok;

    if (!rows_one(&r, q, &read_notice, ARGS(INT(id)), &found, e))
        return false;
    if (!found)
        return err_set(e, ERR_INPUT, 0, "no notice %lld", (long long)id);
    ok = notice_row(&r, a, out, e);
    rows_close(&r);
    return ok;
}

bool sqlite_find_open(struct store *s, struct str event_type, struct str unit_key, struct arena *a,
                      struct notice_list *out, struct err *e)
{
    struct rows r;

    return rows_open(&r, (struct sqlite *)s, &find_open, ARGS(TEXT(event_type), TEXT(unit_key)),
                     e) &&
           notice_list_of(&r, a, out, NULL, e);
}

bool sqlite_find_window(struct store *s, struct str coalesce, struct arena *a,
                        struct notice_list *out, struct err *e)
{
    struct rows r;

    return rows_open(&r, (struct sqlite *)s, &find_window, ARGS(TEXT(coalesce)), e) &&
           notice_list_of(&r, a, out, NULL, e);
}

bool sqlite_find_patient(struct store *s, struct str patient_key, struct arena *a,
                         struct notice_list *out, struct err *e)
{
    struct rows r;

    return rows_open(&r, (struct sqlite *)s, &find_patient, ARGS(TEXT(patient_key)), e) &&
           notice_list_of(&r, a, out, NULL, e);
}

bool sqlite_find_due(struct store *s, int64_t now_ms, size_t most, struct arena *a,
                     struct notice_list *out, struct err *e)
{
    struct rows r;

    return rows_open(&r, (struct sqlite *)s, &find_due, ARGS(INT(now_ms), INT(most)), e) &&
           notice_list_of(&r, a, out, NULL, e);
}

bool sqlite_save_recipient(struct store *s, const struct notice *n, struct err *e)
{
    struct sqlite *q = (struct sqlite *)s;
    uint8_t key[INDEX_BYTES];
    struct arg sealed;
    int64_t changed;

    if (!sealed_arg(q, at("recipient", n->id), n->to, &sealed, e) ||
        !sql_do(
            q, &save_recipient,
            ARGS(INT(n->id), sealed, recipient_key(q, n->to, key), BYTES(n->approval, INDEX_BYTES)),
            &changed, e))
        return false;
    return changed == 1 || err_set(e, ERR_INPUT, 0, "no notice %lld", (long long)n->id);
}

bool sqlite_find_later(struct store *s, const struct notice *n, bool *later, struct err *e)
{
    struct rows r;

    if (!rows_one(&r, (struct sqlite *)s, &find_later,
                  ARGS(TEXT(n->event_type), TEXT(n->unit_key), INT(n->id), INT(n->instance_id)),
                  later, e))
        return false;
    if (*later)
        rows_close(&r);
    return true;
}

bool sqlite_release_due(struct store *s, int64_t now_ms, size_t *n, int64_t *next_ms, struct err *e)
{
    struct sqlite *q = (struct sqlite *)s;
    int64_t changed;
    struct rows r;
    bool found;

    if (!sql_do(q, &release_due, ARGS(INT(now_ms)), &changed, e) ||
        !rows_one(&r, q, &next_due, NULL, 0, &found, e))
        return false;
    *n = (size_t)changed;
    *next_ms = row_int(&r, 0);
    rows_close(&r);
    return true;
}
