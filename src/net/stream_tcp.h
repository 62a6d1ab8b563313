/* A stream over one TCP connection: what listener.c accepts and connect.c opens. */
#ifndef STREAM_TCP_H
#define STREAM_TCP_H

#include "net/stream.h"
#include "turn.h"

enum { STREAM_READ_BYTES = 65536 };

struct stream_tcp {
    struct stream stream;
    uv_tcp_t tcp;
    uv_write_t write;
    uv_shutdown_t shutdown;
    char *room; /* STREAM_READ_BYTES for one read; a listener's streams share the listener's */
    bool owns_room;
    bool closing, ended;
    struct turn *failure; /* a write that libuv would not take, until its owner is told */
    void (*on_gone)(struct stream_tcp *t); /* just before it is freed; may be NULL */
    void *owner;                           /* for on_gone */
};

/* A stream that is not connected yet. `room` NULL: it gets its own. Out of memory ends the process.
 */
struct stream_tcp *stream_tcp_new(uv_loop_t *loop, char *room);
/* Once connected: fills in the peer's address; no Nagle; probes after so much silence, 0: none. */
void stream_tcp_ready(struct stream_tcp *t, int keepalive_s);
/* Reads a numeric address. ERR_CONFIG otherwise. */
bool stream_address(const char *host, int port, struct sockaddr_storage *out,
                    struct err *e) MUST_USE;

#endif
