/* The map step over a store that fails on purpose, by a clock of the test's own: one patient's order, what
 * one message can stop, what is given up and when, and parts whose rest never comes. No feed is loaded, so
 * each message that is mapped is held with a reason of its own. */
#include <sqlite3.h>
#include <stdlib.h>

#include "base/container_of.h"
#include "check.h"
#include "flaky_store.h"
#include "map/map.h"
#include "temp_folder.h"

enum { MOST = 64, RETRY = 1000, TRIES = 4, PARTS = 900000 };

static const int64_t noon = 1795262400000;

/* One put_mapped() that the store was asked for. */
struct asked {
    int64_t id;
    bool refused; /* the step gives it up, instead of mapping it */
    bool ok;
};

struct world {
    uv_loop_t loop;
    struct clock clock;
    int64_t now_ms;
    struct seal *seal;
    struct flaky flaky;
    struct store_queue *queue;
    struct map *map;
    struct map_settings set;
    struct arena arena;
    int n_fatal, n_next, n_closed, n_rests;
    int64_t alarm_ms;

    /* which messages fail, how often: -1 for ever; -2 for ever, and giving up fails, too */
    int poison[MOST];
    bool refuses_all;
    struct asked asked[4096];
    size_t n_asked;
    int64_t n_messages;
};

static int64_t now_of(const struct clock *c)
{
    return container_of(c, struct world, clock)->now_ms;
}

static bool maps(void *ctx, int64_t id, const struct instance *all, size_t n)
{
    struct world *w = ctx;
    const bool refused =
        n == 1 && str_eq(all[0].reason, STR("cannot be mapped: the store refused it"));
    int *poison = &w->poison[id];
    const bool fails = w->refuses_all || (*poison && (!refused || *poison == -2));

    if (w->n_asked == sizeof w->asked / sizeof *w->asked)
        abort();
    w->asked[w->n_asked++] = (struct asked){id, refused, !fails};
    if (fails && *poison > 0)
        --*poison;
    return !fails;
}

static void on_fatal(void *ctx, const struct err *e)
{
    struct world *w = ctx;

    w->n_fatal++;
    CHECK(false, "fatal: %s", e->text);
}

static void on_next(void *ctx)
{
    ((struct world *)ctx)->n_next++;
}

/* The step has nothing left to do before that time. */
static void on_alarm(void *ctx, int64_t at_ms)
{
    struct world *w = ctx;

    w->n_rests++;
    w->alarm_ms = at_ms;
}

static void open_world_over(struct world *w, const struct map_settings *set,
                            const struct store_ops *ops, const char *where)
{
    const uint8_t root[SEAL_KEY_BYTES] = {7};
    struct store_settings store = {.where = where, .duplicate_ms = 1};
    struct store_queue_settings queue = {.loop = &w->loop, .max_batch = 8, .on_fatal = on_fatal};
    struct store *real;
    struct err e = {0};

    *w = (struct world){.clock = {now_of}, .now_ms = noon, .seal = seal_from_root(root)};
    CHECK(uv_loop_init(&w->loop) == 0, "loop");
    store.seal = w->seal;
    CHECK(ops->open(&store, &real, &e), "%s", e.text);
    queue.store = flaky_over(&w->flaky, real, 0);
    queue.ctx = w;
    w->flaky.maps = maps;
    w->flaky.ctx = w;
    CHECK(store_queue_start(&queue, &w->queue, &e), "%s", e.text);
    w->set = *set;
    w->set.queue = w->queue;
    w->set.clock = &w->clock;
    w->set.seal = w->seal;
    w->set.retry_ms = RETRY;
    w->set.next = (struct bell){on_next, w};
    w->set.alarm = (struct alarm){on_alarm, w};
    CHECK(map_open(&w->set, &w->map, &e), "%s", e.text);
}

static void open_world(struct world *w, const struct map_settings *set)
{
    open_world_over(w, set, &store_memory, "");
}

static void on_closed(void *ctx)
{
    ((struct world *)ctx)->n_closed++;
}

static void close_world(struct world *w)
{
    map_close(w->map, on_closed, w);
    store_queue_stop(w->queue);
    (void)uv_run(&w->loop, UV_RUN_DEFAULT);
    CHECK(w->n_closed == 1 && w->n_fatal == 0, "closed %d times", w->n_closed);
    CHECK(uv_loop_close(&w->loop) == 0, "handles are left");
    seal_close(w->seal);
    arena_reset(&w->arena);
}

