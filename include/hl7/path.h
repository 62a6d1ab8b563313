/* HL7 paths of the feed language (docs/feed-language.md, section 4).
 *
 *   path      = segment "-" number [ select ] [ "." number [ "." number ] ] ;
 *   segment   = upper ( upper | digit ) ( upper | digit ) ;
 *   select    = "(" ( number | test { "&" test } ) ")" ;
 *   test      = number [ "." number ] "=" literal ;
 *   literal   = any character but ( ) & = " and controls, at least one ;
 *   number    = "1"..."9" { digit } ;                 at most three digits
 */
#ifndef HL7_PATH_H
#define HL7_PATH_H

#include "base/arena.h"
#include "base/err.h"
#include "hl7/message.h"

struct hl7_path_test {
    unsigned component, subcomponent; /* subcomponent 0: the first */
    bool has_subcomponent;            /* it was written */
    struct str literal;
};

struct hl7_path {
    char segment[4];
    unsigned field;
    unsigned repetition;               /* 0: all of them, or those that pass the tests */
    const struct hl7_path_test *tests; /* all must hold */
    size_t n_tests;
    unsigned component, subcomponent; /* 0: not written */
};

/* The literals point into `text`. On failure *at is the byte offset of the fault and e ERR_INPUT.
 */
bool hl7_path_parse(struct str text, struct arena *a, struct hl7_path *out, size_t *at,
                    struct err *e) MUST_USE;
/* The text again, character by character what was parsed. */
struct str hl7_path_print(const struct hl7_path *p, struct arena *a);

/* Section 4.2, weakest first: as one answer a path has the strongest, unless there is a value. */
enum hl7_state { HL7_ABSENT, HL7_EMPTY, HL7_DELETE, HL7_VALUE };

struct hl7_element {
    enum hl7_state state;
    struct str text;   /* HL7_VALUE: decoded leaf; else absent */
    struct str raw;    /* HL7_VALUE: the slice the path names; with `whole`, the repetition */
    bool damaged;      /* the text is cut short (truncation character) or holds U+FFFD: for no
                          match and no template (hl7v2.md 5.1, 6) */
    size_t segment;    /* index into the list read */
    size_t repetition; /* from 1 */
};

struct hl7_elements {
    struct hl7_element *items; /* in order of the message */
    size_t n;                  /* 0: no such segment, or no repetition passed: absent */
    bool over;                 /* there were more than HL7_PATH_MOST: the rest is left out */
};
enum { HL7_PATH_MOST = 1000 };

/* Visits every occurrence of the path's segment in `list` (one scope container, chosen by the caller),
 * in each the selected repetitions.
 *
 * whole  for paths that stop at a field (`as: phone`): raw is the whole repetition, the state is value
 *        if anything stands in it, text is its first leaf, damaged when that leaf is cut short or any of
 *        it holds U+FFFD. Read the parts with hl7_component_text(m, raw, ...); hl7_is_truncated() says
 *        which of them are cut short.
 *
 * "" deletes all that is below it: a field that is exactly "" is one element in state delete, whatever
 * the path selects in it, so a sender's PID-13 "" removes the phone that PID-13(3=CP) reads. A damaged
 * component passes no test. */
void hl7_path_read(const struct hl7_path *p, const struct hl7_message *m,
                   const struct hl7_segment *const *list, size_t n, bool whole, struct arena *a,
                   struct hl7_elements *out);

/* The first value at the path in the whole message, whatever its groups; without one, the strongest other
 * state. Takes memory from the arena for a text with escapes only. For callers of their own: a feed reads
 * within a scope. */
struct hl7_element hl7_path_first(const struct hl7_path *p, const struct hl7_message *m,
                                  struct arena *a);

/* The state of the path as one answer (section 4.2). */
enum hl7_state hl7_elements_state(const struct hl7_elements *all);

#endif
