#include "store/queue.h"

#include <stdlib.h>

#include "base/container_of.h"

struct job_list {
    struct store_job *head, **tail;
};

/* At most so many jobs marked `later` in a commit of their own, so that one that comes meanwhile waits
 * for little; each of them bounds its own work. */
enum { LATER_BATCH = 1 };

/* Jobs submitted in one turn of the loop go to the thread together, so that the first of a burst does not
 * get a commit, and a sync, of its own; but not more than so many, so that both work at the same time. */
enum { HAND_OVER = 16 };

/* Nobody who waits has come for so long: a pause. Senders that wait for each answer come again within a
 * round trip; a commit of other work in between would cost each of them a sync. */
enum { PAUSE_NS = 2000000 };

/* Fewer jobs a second than this, seen over a window, leave the thread time enough: then the others give way
 * for a shorter time, so that they keep up. */
enum { LIGHT_RATE = 12000, WINDOW_NS = 20000000, LIGHT_PAUSE_NS = 300000, LIGHT_WAIT_NS = 3000000 };

struct store_queue {
    struct store_queue_settings set;
    uv_thread_t thread;
    uv_async_t wake_loop;
    uv_prepare_t before_poll;
    uv_check_t after_poll;
    int open;                  /* of these three */
    struct job_list submitted; /* in this turn; loop thread only */
    size_t n_submitted;
    bool told; /* loop thread only: on_fatal was called */

    uv_mutex_t lock; /* guards what follows */
    uv_cond_t wake_thread;
    struct job_list waiting, later, finished;
    uint64_t later_ns;  /* since when the first of `later` waits (uv_hrtime) */
    uint64_t urgent_ns; /* when the last of the others was done, or came */
    uint64_t window_ns; /* since when n_window of them were taken */
    uint64_t n_window;
    bool is_light; /* the window before had few of them */
    bool stopping, fatal;
    struct err why; /* fatal */
};

static void list_init(struct job_list *l)
{
    *l = (struct job_list){.tail = &l->head};
}

static void list_append(struct job_list *l, struct store_job *jobs)
{
    *l->tail = jobs;
    while (*l->tail)
        l->tail = &(*l->tail)->next;
}

static struct store_job *list_take(struct job_list *l, size_t most)
{
    struct store_job *jobs = l->head, **last = &l->head;

    for (size_t i = 0; i < most && *last; i++)
        last = &(*last)->next;
    l->head = *last;
    if (!l->head)
        l->tail = &l->head;
    *last = NULL;
    return jobs;
}

/* The same word for all of `jobs`. */
static void end_alike(struct store_job *jobs, bool ok, const struct err *e)
{
    for (struct store_job *j = jobs; j; j = j->next) {
        j->ok = ok;
        j->err = ok ? (struct err){0} : *e;
    }
}

/* One transaction for all of `jobs`. False with ERR_UNCERTAIN: it may be on disk, or the database
 * is damaged; with any other kind: nothing of it is on disk. *begun is false when it never began:
 * no job ran, and none would fare better alone. */
static bool run_together(struct store *s, struct store_job *jobs, bool *begun, struct err *e)
{
    *begun = s->ops->begin(s, e);
    if (!*begun)
        return false;
    for (struct store_job *j = jobs; j; j = j->next) {
        if (!j->run(j, s, e)) {
            s->ops->rollback(s);
            return false;
        }
    }
    if (s->ops->commit(s, e))
        return true;
    if (e->kind != ERR_UNCERTAIN) /* else nothing may be touched any more */
        s->ops->rollback(s);
    return false;
}

/* Each in a commit of its own. False: fatal. */
static bool run_each(struct store *s, struct store_job *jobs, struct err *e)
{
    bool begun = true;

    for (struct store_job *j = jobs, *next; j; j = next) {
        next = j->next;
        j->next = NULL;
        j->ok = run_together(s, j, &begun, &j->err);
        j->next = next;
        if (!j->ok && j->err.kind == ERR_UNCERTAIN) {
            *e = j->err;
            return false;
        }
        if (!begun) {
            end_alike(next, false, &j->err);
            break;
        }
    }
    return true;
}

