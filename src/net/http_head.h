/* The head of a request: where it ends, and everything about it that strict llhttp 8.1 lets pass
 * although two readers could understand it differently. Pure.
 *
 *   METHOD SP target SP HTTP/1.x CRLF *( name ":" OWS value OWS CRLF ) CRLF      (RFC 9112)
 *
 * Stricter than the RFC: no empty line before the request line, no repeated Content-Length even
 * when equal, exactly one Host in HTTP/1.0 too. */
#ifndef HTTP_HEAD_H
#define HTTP_HEAD_H

#include <stdint.h>

#include "net/http_server.h"

enum { HTTP_HEADERS = 100 };

/* Looks for the empty line that ends a block of lines. Start with a zeroed struct. */
struct http_scan {
    size_t at;   /* bytes already looked at */
    size_t line; /* where the current line starts */
};
enum http_scan_step { HTTP_SCAN_MORE, HTTP_SCAN_END, HTTP_SCAN_BAD };

/* `in` is the block from its first byte, longer on every call. END: s->at bytes are the block.
 * BAD: a bare CR, a bare LF or a NUL. */
enum http_scan_step http_scan(struct http_scan *s, struct str in) MUST_USE;

struct http_head {
    struct str method, target; /* target as sent */
    int minor;                 /* HTTP/1.minor */
    struct http_header headers[HTTP_HEADERS];
    size_t n_headers;
    bool chunked, keep_alive, expects_continue;
    uint64_t length; /* Content-Length; 0 without one */
};

/* Reads a whole head, its empty line included; slices point into `raw`. 0, or the status to refuse
 * it with: 400, 417, 431, 501, 505. */
int http_head_read(struct str raw, struct http_head *out) MUST_USE;
/* Whether `block` (header lines and the empty line) could stand as trailers: 0, 400 or 431. */
int http_trailers_check(struct str block) MUST_USE;

bool http_name_eq(struct str a, struct str b); /* ASCII, case-insensitive */

#endif
