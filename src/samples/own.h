/* What one message says its patient is called, numbered and born: held against all that scrub keeps. */
#ifndef SAMPLES_OWN_H
#define SAMPLES_OWN_H

#include "fhir/json.h"
#include "hl7/header.h"

enum { OWN_MOST = 256 };

struct own {
    struct str items[OWN_MOST]; /* into the message; the first OWN_MOST of four bytes and more */
    size_t n;
};

/* Of the segments PID and MRG: names, numbers, birth date. */
void own_of_hl7(struct own *o, struct str text, const struct hl7_separators *sep);
/* Of every Patient in the tree. */
void own_of_fhir(struct own *o, const struct json_node *root, struct arena *a);
/* True when one of them stands anywhere in `text`, ASCII letters of either case. */
bool own_in(const struct own *o, struct str text);

#endif
