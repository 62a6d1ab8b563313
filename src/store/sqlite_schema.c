/* The tables. A column that holds what model/ marks as sealed is a BLOB written by sealed_arg().
 *
 * Message bodies stand apart from the message rows: a row is updated twice in its life, and SQLite
 * would rewrite a body of megabytes with it each time.
 *
 * The tally holds the lines of the ledger. Counting 10 million rows takes seconds, so each
 * transaction adds its changes to eight small rows; `acked` is counted where a unit or a resend
 * comes in and the other lines where a standing changes, so the equation is a check, not a sum. */
#include "sqlite_store.h"

static const char version_1[] =
    "CREATE TABLE property(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, value BLOB) STRICT;"
    "CREATE TABLE tally(line INTEGER PRIMARY KEY, n INTEGER NOT NULL) STRICT;"
    "INSERT INTO tally VALUES (0,0),(1,0),(2,0),(3,0),(4,0),(5,0),(6,0),(7,0);"

    "CREATE TABLE message(id INTEGER PRIMARY KEY, kind INTEGER NOT NULL, feed TEXT NOT NULL,"
    " type TEXT NOT NULL, key BLOB NOT NULL, digest BLOB NOT NULL, received_ms INTEGER NOT NULL,"
    " test INTEGER NOT NULL, mapped INTEGER NOT NULL DEFAULT 0, standing INTEGER NOT NULL,"
    " duplicates INTEGER NOT NULL DEFAULT 0, feed_version TEXT) STRICT;"
    /* A resend is looked up at each intake: the order of the columns makes it one descent. */
    "CREATE INDEX message_by_key ON message(key, digest, received_ms);"
    "CREATE INDEX message_newest ON message(key, id) WHERE kind = 2;"
    "CREATE INDEX message_to_map ON message(id) WHERE mapped = 0;"
    "CREATE TABLE content(id INTEGER PRIMARY KEY, body BLOB NOT NULL, ack BLOB) STRICT;"

    "CREATE TABLE instance(id INTEGER PRIMARY KEY, message_id INTEGER NOT NULL,"
    " received_ms INTEGER NOT NULL, message_ms INTEGER NOT NULL, test INTEGER NOT NULL, feed TEXT,"
    " rule TEXT, standing INTEGER NOT NULL, reason TEXT, warnings TEXT, emits INTEGER NOT NULL,"
    " event BLOB, notifies INTEGER NOT NULL, template TEXT, language TEXT, named INTEGER NOT NULL,"
    " button INTEGER NOT NULL, params BLOB, coalesce_ms INTEGER NOT NULL, coalesce_key TEXT,"
    " stale_ms INTEGER NOT NULL, planned INTEGER NOT NULL DEFAULT 0) STRICT;"
    "CREATE INDEX instance_by_message ON instance(message_id, standing);"
    "CREATE INDEX instance_to_plan ON instance(id) WHERE planned = 0 AND standing = 1;"

    "CREATE TABLE unit(id INTEGER PRIMARY KEY, event_type TEXT NOT NULL, unit_key TEXT NOT NULL,"
    " event BLOB NOT NULL, news BLOB, told INTEGER NOT NULL DEFAULT 0,"
    " UNIQUE(event_type, unit_key)) STRICT;"

    "CREATE TABLE notice(id INTEGER PRIMARY KEY, instance_id INTEGER NOT NULL,"
    " state INTEGER NOT NULL, reason TEXT, feed TEXT, event_type TEXT, unit_key TEXT,"
    " patient_key TEXT, coalesce_key TEXT, template TEXT, language TEXT, named INTEGER NOT NULL,"
    " params BLOB, recipient BLOB, token BLOB, due_ms INTEGER NOT NULL,"
    " expires_ms INTEGER NOT NULL, tries INTEGER NOT NULL, carrier INTEGER NOT NULL,"
    " recipient_key BLOB) STRICT;"
    "CREATE INDEX notice_by_unit ON notice(event_type, unit_key, id);"
    "CREATE INDEX notice_window ON notice(coalesce_key, id) WHERE state = 1;"
    "CREATE INDEX notice_merged ON notice(carrier, id) WHERE state = 8;"
    /* whom a ready notice has to wait for */
    "CREATE INDEX notice_ahead ON notice(recipient_key, id)"
    " WHERE state IN (2, 3) OR (state = 1 AND tries > 0);"
    "CREATE INDEX notice_due ON notice(due_ms) WHERE state = 1;"
    "CREATE INDEX notice_ready ON notice(id) WHERE state = 2;"
    "CREATE INDEX notice_stale ON notice(expires_ms) WHERE state = 2 AND expires_ms <> 0;"
    "CREATE INDEX notice_flying ON notice(id) WHERE state = 3;"
    "CREATE INDEX notice_checking ON notice(id) WHERE state = 4;"

    "CREATE TABLE attempt(id INTEGER PRIMARY KEY, notice_id INTEGER NOT NULL,"
    " echo TEXT NOT NULL UNIQUE, state INTEGER NOT NULL, started_ms INTEGER NOT NULL,"
    " ended_ms INTEGER NOT NULL, code INTEGER NOT NULL, wamid BLOB, delivery INTEGER NOT NULL,"
    " failed_code INTEGER NOT NULL) STRICT;"
    "CREATE INDEX attempt_by_notice ON attempt(notice_id);"
    "CREATE INDEX attempt_by_wamid ON attempt(wamid) WHERE wamid IS NOT NULL;"
    "CREATE INDEX attempt_flying ON attempt(id) WHERE state = 1;"

    "CREATE TABLE status(id INTEGER PRIMARY KEY, wamid BLOB NOT NULL, name TEXT NOT NULL, echo "
    "TEXT,"
    " error_code INTEGER NOT NULL, at_ms INTEGER NOT NULL, received_ms INTEGER NOT NULL,"
    " UNIQUE(wamid, name)) STRICT;"
    "CREATE INDEX status_by_echo ON status(echo) WHERE echo IS NOT NULL;"

    "CREATE TABLE link(id INTEGER PRIMARY KEY, token_hash BLOB NOT NULL UNIQUE,"
    " notice_id INTEGER NOT NULL, event_type TEXT, unit_key TEXT, patient_key TEXT, patient BLOB,"
    " resource BLOB, expires_ms INTEGER NOT NULL, revoked_ms INTEGER, redeemed_ms INTEGER,"
    " code_hash BLOB, code_expires_ms INTEGER, code_used_ms INTEGER) STRICT;"
    "CREATE INDEX link_by_unit ON link(event_type, unit_key)"
    " WHERE revoked_ms IS NULL AND redeemed_ms IS NULL;"
    "CREATE UNIQUE INDEX link_by_code ON link(code_hash) WHERE code_hash IS NOT NULL;";

