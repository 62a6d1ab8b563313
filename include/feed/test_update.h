/* New expectations for tests that fail: `tidings test --update`. Nothing is written here. */
#ifndef FEED_TEST_UPDATE_H
#define FEED_TEST_UPDATE_H

#include "feed/feed.h"

struct feed_rewrite { /* one file of the feed */
    const char *path; /* to be opened */
    struct str before, after;
    struct str diff; /* "@@ line 12", "-old", "+new"; for people */
    size_t n_tests;  /* whose expectations changed */
};

/* Of all tests, or those whose name holds `only`: an expectation that nothing matches becomes what came
 * instead, text by text where the outcome is of the same kind; every other byte stays. Files in which
 * nothing changes are left out. ERR_INPUT: a test cannot run (E902, E903), its samples differ from one
 * another, or its layout cannot be kept; ERR_BUSY: a file has changed since the feed was loaded.
 * Everything lives in `a`. */
bool feed_test_update(const struct feed *f, const char *only, struct arena *a,
                      struct feed_rewrite **out, size_t *n, struct err *e) MUST_USE;

#endif
