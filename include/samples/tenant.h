/* A tenant folder made from samples: feed, sites, templates, tables, scrubbed samples and tests, with what is
 * known from the samples filled in and what a person must decide left open. docs/decisions/046. */
#ifndef SAMPLES_TENANT_H
#define SAMPLES_TENANT_H

#include <stdio.h>

#include "base/err.h"
#include "samples/fake.h"

struct tenant_settings {
    const char *folder;           /* is made; must be empty if it is there */
    const char *from;             /* file or folder of samples */
    const struct fake *fake;      /* its key */
    const char *const *countries; /* of national telephone numbers; none: derived */
    size_t n_countries;
    const char *zone;     /* NULL: of the country, where it has one only */
    const char *language; /* of the sites; NULL: of the country, else en */
    const char *name;     /* of the sites, as patients read it; NULL: left open */
    FILE *say;            /* what was found and what is to be decided */
    FILE *faults;         /* pieces that could not be read */
};

enum { TENANT_SAMPLES = 12, TENANT_SITES = 16 };

/* ERR_CONFIG: the folder is not empty or cannot be written, or the samples hold no message. What was written
 * stays. */
bool tenant_make(const struct tenant_settings *set, struct err *e) MUST_USE;

#endif
