/* A feed: one tenant's mapping file with its sites, templates, tables, policy and overlays,
 * compiled. Immutable once loaded, usable from any thread. docs/feed-language.md is the language.
 */
#ifndef FEED_FEED_H
#define FEED_FEED_H

#include <stdint.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/err.h"
#include "model/event.h"
#include "model/ledger.h"
#include "model/message.h"
#include "model/notice.h"

struct feed;

/* ---- loading ---- */

enum finding_severity { FINDING_ERROR, FINDING_WARNING, FINDING_NOTE };

/* One station of a flow: "site_name", "appointment/1.start", "values.start", "SCH-11.4". */
struct finding_step {
    const char *text;
    const char *file;
    int line, column, end_line, end_column;
};

/* One error or warning, at its place (1-based line and code-point column). */
struct finding {
    const char *file; /* as the user named it; other files with the folder of the feed in front */
    int line, column;
    enum finding_severity severity;
    char code[5];       /* "E401" */
    const char *text;   /* names in back-quotes */
    const char *hint;   /* NULL: none */
    const char *source; /* the source line, for the caret; NULL: none is at hand */
    /* Behind the last character of what is at fault; where a code points inside a scalar, behind that
     * part of it. Never behind the end of the file. */
    int end_line, end_column;
    /* E801, E802, E601, E605, sink first: parameter, slot, value; then n_paths paths, each of which leads
     * there. */
    const struct finding_step *flow;
    size_t n_flow, n_paths;
    const char
        *unused; /* W902: the table or template, as in `used` of struct findings; else NULL */
};

struct findings { /* in order of file, line, column, code; owned by the arena given to feed_load()
                   */
    struct finding *items;
    size_t n;
    size_t n_errors, n_warnings;
    /* "tenant/tables/site.csv", "tenant/templates.yaml#visit_update": what the feed uses of files that
     * others may use, too. NULL: it could not be read so far. */
    const char *const *used;
    size_t n_used;
};

/* Reads a feed file and everything it uses. The feed is NULL exactly when there is an error.
 * Findings live in `a`; the feed owns its own memory. */
struct feed *feed_load(const char *path, struct arena *a, struct findings *out);
/* The same, and policy entries are held against a date: E804 when one has expired, W906 30 days ahead. */
struct feed *feed_load_at(const char *path, int64_t now_ms, struct arena *a, struct findings *out);
void feed_free(struct feed *f); /* NULL is fine */
/* A finding as text with the caret excerpt, as `tidings check` prints it. */
void finding_print(const struct finding *f, FILE *to);

/* The value of `feed:`; lives as long as the feed. */
const char *feed_name(const struct feed *f);
/* The path it was loaded from; lives as long as the feed. */
const char *feed_path(const struct feed *f);
const char *feed_version(const struct feed *f); /* hex SHA-256 of all its files, 64 characters */

/* An entry of its policy that ends, at its `expires`. Lives as long as the feed. */
struct feed_policy_end {
    const char *file; /* relative to the feed's folder */
    int line;
    int64_t ends_ms; /* Unix ms: from here on it is not in force */
};
const struct feed_policy_end *feed_policy_ends(const struct feed *f, size_t *n);

/* What a template looks like on the phone: for the sandbox and for explain. */
struct feed_template {
    const char *key;  /* key in templates.yaml */
    const char *name; /* as registered at Meta */
    bool named, link;
    uint8_t replies;           /* quick replies: enum reply bits (model/notice.h) */
    int64_t ttl_ms;            /* as written; 0: not written */
    int64_t resend_ms;         /* resend_unknown_after; 0: never */
    const char *const *params; /* names, in order */
    size_t n_params;
    const struct feed_body {
        const char *language, *text, *footer;
    } * bodies; /* language: "zh_TW" */
    size_t n_bodies;
};
size_t feed_template_count(const struct feed *f);
const struct feed_template *feed_template_at(const struct feed *f, size_t i);

/* ---- evaluating one message ---- */

/* Finds the latest stored event of a unit. Sets *found; fills *out (living in `a`). */
struct feed_memory {
    bool (*find)(void *ctx, struct str event_type, struct str unit_key, struct arena *a,
                 struct event *out, bool *found, struct err *e);
    void *ctx;
};

