#include "http_body.h"

#include "base/container_of.h"

enum { FRAMING_PER_BYTE = 8 }; /* "1\r\nx\r\n" is 5: even a byte a chunk is honest */

static struct http_body *of(llhttp_t *p)
{
    return container_of(p, struct http_body, parser);
}

/* Both readers must have understood the same. */
static int on_headers_complete(llhttp_t *p)
{
    const struct http_head *h = of(p)->head;
    bool chunked = (p->flags & F_CHUNKED) != 0;
    uint64_t length = p->flags & F_CONTENT_LENGTH ? p->content_length : 0;

    p->upgrade = 0; /* we never switch protocols (RFC 9110 §7.8 lets us ignore it) */
    return chunked == h->chunked && length == h->length && p->http_minor == h->minor ? 0 : -1;
}

static int on_body(llhttp_t *p, const char *at, size_t n)
{
    struct http_body *b = of(p);

    if (buf_add(&b->bytes, (struct str){at, n}))
        return 0;
    b->status = 413;
    return -1;
}

static int on_chunk_header(llhttp_t *p)
{
    struct http_body *b = of(p);

    if (p->content_length == 0) {
        b->trailing = true;
        return HPE_PAUSED;
    }
    if (p->content_length <= b->bytes.max - b->bytes.n)
        return 0;
    b->status = 413;
    return -1;
}

static int on_message_complete(llhttp_t *p)
{
    of(p)->whole = true;
    return HPE_PAUSED;
}

static const llhttp_settings_t callbacks = {
    .on_headers_complete = on_headers_complete,
    .on_body = on_body,
    .on_chunk_header = on_chunk_header,
    .on_message_complete = on_message_complete,
};

static enum http_body_step bad(struct http_body *b, int status)
{
    if (!b->status)
        b->status = status;
    return HTTP_BODY_BAD;
}

/* Trailers are ours: llhttp 8.1 takes a bare CR for the end of a line there. Checked, then dropped.
 */
static enum http_body_step feed_trailers(struct http_body *b, struct str *in)
{
    while (in->n) {
        if (!buf_add_char(&b->trailers, in->p[0]))
            return bad(b, 431);
        *in = (struct str){in->p + 1, in->n - 1};
        switch (http_scan(&b->scan, buf_str(&b->trailers))) {
        case HTTP_SCAN_MORE:
            break;
        case HTTP_SCAN_BAD:
            return bad(b, 400);
        case HTTP_SCAN_END:
            b->status = http_trailers_check(buf_str(&b->trailers));
            return b->status ? HTTP_BODY_BAD : HTTP_BODY_DONE;
        }
    }
    return HTTP_BODY_MORE;
}

enum http_body_step http_body_start(struct http_body *b, struct str raw,
                                    const struct http_head *head, size_t max_body,
                                    size_t max_framing)
{
    llhttp_errno_t rc;

    *b = (struct http_body){.head = head,
                            .bytes = buf_new(max_body),
                            .trailers = buf_new(max_framing),
                            .max_framing = max_framing};
    if (head->length > max_body)
        return bad(b, 413);
    llhttp_init(&b->parser, HTTP_REQUEST, &callbacks);
    rc = llhttp_execute(&b->parser, raw.p, raw.n);
    if (rc == HPE_PAUSED && b->whole && llhttp_get_error_pos(&b->parser) == raw.p + raw.n)
        return HTTP_BODY_DONE;
    return rc == HPE_OK && (head->chunked || head->length) ? HTTP_BODY_MORE : bad(b, 400);
}

enum http_body_step http_body_feed(struct http_body *b, struct str *in)
{
    size_t held = b->bytes.n, used;
    llhttp_errno_t rc;

    if (b->trailing)
        return feed_trailers(b, in);
    rc = llhttp_execute(&b->parser, in->p, in->n);
    if (rc != HPE_OK && rc != HPE_PAUSED)
        return bad(b, 400);
    used = rc == HPE_OK ? in->n : (size_t)(llhttp_get_error_pos(&b->parser) - in->p);
    b->framing += used - (b->bytes.n - held);
    *in = (struct str){in->p + used, in->n - used};
    if (b->framing > b->max_framing + FRAMING_PER_BYTE * b->bytes.n)
        return bad(b, 400);
    if (b->whole)
        return HTTP_BODY_DONE;
    return b->trailing ? feed_trailers(b, in) : HTTP_BODY_MORE;
}

void http_body_end(struct http_body *b)
{
    buf_reset(&b->bytes);
    buf_reset(&b->trailers);
}
