/* The store thread: order, group commit, poison, what is fatal, stopping with work waiting. */
#include "base/container_of.h"
#include "check.h"
#include "flaky_store.h"
#include "store/queue.h"

enum { JOBS = 100 };

/* One loop, one queue over a flaky memory store. */
struct room {
    uv_loop_t loop;
    struct flaky flaky;
    struct store_queue *q;
    int n_done, n_fatal;
    bool in_submit;
    struct err fatal;
};

struct put {
    struct store_job job;
    struct room *room;
    struct arena arena;
    int number;        /* the message's key */
    int runs, done_as; /* done_as: the how-many-th done() of the room, from 1 */
    enum err_kind poison;
    bool later;
    struct intake in;
    uv_sem_t *started, *gate; /* wait here inside run(); NULL: do not */
    struct put *then;         /* submitted by done() */
};

static bool put_run(struct store_job *j, struct store *s, struct err *e)
{
    struct put *p = container_of(j, struct put, job);
    struct message m = {.kind = MESSAGE_HL7, .feed = STR("demo"), .type = STR("ADT^A01")};

    p->runs++;
    if (p->gate) {
        uv_sem_post(p->started);
        uv_sem_wait(p->gate);
    }
    if (p->poison)
        return err_set(e, p->poison, 0, "poisoned on purpose");
    memcpy(m.key, &p->number, sizeof p->number);
    return s->ops->put_message(s, &m, &p->arena, &p->in, e);
}

static void submit(struct room *r, struct put *p);

static void put_done(struct store_job *j)
{
    struct put *p = container_of(j, struct put, job);

    CHECK(!p->room->in_submit, "done inside submit");
    CHECK(!p->done_as, "done twice");
    CHECK(!p->room->n_fatal, "done after a fatal error");
    p->done_as = ++p->room->n_done;
    if (p->then)
        submit(p->room, p->then);
}

static void submit(struct room *r, struct put *p)
{
    p->job = (struct store_job){.run = put_run, .done = put_done, .later = p->later};
    p->room = r;
    r->in_submit = true;
    store_queue_submit(r->q, &p->job);
    r->in_submit = false;
}

static void on_fatal(void *ctx, const struct err *e)
{
    struct room *r = ctx;

    r->n_fatal++;
    r->fatal = *e;
}

static void open_with(struct room *r, struct store_queue_settings set, int at, enum err_kind kind,
                      bool after)
{
    const struct store_settings none = {.duplicate_ms = 1000};
    struct store *real = NULL;
    struct err e = {0};

    *r = (struct room){.n_done = 0};
    set.loop = &r->loop;
    set.on_fatal = on_fatal;
    set.ctx = r;
    uv_loop_init(&r->loop);
    CHECK(store_memory.open(&none, &real, &e), "%s", e.text);
    set.store = flaky_over(&r->flaky, real, at);
    r->flaky.kind = kind;
    r->flaky.after = after;
    CHECK(store_queue_start(&set, &r->q, &e), "%s", e.text);
}

/* at, kind, after: the fault of the flaky store. */
static void open_room(struct room *r, size_t max_batch, int at, enum err_kind kind, bool after)
{
    open_with(r, (struct store_queue_settings){.max_batch = max_batch}, at, kind, after);
}

static void open_room_later(struct room *r, size_t max_batch, int64_t later_ms)
{
    open_with(r, (struct store_queue_settings){.max_batch = max_batch, .later_ms = later_ms}, 0,
              ERR_BUSY, false);
}

/* Until the thread is inside the job that posts `started`. */
static void wait_started(struct room *r, uv_sem_t *started)
{
    uv_run(&r->loop, UV_RUN_NOWAIT); /* the end of a turn hands over what it submitted */
    uv_sem_wait(started);
}

static void close_room(struct room *r)
{
    store_queue_stop(r->q);
    uv_run(&r->loop, UV_RUN_DEFAULT);
    CHECK(uv_loop_close(&r->loop) == 0, "a handle is still open");
}

