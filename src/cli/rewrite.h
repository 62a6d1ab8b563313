/* Puts a new text in the place of a file, whole or not at all. */
#ifndef CLI_REWRITE_H
#define CLI_REWRITE_H

#include "base/err.h"
#include "base/str.h"

/* Only while the file still holds `before`; keeps its mode. Written beside it, synced, renamed. ERR_BUSY: it
 * has changed; ERR_CONFIG: it cannot be written, or is no regular file of one name (a link). */
bool rewrite_file(const char *path, struct str before, struct str after, struct err *e) MUST_USE;

#endif
