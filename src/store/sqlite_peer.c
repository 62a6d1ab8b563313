/* What senders were seen to do, and the last bytes of connections that went wrong. */
#include "growing.h"
#include "sqlite_store.h"

static const struct query add_note = {
    "add peer note",
    "INSERT INTO peer(listener, address, application, facility, code, n, at, first_ms, last_ms)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)"
    " ON CONFLICT(listener, address, application, facility, code) DO UPDATE SET n = n + ?6,"
    " at = CASE WHEN ?9 >= last_ms THEN ?7 ELSE at END,"
    " first_ms = min(first_ms, ?8), last_ms = max(last_ms, ?9)"};
static const struct query trim_notes = {
    "add peer note", "DELETE FROM peer WHERE id IN"
                     " (SELECT id FROM peer ORDER BY last_ms DESC, id DESC LIMIT -1 OFFSET ?1)"};
static const struct query list_notes = {
    "list peers", "SELECT listener, address, application, facility, code, n, at, first_ms, last_ms"
                  " FROM peer ORDER BY last_ms DESC, id DESC"};
static const struct query add_recording = {
    "put recording", "INSERT INTO recording(id, listener, address, code, opened_ms, saved_ms, at,"
                     " bytes) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"};
/* First what an address has beyond a quarter, then the oldest. */
static const struct query trim_recordings = {
    "put recording",
    "DELETE FROM recording WHERE id IN (SELECT id FROM"
    " (SELECT id, row_number() OVER (PARTITION BY address ORDER BY id DESC) > ?1 / 4 AS more"
    " FROM recording) ORDER BY more DESC, id"
    " LIMIT max(0, (SELECT count(*) FROM recording) - ?1))"};
static const struct query list_recordings = {
    "list recordings", "SELECT id, listener, address, code, opened_ms, saved_ms, at FROM recording"
                       " ORDER BY id DESC LIMIT ?1"};
static const struct query read_recording = {
    "read recording", "SELECT id, listener, address, code, opened_ms, saved_ms, at, bytes"
                      " FROM recording WHERE id = ?1"};

/* Absent is empty: NULL is unlike any other NULL, and a note of an unnamed sender has to add up. */
static struct arg name_arg(struct str s)
{
    return TEXT(s.p ? s : STR(""));
}

bool sqlite_add_peer_notes(struct store *s, const struct peer_note *all, size_t n, size_t most,
                           struct err *e)
{
    struct sqlite *q = (struct sqlite *)s;

    for (size_t i = 0; i < n; i++) {
        const struct peer_note *p = &all[i];

        if (!sql_do(q, &add_note,
                    ARGS(name_arg(p->listener), name_arg(p->address), name_arg(p->application),
                         name_arg(p->facility), name_arg(p->code), INT(p->n), INT(p->offset),
                         INT(p->first_ms), INT(p->last_ms)),
                    NULL, e))
            return false;
    }
    return sql_do(q, &trim_notes, ARGS(INT(most)), NULL, e);
}

bool sqlite_list_peers(struct store *s, struct arena *a, struct peer_list *out, struct err *e)
{
    struct rows r;
    bool more, ok;

    *out = (struct peer_list){0};
    if (!rows_open(&r, (struct sqlite *)s, &list_notes, NULL, 0, e))
        return false;
    while ((ok = rows_next(&r, &more, e)) && more)
        *GROW(a, out) = (struct peer_note){
            .listener = row_text(&r, 0, a),
            .address = row_text(&r, 1, a),
            .application = row_text(&r, 2, a),
            .facility = row_text(&r, 3, a),
            .code = row_text(&r, 4, a),
            .n = (uint64_t)row_int(&r, 5),
            .offset = (uint64_t)row_int(&r, 6),
            .first_ms = row_int(&r, 7),
            .last_ms = row_int(&r, 8),
        };
    return ok;
}

static struct seal_place bytes_at(int64_t id)
{
    return (struct seal_place){"recording", "bytes", id};
}

static struct recording recording_row(const struct rows *r, struct arena *a)
{
    return (struct recording){
        .id = row_int(r, 0),
        .listener = row_text(r, 1, a),
        .address = row_text(r, 2, a),
        .code = row_text(r, 3, a),
        .opened_ms = row_int(r, 4),
        .saved_ms = row_int(r, 5),
        .offset = (uint64_t)row_int(r, 6),
    };
}

bool sqlite_put_recording(struct store *s, struct recording *r, size_t most, struct err *e)
{
    struct sqlite *q = (struct sqlite *)s;
    struct arg bytes;

    return next_id(q, T_RECORDING, &r->id, e) &&
           sealed_arg(q, bytes_at(r->id), r->bytes.p ? r->bytes : STR(""), &bytes, e) &&
           sql_do(q, &add_recording,
                  ARGS(INT(r->id), name_arg(r->listener), name_arg(r->address), name_arg(r->code),
                       INT(r->opened_ms), INT(r->saved_ms), INT(r->offset), bytes),
                  NULL, e) &&
           sql_do(q, &trim_recordings, ARGS(INT(most)), NULL, e);
}

bool sqlite_list_recordings(struct store *s, size_t most, struct arena *a,
                            struct recording_list *out, struct err *e)
{
    struct rows r;
    bool more, ok;

    *out = (struct recording_list){0};
    if (!rows_open(&r, (struct sqlite *)s, &list_recordings, ARGS(INT(most)), e))
        return false;
    while ((ok = rows_next(&r, &more, e)) && more)
        *GROW(a, out) = recording_row(&r, a);
    return ok;
}

bool sqlite_read_recording(struct store *s, int64_t id, struct arena *a, struct recording *out,
                           struct err *e)
{
    struct rows r;
    bool found, ok;

    *out = (struct recording){0};
    if (!rows_one(&r, (struct sqlite *)s, &read_recording, ARGS(INT(id)), &found, e))
        return false;
    if (!found)
        return err_set(e, ERR_INPUT, 0, "no recording %lld", (long long)id);
    *out = recording_row(&r, a);
    ok = row_sealed(&r, 7, bytes_at(id), a, &out->bytes, e);
    rows_close(&r);
    return ok;
}
