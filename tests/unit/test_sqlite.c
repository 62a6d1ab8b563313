/* What only the SQLite store has: files, locks, settings read back, a disk that fails. */
#include <fcntl.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "faulty_disk.h"
#include "seal/seal.h"
#include "store/store.h"
#include "temp_folder.h"

static const uint8_t root[SEAL_KEY_BYTES] = {7};

struct place {
    struct temp_folder folder;
    struct seal *seal;
    struct store_settings set;
    struct arena a;
    struct err e;
};

static void place_make(struct place *p)
{
    *p = (struct place){.seal = seal_from_root(root)};
    temp_folder_make(&p->folder);
    p->set = (struct store_settings){
        .where = p->folder.path, .seal = p->seal, .duplicate_ms = 1000, .wal_pages = 4000};
}

static void place_remove(struct place *p)
{
    temp_folder_remove(&p->folder);
    seal_close(p->seal);
    arena_reset(&p->a);
}

static struct store *opened(struct place *p)
{
    struct store *s = NULL;

    CHECK(store_sqlite.open(&p->set, &s, &p->e), "%s", p->e.text);
    return s;
}

/* The open must fail, saying so. */
static void refused(struct place *p, const char *says)
{
    struct store *s = NULL;

    p->e = (struct err){0};
    CHECK(!store_sqlite.open(&p->set, &s, &p->e) && p->e.kind == ERR_CONFIG &&
              strstr(p->e.text, says),
          "'%s' does not say '%s'", p->e.text, says);
    if (s)
        s->ops->close(s);
}

static bool put(struct place *p, struct store *s, int key, struct str body, struct intake *in)
{
    struct message m = {.kind = MESSAGE_HL7,
                        .feed = STR("demo"),
                        .type = STR("ADT^A01"),
                        .body = body,
                        .ack = STR("ACK"),
                        .received_ms = 1};

    memcpy(m.key, &key, sizeof key);
    return s->ops->put_message(s, &m, &p->a, in, &p->e);
}

/* One message in a commit of its own. False: not committed, as p->e says. */
static bool store_one(struct place *p, struct store *s, int key, struct str body)
{
    struct intake in;

    if (!s->ops->begin(s, &p->e))
        return false;
    if (put(p, s, key, body, &in) && s->ops->commit(s, &p->e))
        return true;
    s->ops->rollback(s);
    return false;
}

static struct ledger ledger(struct place *p, struct store *s)
{
    struct ledger l = {0};

    CHECK(s->ops->begin(s, &p->e) && s->ops->ledger(s, &l, &p->e) && s->ops->commit(s, &p->e), "%s",
          p->e.text);
    CHECK(ledger_balances(&l), "balance");
    return l;
}

/* SQL on a connection of the test's own. */
static void run_sql(struct place *p, const char *sql)
{
    char path[512];
    sqlite3 *db;

    CHECK(sqlite3_open(temp_folder_file(&p->folder, "tidings.db", path), &db) == SQLITE_OK &&
              sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK,
          "%s: %s", sql, sqlite3_errmsg(db));
    (void)sqlite3_close(db);
}

static void test_files(void)
{
    static const char *const names[] = {"tidings.db", "tidings.db-wal", "tidings.db-shm",
                                        "tidings.lock"};
    struct place p;
    struct store *s;
    struct stat st;
    char inner[512], path[600];
    mode_t was = umask(0);

    place_make(&p);
    p.set.where = temp_folder_file(&p.folder, "state", inner);
    s = opened(&p);
    CHECK(store_one(&p, s, 1, STR("x")), "%s", p.e.text);
    CHECK(stat(inner, &st) == 0 && (st.st_mode & 07777) == 0700, "folder %o", st.st_mode);
    for
        EACH (i, names) {
            (void)snprintf(path, sizeof path, "%s/%s", inner, names[i]);
            CHECK(stat(path, &st) == 0 && (st.st_mode & 07777) == 0600, "%s %o", names[i],
                  st.st_mode);
        }
    s->ops->close(s);
    p.set.where = temp_folder_file(&p.folder, "none/state", inner);
    refused(&p, "No such file");
    p.set.where = temp_folder_file(&p.folder, "state/tidings.db", inner);
    refused(&p, "Not a directory");
    umask(was);
    place_remove(&p);
}

