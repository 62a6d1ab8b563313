/* Reload, by a clock of the test's own and a map step that is not there: what is refused, what is taken over
 * and when, who hears of it; and the end of policy entries. */
#include "../../src/app/reload.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/container_of.h"
#include "check.h"
#include "tenant.h"

/* The tenant's policy entry is in force through 2027-11-20. */
static const int64_t in_force_ms = 1795262400000, last_ms = 1826755199999;

struct world {
    uv_loop_t loop;
    struct clock clock;
    int64_t now_ms;
    struct tenant tenant;
    struct arena arena;
    struct config config;
    struct listen listen;
    struct feed_set first;
    struct live *live;
    struct reload *reload;
    int n_begun, n_ended, n_borrowed, n_closed, n_left;
    bool keeps; /* swap() is a transaction that does not end yet */
    void (*on_unused)(void *ctx);
    void *unused_ctx;
};

static int64_t now_of(const struct clock *c)
{
    return container_of(c, const struct world, clock)->now_ms;
}

static void swap(void *ctx, const struct live *next, void (*on_unused)(void *ctx), void *unused_ctx)
{
    struct world *w = ctx;

    CHECK(next == w->live && !w->on_unused, "what is in service");
    if (w->keeps) {
        w->on_unused = on_unused;
        w->unused_ctx = unused_ctx;
        return;
    }
    on_unused(unused_ctx);
}

static void on_borrowed(void *ctx)
{
    struct world *w = ctx;

    w->n_borrowed++;
    feeds_free(&w->first);
}

static void on_begin(void *ctx)
{
    ((struct world *)ctx)->n_begun++;
}

static void on_end(void *ctx, const char *said)
{
    CHECK(*said, "a sentence");
    ((struct world *)ctx)->n_ended++;
}

static void on_left_behind(void *ctx)
{
    ((struct world *)ctx)->n_left++;
}

static void on_closed(void *ctx)
{
    ((struct world *)ctx)->n_closed++;
}

static struct world *open_world(void)
{
    struct world *w = calloc(1, sizeof *w);
    struct reload_settings set = {.on_borrowed = on_borrowed,
                                  .on_begin = on_begin,
                                  .on_end = on_end,
                                  .on_left_behind = on_left_behind,
                                  .swap = swap};
    struct feed_set copy;
    struct err e = {0};

    if (!w)
        abort();
    w->clock.now_ms = now_of;
    w->now_ms = in_force_ms;
    tenant_make(&w->tenant);
    config_default(&w->config);
    w->config.file = "tidings.yaml";
    w->config.feeds = w->tenant.feed;
    w->listen = (struct listen){.kind = LISTEN_MLLP, .feed = "small", .line = 7};
    w->config.listen = &w->listen;
    w->config.n_listen = 1;
    CHECK(uv_loop_init(&w->loop) == 0, "loop");
    CHECK(feeds_load(w->tenant.feed, &w->clock, &w->arena, NULL, &w->first, &e) &&
              feeds_fit(&w->first, NULL, &e),
          "%s", e.text);
    copy = w->first;
    w->live = live_make(&copy, true, NULL, w->now_ms);
    set.loop = &w->loop;
    set.clock = &w->clock;
    set.config = &w->config;
    set.live = &w->live;
    set.ctx = w;
    CHECK(w->live && reload_open(&set, &w->reload, &e), "%s", e.text);
    return w;
}

static void close_world(struct world *w)
{
    reload_close(w->reload, 600000, on_closed, w);
    (void)uv_run(&w->loop, UV_RUN_DEFAULT);
    CHECK(w->n_closed == 1 && w->n_left == 0, "closed %d times", w->n_closed);
    CHECK(uv_loop_close(&w->loop) == 0, "handles are left");
    live_free(w->live);
    feeds_free(&w->first);
    tenant_remove(&w->tenant);
    arena_reset(&w->arena);
    free(w);
}

static const struct reload_last *reloads(struct world *w)
{
    const int before = w->n_ended;

    reload_ask(w->reload, NULL);
    while (w->n_ended == before)
        (void)uv_run(&w->loop, UV_RUN_ONCE);
    return reload_last(w->reload);
}

static void put(struct world *w, const char *file, const char *find, const char *with)
{
    char *text = tenant_replace(tenant_text(file), find, with);

    tenant_write(&w->tenant, file, text);
    free(text);
}