/* All waiting work shares a commit, in order, at most max_batch at once. */
static void test_group_commit(void)
{
    static struct put first, puts[JOBS];
    uv_sem_t started, gate;
    struct room r;

    uv_sem_init(&started, 0);
    uv_sem_init(&gate, 0);
    open_room(&r, 64, 0, ERR_BUSY, false);
    first = (struct put){.number = 1, .started = &started, .gate = &gate};
    submit(&r, &first);
    wait_started(&r, &started); /* the thread is busy: what comes now waits together */
    for (int i = 0; i < JOBS; i++) {
        puts[i] = (struct put){.number = 100 + i};
        submit(&r, &puts[i]);
    }
    uv_run(&r.loop, UV_RUN_NOWAIT); /* all that was submitted is with the thread */
    uv_sem_post(&gate);
    while (r.n_done < JOBS + 1)
        uv_run(&r.loop, UV_RUN_ONCE);
    close_room(&r);
    for (int i = 0; i < JOBS; i++) {
        CHECK(puts[i].job.ok && puts[i].in.id == i + 2, "job %d has id %lld", i,
              (long long)puts[i].in.id);
        CHECK(puts[i].done_as == i + 2 && puts[i].runs == 1, "job %d", i);
    }
    /* begin and commit for 1, 64 and 36 jobs */
    CHECK(r.flaky.calls == JOBS + 1 + 2 * 3, "%d calls", r.flaky.calls);
    uv_sem_destroy(&started);
    uv_sem_destroy(&gate);
}

static void test_poison(void)
{
    static struct put first, puts[JOBS];
    uv_sem_t started, gate;
    struct room r;

    uv_sem_init(&started, 0);
    uv_sem_init(&gate, 0);
    open_room(&r, 1000, 0, ERR_BUSY, false);
    first = (struct put){.number = 1, .started = &started, .gate = &gate};
    submit(&r, &first);
    wait_started(&r, &started);
    for (int i = 0; i < JOBS; i++) {
        puts[i] = (struct put){.number = 100 + i, .poison = i == 37 ? ERR_INPUT : ERR_NONE};
        submit(&r, &puts[i]);
    }
    uv_run(&r.loop, UV_RUN_NOWAIT); /* all that was submitted is with the thread */
    uv_sem_post(&gate);
    while (r.n_done < JOBS + 1)
        uv_run(&r.loop, UV_RUN_ONCE);
    for (int i = 0; i < JOBS; i++) {
        CHECK(puts[i].job.ok == (i != 37), "job %d: %s", i, puts[i].job.err.text);
        CHECK(i == 37 || !puts[i].in.seen, "job %d was stored twice", i);
        CHECK(puts[i].runs == (i <= 37 ? 2 : 1), "job %d ran %d times", i, puts[i].runs);
    }
    CHECK(puts[37].job.err.kind == ERR_INPUT, "%s", puts[37].job.err.text);
    CHECK(r.n_fatal == 0, "a bad job is not fatal");
    close_room(&r);
    uv_sem_destroy(&started);
    uv_sem_destroy(&gate);
}

/* Disk full and the like: that job hears it, the next one works. */
static void test_busy(void)
{
    for (int at = 1; at <= 3; at++) { /* begin, put, commit */
        struct put one = {.number = 1}, two = {.number = 1};
        struct room r;

        open_room(&r, 64, at, ERR_BUSY, false);
        submit(&r, &one);
        while (r.n_done < 1)
            uv_run(&r.loop, UV_RUN_ONCE);
        CHECK(r.flaky.fired && !one.job.ok && one.job.err.kind == ERR_BUSY && one.runs <= 1,
              "call %d: %s", at, one.job.err.text);
        submit(&r, &two);
        while (r.n_done < 2)
            uv_run(&r.loop, UV_RUN_ONCE);
        CHECK(two.job.ok && !two.in.seen && r.n_fatal == 0, "call %d: nothing was left", at);
        close_room(&r);
    }
}

/* A transaction that cannot begin fails all that waited together, at the price of one try. */
static void test_busy_begin(void)
{
    static const struct {
        int at;      /* the call that fails: 1 begin, 2 put, 3 commit are the first job's */
        bool poison; /* of the second job: the batch falls apart before */
        bool ok[4];  /* the batch: its first job … */
        int calls;
    } cases[] = {
        /* begin fails: nothing else is tried */
        {4, false, {false, false, false, false}, 4},
        /* begin, put, poison; begin, put, commit; the next begin fails: so do the three left */
        {9, true, {true, false, false, false}, 9},
    };

    for
        EACH (i, cases) {
            struct put first = {.number = 1}, puts[4];
            uv_sem_t started, gate;
            struct room r;

            uv_sem_init(&started, 0);
            uv_sem_init(&gate, 0);
            open_room(&r, 64, cases[i].at, ERR_BUSY, false);
            first.started = &started;
            first.gate = &gate;
            submit(&r, &first);
            wait_started(&r, &started);
            for (int k = 0; k < 4; k++) {
                puts[k] = (struct put){.number = 2 + k};
                if (cases[i].poison && k == 1)
                    puts[k].poison = ERR_INPUT;
                submit(&r, &puts[k]);
            }
            uv_sem_post(&gate);
            while (r.n_done < 5)
                uv_run(&r.loop, UV_RUN_ONCE);
            CHECK(r.flaky.fired && r.flaky.calls == cases[i].calls, "case %zu: %d calls", i,
                  r.flaky.calls);
            CHECK(first.job.ok && r.n_fatal == 0, "the one before");
            for (int k = 0; k < 4; k++)
                CHECK(puts[k].job.ok == cases[i].ok[k] &&
                          (puts[k].job.ok || puts[k].job.err.kind == ERR_BUSY),
                      "case %zu, job %d: %s", i, k, puts[k].job.err.text);
            close_room(&r);
            uv_sem_destroy(&started);
            uv_sem_destroy(&gate);
        }
}