static void test_folder_of_others(void)
{
    static const mode_t modes[] = {0770, 0720, 0707, 0702, 01777};
    static const mode_t fine[] = {0700, 0755, 0750, 0705};
    enum { STRANGER = 12345 };
    struct place p;
    char says[64];

    place_make(&p);
    for (int again = 0; again < 2; again++) { /* `serve` and `ledger` */
        for
            EACH (i, modes) {
                (void)snprintf(says, sizeof says, "mode is %04o, only its owner", modes[i]);
                CHECK(chmod(p.folder.path, modes[i]) == 0, "chmod");
                refused(&p, says);
            }
        for
            EACH (i, fine) {
                struct store *s;

                CHECK(chmod(p.folder.path, fine[i]) == 0, "chmod");
                s = opened(&p);
                s->ops->close(s);
            }
        if (geteuid() == 0) {
            CHECK(chown(p.folder.path, STRANGER, 0) == 0, "chown");
            refused(&p, "belongs to user 12345, the state folder must be ours or root's");
            CHECK(chown(p.folder.path, 0, STRANGER) == 0, "chown");
        } else {
            printf("another owner's state folder: only root can make one; skipped\n");
        }
        p.set.read_only = true;
    }
    place_remove(&p);
}

static void test_lock(void)
{
    struct place p;
    struct store *s;
    int pipe_up[2], pipe_down[2], status;
    char byte = 0, says[64];
    pid_t child;

    place_make(&p);
    CHECK(pipe(pipe_up) == 0 && pipe(pipe_down) == 0, "pipe");
    child = fork();
    if (child == 0) { /* the other daemon: opens, says so, waits to be told to end */
        s = opened(&p);
        (void)!write(pipe_up[1], "x", 1);
        (void)!read(pipe_down[0], &byte, 1);
        _exit(s ? 0 : 1);
    }
    CHECK(read(pipe_up[0], &byte, 1) == 1, "the other one did not start");
    (void)snprintf(says, sizeof says, "in use by another tidings (pid %ld)", (long)child);
    refused(&p, says);
    p.set.read_only = true; /* `tidings ledger` beside it */
    s = opened(&p);
    CHECK(ledger(&p, s).acked == 0, "reads beside the daemon");
    s->ops->close(s);
    p.set.read_only = false;
    CHECK(write(pipe_down[1], "x", 1) == 1 && waitpid(child, &status, 0) == child && status == 0,
          "the other one ends");
    s = opened(&p); /* the kernel has dropped the lock with its holder */
    refused(&p, "in use by another");
    s->ops->close(s);
    s = opened(&p);
    s->ops->close(s);
    place_remove(&p);
    for (int i = 0; i < 2; i++) {
        (void)close(pipe_up[i]);
        (void)close(pipe_down[i]);
    }
}

/* A process that ends in the middle of a transaction leaves what it committed, and only that. */
static void test_kill(void)
{
    struct place p;
    struct store *s;
    struct intake in;
    struct ledger l;
    int status;
    pid_t child;

    place_make(&p);
    child = fork();
    if (child == 0) {
        s = opened(&p);
        if (!store_one(&p, s, 1, STR("kept")) || !s->ops->begin(s, &p.e) ||
            !put(&p, s, 2, STR("lost"), &in))
            _exit(1);
        _exit(9); /* no close: the WAL stays */
    }
    CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 9,
          "status %d", status);
    p.set.read_only = true;
    s = opened(&p);
    CHECK(ledger(&p, s).acked == 1, "a reader recovers the log, too");
    CHECK(s->ops->begin(s, &p.e) && !put(&p, s, 3, STR("x"), &in) && p.e.kind == ERR_BUSY,
          "but writes nothing: %s", p.e.text);
    s->ops->rollback(s);
    s->ops->close(s);
    p.set.read_only = false;
    s = opened(&p);
    l = ledger(&p, s);
    CHECK(l.acked == 1 && l.pending == 1, "%lld acked", (long long)l.acked);
    CHECK(s->ops->begin(s, &p.e) && put(&p, s, 1, STR("kept"), &in) && in.seen &&
              str_eq(in.ack, STR("ACK")),
          "the first is recognised");
    CHECK(put(&p, s, 2, STR("lost"), &in) && !in.seen && in.id == 2 && s->ops->commit(s, &p.e),
          "the second is new");
    s->ops->close(s);
    place_remove(&p);
}

