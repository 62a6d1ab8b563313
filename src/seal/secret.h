#ifndef SEAL_SECRET_H
#define SEAL_SECRET_H

#include <sys/types.h>

#include "base/arena.h"
#include "base/err.h"

/* The bytes of a secret file. ERR_CONFIG unless it is a regular file of ours or root's, of at most
 * `max` bytes, with none of the mode bits in `forbidden`; `wanted` says in the error what the mode
 * must be. */
bool secret_bytes(const char *path, mode_t forbidden, const char *wanted, struct arena *a,
                  size_t max, struct str *out, struct err *e) MUST_USE;

#endif
