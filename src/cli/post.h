/* One message to one peer, and its answer: MLLP or FHIR over HTTP. */
#ifndef CLI_POST_H
#define CLI_POST_H

#include <uv.h>

#include "hl7/mllp.h"
#include "net/http_client.h"
#include "net/stream.h"
#include "sample.h"

enum post_how {
    POST_ANSWERED, /* code and accepted are set */
    POST_SILENT,   /* no whole answer within the time */
    POST_CLOSED,   /* the peer closed first */
    POST_REFUSED,  /* no connection */
};

/* Embed it; fill the first part; keep it until done(). */
struct post {
    uv_loop_t *loop;
    struct http_client *http; /* for FHIR samples */
    const char *host;         /* numeric */
    int port;
    const struct sample *sample;
    int64_t timeout_ms;
    void (*done)(struct post *p); /* exactly once, never inside post_start() */

    /* For done(): */
    enum post_how how;
    bool accepted;  /* AA, CA, 200, 201 */
    char code[8];   /* MSA-1, or the HTTP status */
    char text[120]; /* ERR-3, or the issue code; printable ASCII; "" when there is none */
    int64_t took_ms;

    struct post_private {
        struct stream_connect connect;
        struct stream *stream;
        struct mllp_framer framer;
        uv_timer_t timer;
        struct http_call call;
        struct buf frame;
        char url[256];
        uint64_t started;
        bool over;
    } own;
};

/* ERR_CONFIG: not a numeric address. done() is not called then. */
bool post_start(struct post *p, struct err *e) MUST_USE;

#endif
