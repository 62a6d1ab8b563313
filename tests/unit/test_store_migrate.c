/* A database of an older version: what it holds is there after the first start, and a start that fails
 * half way has changed nothing. */
#include <sqlite3.h>

#include "store/approval.h"
#include "store_fixture.h"

/* Takes away what version 6 brought. */
static const char without_6[] =
    "DROP INDEX notice_by_instance; DROP INDEX notice_by_patient; DROP INDEX notice_reminder;"
    "DROP INDEX link_by_patient; DROP INDEX status_reply; DROP TABLE merged;"
    "ALTER TABLE instance DROP COLUMN replies; ALTER TABLE instance DROP COLUMN ttl_ms;"
    "ALTER TABLE instance DROP COLUMN resend_ms; ALTER TABLE instance DROP COLUMN reminders;"
    "ALTER TABLE instance DROP COLUMN log; ALTER TABLE instance DROP COLUMN approval;"
    "ALTER TABLE notice DROP COLUMN approval; ALTER TABLE notice DROP COLUMN before_ms;"
    "ALTER TABLE notice DROP COLUMN resend_ms; ALTER TABLE notice DROP COLUMN replies;"
    "ALTER TABLE notice DROP COLUMN log; DELETE FROM migration WHERE version >= 6";

/* As version 1 made it. */
static const char begun_1[] = "CREATE TABLE migration(version INTEGER PRIMARY KEY,"
                              " applied TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP) STRICT;"
                              "INSERT INTO migration(version) VALUES (1);";
static const char version_1[] =
    "CREATE TABLE property(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, value BLOB) STRICT;"
    "CREATE TABLE tally(line INTEGER PRIMARY KEY, n INTEGER NOT NULL) STRICT;"
    "INSERT INTO tally VALUES (0,0),(1,0),(2,0),(3,0),(4,0),(5,0),(6,0),(7,0);"
    "CREATE TABLE message(id INTEGER PRIMARY KEY, kind INTEGER NOT NULL, feed TEXT NOT NULL,"
    " type TEXT NOT NULL, key BLOB NOT NULL, digest BLOB NOT NULL, received_ms INTEGER NOT NULL,"
    " test INTEGER NOT NULL, mapped INTEGER NOT NULL DEFAULT 0, standing INTEGER NOT NULL,"
    " duplicates INTEGER NOT NULL DEFAULT 0, feed_version TEXT) STRICT;"
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

/* Messages 1 (stored), 2 (mapped, one instance held) and 3 (stored, no ACK); 1 was sent twice. */
static const char rows_1[] = "INSERT INTO message VALUES"
                             " (1, 1, 'demo', 'SIU^S12', ?1, ?1, 1001, 1, 0, 1, 1, NULL),"
                             " (2, 1, 'demo', 'SIU^S12', ?2, ?2, 1002, 0, 1, 2, 0, 'f00d'),"
                             " (3, 2, 'demo', 'Appointment', ?3, ?3, 1003, 0, 0, 1, 0, NULL)";
static const char counts_1[] =
    "INSERT INTO instance(id, message_id, received_ms, message_ms, test, feed, rule, standing,"
    " reason, emits, notifies, named, button, coalesce_ms, stale_ms)"
    " VALUES (1, 2, 1002, 1002, 0, 'demo', 'other', 2, 'a person', 0, 0, 0, 0, 0, 0);"
    "UPDATE tally SET n = 4 WHERE line = 0; UPDATE tally SET n = 2 WHERE line = 1;"
    "UPDATE tally SET n = 1 WHERE line = 2; UPDATE tally SET n = 1 WHERE line = 7;";

static void sql(sqlite3 *db, const char *text)
{
    CHECK(sqlite3_exec(db, text, NULL, NULL, NULL) == SQLITE_OK, "%s", sqlite3_errmsg(db));
}

