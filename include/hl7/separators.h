/* The separators that one message declares in MSH-1 and MSH-2. */
#ifndef HL7_SEPARATORS_H
#define HL7_SEPARATORS_H

#include "base/err.h"
#include "base/str.h"

struct hl7_separators {
    char field;                                       /* MSH-1 */
    char component, repetition, escape, subcomponent; /* MSH-2; 0: the message has none */
    char truncation;                                  /* v2.7: the fifth character; 0: none */
};

/* ASCII punctuation: what a segment name, a value or a line end can never be taken for. */
bool hl7_may_separate(char c);

/* | ^ ~ \ & and no truncation character. */
struct hl7_separators hl7_separators_default(void);

/* Reads them from a segment whose text starts "MSH|^~\&" (MSH, FHS or BHS). ERR_INPUT with the byte
 * offset when there are none, or they are letters, digits, blanks or controls, or two are equal. */
bool hl7_separators_read(struct str segment, struct hl7_separators *out, struct err *e) MUST_USE;

#endif
