/* What explain.c and explain_json.c print: a result, its trace, and what was not read. Private to feed. */
#ifndef FEED_EXPLAINED_H
#define FEED_EXPLAINED_H

#include "feed/feed.h"
#include "trace.h"

struct rule;

struct unread { /* a field or element that holds something and that no path of the rules reads */
    struct str path; /* "PID-5"; "Patient.name.family" */
    enum sensitivity class;
};

struct unmatched { /* why there is no instance */
    const char *why;
    int side;
    const struct rule *rules; /* of the plain feed */
    size_t n_rules;
    const struct rule *triggered; /* has the trigger, and found nothing to work on; else NULL */
    const struct rule *nearest;   /* NULL: none comes near */
};

enum { UNREAD_MOST = 400 }; /* of one message; the rest is left out */

struct explained {
    struct arena arena;
    struct feed_result result;
    struct feed_trace trace;
    struct str control_id, from; /* HL7: MSH-10 and "MSH-3/MSH-4"; else absent */
    bool reveal;                 /* nothing is masked */
    struct unmatched unmatched;  /* without an instance */
    struct unread *unread;       /* in order of the message; MSH and set-IDs left out */
    size_t n_unread;
};

/* Runs the interpreter with a trace; on false the arena is reset already. */
bool explained_make(const struct feed *f, const struct feed_input *in, struct explained *out,
                    struct err *e) MUST_USE;
/* "north.yaml:33" of a rule, in the arena. */
struct str explained_place(struct explained *x, const struct rule *r);
void unmatched_find(const struct feed *f, const struct feed_input *in, struct explained *x);

/* ---- shown.c: values as people may see them ---- */

/* The slot's value: keys cut to ten digits, phones and all else from contact upwards masked, instants
 * with their zone behind them. */
struct str shown_value(const struct trace_slot *slot, struct arena *a);
/* The same with nothing masked; a key is shown whole. */
struct str shown_clear(const struct trace_slot *slot, struct arena *a);
struct str shown_phone(struct str e164, struct arena *a); /* "+886 912 *** 678" */

/* ---- unread.c ---- */

void unread_find(const struct feed *f, const struct feed_input *in, struct explained *x);

#endif
