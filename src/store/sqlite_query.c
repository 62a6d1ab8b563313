#include <errno.h>
#include <stdlib.h>

#include "sqlite_store.h"

/* Disk full is not damage: the frame that did not fit carries no valid commit mark, so nothing was
 * committed, and the next try may find room (reliability I3). The WAL index, a file in the same
 * folder, reports the same trouble as SHMSIZE. */
bool sql_is_full(sqlite3 *db, int rc)
{
    int os = sqlite3_system_errno(db);

    return (rc & 0xff) == SQLITE_FULL || rc == SQLITE_IOERR_SHMSIZE ||
           (rc == SQLITE_IOERR_WRITE && (os == ENOSPC || os == EDQUOT));
}

bool sql_fail(struct sqlite *q, const char *doing, struct err *e)
{
    int rc = sqlite3_extended_errcode(q->db);

    if (sql_is_full(q->db, rc))
        return err_set(e, ERR_BUSY, rc, "%s: the disk is full", doing);
    switch (rc & 0xff) {
    case SQLITE_IOERR:
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        q->failed = true;
        return err_set(e, ERR_UNCERTAIN, rc, "%s: %s", doing, sqlite3_errstr(rc));
    case SQLITE_CONSTRAINT:
    case SQLITE_MISMATCH:
    case SQLITE_TOOBIG:
        return err_set(e, ERR_INPUT, rc, "%s: %s", doing, sqlite3_errstr(rc));
    default: /* SQLITE_BUSY, _LOCKED, _NOMEM, _READONLY … */
        return err_set(e, ERR_BUSY, rc, "%s: %s", doing, sqlite3_errstr(rc));
    }
}

/* The statement of a query, prepared at its first use and kept. A query is a static constant, so
 * its address names it. */
static sqlite3_stmt *statement(struct sqlite *q, const struct query *query, struct err *e)
{
    struct prepared *new = &q->prepared[q->n_prepared];

    for (size_t i = 0; i < q->n_prepared; i++) {
        if (q->prepared[i].query == query)
            return q->prepared[i].st;
    }
    if (q->n_prepared == QUERIES_MOST)
        abort(); /* more queries in the sources than the table was made for */
    if (sqlite3_prepare_v3(q->db, query->sql, -1, SQLITE_PREPARE_PERSISTENT, &new->st, NULL) !=
        SQLITE_OK) {
        (void)sql_fail(q, query->doing, e);
        return NULL;
    }
    new->query = query;
    q->n_prepared++;
    return new->st;
}

static int bind_arg(sqlite3_stmt *st, int at, const struct arg *arg)
{
    const char *p = arg->s.n ? arg->s.p : "";

    switch (arg->kind) {
    case ARG_NULL:
        return sqlite3_bind_null(st, at);
    case ARG_INT:
        return sqlite3_bind_int64(st, at, arg->i);
    case ARG_TEXT:
        return sqlite3_bind_text64(st, at, p, arg->s.n, SQLITE_STATIC, SQLITE_UTF8);
    case ARG_BLOB:
        return sqlite3_bind_blob64(st, at, p, arg->s.n, SQLITE_STATIC);
    }
    abort();
}

bool rows_open(struct rows *r, struct sqlite *q, const struct query *query, const struct arg *args,
               size_t n, struct err *e)
{
    *r = (struct rows){q, query, statement(q, query, e)};
    if (!r->st)
        return false;
    for (size_t i = 0; i < n; i++) {
        if (bind_arg(r->st, (int)i + 1, &args[i]) != SQLITE_OK) {
            (void)sql_fail(q, query->doing, e);
            rows_close(r);
            return false;
        }
    }
    return true;
}

bool rows_next(struct rows *r, bool *more, struct err *e)
{
    int rc = sqlite3_step(r->st);

    *more = rc == SQLITE_ROW;
    if (*more)
        return true;
    if (rc != SQLITE_DONE)
        (void)sql_fail(r->q, r->query->doing, e); /* before the reset that forgets it */
    rows_close(r);
    return rc == SQLITE_DONE;
}

