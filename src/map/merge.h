/* Two records of one patient become one. */
#ifndef MAP_MERGE_H
#define MAP_MERGE_H

#include "store/store.h"

/* Call after `in` is stored. Does nothing unless it is a patient/1 with change merge. The record that stays
 * takes over from the other what is newer there (phone, language) and that nothing may be sent. */
bool merge_take(const struct instance *in, struct store *s, struct arena *a,
                struct err *e) MUST_USE;

#endif
