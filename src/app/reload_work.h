/* The part of a reload that runs on a thread of its own. Only src/app sees it. */
#ifndef APP_RELOAD_WORK_H
#define APP_RELOAD_WORK_H

#include <uv.h>

#include "app/feeds.h"
#include "base/buf.h"
#include "base/clock.h"

struct reload_work {
    /* given */
    const char *path;
    struct clock clock; /* stands still at now_ms: the loop's clock is the loop's */
    int64_t now_ms;
    uv_async_t *done; /* is sent at the end */

    /* found */
    struct arena arena;
    struct feed_set set;
    bool fits;       /* else `why` */
    struct err why;  /* names files, codes and counts */
    struct buf text; /* findings, and tests that fail */
};

/* Loads and tests what is at `path`. One at a time; reload_work_free() afterwards, on any thread. */
void reload_work_run(void *work);
void reload_work_free(struct reload_work *w);

#endif
