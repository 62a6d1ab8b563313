/* Keys over many segments: SQLite's answers beside the memory store's, which walks all its rows; with
 * rollbacks, new starts, a window that passes, and a database from before there were segments. */
#include <sqlite3.h>
#include <stdlib.h>

#include "../../src/store/key_filter.h"
#include "../../src/store/key_map.h"
#include "../../src/store/sqlite_key.h"
#include "store_fixture.h"

enum { SEGMENT = 16, ROUNDS = 400, KEYS = 700, WINDOW_MS = 3000 };

/* Both backends, and a sequence of numbers that is the same at each run. */
struct pair {
    struct store_settings set;
    struct store *sqlite, *memory;
    struct temp_folder folder;
    struct arena a;
    struct err e;
    uint64_t state;
    int64_t now_ms;
    int seen, reused, new; /* how often that was the answer */
    bool quick;            /* the window holds all that is put */
};

static unsigned next(struct pair *p, unsigned below)
{
    p->state = p->state * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(p->state >> 33) % below;
}

static void reopen(struct pair *p)
{
    if (p->sqlite)
        p->sqlite->ops->close(p->sqlite);
    p->sqlite = NULL;
    CHECK(store_sqlite.open(&p->set, &p->sqlite, &p->e), "%s", p->e.text);
}

static void pair_open(struct pair *p)
{
    const uint8_t root[SEAL_KEY_BYTES] = {7};

    *p = (struct pair){.state = 42, .now_ms = 100000};
    temp_folder_make(&p->folder);
    p->set = (struct store_settings){.where = p->folder.path,
                                     .seal = seal_from_root(root),
                                     .duplicate_ms = WINDOW_MS,
                                     .key_segment = SEGMENT};
    reopen(p);
    CHECK(store_memory.open(&p->set, &p->memory, &p->e), "%s", p->e.text);
}

static void pair_close(struct pair *p)
{
    p->sqlite->ops->close(p->sqlite);
    p->memory->ops->close(p->memory);
    temp_folder_remove(&p->folder);
    seal_close((struct seal *)(uintptr_t)p->set.seal);
    arena_reset(&p->a);
}

/* Spread as keyed hashes are, but for a few keys that share their first eight bytes. */
static struct message numbered(unsigned key, unsigned digest, int64_t now_ms)
{
    struct message m = message(0, 0, now_ms);
    uint8_t hash[SEAL_HASH_BYTES];

    seal_sha256((struct str){(const char *)&key, sizeof key}, hash);
    memcpy(m.key, hash, INDEX_BYTES);
    if (key % 16 == 0)
        memset(m.key, 0x5a, 8);
    seal_sha256((struct str){(const char *)&digest, sizeof digest}, hash);
    memcpy(m.digest, hash, INDEX_BYTES);
    if (key % 7 == 0 && digest) { /* the print of another one */
        seal_sha256((struct str){(const char *)&(unsigned){0}, sizeof digest}, hash);
        memcpy(m.digest, hash, 8);
    }
    if (key % 5 == 0) { /* the others carry their version in the key */
        m.kind = MESSAGE_FHIR;
        m.newest_only = true;
    }
    return m;
}

static void ask(struct pair *p, const struct message *m)
{
    struct intake one, two;
    bool ok = p->sqlite->ops->put_message(p->sqlite, m, &p->a, &one, &p->e) &&
              p->memory->ops->put_message(p->memory, m, &p->a, &two, &p->e);

    CHECK(ok, "%s", p->e.text);
    CHECK(ok && one.id == two.id && one.seen == two.seen && one.id_reused == two.id_reused &&
              str_eq(one.ack, two.ack),
          "id %lld, not %lld; seen %d, not %d; reused %d, not %d", (long long)one.id,
          (long long)two.id, one.seen, two.seen, one.id_reused, two.id_reused);
    p->seen += one.seen;
    p->reused += one.id_reused;
    p->new += !one.seen && !one.id_reused;
}

static void transaction(struct pair *p)
{
    struct store *const both[] = {p->sqlite, p->memory};
    const unsigned n = 1 + next(p, 9);
    const bool back = next(p, 4) == 0;

    for
        EACH (i, both)
            CHECK(both[i]->ops->begin(both[i], &p->e), "%s", p->e.text);
    for (unsigned i = 0; i < n; i++) {
        struct message m = numbered(next(p, KEYS), next(p, 3), p->now_ms);

        ask(p, &m);
        p->now_ms += next(p, p->quick ? 2 : 4);
    }
    for
        EACH (i, both) {
            if (back)
                both[i]->ops->rollback(both[i]);
            else
                CHECK(both[i]->ops->commit(both[i], &p->e), "%s", p->e.text);
        }
}

static int64_t rows(const struct pair *p, const char *sql)
{
    char path[512];
    sqlite3 *db = NULL;
    sqlite3_stmt *st = NULL;
    int64_t n = -1;

    (void)snprintf(path, sizeof path, "%s/tidings.db", p->folder.path);
    if (sqlite3_open(path, &db) == SQLITE_OK &&
        sqlite3_prepare_v2(db, sql, -1, &st, NULL) == SQLITE_OK && sqlite3_step(st) == SQLITE_ROW)
        n = sqlite3_column_int64(st, 0);
    (void)sqlite3_finalize(st);
    (void)sqlite3_close(db);
    return n;
}

