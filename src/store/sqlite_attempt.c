/* Attempts on the wire, each with its notice. */
#include <stdio.h>

#include "growing.h"
#include "sqlite_store.h"

static const struct query find_stale = {
    "find stale", "SELECT " NOTICE_COLUMNS " FROM notice"
                  " WHERE state = 2 AND expires_ms <> 0 AND expires_ms < ?1 ORDER BY expires_ms"};
/* The notice's feed is not paused (sqlite_pause.c); one that is holds up no other. */
#define RUNS(notice) "NOT EXISTS (SELECT 1 FROM property WHERE name = 'paused ' || " notice ".feed)"
/* One a recipient: what is ready behind another one, or behind one in flight, or behind one that
 * will be tried again, waits for it. */
static const struct query find_ready = {
    "find ready",
    "SELECT " NOTICE_COLUMNS " FROM notice n WHERE state = 2 AND " RUNS(
        "n") " AND NOT"
             " EXISTS"
             " (SELECT 1 FROM notice o WHERE o.recipient_key = n.recipient_key AND o.id < n.id"
             " AND ((o.state = 2 AND " RUNS("o") ") OR o.state = 3"
                                                 " OR (o.state = 1 AND o.tries > 0)))"
                                                 " ORDER BY id LIMIT ?1"};
static const struct query mark_flying = {"begin attempt",
                                         "UPDATE notice SET state = 3 WHERE id = ?1"};
static const struct query tell_unit = {
    "tell unit", "UPDATE unit SET told = 1 WHERE event_type = ?1 AND unit_key = ?2 AND told = 0"};
/* Its message tells of what was merged into it, too. */
static const struct query tell_merged = {
    "tell units", "UPDATE unit SET told = 1 WHERE told = 0 AND (event_type, unit_key) IN"
                  " (SELECT event_type, unit_key FROM notice WHERE carrier = ?1 AND state = 8)"};
static const struct query add_attempt = {
    "begin attempt", "INSERT INTO attempt(id, notice_id, echo, state, started_ms, ended_ms, code,"
                     " delivery, failed_code) VALUES (?1, ?2, ?3, 1, ?4, 0, 0, 0, 0)"};
static const struct query save_attempt = {
    "save attempt", "UPDATE attempt SET state = ?2, ended_ms = ?3, code = ?4, wamid = ?5,"
                    " delivery = ?6, failed_code = ?7 WHERE id = ?1"};
static const struct query recover_notices = {
    "recover", "UPDATE notice SET state = 4, reason = 'stopped in flight' WHERE state = 3"};
static const struct query recover_attempts = {
    "recover", "UPDATE attempt SET state = 5, ended_ms = ?1 WHERE state = 1"};

#define ATTEMPT_COLUMNS                                                                            \
    "id, notice_id, echo, state, started_ms, ended_ms, code, wamid, delivery, failed_code"

static const struct query last_attempt = {"read attempt", "SELECT " ATTEMPT_COLUMNS
                                                          " FROM attempt WHERE notice_id = ?1"
                                                          " ORDER BY id DESC LIMIT 1"};
static const struct query attempt_by_echo = {"find attempt", "SELECT " ATTEMPT_COLUMNS
                                                             " FROM attempt WHERE echo = ?1"};
static const struct query attempt_by_wamid = {"find attempt", "SELECT " ATTEMPT_COLUMNS
                                                              " FROM attempt WHERE wamid = ?1"
                                                              " ORDER BY id DESC LIMIT 1"};
static const struct query find_checking = {
    "find checking", "SELECT " NOTICE_COLUMNS " FROM notice WHERE state = 4 ORDER BY id LIMIT ?1"};

static void attempt_row(const struct rows *r, struct attempt *at)
{
    at->id = row_int(r, 0);
    at->notice_id = row_int(r, 1);
    row_bytes(r, 2, (uint8_t *)at->echo, ECHO_BYTES);
    at->state = (enum attempt_state)row_int(r, 3);
    at->started_ms = row_int(r, 4);
    at->ended_ms = row_int(r, 5);
    at->code = (int32_t)row_int(r, 6);
    at->has_wamid = sqlite3_column_type(r->st, 7) != SQLITE_NULL;
    row_bytes(r, 7, at->wamid, INDEX_BYTES);
    at->delivery = (enum delivery)row_int(r, 8);
    at->failed_code = (int32_t)row_int(r, 9);
}

/* Too late to be of use to anybody: not sent (never a notice after the event). What was merged into
 * one waits again, and may be due, and stale, too. */
static bool withdraw_stale(struct store *s, int64_t now_ms, struct arena *a, struct err *e)
{
    struct notice_list stale;
    int64_t next_ms;
    struct rows r;
    size_t n;

    do {
        if (!rows_open(&r, (struct sqlite *)s, &find_stale, ARGS(INT(now_ms)), e) ||
            !notice_list_of(&r, a, &stale, NULL, e))
            return false;
        for (size_t i = 0; i < stale.n; i++) {
            stale.items[i].state = NOTICE_WITHDRAWN;
            stale.items[i].reason = STR("stale");
            if (!sqlite_save_notice(s, &stale.items[i], e))
                return false;
        }
        if (stale.n && !sqlite_release_due(s, now_ms, &n, &next_ms, e))
            return false;
    } while (stale.n);
    return true;
}