static void put_rows(sqlite3 *db)
{
    sqlite3_stmt *st = NULL;
    uint8_t keys[3][INDEX_BYTES];

    CHECK(sqlite3_prepare_v2(db, rows_1, -1, &st, NULL) == SQLITE_OK, "%s", sqlite3_errmsg(db));
    for (int i = 0; i < 3; i++) {
        fill(keys[i], i + 1);
        (void)sqlite3_bind_blob(st, i + 1, keys[i], INDEX_BYTES, SQLITE_STATIC);
    }
    CHECK(sqlite3_step(st) == SQLITE_DONE, "%s", sqlite3_errmsg(db));
    (void)sqlite3_finalize(st);
}

static void put_content(sqlite3 *db, const struct bench *b, int id, const char *column,
                        struct str plain)
{
    const char *text = strcmp(column, "body") == 0 ? "INSERT INTO content(id, body) VALUES (?1, ?2)"
                                                   : "UPDATE content SET ack = ?2 WHERE id = ?1";
    struct arena a = {0};
    sqlite3_stmt *st = NULL;
    struct str sealed;
    struct err e = {0};

    CHECK(seal_put(b->seal, (struct seal_place){"content", column, id}, plain, &a, &sealed, &e),
          "%s", e.text);
    CHECK(sqlite3_prepare_v2(db, text, -1, &st, NULL) == SQLITE_OK, "%s", sqlite3_errmsg(db));
    (void)sqlite3_bind_int(st, 1, id);
    (void)sqlite3_bind_blob64(st, 2, sealed.p, sealed.n, SQLITE_STATIC);
    CHECK(sqlite3_step(st) == SQLITE_DONE, "%s", sqlite3_errmsg(db));
    (void)sqlite3_finalize(st);
    arena_reset(&a);
}

static sqlite3 *connect(const struct bench *b)
{
    char path[512];
    sqlite3 *db = NULL;

    CHECK(sqlite3_open(temp_folder_file(&b->folder, "tidings.db", path), &db) == SQLITE_OK, "%s",
          path);
    return db;
}

static void bench_make(struct bench *b)
{
    const uint8_t root[SEAL_KEY_BYTES] = {7};
    sqlite3 *db;

    *b = (struct bench){.ops = &store_sqlite, .seal = seal_from_root(root)};
    temp_folder_make(&b->folder);
    db = connect(b);
    sql(db, "PRAGMA journal_mode = WAL");
    sql(db, begun_1);
    sql(db, version_1);
    put_rows(db);
    for (int id = 1; id <= 3; id++)
        put_content(db, b, id, "body", STR("MSH|CANARY"));
    put_content(db, b, 1, "ack", STR("MSA|1"));
    put_content(db, b, 2, "ack", STR("MSA|2"));
    sql(db, counts_1);
    (void)sqlite3_close(db);
}

static bool opens_as(struct bench *b, bool read_only)
{
    struct store_settings set = {.where = b->folder.path,
                                 .seal = b->seal,
                                 .read_only = read_only,
                                 .duplicate_ms = 14LL * DAY_MS};

    return b->ops->open(&set, &b->s, &b->e);
}

static void bench_remove(struct bench *b)
{
    temp_folder_remove(&b->folder);
    arena_reset(&b->a);
    seal_close(b->seal);
}

static void check_old(struct bench *b)
{
    struct message_list list;
    struct trace_list traces;
    struct ledger l;
    struct message m;

    begin(b);
    l = ledger(b);
    CHECK(l.acked == 4 && l.duplicate == 1 && l.held == 1 && l.pending == 2, "%lld acked",
          (long long)l.acked);
    OK(b, b->s->ops->take_stored(b->s, 9, NULL, 0, &b->a, &list, &b->e));
    CHECK(list.n == 2 && list.items[0].id == 1 && list.items[1].id == 3, "%zu stored", list.n);
    for (int64_t id = 1; id <= 3; id++) {
        OK(b, b->s->ops->read_message(b->s, id, &b->a, &m, &b->e));
        CHECK(str_eq(m.body, STR("MSH|CANARY")) && m.lane == 0 && m.reply == REPLY_NEVER &&
                  !m.channel.p && !m.is_part && !m.first_part && (m.ack.p != NULL) == (id < 3),
              "message %lld", (long long)id);
    }
    OK(b, b->s->ops->list_recent(b->s, 9, &b->a, &traces, &b->e));
    CHECK(traces.n == 3 && str_eq(traces.items[1].reason, STR("a person")), "%zu traces", traces.n);
    commit(b);
}

