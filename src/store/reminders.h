/* The reminders of an instance as bytes, to be sealed. */
#ifndef STORE_REMINDERS_H
#define STORE_REMINDERS_H

#include "store/store.h"

/* Absent when there are none. */
struct str reminders_pack(const struct reminder *all, size_t n, struct arena *a);
/* ERR_INPUT when the bytes are not packed reminders. Slices point into `packed`. */
bool reminders_unpack(struct str packed, struct arena *a, struct reminder **all, size_t *n,
                      struct err *e) MUST_USE;

#endif