/* ---- work of the test's own on the store thread ---- */

struct errand {
    struct store_job job;
    struct world *w;
    bool (*go)(struct errand *x, struct store *s, struct err *e);
    bool done;
    struct message m;
    int64_t ids[MOST];
    struct ledger ledger;
    struct trace_list traces;
    struct outgoing_list owed;
};

static bool errand_run(struct store_job *j, struct store *s, struct err *e)
{
    struct errand *x = container_of(j, struct errand, job);

    return x->go(x, ((struct flaky *)s)->real, e);
}

static void errand_done(struct store_job *j)
{
    container_of(j, struct errand, job)->done = true;
}

static void run_errand(struct world *w, struct errand *x)
{
    x->w = w;
    x->job = (struct store_job){.run = errand_run, .done = errand_done};
    store_queue_submit(w->queue, &x->job);
    while (!x->done)
        (void)uv_run(&w->loop, UV_RUN_ONCE);
    CHECK(x->job.ok, "%s", x->job.err.text);
}

static bool put(struct errand *x, struct store *s, struct err *e)
{
    struct intake in;

    return s->ops->put_message(s, &x->m, &x->w->arena, &in, e);
}

static void arrives(struct world *w, uint64_t lane, bool is_part)
{
    struct errand x = {.go = put,
                       .m = {.kind = MESSAGE_HL7,
                             .feed = STR("demo"),
                             .type = STR("ADT^A01"),
                             .body = STR("MSH|"),
                             .received_ms = w->now_ms,
                             .lane = lane,
                             .is_part = is_part}};

    x.m.key[0] = x.m.digest[0] = (uint8_t)++w->n_messages;
    run_errand(w, &x);
}

static void arrive(struct world *w, const uint64_t *lanes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        arrives(w, lanes[i], false);
}

static bool look(struct errand *x, struct store *s, struct err *e)
{
    return s->ops->ledger(s, &x->ledger, e) &&
           s->ops->list_recent(s, MOST, &x->w->arena, &x->traces, e);
}

/* The ledger and what became of each message; traces are newest first. */
static struct errand seen(struct world *w)
{
    struct errand x = {.go = look};

    run_errand(w, &x);
    CHECK(ledger_balances(&x.ledger), "balance");
    return x;
}

/* Rings the step and waits until it rests. */
static void rings(struct world *w)
{
    const int before = w->n_rests;

    map_ring(w->map);
    while (w->n_rests == before)
        (void)uv_run(&w->loop, UV_RUN_ONCE);
}

/* On to the alarm. */
static void wakes(struct world *w)
{
    CHECK(w->alarm_ms != 0, "no alarm");
    if (w->alarm_ms > w->now_ms)
        w->now_ms = w->alarm_ms;
    rings(w);
}

static void check_counts(struct world *w, int64_t pending, int64_t refused, const char *when)
{
    struct errand x = seen(w);
    int64_t n = 0;

    for (size_t i = 0; i < x.traces.n; i++)
        n += str_eq(x.traces.items[i].reason, STR("cannot be mapped: the store refused it"));
    CHECK(x.ledger.pending == pending && n == refused, "%s: %lld pending, %lld refused", when,
          (long long)x.ledger.pending, (long long)n);
}

/* Of the calls that counted, those of the lane were in order of intake; a call that was rolled back with
 * its batch is repeated later. */
static void check_order(struct world *w, const uint64_t *lanes, size_t n, const char *when)
{
    int64_t last_ok[MOST] = {0};

    for (size_t i = 0; i < w->n_asked; i++) /* the last word on each message */
        last_ok[w->asked[i].id] = w->asked[i].ok ? (int64_t)i + 1 : last_ok[w->asked[i].id];
    for (size_t a = 0; a < n; a++) {
        CHECK(last_ok[a + 1] > 0, "%s: message %zu was never mapped", when, a + 1);
        for (size_t b = a + 1; b < n; b++)
            CHECK(!lanes[a] || lanes[a] != lanes[b] || last_ok[a + 1] < last_ok[b + 1],
                  "%s: %zu after %zu", when, a + 1, b + 1);
    }
}

static const struct map_settings plain = {
    .batch = 4, .max_tries = TRIES, .stuck_most = 8, .parts_ms = 0};

