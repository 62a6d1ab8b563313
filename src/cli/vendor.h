/* Messages as other systems write them, made of a sample that ships inside: `send --as VENDOR`.
 * hl7v2.md 15; one row a deviation. */
#ifndef CLI_VENDOR_H
#define CLI_VENDOR_H

#include "sample.h"

struct vendor;

/* NULL with the nearest in *near, or NULL there, too. */
const struct vendor *vendor_find(const char *name, const char **near);
const char *vendor_base(const struct vendor *v); /* "demo:01-siu-s12-booked" */
/* Rewrites the sample. ERR_CONFIG: it lacks the segments that are to be changed. */
bool vendor_write(const struct vendor *v, struct sample *s, struct arena *a,
                  struct err *e) MUST_USE;
/* From UTF-8 to the bytes this vendor writes: after all other changes. ERR_CONFIG: not to be written so. */
bool vendor_encode(const struct vendor *v, struct sample *s, struct arena *a,
                   struct err *e) MUST_USE;

#endif
