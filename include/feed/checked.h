/* What one run of the checker found in several feeds, for people and for tools. docs/feed-language.md,
 * section 14. */
#ifndef FEED_CHECKED_H
#define FEED_CHECKED_H

#include "base/buf.h"
#include "feed/feed.h"
#include "feed/test.h"

struct checked {       /* one feed file */
    const char *path;  /* as the user named it */
    struct feed *feed; /* NULL: it has errors */
    struct findings findings;
    struct feed_test_count tests;
};

struct checked_run {
    struct checked *items;
    size_t n;
    bool strict; /* warnings are errors */
};

/* Takes out every W902 of a table or template that another feed of the run uses. */
void checked_unused(struct checked_run *run);

/* How many errors were found in all feeds. */
size_t checked_errors(const struct checked_run *run);
/* The same of warnings. */
size_t checked_warnings(const struct checked_run *run);
/* What the exit code says: no error, no failed test, and with `strict` no warning. */
bool checked_clean(const struct checked_run *run);

/* One JSON document: {"format": "tidings-check/1", "findings": […], "feeds": […], "summary": {…}}. */
void checked_json(const struct checked_run *run, struct buf *out);
/* One SARIF 2.1.0 log with one run; rules from the table of codes, lines and code-point columns. */
void checked_sarif(const struct checked_run *run, struct buf *out);

#endif
