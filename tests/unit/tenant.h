/* A small tenant in a folder of its own: a feed with all its companions, to be broken piece by piece. */
#ifndef TENANT_H
#define TENANT_H

#include "temp_folder.h"

struct tenant {
    struct temp_folder folder;
    char feed[512]; /* path of feed.yaml */
};

/* Writes the whole tenant, sound: feed.yaml, sites.yaml, templates.yaml, policy.yaml, tables/site.csv,
 * tables/status.csv, tables/language.csv, tables/ordinary.csv, overlays/lion.yaml, samples/s12.hl7,
 * samples/r01.hl7. */
void tenant_make(struct tenant *t);
void tenant_remove(struct tenant *t);
/* The sound text of one of its files. */
const char *tenant_text(const char *file);
/* Puts another text into one of its files. */
void tenant_write(const struct tenant *t, const char *file, const char *text);
/* The first `find` in `text` replaced by `put`; malloc'ed. Ends the program when it is not there. */
char *tenant_replace(const char *text, const char *find, const char *put);

#endif
