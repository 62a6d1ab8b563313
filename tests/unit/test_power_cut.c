/* The power goes at every sync, and at random moments: what was acknowledged is there afterwards, once,
 * with the answer it got (I1, I8); what was not may be there or not; the database is sound. What a message
 * became - a reminder, a merge of two patients - is there as a whole or not at all.
 *
 * TIDINGS_CUTS=N asks for N random cuts instead of the few that fit a test run. */
#include <sqlite3.h>
#include <stdlib.h>

#include "check.h"
#include "power_disk.h"
#include "store/store.h"
#include "temp_folder.h"

enum {
    ROUNDS = 10,
    MOST = 8,
    LONG = 400 * 1024,
    CUTS = 60,
    SEGMENT = 16 /* keys: written in most runs */
};

struct world {
    struct temp_folder folder;
    struct seal *seal;
    struct arena a;
    struct err e;
    uint64_t random;
    int put;                   /* messages offered */
    bool acked[ROUNDS * MOST]; /* their commit came back */
    int mapped;                /* of their commits that came back */
    int wal_pages;             /* 0: the log is copied at close; 1: after each commit */
    size_t length[ROUNDS * MOST];
};

static uint64_t draw(struct world *w, uint64_t below)
{
    w->random = w->random * 6364136223846793005u + 1442695040888963407u;
    return (w->random >> 33) % below;
}

static struct store *opened(struct world *w)
{
    struct store_settings set = {.where = w->folder.path,
                                 .seal = w->seal,
                                 .duplicate_ms = 86400000,
                                 .key_segment = SEGMENT,
                                 .wal_pages = w->wal_pages};
    struct store *s = NULL;

    return store_sqlite.open(&set, &s, &w->e) ? s : NULL;
}

static struct message message_of(struct world *w, int n)
{
    struct message m = {
        .kind = MESSAGE_HL7, .feed = STR("demo"), .type = STR("SIU^S12"), .received_ms = 1000 + n};
    char *body = arena_get(&w->a, w->length[n], 1);

    memset(body, 'a' + n % 26, w->length[n]);
    m.body = (struct str){body, w->length[n]};
    m.ack = arena_printf(&w->a, "\x0bMSA|AA|%d\x1c\r", n);
    memcpy(m.key, &n, sizeof n);
    memcpy(m.digest, &n, sizeof n);
    m.lane = (uint64_t)n % 3;
    return m;
}

/* It becomes a reminder for one patient, who is then merged into another. */
static bool map_one(struct world *w, struct store *s, int64_t id)
{
    struct str old = arena_printf(&w->a, "pk_old%lld", (long long)id);
    struct str stays = arena_printf(&w->a, "pk_new%lld", (long long)id);
    struct instance in = {.feed = STR("demo"), .standing = STANDING_PENDING, .notifies = true};
    struct notice n = {.state = NOTICE_WAITING,
                       .reason = STR("a reminder is to come"),
                       .feed = STR("demo"),
                       .event_type = STR("appointment/1"),
                       .unit_key = arena_printf(&w->a, "pk_visit%lld", (long long)id),
                       .patient_key = old,
                       .template = STR("visit_reminder"),
                       .language = STR("en"),
                       .to = STR("+12015550123"),
                       .due_ms = INT64_C(1) << 50,
                       .before_ms = 7200000};
    bool merged;

    if (!s->ops->put_mapped(s, id, STR("f00d"), &in, 1, &w->e))
        return false;
    n.instance_id = in.id;
    return s->ops->put_notice(s, &n, NULL, &w->e) &&
           s->ops->merge_patients(s, old, stays, STR("1001"), 1000 + id, &merged, &w->e);
}

/* Maps what is stored, some of it; part of the same commits as in the daemon. *n: how many. */
static bool map_some(struct world *w, struct store *s, int *n)
{
    struct message_list list;

    if (!s->ops->take_stored(s, 3, NULL, 0, &w->a, &list, &w->e))
        return false;
    for (size_t i = 0; i < list.n; i++)
        if (!map_one(w, s, list.items[i].id))
            return false;
    *n = (int)list.n;
    return true;
}

/* One group commit. False: the power went. */
static bool round_of(struct world *w, struct store *s)
{
    int first = w->put, n = 1 + (int)draw(w, MOST), mapped = 0;
    struct intake in;
    bool ok = s->ops->begin(s, &w->e);

    for (int i = 0; ok && i < n; i++) {
        struct message m;

        w->length[w->put] = draw(w, 8) ? 200 + draw(w, 2000) : LONG;
        m = message_of(w, w->put++);
        ok = s->ops->put_message(s, &m, &w->a, &in, &w->e);
    }
    ok = ok && map_some(w, s, &mapped) && s->ops->commit(s, &w->e);
    w->mapped += ok ? mapped : 0;
    for (int i = first; ok && i < w->put; i++)
        w->acked[i] = true;
    arena_reset(&w->a);
    return ok;
}

/* Each mapped message has its reminder, of the patient who stays, and its merge; no other message has. */
static void check_whole(struct world *w, sqlite3 *db, const char *what, int at)
{
    static const char sql[] =
        "SELECT (SELECT count(*) FROM message WHERE mapped = 1), (SELECT count(*) FROM merged),"
        " (SELECT count(*) FROM notice WHERE before_ms > 0 AND state = 1),"
        " (SELECT count(*) FROM notice JOIN merged ON notice.patient_key = merged.patient_key)";
    sqlite3_stmt *st = NULL;
    int n[4] = {-1, -1, -1, -1};

    if (sqlite3_prepare_v2(db, sql, -1, &st, NULL) == SQLITE_OK && sqlite3_step(st) == SQLITE_ROW)
        for (int i = 0; i < 4; i++)
            n[i] = sqlite3_column_int(st, i);
    CHECK(n[0] >= w->mapped && n[1] == n[0] && n[2] == n[0] && n[3] == n[0],
          "%s %d: %d committed; %d mapped, %d merges, %d reminders, %d of who stays", what, at,
          w->mapped, n[0], n[1], n[2], n[3]);
    (void)sqlite3_finalize(st);
}

