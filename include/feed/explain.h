/* What a feed made of one message, and why: the text of `tidings explain` and its JSON
 * ("tidings-explain/1"). The interpreter is feed_eval() with a sink attached. */
#ifndef FEED_EXPLAIN_H
#define FEED_EXPLAIN_H

#include "base/buf.h"
#include "feed/feed.h"

/* Appends to `out`. Values of class contact and above are masked unless `reveal`, which also gives what the
 * sender wrote for each value. ERR_INPUT as feed_eval(). */
bool feed_explain_text(const struct feed *f, const struct feed_input *in, bool reveal,
                       struct buf *out, struct err *e) MUST_USE;
bool feed_explain_json(const struct feed *f, const struct feed_input *in, bool reveal,
                       struct buf *out, struct err *e) MUST_USE;

#endif
