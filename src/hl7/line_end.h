/* What ends the segments of one message. */
#ifndef HL7_LINE_END_H
#define HL7_LINE_END_H

#include "base/str.h"
#include "hl7/code.h"

/* CR, LF or CR LF: the end of the first segment holds for all (hl7v2.md 2.4). CR when there is none. */
struct str line_end(struct str text, struct hl7_notes *notes);

#endif
