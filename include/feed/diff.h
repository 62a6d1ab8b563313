/* What a change of a feed means: rules, values, sites, templates, tables, declarations that came, went or say
 * something else. Comments, order of keys, quoting and layout mean nothing. */
#ifndef FEED_DIFF_H
#define FEED_DIFF_H

#include "feed/feed.h"

enum feed_change_how { FEED_ADDED, FEED_REMOVED, FEED_CHANGED };

struct feed_change_place {
    const char
        *file; /* relative to the feed's folder, the feed itself as it was named; NULL: not there */
    int line;
};

struct feed_change {
    enum feed_change_how how;
    const char *what;    /* "rule", "value", "notification", "site", "template", "table row", … */
    struct str name;     /* "appointment" */
    struct str member;   /* CHANGED: "with.start.hl7"; absent: all of it */
    struct str from, to; /* CHANGED: as written, cut; absent: not there */
    struct feed_change_place old_place, new_place;
};

struct feed_changes { /* in order of the files */
    struct feed_change *items;
    size_t n;
};

/* Everything lives in `arena`, or in the feeds. */
void feed_diff(const struct feed *a, const struct feed *b, struct arena *arena,
               struct feed_changes *out);

#endif
