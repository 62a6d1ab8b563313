/* What a receiver does by the clock: ends chains of parts whose rest never came, and repeats what the
 * store could not do. */
#ifndef RECEIVE_MLLP_SWEEP_H
#define RECEIVE_MLLP_SWEEP_H

#include <uv.h>

#include "store/queue.h"

struct mllp_receiver;

struct mllp_sweep {
    uv_timer_t timer; /* counted in works */
    struct store_job job;
    bool busy;
    int64_t before_ms, next_ms;
    size_t n;
};

void mllp_sweep_open(struct mllp_receiver *r); /* the first sweep is at once */
void mllp_sweep_close(struct mllp_receiver *r);
/* A part was stored: its chain ends in parts_ms at the latest. */
void mllp_sweep_later(struct mllp_receiver *r);
/* In a second. */
void mllp_sweep_soon(struct mllp_receiver *r);

#endif