static const uint64_t lanes[] = {1, 2, 1, 3, 1, 0, 2, 0, 4, 1};
enum { N_LANES = sizeof lanes / sizeof *lanes };

static void test_plain(void)
{
    struct world w;

    open_world(&w, &plain);
    arrive(&w, lanes, N_LANES);
    rings(&w);
    CHECK(w.n_asked == N_LANES && w.alarm_ms == 0 && w.n_next > 0, "%zu calls", w.n_asked);
    check_order(&w, lanes, N_LANES, "plain");
    check_counts(&w, 0, 0, "plain");
    rings(&w);
    CHECK(w.n_asked == N_LANES, "nothing is left");
    close_world(&w);
}

/* One message fails for ever: its lane waits, the others do not; then it is held, and its lane goes on. */
static void test_poison(void)
{
    static const int64_t delays[] = {RETRY, 2 * RETRY, 4 * RETRY}; /* before tries 2, 3, 4 */
    struct world w;

    open_world(&w, &plain);
    w.poison[3] = -1;
    arrive(&w, lanes, N_LANES);
    rings(&w);
    CHECK(w.flaky.fired, "the fault fired");
    check_counts(&w, 3, 0, "3, and 5 and 10 behind it");
    for
        EACH (i, delays) {
            CHECK(w.alarm_ms == w.now_ms + delays[i], "try %zu: in %lld ms", i + 2,
                  (long long)(w.alarm_ms - w.now_ms));
            check_counts(&w, 3, 0, "before each try");
            w.now_ms++;
            rings(&w); /* too early for it */
            CHECK(w.alarm_ms == w.now_ms - 1 + delays[i], "the alarm stays");
            wakes(&w);
        }
    check_counts(&w, 0, 1, "given up");
    CHECK(w.alarm_ms == 0, "and forgotten");
    check_order(&w, lanes, N_LANES, "poison");
    close_world(&w);
}

/* The same where the database itself refuses the row, in the middle of a batch. */
static void test_poison_in_sqlite(void)
{
    static const char refuse[] =
        "CREATE TRIGGER refuse BEFORE INSERT ON instance WHEN NEW.message_id = 3"
        " AND NEW.reason NOT LIKE 'cannot be mapped%' BEGIN SELECT RAISE(ABORT, 'no'); END";
    struct temp_folder folder;
    sqlite3 *db = NULL;
    char path[512];
    struct world w;

    temp_folder_make(&folder);
    open_world_over(&w, &plain, &store_sqlite, folder.path);
    arrive(&w, lanes, N_LANES);
    CHECK(sqlite3_open(temp_folder_file(&folder, "tidings.db", path), &db) == SQLITE_OK &&
              sqlite3_exec(db, refuse, NULL, NULL, NULL) == SQLITE_OK,
          "%s", sqlite3_errmsg(db));
    (void)sqlite3_close(db);
    rings(&w);
    check_counts(&w, 3, 0, "3, and 5 and 10 behind it");
    for (int i = 1; i < TRIES; i++)
        wakes(&w);
    check_counts(&w, 0, 1, "given up");
    check_order(&w, lanes, N_LANES, "in SQLite");
    close_world(&w);
    temp_folder_remove(&folder);
}

/* Without a lane a message stops nobody. */
static void test_poison_without_lane(void)
{
    struct world w;

    open_world(&w, &plain);
    w.poison[6] = -1;
    arrive(&w, lanes, N_LANES);
    rings(&w);
    CHECK(w.flaky.fired, "the fault fired");
    check_counts(&w, 1, 0, "6 alone");
    arrive(&w, (const uint64_t[]){0, 6}, 2); /* a lane that is called as its id */
    rings(&w);
    check_counts(&w, 2, 0, "later ones, too");
    for (int i = 1; i < TRIES; i++)
        wakes(&w);
    check_counts(&w, 0, 1, "given up");
    close_world(&w);
}

/* It fails a few times only: mapped after all, by its feed, before what is behind it. */
static void test_heals(void)
{
    for (int times = 1; times <= TRIES + 1; times++) { /* the batch counts for none of its own */
        struct world w;

        open_world(&w, &plain);
        w.poison[3] = times;
        arrive(&w, lanes, N_LANES);
        rings(&w);
        for (int i = 0; i < TRIES && w.alarm_ms; i++)
            wakes(&w);
        CHECK(w.flaky.fired && w.alarm_ms == 0, "%d times: it ends", times);
        check_counts(&w, 0, times > TRIES, "heals");
        check_order(&w, lanes, N_LANES, "heals");
        close_world(&w);
    }
}

