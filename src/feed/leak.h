/* The second line of defence (docs/feed-language.md, section 13.5): what an instance is about to leave is
 * held against the message it came from, by code that knows neither paths nor the classes of slots.
 *
 * Everything that leaves is either of a closed set (template, language, site fact, code, pseudonym, a literal
 * or table entry of the feed) or must be found in the message in a field whose own class is within the sink's
 * ceiling, or be what the unit's stored event already says. What is neither is blocked, whether or not a field
 * above the ceiling is seen to hold it. docs/decisions/038. */
#ifndef FEED_LEAK_H
#define FEED_LEAK_H

#include "instance.h"
#include "leaf.h"

/* Looks at i->event and, when there is one, at the message composed. False: the instance is held, and
 * i->out->leak says why. */
bool leak_look(struct instance *i);
/* A carried class was above a ceiling: the same end. Always false. */
bool leak_class(struct instance *i, enum leak_sink sink, struct str name, enum sensitivity class,
                enum sensitivity ceiling);

/* ---- leak_sink.c: what is held against the message ---- */

enum sink_kind { SINK_TEXT, SINK_DATE, SINK_INSTANT, SINK_PHONE };

struct sink {
    enum sink_kind kind;
    enum leak_sink what;     /* LEAK_SLOT, LEAK_PARAMETER */
    struct str name;         /* as configured */
    const struct slot *slot; /* whose value it is */
    char digits[20];         /* DATE: YYYYMMDD; INSTANT: and HHMM; PHONE: without + */
    size_t n_digits;
    int64_t unix_s;            /* INSTANT */
    bool cut;                  /* the feed may take a piece out of a field */
    const struct table *table; /* the feed may put its entry in a field's place; NULL: none */
    enum sensitivity ceiling;
    bool explained;
    bool found; /* a field above the ceiling holds it: */
    enum sensitivity class;
    size_t place;
    unsigned field;
};

/* False: the value has no form that the slot's type allows. *compare: it is to be found in the message. */
bool sink_of_slot(const struct slot *s, const struct slot_type *t, struct sink *out, bool *compare);
/* Is the text what a template shows of that sink's value, in any language? */
bool sink_shown_as(const struct sink *s, struct str text);
/* The field holds the sink's value, or what a converter makes that value of. */
bool sink_fits(const struct sink *s, const struct leaf *l, struct arena *a);

#endif