static void run_sql(const struct pair *p, const char *sql)
{
    char path[512];
    sqlite3 *db = NULL;

    (void)snprintf(path, sizeof path, "%s/tidings.db", p->folder.path);
    CHECK(sqlite3_open(path, &db) == SQLITE_OK &&
              sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK,
          "%s: %s", sql, sqlite3_errmsg(db));
    (void)sqlite3_close(db);
}

static void test_beside_memory(void)
{
    struct pair p;

    pair_open(&p);
    for (int i = 0; i < ROUNDS; i++) {
        transaction(&p);
        if (i % 37 == 36)
            reopen(&p);
    }
    CHECK(p.seen > 100 && p.reused > 100 && p.new > 500, "%d seen, %d reused, %d new", p.seen,
          p.reused, p.new);
    CHECK(rows(&p, "SELECT count(*) FROM key_segment") > 2 * KEY_GROUP, "%lld segments",
          (long long)rows(&p, "SELECT count(*) FROM key_segment"));
    CHECK(rows(&p, "SELECT count(*) FROM key_group") >= 2, "filters are kept");
    /* made anew with segments of another size, and without a filter of a whole group */
    p.set.key_segment = 2 * SEGMENT;
    for (int i = 0; i < ROUNDS / 4; i++) {
        if (i % 20 == 0)
            reopen(&p);
        transaction(&p);
    }
    p.set.key_segment = SEGMENT;
    reopen(&p);
    run_sql(&p, "DELETE FROM key_group");
    reopen(&p);
    for (int i = 0; i < ROUNDS / 4; i++)
        transaction(&p);
    pair_close(&p);
}

/* Written in older ways: no segments at all, body and ACK in two records. */
static void test_from_messages(void)
{
    struct pair p;

    pair_open(&p);
    for (int i = 0; i < ROUNDS / 4; i++)
        transaction(&p);
    p.sqlite->ops->close(p.sqlite);
    p.sqlite = NULL;
    run_sql(&p, "DELETE FROM key_block; DELETE FROM key_segment; DELETE FROM key_group");
    for (int i = 0; i < ROUNDS / 4; i++) {
        if (i == 0)
            reopen(&p);
        transaction(&p);
    }
    pair_close(&p);
}

/* A resend long after: not known any more, and known again once it was stored anew. */
static void test_window(void)
{
    struct pair p;

    pair_open(&p);
    for (int round = 0; round < 3; round++) {
        struct store *const both[] = {p.sqlite, p.memory};

        for (unsigned key = 0; key < 3 * SEGMENT; key++) {
            struct message m = numbered(key, 1, p.now_ms);

            for
                EACH (i, both)
                    CHECK(both[i]->ops->begin(both[i], &p.e), "%s", p.e.text);
            ask(&p, &m);
            ask(&p, &m);
            for
                EACH (i, both)
                    CHECK(both[i]->ops->commit(both[i], &p.e), "%s", p.e.text);
        }
        p.now_ms += WINDOW_MS + 1;
        reopen(&p);
    }
    CHECK(p.seen == 9 * SEGMENT && p.new == 9 * SEGMENT, "%d seen, %d new", p.seen, p.new);
    pair_close(&p);
}

/* Whatever storage does to the index, closed or in use: no answer becomes another one, and what was altered is
 * whole again. */