static bool begin_one(struct sqlite *q, const char echo[ECHO_BYTES + 1], int64_t now_ms,
                      struct flight *f, struct err *e)
{
    f->notice.state = NOTICE_FLYING;
    f->attempt =
        (struct attempt){.notice_id = f->notice.id, .state = ATTEMPT_FLYING, .started_ms = now_ms};
    memcpy(f->attempt.echo, echo, ECHO_BYTES);
    return next_id(q, T_ATTEMPT, &f->attempt.id, e) &&
           sql_do(q, &mark_flying, ARGS(INT(f->notice.id)), NULL, e) &&
           sql_do(q, &tell_unit, ARGS(TEXT(f->notice.event_type), TEXT(f->notice.unit_key)), NULL,
                  e) &&
           sql_do(q, &tell_merged, ARGS(INT(f->notice.id)), NULL, e) &&
           sql_do(q, &add_attempt,
                  ARGS(INT(f->attempt.id), INT(f->notice.id), TEXT(str_of(f->attempt.echo)),
                       INT(now_ms)),
                  NULL, e);
}

bool sqlite_begin_attempts(struct store *s, size_t most, const char (*echoes)[ECHO_BYTES + 1],
                           int64_t now_ms, struct arena *a, struct flight_list *out, struct err *e)
{
    struct sqlite *q = (struct sqlite *)s;
    struct notice_list ready;
    struct rows r;
    size_t n;

    *out = (struct flight_list){0};
    if (!withdraw_stale(s, now_ms, a, e) || !rows_open(&r, q, &find_ready, ARGS(INT(most)), e) ||
        !notice_list_of(&r, a, &ready, &n, e))
        return false;
    out->more = n == most || n > ready.n; /* a damaged one may have held up the next */
    for (size_t i = 0; i < ready.n; i++) {
        struct flight *f = GROW(a, out);

        f->notice = ready.items[i];
        if (!begin_one(q, echoes[i], now_ms, f, e))
            return false;
    }
    return true;
}

bool sqlite_save_attempt(struct store *s, const struct attempt *at, struct err *e)
{
    int64_t changed;

    if (!sql_do((struct sqlite *)s, &save_attempt,
                ARGS(INT(at->id), INT(at->state), INT(at->ended_ms), INT(at->code),
                     at->has_wamid ? BYTES(at->wamid, INDEX_BYTES) : BLOB(((struct str){NULL, 0})),
                     INT(at->delivery), INT(at->failed_code)),
                &changed, e))
        return false;
    return changed == 1 || err_set(e, ERR_INPUT, 0, "no attempt %lld", (long long)at->id);
}

bool sqlite_recover(struct store *s, int64_t now_ms, size_t *n, struct err *e)
{
    struct sqlite *q = (struct sqlite *)s;
    int64_t changed;

    if (!sql_do(q, &recover_notices, NULL, 0, NULL, e) ||
        !sql_do(q, &recover_attempts, ARGS(INT(now_ms)), &changed, e))
        return false;
    *n = (size_t)changed;
    return true;
}

bool sqlite_find_checking(struct store *s, size_t most, struct arena *a, struct flight_list *out,
                          struct err *e)
{
    struct sqlite *q = (struct sqlite *)s;
    struct notice_list list;
    struct rows r;
    size_t n;
    bool found;

    *out = (struct flight_list){0};
    if (!rows_open(&r, q, &find_checking, ARGS(INT(most)), e) ||
        !notice_list_of(&r, a, &list, &n, e))
        return false;
    out->more = n == most;
    for (size_t i = 0; i < list.n; i++) {
        struct flight *f = GROW(a, out);

        f->notice = list.items[i];
        if (!rows_one(&r, q, &last_attempt, ARGS(INT(f->notice.id)), &found, e))
            return false;
        if (found) {
            attempt_row(&r, &f->attempt);
            rows_close(&r);
        }
    }
    return true;
}

bool sqlite_find_attempt(struct store *s, struct str echo, const uint8_t wamid[INDEX_BYTES],
                         struct arena *a, struct flight *out, bool *found, struct err *e)
{
    struct sqlite *q = (struct sqlite *)s;
    struct rows r;

    *out = (struct flight){0};
    if (!(echo.p ? rows_one(&r, q, &attempt_by_echo, ARGS(TEXT(echo)), found, e)
                 : rows_one(&r, q, &attempt_by_wamid, ARGS(BYTES(wamid, INDEX_BYTES)), found, e)))
        return false;
    if (!*found)
        return true;
    attempt_row(&r, &out->attempt);
    rows_close(&r);
    if (notice_read(q, out->attempt.notice_id, a, &out->notice, e))
        return true;
    if (e->kind != ERR_INPUT || !out->notice.id)
        return false;
    if (notice_is_final(out->notice.state))
        return true; /* without what did not open: nothing more will be sent of it */
    *found = false;
    return notice_hold_damaged(q, &out->notice, e);
}
