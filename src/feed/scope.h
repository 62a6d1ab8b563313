/* Whose segment is it: message level, patient block, group (docs/feed-language.md, section 4.4).
 *
 *   MSH SCH | PID PV1 | PID PV1 | RGS AIS AIL AIS AIL          SIU, each AIS
 *   message   block 0   block 1   message  (RGS); groups 0, 1
 *
 *   MSH | PID PV1 | ORC OBR OBX | ORC OBR OBX                  ORU, each OBR
 *   message  block 0   group 0       group 1
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
/* The nearest container that holds the segment at all, or NULL. */
const struct container *scope_holding(const struct scope *s, const char *segment);

#endif