/* All in one commit; if any fails, each on its own, so one bad job hurts only itself. A foreign lock
 * is waited for once, not once a job. False: fatal, and nothing of this batch may be answered. */
static bool run_batch(struct store *s, struct store_job *jobs, struct err *e)
{
    bool begun, ok = run_together(s, jobs, &begun, e);

    if (!ok && e->kind == ERR_UNCERTAIN)
        return false;
    if (!ok && begun && jobs->next)
        return run_each(s, jobs, e);
    end_alike(jobs, ok, e);
    return true;
}

/* How long the first of `later` must still give way; 0: its turn is now. */
static uint64_t gives_way(const struct store_queue *q)
{
    const uint64_t now = uv_hrtime(), longest = (uint64_t)q->set.later_ms * 1000000;
    const uint64_t most =
        q->later_ns + (q->is_light && longest > LIGHT_WAIT_NS ? LIGHT_WAIT_NS : longest);
    const uint64_t pause = q->urgent_ns + (q->is_light ? LIGHT_PAUSE_NS : PAUSE_NS);
    const uint64_t until = q->waiting.head || pause > most ? most : pause;

    return q->stopping && !q->waiting.head ? 0 : until > now ? until - now : 0;
}

static void count_urgent(struct store_queue *q, const struct store_job *jobs)
{
    const uint64_t now = uv_hrtime(), took = now - q->window_ns;

    for (; jobs; jobs = jobs->next)
        q->n_window++;
    if (took < WINDOW_NS)
        return;
    q->is_light = q->n_window * 1000000000 / LIGHT_RATE < took;
    q->window_ns = now;
    q->n_window = 0;
}

/* The next jobs to be run together; NULL: none, and it is told to stop. */
static struct store_job *wait_batch(struct store_queue *q)
{
    struct store_job *batch;

    for (;;) {
        const uint64_t wait_ns = q->later.head ? gives_way(q) : UINT64_MAX;

        if (wait_ns == 0) {
            batch = list_take(&q->later, LATER_BATCH);
            q->later_ns = uv_hrtime();
            return batch;
        }
        if (q->waiting.head) {
            batch = list_take(&q->waiting, q->set.max_batch);
            count_urgent(q, batch);
            return batch;
        }
        if (q->stopping && !q->later.head)
            return NULL;
        if (q->later.head)
            (void)uv_cond_timedwait(&q->wake_thread, &q->lock, wait_ns);
        else
            uv_cond_wait(&q->wake_thread, &q->lock);
    }
}

static void thread_main(void *arg)
{
    struct store_queue *q = arg;
    struct err e = {0};
    bool alive = true;

    uv_mutex_lock(&q->lock);
    while (alive) {
        struct store_job *batch = wait_batch(q);
        bool later = batch && batch->later;

        if (!batch)
            break;
        uv_mutex_unlock(&q->lock);
        alive = run_batch(q->set.store, batch, &e);
        uv_mutex_lock(&q->lock);
        if (!later)
            q->urgent_ns = uv_hrtime();
        if (alive) {
            list_append(&q->finished, batch);
        } else {
            q->fatal = true;
            q->why = e;
        }
        (void)uv_async_send(&q->wake_loop);
    }
    uv_mutex_unlock(&q->lock);
}

/* Calls done() for what was committed; after a fatal error only on_fatal(), once. */
static void finish_jobs(struct store_queue *q)
{
    struct store_job *jobs;
    struct err why;
    bool fatal;

    uv_mutex_lock(&q->lock);
    jobs = list_take(&q->finished, SIZE_MAX);
    fatal = q->fatal;
    why = q->why;
    uv_mutex_unlock(&q->lock);
    if (fatal) {
        if (!q->told) {
            q->told = true;
            q->set.on_fatal(q->set.ctx, &why); /* may stop q */
        }
        return;
    }
    while (jobs) {
        struct store_job *j = jobs;

        jobs = j->next;
        j->next = NULL;
        j->done(j); /* j may be gone after this */
    }
}