static void test_schema(void)
{
    struct place p;
    struct store *s;
    struct seal *mine;
    const uint8_t other[SEAL_KEY_BYTES] = {8};

    place_make(&p);
    p.set.read_only = true;
    refused(&p, "No such file"); /* a reader makes nothing */
    p.set.read_only = false;
    s = opened(&p);
    CHECK(store_one(&p, s, 1, STR("x")), "%s", p.e.text);
    s->ops->close(s);
    mine = p.seal;
    p.seal = seal_from_root(other);
    p.set.seal = p.seal;
    refused(&p, "another key file");
    seal_close(p.seal);
    p.seal = mine;
    p.set.seal = mine;
    run_sql(&p, "INSERT INTO migration(version) VALUES (99)");
    refused(&p, "schema 99, this program knows 6");
    p.set.read_only = true;
    refused(&p, "schema 99");
    p.set.read_only = false;
    run_sql(&p, "DELETE FROM migration WHERE version = 99");
    s = opened(&p);
    CHECK(ledger(&p, s).acked == 1, "and nothing was lost");
    s->ops->close(s);
    place_remove(&p);
}

/* ---- settings that do not take ---- */

static const char *ignored_pragma;

static int authorize(void *ctx, int action, const char *name, const char *value, const char *db,
                     const char *trigger)
{
    (void)ctx;
    (void)db;
    (void)trigger;
    return action == SQLITE_PRAGMA && value && strcmp(name, ignored_pragma) == 0 ? SQLITE_IGNORE
                                                                                 : SQLITE_OK;
}

/* A build of SQLite whose setting of that name is weaker and stays so. */
static int weaken(sqlite3 *db, const char **message, const struct sqlite3_api_routines *api)
{
    (void)message;
    (void)api;
    (void)sqlite3_exec(db, "PRAGMA synchronous = NORMAL; PRAGMA secure_delete = OFF", NULL, NULL,
                       NULL);
    (void)sqlite3_set_authorizer(db, authorize, NULL);
    return SQLITE_OK;
}

static void test_settings_read_back(void)
{
    static const char *const names[] = {"journal_mode", "synchronous", "secure_delete"};

    for
        EACH (i, names) {
            struct place p;
            struct store *s;

            place_make(&p);
            ignored_pragma = names[i];
            (void)sqlite3_auto_extension((void (*)(void))weaken);
            refused(&p, "SQLite refuses PRAGMA");
            CHECK(strstr(p.e.text, names[i]), "%s", p.e.text);
            sqlite3_reset_auto_extension();
            s = opened(&p);
            s->ops->close(s);
            place_remove(&p);
        }
}

/* ---- a disk that fails ---- */

/* The connection of the store opened last. */
static sqlite3 *last_db;

static int remember(sqlite3 *db, const char **message, const struct sqlite3_api_routines *api)
{
    (void)message;
    (void)api;
    last_db = db;
    return SQLITE_OK;
}

static void test_disk_full(void)
{
    struct place p;
    struct store *s;
    int stored = 0;

    place_make(&p);
    (void)sqlite3_auto_extension((void (*)(void))remember);
    s = opened(&p);
    sqlite3_reset_auto_extension();
    (void)sqlite3_exec(last_db, "PRAGMA max_page_count = 80", NULL, NULL, NULL);
    while (stored < 1000 && store_one(&p, s, stored, STR("0123456789")))
        stored++;
    CHECK(stored > 20 && stored < 1000, "%d stored", stored);
    CHECK(p.e.kind == ERR_BUSY && strstr(p.e.text, "disk is full"), "%s", p.e.text);
    CHECK(!store_one(&p, s, stored, STR("0123456789")) && p.e.kind == ERR_BUSY, "still full: %s",
          p.e.text);
    CHECK(ledger(&p, s).acked == stored, "nothing half stored");
    (void)sqlite3_exec(last_db, "PRAGMA max_page_count = 100000", NULL, NULL, NULL);
    CHECK(store_one(&p, s, stored, STR("0123456789")), "room again: %s", p.e.text);
    CHECK(ledger(&p, s).acked == stored + 1, "and it is there");
    s->ops->close(s);
    place_remove(&p);
}

enum {
    ROUNDS = 4,
    CHECKPOINTED = 17 << 20,
    MEDIUM = 300 << 10
}; /* CHECKPOINTED: over 4000 pages */

