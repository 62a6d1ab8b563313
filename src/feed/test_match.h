/* Holds the outcomes of one message against the expectations of a test. */
#ifndef FEED_TEST_MATCH_H
#define FEED_TEST_MATCH_H

#include "model.h"

enum happening_kind { HAPPENS_EVENT, HAPPENS_SEND, HAPPENS_REMIND, HAPPENS_STOP, HAPPENS_WARN };

/* One thing that may be expected: an event, a send, a reminder, a stop or a warning. */
struct happening {
    enum happening_kind kind;
    const struct feed_outcome *o;
    const struct feed_reminder *reminder;
    struct str key;  /* "appointment/1", "send", "remind", "drop", "hold", "reject", "warn" */
    struct str text; /* reason or warning */
    bool used;       /* an expectation has it */
};

enum { NO_HAPPENING = -1 };

struct test_pairing {
    struct happening *items; /* in order of the outcomes */
    size_t n;
    int *of; /* of each expectation: its happening, or NO_HAPPENING */
};

/* Which expectation has which happening; each is used once, and as many as can be. Lives in `a`. */
void test_pair(const struct yaml_node *expect, const struct feed_result *r, struct arena *a,
               struct test_pairing *out);
/* A free happening of the same kind with the fewest members that differ, or NO_HAPPENING. */
int test_nearest(const struct test_pairing *p, const struct yaml_pair *want, struct arena *a);
/* What a happening has where an expectation has a text: a slot, "template", "before" … */
struct str happening_member(const struct happening *h, struct str name, struct arena *a);
/* It satisfies this member of the expectation. */
bool happening_has(const struct happening *h, const struct yaml_pair *member, struct arena *a);

/* NULL when every expectation found its outcome and every outcome but a warning was expected; else what was
 * wanted and not got, or got and not wanted, in `a`; *at is the text at fault, the expectation, or
 * `expect` itself. */
const char *test_match(const struct yaml_node *expect, const struct feed_result *r, struct arena *a,
                       const struct yaml_node **at);
/* What came of the message, one line an outcome, for the report of a failed test. */
const char *test_got(const struct feed_result *r, struct arena *a);

#endif
