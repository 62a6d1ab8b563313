/* The text layer under the tree: lines, columns, tabs. Line breaks as libyaml counts them. */
#ifndef YAML_TEXT_H
#define YAML_TEXT_H

#include "yaml/yaml.h"

struct text_place {
    int line, column; /* from 1; columns in code points */
};

/* Takes one line off the front of *rest, without its break; *rest is absent after the last one. */
struct str text_cut_line(struct str *rest);
/* The place of byte `at` (at most text.n). */
struct text_place text_place_of(struct str text, size_t at);
/* The first tab that stands before any other character of a line that is not blank. */
bool text_find_tab(struct str text, struct text_place *out);

#endif
