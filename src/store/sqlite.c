/* Store in one SQLite file: WAL, every commit synced to disk before it counts. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "sqlite_store.h"

enum { BUSY_MS = 5000 };

static const struct query begin_write = {"begin", "BEGIN IMMEDIATE"};
static const struct query begin_read = {"begin", "BEGIN"};
static const struct query commit_query = {"commit", "COMMIT"};
static const struct query add_tally = {"count", "UPDATE tally SET n = n + ?2 WHERE line = ?1"};

static void sqlite_close_(struct store *s)
{
    struct sqlite *q = (struct sqlite *)s;

    if (!q)
        return;
    for (size_t i = 0; i < q->n_prepared; i++)
        (void)sqlite3_finalize(q->prepared[i].st);
    wal_close(q);
    if (q->db && q->failed) /* a sync that failed is not tried again: recovery is for a new start */
        (void)sqlite3_db_config(q->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    (void)sqlite3_close(q->db);
    if (q->lock >= 0)
        (void)close(q->lock);
    arena_reset(&q->scratch);
    key_close(q);
    free(q);
}

/* Sets a pragma and reads it back on this connection, the one that commits: a setting that did not
 * take (another build of SQLite, a file system without shared memory) must not go unnoticed. */
static bool pragma(struct sqlite *q, const char *set, const char *get, const char *want,
                   struct err *e)
{
    sqlite3_stmt *st = NULL;
    const char *is;
    bool ok;

    if (sqlite3_exec(q->db, set, NULL, NULL, NULL) != SQLITE_OK ||
        sqlite3_prepare_v2(q->db, get, -1, &st, NULL) != SQLITE_OK ||
        sqlite3_step(st) != SQLITE_ROW) {
        (void)sql_fail(q, set, e);
        (void)sqlite3_finalize(st);
        return false;
    }
    is = (const char *)sqlite3_column_text(st, 0);
    ok = is && strcmp(is, want) == 0;
    if (!ok)
        (void)err_set(e, ERR_CONFIG, 0, "SQLite refuses %s: it stays at %s", set,
                      is ? is : "nothing");
    (void)sqlite3_finalize(st);
    return ok;
}

static bool pragmas(struct sqlite *q, struct err *e)
{
    static const struct {
        const char *set, *get, *want;
        bool always; /* also on a connection that only reads */
    } all[] = {
        {"PRAGMA trusted_schema = OFF", "PRAGMA trusted_schema", "0", true},
        {"PRAGMA cell_size_check = ON", "PRAGMA cell_size_check", "1", true},
        {"PRAGMA temp_store = MEMORY", "PRAGMA temp_store", "2", true},
        {"PRAGMA journal_mode = WAL", "PRAGMA journal_mode", "wal", false},
        {"PRAGMA synchronous = FULL", "PRAGMA synchronous", "2", false},
        {"PRAGMA secure_delete = ON", "PRAGMA secure_delete", "1", false},
    };

    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        if ((all[i].always || !q->read_only) && !pragma(q, all[i].set, all[i].get, all[i].want, e))
            return false;
    }
    return true;
}