/* A few commits, the second of a message of `bytes`. acked[i]: its commit said so. Gives what the
 * first failing call said. */
static struct err work(struct place *p, struct store *s, size_t bytes, bool acked[ROUNDS])
{
    struct str big = {arena_get(&p->a, 1, bytes), bytes};
    struct err first = {0};

    for (int i = 0; i < ROUNDS; i++) {
        acked[i] = store_one(p, s, i, i == 1 ? big : STR("small"));
        if (!acked[i] && !first.kind)
            first = p->e;
    }
    return first;
}

/* After a new start every acknowledged message is there, and each resend is known or new. */
static void check_nothing_lost(struct place *p, const bool acked[ROUNDS], const char *what, int at)
{
    const struct str body = STR("again"); /* the key alone tells a resend in this test */
    struct store *s;
    struct intake in;

    faulty_disk_arm(0, 0, 0, false);
    s = opened(p);
    for (int i = 0; i < ROUNDS; i++) {
        CHECK(s->ops->begin(s, &p->e) && put(p, s, i, body, &in) && s->ops->commit(s, &p->e), "%s",
              p->e.text);
        CHECK(in.seen || !acked[i], "%s %d: message %d was acknowledged and is gone", what, at, i);
    }
    CHECK(ledger(p, s).pending == ROUNDS, "%s %d: each once", what, at);
    s->ops->close(s);
}

/* One sync fails: that commit is uncertain, or the checkpoint behind a good one is noticed before
 * the next; nothing is acknowledged after it. */
static void test_failing_sync(struct faulty_disk *disk)
{
    int fired = 0, uncertain = 0;

    for (int at = 1;; at++) {
        bool acked[ROUNDS], silent = false;
        struct place p;
        struct store *s;
        struct err first;
        int was_fired;

        place_make(&p);
        s = opened(&p);
        faulty_disk_arm(at, 0, SQLITE_IOERR_FSYNC, false);
        first = work(&p, s, CHECKPOINTED, acked);
        was_fired = disk->fired;
        if (was_fired) {
            uncertain += first.kind == ERR_UNCERTAIN;
            CHECK(first.kind == ERR_UNCERTAIN, "sync %d: %s", at, first.text);
            CHECK(!s->ops->begin(s, &p.e) && p.e.kind == ERR_UNCERTAIN, "nothing goes on");
        }
        for (int i = 0; i < ROUNDS; i++) {
            CHECK(!(silent && acked[i]), "sync %d: acknowledged after the fault", at);
            silent = silent || !acked[i];
        }
        disk->syncs = 0;
        s->ops->close(s);
        CHECK(!was_fired || disk->syncs == 0, "sync %d: a failed sync was tried again at close",
              at);
        check_nothing_lost(&p, acked, "sync", at);
        place_remove(&p);
        if (!was_fired)
            break;
        fired++;
    }
    CHECK(fired >= ROUNDS + 2 && uncertain == fired, "%d syncs failed in turn", fired);
}

/* One write is cut short by a full disk: busy, nothing half done, and the store goes on. True: the
 * fault fired. */
static bool one_failing_write(struct faulty_disk *disk, size_t bytes, int at)
{
    bool acked[ROUNDS], fired;
    struct place p;
    struct store *s;
    struct err first;
    int refusals = 0;

    place_make(&p);
    s = opened(&p);
    faulty_disk_arm(0, at, SQLITE_FULL, false);
    first = work(&p, s, bytes, acked);
    fired = disk->fired > 0;
    CHECK(!first.kind || first.kind == ERR_BUSY, "write %d: %s", at, first.text);
    for (int i = 0; i < ROUNDS; i++)
        refusals += !acked[i];
    CHECK(refusals <= 1, "write %d: the store goes on: %s", at, p.e.text);
    s->ops->close(s);
    check_nothing_lost(&p, acked, "write", at);
    place_remove(&p);
    return fired;
}

static void test_failing_write(struct faulty_disk *disk)
{
    int fired = 0;

    for (int at = 1; one_failing_write(disk, MEDIUM, at); at += at < 30 ? 1 : 13)
        fired++;
    CHECK(fired > 40, "%d writes failed in turn", fired);
    /* 4,300 pages go to the log in two writes each; what follows is the checkpoint */
    for (int at = 8800; at < 13000; at += 1000)
        CHECK(one_failing_write(disk, CHECKPOINTED, at), "write %d is in the checkpoint", at);
}

