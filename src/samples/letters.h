/* Another character of the same kind. */
#ifndef SAMPLES_LETTERS_H
#define SAMPLES_LETTERS_H

#include "dice.h"

/* For letters beyond ASCII, and digits of other scripts; all else is given back. */
uint32_t letter_like(uint32_t cp, struct dice *d);
bool letter_ascii(uint32_t cp);
bool letter_upper(uint32_t cp);

#endif
