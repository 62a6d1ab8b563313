/* What scrub must not write: a number that passes a national scheme's check digits. */
#ifndef SAMPLES_LOOKS_REAL_H
#define SAMPLES_LOOKS_REAL_H

#include <stdbool.h>

#include "base/str.h"

/* Whatever type and authority stand beside it. */
bool looks_real(struct str text);

#endif