static long long log_bytes(struct place *p)
{
    struct stat st;
    char path[512];

    return stat(temp_folder_file(&p->folder, "tidings.db-wal", path), &st) == 0 ? st.st_size : -1;
}

/* While somebody reads, the log grows; it is cut when they have done. */
static void test_long_reader(void)
{
    enum { PAGES = 100, LIMIT = 32 + PAGES * 4120, ROOM = 1 << 20 };
    struct str big = {NULL, 40 << 10};
    struct place p;
    struct store *s;
    sqlite3 *reader;
    char path[512];
    int key = 0;

    place_make(&p);
    p.set.wal_pages = PAGES;
    big.p = arena_get(&p.a, 1, big.n);
    s = opened(&p);
    CHECK(store_one(&p, s, key++, STR("x")), "%s", p.e.text);
    CHECK(sqlite3_open(temp_folder_file(&p.folder, "tidings.db", path), &reader) == SQLITE_OK &&
              sqlite3_exec(reader, "BEGIN; SELECT count(*) FROM message", NULL, NULL, NULL) ==
                  SQLITE_OK,
          "%s", sqlite3_errmsg(reader));
    while (key < 200 && log_bytes(&p) < 2LL * (LIMIT + ROOM))
        CHECK(store_one(&p, s, key++, big), "%s", p.e.text);
    CHECK(log_bytes(&p) >= 2LL * (LIMIT + ROOM), "it grew: %lld", log_bytes(&p));
    (void)sqlite3_close(reader);
    for (int i = 0; i < 2000 && log_bytes(&p) > LIMIT + ROOM; i++)
        CHECK(store_one(&p, s, key++, STR("x")), "%s", p.e.text);
    CHECK(log_bytes(&p) <= LIMIT + ROOM, "it was cut: %lld", log_bytes(&p));
    for (int i = 0; i < 40; i++)
        CHECK(store_one(&p, s, key++, big), "%s", p.e.text);
    CHECK(ledger(&p, s).acked == key, "nothing is lost");
    s->ops->close(s);
    s = opened(&p);
    CHECK(ledger(&p, s).acked == key, "nothing is lost");
    s->ops->close(s);
    place_remove(&p);
}

/* A checkpoint's sync fails, on its thread or on the committing one: no other is tried, neither in a pass nor
 * at the end, and the next commit is refused. */
static void test_failing_passes(struct faulty_disk *disk)
{
    enum { COMMITS = 60 };
    struct str body = {NULL, 30 << 10}; /* more pages than a pass begins at */
    int fired = 0;

    for (int at = 1; at < 40; at++) {
        struct place p;
        struct store *s;
        int acked = 0;

        place_make(&p);
        body.p = arena_get(&p.a, 1, body.n);
        p.set.wal_pages = 40;
        s = opened(&p);
        faulty_disk_arm(0, 0, SQLITE_IOERR_FSYNC, false);
        disk->main_sync_at = at;
        /* every second time the end comes before anybody has noticed */
        while (acked < COMMITS && !(at % 2 && disk->fired) && store_one(&p, s, acked, body))
            acked++;
        CHECK(acked == COMMITS || at % 2 || p.e.kind == ERR_UNCERTAIN, "sync %d: %s", at, p.e.text);
        s->ops->close(s);
        CHECK(!disk->fired || disk->main_syncs == at, "sync %d: tried again: %d", at,
              disk->main_syncs);
        fired += disk->fired;
        faulty_disk_arm(0, 0, 0, false);
        s = opened(&p);
        CHECK(ledger(&p, s).acked >= acked, "sync %d: lost", at);
        s->ops->close(s);
        place_remove(&p);
    }
    /* how many passes there are is the threads' affair */
    CHECK(fired > 4, "%d syncs failed in turn", fired);
}

int main(void)
{
    struct faulty_disk *disk = faulty_disk_install();

    test_files();
    test_folder_of_others();
    test_lock();
    test_kill();
    test_schema();
    test_settings_read_back();
    test_disk_full();
    test_failing_sync(disk);
    test_failing_passes(disk);
    test_long_reader();
    test_failing_write(disk);
    return check_end();
}