/* A store that refuses everything says nothing about a message: none is given up. */
static void test_refuses_all(void)
{
    struct world w;

    open_world(&w, &plain);
    w.refuses_all = true;
    arrive(&w, lanes, N_LANES);
    rings(&w);
    for (int i = 0; i < 40; i++) {
        CHECK(w.alarm_ms > w.now_ms && w.alarm_ms <= w.now_ms + 32LL * RETRY, "in %lld ms",
              (long long)(w.alarm_ms - w.now_ms));
        wakes(&w);
    }
    check_counts(&w, N_LANES, 0, "all refused");
    w.refuses_all = false;
    for (int i = 0; i < 40 && w.alarm_ms; i++)
        wakes(&w);
    CHECK(w.flaky.fired && w.alarm_ms == 0, "it ends");
    check_counts(&w, 0, 0, "well again");
    check_order(&w, lanes, N_LANES, "well again");
    close_world(&w);
}

/* Giving up is refused as well: the lane waits on, and nobody else does. */
static void test_cannot_be_held(void)
{
    struct world w;

    open_world(&w, &plain);
    w.poison[3] = -2;
    arrive(&w, lanes, N_LANES);
    rings(&w);
    for (int i = 0; i < 3 * TRIES; i++)
        wakes(&w);
    check_counts(&w, 3, 0, "neither mapped nor held");
    w.poison[3] = -1;
    for (int i = 0; i < 3 && w.alarm_ms; i++)
        wakes(&w);
    check_counts(&w, 0, 1, "held");
    check_order(&w, lanes, N_LANES, "held");
    close_world(&w);
}

/* More poison than may be set aside: all wait for room, nobody for ever. */
static void test_bound(void)
{
    for (size_t most = 0; most <= 3; most++) {
        struct map_settings set = plain;
        struct world w;

        set.stuck_most = most;
        open_world(&w, &set);
        w.poison[1] = w.poison[2] = w.poison[4] = -1; /* lanes 1, 2, 3 */
        arrive(&w, lanes, N_LANES);
        rings(&w);
        if (most < 3)
            check_counts(&w, N_LANES, 0, "no room: all wait");
        for (int i = 0; i < 12 * TRIES && w.alarm_ms; i++)
            wakes(&w);
        CHECK(w.flaky.fired, "the fault fired");
        if (most == 0) {
            check_counts(&w, N_LANES, 0, "none may be set aside");
            CHECK(w.alarm_ms == w.now_ms + RETRY, "tried again for ever");
        } else {
            check_counts(&w, 0, 3, "room was made");
            check_order(&w, lanes, N_LANES, "bound");
        }
        close_world(&w);
    }
}

/* No transaction can begin: nothing is wrong with any message. */
static void test_no_transaction(void)
{
    struct world w;

    open_world(&w, &plain);
    arrive(&w, lanes, N_LANES);
    w.flaky.at = w.flaky.calls + 1;
    rings(&w);
    CHECK(w.flaky.fired && w.n_asked == 0 && w.alarm_ms == w.now_ms + RETRY, "waits");
    wakes(&w);
    CHECK(w.n_asked == N_LANES && w.alarm_ms == 0, "in whole batches: %zu", w.n_asked);
    check_counts(&w, 0, 0, "well again");
    close_world(&w);
}

/* Each call fails once, before or after it worked: all are mapped once, in order, none is given up. */
static void test_each_call(void)
{
    int fired = 0;

    for (int at = 1;; at++) {
        struct world w;
        bool once;

        open_world(&w, &plain);
        arrive(&w, lanes, N_LANES);
        w.flaky.at = w.flaky.calls + at;
        w.flaky.after = at % 2;
        w.flaky.kind = at % 3 ? ERR_BUSY : ERR_INPUT;
        rings(&w);
        for (int i = 0; i < 9 && w.alarm_ms; i++)
            wakes(&w);
        once = w.flaky.fired;
        w.flaky.at = 0;
        check_counts(&w, 0, 0, "each call");
        check_order(&w, lanes, N_LANES, "each call");
        close_world(&w);
        if (!once)
            break;
        fired++;
    }
    CHECK(fired == 19, "%d calls failed in turn", fired);
}

