/* One reading of a settings file: where the values go, and how a fault becomes an error with its place.
 * Private to config. */
#ifndef CONFIG_READING_H
#define CONFIG_READING_H

#include "config/config.h"
#include "yaml/yaml.h"

struct reading {
    const char *file;
    struct arena *arena;
    struct config *out;
    struct err *e; /* kind ERR_NONE until the first fault, which stays */
};

/* The tree, or NULL with r->e set. */
struct yaml_node *reading_parse(struct reading *r, struct str text);
/* "FILE:LINE:COLUMN: text (hint)"; hint may be NULL. Returns false. */
bool reading_fault(struct reading *r, const struct yaml_node *at, const char *hint, const char *fmt,
                   ...) PRINTF(4, 5);

#endif
