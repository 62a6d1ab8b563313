#include "map/map.h"

#include <stdlib.h>

#include "base/container_of.h"
#include "base/log.h"

struct map {
    struct map_settings set;
    uint8_t key[SEAL_KEY_BYTES];
    bool running, again, closing;
    void (*on_closed)(void *ctx);
    void *closed_ctx;

    struct store_job job;
    struct arena arena; /* of the job */
    size_t taken;       /* by the job */
    bool more;          /* than it took */
};

static bool run(struct store_job *j, struct store *s, struct err *e)
{
    struct map *m = container_of(j, struct map, job);
    struct message_list list = {0};

    m->taken = 0;
    arena_reset(&m->arena);
    if (!s->ops->take_stored(s, m->set.batch, NULL, 0, &m->arena, &list, e))
        return false;
    for (size_t i = 0; i < list.n; i++) {
        struct arena one = {0};
        bool ok = map_one(&m->set, m->key, &list.items[i], s, &one, e);

        arena_reset(&one);
        if (!ok)
            return false;
    }
    m->taken = list.n;
    m->more = list.more;
    return true;
}

static void map_free(struct map *m)
{
    void (*on_closed)(void *ctx) = m->on_closed;
    void *ctx = m->closed_ctx;

    arena_reset(&m->arena);
    seal_wipe(m->key, sizeof m->key);
    free(m);
    on_closed(ctx);
}

static void done(struct store_job *j)
{
    struct map *m = container_of(j, struct map, job);

    m->running = false;
    arena_reset(&m->arena);
    if (m->closing) {
        map_free(m);
        return;
    }
    if (!j->ok) {
        log_event(LOG_WARN, "map", "a transaction failed: %s -> again in %lld ms", j->err.text,
                  (long long)m->set.retry_ms);
        alarm_set(&m->set.alarm, clock_now_ms(m->set.clock) + m->set.retry_ms);
        return;
    }
    if (m->taken)
        bell_ring(&m->set.next);
    if (m->again || m->more)
        map_ring(m);
}

bool map_open(const struct map_settings *set, struct map **out, struct err *e)
{
    struct map *m = calloc(1, sizeof *m);

    if (!m)
        return err_set(e, ERR_BUSY, 0, "out of memory");
    m->set = *set;
    seal_derive(set->seal, "pseudonym", m->key);
    *out = m;
    return true;
}

void map_ring(void *map)
{
    struct map *m = map;

    m->again = m->running;
    if (m->running || m->closing)
        return;
    m->running = true;
    m->job = (struct store_job){.run = run, .done = done};
    store_queue_submit(m->set.queue, &m->job);
}

void map_close(struct map *m, void (*on_closed)(void *ctx), void *ctx)
{
    m->closing = true;
    m->on_closed = on_closed;
    m->closed_ctx = ctx;
    if (!m->running)
        map_free(m);
}
