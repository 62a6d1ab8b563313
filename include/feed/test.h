/* The tests inside a feed file and its overlays (docs/feed-language.md, section 12). `check`, `test`, `serve` and
 * reload run them by the same function, and only for a feed that loads. */
#ifndef FEED_TEST_H
#define FEED_TEST_H

#include "feed/feed.h"

struct feed_test_count {
    int passed, failed;
};

struct feed_test_asked {
    FILE *to; /* NULL: silent. Else a line a test, "ok    NAME" or "FAIL  NAME" with place, what was
                         wanted and what was got, and behind each file's tests "N passed, N failed" */
    const char *only; /* NULL: all; else those whose name holds this text */
    bool unread;      /* W905 too: fields of samples that no rule ever reads */
};

/* Runs the tests of the feed, then those of each overlay, and adds to *io, in its order, what they found:
 *   E901 a test fails   E902 a sample looks real (fails the first test that names it)   E903 it cannot run
 *   W903, W907 no test gives an instance of a rule, an overlay (not with `only`)        W905
 * io: what feed_load_at() gave, or zeroed; new findings live in `a`. *out counts the tests of all files. */
void feed_test_check(const struct feed *f, const struct feed_test_asked *asked, struct arena *a,
                     struct findings *io, struct feed_test_count *out);

/* The same for who only counts. */
void feed_test_run(const struct feed *f, FILE *to, struct feed_test_count *out);

#endif