static void test_migration(void)
{
    struct message m = message(1, 1, 2000);
    struct part_chain c;
    struct bench b;
    struct intake in;
    bool found;

    bench_make(&b);
    CHECK(!opens_as(&b, true) && b.e.kind == ERR_CONFIG &&
              strstr(b.e.text, "start `tidings serve` once"),
          "a reader changes nothing: %s", b.e.text);
    CHECK(opens_as(&b, false), "%s", b.e.text);
    check_old(&b);
    begin(&b);
    OK(&b, b.s->ops->put_message(b.s, &m, &b.a, &in, &b.e));
    CHECK(in.seen && in.id == 1 && str_eq(in.ack, STR("MSA|1")), "a resend is known");
    OK(&b, b.s->ops->put_mapped(b.s, 1, STR("f00d"), NULL, 0, &b.e));
    m = message(4, 4, 2000);
    m.is_part = true;
    m.lane = 77;
    fill(m.next_part, 5);
    OK(&b, b.s->ops->put_message(b.s, &m, &b.a, &in, &b.e));
    CHECK(!in.seen && in.id == 4, "ids go on");
    commit(&b);
    CHECK(bench_reopen(&b), "again");
    begin(&b);
    CHECK(ledger(&b).pending == 2 && ledger(&b).dropped == 1, "and counts");
    OK(&b, b.s->ops->find_parts(b.s, m.next_part, 0, &c, &found, &b.e));
    CHECK(found && c.first == 4, "parts");
    commit(&b);
    b.s->ops->close(b.s);
    CHECK(opens_as(&b, true), "then a reader reads: %s", b.e.text);
    b.s->ops->close(b.s);
    bench_remove(&b);
}

/* A database of version 3, written by its program: what it lacks is absent, what it holds is found. */
static void test_from_3(void)
{
    struct message m = message(9, 9, 2000), got;
    struct outgoing_list list;
    struct intake in;
    struct bench b;
    sqlite3 *db;

    bench_make(&b);
    CHECK(opens_as(&b, false), "%s", b.e.text);
    begin(&b);
    m.reply = REPLY_ALWAYS;
    OK(&b, b.s->ops->put_message(b.s, &m, &b.a, &in, &b.e));
    OK(&b, b.s->ops->put_mapped(b.s, in.id, STR("f00d"), NULL, 0, &b.e));
    commit(&b);
    b.s->ops->close(b.s);
    db = connect(&b);
    sql(db, without_6);
    sql(db, "ALTER TABLE message DROP COLUMN charset; ALTER TABLE message DROP COLUMN fallback;"
            "DROP INDEX outgoing_on_connection; DELETE FROM migration WHERE version >= 4;"
            "ALTER TABLE key_block DROP COLUMN proof; ALTER TABLE key_segment DROP COLUMN proof;"
            "ALTER TABLE key_group DROP COLUMN proof");
    (void)sqlite3_close(db);
    CHECK(!opens_as(&b, true) && strstr(b.e.text, "schema 3"), "%s", b.e.text);
    CHECK(opens_as(&b, false), "%s", b.e.text);
    begin(&b);
    OK(&b, b.s->ops->read_message(b.s, in.id, &b.a, &got, &b.e));
    CHECK(!got.charset.p && !got.fallback.p && str_eq(got.body, m.body), "as it was");
    OK(&b, b.s->ops->find_replies(b.s, &in.id, 1, &b.a, &list, &b.e));
    CHECK(list.n == 1 && list.items[0].message_id == in.id && list.n_none == 0, "its reply");
    m = message(10, 10, 2000);
    m.charset = STR("BIG-5");
    OK(&b, b.s->ops->put_message(b.s, &m, &b.a, &in, &b.e));
    OK(&b, b.s->ops->read_message(b.s, in.id, &b.a, &got, &b.e));
    CHECK(str_eq(got.charset, STR("BIG-5")), "what is new");
    commit(&b);
    b.s->ops->close(b.s);
    bench_remove(&b);
}

