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
    struct arena *a;  /* findings live here */
    const char *feed; /* the feed's path; other files get its folder in front */
    struct finding *items;
    size_t n, room;
    struct report_text *texts;
    size_t n_texts, text_room;
    const char **used; /* as in struct findings */
    size_t n_used;
};

/* Makes the lines of `text` known under that name; both are copied. */
void report_text_add(struct report *r, const char *file, struct str text);

/* One finding at a node, from its first character to its last. Severity is the code's first letter: E or
 * W. `hint` may be NULL. */
void report_at(struct report *r, const char *code, const struct yaml_node *at, const char *hint,
               const char *fmt, ...) PRINTF(5, 6);

struct report_place {
    const char *file;
    int line, column;
    int end_line, end_column; /* 0: to the end of the word that stands there */
};
void report_place(struct report *r, const char *code, struct report_place at, const char *hint,
                  const char *fmt, ...) PRINTF(5, 6);

/* The finding made last ends behind byte `end` of the scalar's text, not behind all of it. */
void report_narrow(struct report *r, const struct yaml_node *scalar, size_t end);
/* The flow of the finding made last, sink first; the last n_paths of them are paths. Copied. */
void report_flow(struct report *r, const struct finding_step *steps, size_t n, size_t n_paths);

/* For each of `n` things that several feeds may use: makes room; then says of one that it is used, or that the
 * finding made last is about its being unused. `part` may be NULL. */
void report_uses(struct report *r, size_t n);
void report_used(struct report *r, const char *file, const char *part);
void report_unused(struct report *r, const char *file, const char *part);

bool report_has_errors(const struct report *r);
/* Sorts, drops doubles, adds the source lines. */
void report_end(struct report *r, struct findings *out);
/* Adds findings made later to those of the same files, in order. */
void findings_join(struct findings *to, const struct findings *more, struct arena *a);

#endif
