/* The definitions of a schema that stand for blocks of keys. */
#ifndef FEED_SCHEMA_PART_H
#define FEED_SCHEMA_PART_H

#include "base/json_writer.h"
#include "event_type.h"
#include "feed/key.h"

/* "$ref" to the definition of that name, as a member of the object in hand. */
void schema_point(struct json_writer *w, const char *name);
/* "appointment-1": the definition of the slots of appointment/1. */
void schema_event_name(const struct event_type *t, char *out, size_t size);
/* What `values` and `expect` hold, and `with` in a file that has rules. */
void schema_define_values(struct json_writer *w, bool rules);
/* partial: no key is required, as in an overlay's values. */
void schema_define_block(struct json_writer *w, enum key_block b, bool partial);

#endif