/* A database of version 5 has neither reminders nor merges; what waits in it still leaves. */
static void test_from_5(void)
{
    struct flight_list flights;
    struct notice_list open;
    struct instance_list mapped;
    struct approved what;
    struct notice n;
    struct bench b;
    sqlite3 *db;
    const char echo[1][ECHO_BYTES + 1] = {"a1:00000000000000000000000001"};
    bool merged;

    bench_make(&b);
    CHECK(opens_as(&b, false), "%s", b.e.text);
    b.n = 100; /* behind those of version 1 */
    begin(&b);
    n = notice_for(put_telling(&b, "pk_v"), "pk_v", NOTICE_READY);
    OK(&b, b.s->ops->put_notice(b.s, &n, NULL, &b.e));
    (void)put_telling(&b, "pk_w");
    commit(&b);
    b.s->ops->close(b.s);
    db = connect(&b);
    sql(db, without_6);
    (void)sqlite3_close(db);
    CHECK(!opens_as(&b, true) && strstr(b.e.text, "schema 5"), "%s", b.e.text);
    CHECK(opens_as(&b, false), "%s", b.e.text);
    begin(&b);
    OK(&b, b.s->ops->merge_patients(b.s, STR("pk_patient"), STR("pk_other"), STR("MRN9"), 2000,
                                    &merged, &b.e));
    CHECK(merged, "patients can be merged");
    OK(&b, b.s->ops->find_patient(b.s, STR("pk_other"), &b.a, &open, &b.e));
    CHECK(open.n == 1 && open.items[0].before_ms == 0 && open.items[0].replies == 0 &&
              open.items[0].resend_ms == 0,
          "what waits is the other's now");
    OK(&b, b.s->ops->begin_attempts(b.s, 1, echo, 2000, &b.a, &flights, &b.e));
    CHECK(flights.n == 1 && flights.items[0].notice.id == n.id, "and leaves");
    what = approved_of(&flights.items[0].notice);
    CHECK(approval_holds(b.seal, &what, &b.a, flights.items[0].notice.approval), "approved");
    OK(&b, b.s->ops->take_mapped(b.s, 9, &b.a, &mapped, &b.e));
    CHECK(mapped.n == 1, "%zu wait to be planned", mapped.n);
    n = notice_for(mapped.items[0].id, "pk_w", NOTICE_READY);
    n.named = mapped.items[0].named;
    what = approved_of(&n);
    CHECK(approval_holds(b.seal, &what, &b.a, mapped.items[0].approval), "so is what is mapped");
    commit(&b);
    b.s->ops->close(b.s);
    bench_remove(&b);
}

/* Something in the way of the last table: all or nothing. */
static void test_half_way(void)
{
    struct bench b;
    sqlite3 *db;

    bench_make(&b);
    db = connect(&b);
    sql(db, "CREATE TABLE recording(x)");
    (void)sqlite3_close(db);
    for (int round = 0; round < 2; round++)
        CHECK(!opens_as(&b, false) && b.e.kind == ERR_CONFIG && strstr(b.e.text, "migrate"), "%s",
              b.e.text);
    db = connect(&b);
    CHECK(sqlite3_exec(db, "SELECT lane FROM message", NULL, NULL, NULL) == SQLITE_ERROR,
          "still as it was");
    sql(db, "DROP TABLE recording");
    (void)sqlite3_close(db);
    CHECK(opens_as(&b, false), "%s", b.e.text);
    check_old(&b);
    b.s->ops->close(b.s);
    bench_remove(&b);
}

int main(void)
{
    test_migration();
    test_from_3();
    test_from_5();
    test_half_way();
    return check_end();
}
