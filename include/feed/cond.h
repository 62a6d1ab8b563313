/* Conditions: the grammar of docs/feed-language.md, section 8, compiled to a flat program, and its
 * two-valued meaning.
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

/* One question put to the facts. */
struct cond_leaf {
    struct str operand;            /* the path or slot name as written */
    const struct hl7_path *paths;  /* one, or those of `standard.NAME`, best first */
    size_t n_paths;                /* 0: a slot */
    size_t at;                     /* byte offset of the operand in the condition */
    enum cond_state state;         /* COND_STATE */
    enum cond_range range;         /* COND_IN */
    struct cond_literal *literals; /* COND_IN; `=` has one */
    size_t n_literals;
};

/* One answer is carried from operation to operation. A chain of `or` is
 *     A  or->end  B  or->end  C
 * and `or` goes to its target, which always lies ahead, as soon as the answer is true. */
enum cond_code { COND_STATE, COND_IN, COND_NOT, COND_OR, COND_AND };

struct cond_op {
    enum cond_code code;
    size_t arg; /* STATE, IN: index of the leaf; OR, AND: operation to go on with, n_ops: the end */
};

struct cond {
    struct cond_op *ops;
    size_t n_ops;
    struct cond_leaf *leaves; /* in the order of the text */
    size_t n_leaves;
};

struct cond_fault {
    char code[5];     /* "E104"; "E201" for a malformed path */
    size_t at;        /* byte offset in the condition */
    const char *text; /* static */
};

/* False with *fault. Texts point into `text`; the rest lives in `a`. */
bool cond_parse(struct str text, enum cond_operands operands, struct arena *a, struct cond **out,
                struct cond_fault *fault) MUST_USE;

/* Visits every leaf, in the order of the text. */
void cond_each(const struct cond *c, void (*visit)(void *ctx, const struct cond_leaf *leaf),
               void *ctx);
/* The leaf of a condition that is `P in (…)` or `P = …` and nothing else; NULL for any other. */
const struct cond_leaf *cond_only_member(const struct cond *c);

/* Where the evaluation gets its facts. */
struct cond_source {
    void *ctx;
    /* The state of the leaf's path as one answer (section 4.2). Not called for slots. */
    enum cond_state (*state)(void *ctx, const struct cond_leaf *leaf);
    /* All values in scope, in order; returns how many. A slot gives one, or none when it is unset.
     */
    size_t (*values)(void *ctx, const struct cond_leaf *leaf, const struct str **out);
};

/* True when the condition holds for what the source gives. Each operation runs at most once. */
bool cond_holds(const struct cond *c, const struct cond_source *source);

/* The program as people read it, in `a`: "0 OBR-25 in (F, C); 1 and 3; 2 present(PID-3)". */
struct str cond_print(const struct cond *c, struct arena *a);

#endif
