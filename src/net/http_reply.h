/* An answer as bytes. Pure. */
#ifndef HTTP_REPLY_H
#define HTTP_REPLY_H

#include "base/buf.h"
#include "net/http_server.h"

/* Appends status line, headers and body. An answer that could split (a control character in a field
 * or a content type) is replaced by a bare 500. no_body: the request was HEAD. */
void http_reply_add(struct buf *out, const struct http_answer *answer, bool no_body, bool close);
/* "Not Found"; "Status" for one we have no word for. */
const char *http_reply_phrase(int status);

#endif