/* An uncertain outcome, wherever it strikes: on_fatal once, and no answer any more. */
static void test_fatal(void)
{
    static const struct {
        const char *name;
        int at;
        bool after;
        enum err_kind poison;
        bool stop_only; /* the loop does not run before stop */
    } cases[] = {
        {"begin", 1, false, ERR_NONE, false},
        {"put", 2, false, ERR_NONE, false},
        {"commit", 3, false, ERR_NONE, false},
        {"commit that worked, answer lost", 3, true, ERR_NONE, false},
        {"the job says so", 0, false, ERR_UNCERTAIN, false},
        {"seen at stop", 3, true, ERR_NONE, true},
    };

    for
        EACH (i, cases) {
            struct put one = {.number = 1, .poison = cases[i].poison}, two = {.number = 2};
            struct room r;

            open_room(&r, 64, cases[i].at, ERR_UNCERTAIN, cases[i].after);
            submit(&r, &one);
            while (!cases[i].stop_only && !r.n_fatal)
                uv_run(&r.loop, UV_RUN_ONCE);
            submit(&r, &two);
            if (!cases[i].stop_only)
                uv_run(&r.loop, UV_RUN_NOWAIT);
            close_room(&r);
            CHECK(cases[i].poison || r.flaky.fired, "%s: the fault did not fire", cases[i].name);
            CHECK(r.n_fatal == 1 && r.fatal.kind == ERR_UNCERTAIN, "%s: %d times", cases[i].name,
                  r.n_fatal);
            CHECK(!one.done_as && !two.done_as, "%s: nothing is answered", cases[i].name);
            CHECK(cases[i].stop_only || !two.runs, "%s: nor run", cases[i].name);
        }
}

/* In a batch that failed, an uncertain one stops the others too, those already committed included. */
static void test_fatal_in_batch(void)
{
    struct put first = {.number = 1}, puts[3] = {{.number = 2}, {.number = 3}, {.number = 4}};
    uv_sem_t started, gate;
    struct room r;

    uv_sem_init(&started, 0);
    uv_sem_init(&gate, 0);
    open_room(&r, 64, 0, ERR_BUSY, false);
    first.started = &started;
    first.gate = &gate;
    puts[1].poison = ERR_INPUT;     /* breaks the batch */
    puts[2].poison = ERR_UNCERTAIN; /* found when each runs alone */
    submit(&r, &first);
    wait_started(&r, &started);
    for (int i = 0; i < 3; i++)
        submit(&r, &puts[i]);
    uv_run(&r.loop, UV_RUN_NOWAIT); /* all that was submitted is with the thread */
    uv_sem_post(&gate);
    while (!r.n_fatal)
        uv_run(&r.loop, UV_RUN_ONCE);
    close_room(&r);
    CHECK(puts[0].runs == 2 && puts[2].runs == 1, "each alone");
    CHECK(!puts[0].done_as && !puts[1].done_as && !puts[2].done_as, "no answer");
    uv_sem_destroy(&started);
    uv_sem_destroy(&gate);
}

