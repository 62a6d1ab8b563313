/* One instance of one rule while it is evaluated. Private to the interpreter: eval.c makes it, guard.c asks
 * its guards, fill.c its slots, compose.c the message that may follow. */
#ifndef FEED_INSTANCE_H
#define FEED_INSTANCE_H

#include "base/err.h"
#include "fhir/resource.h"
#include "model.h"
#include "scope.h"

/* The message, parsed once for all instances. */
struct reading {
    const struct feed *f;
    const struct feed_input *in;
    struct arena *a;
    int side;
    struct hl7_message hl7;
    struct fhir_body fhir;
    struct moment msh7;
    bool has_msh7;
    bool test;
    struct str type;
    size_t tries; /* conversions so far, FEED_MAX_TRIES at most */
    size_t steps; /* that are left of FEED_MAX_STEPS */
    size_t spare; /* the same for what only the trace wants to know */
    struct err *e;
    bool failed; /* *e is set: the memory could not answer */
};

enum made_state { MADE_UNSET, MADE_VALUE, MADE_STOPPED };

/* What a value came to. */
struct made {
    enum made_state state;
    struct str text, raw;
    enum sensitivity class;
    int64_t said_ms; /* when the message was written that said it; 0: nobody did */
};

struct instance {
    struct reading *m;
    const struct map *map;
    const struct rule *rule;
    struct scope scope;          /* HL7 */
    struct fhirpath_scope focus; /* FHIR */
    int64_t message_ms;
    int64_t written_ms;         /* the same, by no later clock than our own */
    const struct site *site;    /* set by instance_site() */
    enum made_state site_state; /* MADE_UNSET: not asked for yet */
    enum sensitivity site_class;
    bool looked, found; /* the stored event of the same unit */
    struct event stored;
    bool has_own; /* personal.h */
    struct event own;
    struct event event; /* what is filled so far */
    struct str *warnings;
    size_t n_warnings, warning_room;
    struct feed_outcome *out;
    struct trace_instance *trace; /* NULL: nobody asks */
};

/* Ends the instance; always false. `reason` must outlive the result: the feed's text, or static. */
bool instance_stop(struct instance *i, enum feed_outcome_kind kind, struct str reason);
/* The same for `hold(message too large)`. */
bool instance_too_large(struct instance *i);
/* Counts steps. False: the instance ended, there were too many. */
bool instance_spend(struct instance *i, size_t steps);
void instance_warn(struct instance *i, struct str text);
/* Evaluates values.site once. False: the instance ended. */
bool instance_site(struct instance *i);
/* The stored event of the same unit, looked up once; *out NULL without one. False: failed. */
bool instance_stored(struct instance *i, const struct event **out);

/* ---- candidates.c ---- */

struct element { /* one element of the message that a source names */
    struct candidate candidate;
    struct str text; /* trimmed */
    bool unfit;      /* damaged text, or an object: it never converts */
};

struct elements {
    struct element *items;
    size_t n;
    bool deleted;      /* HL7 "" was among them */
    const char *error; /* FHIRPath: "fhirpath.error" */
};

/* The candidates of one source in scope. whole: XTN repetitions. False: the instance ended. */
bool candidates_read(struct instance *i, const struct source *s, bool whole, struct elements *out);
/* A condition of either side. False in *out for a run-time error. Returns false: the instance ended. */
bool condition_read(struct instance *i, const struct branch *b, bool *out);
/* *out: some path of the HL7 condition has a value or a delete. False: the instance ended. */
bool condition_says(struct instance *i, const struct branch *b, bool *out);

/* ---- the operations (program.h); each false when the instance ended ---- */

struct op;
/* One operation of a rule. */
bool instance_step(struct instance *i, const struct op *op);
bool guard_only_if(struct instance *i);
bool guard_sensitive(struct instance *i);
/* Runs the operations that `call` names: what its value is for its slot. */
bool value_make(struct instance *i, const struct op *call, struct made *out);
void compose(struct instance *i);
/* The words of one entry for the event: template, language, params, text. */
bool compose_words(struct instance *i, const struct notify_entry *e, struct feed_reminder *out);
/* The reminders of one entry for the event, past ones too. */
bool reminders_make(struct instance *i, const struct notify_entry *e);

/* ---- render.c ---- */

/* An instant or date slot as people read it, in the language; every other slot as it is. */
struct str render_slot(const struct slot_type *slot, struct str value, struct str language,
                       struct arena *a);
/* The body with its parameters filled in. */
struct str render_body(const struct template *t, struct str body, const struct param *params,
                       struct arena *a);
/* No line break, tab, control character, four spaces in a row, and not empty. */
bool render_fit(struct str text);

#endif
