/* What a sound feed does, in a few lines: `tidings check`. */
#ifndef FEED_SUMMARY_H
#define FEED_SUMMARY_H

#include "feed/feed.h"

struct feed_counts {
    size_t rules, values, notifications, tests; /* values: named ones and those written in `with` */
};
struct feed_counts feed_counts(const struct feed *f);

/* Four lists, each behind its name, as docs/feed-language.md section 14 has them:
 *   reads   every HL7 field, and FHIR elements to the second level, of the plain feed
 *   shows   template: what its parameters show, and its ceiling
 *   note    data above logistics in guards and flags
 *   policy  decisions in force
 * A list without an entry is left out. */
void feed_summary_print(const struct feed *f, FILE *to);

#endif
