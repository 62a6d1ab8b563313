/* A sender's name as people would read it: that another spelling of it is nobody's protects nothing. */
#ifndef RECEIVE_SENDER_NAME_H
#define RECEIVE_SENDER_NAME_H

#include "base/arena.h"
#include "hl7/header.h"

/* MSH-3 or MSH-4 (`field`): the first sub-component of the first component of the first repetition,
 * decoded, its escapes read, outer blanks and all that is not seen (controls, zero-width characters)
 * removed. In h, or in the arena when its bytes were not that already. */
struct str sender_name(const struct hl7_header *h, size_t field,
                       const struct hl7_charset_settings *set, struct arena *a);
/* The same name: letters of ASCII in either case, full-width ones as narrow ones, any blank as any. */
bool sender_name_is(struct str wanted, struct str got);

#endif
