/* What FHIR R4 (4.0.1), R4B (4.3.0) and R5 (5.0.0) define, as data in the program: the elements of every
 * resource and data type, their types, how often they occur, and what a reference may point at. Made from
 * published tables (src/fhir/definition.inc says which and under what licence). Nothing is allocated and
 * every look-up is a binary search. */
#ifndef FHIR_DEFINITION_H
#define FHIR_DEFINITION_H

#include "base/str.h"

enum fhir_release { FHIR_R4, FHIR_R4B, FHIR_R5, FHIR_RELEASES };

/* "R4B". False for a release that is none of them. */
bool fhir_release_named(struct str text, enum fhir_release *out);
const char *fhir_release_name(enum fhir_release r);

struct fhir_definition {
    const char *owner; /* where it is defined: "Appointment.participant", "DomainResource" */
    const char *name;  /* "actor" */
    const char *type;  /* "Reference"; for an element with children of its own their owner
                            ("Appointment.participant"); "[x]" for a choice: Observation.value */
    const char
        *targets; /* a Reference: the resource types it may point at, apart by spaces; "" when any
                            or not known, and for every other type */
    bool repeats;
};

/* The element `name` of `owner`: a type ("Appointment", "HumanName") or the path of an element with
 * children of its own ("Appointment.participant"). Inherited ones too ("id", "extension"). The JSON names
 * of a choice ("valueQuantity") are found, and so is its base name ("value", type "[x]"). */
bool fhir_element_defined(enum fhir_release r, struct str owner, struct str name,
                          struct fhir_definition *out);
/* What an owner has itself, not what it inherits, in order of the names, from 0; false past the end. */
bool fhir_element_at(enum fhir_release r, struct str owner, size_t i, struct fhir_definition *out);
/* Some element of some release has that name. */
bool fhir_element_name_known(struct str name);

bool fhir_type_defined(enum fhir_release r, struct str type); /* "Patient", "Quantity", "code" */
bool fhir_resource_defined(enum fhir_release r, struct str type); /* "Patient", "Bundle" */
/* True when they are the same or `type` descends from `ancestor`: Age from Quantity, code from string. */
bool fhir_type_descends(enum fhir_release r, struct str type, struct str ancestor);

#endif
