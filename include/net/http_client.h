/* HTTP requests out, on the loop (libcurl multi does TLS and pooling).
 *
 * The body is fed by a reader that cannot rewind: libcurl otherwise sends a POST a second time by itself
 * on a reused connection that the peer closed (measured with 7.88.1; WhatsApp page §5.1). */
#ifndef NET_HTTP_CLIENT_H
#define NET_HTTP_CLIENT_H

#include <stdint.h>
#include <uv.h>

#include "base/err.h"
#include "base/str.h"

struct http_client;

/* What can be proven about a request that got no HTTP status. */
enum http_sent {
    HTTP_ANSWERED, /* a whole answer came: status and reply are set */
    HTTP_UNSENT,   /* libcurl 6, 7, 28, 35, 60 before the request was begun: no byte left */
    HTTP_UNKNOWN,  /* anything else: it may have been acted on */
};

/* One request. Embed it in your own struct; fill the first part, then start it.
 * Keep it, and all it points to, until done() is called. */
struct http_call {
    const char *url;                   /* NUL-terminated; http or https */
    const char *bearer;                /* access token, or NULL */
    const char *content_type;          /* of the body */
    const char *header;                /* one further header line, or NULL */
    struct str body;                   /* p == NULL makes it a GET */
    int64_t timeout_ms;                /* for the whole request */
    size_t max_reply;                  /* bytes; a longer reply is HTTP_UNKNOWN */
    void (*done)(struct http_call *c); /* exactly once, never inside http_start() */

    /* For done(): */
    enum http_sent sent;
    int status;            /* HTTP_ANSWERED */
    int curl_code;         /* CURLcode; 0 when answered */
    int64_t retry_after_s; /* Retry-After in seconds; -1: none */
    struct str reply;      /* lives until done() returns */

    struct http_call_private {
        void *easy, *headers, *reply;
        size_t at;
        bool begun; /* a connection was there to write the request to */
    } own;
};

struct http_client_settings {
    uv_loop_t *loop;
    int max_host_connections;
    int64_t connect_ms;
    int64_t max_age_s; /* CURLOPT_MAXAGE_CONN: below the server's idle time */
};

/* ERR_BUSY when libcurl cannot be started. */
bool http_client_open(const struct http_client_settings *set, struct http_client **out,
                      struct err *e) MUST_USE;
/* False: nothing was sent and done() will not be called. */
bool http_start(struct http_client *h, struct http_call *c, struct err *e) MUST_USE;
void http_cancel(struct http_client *h, struct http_call *c); /* done() will not be called */
void http_client_close(struct http_client *h);                /* no call may be running */

#endif
