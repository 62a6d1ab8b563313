/* A whole tenant out of the bytes of a fuzzer, in a folder of its own.
 *
 * A line "%NAME" begins the text of a file, which ends before the next such line:
 *   %feed %sites %templates %policy %overlay %status %site %language %sample
 * A file without one is the sound tenant's (unit/tenant.c). */
#ifndef TENANT_BYTES_H
#define TENANT_BYTES_H

#include "../unit/tenant.h"
#include "base/str.h"

enum { TENANT_FILES = 9 };

struct tenant_bytes {
    struct tenant at;
    struct str files[TENANT_FILES]; /* the text of each; absent: the sound one */
    bool changed[TENANT_FILES];     /* what is on the disk is not the sound one */
    struct str rest;                /* what stands before the first of these lines */
    const char *end;                /* of the bytes */
};

/* The folder, with the sound tenant; removed when the process ends. */
void tenant_bytes_make(struct tenant_bytes *t);
/* Writes what the bytes say. True when they name a file at all. */
bool tenant_bytes_write(struct tenant_bytes *t, struct str bytes);
/* Another text for feed.yaml. */
void tenant_bytes_feed(struct tenant_bytes *t, struct str text);
/* The text on the disk of the file at that path; absent when it is none of these. */
struct str tenant_bytes_text(const struct tenant_bytes *t, const char *path);
/* Puts another text into it. It must be one of these. */
void tenant_bytes_put(struct tenant_bytes *t, const char *path, struct str text);

#endif
