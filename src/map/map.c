#include "map/map.h"

#include <stdlib.h>

#include "base/container_of.h"
#include "base/log.h"
#include "message.h"
#include "stuck.h"

enum { BACKOFF_DOUBLINGS = 5 };

/* What one transaction does. */
enum task {
    TASK_BATCH, /* maps what is stored */
    TASK_ALONE, /* the same, one message: its batch failed */
    TASK_AGAIN, /* maps a message that was set aside */
    TASK_HOLD,  /* holds it */
    TASK_PARTS, /* holds the chains whose rest never came */
};

struct map {
    struct map_settings set;
    uint8_t key[SEAL_KEY_BYTES];
    struct {
        const struct feed *const *feeds;
        size_t n;
        void (*on_unused)(void *ctx); /* NULL: no swap waits for the running transaction */
        void *ctx;
    } swap;
    bool running, again, closing;
    void (*on_closed)(void *ctx);
    void *closed_ctx;
    struct stuck_set stuck;
    size_t alone; /* so many messages of a failed batch are still to be tried one by one */
    int64_t parts_due_ms;

    struct store_job job;
    enum task task;
    struct stuck *one; /* of TASK_AGAIN and TASK_HOLD */
    int64_t now_ms;    /* when it was submitted */

    /* what run() found */
    struct arena arena;
    size_t tried;     /* messages */
    bool more;        /* than these */
    int64_t first_id; /* of them */
    uint64_t first_lane;
    size_t n_chains; /* held */
    int64_t oldest_chain_ms;
};

/* ---- store thread ---- */

static bool map_in(struct map *m, const struct message *msg, struct store *s, struct err *e)
{
    struct arena one = {0};
    bool ok = map_one(&m->set, m->key, msg, s, &one, e);

    arena_reset(&one);
    return ok;
}

static bool run_stored(struct map *m, size_t most, struct store *s, struct err *e)
{
    struct message_list list = {0};

    if (!s->ops->take_stored(s, most, m->stuck.lanes, m->stuck.n, &m->arena, &list, e))
        return false;
    m->tried = list.n;
    m->more = list.more;
    if (list.n) {
        m->first_id = list.items[0].id;
        m->first_lane = list.items[0].lane;
    }
    for (size_t i = 0; i < list.n; i++) {
        if (!map_in(m, &list.items[i], s, e))
            return false;
    }
    return true;
}

static bool run_again(struct map *m, struct store *s, struct err *e)
{
    struct message msg;

    m->tried = 1;
    return s->ops->read_message(s, m->one->id, &m->arena, &msg, e) && map_in(m, &msg, s, e);
}

static bool run_hold(struct map *m, struct store *s, struct err *e)
{
    struct message msg = {.id = m->one->id};

    m->tried = 1;
    return map_hold(&msg, STR("cannot be mapped: the store refused it"), s, e);
}

static bool run(struct store_job *j, struct store *s, struct err *e)
{
    struct map *m = container_of(j, struct map, job);

    m->tried = 0;
    m->more = false;
    arena_reset(&m->arena);
    switch (m->task) {
    case TASK_BATCH:
        return run_stored(m, m->set.batch, s, e);
    case TASK_ALONE:
        return run_stored(m, 1, s, e);
    case TASK_AGAIN:
        return run_again(m, s, e);
    case TASK_HOLD:
        return run_hold(m, s, e);
    case TASK_PARTS:
        break;
    }
    return s->ops->expire_parts(s, m->now_ms - m->set.parts_ms, &m->n_chains, &m->oldest_chain_ms,
                                e);
}

/* ---- loop thread ---- */

static int64_t backoff_ms(const struct map *m, int tries)
{
    return m->set.retry_ms << (tries <= BACKOFF_DOUBLINGS ? tries - 1 : BACKOFF_DOUBLINGS);
}

/* Picks the next task; false: there is none, until the alarm rings. */
static bool pick(struct map *m)
{
    struct stuck *one = stuck_next(&m->stuck);
    const bool parts = m->set.parts_ms > 0, stored = m->alone || m->again;
    int64_t wake_ms = parts ? m->parts_due_ms : 0;

    m->now_ms = clock_now_ms(m->set.clock);
    m->one = one;
    if (one && (one->given_up || one->due_ms <= m->now_ms)) {
        m->task = one->given_up ? TASK_HOLD : TASK_AGAIN;
        return true;
    }
    /* Many chains end in many transactions: what was stored has every second one. */
    if (parts && m->parts_due_ms <= m->now_ms && (m->task != TASK_PARTS || !stored)) {
        m->task = TASK_PARTS;
        return true;
    }
    if (stored) {
        m->task = m->alone ? TASK_ALONE : TASK_BATCH;
        m->again = m->alone > 0; /* what is behind them comes after them */
        return true;
    }
    if (one && (!wake_ms || one->due_ms < wake_ms))
        wake_ms = one->due_ms;
    alarm_set(&m->set.alarm, wake_ms);
    return false;
}

static void go_on(struct map *m);

/* No transaction is running: the feeds that wait take over. */
static void take_over(struct map *m)
{
    void (*on_unused)(void *ctx) = m->swap.on_unused;

    if (!on_unused)
        return;
    m->set.feeds = m->swap.feeds;
    m->set.n_feeds = m->swap.n;
    m->swap.on_unused = NULL;
    on_unused(m->swap.ctx);
}

