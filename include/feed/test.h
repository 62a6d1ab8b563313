/* The tests inside a feed file and its overlays. */
#ifndef FEED_TEST_H
#define FEED_TEST_H

#include "feed/feed.h"

struct feed_test_count { int passed, failed; };

/* Runs the tests of the feed, then of its overlays; prints "ok    NAME" or "FAIL  NAME" with wanted, got and
 * place (file:line) to `to` (NULL: silent). */
void feed_test_run(const struct feed *f, FILE *to, struct feed_test_count *out);

#endif
