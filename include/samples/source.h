/* Files of sample messages, cut into pieces that together are the file: messages, what frames them, and
 * what is neither. One file is in memory at a time, up to SOURCE_MOST bytes of it.
 *
 *   HL7    one message a file, many (each from its MSH), batches (FHS BHS ... BTS FTS), captures with
 *          MLLP's framing bytes; segments end in CR, LF or CR LF
 *   FHIR   one resource or Bundle, or one a line (NDJSON) */
#ifndef SAMPLES_SOURCE_H
#define SAMPLES_SOURCE_H

#include "base/arena.h"
#include "base/err.h"

enum { SOURCE_MOST = 64 << 20, SOURCE_FILES = 20000, SOURCE_PIECES = 1 << 20, SOURCE_DEPTH = 8 };

enum piece_kind {
    PIECE_HL7,   /* from MSH to its last segment, without the line end behind it */
    PIECE_FHIR,  /* one JSON value */
    PIECE_BATCH, /* one segment FHS, BHS, BTS or FTS */
    PIECE_FRAME, /* framing bytes, line ends, blanks, a byte order mark */
    PIECE_OTHER, /* no message: text, v2.xml, JSON that does not parse */
};

struct piece {
    enum piece_kind kind;
    struct str bytes; /* in the file's */
    size_t at;        /* byte offset in the file */
};

struct pieces {
    struct piece *items;
    size_t n;
};

/* One file, or all regular ones below a folder in order of name, hidden ones left out. "-" stands for
 * itself. Names live in `a`. ERR_CONFIG: not there, too many, too deep. */
bool source_files(const char *path, struct arena *a, const char *const **out, size_t *n,
                  struct err *e) MUST_USE;
/* The whole file ("-": standard input). ERR_CONFIG: cannot be read, over SOURCE_MOST bytes. */
bool source_read(const char *file, struct arena *a, struct str *out, struct err *e) MUST_USE;
/* Every byte is in exactly one piece, in order. ERR_INPUT: over SOURCE_PIECES. */
bool source_split(struct str bytes, struct arena *a, struct pieces *out, struct err *e) MUST_USE;

#endif
