#include "reload.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "reload_work.h"

enum { ANSWER_MOST = 512 * 1024, YES = 0, NO = 1, HANDLES = 2 };

struct waiting {
    struct control_ask **items;
    size_t n, room;
};

enum phase { IDLE, LOADING, SWAPPING };

struct reload {
    struct reload_settings set;
    enum phase phase;
    bool again, closing, left_behind;
    struct waiting now, next; /* asked for the one that runs, and for the one after it */
    uv_thread_t thread;
    uv_async_t async;
    uv_timer_t grace;
    int n_closed; /* of these two */
    struct reload_work work;
    struct live *before; /* SWAPPING: still used by a transaction */
    struct buf answer;
    struct reload_last last;
    void (*on_closed)(void *ctx);
    void *closed_ctx;
};

static void begin(struct reload *r);

static void wait_for(struct waiting *w, struct control_ask *q)
{
    if (w->n == w->room) {
        const size_t room = w->room ? 2 * w->room : 8;
        struct control_ask **wider = realloc(w->items, room * sizeof *wider);

        if (!wider)
            abort(); /* out of memory */
        w->items = wider;
        w->room = room;
    }
    w->items[w->n++] = q;
}

static void answer_all(struct waiting *w, int number, struct str text)
{
    for (size_t i = 0; i < w->n; i++)
        control_answer(w->items[i], number, text);
    w->n = 0;
}

static void on_handle_closed(uv_handle_t *h)
{
    struct reload *r = h->data;
    void (*on_closed)(void *ctx) = r->on_closed;
    void *ctx = r->closed_ctx;

    if (++r->n_closed < HANDLES)
        return;
    free(r->now.items);
    free(r->next.items);
    if (!r->left_behind) /* else its thread uses it */
        free(r);
    on_closed(ctx);
}

static void end(struct reload *r)
{
    const struct str stopping = STR("refused: the daemon is stopping\n");

    answer_all(&r->now, NO, stopping);
    answer_all(&r->next, NO, stopping);
    uv_close((uv_handle_t *)&r->async, on_handle_closed);
    uv_close((uv_handle_t *)&r->grace, on_handle_closed);
}

/* It is over: everybody hears it, and the next begins if somebody asked meanwhile. */
static void finish(struct reload *r, bool refused)
{
    struct reload_last *last = &r->last;

    r->phase = IDLE;
    reload_work_free(&r->work);
    last->at_ms = clock_now_ms(r->set.clock);
    last->refused = refused;
    log_event(refused ? LOG_WARN : LOG_INFO, "app", "%s", last->said);
    buf_printf(&r->answer, "%s\n", last->said);
    answer_all(&r->now, refused ? NO : YES, buf_str(&r->answer));
    buf_reset(&r->answer);
    r->set.on_end(r->set.ctx, last->said);
    if (r->closing)
        end(r);
    else if (r->again)
        begin(r);
}

/* No transaction uses the feeds before these any more. */
static void on_unused(void *ctx)
{
    struct reload *r = ctx;
    const bool borrowed = r->before->borrowed;

    live_free(r->before);
    r->before = NULL;
    if (borrowed)
        r->set.on_borrowed(r->set.ctx);
    finish(r, false);
}

static void refuse(struct reload *r, const char *why)
{
    (void)snprintf(r->last.said, sizeof r->last.said,
                   "reload refused: %s -> the feeds in service stay", why);
    finish(r, true);
}

/* The entry of `listen` whose feed is not among these; NULL: there is none. */
static const struct listen *orphan(const struct config *c, const struct feed_set *set)
{
    for (size_t i = 0; i < c->n_listen; i++)
        if (c->listen[i].feed && !feeds_named(set, c->listen[i].feed))
            return &c->listen[i];
    return NULL;
}

static int tests_passed(const struct feed_set *set)
{
    int n = 0;

    for (size_t i = 0; i < set->n; i++)
        n += set->tests[i].passed;
    return n;
}

