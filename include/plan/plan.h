/* The plan step: takes mapped instances and due times, leaves notices that are ready to be sent.
 *
 * It decides what is news to a patient, merges bursts, withdraws what a later event made pointless,
 * mints the link, and gives up on answers that stay lost. Decisions are the pure functions of
 * plan/decide.h. */
#ifndef PLAN_PLAN_H
#define PLAN_PLAN_H

#include "base/alarm.h"
#include "base/bell.h"
#include "base/clock.h"
#include "store/queue.h"

struct plan;

struct plan_settings {
    struct store_queue *queue;
    const struct clock *clock;
    const struct random_source *random; /* for link tokens */
    const struct seal *seal;            /* blind index of what is news */
    int64_t link_ttl_ms;
    int64_t coalesce_most_ms;  /* cap on every window; 0: none. The demo uses a second */
    struct retry_policy retry; /* unknown_ms: when an unknown attempt goes to a person */
    size_t batch;              /* instances in one transaction */
    int64_t retry_ms;          /* after a failed transaction */
    struct bell next;          /* send */
    struct alarm alarm;        /* the next due time */
};

/* Borrows what the settings point to until plan_close(). ERR_BUSY: no memory. */
bool plan_open(const struct plan_settings *set, struct plan **out, struct err *e) MUST_USE;
/* There may be mapped instances, ended attempts or due notices: for a bell. */
void plan_ring(void *plan);
/* Lets the transaction in flight end; on_closed() exactly once, perhaps inside. */
void plan_close(struct plan *p, void (*on_closed)(void *ctx), void *ctx);

/* What one run did, and when it wants to run again. */
struct plan_result {
    bool more;       /* there is more to decide: run again */
    size_t ready;    /* notices that became ready */
    int64_t next_ms; /* 0: nothing is waiting for a time */
};

/* One run, without a loop: store thread, inside a transaction. */
bool plan_run(const struct plan_settings *set, int64_t now_ms, struct store *s, struct arena *a,
              struct plan_result *out, struct err *e) MUST_USE;

#endif