static void map_free(struct map *m)
{
    void (*on_closed)(void *ctx) = m->on_closed;
    void *ctx = m->closed_ctx;

    arena_reset(&m->arena);
    stuck_close(&m->stuck);
    seal_wipe(m->key, sizeof m->key);
    free(m);
    on_closed(ctx);
}

static void succeeded(struct map *m)
{
    switch (m->task) {
    case TASK_BATCH:
        m->again = m->again || m->more;
        break;
    case TASK_ALONE:
        m->alone = m->tried ? m->alone - 1 : 0;
        break;
    case TASK_AGAIN:
    case TASK_HOLD:
        log_event(LOG_WARN, "map", "message %lld: %s; its lane goes on", (long long)m->one->id,
                  m->task == TASK_HOLD ? "held" : "mapped after all");
        stuck_drop(&m->stuck, m->one);
        m->again = true; /* what waited behind it */
        break;
    case TASK_PARTS:
        if (m->n_chains)
            log_event(LOG_WARN, "map", "%zu continued messages never ended -> held", m->n_chains);
        m->parts_due_ms =
            (m->oldest_chain_ms ? m->oldest_chain_ms + 1 : m->now_ms) + m->set.parts_ms;
        break;
    }
    if (m->tried)
        bell_ring(&m->set.next);
}

/* The message that the job tried alone failed: it stops its own lane only. False: no room for it. */
static bool set_aside(struct map *m)
{
    struct stuck *one = stuck_add(&m->stuck, m->first_id, m->first_lane);

    if (!one)
        return false;
    one->tries = 1;
    one->given_up = one->tries >= m->set.max_tries;
    one->due_ms = m->now_ms + m->set.retry_ms;
    log_event(LOG_WARN, "map", "message %lld failed alone: %s -> set aside with its lane",
              (long long)one->id, m->job.err.text);
    return true;
}

static void again_failed(struct map *m)
{
    struct stuck *one = m->one;

    if (m->tried && m->task == TASK_AGAIN)
        one->tries += one->tries < m->set.max_tries;
    /* A store that refuses even this says nothing about the message: it is mapped when that ends. */
    one->given_up = m->task == TASK_AGAIN && m->tried && one->tries >= m->set.max_tries;
    one->due_ms = m->now_ms + backoff_ms(m, one->tries);
}

/* False: the store is in trouble, so nothing more is tried before the alarm rings. */
static bool failed(struct map *m)
{
    if (m->task == TASK_AGAIN || m->task == TASK_HOLD) {
        again_failed(m);
        return m->tried > 0;
    }
    if (m->task == TASK_PARTS) { /* waits for its own turn; nothing else waits for it */
        m->parts_due_ms = m->now_ms + m->set.retry_ms;
        log_event(LOG_ERROR, "map",
                  "continued messages are not looked through: %s -> again in %lld ms",
                  m->job.err.text, (long long)m->set.retry_ms);
        return true;
    }
    if (!m->tried)
        return false;
    m->again = true;
    if (m->tried > 1) {
        m->alone = m->tried;
        return true;
    }
    if (!set_aside(m))
        return false;
    m->alone -= m->alone > 0;
    return true;
}

static void done(struct store_job *j)
{
    struct map *m = container_of(j, struct map, job);
    bool on = true;

    m->running = false;
    arena_reset(&m->arena);
    take_over(m);
    if (m->closing) {
        map_free(m);
        return;
    }
    if (j->ok)
        succeeded(m);
    else
        on = failed(m);
    if (on) {
        go_on(m);
        return;
    }
    log_event(LOG_WARN, "map", "a transaction failed: %s -> again in %lld ms", j->err.text,
              (long long)m->set.retry_ms);
    alarm_set(&m->set.alarm, m->now_ms + m->set.retry_ms);
}

static void go_on(struct map *m)
{
    if (m->running || m->closing || !pick(m))
        return;
    m->running = true;
    m->job = (struct store_job){.run = run, .done = done, .later = true};
    store_queue_submit(m->set.queue, &m->job);
}

bool map_open(const struct map_settings *set, struct map **out, struct err *e)
{
    struct map *m = calloc(1, sizeof *m);

    if (!m || !stuck_open(&m->stuck, set->stuck_most)) {
        if (m)
            stuck_close(&m->stuck);
        free(m);
        return err_set(e, ERR_BUSY, 0, "out of memory");
    }
    m->set = *set;
    seal_derive(set->seal, "pseudonym", m->key);
    *out = m;
    return true;
}

void map_ring(void *map)
{
    struct map *m = map;

    m->again = true;
    go_on(m);
}

void map_swap(struct map *m, const struct feed *const *feeds, size_t n,
              void (*on_unused)(void *ctx), void *ctx)
{
    m->swap.feeds = feeds;
    m->swap.n = n;
    m->swap.on_unused = on_unused;
    m->swap.ctx = ctx;
    if (!m->running)
        take_over(m);
}

void map_close(struct map *m, void (*on_closed)(void *ctx), void *ctx)
{
    m->closing = true;
    m->on_closed = on_closed;
    m->closed_ctx = ctx;
    if (!m->running)
        map_free(m);
}
