/* A code table: RFC 4180 CSV with the header `from,to` or `from,to,note`; exact match. Every row
 * keeps its line, so that errors and `explain` can say where. */
#ifndef FEED_TABLE_H
#define FEED_TABLE_H

#include <stdint.h>

#include "base/arena.h"

enum {
    TABLE_MAX_BYTES = 16 << 20,
    TABLE_MAX_ROWS = 500000,
    TABLE_MAX_FAULTS = 200, /* reading stops there: who has mended them will see the others */
};

/* A row as it was written; the texts live as long as the table. */
struct table_row {
    struct str from, to;
    int line;      /* where the row starts, 1-based */
    int to_column; /* code-point column of `to` in that line; 1 if the row spans lines */
};

struct table {
    const char *name; /* "siu-status": the file's without ".csv" */
    const char *file; /* "tables/siu-status.csv", as findings and explain print it */
    size_t n;         /* rows; `note` is for people and is not kept */
    /* private: 24 bytes a row and 8 to 16 for finding it, beside the text itself */
    struct str csv;
    struct table_place *places;
    const struct str *decoded; /* fields with a doubled quote inside */
    uint32_t *slots;           /* hash index, row number + 1; 0: empty */
    size_t n_slots;
};

/* One fault; the code is E001 (not UTF-8), E006 (too large, too many rows) or E303 (all others). */
struct table_fault {
    char code[5];
    int line, column;
    const char *text;
};

struct table_faults {
    struct table_fault *items;
    size_t n;
};

/* Reads all of `csv`, which must outlive the table. The rest lives in `a`. Rows with a fault are left out; faults are in order of line. True when there is none. out->name and ->file
 * are the caller's to set. */
bool table_read(struct str csv, struct arena *a, struct table *out, struct table_faults *faults);
/* The row for exactly that text; false without one. `out` may be NULL. */
bool table_find(const struct table *t, struct str from, struct table_row *out);
/* Row i, from 0, in the order of the file. */
struct table_row table_row(const struct table *t, size_t i);

#endif
