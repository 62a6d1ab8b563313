/* Implicit flows (docs/feed-language.md, section 13.3): what an observer could learn from which message is
 * sent, or from which rule gave a constant. */
#ifndef FEED_IMPLICIT_H
#define FEED_IMPLICIT_H

#include "loading.h"

/* ---- literals.c ---- */

/* The line of `with` for that slot; NULL: the rule does not map it. */
const struct binding *rule_binding(const struct rule *r, const struct slot_type *slot);
/* The same sources and tables; the same converters and `agree` too. `else` is not looked at. */
bool branch_same(const struct branch *a, const struct branch *b);
bool value_same(const struct value *a, const struct value *b);
/* It is a literal, or has one behind `else`. */
bool binding_gives_literal(const struct binding *b);
/* Every rule of the map that emits the event gives the slot the same. */
bool binding_is_everywhere(const struct map *m, const struct event_type *t,
                           const struct binding *b);
/* What the slot may tell by this line: the class of the value, and logistics if it may give a literal that
 * other rules of the event do not give, as that tells the trigger. */
enum sensitivity binding_class(const struct map *m, const struct event_type *t,
                               const struct binding *b);

/* ---- implicit.c ---- */

/* E802 of the map's rules. */
void check_implicit(struct loading *l, const struct map *m);
/* The value can stop the rule, and whether it does depends on more than presence on that side, and on more than
 * logistics. */
bool value_stops_by_content(const struct value *v, int side);

/* ---- bundle.c ---- */

/* E802 where rules of different FHIR resources, which can come in one Bundle, are stopped by one and the same
 * resource. */
void check_bundle(struct loading *l, const struct map *m);
bool rule_notifies(const struct feed *f, const struct rule *r);

#endif
