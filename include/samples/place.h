/* What stands at each place of an HL7 v2 message, as far as de-identifying and counting need to know: the
 * classes of feed/dictionary.h, and which parts of the sensitive fields are codes of a table, which a
 * feed must read and which say nothing about who a person is. docs/decisions/045. */
#ifndef SAMPLES_PLACE_H
#define SAMPLES_PLACE_H

#include <stdbool.h>

#include "base/str.h"

enum place {
    PLACE_OPEN,  /* may be known: public to logistics; its times are moved */
    PLACE_CODE,  /* a code of a table: kept and counted where it is written like one */
    PLACE_ID,    /* of a person, a visit, an order */
    PLACE_NAME,  /* a name or an address */
    PLACE_PHONE, /* one leaf that is a telephone number */
    PLACE_MAIL,
    PLACE_BIRTH,   /* a date of birth */
    PLACE_UNKNOWN, /* clinical or unlisted: free text, numbers, anything */
};

/* Field, component and subcomponent count from 1; a field without components is its component 1. */
enum place place_of(struct str segment, unsigned field, unsigned component);

/* A telephone field as the standard has it: PID-13, -14, -40, NK1-5, ... */
bool place_is_phone_field(struct str segment, unsigned field);
/* A field that names its values by authority and type (CX): PID-3, PID-18, MRG-1 ... */
bool place_is_cx(struct str segment, unsigned field);

/* True for what is written like a code: at most 40 characters of ASCII, no two blanks, not only digits
 * when there are more than six, no '@'. */
bool place_code_like(struct str text);

#endif
