/* The text of one element of a v2.xml document. */
#ifndef HL7_XML_VALUE_H
#define HL7_XML_VALUE_H

#include "base/buf.h"
#include "hl7/separators.h"

/* Stand around the V of <escape> in the raw value; XML can hold neither. */
enum { XML_ESCAPE_START = 1, XML_ESCAPE_END = 2 };

bool xml_value_is_blank(struct str s);
/* White space at an end that holds a line end is how the document is laid out. */
struct str xml_value_trim(struct str s);
/* Appends text with its escapes; a line end within it is \.br\. */
void xml_value_write(struct buf *out, struct str s, const struct hl7_separators *sep);

#endif
