/* Template parameters as bytes, to be sealed:   { length(4) name length(4) text }
 * Lengths are big-endian; 0xFFFFFFFF is an absent text. */
#ifndef STORE_PARAMS_H
#define STORE_PARAMS_H

#include "base/arena.h"
#include "base/err.h"
#include "model/notice.h"

/* Absent when there are none. */
struct str params_pack(const struct param *params, size_t n, struct arena *a);
/* Slices point into `packed`. ERR_INPUT when the bytes are not packed parameters. */
bool params_unpack(struct str packed, struct arena *a, struct param **params, size_t *n,
                   struct err *e) MUST_USE;

#endif