/* Arguments are borrowed (SQLITE_STATIC): none may stay behind. */
void rows_close(struct rows *r)
{
    (void)sqlite3_reset(r->st);
    (void)sqlite3_clear_bindings(r->st);
}

bool rows_one(struct rows *r, struct sqlite *q, const struct query *query, const struct arg *args,
              size_t n, bool *found, struct err *e)
{
    *found = false;
    return rows_open(r, q, query, args, n, e) && rows_next(r, found, e);
}

bool sql_do(struct sqlite *q, const struct query *query, const struct arg *args, size_t n,
            int64_t *changed, struct err *e)
{
    struct rows r;
    bool more;

    if (!rows_one(&r, q, query, args, n, &more, e))
        return false;
    if (more)
        rows_close(&r);
    if (changed)
        *changed = sqlite3_changes64(q->db);
    return true;
}

int64_t row_int(const struct rows *r, int column)
{
    return sqlite3_column_int64(r->st, column);
}

/* The bytes of a column where SQLite keeps them: valid until the next step. */
static struct str row_borrow(const struct rows *r, int column)
{
    const void *p;

    if (sqlite3_column_type(r->st, column) == SQLITE_NULL)
        return (struct str){NULL, 0};
    p = sqlite3_column_blob(r->st, column);
    return (struct str){p ? p : "", (size_t)sqlite3_column_bytes(r->st, column)};
}

struct str row_text(const struct rows *r, int column, struct arena *a)
{
    struct str s = row_borrow(r, column);

    return s.p ? arena_copy(a, s) : s;
}

void row_bytes(const struct rows *r, int column, uint8_t *out, size_t n)
{
    struct str s = row_borrow(r, column);

    memset(out, 0, n);
    if (s.n)
        memcpy(out, s.p, s.n < n ? s.n : n);
}

bool row_sealed(const struct rows *r, int column, struct seal_place at, struct arena *a,
                struct str *out, struct err *e)
{
    struct str s = row_borrow(r, column);

    *out = (struct str){NULL, 0};
    return !s.p || seal_get(r->q->seal, at, s, a, out, e);
}

bool sealed_arg(struct sqlite *q, struct seal_place at, struct str plain, struct arg *out,
                struct err *e)
{
    struct str sealed = {NULL, 0};

    if (plain.p && !seal_put(q->seal, at, plain, &q->scratch, &sealed, e))
        return false;
    *out = blob_arg(sealed);
    return true;
}

bool next_id(struct sqlite *q, enum table t, int64_t *id, struct err *e)
{
    static const struct query last[TABLES] = {
        [T_MESSAGE] = {"last message", "SELECT coalesce(max(id), 0) FROM message"},
        [T_INSTANCE] = {"last instance", "SELECT coalesce(max(id), 0) FROM instance"},
        [T_UNIT] = {"last unit", "SELECT coalesce(max(id), 0) FROM unit"},
        [T_NOTICE] = {"last notice", "SELECT coalesce(max(id), 0) FROM notice"},
        [T_ATTEMPT] = {"last attempt", "SELECT coalesce(max(id), 0) FROM attempt"},
        [T_LINK] = {"last link", "SELECT coalesce(max(id), 0) FROM link"},
        [T_OUTGOING] = {"last outgoing", "SELECT coalesce(max(id), 0) FROM outgoing"},
        [T_RECORDING] = {"last recording", "SELECT coalesce(max(id), 0) FROM recording"},
    };
    struct rows r;
    bool found;

    if (!q->last_id[t]) {
        if (!rows_one(&r, q, &last[t], NULL, 0, &found, e))
            return false;
        q->last_id[t] = row_int(&r, 0);
        rows_close(&r);
    }
    *id = ++q->last_id[t];
    return true;
}
