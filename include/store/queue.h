/* Runs store work on the store's own thread and brings the answer back to the loop.
 *
 * Work that is waiting at the same moment shares one commit (group commit), so a burst of messages
 * costs one fsync, and none is answered before it is on disk. */
#ifndef STORE_QUEUE_H
#define STORE_QUEUE_H

#include <uv.h>

#include "store/store.h"

struct store_queue;

/* Embed this in your own request struct; get back to it with container_of(). */
struct store_job {
    /* Store thread, inside a transaction. Must be safe to repeat: a batch that fails runs again one
     * by one, so set results afresh on every call. ERR_UNCERTAIN is fatal; any other failure hurts
     * this job alone, ERR_BUSY (disk full) included. When no transaction can begin, all that waited
     * together fail alike and run() is not called. */
    bool (*run)(struct store_job *j, struct store *s, struct err *e);
    void (*done)(struct store_job *j); /* loop thread, exactly once, never inside submit */

    bool
        later; /* set by the submitter: nobody waits for it. It gives way to the others, but not for
                   longer than later_ms, and shares their commit when that costs them little */
    bool ok;   /* set before done(): committed */
    struct err err; /* why not */
    struct store_job *next;
};

struct store_queue_settings {
    uv_loop_t *loop;
    struct store *store; /* taken over: closed by store_queue_stop() */
    size_t max_batch;    /* jobs in one commit; 0: 1 */
    int64_t later_ms;    /* how long a job marked `later` may be held back while others come */
    /* Loop thread, once: begin, run or commit said ERR_UNCERTAIN. The outcome of a commit is
     * unknown, or the database is damaged: nothing may be answered any more; end the process,
     * recover at start. No done() is called after it. It may call store_queue_stop(); a fault that
     * the loop has not seen yet is told from inside store_queue_stop(). */
    void (*on_fatal)(void *ctx, const struct err *e);
    void *ctx;
};

/* Starts the thread that owns the open store. ERR_BUSY: no thread or memory for it, and the store is
 * still the caller's. */
bool store_queue_start(const struct store_queue_settings *set, struct store_queue **out,
                       struct err *e) MUST_USE;
/* No limit here: each submitter keeps its own number of jobs bounded. */
void store_queue_submit(struct store_queue *q, struct store_job *j);
/* Runs what waits (what a done() submits meanwhile included), calls every done(), ends the thread,
 * closes the store. The queue is freed by the loop's next turn. */
void store_queue_stop(struct store_queue *q);

#endif
