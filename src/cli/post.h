/* One message to one peer, and its answer: MLLP or FHIR over HTTP. */
#ifndef CLI_POST_H
#define CLI_POST_H

#include "net/http_client.h"
#include "outbound/client.h"
#include "sample.h"

enum post_how {
    POST_ANSWERED, /* code and accepted are set */
    POST_UNKNOWN,  /* sent, not answered: why */
    POST_UNSENT,   /* nothing was sent: why */
};

/* Embed it; fill the first part; keep it until done(). */
struct post {
    struct client *mllp;      /* for HL7 samples */
    struct http_client *http; /* for FHIR samples, with where they go: */
    const char *host;
    int port;
    int64_t timeout_ms;
    const struct sample *sample;
    const struct client_script *script; /* HL7: what is written instead; NULL: the sample, framed */
    void (*done)(struct post *p);       /* exactly once, never inside post_start() */
    void *ctx;                          /* the owner's */

    /* For done(): */
    enum post_how how;
    bool accepted;  /* AA, CA, 200, 201 */
    char code[8];   /* MSA-1, or the HTTP status */
    char text[120]; /* ERR-3, or the issue code; printable ASCII; "" when there is none */
    char why[400];
    bool late; /* UNKNOWN: no answer in time; else the connection ended */
    int64_t took_ms;

    struct post_private {
        struct client_request request;
        struct http_call call;
        char url[256];
        uint64_t begun_ns;
    } own;
};

/* ERR_BUSY: the HTTP client takes no call. done() is not called then. */
bool post_start(struct post *p, struct err *e) MUST_USE;

#endif
