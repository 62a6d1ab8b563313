/* The closed set of converters: what a sender wrote, as a value of one of our types, or a stable
 * reason why not (docs/feed-language.md, section 7). Pure; nothing here looks at a clock or at the
 * process. */
#ifndef FEED_CONVERT_H
#define FEED_CONVERT_H

#include <stdint.h>

#include "base/arena.h"
#include "zone/zone.h"

enum convert_kind {
    CONVERT_TEXT = 1,
    CONVERT_TRIM,
    CONVERT_LOWER,
    CONVERT_DIGITS,
    CONVERT_SLICE,
    CONVERT_DATE,
    CONVERT_INSTANT,
    CONVERT_PHONE,
    CONVERT_LANGUAGE,
    CONVERT_PSEUDONYM,
};

enum convert_type { /* what a converter yields; each takes CONVERT_TYPE_TEXT */
                    CONVERT_TYPE_TEXT,
                    CONVERT_TYPE_DATE,    /* "2025-03-04" */
                    CONVERT_TYPE_INSTANT, /* RFC 9557, in the site's zone */
                    CONVERT_TYPE_PHONE,   /* E.164 with "+" */
                    CONVERT_TYPE_TAG,     /* one of the offered languages */
                    CONVERT_TYPE_KEY,     /* "pk_" and 32 hex digits */
};

struct converter {
    enum convert_kind kind;
    int from, to; /* slice: code points, counted from 1, both included */
};

enum convert_named { CONVERT_NAMED, CONVERT_NO_SUCH_NAME /* E302 */, CONVERT_BAD_SLICE /* E105 */ };

/* "trim", "slice(1,3)". */
enum convert_named convert_named(struct str text, struct converter *out);
/* The names, for suggestions: "text", "trim", … ; NULL past the end. */
const char *convert_name(size_t i);
enum convert_type convert_yields(enum convert_kind k);

struct convert_about {
    const char *does;    /* one line of Markdown */
    const char *reasons; /* every reason it can fail with, separated by spaces; "": it cannot */
};
const struct convert_about *convert_about(enum convert_kind k);
bool convert_uses_site(enum convert_kind k); /* `+s`: the site's class joins in */

/* What is known about the message and the place it is about. */
struct convert_context {
    struct arena *arena;
    /* the site; needed by instant, phone and language only */
    const struct zone *zone;
    const char *country;      /* ISO 3166 alpha-2 */
    struct str area;          /* digits; absent or empty: none */
    struct str site_language; /* BCP 47 */
    /* the feed */
    const struct str *offered; /* languages the feed's templates have */
    size_t n_offered;
    struct str keyspace;
    /* the message */
    int64_t message_ms; /* Unix time of the message: XTN.13/14 are held against it */
    bool has_offset;    /* MSH-7 has one: */
    int offset_s;
    /* the slot */
    struct str key;    /* tenant key */
    struct str domain; /* convert_domain() */
};

/* One element of the message. */
struct candidate {
    struct str text;       /* decoded; for an XTN repetition not used */
    const struct str *xtn; /* phone from HL7: the repetition's components, first subcomponents,
                              XTN.1 at [0]; absent ones have p NULL. NULL: `text` is all there is */
    size_t n_xtn;
    bool asks_use; /* the path's own test asks XTN.2 for WPN or EMR */
};

struct converted {
    struct str text;     /* in ctx->arena, or a part of the candidate */
    const char *reason;  /* NULL: converted. Else "phone.not_valid", … (static) */
    const char *warning; /* NULL, or "message offset differs" (static) */
};

/* Runs the converters left to right after trimming white space at both ends; n 0 is `text`. Returns
 * out->reason == NULL. */
bool convert_run(const struct converter *c, size_t n, const struct convert_context *ctx,
                 const struct candidate *in, struct converted *out);

/* The pseudonym's domain of a slot: "patient" for patient_key and previous_key, else the name
 * without
 * "_key". */
struct str convert_domain(struct str slot);

#endif