/* ---- parts ---- */

static void test_parts(void)
{
    struct map_settings set = plain;
    struct errand x;
    struct world w;

    set.parts_ms = PARTS;
    open_world(&w, &set);
    rings(&w);
    CHECK(w.alarm_ms == noon + PARTS, "looked for at the start, and again");
    w.now_ms += 5;
    arrives(&w, 1, true);
    arrives(&w, 1, false);
    rings(&w);
    check_counts(&w, 1, 0, "the whole one is mapped");
    wakes(&w);
    CHECK(w.now_ms == noon + PARTS && w.alarm_ms == noon + 5 + PARTS + 1, "not yet overdue");
    check_counts(&w, 1, 0, "not yet overdue");
    w.flaky.at = w.flaky.calls + 2; /* begin, expire_parts */
    wakes(&w);
    CHECK(w.flaky.fired && w.alarm_ms == w.now_ms + RETRY, "a store that fails is asked again");
    wakes(&w);
    x = seen(&w);
    CHECK(x.ledger.pending == 0 && x.ledger.held == 2 && x.traces.n == 2 &&
              str_eq(x.traces.items[1].reason, STR("the rest never came")),
          "held: %lld", (long long)x.ledger.held);
    CHECK(w.alarm_ms == w.now_ms + PARTS, "and again");
    close_world(&w);

    open_world(&w, &plain);
    arrives(&w, 1, true);
    w.now_ms += 1000LL * PARTS;
    rings(&w);
    check_counts(&w, 1, 0, "no limit");
    CHECK(w.alarm_ms == 0, "no alarm");
    close_world(&w);
}

/* Looking through the parts fails for ever: what was stored is mapped all the same. */
static void test_parts_fail(void)
{
    struct map_settings set = plain;
    struct world w;

    set.parts_ms = PARTS;
    open_world(&w, &set);
    rings(&w);
    w.flaky.no_expire = true;
    for (int i = 0; i < 3; i++) {
        w.now_ms += PARTS + 2;
        arrive(&w, lanes, N_LANES);
        rings(&w);
        check_counts(&w, 0, 0, "mapped");
        CHECK(w.alarm_ms == w.now_ms + RETRY, "asked again in %lld ms",
              (long long)(w.alarm_ms - w.now_ms));
    }
    CHECK(w.flaky.fired, "the fault fired");
    close_world(&w);
}

/* More chains than end in one transaction: all of them end now, and mapping has its turns between them. */
static void test_parts_many(void)
{
    struct map_settings set = plain;
    struct errand x;
    struct world w;

    set.parts_ms = PARTS;
    open_world(&w, &set);
    rings(&w);
    for (int i = 0; i < 3 * EXPIRE_MOST; i++) {
        x = (struct errand){.go = put,
                            .m = {.kind = MESSAGE_HL7,
                                  .feed = STR("demo"),
                                  .type = STR("ADT^A01"),
                                  .body = STR("MSH|"),
                                  .received_ms = w.now_ms,
                                  .is_part = true}};
        memcpy(x.m.key, &i, sizeof i);
        x.m.key[INDEX_BYTES - 1] = 1;
        run_errand(&w, &x);
    }
    w.now_ms += PARTS + 2;
    rings(&w);
    x = seen(&w);
    CHECK(x.ledger.held == 3 * EXPIRE_MOST && x.ledger.pending == 0, "%lld held",
          (long long)x.ledger.held);
    close_world(&w);
}

/* ---- the end ---- */

static void test_close(void)
{
    struct world w;

    open_world(&w, &plain);
    w.poison[1] = -1;
    arrive(&w, lanes, N_LANES);
    rings(&w);
    close_world(&w); /* with one set aside */

    open_world(&w, &plain);
    arrive(&w, lanes, N_LANES);
    map_ring(w.map);
    map_ring(w.map);
    close_world(&w); /* with a job in flight */
    CHECK(w.n_asked <= 4, "%zu calls: one batch at most", w.n_asked);
}

int main(void)
{
    test_plain();
    test_poison();
    test_poison_in_sqlite();
    test_poison_without_lane();
    test_heals();
    test_refuses_all();
    test_cannot_be_held();
    test_bound();
    test_no_transaction();
    test_each_call();
    test_parts();
    test_parts_fail();
    test_parts_many();
    test_close();
    return check_end();
}
