/* The type of a message as Tidings writes it: "SIU^S12", whatever the sender's separators. */
#ifndef HL7_TYPE_TEXT_H
#define HL7_TYPE_TEXT_H

#include "base/str.h"
#include "hl7/header.h"

/* "" when `code` is no name of letters, digits and _; without "^..." when `trigger` is none. */
void type_text(struct str code, struct str trigger, char out[HL7_TYPE_TEXT]);
/* A name that can stand in MSH-9: letters, digits and _, 1 to 7 of them. */
bool type_name(struct str s);

#endif
