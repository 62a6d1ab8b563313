/* Gathers the findings of one load: every error with its place, none twice, in stable order. */
#ifndef FEED_REPORT_H
#define FEED_REPORT_H

#include "feed/feed.h"
#include "yaml/yaml.h"

struct report_text { /* a file that was read, for the excerpts */
    const char *file;
    struct str text;
};

struct report {
    struct arena *a; /* findings live here */
    struct finding *items;
    size_t n, room;
    struct report_text *texts;
    size_t n_texts, text_room;
};

/* Makes the lines of `text` known under that name; both are copied. */
void report_text_add(struct report *r, const char *file, struct str text);

/* One finding at a node. Severity is the code's first letter: E or W. `hint` may be NULL. */
void report_at(struct report *r, const char *code, const struct yaml_node *at, const char *hint,
               const char *fmt, ...) PRINTF(5, 6);

struct report_place {
    const char *file;
    int line, column;
};
void report_place(struct report *r, const char *code, struct report_place at, const char *hint,
                  const char *fmt, ...) PRINTF(5, 6);

bool report_has_errors(const struct report *r);
/* Sorts, drops doubles, adds the source lines. */
void report_end(struct report *r, struct findings *out);

#endif
