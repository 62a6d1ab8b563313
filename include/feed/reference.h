/* The reference of the feed language: every key, event, slot, converter and class, as one page of
 * Markdown made from the tables that the loader and the interpreter use. */
#ifndef FEED_REFERENCE_H
#define FEED_REFERENCE_H

#include "base/buf.h"

/* Appends docs/feed-reference.md. False: `out` is full. */
bool feed_reference_write(struct buf *out);

#endif