static void check_sound(struct world *w, const char *what, int at)
{
    char path[4200];
    sqlite3 *db;
    sqlite3_stmt *st = NULL;

    (void)snprintf(path, sizeof path, "%s/tidings.db", w->folder.path);
    CHECK(sqlite3_open(path, &db) == SQLITE_OK &&
              sqlite3_prepare_v2(db, "PRAGMA integrity_check", -1, &st, NULL) == SQLITE_OK &&
              sqlite3_step(st) == SQLITE_ROW &&
              strcmp((const char *)sqlite3_column_text(st, 0), "ok") == 0,
          "%s %d: the database is damaged", what, at);
    (void)sqlite3_finalize(st);
    check_whole(w, db, what, at);
    (void)sqlite3_close(db);
}

/* Each sender that got no answer sends again; each that got one does so, too. */
static void check_all(struct world *w, const char *what, int at)
{
    struct store *s = opened(w);
    struct ledger l;
    int64_t seen = 0;

    CHECK(s, "%s %d: does not open: %s", what, at, w->e.text);
    if (!s)
        return;
    for (int n = 0; n < w->put; n++) {
        struct message m = message_of(w, n), again = {0};
        struct intake in = {0};

        CHECK(s->ops->begin(s, &w->e) && s->ops->put_message(s, &m, &w->a, &in, &w->e) &&
                  s->ops->read_message(s, in.id, &w->a, &again, &w->e) && s->ops->commit(s, &w->e),
              "%s %d: %s", what, at, w->e.text);
        CHECK(in.seen || !w->acked[n], "%s %d: message %d was acknowledged and is gone", what, at,
              n);
        CHECK(!in.seen || str_eq(in.ack, m.ack), "%s %d: message %d: another answer", what, at, n);
        CHECK(str_eq(again.body, m.body), "%s %d: message %d: another body", what, at, n);
        seen += in.seen;
        arena_reset(&w->a);
    }
    CHECK(s->ops->ledger(s, &l, &w->e) && ledger_balances(&l) && l.duplicate == seen &&
              l.acked == w->put + seen,
          "%s %d: %lld acknowledged, %d put", what, at, (long long)l.acked, w->put);
    check_sound(w, what, at);
    power_disk_cut();
    s->ops->close(s);
    power_disk_restore(REST_NONE, &w->random);
}

/* The scenario with a cut at the cut_at-th sync (0: none) or before a random round. True: it came. How many
 * syncs there are depends on how often the checkpoint's thread gets its turn. */
static bool run(uint64_t seed, int cut_at, bool at_random, enum power_rest rest, int *syncs)
{
    const uint8_t root[SEAL_KEY_BYTES] = {9};
    struct world w = {.seal = seal_from_root(root),
                      .random = seed * 2654435761u + 1,
                      .wal_pages = (int)(seed % 2)};
    int dark_round = at_random ? (int)draw(&w, ROUNDS) : ROUNDS;
    struct store *s;
    bool came;

    temp_folder_make(&w.folder);
    power_disk_arm(cut_at);
    s = opened(&w);
    for (int i = 0; s && i < ROUNDS; i++) {
        if (i == dark_round)
            power_disk_cut();
        if (!round_of(&w, s))
            break;
    }
    *syncs = power_disk_syncs();
    came = power_disk_is_dark();
    CHECK(came || w.mapped > ROUNDS, "%d mapped", w.mapped);
    power_disk_cut();
    if (s)
        s->ops->close(s);
    power_disk_restore(rest, &w.random);
    check_all(&w, power_rest_name(rest), cut_at);
    temp_folder_remove(&w.folder);
    arena_reset(&w.a);
    seal_close(w.seal);
    return came;
}

static void test_every_sync(void)
{
    for (uint64_t seed = 1; seed <= 2; seed++) {
        int total = 0, cuts = 0, runs = 0, missed = 0, syncs;

        CHECK(!run(seed, 0, false, REST_NONE, &total), "no cut was asked for");
        CHECK(total > ROUNDS, "%d syncs", total);
        for (int at = 1; at <= total; at++)
            for (int rest = at % 2; rest < RESTS; rest += 2, runs++) {
                bool came = run(seed, at, false, (enum power_rest)rest, &syncs);

                cuts += came;
                missed += !came && syncs < at;
                CHECK(came || syncs < at, "sync %d of %d was not cut", at, syncs);
            }
        CHECK(cuts + missed == runs && cuts > runs / 2, "%d of %d cuts came", cuts, runs);
        printf("power went at each of %d syncs, %d cuts\n", total, runs);
    }
}

static void test_random_cuts(int n)
{
    int cuts = 0, ignored;

    for (int i = 0; i < n; i++)
        cuts += run((uint64_t)i + 2, 0, true, (enum power_rest)(i % RESTS), &ignored);
    CHECK(cuts == n, "%d of %d cuts came", cuts, n);
    printf("%d random cuts\n", n);
}

int main(void)
{
    const char *n = getenv("TIDINGS_CUTS");

    power_disk_install();
    test_every_sync();
    test_random_cuts(n ? atoi(n) : CUTS);
    return check_end();
}