static void test_damaged(void)
{
    static const struct {
        const char *sql, *left; /* counts what is still altered; NULL: nothing to count */
    } hurt[] = {
        {"UPDATE key_group SET filter = zeroblob(length(filter))",
         "SELECT count(*) FROM key_group WHERE filter = zeroblob(length(filter))"},
        {"UPDATE key_group SET filter = x'00'",
         "SELECT count(*) FROM key_group WHERE length(filter) = 1"},
        {"DELETE FROM key_group", NULL},
        {"UPDATE key_group SET filter = (SELECT filter FROM key_group WHERE id = 0),"
         " proof = (SELECT proof FROM key_group WHERE id = 0)",
         NULL},
        {"UPDATE key_block SET entries = x''", NULL},
        {"UPDATE key_block SET entries = x'00'", NULL},
        {"UPDATE key_block SET proof = x''", NULL},
        {"DELETE FROM key_block", NULL},
        {"DELETE FROM key_block WHERE id % 2 = 1", NULL},
        {"UPDATE key_block SET entries = (SELECT o.entries FROM key_block o WHERE o.id ="
         " key_block.id % 256), proof = (SELECT o.proof FROM key_block o WHERE o.id = key_block.id"
         " % 256)",
         NULL},
        {"UPDATE key_segment SET newest_ms = 0",
         "SELECT count(*) FROM key_segment WHERE newest_ms = 0"},
        {"DELETE FROM key_segment WHERE id % 3 = 1", NULL},
        {"UPDATE key_segment SET id = id + 1000000000000 WHERE id % 7 = 3",
         "SELECT count(*) FROM key_segment WHERE id > 1000000000"},
        {"UPDATE key_segment SET id = -5 WHERE id = 3",
         "SELECT count(*) FROM key_segment WHERE id < 0"},
        {"DELETE FROM key_segment WHERE id > 20", NULL},
    };

    struct pair p;

    pair_open(&p);
    p.quick = true;
    for (int n = 0; n < ROUNDS; n++)
        transaction(&p);
    CHECK(rows(&p, "SELECT count(*) FROM key_group") >= 2, "filters are on disk");
    for (size_t i = 0; i < 2 * sizeof hurt / sizeof *hurt; i++) {
        const size_t at = i / 2;
        const int seen = p.seen;

        if (i % 2 == 0 && !strstr(hurt[at].sql, "key_block"))
            continue; /* what is in memory is not read again */
        if (i % 2) {
            p.sqlite->ops->close(p.sqlite);
            p.sqlite = NULL;
        }
        run_sql(&p, hurt[at].sql);
        if (i % 2)
            reopen(&p);
        for (int n = 0; n < ROUNDS / 10; n++)
            transaction(&p);
        CHECK(p.seen > seen + 20, "%s: %d seen", hurt[at].sql, p.seen - seen);
        reopen(&p);
        for (int n = 0; n < ROUNDS / 40; n++)
            transaction(&p);
        CHECK(!hurt[at].left || rows(&p, hurt[at].left) == 0, "%s: %lld are left", hurt[at].sql,
              (long long)rows(&p, hurt[at].left));
    }
    pair_close(&p);
}

/* More than the map holds in one transaction: refused, nothing lost, and the store goes on. */
static void test_too_many(void)
{
    struct pair p;
    struct intake in;
    bool ok = true;
    unsigned n = 0;

    pair_open(&p);
    CHECK(p.sqlite->ops->begin(p.sqlite, &p.e), "%s", p.e.text);
    while (ok && n < 100 * SEGMENT) {
        struct message m = numbered(n++, 1, p.now_ms);

        ok = p.sqlite->ops->put_message(p.sqlite, &m, &p.a, &in, &p.e);
    }
    CHECK(!ok && p.e.kind == ERR_BUSY && n > 4 * SEGMENT, "%u: %s", n, p.e.text);
    p.sqlite->ops->rollback(p.sqlite);
    transaction(&p);
    pair_close(&p);
}

/* What was added last leaves first; what is older than the ring or the base is not seen. */
static void test_map(void)
{
    struct key_map m;
    const struct key_print print = {7, 9}, other = {7, 10};
    const struct key_entry *e;

    CHECK(key_map_init(&m, 8, 256), "memory");
    for (int64_t id = 1; id <= 8; id++)
        CHECK(key_map_add(&m, id, id % 2 ? print : other, id), "%lld", (long long)id);
    CHECK(!key_map_add(&m, 9, print, 9), "the ring is full");
    m.base = 3;
    CHECK(key_map_add(&m, 9, print, 9), "room again");
    e = key_map_next(&m, PAIR_CHAIN, print, NULL);
    CHECK(e && e->id == 9, "newest first");
    e = key_map_next(&m, PAIR_CHAIN, print, e);
    CHECK(e && e->id == 7, "then the one before");
    e = key_map_next(&m, PAIR_CHAIN, print, key_map_next(&m, PAIR_CHAIN, print, e));
    CHECK(!e, "3 is not seen any more");
    key_map_undo(&m, 8);
    e = key_map_next(&m, KEY_CHAIN, print, NULL);
    CHECK(e && e->id == 8, "one key, whatever the digest");
    key_map_undo(&m, 0);
    CHECK(!key_map_next(&m, KEY_CHAIN, print, NULL), "empty");
    key_map_free(&m);
}

/* Every key that was added is there; few of the others seem to be. */
static void test_filter(void)
{
    enum { LINES = 1024, ADDED = LINES * FILTER_LINE_KEYS, ASKED = 100000 };
    uint8_t *bits = calloc(LINES, FILTER_LINE);
    int missing = 0, wrong = 0;

    for (uint64_t i = 0; i < ADDED; i++)
        key_filter_add(bits, LINES, i * 0x9e3779b97f4a7c15);
    for (uint64_t i = 0; i < ADDED; i++)
        missing += !key_filter_has(bits, LINES, i * 0x9e3779b97f4a7c15);
    for (uint64_t i = ADDED; i < ADDED + ASKED; i++)
        wrong += key_filter_has(bits, LINES, i * 0x9e3779b97f4a7c15);
    CHECK(missing == 0, "%d missing", missing);
    CHECK(wrong > 0 && wrong < ASKED / 300, "%d of %d taken for present", wrong, ASKED);
    free(bits);
}

int main(void)
{
    test_map();
    test_filter();
    test_beside_memory();
    test_from_messages();
    test_window();
    test_damaged();
    test_too_many();
    return check_end();
}
