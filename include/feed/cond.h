/* Conditions: the grammar of docs/feed-language.md, section 8, as a tree, and its two-valued
 * meaning.
 *
 *   cond    = conj { "or" conj } ;      conj = term { "and" term } ;
 *   term    = [ "not" ] ( "(" cond ")" | state "(" path ")" | member ) ;
 *   state   = "present" | "absent" | "empty" | "deleted" ;
 *   member  = operand ( "in" "(" literal { "," literal } ")" | "=" literal ) ;
 *   operand = path | "any(" path ")" | "all(" path ")" | slot ;
 *
 * Paths stand in guards, overlay `for` and flags; slots stand in `notify.when`: never both in one.
 */
#ifndef FEED_COND_H
#define FEED_COND_H

#include "base/arena.h"
#include "hl7/path.h"

enum { COND_MAX_BYTES = 4096, COND_MAX_DEPTH = 16 };

enum cond_kind { COND_OR, COND_AND, COND_NOT, COND_STATE, COND_IN };
enum cond_state { COND_PRESENT, COND_ABSENT, COND_EMPTY, COND_DELETED };
enum cond_range {
    COND_FIRST,
    COND_ANY,
    COND_ALL
}; /* which of the values in scope must be in the list */
enum cond_operands { COND_PATHS, COND_SLOTS };

struct cond_literal {
    struct str text; /* without its quotes */
    size_t at;       /* byte offset in the condition */
};

struct cond {
    enum cond_kind kind;
    struct cond *child; /* OR, AND: two or more; NOT: one. Linked by `next` */
    struct cond *next;
    /* STATE, IN: */
    struct str operand;            /* the path or slot name as written */
    const struct hl7_path *path;   /* NULL: a slot */
    size_t at;                     /* byte offset of the operand in the condition */
    enum cond_state state;         /* STATE */
    enum cond_range range;         /* IN */
    struct cond_literal *literals; /* IN; `=` has one */
    size_t n_literals;
};

struct cond_fault {
    char code[5];     /* "E104"; "E201" for a malformed path */
    size_t at;        /* byte offset in the condition */
    const char *text; /* static */
};

/* False with *fault. The tree's texts point into `text`; the tree lives in `a`. */
bool cond_parse(struct str text, enum cond_operands operands, struct arena *a, struct cond **out,
                struct cond_fault *fault) MUST_USE;

/* Visits every STATE and IN node, in the order of the text. */
void cond_each(const struct cond *c, void (*visit)(void *ctx, const struct cond *leaf), void *ctx);

/* Where the evaluation gets its facts. */
struct cond_source {
    void *ctx;
    /* The state of the leaf's path as one answer (section 4.2). Not called for slots. */
    enum cond_state (*state)(void *ctx, const struct cond *leaf);
    /* All values in scope, in order; returns how many. A slot gives one, or none when it is unset.
     */
    size_t (*values)(void *ctx, const struct cond *leaf, const struct str **out);
};

/* True when the condition holds for what the source gives. */
bool cond_holds(const struct cond *c, const struct cond_source *source);

#endif
