/* What both formats count. */
#ifndef SAMPLES_PROFILE_COUNT_H
#define SAMPLES_PROFILE_COUNT_H

#include "samples/profile.h"

/* A value at a field or element of the message being counted; deleted: "". */
void count_field(struct profile *p, struct str field, struct str value, size_t repetitions,
                 bool deleted);
/* A value of a place of codes: kept when it is written like one. */
void count_code(struct profile *p, struct str place, struct str value);
/* True when it is a time: counted by its precision and offset. */
bool count_time(struct profile *p, struct str place, struct str value);
/* A telephone number at a path. */
void count_phone(struct profile *p, struct str path, struct str text);
/* Valid somewhere: for fields that no standard knows. */
bool count_is_phone(const struct profile *p, struct str text);

#endif