static void restore(struct world *w, const char *file)
{
    tenant_write(&w->tenant, file, tenant_text(file));
}

/* What cannot go into service, and what is said of it: the end of the reason. */
static void test_refused(void)
{
    static const struct {
        const char *file, *find, *with, *why;
    } cases[] = {
        {"feed.yaml", "as: phone", "as: phon", "feed.yaml: E302"},
        {"feed.yaml", "as: pseudonym\n    else: reject(no medical record number)", "as: pseudonym",
         "feed.yaml: E401"},
        {"feed.yaml", "feed: small", "feed: other", "E009"},
        {"feed.yaml", "status: booked, phone", "status: moved, phone", "1 of its tests fail"},
        {"policy.yaml", "expires: 2027-11-20", "expires: 2026-01-20", "policy.yaml: E804"},
        {"tables/site.csv", "KH,KH", "KH,KH\nKH,SG", "site.csv: E303"},
    };
    struct world *w = open_world();
    const struct live *before = w->live;

    for
        EACH (i, cases) {
            const struct reload_last *last;

            put(w, cases[i].file, cases[i].find, cases[i].with);
            w->now_ms++;
            last = reloads(w);
            CHECK(last->refused && last->at_ms == w->now_ms && strstr(last->said, cases[i].why) &&
                      strstr(last->said, " -> the feeds in service stay"),
                  "%s: %s", cases[i].with, last->said);
            CHECK(w->live == before && w->n_borrowed == 0, "%s: in service", cases[i].with);
            restore(w, cases[i].file);
        }
    w->config.feeds = "/nowhere/at/all";
    CHECK(reloads(w)->refused && strstr(reload_last(w->reload)->said, "/nowhere/at/all: "), "%s",
          reload_last(w->reload)->said);
    w->config.feeds = w->tenant.feed;
    w->listen.feed = "large";
    CHECK(reloads(w)->refused &&
              strstr(reload_last(w->reload)->said, "tidings.yaml:7: `feed: large`: no such feed"),
          "%s", reload_last(w->reload)->said);
    CHECK(w->live == before && w->n_begun == w->n_ended, "%d of %d", w->n_ended, w->n_begun);
    close_world(w);
}

/* A feed whose file is there and cannot be opened does not leave service unsaid. */
static void test_unreadable(void)
{
    struct world *w = open_world();
    const struct live *before = w->live;
    char path[512];

    w->config.feeds = w->tenant.folder.path;
    CHECK(!reloads(w)->refused, "the folder: %s", reload_last(w->reload)->said);
    CHECK(symlink("nowhere", temp_folder_file(&w->tenant.folder, "second.yaml", path)) == 0,
          "link");
    CHECK(reloads(w)->refused && strstr(reload_last(w->reload)->said, "second.yaml: E007"), "%s",
          reload_last(w->reload)->said);
    CHECK(remove(path) == 0 && mkfifo(path, 0600) == 0, "mkfifo");
    CHECK(reloads(w)->refused && strstr(reload_last(w->reload)->said, "second.yaml: E007"), "%s",
          reload_last(w->reload)->said);
    CHECK(w->live == before, "in service");
    close_world(w);
}

static void test_taken(void)
{
    struct world *w = open_world();
    const struct live *first = w->live;
    char hash[65];

    CHECK(!reloads(w)->refused && strstr(reload_last(w->reload)->said, "unchanged: "), "%s",
          reload_last(w->reload)->said);
    CHECK(w->live == first && w->n_borrowed == 0, "unchanged");
    memcpy(hash, w->live->hash, sizeof hash);
    put(w, "sites.yaml", "en: North", "en: Northern");
    w->now_ms += 1000;
    CHECK(!reloads(w)->refused && strstr(reload_last(w->reload)->said, "reloaded: "), "%s",
          reload_last(w->reload)->said);
    CHECK(w->n_borrowed == 1 && !w->live->borrowed, "the first ones are given back");
    CHECK(strcmp(hash, w->live->hash) != 0 && w->live->since_ms[0] == w->now_ms, "another version");
    restore(w, "sites.yaml");
    w->now_ms += 1000;
    CHECK(!reloads(w)->refused && strcmp(hash, w->live->hash) == 0, "and back");
    CHECK(w->live->since_ms[0] == w->now_ms && w->live->set.tests[0].passed > 0, "since");
    CHECK(w->n_borrowed == 1, "once");
    close_world(w);
}

