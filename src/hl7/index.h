/* hl7_message_index() with the way of finding marks as an argument, so that tests and benches can put
 * one beside the other. */
#ifndef HL7_INDEX_H
#define HL7_INDEX_H

#include "hl7/message.h"
#include "marks.h"

bool index_message(const struct marks_way *way, struct str text, const struct hl7_charset *charset,
                   const struct hl7_limits *limits, struct arena *a, struct hl7_notes *notes,
                   struct hl7_message *out, struct err *e) MUST_USE;

#endif
