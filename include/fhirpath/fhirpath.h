/* FHIRPath (2.0.0), the subset of feeds: docs/feed-language.md, section 5. Compiled once, evaluated
 * often.
 *
 *   expr    = conj { "or" conj } ;            conj   = member { "and" member } ;
 *   member  = equal { "in" equal } ;          equal  = union { ( "=" | "!=" ) union } ;
 *   union   = path { "|" path } ;             path   = term { "." step | "[" integer "]" } ;
 *   term    = literal | "$this" | "(" expr ")" | step ;
 *   step    = identifier | function "(" [ expr { "," expr } ] ")" ;
 *   literal = string | integer | "true" | "false" ;
 *
 * Functions: where select exists empty first last ofType not startsWith endsWith contains substring
 * lower upper trim extension resolve. */
#ifndef FHIRPATH_FHIRPATH_H
#define FHIRPATH_FHIRPATH_H

#include "fhir/element.h"
#include "fhir/resource.h"

struct fhirpath; /* compiled; immutable, usable from any thread */

enum {
    FHIRPATH_MAX_BYTES = 512,
    FHIRPATH_MAX_NODES = 64,
    FHIRPATH_MAX_FILTERS = 2,
    FHIRPATH_MAX_ITEMS = 1000,
    FHIRPATH_MAX_STEPS = 2000000
};

struct fhirpath_fault {
    const char *code; /* "E210" syntax, "E212" outside the subset, "E213" root in a filter,
                         "E006" over a limit */
    size_t at;        /* byte offset in the expression */
    char text[120];   /* for people; names of the expression in back-quotes */
};

/* The compiled expression lives in `a` and copies what it needs of `text`. */
bool fhirpath_compile(struct str text, struct arena *a, const struct fhirpath **out,
                      struct fhirpath_fault *fault) MUST_USE;

/* ---- evaluating ---- */

enum fhirpath_kind { FHIRPATH_NODE, FHIRPATH_STRING, FHIRPATH_INTEGER, FHIRPATH_BOOLEAN };

struct fhirpath_item {
    enum fhirpath_kind kind;
    const struct json_node *node; /* NODE: the element; NULL when a primitive has only extensions */
    const struct json_node *twin; /* NODE: its "_name" twin, or NULL */
    struct str type; /* NODE: FHIR type where it shows (resources, value[x]); else absent */
    struct str text; /* what a converter gets: string, number as written, "true"; absent for an
                        object and for a primitive without a value */
};

struct fhirpath_items {
    struct fhirpath_item *items;
    size_t n;
};

struct fhirpath_scope {
    const struct fhir_body *body; /* for resolve(); NULL: nothing resolves */
    const struct json_node
        *focus; /* a root that is its resourceType starts here, and so does $this */
    const struct json_node
        *patient; /* the root `Patient`; NULL: empty. Ignored when focus is a Patient */
    size_t
        *steps; /* what may still be spent, counted down; NULL: FHIRPATH_MAX_STEPS for each call */
};

enum { FHIRPATH_ERROR = 1, FHIRPATH_TOO_LARGE = 2 }; /* err.code */

/* The items in order; they live in `a` and point into the body's tree. What else was needed on the way is
 * given back to `a`.
 *
 * ERR_INPUT, code FHIRPATH_ERROR: the standard makes it an error (substring of two items): no
 * candidate, reason `fhirpath.error`. Code FHIRPATH_TOO_LARGE: over 1,000 items, or too many steps
 * on the way. */
bool fhirpath_eval(const struct fhirpath *x, const struct fhirpath_scope *scope, struct arena *a,
                   struct fhirpath_items *out, struct err *e) MUST_USE;

/* A guard: true only if the result is exactly one `true`. Errors as fhirpath_eval(). */
bool fhirpath_holds(const struct fhirpath *x, const struct fhirpath_scope *scope, struct arena *a,
                    bool *out, struct err *e) MUST_USE;

/* ---- for a checker ---- */

/* One maximal navigation chain (docs/feed-language.md, section 13.2), arguments included. */
struct fhirpath_chain {
    /* "Patient.telecom.value". A chain through resolve() starts anew at the type that ofType()
     * names, or at "?"; extension('u') shows as "extension('u')". */
    struct str path;
    /* T of where(startsWith('T/')) directly on a reference, or of resolve().ofType(T) directly on
     * this chain; absent: any type. */
    struct str narrow;
    size_t at; /* byte offset of its first name in the expression */
};

struct fhirpath_chains {
    struct fhirpath_chain *items;
    size_t n;
};

/* Every chain of names in the expression, for the checker; lives in `a`. */
struct fhirpath_chains fhirpath_chains(const struct fhirpath *x, struct arena *a);

/* The first name of each chain outside filters, in order: what must be `Patient` or a trigger type
 * (E204). A name in lower case is an element of the focus, not a root. */
struct fhirpath_root {
    struct str name;
    size_t at;
};

struct fhirpath_roots {
    const struct fhirpath_root *items;
    size_t n;
};

/* Lives as long as the expression. */
struct fhirpath_roots fhirpath_roots(const struct fhirpath *x);

/* A name that the release does not define. */
struct fhirpath_unknown {
    size_t at; /* byte offset of the name in the expression */
    struct str name;
    struct str
        owner; /* what lacks it: "Patient"; the name of a choice for a type that it never has;
                         absent: the release has no type of that name */
};

/* Whether the release defines every element and type of the expression (E211): types are followed from the
 * root through filters, choices, ofType() and extension(). What cannot be known passes: behind resolve(),
 * in any resource, and elements of the focus that are written without their root. */
bool fhirpath_defined(const struct fhirpath *x, enum fhir_release release,
                      struct fhirpath_unknown *unknown) MUST_USE;

#endif
