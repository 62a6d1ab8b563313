/* Where a leaf of a FHIR body stands: the path from its resource, and the type the standard gives it. */
#ifndef SAMPLES_JSON_PLACE_H
#define SAMPLES_JSON_PLACE_H

#include "fhir/json.h"

struct json_place {
    struct str resource; /* "Patient"; absent outside all */
    struct str path;     /* "Patient.telecom.value": names of members, no indexes */
    struct str name;     /* of the member the leaf is, or is an item of: "value" */
    struct str owner; /* type of the object around it: "ContactPoint", "Patient"; absent: unknown */
    struct str type;  /* "string"; absent: unknown */
    bool extension;   /* below an extension */
    bool top;         /* a member of the resource itself */
};

struct json_place json_place_of(const struct json_node *leaf, struct arena *a);
/* The next value of the tree in document order; NULL: none. */
const struct json_node *json_next(const struct json_node *node);

#endif
