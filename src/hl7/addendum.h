/* ADD segments: the rest of the segment before them (HL7 v2.9.1 2.10.2). */
#ifndef HL7_ADDENDUM_H
#define HL7_ADDENDUM_H

#include "hl7/message.h"

/* Segment i is an ADD that continues the one before it. What has no name is continued by nothing, so that
 * joining can make no new segment of that name. */
bool addendum_is(const struct hl7_message *m, size_t i);
/* The text of m without what parts each such ADD from the segment before it: line ends, blank lines,
 * "ADD|". All else stays byte for byte, so that the joined text is read in the same line ends. */
struct str addendum_join(const struct hl7_message *m, struct arena *a);

#endif