/* Asked for three times while one runs: one more, which sees what has changed meanwhile. */
static void test_asked_meanwhile(void)
{
    struct world *w = open_world();

    put(w, "feed.yaml", "as: phone", "as: phon");
    reload_ask(w->reload, NULL);
    CHECK(w->n_begun == 1, "at once");
    for (int i = 0; i < 3; i++)
        reload_ask(w->reload, NULL);
    while (w->n_ended < 1)
        (void)uv_run(&w->loop, UV_RUN_ONCE);
    restore(w, "feed.yaml");
    put(w, "sites.yaml", "en: North", "en: Northern");
    while (w->n_ended < 2)
        (void)uv_run(&w->loop, UV_RUN_ONCE);
    CHECK(w->n_begun == 2, "%d", w->n_begun);
    close_world(w);
}

/* The feeds before are there until the last transaction has let go of them; nothing else begins. */
static void test_still_used(void)
{
    struct world *w = open_world();
    const struct live *first = w->live;

    w->keeps = true;
    put(w, "sites.yaml", "en: North", "en: Northern");
    reload_ask(w->reload, NULL);
    while (!w->on_unused)
        (void)uv_run(&w->loop, UV_RUN_ONCE);
    CHECK(w->live != first && w->n_borrowed == 0 && w->n_ended == 0, "not over yet");
    CHECK(feeds_named(&w->first, "small"), "still there");
    reload_ask(w->reload, NULL);
    CHECK(w->n_begun == 1, "one at a time");
    w->keeps = false;
    w->on_unused(w->unused_ctx);
    w->on_unused = NULL;
    CHECK(w->n_borrowed == 1 && w->n_ended == 1 && w->n_begun == 2, "over, and the next");
    while (w->n_ended < 2)
        (void)uv_run(&w->loop, UV_RUN_ONCE);
    CHECK(strstr(reload_last(w->reload)->said, "unchanged: "), "%s", reload_last(w->reload)->said);
    close_world(w);
}

/* Closed while a thread loads: it is waited for, and what it found is not used. */
static void test_closed_meanwhile(void)
{
    struct world *w = open_world();
    const struct live *first = w->live;

    put(w, "sites.yaml", "en: North", "en: Northern");
    reload_ask(w->reload, NULL);
    reload_ask(w->reload, NULL);
    reload_close(w->reload, 600000, on_closed, w);
    reload_ask(w->reload, NULL);
    (void)uv_run(&w->loop, UV_RUN_DEFAULT);
    CHECK(w->n_closed == 1 && w->n_begun == 1 && w->live == first, "%d begun", w->n_begun);
    CHECK(uv_loop_close(&w->loop) == 0, "handles are left");
    live_free(w->live);
    feeds_free(&w->first);
    tenant_remove(&w->tenant);
    arena_reset(&w->arena);
    free(w);
}

/* An entry that ends while its feed is in service stays in force, and blocks the next reload. */
static void test_policy_end(void)
{
    struct world *w = open_world();
    int64_t next_ms;

    CHECK(live_expired(w->live, 0, in_force_ms, &next_ms) == 0 && next_ms == last_ms + 1,
          "ends at %lld", (long long)next_ms);
    CHECK(live_expired(w->live, 0, last_ms, &next_ms) == 0 && next_ms == last_ms + 1, "the last");
    CHECK(live_expired(w->live, last_ms, last_ms + 1, &next_ms) == 1 && next_ms == 0, "ended");
    w->now_ms = last_ms;
    CHECK(!reloads(w)->refused, "%s", reload_last(w->reload)->said);
    w->now_ms = last_ms + 1;
    CHECK(reloads(w)->refused && strstr(reload_last(w->reload)->said, "policy.yaml: E804"), "%s",
          reload_last(w->reload)->said);
    put(w, "policy.yaml", "expires: 2027-11-20", "expires: 2028-11-20");
    CHECK(!reloads(w)->refused, "%s", reload_last(w->reload)->said);
    CHECK(live_expired(w->live, 0, w->now_ms, &next_ms) == 0 && next_ms > w->now_ms,
          "decided again");
    close_world(w);
}

int main(void)
{
    test_refused();
    test_unreadable();
    test_taken();
    test_asked_meanwhile();
    test_still_used();
    test_closed_meanwhile();
    test_policy_end();
    return check_end();
}
