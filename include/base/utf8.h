/* UTF-8 (RFC 3629): strict, no overlong forms, no surrogates. */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stdint.h>

#include "base/str.h"

/* Takes one code point off the front of *s. 0xFFFFFFFF and one byte taken when it is not UTF-8.
 * *s must not be empty. */
uint32_t utf8_next(struct str *s);
/* Writes 1 to 4 bytes; returns how many. */
size_t utf8_put(uint32_t cp, char out[4]);
/* The byte offset of the first fault; s.n when all of it is UTF-8. */
size_t utf8_check(struct str s);
/* How many bytes below 0x80 s begins with: 16 a step where the machine can, and one by one. */
size_t utf8_ascii(struct str s);
size_t utf8_ascii_scalar(struct str s);

#endif
