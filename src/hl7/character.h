/* Where characters and fields of a sender's bytes end, by the width of its set. */
#ifndef HL7_CHARACTER_H
#define HL7_CHARACTER_H

#include "base/str.h"
#include "hl7/charset.h"

/* Bytes of the character at the front of s, which is not empty: two for a pair, whose second byte may be
 * a delimiter; the length of an ISO 2022 shift. A control or a line end is no second byte: a lead byte
 * before one stands alone. *shifted: false at the start of a value. */
size_t hl7_character(struct str s, enum hl7_width width, bool *shifted);
/* That character is half of a pair: no reader of the set can take it, and a strict one takes what
 * follows for its other half. */
bool hl7_character_is_broken(struct str s, enum hl7_width width, bool shifted);
/* Where the field or component that starts s ends: at `separator`, at CR or LF, or with s. */
size_t hl7_field_end(struct str s, char separator, enum hl7_width width);

#endif
