/* Names that HL7 v2 itself defines: they say nothing of anybody. */
#ifndef HL7_KNOWN_NAMES_H
#define HL7_KNOWN_NAMES_H

#include "base/str.h"

bool known_segment(
    struct str name); /* "PID": HL7 v2.9.1 appendix A.4, and those withdrawn before */
bool known_message_type(struct str name); /* "SIU": table 0076 */

#endif
