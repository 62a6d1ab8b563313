/* The few things we need to know about Unicode text, from ICU. Private to feed. */
#ifndef FEED_UNICODE_H
#define FEED_UNICODE_H

#include "base/arena.h"

/* Full lower case mapping, of no particular language. In `a`. */
struct str unicode_lower(struct str s, struct arena *a);
/* Normalization form KC: full-width digits become ASCII ones. In `a`. */
struct str unicode_nfkc(struct str s, struct arena *a);
/* Without white space (property White_Space) at both ends: a part of `s`. */
struct str unicode_trim(struct str s);
/* Holds a control character (general category Cc) or bytes that are not UTF-8. */
bool unicode_has_control(struct str s);

#endif
