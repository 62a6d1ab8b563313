/* Changes to the text of a YAML file that leave every other byte as it is. Private to feed. */
#ifndef FEED_YAML_EDIT_H
#define FEED_YAML_EDIT_H

#include "base/arena.h"
#include "yaml/yaml.h"

struct yaml_edit { /* bytes from … to become `text` */
    size_t from, to;
    struct str text;
};

struct yaml_edits { /* in order, without overlap */
    struct str before;
    struct arena *a;
    struct yaml_edit *items;
    size_t n, room;
};

void yaml_edit_add(struct yaml_edits *e, size_t from, size_t to, struct str text);
/* Byte offsets of a node: its first character, and behind its last (of its last child, where it is a block). */
size_t yaml_edit_start(struct str text, const struct yaml_node *n);
size_t yaml_edit_end(struct str text, const struct yaml_node *n);
/* It is written with brackets. */
bool yaml_edit_is_flow(struct str text, const struct yaml_node *n);
/* The text with its edits. */
struct str yaml_edit_apply(const struct yaml_edits *e);
/* Appends what changes, as lines: "@@ line 12", "-old", "+new". */
struct str yaml_edit_diff(const struct yaml_edits *e);
/* A scalar as YAML text that reads back as it, inside brackets too. */
struct str yaml_edit_quote(struct str text, struct arena *a);

#endif