/* A message that is one part of many has mapped = 2 until its chain has ended: nothing takes it. */
static const char version_2[] =
    "ALTER TABLE message ADD COLUMN lane INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE message ADD COLUMN reply INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE message ADD COLUMN channel TEXT;"
    "ALTER TABLE message ADD COLUMN first_part INTEGER;"
    "CREATE INDEX message_part ON message(first_part) WHERE mapped = 2;"

    /* the open ones only; id is that of the first part */
    "CREATE TABLE chain(id INTEGER PRIMARY KEY, next_part BLOB NOT NULL,"
    " began_ms INTEGER NOT NULL, n INTEGER NOT NULL, bytes INTEGER NOT NULL) STRICT;"
    "CREATE INDEX chain_next ON chain(next_part);"
    "CREATE INDEX chain_began ON chain(began_ms);"

    "CREATE TABLE sequence(key BLOB PRIMARY KEY, known INTEGER NOT NULL, last INTEGER NOT NULL,"
    " frozen INTEGER NOT NULL) STRICT, WITHOUT ROWID;"

    "CREATE TABLE outgoing(id INTEGER PRIMARY KEY, message_id INTEGER NOT NULL, channel TEXT,"
    " code TEXT NOT NULL, reason TEXT, state INTEGER NOT NULL, due_ms INTEGER NOT NULL,"
    " tries INTEGER NOT NULL DEFAULT 0, control_id TEXT, body BLOB) STRICT;"
    "CREATE INDEX outgoing_due ON outgoing(channel, due_ms)"
    " WHERE state = 1 AND channel IS NOT NULL;"
    "CREATE INDEX outgoing_reply ON outgoing(message_id) WHERE state = 1 AND channel IS NULL;"
    "CREATE INDEX outgoing_flying ON outgoing(id) WHERE state = 2;"

    "CREATE TABLE peer(id INTEGER PRIMARY KEY, listener TEXT NOT NULL, address TEXT NOT NULL,"
    " application TEXT NOT NULL, facility TEXT NOT NULL, code TEXT NOT NULL, n INTEGER NOT NULL,"
    " at INTEGER NOT NULL, first_ms INTEGER NOT NULL, last_ms INTEGER NOT NULL,"
    " UNIQUE(listener, address, application, facility, code)) STRICT;"
    "CREATE INDEX peer_last ON peer(last_ms);"

    "CREATE TABLE recording(id INTEGER PRIMARY KEY, listener TEXT NOT NULL,"
    " address TEXT NOT NULL, code TEXT NOT NULL, opened_ms INTEGER NOT NULL,"
    " saved_ms INTEGER NOT NULL, at INTEGER NOT NULL, bytes BLOB NOT NULL) STRICT;";

