/* One run of all tests of a feed: samples read once, what was reached. Private to feed. */
#ifndef FEED_TESTING_H
#define FEED_TESTING_H

#include "files.h"
#include "model.h"

struct test_sample {
    const char *name; /* as the feed names it */
    enum file_result state;
    enum message_kind kind;
    struct str body;
    const char *real;           /* what looks real in it; NULL: nothing */
    bool told;                  /* a test has failed for it already */
    const struct yaml_node *at; /* where it was named first */
};

struct testing {
    const struct feed *f;
    struct arena *a;
    struct test_sample **samples; /* in order of first use */
    size_t n_samples, room;
    const char **countries; /* of the sites */
    bool *rule_seen;        /* a message gave an instance of it */
    bool *map_seen;         /* an instance was run with it: [0] the plain feed, then the overlays */
};

void testing_begin(struct testing *t, const struct feed *f, struct arena *a);

struct test_verdict {
    char code[5];               /* "": passed; else "E901", "E902", "E903" */
    const struct yaml_node *at; /* the expectation, the sample's name, the change … at fault */
    const char *why;
    const char *got; /* E901: the outcomes, a line each; else NULL */
};

/* What the last messages of a test came to: one, or one a file of `for_each_sample`. */
struct test_results {
    struct feed_result *items;
    size_t n, room;
};

/* Runs one test against an empty store. Texts and results live in `a`. `results` may be NULL. */
void test_run(struct testing *t, const struct test_case *test, struct arena *a,
              struct test_results *results, struct test_verdict *out);

/* ---- test_sample.c ---- */

/* The sample, read and looked through at its first use. */
struct test_sample *testing_sample(struct testing *t, const char *name, const struct yaml_node *at);
/* What looks real in a message, as "`PID-3` is a Taiwan national identifier"; NULL: nothing. */
const char *testing_real(const struct testing *t, enum message_kind kind, struct str body,
                         struct arena *a);

#endif
