/* JSON (RFC 8259), read strictly into a tree: what FHIR JSON is made of.
 *
 * Stricter than the RFC lets a reader be: UTF-8 only, no NUL (not even escaped), no lone surrogate,
 * no key twice in one object (FHIR page, section 11). A byte order mark before the text is skipped,
 * because Windows senders write one. Numbers keep their source text. Parsing never recurses. */
#ifndef FHIR_JSON_H
#define FHIR_JSON_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

enum json_kind {
    JSON_NULL,
    JSON_FALSE,
    JSON_TRUE,
    JSON_NUMBER,
    JSON_STRING,
    JSON_ARRAY,
    JSON_OBJECT,
};

struct json_node {
    enum json_kind kind;
    struct str name; /* member of an object: its key, decoded; else absent */
    struct str text; /* string: decoded; number, true, false, null: as in the source; else absent */
    struct json_node *parent, *next; /* next: the following child of the same parent */
    struct json_node *first;         /* array, object: its first child */
    size_t n;                        /* array, object: number of children */
    size_t index;                    /* place among the parent's children, from 0 */
    size_t key_at;                   /* byte offset of the key's quote; `at` without a key */
    size_t at, end;                  /* byte offsets of the value: first byte, one past the last */
};

struct json_limits {
    size_t max_depth;  /* arrays and objects inside each other */
    size_t max_nodes;  /* values of any kind */
    size_t max_string; /* bytes of one decoded string or key, and of one number */
};

/* 64 deep, 500,000 nodes, strings of 1 MiB. */
struct json_limits json_limits_default(void);

/* Where a text is at fault, for people and for OperationOutcome.issue. */
struct json_fault {
    size_t at, line, column; /* byte offset from 0; line and byte column from 1 */
    struct str expression;   /* "Appointment.participant[1].actor"; absent when nothing can be said.
                                Holds only names that FHIR defines, never what the sender made up. */
    const char *code;        /* IssueType: "structure", "too-long", "too-costly" */
};

/* Reads one JSON value and nothing after it but white space. The tree lives in `a` and points into
 * `text` where a string has no escapes. `fault` may be NULL.
 *
 * ERR_INPUT: e->text says what and where ("line 3, column 9: the same key twice in one object"),
 * never what it said there. */
bool json_read(struct str text, const struct json_limits *limits, struct arena *a,
               struct json_node **out, struct json_fault *fault, struct err *e) MUST_USE;

/* The member of that name, or NULL; NULL too when `object` is NULL or no object. */
struct json_node *json_member(const struct json_node *object, struct str name);
/* The text of a string member; absent when there is none or it is no string. */
struct str json_member_text(const struct json_node *object, const char *name);
/* The value itself, or the first child of an array: FHIR senders mix the two up. */
const struct json_node *json_single(const struct json_node *value);
/* The place of a node as in json_fault.expression: "Bundle.entry[2].resource.status". */
struct str json_expression(const struct json_node *node, struct arena *a);

#endif
