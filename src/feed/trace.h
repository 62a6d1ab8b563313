/* What feed_eval() writes down when it is asked to: one struct feed_trace a message, filled while the
 * interpreter runs. It holds values in the clear; masking is the business of who prints them (explain.c).
 *
 * The caller zeroes it, sets feed_input.trace, and reads it after feed_eval() returned true. Everything it
 * points to lives in the arena of that call or in the feed. Candidates behind the winning one are tried
 * as well while a trace is attached, so that `tried` is complete; this changes no outcome. */
#ifndef FEED_TRACE_H
#define FEED_TRACE_H

#include "feed/feed.h"

/* One candidate of one source, in order. */
struct trace_try {
    struct str source; /* as written: "PID-13(3=CP)", or the FHIRPath expression */
    bool ok;
    const char *reason; /* !ok: "phone.kind", "table.unlisted" … */
    struct str raw;     /* the candidate's text before its table, trimmed */
    struct str value;   /* ok: the converted value */
};

enum trace_origin {
    TRACE_SOURCE,    /* a candidate converted                                        */
    TRACE_LITERAL,   /* the slot was given a literal, or its `else` is one           */
    TRACE_SITE_FACT, /* `else: site.language` …                                      */
    TRACE_CARRIED,   /* from the stored event of the same unit                       */
    TRACE_CONDITION, /* a flag                                                       */
    TRACE_UNSET,     /* `else: none`                                                 */
    TRACE_STOPPED,   /* `else` or `agree` ended the instance here                    */
};

struct trace_slot {
    struct str name; /* "site", "start" */
    enum trace_origin origin;
    struct str value;       /* canonical text, uncut */
    enum sensitivity class; /* of the value; a pseudonym stays `identifier` */
    struct str source;      /* TRACE_SOURCE: of the winning candidate */
    struct str raw;         /* TRACE_SOURCE: its text before the table */
    bool pseudonym;         /* value is "pk_…": print it cut to ten digits and an ellipsis */
    bool masked;            /* the value is contact or above, or came through `as: phone` */
    const char *table_file; /* relative to the feed: "tables/site.csv"; NULL: no table */
    int table_line;
    struct str zone_site; /* instant without an offset: the site whose zone was used; else absent */
    struct str site_fact; /* TRACE_SITE_FACT: "site.language" */
    bool agree;           /* the value has `agree`: its sources should carry one fact */
    struct trace_try *tried;
    size_t n_tried;
};

struct trace_instance {
    const char *rule;
    const char *file; /* as feed_path() */
    int line, column; /* of the rule's list item */
    struct trace_slot
        *slots; /* in order of evaluation: unit key first, `site` where first needed */
    size_t n_slots;
    const struct feed_outcome *outcome; /* the element of feed_result.outcomes */
};

/* A field that a path of a rule reads for this message, by number. */
struct trace_field {
    char segment[4];
    int field;
};

struct feed_trace {
    const char
        *overlay; /* name of the overlay in force ("hudson": its file without .yaml), or NULL */
    struct trace_instance *instances;
    size_t n;
    const struct trace_field
        *hl7_reads; /* of every value, guard and `for` of the rules that took part */
    size_t n_hl7_reads;
    const struct str *fhir_reads; /* elements: "Appointment.start", "Patient.telecom.value" */
    size_t n_fhir_reads;
};

#endif
