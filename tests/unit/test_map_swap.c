/* Feeds are swapped under the map step: a transaction is judged by one set from begin to end, the set before
 * is given back once and only when nothing uses it, and the store says which version decided each message.
 * Each feed is freed as soon as it is given back, so that a sanitizer sees a late look at it. */
#include <stdio.h>
#include <stdlib.h>

#include "base/container_of.h"
#include "check.h"
#include "flaky_store.h"
#include "map/map.h"
#include "store/queue.h"
#include "tenant.h"

enum { SWAPS = 200, AHEAD = 8 /* messages before each */ };

struct version {
    struct feed *feed;
    const struct feed *list[1];
    char name[65];
    bool unused;
};

struct world {
    uv_loop_t loop;
    struct clock clock;
    struct seal *seal;
    struct flaky flaky;
    struct store_queue *queue;
    struct map *map;
    struct tenant tenant;
    struct arena arena; /* findings */
    struct version versions[SWAPS + 1];
    int in_service, n_unused, n_closed;
    int64_t n_messages;

    uv_mutex_t lock; /* guards what follows */
    uv_cond_t changed;
    bool holds, inside; /* the store thread waits inside put_mapped() */
};

static int64_t now_of(const struct clock *c)
{
    (void)c;
    return 1795262400000;
}

static void on_fatal(void *ctx, const struct err *e)
{
    (void)ctx;
    CHECK(false, "fatal: %s", e->text);
}

static bool maps(void *ctx, int64_t id, const struct instance *all, size_t n)
{
    struct world *w = ctx;

    (void)id, (void)all, (void)n;
    uv_mutex_lock(&w->lock);
    w->inside = true;
    while (w->holds)
        uv_cond_wait(&w->changed, &w->lock);
    w->inside = false;
    uv_mutex_unlock(&w->lock);
    return true;
}

static void hold(struct world *w, bool yes)
{
    uv_mutex_lock(&w->lock);
    w->holds = yes;
    uv_cond_broadcast(&w->changed);
    uv_mutex_unlock(&w->lock);
}

/* Runs the loop until a transaction is inside. */
static void wait_inside(struct world *w)
{
    bool inside = false;

    while (!inside) {
        (void)uv_run(&w->loop, UV_RUN_NOWAIT);
        uv_mutex_lock(&w->lock);
        inside = w->inside;
        uv_mutex_unlock(&w->lock);
    }
}

/* Another version of the tenant, by a remark at its end. */
static void load(struct world *w, int i)
{
    struct version *v = &w->versions[i];
    struct findings all;
    char text[1 << 16];

    (void)snprintf(text, sizeof text, "%s\n# version %d\n", tenant_text("feed.yaml"), i);
    tenant_write(&w->tenant, "feed.yaml", text);
    v->feed = feed_load(w->tenant.feed, &w->arena, &all);
    if (!v->feed)
        abort();
    v->list[0] = v->feed;
    (void)snprintf(v->name, sizeof v->name, "%s", feed_version(v->feed));
}

static void on_unused(void *ctx)
{
    struct world *w = ctx;
    struct version *v = &w->versions[w->in_service++];

    CHECK(!v->unused, "given back twice");
    v->unused = true;
    w->n_unused++;
    feed_free(v->feed);
}

static void swap(struct world *w, int to)
{
    map_swap(w->map, w->versions[to].list, 1, on_unused, w);
}

static void open_world(struct world *w)
{
    const uint8_t root[SEAL_KEY_BYTES] = {7};
    struct store_settings store = {.where = "", .duplicate_ms = 1};
    struct store_queue_settings queue = {.loop = &w->loop, .max_batch = 8, .on_fatal = on_fatal};
    struct map_settings map = {.batch = 4, .retry_ms = 1000, .max_tries = 4, .stuck_most = 8};
    struct store *real;
    struct err e = {0};

    w->clock = (struct clock){now_of};
    w->seal = seal_from_root(root);
    tenant_make(&w->tenant);
    load(w, 0);
    CHECK(uv_loop_init(&w->loop) == 0 && uv_mutex_init(&w->lock) == 0 &&
              uv_cond_init(&w->changed) == 0,
          "libuv");
    store.seal = w->seal;
    CHECK(store_memory.open(&store, &real, &e), "%s", e.text);
    queue.store = flaky_over(&w->flaky, real, 0);
    w->flaky.maps = maps;
    w->flaky.ctx = w;
    CHECK(store_queue_start(&queue, &w->queue, &e), "%s", e.text);
    map.queue = w->queue;
    map.clock = &w->clock;
    map.seal = w->seal;
    map.feeds = w->versions[0].list;
    map.n_feeds = 1;
    CHECK(map_open(&map, &w->map, &e), "%s", e.text);
}

static void on_closed(void *ctx)
{
    ((struct world *)ctx)->n_closed++;
}

static void close_world(struct world *w)
{
    store_queue_stop(w->queue);
    (void)uv_run(&w->loop, UV_RUN_DEFAULT);
    CHECK(w->n_closed == 1, "closed %d times", w->n_closed);
    CHECK(uv_loop_close(&w->loop) == 0, "handles are left");
    if (!w->versions[w->in_service].unused)
        feed_free(w->versions[w->in_service].feed);
    uv_cond_destroy(&w->changed);
    uv_mutex_destroy(&w->lock);
    tenant_remove(&w->tenant);
    seal_close(w->seal);
    arena_reset(&w->arena);
}

