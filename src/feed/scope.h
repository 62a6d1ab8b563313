/* Whose segment is it: message level, patient block, group (docs/feed-language.md, section 4.4).
 * How a message is cut: hl7/group.h. A note on a resource (aside there) is in the group that its resource
 * leads, and in no other container.
 *
 * Look-up climbs: own group, own patient block outside groups, message level outside groups. It never
 * goes sideways. */
#ifndef FEED_SCOPE_H
#define FEED_SCOPE_H

#include "base/arena.h"
#include "hl7/message.h"

struct container {
    const struct hl7_segment **list;
    size_t n;
};

enum { SCOPE_LEVELS = 3 };

/* What one instance sees, nearest first; NULL: no such level. */
struct scope {
    const struct container *level[SCOPE_LEVELS];
};

struct scopes {
    struct scope *items; /* one an instance */
    size_t n, most;
    bool over; /* there would have been more than `most` */
};

/* The instances of a message: one a patient block, or one a group led by `each` ("" for none); a group
 * outside every patient block gives one for each block. At most `most`. Lives in `a`. */
void scopes_make(const struct hl7_message *m, const char *each, size_t most, struct arena *a,
                 struct scopes *out);
/* The nearest container that holds the segment at all, or NULL. Adds to *looked_at how many segments it took. */
const struct container *scope_holding(const struct scope *s, const char *segment,
                                      size_t *looked_at);

#endif