static void put_into_service(struct reload *r, struct live *next)
{
    struct live *before = *r->set.live;

    live_compare(before, next, &r->answer);
    if (live_same(before, next)) {
        (void)snprintf(r->last.said, sizeof r->last.said,
                       "unchanged: the feeds are those in service, %.12s; %d tests passed",
                       before->hash, tests_passed(&next->set));
        live_free(next);
        finish(r, false);
        return;
    }
    (void)snprintf(r->last.said, sizeof r->last.said, "reloaded: %.12s -> %.12s; %d tests passed",
                   before->hash, next->hash, tests_passed(&next->set));
    r->phase = SWAPPING;
    r->before = before;
    *r->set.live = next;
    r->set.swap(r->set.ctx, next, on_unused, r);
}

static void judge(struct reload *r)
{
    struct reload_work *w = &r->work;
    const struct listen *left = w->fits ? orphan(r->set.config, &w->set) : NULL;
    struct live *next;

    buf_add(&r->answer, buf_str(&w->text));
    if (w->text.over)
        buf_add(&r->answer, STR("... there is more: tidings check, tidings test\n"));
    if (left)
        (void)err_set(&w->why, ERR_CONFIG, 0, "%s:%d: `feed: %s`: no such feed in %s",
                      r->set.config->file, left->line, left->feed, r->set.config->feeds);
    if (left || !w->fits) {
        refuse(r, w->why.text);
        return;
    }
    next = live_make(&w->set, false, *r->set.live, w->now_ms);
    if (next)
        put_into_service(r, next);
    else
        refuse(r, "out of memory");
}

static void on_loaded(uv_async_t *async)
{
    struct reload *r = async->data;

    if (r->phase != LOADING || r->left_behind)
        return;
    (void)uv_thread_join(&r->thread);
    if (r->closing)
        refuse(r, "the daemon is stopping");
    else
        judge(r);
}

static void begin(struct reload *r)
{
    const struct waiting free_list = r->now;

    r->now = r->next;
    r->next = free_list;
    r->again = false;
    r->phase = LOADING;
    r->answer = buf_new(ANSWER_MOST);
    r->work = (struct reload_work){
        .path = r->set.config->feeds,
        .now_ms = clock_now_ms(r->set.clock),
        .done = &r->async,
    };
    r->set.on_begin(r->set.ctx);
    if (uv_thread_create(&r->thread, reload_work_run, &r->work) < 0)
        refuse(r, "no thread for it");
}

void reload_ask(struct reload *r, struct control_ask *q)
{
    if (r->closing) {
        if (q)
            control_answer(q, NO, STR("refused: the daemon is stopping\n"));
        return;
    }
    if (q)
        wait_for(&r->next, q);
    r->again = true;
    if (r->phase == IDLE)
        begin(r);
}

const struct reload_last *reload_last(const struct reload *r)
{
    return &r->last;
}

bool reload_open(const struct reload_settings *set, struct reload **out, struct err *e)
{
    struct reload *r = calloc(1, sizeof *r);

    if (!r)
        return err_set(e, ERR_BUSY, 0, "out of memory");
    r->set = *set;
    r->async.data = r->grace.data = r;
    if (uv_async_init(set->loop, &r->async, on_loaded) < 0) {
        free(r);
        return err_set(e, ERR_BUSY, 0, "out of descriptors");
    }
    (void)uv_timer_init(set->loop, &r->grace);
    *out = r;
    return true;
}

/* A thread cannot be ended from outside, and one that waits for a file may wait for ever. */
static void on_grace(uv_timer_t *t)
{
    struct reload *r = t->data;

    if (r->phase != LOADING)
        return;
    log_event(LOG_WARN, "app", "a reload did not end in time -> left behind");
    r->left_behind = true;
    r->set.on_left_behind(r->set.ctx);
    end(r);
}

void reload_close(struct reload *r, int64_t grace_ms, void (*on_closed)(void *ctx), void *ctx)
{
    r->closing = true;
    r->on_closed = on_closed;
    r->closed_ctx = ctx;
    if (r->phase == IDLE)
        end(r);
    else
        (void)uv_timer_start(&r->grace, on_grace, (uint64_t)grace_ms, 0);
}
