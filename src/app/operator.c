/* What a person at the machine asks the daemon over its control socket; and the end of policy entries. */
#include <inttypes.h>
#include <string.h>

#include "base/log.h"
#include "parts.h"
#include "resume.h"

enum { ASKERS = 32, LINE_MS = 10000, FEEDS_MOST = 256 * 1024, USAGE = 2, HOUR_MS = 3600000 };

static void swap_feeds(void *ctx, const struct live *next, void (*on_unused)(void *ctx),
                       void *unused_ctx)
{
    struct app *a = ctx;

    map_swap(a->map, (const struct feed *const *)next->set.items, next->set.n, on_unused,
             unused_ctx);
    a->policy_seen_ms = 0;
    operator_policy(a);
}

static void on_borrowed(void *ctx)
{
    struct app *a = ctx;

    if (a->set.on_feeds_unused)
        a->set.on_feeds_unused(a->set.ctx);
}

static void on_begin(void *ctx)
{
    struct app *a = ctx;

    if (a->set.on_reload)
        a->set.on_reload(a->set.ctx, NULL);
}

static void on_end(void *ctx, const char *said)
{
    struct app *a = ctx;

    if (a->set.on_reload && !a->stopping)
        a->set.on_reload(a->set.ctx, said);
}

static void on_left_behind(void *ctx)
{
    struct app *a = ctx;

    a->set.on_left_behind(a->set.ctx);
}

/* Lines of fields between tabs: names, versions and figures, no more. */
static void list_feeds(const struct app *a, struct control_ask *q)
{
    const struct reload_last *last = reload_last(a->reload);
    const struct feed_set *set = &a->live->set;
    struct buf out = buf_new(FEEDS_MOST);

    buf_printf(&out, "configuration\t%s\t%zu\n", a->live->hash, a->policy_expired);
    for (size_t i = 0; i < set->n; i++)
        buf_printf(&out, "feed\t%s\t%s\t%" PRId64 "\t%d\n", feed_name(set->items[i]),
                   feed_version(set->items[i]), a->live->since_ms[i],
                   set->tests ? set->tests[i].passed : -1);
    if (last->at_ms)
        buf_printf(&out, "reload\t%s\t%" PRId64 "\t%s\n", last->refused ? "refused" : "done",
                   last->at_ms, last->said);
    control_answer(q, 0, buf_str(&out));
    buf_reset(&out);
}

static void on_ask(void *ctx, struct control_ask *q, const char *words)
{
    struct app *a = ctx;

    if (strcmp(words, "reload") == 0)
        reload_ask(a->reload, q);
    else if (strncmp(words, "resume ", 7) == 0)
        resume_ask(a, q, words + 7);
    else if (strcmp(words, "feeds") == 0)
        list_feeds(a, q);
    else
        control_answer(q, USAGE, STR("this daemon does not know that word\n"));
}

bool operator_open(struct app *a, struct err *e)
{
    const struct reload_settings reload = {
        .loop = a->set.loop,
        .clock = a->set.clock,
        .config = a->set.config,
        .live = &a->live,
        .swap = swap_feeds,
        .on_borrowed = on_borrowed,
        .on_begin = on_begin,
        .on_end = on_end,
        .on_left_behind = on_left_behind,
        .ctx = a,
    };
    const struct control_settings control = {
        .loop = a->set.loop,
        .folder = a->set.config->state,
        .read_ms = LINE_MS,
        .most = ASKERS,
        .on_ask = on_ask,
        .ctx = a,
    };

    return reload_open(&reload, &a->reload, e) && control_open(&control, &a->control, e);
}

void operator_policy(void *app)
{
    struct app *a = app;
    const struct alarm alarm = wake_alarm(&a->wakes[WAKE_POLICY]);
    const int64_t now_ms = clock_now_ms(a->set.clock);
    int64_t next_ms;

    a->policy_expired = live_expired(a->live, a->policy_seen_ms, now_ms, &next_ms);
    a->policy_seen_ms = now_ms;
    if (next_ms) /* at its time, and now and then: the clock may be set */
        alarm_set(&alarm, next_ms < now_ms + HOUR_MS ? next_ms : now_ms + HOUR_MS);
    else
        alarm_set(&alarm, 0);
}

void app_reload(struct app *a)
{
    if (!a->stopping)
        reload_ask(a->reload, NULL);
}
