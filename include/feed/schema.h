/* JSON Schemas (draft 7) of the YAML files of a tenant, so that editors complete and explain while one
 * types. They are made from the tables that the loader uses: feed/key.h, the events, the converters, the
 * standard places. A schema accepts everything that `check` accepts; what needs more than shape stays with
 * `check`. */
#ifndef FEED_SCHEMA_H
#define FEED_SCHEMA_H

#include "base/buf.h"

/* "feed", "overlay", "policy", "sites", "templates"; NULL past the end. */
const char *feed_schema_kind(size_t i);

/* Appends the schema of that kind. False: there is no such kind, or `out` is full. */
bool feed_schema_write(const char *kind, struct buf *out);

#endif
