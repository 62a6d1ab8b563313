/* One MLLP connection that sends HL7 messages and matches their answers. hl7v2.md 2.2, 9.
 *
 *   CLOSED -- request --> CONNECTING --> OPEN -- content, framed, in one write --> answered by MSA-2
 *      ^                      |            |
 *      +--- cannot connect ---+            +-- no answer in time, the peer ends: given up ------+
 *      +----------------------------------------------------------------------------------------+
 *
 * It connects when there is something to send. After a time-out the connection is given up: a late
 * answer has nowhere to arrive. A request that was not written is UNSENT; one that was written and
 * not answered is UNKNOWN, which is no failure: the peer may hold the message. */
#ifndef OUTBOUND_CLIENT_H
#define OUTBOUND_CLIENT_H

#include <uv.h>

#include "hl7/mllp.h"
#include "net/tls.h"
#include "outbound/answer.h"

enum client_outcome { CLIENT_ANSWERED, CLIENT_UNKNOWN, CLIENT_UNSENT };

/* What is written instead of the framed content, to try a receiver with: `tidings send --fault`. */
struct client_script {
    struct str bytes; /* empty: nothing, they went with an earlier request's */
    size_t piece;     /* bytes to a write; 0: all in one */
    bool hang_up;     /* FIN after the last of them */
};

/* Embed it; fill the first part; keep it and what it points to until done(). */
struct client_request {
    struct str content;                 /* one message, without framing; ends in CR */
    struct str id;                      /* its MSH-10 */
    bool more;                          /* MSH-16 asks for an application acknowledgement, too */
    const struct client_script *script; /* NULL: SB content FS CR */
    void (*done)(struct client_request *r); /* exactly once, never inside client_send() */

    /* For done(): */
    enum client_outcome outcome;
    enum hl7_ack_code code; /* ANSWERED */
    struct str answer;      /* ANSWERED: its content, or the commit byte; until done() returns */
    const char *why;        /* UNKNOWN, UNSENT: our words */
    bool late;              /* UNKNOWN: no answer in time; else the connection ended */
    int64_t took_us;        /* from the first write */

    struct client_request *next; /* the client's, like all that follows */
    uint64_t begun_ns, until_ns;
    bool begun;
};

struct client_settings {
    uv_loop_t *loop;
    const char *host; /* numeric, or a name to be looked up */
    int port;
    struct tls *tls; /* NULL: plain */
    int keepalive_s;
    int64_t connect_ms, answer_ms;
    int64_t idle_ms;    /* without a request, it is closed after; 0: kept */
    size_t answer_most; /* bytes; a longer answer ends the connection */
    /* The application acknowledgement that a request with `more` got after its CA; may be NULL. */
    void (*on_more)(void *ctx, struct str id, enum hl7_ack_code code, struct str content);
    void *ctx;
};

struct client_counts {
    uint64_t connections, answers, more, timeouts;
    uint64_t aborted; /* content that holds framing bytes: a fault of ours, never written */
    uint64_t strays[STRAYS];
    uint64_t codes[HL7_CODES]; /* of the answers' framing */
};

struct client;

/* Connects with the first request. Ends the program without memory. */
struct client *client_open(const struct client_settings *set);
/* Requests are written in order, as soon as there is a connection, whether or not those before are
 * answered: who wants one in flight sends the next from done(). Not after client_close(). */
void client_send(struct client *c, struct client_request *r);
/* Since open. */
const struct client_counts *client_counts(const struct client *c);
/* Of the peer of the connection that is open, verified; NULL: plain, or there is none. */
const struct tls_peer *client_certificate(const struct client *c);
/* Requests end as UNKNOWN or UNSENT first; on_closed() once, and the client is gone. It may be called
 * from done(). A connection that is being opened is waited for, connect_ms at most. */
void client_close(struct client *c, void (*on_closed)(void *ctx), void *ctx);

#endif
