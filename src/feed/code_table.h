/* The table of codes, in three parts in this order. Each ends with an entry without a code. */
#ifndef FEED_CODE_TABLE_H
#define FEED_CODE_TABLE_H

#include "feed/code.h"

extern const struct code codes_of_text[];  /* E001-E120: text, names and types */
extern const struct code codes_of_names[]; /* E201-E512: what names stand for */
extern const struct code codes_of_flow[];  /* E601-W908: flow, tests, warnings */

#endif
