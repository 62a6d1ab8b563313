/* Two records of one patient become one. */
#ifndef MAP_MERGE_H
#define MAP_MERGE_H

#include "store/store.h"

/* `record` is what is known of the patient that `in` names. Does nothing unless `in` is a patient/1 whose number
 * was merged away: it is about the patient who stays, and is stored as theirs. One that merges another number
 * into its own keeps it: it ends the merge of its own, or comes too late to. */
void merge_follow(struct instance *in, const struct event *record);
/* Call after `in` is stored. Does nothing unless it is a patient/1 with change merge. The record that stays
 * takes over from the other what is newer there (phone, language) and that nothing may be sent. */
bool merge_take(const struct instance *in, struct store *s, struct arena *a,
                struct err *e) MUST_USE;

#endif
