/* The tests of a first feed: what it makes of its samples, written down for a person to judge. */
#ifndef SAMPLES_EXPECTED_H
#define SAMPLES_EXPECTED_H

#include "chosen.h"
#include "feed/feed.h"

/* Appends the items of `tests:`. with_start: times are known, since the zone is. */
void expected_write(const struct feed *f, const struct plan *p, const struct chosen_list *samples,
                    struct buf *out);

#endif
