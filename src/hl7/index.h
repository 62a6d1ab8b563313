/* hl7_message_index() with the way of finding marks as an argument, so that tests and benches can put
 * one beside the other. */
#ifndef HL7_INDEX_H
#define HL7_INDEX_H

#include "hl7/message.h"
#include "marks.h"

struct index_settings {
    const struct marks_way *way;
    const struct hl7_charset *charset;
    const struct hl7_limits *limits;
};

bool index_message(const struct index_settings *set, struct str text, struct arena *a,
                   struct hl7_notes *notes, struct hl7_message *out, struct err *e) MUST_USE;

#endif
