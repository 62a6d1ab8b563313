/* The body of one request: framing by llhttp, within limits. A fresh parser a request, fed with its
 * own head first, so no request can leave anything behind for the next. */
#ifndef HTTP_BODY_H
#define HTTP_BODY_H

#include <llhttp.h>

#include "base/buf.h"
#include "http_head.h"

enum http_body_step { HTTP_BODY_MORE, HTTP_BODY_DONE, HTTP_BODY_BAD };

struct http_body {
    llhttp_t parser;
    const struct http_head *head; /* what http_head_read() made of it; borrowed */
    struct buf bytes;             /* the body so far */
    size_t framing;               /* bytes taken that are not body */
    size_t max_framing;           /* trailers, and chunk lines beyond a share of the body */
    bool trailing, whole;
    struct buf trailers;
    struct http_scan scan;
    int status; /* BAD: 400, 413, 431 */
};

/* raw: the head as sent, which http_head_read() has passed. DONE when no body follows. */
enum http_body_step http_body_start(struct http_body *b, struct str raw,
                                    const struct http_head *head, size_t max_body,
                                    size_t max_framing) MUST_USE;
/* Moves *in past what belongs to this request. */
enum http_body_step http_body_feed(struct http_body *b, struct str *in) MUST_USE;
void http_body_end(struct http_body *b); /* gives the memory back; zeroed is fine */

#endif
