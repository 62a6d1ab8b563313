/* The daemon: builds, owns and connects everything. The whole flow of data is app_connect() in
 * app.c. */
#ifndef APP_APP_H
#define APP_APP_H

#include <uv.h>

#include "app/feeds.h"
#include "base/clock.h"
#include "config/config.h"
#include "model/ledger.h"
#include "net/activation.h"
#include "seal/seal.h"
#include "store/queue.h"

struct app;

struct app_settings {
    uv_loop_t *loop;
    const struct config *config;  /* borrowed until on_stopped, like all that follows */
    const struct feed_set *feeds; /* until on_feeds_unused, when there is one */
    const struct clock *clock;
    const struct random_source *random;
    struct activation *sockets; /* from the service manager; NULL: none */
    int64_t coalesce_most_ms; /* cap on every coalescing window; 0: none. The demo uses a second */
    /* The store failed in a way after which nothing may be answered (an unknown commit, a damaged
     * database): end the process now; the next start recovers. */
    void (*on_fatal)(void *ctx, const struct err *e);
    /* app_stop() could not wait for a thread: it goes on, with memory that is not freed, until the process
     * ends; so end it with _exit() once the loop has ended. */
    void (*on_left_behind)(void *ctx);
    /* A reload has replaced `feeds`: nothing uses them any more. May be NULL. */
    void (*on_feeds_unused)(void *ctx);
    /* A reload begins (said is NULL), or has ended: a sentence of files, codes and counts. May be NULL. */
    void (*on_reload)(void *ctx, const char *said);
    void *ctx;
};

/* Opens keys, secrets, store, steps and listeners, recovers what a crash left, and rings every bell
 * once. Logs "listen …" for each listener, then "ready". ERR_CONFIG names the setting; whatever was
 * opened is closed by then or as the loop runs on. */
bool app_open(const struct app_settings *set, struct app **out, struct err *e) MUST_USE;

/* The port of the n-th listener of that kind (0: the first); 0 when there is none. */
int app_port(const struct app *a, enum listen_kind kind, size_t n);

/* A look at the store, on the store's thread; done() on the loop, exactly once. Embed it. */
struct app_look {
    size_t most; /* latest instances wanted */
    void (*done)(struct app_look *l);

    /* For done(): */
    struct err err; /* kind ERR_NONE: the rest is set */
    struct ledger ledger;
    struct trace_list recent; /* newest first; until done() returns */

    struct app_look_private {
        struct store_job job;
        struct arena arena;
    } own;
};
/* Reads ledger and recent traces on the store thread; l->done comes once, on the loop. */
void app_look(struct app *a, struct app_look *l);

/* Loads and tests the feeds of config.feeds and puts them into service; or, when anything is wrong with them,
 * leaves those in service and logs why. Returns at once. Not to be called after app_stop(). */
void app_reload(struct app *a);

/* Stops listening, finishes what is in flight within config.stop_grace, closes the store, frees the
 * app; then on_stopped(ctx), exactly once. */
void app_stop(struct app *a, void (*on_stopped)(void *ctx), void *ctx);

#endif
