/* The files of a first tenant, as text. */
#ifndef SAMPLES_WRITE_H
#define SAMPLES_WRITE_H

#include "plan.h"

void write_schema(struct buf *b, const char *kind);
/* tests: the items below `tests:`, indented; empty: none. */
void write_feed(const struct plan *p, struct str tests, struct buf *b);
/* draft: with what is needed to load it filled in, whatever is to be decided. */
void write_sites(const struct plan *p, bool draft, struct buf *b);
void write_templates(const struct plan *p, struct buf *b);
void write_settings(const struct plan *p, struct buf *b);
void write_readme(const struct plan *p, size_t n_samples, struct buf *b);
void write_policy(const struct plan *p, struct buf *b);
/* tables: name of the file below tables/ and its text; false past the last. */
bool write_table(const struct plan *p, size_t i, const char **name, struct buf *b);
/* The codes that a person has to look through; empty when there are none. */
void write_codes_found(const struct plan *p, struct buf *b);

#endif
