/* Reload: text, check and tests of all feeds on a thread of its own, then the swap; or nothing.
 *
 *     asked --> loading (thread) --> refused | unchanged | swapping (map) --> reloaded
 *
 * One runs at a time. Whoever asks while one runs is answered by the next, which begins after that: files
 * that changed meanwhile are seen. Loop thread only. Only src/app sees it. */
#ifndef APP_RELOAD_H
#define APP_RELOAD_H

#include <uv.h>

#include "base/buf.h"
#include "base/clock.h"
#include "config/config.h"
#include "live.h"
#include "net/control.h"

struct reload;

struct reload_settings {
    uv_loop_t *loop;
    const struct clock *clock;
    const struct config *config; /* its `feeds`; each feed of its `listen` must stay */
    struct live **live;          /* in service: replaced by a reload */
    /* Puts `next` into service; on_unused(ctx) once nothing uses the feeds before it. */
    void (*swap)(void *ctx, const struct live *next, void (*on_unused)(void *ctx),
                 void *unused_ctx);
    /* The feeds before are unused, and gone when this returns. Their set, when it was borrowed. */
    void (*on_borrowed)(void *ctx);
    /* One begins; or it has ended, `said` is a sentence about it. */
    void (*on_begin)(void *ctx);
    void (*on_end)(void *ctx, const char *said);
    /* reload_close(): the thread did not end in time (a file that hangs). It runs on, so that the process
     * must leave with _exit(); what it uses is never freed. */
    void (*on_left_behind)(void *ctx);
    void *ctx;
};

/* What the last one came to. */
struct reload_last {
    int64_t at_ms; /* when it ended; 0: there was none */
    bool refused;
    char said[480]; /* files, codes and counts */
};

bool reload_open(const struct reload_settings *set, struct reload **out, struct err *e) MUST_USE;
/* q: who waits for the answer, with 0 (in service) or 1 (refused) and what was found; NULL: nobody. */
void reload_ask(struct reload *r, struct control_ask *q);
const struct reload_last *reload_last(const struct reload *r);
/* One that runs is dropped when its thread ends, within grace_ms; who waits is refused. on_closed() exactly
 * once. */
void reload_close(struct reload *r, int64_t grace_ms, void (*on_closed)(void *ctx), void *ctx);

#endif