/* stop() runs what waits and calls every done(), also of work that a done() submits. */
static void test_stop(void)
{
    static struct put puts[JOBS], last;
    struct room r;

    open_room(&r, 8, 0, ERR_BUSY, false);
    last = (struct put){.number = 1};
    for (int i = 0; i < JOBS; i++) {
        puts[i] = (struct put){.number = 100 + i, .then = i == JOBS - 1 ? &last : NULL};
        submit(&r, &puts[i]);
    }
    close_room(&r);
    CHECK(r.n_done == JOBS + 1 && last.job.ok, "%d done", r.n_done);
    for (int n = 1; n <= JOBS / 2;
         n++) { /* each asks for one more: also as many as go to the thread at once */
        open_room(&r, 8, 0, ERR_BUSY, false);
        for (int i = 0; i < n; i++) {
            puts[n + i] = (struct put){.number = 200 + i};
            puts[i] = (struct put){.number = 100 + i, .then = &puts[n + i]};
            submit(&r, &puts[i]);
        }
        close_room(&r);
        CHECK(r.n_done == 2 * n, "%d done of %d and as many", r.n_done, n);
    }
    open_room(&r, 8, 0, ERR_BUSY, false);
    close_room(&r); /* nothing ever submitted */
}

/* What nobody waits for gives way, though it came first; it runs in the end, and is not in their commit. */
static void test_later(void)
{
    static struct put first, later, puts[JOBS];
    uv_sem_t started, gate;
    struct room r;

    uv_sem_init(&started, 0);
    uv_sem_init(&gate, 0);
    open_room_later(&r, 10, INT32_MAX);
    first = (struct put){.number = 1, .started = &started, .gate = &gate};
    submit(&r, &first);
    wait_started(&r, &started);
    later = (struct put){.number = 2, .later = true};
    submit(&r, &later);
    for (int i = 0; i < JOBS; i++) {
        puts[i] = (struct put){.number = 100 + i};
        submit(&r, &puts[i]);
    }
    uv_run(&r.loop, UV_RUN_NOWAIT);
    uv_sem_post(&gate);
    while (r.n_done < JOBS + 2)
        uv_run(&r.loop, UV_RUN_ONCE);
    close_room(&r);
    CHECK(later.done_as == JOBS + 2 && later.job.ok, "it was the how-many-th: %d", later.done_as);
    /* begin and commit for the first, for each ten, and for the one that gave way */
    CHECK(r.flaky.calls == JOBS + 2 + 2 * (1 + JOBS / 10 + 1), "%d calls", r.flaky.calls);
    uv_sem_destroy(&started);
    uv_sem_destroy(&gate);
}

/* It gives way no longer than it was told: not at all with 0, though others wait. */
static void test_later_has_its_turn(void)
{
    static struct put first, later, puts[JOBS];
    uv_sem_t started, gate;
    struct room r;

    uv_sem_init(&started, 0);
    uv_sem_init(&gate, 0);
    open_room_later(&r, 10, 0);
    first = (struct put){.number = 1, .started = &started, .gate = &gate};
    submit(&r, &first);
    wait_started(&r, &started);
    for (int i = 0; i < JOBS; i++) {
        puts[i] = (struct put){.number = 100 + i};
        submit(&r, &puts[i]);
    }
    later = (struct put){.number = 2, .later = true};
    submit(&r, &later);
    uv_run(&r.loop, UV_RUN_NOWAIT);
    uv_sem_post(&gate);
    while (r.n_done < JOBS + 2)
        uv_run(&r.loop, UV_RUN_ONCE);
    close_room(&r);
    CHECK(later.done_as == 2, "it was the how-many-th: %d", later.done_as);
    uv_sem_destroy(&started);
    uv_sem_destroy(&gate);
}

/* Each of them has a commit of its own, so that whoever comes meanwhile waits for one at most. */
static void test_later_alone(void)
{
    enum { LATER = 7 };
    static struct put first, later[LATER];
    uv_sem_t started, gate;
    struct room r;

    uv_sem_init(&started, 0);
    uv_sem_init(&gate, 0);
    open_room_later(&r, 10, 0);
    first = (struct put){.number = 1, .started = &started, .gate = &gate};
    submit(&r, &first);
    wait_started(&r, &started);
    for (int i = 0; i < LATER; i++) {
        later[i] = (struct put){.number = 2 + i, .later = true};
        submit(&r, &later[i]);
    }
    uv_run(&r.loop, UV_RUN_NOWAIT);
    uv_sem_post(&gate);
    while (r.n_done < LATER + 1)
        uv_run(&r.loop, UV_RUN_ONCE);
    close_room(&r);
    CHECK(r.flaky.calls == 3 * (LATER + 1), "%d calls", r.flaky.calls); /* begin, put, commit */
    uv_sem_destroy(&started);
    uv_sem_destroy(&gate);
}

int main(void)
{
    test_group_commit();
    test_later();
    test_later_has_its_turn();
    test_later_alone();
    test_poison();
    test_busy();
    test_busy_begin();
    test_fatal();
    test_fatal_in_batch();
    test_stop();
    return check_end();
}
