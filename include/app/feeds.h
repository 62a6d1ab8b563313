/* The feeds of a folder, or of one file: found, loaded, tested. */
#ifndef APP_FEEDS_H
#define APP_FEEDS_H

#include <stdio.h>

#include "base/clock.h"
#include "feed/feed.h"
#include "feed/test.h"

struct feed_set {
    struct feed **items;
    size_t n;
    size_t n_errors, n_warnings; /* findings of all files */
    struct feed_faults {         /* the errors among them, in the arena given to feeds_load() */
        const char *file;
        char code[5];
        size_t n;
    } * faults;
    size_t n_faults;
    struct feed_test_count *tests; /* of each feed, once feeds_fit() ran them; else NULL */
};

/* The feed files at `path`: itself when it is a file; else each *.yaml of the folder and of its
 * direct sub-folders that has the key `feed`, in order of name, and each that is no regular file or
 * cannot be opened: loading it is E007, so that no feed leaves service unsaid. ERR_CONFIG when there
 * is none or the folder cannot be read. */
bool feeds_find(const char *path, struct arena *a, const char *const **out, size_t *n,
                struct err *e) MUST_USE;

/* Loads them all, policy entries held against the clock, and prints every finding to `to` (NULL:
 * silent), with a line of counts behind those of a file. A feed with errors is left out of the set.
 * Two feeds of one name are ERR_CONFIG. */
bool feeds_load(const char *path, const struct clock *clock, struct arena *a, FILE *to,
                struct feed_set *out, struct err *e) MUST_USE;
/* May they go into service? Their own tests are run and what they print goes to `to` (NULL: silent).
 * ERR_CONFIG names files, codes and counts: "north.yaml: E801, E401 x2"; nothing that a file says. */
bool feeds_fit(struct feed_set *set, FILE *to, struct err *e) MUST_USE;
void feeds_free(struct feed_set *set);

/* NULL when there is none of that name. */
const struct feed *feeds_named(const struct feed_set *set, const char *name);

#endif
