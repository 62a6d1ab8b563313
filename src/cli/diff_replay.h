/* The messages that `tidings diff` runs two feeds over: the last ones of the store, or samples. */
#ifndef CLI_DIFF_REPLAY_H
#define CLI_DIFF_REPLAY_H

#include "feed/replay.h"
#include "people.h"

struct diff_source {
    const char *samples;   /* a file or folder; NULL: the store */
    struct people *people; /* the store, read-only; not looked at with samples */
    size_t most;           /* the last so many; 0: all (samples) */
};

/* Adds the messages of that feed (samples: all of them) in order of intake. */
bool diff_replay(const struct diff_source *from, struct str feed, struct feed_replay *r,
                 struct err *e) MUST_USE;

#endif