/* Keys are looked up by sqlite_key.c, which fills its tables from the messages at open. */
static const char version_3[] =
    "DROP INDEX message_by_key;"
    "DROP INDEX message_newest;"
    "CREATE TABLE key_block(id INTEGER PRIMARY KEY, entries BLOB NOT NULL) STRICT;"
    "CREATE TABLE key_segment(id INTEGER PRIMARY KEY, size INTEGER NOT NULL,"
    " newest_ms INTEGER NOT NULL) STRICT;"
    "CREATE TABLE key_group(id INTEGER PRIMARY KEY, filter BLOB NOT NULL) STRICT;"
    "ALTER TABLE content ADD COLUMN joined INTEGER NOT NULL DEFAULT 0;";

/* How a body is to be read, and the replies on a connection of a message, whatever became of them. */
static const char version_4[] =
    "ALTER TABLE message ADD COLUMN charset TEXT;"
    "ALTER TABLE message ADD COLUMN fallback TEXT;"
    "CREATE INDEX outgoing_on_connection ON outgoing(message_id) WHERE channel IS NULL;";

/* What tells keys that storage has altered; all are made anew from the messages at open. */
static const char version_5[] =
    "DROP TABLE key_block;"
    "DROP TABLE key_segment;"
    "DROP TABLE key_group;"
    "CREATE TABLE key_block(id INTEGER PRIMARY KEY, entries BLOB NOT NULL,"
    " proof BLOB NOT NULL) STRICT;"
    "CREATE TABLE key_segment(id INTEGER PRIMARY KEY, size INTEGER NOT NULL,"
    " newest_ms INTEGER NOT NULL, proof BLOB NOT NULL) STRICT;"
    "CREATE TABLE key_group(id INTEGER PRIMARY KEY, filter BLOB NOT NULL,"
    " proof BLOB NOT NULL) STRICT;";

/* Reminders, quick replies, resending, slots for the log, approvals; record numbers that became one. */
static const char version_6[] =
    "ALTER TABLE instance ADD COLUMN replies INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE instance ADD COLUMN ttl_ms INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE instance ADD COLUMN resend_ms INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE instance ADD COLUMN reminders BLOB;"
    "ALTER TABLE instance ADD COLUMN log TEXT;"
    "ALTER TABLE instance ADD COLUMN approval BLOB;"
    "ALTER TABLE notice ADD COLUMN before_ms INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE notice ADD COLUMN resend_ms INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE notice ADD COLUMN replies INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE notice ADD COLUMN log TEXT;"
    "ALTER TABLE notice ADD COLUMN approval BLOB;"
    "CREATE INDEX notice_by_instance ON notice(instance_id);"
    "CREATE INDEX notice_by_patient ON notice(patient_key, id) WHERE state IN (1, 2, 3, 4, 8);"
    "CREATE INDEX notice_reminder ON notice(due_ms) WHERE state = 1 AND before_ms > 0;"
    "CREATE INDEX link_by_patient ON link(patient_key) WHERE code_used_ms IS NULL;"
    "CREATE INDEX status_reply ON status(name) WHERE name >= 'reply_' AND name < 'reply`';"
    "CREATE TABLE merged(previous_key TEXT PRIMARY KEY, patient_key TEXT NOT NULL,"
    " at_ms INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE INDEX merged_into ON merged(patient_key);";

