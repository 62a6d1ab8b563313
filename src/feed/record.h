/* Writes down how a slot came about, when there is a trace; every call takes a NULL record and then does
 * nothing. */
#ifndef FEED_RECORD_H
#define FEED_RECORD_H

#include "instance.h"

struct record;

/* NULL without a trace. */
struct record *record_begin(struct instance *i, const struct slot_type *slot);
/* One candidate: converted to `value` when reason is NULL. `e` is NULL for an error of the whole source. */
void record_try(struct record *r, const struct source *s, const struct element *e,
                const char *reason, struct str value);
void record_winner(struct record *r, const struct source *s, const struct element *e,
                   const struct table *t, int line);
/* `fact`: TRACE_SITE_FACT, as written. */
void record_origin(struct record *r, enum trace_origin origin, struct str fact);
/* Puts the slot into the trace; `made` is NULL when the instance ended here. */
void record_end(struct instance *i, struct record *r, const struct value *v,
                const struct made *made);
/* A slot that is a literal. */
void record_literal(struct instance *i, const struct slot_type *slot, struct str text);
/* The fields and elements that the instance's rule may read. */
void record_reads(struct instance *i);

#endif
