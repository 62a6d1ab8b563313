/* The operators' listener: /healthz, /readyz, /metrics. Loopback only; no patient data. */
#ifndef ADMIN_ADMIN_H
#define ADMIN_ADMIN_H

#include "base/buf.h"
#include "net/http_server.h"
#include "store/queue.h"

struct admin;

struct admin_settings {
    struct http_settings http; /* loop, address, limits; routes are filled in here */
    struct store_queue *queue;
    /* False until everything listens, and again once stopping began. */
    bool (*ready)(void *ctx);
    /* Appends the counters of the running steps in Prometheus' text format. */
    void (*write_metrics)(void *ctx, struct buf *out);
    void *ctx;
};

/* ERR_CONFIG when the address cannot be listened on. */
bool admin_open(const struct admin_settings *set, struct admin **out, struct err *e) MUST_USE;
int admin_port(const struct admin *a);
void admin_close(struct admin *a, int64_t grace_ms, void (*on_closed)(void *ctx), void *ctx);

#endif
