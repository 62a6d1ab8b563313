/* Phone and language belong to the patient, not to one unit: what an event says of them is held against the
 * patient's own record, patient/1. */
#ifndef FEED_PERSONAL_H
#define FEED_PERSONAL_H

#include "instance.h"

/* phone and language of any event but patient/1 */
bool personal_slot(const struct instance *i, const struct slot_type *slot);
/* `before` is about the patient that this event names: its phone and language may be carried. */
bool personal_same(const struct instance *i, const struct event *before);
/* The event's patient_key was just filled: the record that stands for it now is looked up, and names the
 * patient from here on, as two records may have become one. False: the memory failed. */
bool personal_look(struct instance *i);

enum personal { PERSONAL_KEEP, PERSONAL_NEWER, PERSONAL_GONE };
/* The record's word on a slot whose value was said at said_ms. NEWER: *slot is its value. */
enum personal personal_word(const struct instance *i, const struct slot_type *type, int64_t said_ms,
                            const struct slot **slot);

#endif
