/* A code table: RFC 4180 CSV with the header `from,to` or `from,to,note`; exact match. Every row
 * keeps its line, so that errors and `explain` can say where. */
#ifndef FEED_TABLE_H
#define FEED_TABLE_H

#include <stdint.h>

#include "base/arena.h"

enum { TABLE_MAX_ROWS = 10000 };

struct table_row {
    struct str from, to, note; /* note absent without the column */
    int line;                  /* where the row starts, 1-based */
    int to_column; /* code-point column of `to` in that line; 1 if the row spans lines */
};

struct table {
    const char *name; /* "siu-status": the file's without ".csv" */
    const char *file; /* "tables/siu-status.csv", as findings and explain print it */
    struct table_row *rows;
    size_t n;
    uint32_t *slots; /* private: hash index, row number + 1; 0: empty */
    size_t n_slots;
};

/* One fault; the code is E001 (not UTF-8), E006 (too many rows) or E303 (all others). */
struct table_fault {
    char code[5];
    int line, column;
    const char *text;
};

struct table_faults {
    struct table_fault *items;
    size_t n;
};

/* Reads all of `csv` (the caller has bounded its size). Slices point into `csv` or `a`. Rows with a
 * fault are left out; faults are in order of line. True when there is none. out->name and ->file
 * are the caller's to set. */
bool table_read(struct str csv, struct arena *a, struct table *out, struct table_faults *faults);
/* The row for exactly that text, or NULL. */
const struct table_row *table_find(const struct table *t, struct str from);

#endif