static bool open_database(struct sqlite *q, const struct store_settings *set, struct err *e)
{
    char path[4096];
    int flags = q->read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;

    if (!folder_open(q, set->where, path, sizeof path, e))
        return false;
    /* Its own count of its memory takes a lock at each allocation. Once it runs, this does nothing. */
    (void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    if (sqlite3_open_v2(path, &q->db, flags | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK)
        return q->db ? sql_fail(q, "open", e) : err_set(e, ERR_BUSY, 0, "open: out of memory");
    (void)sqlite3_extended_result_codes(q->db, 1);
    (void)sqlite3_busy_timeout(q->db, BUSY_MS);
    return pragmas(q, e) && schema_open(q, e) && wal_open(q, path, set->wal_pages, e) &&
           key_open(q, set->key_segment, e);
}

static bool sqlite_open_(const struct store_settings *set, struct store **out, struct err *e)
{
    struct sqlite *q = calloc(1, sizeof *q);

    if (!q)
        return err_set(e, ERR_BUSY, 0, "out of memory");
    q->store.ops = &store_sqlite;
    q->seal = set->seal;
    q->duplicate_ms = set->duplicate_ms;
    q->read_only = set->read_only;
    q->lock = -1;
    if (!open_database(q, set, e)) {
        sqlite_close_(&q->store);
        e->kind = ERR_CONFIG; /* at start every reason is the operator's to see */
        return err_in(e, "store");
    }
    *out = &q->store;
    return true;
}

/* The end of a transaction, whatever its outcome. */
static void forget(struct sqlite *q)
{
    memset(q->change, 0, sizeof q->change);
    arena_reset(&q->scratch);
}

static bool sqlite_begin(struct store *s, struct err *e)
{
    struct sqlite *q = (struct sqlite *)s;

    if (q->failed)
        return err_set(e, ERR_UNCERTAIN, 0, "the database failed before; start again");
    if (!wal_check(q, e))
        return false;
    return sql_do(q, q->read_only ? &begin_read : &begin_write, NULL, 0, NULL, e);
}

static bool write_tally(struct sqlite *q, struct err *e)
{
    for (int64_t i = 0; i < LINES; i++) {
        if (q->change[i] && !sql_do(q, &add_tally, ARGS(INT(i), INT(q->change[i])), NULL, e))
            return false;
    }
    return true;
}

static bool sqlite_commit(struct store *s, struct err *e)
{
    struct sqlite *q = (struct sqlite *)s;

    if (q->wal)
        wal_make_room(q);
    if (!write_tally(q, e) || !sql_do(q, &commit_query, NULL, 0, NULL, e))
        return false;
    key_commit(q);
    forget(q);
    if (q->wal)
        wal_committed(q);
    return true;
}

static void sqlite_rollback(struct store *s)
{
    struct sqlite *q = (struct sqlite *)s;

    if (!sqlite3_get_autocommit(q->db)) /* some errors have rolled back already */
        (void)sqlite3_exec(q->db, "ROLLBACK", NULL, NULL, NULL);
    memset(q->last_id, 0, sizeof q->last_id);
    key_rollback(q);
    forget(q);
}

const struct store_ops store_sqlite = {
    .name = "sqlite",
    .open = sqlite_open_,
    .close = sqlite_close_,
    .begin = sqlite_begin,
    .commit = sqlite_commit,
    .rollback = sqlite_rollback,
    .put_message = sqlite_put_message,
    .find_parts = sqlite_find_parts,
    .read_parts = sqlite_read_parts,
    .end_parts = sqlite_end_parts,
    .expire_parts = sqlite_expire_parts,
    .get_sequence = sqlite_get_sequence,
    .put_sequence = sqlite_put_sequence,
    .add_peer_notes = sqlite_add_peer_notes,
    .put_recording = sqlite_put_recording,
    .take_stored = sqlite_take_stored,
    .find_unit = sqlite_find_unit,
    .put_mapped = sqlite_put_mapped,
    .take_mapped = sqlite_take_mapped,
    .settle = sqlite_settle,
    .save_event = sqlite_save_event,
    .save_news = sqlite_save_news,
    .put_notice = sqlite_put_notice,
    .find_open = sqlite_find_open,
    .find_window = sqlite_find_window,
    .find_patient = sqlite_find_patient,
    .find_due = sqlite_find_due,
    .save_recipient = sqlite_save_recipient,
    .merge_patients = sqlite_merge_patients,
    .save_notice = sqlite_save_notice,
    .release_due = sqlite_release_due,
    .find_checking = sqlite_find_checking,
    .revoke_links = sqlite_revoke_links,
    .find_later = sqlite_find_later,
    .begin_attempts = sqlite_begin_attempts,
    .pause_feed = sqlite_pause_feed,
    .resume_feed = sqlite_resume_feed,
    .list_paused = sqlite_list_paused,
    .save_attempt = sqlite_save_attempt,
    .recover = sqlite_recover,
    .put_status = sqlite_put_status,
    .find_attempt = sqlite_find_attempt,
    .find_statuses = sqlite_find_statuses,
    .last_status = sqlite_last_status,
    .count_replies = sqlite_count_replies,
    .open_link = sqlite_open_link,
    .use_code = sqlite_use_code,
    .find_outgoing = sqlite_find_outgoing,
    .find_replies = sqlite_find_replies,
    .save_outgoing = sqlite_save_outgoing,
    .recover_outgoing = sqlite_recover_outgoing,
    .keep_channels = sqlite_keep_channels,
    .list_peers = sqlite_list_peers,
    .list_recordings = sqlite_list_recordings,
    .read_recording = sqlite_read_recording,
    .ledger = sqlite_ledger,
    .list_recent = sqlite_list_recent,
    .read_message = sqlite_read_message,
};
