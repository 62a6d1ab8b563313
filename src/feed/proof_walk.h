/* The walk of the proof: everything that can fill a slot or decide a guard, with its class and place. */
#ifndef FEED_PROOF_WALK_H
#define FEED_PROOF_WALK_H

#include "feed/proof.h"
#include "model.h"

/* Where the walk is: what every path that is found there has in common. */
struct walk {
    const struct feed *f;
    struct arena *a;
    struct proof_sink *sink;
    size_t room;
    const char *through, *value, *rule, *overlay;
};

/* One path of the sink, once; the sink's join takes its class. */
void walk_path(struct walk *w, enum proof_from from, struct str text, enum sensitivity class,
               const struct yaml_node *at);
void walk_table(struct walk *w, const struct table *t,
                const struct yaml_node *at); /* NULL is fine */
void walk_branch(struct walk *w, const struct branch *b, enum proof_from from);
void walk_binding(struct walk *w, const struct map *m, const struct binding *b);
/* All that can be in a slot: every rule of every map that emits the event. */
void walk_slot(struct walk *w, const struct event_type *t, const struct slot_type *slot);
/* The same by name; nothing when the event has no such slot. */
void walk_slot_named(struct walk *w, const struct event_type *t, const char *name);

#endif
