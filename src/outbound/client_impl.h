/* What the halves of the client share: client.c connects and writes, match.c reads and matches. */
#ifndef OUTBOUND_CLIENT_IMPL_H
#define OUTBOUND_CLIENT_IMPL_H

#include "net/stream.h"
#include "outbound/client.h"

enum { RECENT = 16, ID_MOST = 200, TIMERS = 3 };

enum phase { CLOSED, CONNECTING, OPEN, ENDING };

/* Answered on this connection: a second answer is told from a stranger's. */
struct recent {
    char id[ID_MOST];
    size_t n;
    bool more; /* its application acknowledgement is still to come */
};

struct client {
    struct client_settings set;
    struct client_counts counts;
    enum phase phase;
    struct stream_connect connect;
    struct stream *stream;
    struct mllp_framer framer;
    struct client_request *first; /* in the order of client_send(): begun ones, then the others */
    struct buf frame;             /* being written, from `at` on */
    size_t at, piece;
    bool writing, hang_up;
    struct recent recent[RECENT];
    size_t n_recent;  /* since the connection was opened */
    uv_timer_t timer; /* of the answer that is due next, or of an idle connection */
    uv_timer_t grace; /* FS without CR */
    uv_timer_t kick;  /* later on the loop */
    int handles;
    char why[sizeof((struct err *)0)->text];
    bool late; /* the connection is given up because an answer did not come in time */
    bool closing, gone;
    void (*on_closed)(void *ctx);
    void *closed_ctx;
};

/* Takes a request off the list and calls its done(). */
void client_finish(struct client *c, struct client_request *r, enum client_outcome outcome);
/* Ends the connection; what is in flight is unknown once it is closed. */
void client_give_up(struct client *c, const char *why);
/* Watches the answer that is due first, else the idle limit. */
void client_watch(struct client *c);

/* Bytes of the peer; and its end. */
void client_take(struct client *c, struct str data);
void client_take_end(struct client *c);

#endif