struct feed_input {
    enum message_kind kind;
    struct str body;              /* the bytes as received, without framing */
    struct str charset, fallback; /* HL7: as in struct message; absent: none */
    int64_t received_ms;
    struct str key;                   /* tenant key for pseudonyms; "tidings-test-key" offline */
    const struct feed_memory *memory; /* NULL: nothing is stored */
    struct feed_trace *trace;         /* NULL, or the sink of `explain` (feed/explain.h) */
};

/* A message that is to go out some time before what the event is about. */
struct feed_reminder {
    const struct feed_template *template;
    struct str language; /* WhatsApp code */
    struct param *params;
    size_t n_params;
    struct str text;    /* the body with its parameters filled in */
    int64_t before_ms;  /* as the feed has it */
    int64_t due_ms;     /* Unix ms; a date counts from 09:00 at the site. May have passed already */
    int64_t expires_ms; /* the start; the end of the day of a date */
};

/* Where something was about to be said that may not be said there. */
enum leak_sink {
    LEAK_SLOT = 1,
    LEAK_PARAMETER,
    LEAK_RECIPIENT,
    LEAK_LANGUAGE,
    LEAK_SITE,
    LEAK_TEMPLATE, /* its choice, or a template that the feed does not have */
    LEAK_TEXT,     /* not the template's own text with the parameters in it */
};

/* Why an instance was blocked (docs/feed-language.md, section 13.5). Names of the feed, places and
 * classes; never a value. */
struct feed_leak {
    enum leak_sink sink;
    struct str name; /* of the parameter or slot; empty for the others */
    bool by_class;   /* the carried class was above the ceiling */
    enum sensitivity ceiling,
        class;      /* class: of what was about to be said; clinical when not known */
    bool found;     /* by comparing: a field above the ceiling holds the same */
    size_t place;   /* of it. HL7: number of the segment; FHIR: byte offset */
    unsigned field; /* HL7 */
};
/* "parameter", "recipient", …: a closed set, for logs and metrics. */
const char *leak_sink_name(enum leak_sink s);

enum feed_outcome_kind { FEED_SEND = 1, FEED_RECORDED, FEED_DROP, FEED_HOLD, FEED_REJECT };

struct feed_outcome {
    enum feed_outcome_kind kind;
    struct str rule;     /* label */
    const char *overlay; /* the one in force for this instance; NULL: none */
    struct str reason;   /* drop, hold, reject */
    struct str *warnings;
    size_t n_warnings;
    const struct feed_leak *leak; /* hold: what may not leave was about to; else NULL */
    bool looked;                  /* what leaves was held against its message, and may leave */
    bool emits;
    struct event event; /* send, recorded: carried slots filled in */
    /* send: */
    const struct feed_template *template;
    struct str language; /* WhatsApp code, "zh_TW" */
    struct str to;       /* E.164 */
    struct param *params;
    size_t n_params;
    struct str text;        /* the body with its parameters filled in */
    int64_t coalesce_ms;    /* 0: none */
    struct str coalesce_by; /* value of the key slot */
    int64_t stale_ms; /* Unix ms at which the event is stale (§9.1 "Stale after"); 0: never */
    /* send, recorded: in order of due_ms */
    struct feed_reminder *reminders;
    size_t n_reminders;
    /* When the message was written that said the slot, this one or an earlier one; 0: nobody said it. */
    int64_t phone_ms, language_ms;
    struct str log_site; /* site code for logs and labels, where the policy wants it; else absent */
};

struct feed_result {
    struct str type;               /* "SIU^S12", "Appointment", "Bundle" */
    bool test;                     /* MSH-11.1 is T or D */
    int64_t message_ms;            /* MSH-7 with offset, or meta.lastUpdated; received_ms without */
    struct feed_outcome *outcomes; /* one an instance, in order; none when no rule reads the type */
    size_t n;
    size_t steps; /* what it cost: docs/feed-language.md, section 15 */
};

/* Everything lives in `a`. ERR_INPUT: the body cannot be parsed (the receiver checked before, so
 * only a charset or JSON it could not judge). Any other kind is memory->find()'s own. */
bool feed_eval(const struct feed *f, const struct feed_input *in, struct arena *a,
               struct feed_result *out, struct err *e) MUST_USE;

#endif