static void on_wake(uv_async_t *a)
{
    finish_jobs(container_of(a, struct store_queue, wake_loop));
}

/* To the thread with what was submitted. */
static void hand_over(struct store_queue *q)
{
    if (!q->n_submitted)
        return;
    uv_mutex_lock(&q->lock);
    while (q->submitted.head) {
        struct store_job *j = list_take(&q->submitted, 1);

        if (j->later && !q->later.head)
            q->later_ns = uv_hrtime();
        list_append(j->later ? &q->later : &q->waiting, j);
    }
    uv_cond_signal(&q->wake_thread);
    uv_mutex_unlock(&q->lock);
    q->n_submitted = 0;
}

/* Before the loop waits: what timers and closed handles have submitted. */
static void before_poll(uv_prepare_t *h)
{
    hand_over(container_of(h, struct store_queue, before_poll));
}

static void after_poll(uv_check_t *h)
{
    hand_over(container_of(h, struct store_queue, after_poll));
}

static void gone(struct store_queue *q)
{
    if (--q->open == 0)
        free(q);
}

static void on_async_closed(uv_handle_t *h)
{
    gone(container_of(h, struct store_queue, wake_loop));
}

static void on_prepare_closed(uv_handle_t *h)
{
    gone(container_of(h, struct store_queue, before_poll));
}

static void on_check_closed(uv_handle_t *h)
{
    gone(container_of(h, struct store_queue, after_poll));
}

static void close_handles(struct store_queue *q)
{
    uv_close((uv_handle_t *)&q->wake_loop, on_async_closed);
    uv_close((uv_handle_t *)&q->before_poll, on_prepare_closed);
    uv_close((uv_handle_t *)&q->after_poll, on_check_closed);
}

bool store_queue_start(const struct store_queue_settings *set, struct store_queue **out,
                       struct err *e)
{
    struct store_queue *q = calloc(1, sizeof *q);
    int rc;

    if (!q)
        return err_set(e, ERR_BUSY, 0, "out of memory");
    q->set = *set;
    if (!q->set.max_batch)
        q->set.max_batch = 1;
    list_init(&q->submitted);
    list_init(&q->waiting);
    list_init(&q->later);
    list_init(&q->finished);
    rc = uv_async_init(set->loop, &q->wake_loop, on_wake);
    if (rc < 0) {
        free(q);
        return err_set(e, ERR_BUSY, rc, "store queue: %s", uv_strerror(rc));
    }
    q->open = 3;
    (void)uv_prepare_init(set->loop, &q->before_poll); /* these four cannot fail */
    (void)uv_check_init(set->loop, &q->after_poll);
    (void)uv_prepare_start(&q->before_poll, before_poll);
    (void)uv_check_start(&q->after_poll, after_poll);
    if ((rc = uv_mutex_init(&q->lock)) < 0 || (rc = uv_cond_init(&q->wake_thread)) < 0 ||
        (rc = uv_thread_create(&q->thread, thread_main, q)) < 0) {
        close_handles(q);
        return err_set(e, ERR_BUSY, rc, "store thread: %s", uv_strerror(rc));
    }
    *out = q;
    return true;
}

void store_queue_submit(struct store_queue *q, struct store_job *j)
{
    j->next = NULL;
    list_append(&q->submitted, j);
    if (++q->n_submitted >= HAND_OVER)
        hand_over(q);
}

void store_queue_stop(struct store_queue *q)
{
    hand_over(q);
    uv_mutex_lock(&q->lock);
    q->stopping = true;
    uv_cond_signal(&q->wake_thread);
    uv_mutex_unlock(&q->lock);
    (void)uv_thread_join(&q->thread);
    finish_jobs(q);
    /* a done() asked for more: here, the thread is gone */
    while (!q->fatal && (q->n_submitted || q->waiting.head || q->later.head)) {
        hand_over(q);
        thread_main(q);
        finish_jobs(q);
    }
    q->set.store->ops->close(q->set.store);
    uv_cond_destroy(&q->wake_thread);
    uv_mutex_destroy(&q->lock);
    close_handles(q);
}
