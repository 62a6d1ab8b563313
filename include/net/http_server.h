/* HTTP/1.1 server on llhttp and streams: strict parsing, one request at a time a connection, deadlines
 * on everything, answers whenever the handler is ready (docs/decisions, design page http-server). */
#ifndef NET_HTTP_SERVER_H
#define NET_HTTP_SERVER_H

#include <stdint.h>
#include <uv.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/str.h"
#include "net/stream.h"

struct http_server;
struct http_exchange;

enum { HTTP_PATH_VALUES = 4 };

struct http_request {
    struct str method;                   /* "GET" */
    struct str path;                     /* percent-decoded once; no query */
    struct str query;                    /* raw, without '?'; absent when there is none */
    struct str values[HTTP_PATH_VALUES]; /* what the pattern's {…} matched, in order */
    struct str body;                     /* whole; at most the route's max_body */
    const struct http_header {
        struct str name, value;
    } * headers; /* as sent, in order */
    size_t n_headers;
    const char *peer; /* "127.0.0.1" */
};

/* One request and its answer. The memory of `request` and `arena` lives until the answer has been
 * written or the connection is gone, and at least until http_answer() is called. */
struct http_exchange {
    struct http_request request;
    struct arena arena; /* for the handler; freed with the exchange */
    void *ctx;          /* the route's */
    void *user;         /* the handler's own */
    bool gone;          /* the peer left: http_answer() must be called all the same */
};

struct http_answer {
    int status;
    const char *content_type; /* NULL: no body type */
    struct str body;          /* copied */
    const struct http_field {
        const char *name, *value;
    } * fields; /* further headers; copied */
    size_t n_fields;
    bool close; /* Connection: close after this answer */
};

struct http_route {
    const char
        *method; /* "GET", "POST", "*" for any. HEAD is answered by GET's route, body dropped */
    const char *pattern; /* "/l/{token}", "/fhir/{type}/{id}"; {x} matches one non-empty segment */
    size_t max_body;     /* bytes; more is 413 before it is read */
    /* Called once the whole request is there. Answer now or later, exactly once. */
    void (*on_request)(struct http_exchange *x);
    void *ctx;
};

/* Answers that the server makes itself (400, 404, 405, 408, 413, 414, 431, 501, 505) may be dressed by the
 * owner: fill in content type and body for `status`. NULL: text/plain. */
typedef void http_dress(void *ctx, int status, struct arena *a, struct http_answer *answer);

struct http_settings {
    uv_loop_t *loop;
    const char *host;
    int port; /* 0: see http_server_port() */
    /* As in listener_settings. */
    int fd;
    struct tls *tls;
    int64_t handshake_ms;
    int max_handshakes;
    int keepalive_s;
    const struct net_range *allow;
    size_t n_allow;
    void (*on_refused)(void *ctx, enum listener_refusal r, const char *peer, const char *why);
    void *refused_ctx; /* for on_refused() */
    int max_connections;
    size_t max_header;               /* bytes of request line and headers; 431 past it */
    int64_t header_ms;               /* whole header block within; 408 past it */
    int64_t idle_ms;                 /* between requests */
    int64_t body_ms;                 /* body: this plus received bytes / min_rate */
    int64_t min_rate;                /* bytes per second */
    int64_t write_ms;                /* an answer that makes no progress for so long: closed */
    const struct http_route *routes; /* borrowed; checked in order, first match wins */
    size_t n_routes;
    http_dress *dress;
    void *dress_ctx;
};

/* Fills in the defaults of every limit. */
struct http_settings http_settings_default(uv_loop_t *loop, const char *host, int port);
bool http_server_open(const struct http_settings *set, struct http_server **out,
                      struct err *e) MUST_USE;
int http_server_port(const struct http_server *s);
int http_server_connections(const struct http_server *s);
/* Exactly once an exchange, from the loop thread, at any time; x is gone afterwards. */
void http_answer(struct http_exchange *x, const struct http_answer *answer);
/* Instead of http_answer(): closes the connection without a byte. */
void http_abort(struct http_exchange *x);
/* The value of the first header of that name (case-insensitive); absent when there is none. */
struct str http_header(const struct http_request *r, const char *name);
/* How many headers have that name. */
size_t http_header_count(const struct http_request *r, const char *name);
/* The decoded value of a query or form field; absent when there is none. `from` is request.query or an
 * application/x-www-form-urlencoded body. */
struct str http_form_value(struct str from, const char *name, struct arena *a);
/* Stops listening; idle connections close, answers in flight are finished with Connection: close, after
 * `grace_ms` the rest is cut. on_closed(ctx) once nothing is left. */
void http_server_close(struct http_server *s, int64_t grace_ms, void (*on_closed)(void *ctx),
                       void *ctx);

#endif