/* ---- messages ---- */

/* Work of the test's own on the store thread. */
struct errand {
    struct store_job job;
    struct world *w;
    int64_t n; /* of the message */
    bool done;
    struct str version; /* look(): by which it was decided */
    struct arena arena;
};

static bool put(struct store_job *j, struct store *s, struct err *e)
{
    struct errand *x = container_of(j, struct errand, job);
    struct message m = {.kind = MESSAGE_HL7,
                        .feed = STR("small"),
                        .type = STR("SIU^S12"),
                        .body = str_of(tenant_text("samples/s12.hl7")),
                        .received_ms = now_of(NULL),
                        .lane = (uint64_t)x->n};
    struct intake in;

    memcpy(m.key, &x->n, sizeof x->n);
    memcpy(m.digest, &x->n, sizeof x->n);
    return s->ops->put_message(s, &m, &x->arena, &in, e);
}

static bool look(struct store_job *j, struct store *s, struct err *e)
{
    struct errand *x = container_of(j, struct errand, job);
    struct message m;

    arena_reset(&x->arena);
    if (!s->ops->read_message(s, x->n, &x->arena, &m, e))
        return false;
    x->version = m.feed_version;
    return true;
}

static void on_put(struct store_job *j)
{
    struct errand *x = container_of(j, struct errand, job);

    CHECK(j->ok, "%s", j->err.text);
    map_ring(x->w->map);
    arena_reset(&x->arena);
    free(x);
}

static void on_read(struct store_job *j)
{
    CHECK(j->ok, "%s", j->err.text);
    container_of(j, struct errand, job)->done = true;
}

static void arrives(struct world *w)
{
    struct errand *x = calloc(1, sizeof *x);

    if (!x)
        abort();
    x->w = w;
    x->n = ++w->n_messages;
    x->job = (struct store_job){.run = put, .done = on_put};
    store_queue_submit(w->queue, &x->job);
}

/* Which version decided message n, once one has. */
static int decided_by(struct world *w, int64_t n)
{
    struct errand x = {.w = w, .n = n};
    int found = -1;

    while (!x.version.n) {
        x.done = false;
        x.job = (struct store_job){.run = look, .done = on_read};
        store_queue_submit(w->queue, &x.job);
        while (!x.done)
            (void)uv_run(&w->loop, UV_RUN_ONCE);
    }
    for (int i = 0; i <= SWAPS; i++)
        if (w->versions[i].name[0] && str_eq(x.version, str_of(w->versions[i].name)))
            found = i;
    arena_reset(&x.arena);
    return found;
}

/* ---- */

static void test_a_transaction_keeps_its_feeds(void)
{
    struct world *w = calloc(1, sizeof *w);

    if (!w)
        abort();
    open_world(w);
    load(w, 1);
    load(w, 2);
    hold(w, true);
    arrives(w);
    wait_inside(w);
    swap(w, 1);
    (void)uv_run(&w->loop, UV_RUN_NOWAIT);
    CHECK(w->n_unused == 0, "the transaction is still inside");
    hold(w, false);
    CHECK(decided_by(w, 1) == 0, "it ends under the version it began with");
    CHECK(w->n_unused == 1, "then that is given back");
    arrives(w);
    CHECK(decided_by(w, 2) == 1, "the next is judged by the new one");
    swap(w, 2);
    while (w->n_unused < 2)
        (void)uv_run(&w->loop, UV_RUN_ONCE);
    arrives(w);
    CHECK(decided_by(w, 3) == 2, "and again");
    map_close(w->map, on_closed, w);
    close_world(w);
    free(w);
}

/* A swap that waits when the step is closed: the feeds before are given back all the same. */
static void test_closed_in_the_middle(void)
{
    struct world *w = calloc(1, sizeof *w);

    if (!w)
        abort();
    open_world(w);
    load(w, 1);
    hold(w, true);
    arrives(w);
    wait_inside(w);
    swap(w, 1);
    map_close(w->map, on_closed, w);
    CHECK(w->n_unused == 0 && w->n_closed == 0, "the transaction is still inside");
    hold(w, false);
    while (!w->n_closed)
        (void)uv_run(&w->loop, UV_RUN_ONCE);
    CHECK(w->n_unused == 1, "given back");
    close_world(w);
    free(w);
}

static void test_many_swaps(void)
{
    struct world *w = calloc(1, sizeof *w);
    int last = 0, seen = 0;

    if (!w)
        abort();
    open_world(w);
    for (int i = 1; i <= SWAPS; i++) {
        for (int k = 0; k < AHEAD; k++)
            arrives(w);
        load(w, i);
        (void)uv_run(&w->loop, UV_RUN_NOWAIT);
        swap(w, i);
        while (w->n_unused < i)
            (void)uv_run(&w->loop, UV_RUN_ONCE);
    }
    for (int64_t n = 1; n <= w->n_messages; n++) {
        int by = decided_by(w, n);

        CHECK(by >= last, "message %lld: version %d after %d", (long long)n, by, last);
        seen += by != last;
        last = by > last ? by : last;
    }
    CHECK(seen > SWAPS / 10, "only %d versions met a message", seen);
    map_close(w->map, on_closed, w);
    close_world(w);
    free(w);
}

int main(void)
{
    test_a_transaction_keeps_its_feeds();
    test_closed_in_the_middle();
    test_many_swaps();
    return check_end();
}
