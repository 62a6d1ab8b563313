/* What `tidings diff` found, for people and as JSON ("tidings-diff/1"). */
#ifndef CLI_DIFF_SHOW_H
#define CLI_DIFF_SHOW_H

#include "base/buf.h"
#include "feed/diff.h"
#include "feed/replay.h"

struct diff_pair {
    const struct feed *old, *new; /* NULL: only the other side has it */
    struct feed_changes changes;
    bool replayed;
    bool samples; /* over samples, not over the store */
    struct replay_report replay;
};

struct diff_shown {
    const struct diff_pair *pairs;
    size_t n;
    const char *config; /* of the store: for the next command; NULL: samples */
};

void diff_show_text(const struct diff_shown *d, struct buf *out);
void diff_show_json(const struct diff_shown *d, struct buf *out);

#endif
