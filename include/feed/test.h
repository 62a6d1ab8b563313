/* The tests inside a feed file and its overlays. */
#ifndef FEED_TEST_H
#define FEED_TEST_H

#include "feed/feed.h"

struct feed_test_count {
    int passed, failed;
};

/* Runs the tests of the feed, then those of each overlay. Prints to `to` (NULL: silent) "ok    NAME" or
 * "FAIL  NAME" with place, what was wanted and what was got, and behind each file's tests the line
 * "N passed, N failed". *out counts all of them. */
void feed_test_run(const struct feed *f, FILE *to, struct feed_test_count *out);

#endif
