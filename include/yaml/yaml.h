/* YAML as a tree in which every node knows its place. Every scalar is text: `NO`, `012`, `1.10`
 * stay as written. Read from libyaml's events; nothing is resolved, tagged or typed.
 *
 * Refused, each with a code (docs/feed-language.md, section 2.1):
 *   E001 not UTF-8            E004 anchor, alias, merge key        E102 key twice in one block
 *   E002 tab in indentation   E005 tag, directive, 2nd document    E103 key without a value
 *   E003 YAML syntax          E006 over a limit
 * E001-E006 end the file at the first one; after E102 and E103 reading goes on. */
#ifndef YAML_YAML_H
#define YAML_YAML_H

#include "base/arena.h"
#include "base/str.h"

enum yaml_kind { YAML_SCALAR, YAML_LIST, YAML_MAP };

struct yaml_node {
    enum yaml_kind kind;
    const char *file; /* as given to yaml_parse() */
    int line, column; /* of its first character, quote or bracket; from 1; columns in code points */
    int end_line, end_column; /* just after its last one */
    struct str text;          /* scalar: NUL-terminated, in the arena */
    bool quoted;              /* scalar: '…', "…", | or > */
    bool missing;             /* scalar: a key or dash with nothing behind it; reported as E103 */
    struct yaml_pair *pairs;  /* map: keys are distinct */
    struct yaml_node **items; /* list */
    size_t n;                 /* pairs or items */
};

struct yaml_pair {
    struct yaml_node *key; /* always a scalar */
    struct yaml_node *value;
};

/* Where the faults go. `text` and `hint` (or NULL) live as long as the arena. Names stand in
 * back-quotes. */
struct yaml_report {
    void (*fault)(void *ctx, const char *code, int line, int column, const char *text,
                  const char *hint);
    void *ctx;
};

struct yaml_limits {
    size_t bytes, nodes;
    int depth;
};
extern const struct yaml_limits yaml_limits_standard; /* 1 MiB, 100,000 nodes, 16 deep */

/* The root, in `a`, or NULL after E001-E006 or for an empty document (E103 at 1:1). `file` names
 * the text in every node and must outlive them. */
struct yaml_node *yaml_parse(struct str text, const char *file, const struct yaml_limits *max,
                             struct arena *a, const struct yaml_report *to);

/* The pair, or its value, of that key; NULL without one or when `map` is NULL or no map. */
const struct yaml_pair *yaml_pair_of(const struct yaml_node *map, const char *key);
struct yaml_node *yaml_get(const struct yaml_node *map, const char *key);

/* Line number `line` of a text, from 1, without its line break; absent past the end. */
struct str yaml_line(struct str text, int line);

#endif
