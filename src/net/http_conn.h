/* One connection of an HTTP server.
 *
 *               head read            body read               answer given
 *   accept --> CONN_HEAD ---------> CONN_BODY ------> CONN_HANDLING ------> CONN_ANSWERING
 *               ^   |  \  no body        |        ___^                        |   |   ^
 *               |   |   +---------------(+)------+                            |   |   |
 *               |   +---- refused -------+------------------------------------+---|---+
 *               +------------ written, kept alive ----------------------------+   | written, last
 *                                                                                 v
 *   closed by idle time, FIN, RST, deadline: CONN_CLOSED <-- FIN or 1 s -- CONN_DISCARDING
 *
 * One request at a time: while an answer is pending no more than one read's bytes are taken in, and
 * they wait unparsed. A connection whose handler is at work outlives its socket until
 * http_answer(). */
#ifndef HTTP_CONN_H
#define HTTP_CONN_H

#include "base/buf.h"
#include "http_body.h"
#include "net/http_server.h"
#include "net/stream.h"

enum http_conn_state {
    CONN_HEAD,       /* waiting for, or in the middle of, a head */
    CONN_BODY,       /* reading a body */
    CONN_HANDLING,   /* the handler has the request */
    CONN_ANSWERING,  /* the answer is being written */
    CONN_DISCARDING, /* FIN sent; dropping input, so that no RST eats the answer */
    CONN_CLOSED,     /* stream_close() was called, or the stream is gone */
};

struct http_conn {
    struct http_server *server;
    struct http_conn *prev, *next;
    struct stream *stream; /* NULL once it is gone */
    enum http_conn_state state;
    struct http_exchange x;
    struct http_head *head; /* in x.arena */
    const struct http_route *route;
    struct http_body body;
    struct buf in; /* bytes from the peer; those before `at` are used up */
    size_t at;
    struct http_scan scan;
    struct buf sending, waiting; /* what the stream is writing; what comes after it */
    size_t sent;                 /* bytes of `sending` that are with the kernel */
    int64_t deadline_ms;         /* of the state, on the loop's clock; 0: none */
    int64_t body_from_ms;
    bool writing, closing, fin, keep;
};

enum { HTTP_ANSWER_BYTES = 64 << 20 }; /* the longest answer, its head included */

struct http_server {
    struct http_settings set;
    struct listener *listener;
    uv_timer_t sweep;
    struct http_conn *conns;
    int n_conns;
    bool closing;
    int64_t drain_ms; /* when closing: the end of grace */
    void (*on_closed)(void *ctx);
    void *ctx;
};

/* Takes the stream over. */
void http_conn_open(struct http_server *s, struct stream *stream);
/* Past its deadline: 408, or the end. */
void http_conn_expire(struct http_conn *c);
/* The server is closing: an idle connection ends now, another after its answer. */
void http_conn_drain(struct http_conn *c);
void http_conn_cut(struct http_conn *c); /* ends now */
static inline int64_t http_conn_now_ms(const struct http_conn *c)
{
    return (int64_t)uv_now(c->server->set.loop);
}

/* http_conn_out.c. Hands the next piece to the stream unless it is writing. */
void http_conn_flush(struct http_conn *c);
/* A write ended. True when nothing is left to write. */
bool http_conn_wrote(struct http_conn *c, bool ok);
void http_conn_reply(struct http_conn *c, const struct http_answer *answer);
/* An answer of the server's own; allow: for 405, else absent. */
void http_conn_reply_own(struct http_conn *c, int status, struct str allow);
/* The request cannot be taken, so where the next one starts is unknown: the last answer. */
void http_conn_refuse(struct http_conn *c, int status);
/* http_server.c: the connection is out of the list's hands and freed right after. */
void http_server_forget(struct http_server *s, struct http_conn *c);

#endif
