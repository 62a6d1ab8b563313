/* Holds the outcomes of one message against the expectations of a test. */
#ifndef FEED_TEST_MATCH_H
#define FEED_TEST_MATCH_H

#include "model.h"

/* NULL when every expectation found its outcome and every outcome but a warning was expected; else what was
 * wanted and not got, or got and not wanted, in `a`; *at is the expectation or `expect` itself. */
const char *test_match(const struct yaml_node *expect, const struct feed_result *r, struct arena *a,
                       const struct yaml_node **at);
/* What came of the message, one line an outcome, for the report of a failed test. */
const char *test_got(const struct feed_result *r, struct arena *a);

#endif
