/* A compiled expression: an array of at most 64 nodes that name each other by their place in it. Every node
 * but the top has one parent, so whoever goes down from the top goes 64 deep at most, whatever the data.
 * Private to module fhirpath. */
#ifndef FHIRPATH_EXPR_H
#define FHIRPATH_EXPR_H

#include "fhirpath/fhirpath.h"

enum op {
    OP_START,   /* name at the start of a chain: a root, or an element of $this */
    OP_THIS,    /* $this                          */
    OP_STRING,  /* text                           */
    OP_INTEGER, /* text: digits                   */
    OP_BOOLEAN, /* number: 0, 1                   */
    OP_MEMBER,  /* left.text                      */
    OP_INDEX,   /* left[number]                   */
    OP_CALL,    /* left.function(args)            */
    OP_EQUAL,
    OP_UNEQUAL,
    OP_IN,
    OP_UNION,
    OP_AND,
    OP_OR,
};

enum function {
    FN_WHERE,
    FN_SELECT,
    FN_EXISTS,
    FN_EMPTY,
    FN_FIRST,
    FN_LAST,
    FN_OF_TYPE,
    FN_NOT,
    FN_STARTS_WITH,
    FN_ENDS_WITH,
    FN_CONTAINS,
    FN_SUBSTRING,
    FN_LOWER,
    FN_UPPER,
    FN_TRIM,
    FN_EXTENSION,
    FN_RESOLVE,
    FN_COUNT,
};

enum { EXPR_ARGS = 2, EXPR_NONE = 255 };

struct expr {
    enum op op;
    enum function function;
    bool in_filter;  /* OP_START: inside where, select, exists */
    struct str text; /* name, string, digits; OF_TYPE: the type without its namespace */
    bool system;     /* OF_TYPE: "System." stood in front */
    size_t number;
    size_t at;           /* byte offset in the source */
    uint8_t left, right; /* places; left EXPR_NONE: a call on $this */
    uint8_t args[EXPR_ARGS];
    uint8_t n_args;
};

struct fhirpath {
    struct expr *nodes;
    size_t n;
    uint8_t top;
    struct fhirpath_root *roots;
    size_t n_roots;
};

/* How a function is written and called. */
struct function_form {
    const char *name;
    size_t least, most; /* arguments */
    bool filter;        /* its argument is evaluated once an item */
};

extern const struct function_form fhirpath_functions[FN_COUNT];

#endif
