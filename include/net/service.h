/* What the service manager hears of us: datagrams of sd_notify(3) to NOTIFY_SOCKET, written directly. */
#ifndef NET_SERVICE_H
#define NET_SERVICE_H

#include <stdbool.h>
#include <stdint.h>

struct service {
    char socket[108];    /* NOTIFY_SOCKET; empty: nobody listens */
    int64_t watchdog_ms; /* how often it wants to hear that the loop turns; 0: it does not */
};

/* Takes NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID out of the environment. Once, before there are
 * threads. */
void service_take(struct service *out);

/* READY=1, with a sentence for STATUS= (no line break in it). Does nothing when nobody listens, as all that
 * follow; what cannot be delivered is dropped. */
void service_ready(const struct service *s, const char *status);
/* RELOADING=1 with MONOTONIC_USEC of now. READY=1 ends it. */
void service_reloading(const struct service *s);
void service_stopping(const struct service *s);
/* WATCHDOG=1: the loop turns. */
void service_alive(const struct service *s);

#endif