/* Migration i leads from version i to i + 1. Never edited once released; only added to. */
static const char *const migrations[] = {version_1, version_2, version_3,
                                         version_4, version_5, version_6};

enum { VERSION = sizeof migrations / sizeof *migrations, APPROVES = 6 };

static const struct query has_version = {
    "read the schema's version", "SELECT count(*) FROM sqlite_schema WHERE name = 'migration'"};
static const struct query read_version = {"read the schema's version",
                                          "SELECT coalesce(max(version), 0) FROM migration"};
static const struct query add_version = {"migrate", "INSERT INTO migration(version) VALUES (?1)"};
static const struct query read_check = {"read the key check",
                                        "SELECT value FROM property WHERE id = 1"};
static const struct query add_check = {
    "write the key check", "INSERT INTO property(id, name, value) VALUES (1, 'key check', ?1)"};

static bool one_int(struct sqlite *q, const struct query *query, int64_t *out, struct err *e)
{
    struct rows r;
    bool found;

    *out = 0;
    if (!rows_one(&r, q, query, NULL, 0, &found, e))
        return false;
    if (found) {
        *out = row_int(&r, 0);
        rows_close(&r);
    }
    return true;
}

static bool run(struct sqlite *q, const char *sql, struct err *e)
{
    return sqlite3_exec(q->db, sql, NULL, NULL, NULL) == SQLITE_OK || sql_fail(q, "migrate", e);
}

/* A database must not be read, and above all not added to, under another key than it was begun
 * with: every message would fail one by one instead of the start with one clear word. */
static bool check_key(struct sqlite *q, struct err *e)
{
    const struct seal_place at = {"property", "value", 1};
    struct str ignored;
    struct rows r;
    struct arg value;
    bool found, ok;

    if (!rows_one(&r, q, &read_check, NULL, 0, &found, e))
        return false;
    if (found) {
        ok = row_sealed(&r, 0, at, &q->scratch, &ignored, e);
        rows_close(&r);
        arena_reset(&q->scratch);
        return ok || err_set(e, ERR_CONFIG, 0,
                             "this database was written under another key file (keys:)");
    }
    ok = q->read_only || (sealed_arg(q, at, STR("tidings"), &value, e) &&
                          sql_do(q, &add_check, ARGS(value), NULL, e));
    arena_reset(&q->scratch);
    return ok;
}

static bool migrate(struct sqlite *q, int64_t from, struct err *e)
{
    if (!run(q,
             "BEGIN IMMEDIATE;"
             "CREATE TABLE IF NOT EXISTS migration(version INTEGER PRIMARY KEY,"
             " applied TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP) STRICT;",
             e))
        return false;
    for (int64_t v = from; v < VERSION; v++) {
        if (!run(q, migrations[v], e) || !sql_do(q, &add_version, ARGS(INT(v + 1)), NULL, e))
            return false;
    }
    /* under another key nothing would open */
    if (from && from < APPROVES && (!check_key(q, e) || !approve_older(q, e)))
        return false;
    return run(q, "COMMIT", e);
}

bool schema_open(struct sqlite *q, struct err *e)
{
    int64_t there, version = 0;

    if (!one_int(q, &has_version, &there, e) || (there && !one_int(q, &read_version, &version, e)))
        return false;
    if (version > VERSION)
        return err_set(e, ERR_CONFIG, 0, "the database has schema %lld, this program knows %d",
                       (long long)version, (int)VERSION);
    if (version < VERSION && q->read_only)
        return err_set(e, ERR_CONFIG, 0,
                       "the database has schema %lld, this program reads %d: "
                       "start `tidings serve` once",
                       (long long)version, (int)VERSION);
    return (version == VERSION || migrate(q, version, e)) && check_key(q, e);
}
