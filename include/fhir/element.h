/* What FHIR R4 (4.0.1) defines: the elements of the resources that feeds read and of the data
 * types, and how types descend from each other. From the standard's own tables
 * (src/fhir/r4_elements.inc). */
#ifndef FHIR_ELEMENT_H
#define FHIR_ELEMENT_H

#include "base/str.h"

struct element {
    const char *path; /* "Appointment.participant.actor" */
    const char *type; /* "Reference"; for an element with children of its own their owner
                         ("Appointment.participant"); "[x]" for a choice like Observation.value */
};

/* The element `name` of `owner`: a type ("Appointment", "HumanName") or the path of an element with
 * children of its own. Inherited ones too. The JSON names of a choice ("valueQuantity") are found,
 * and so is its base name ("value", type "[x]"). NULL when there is none, or the table lacks the
 * owner. */
const struct element *element_find(struct str owner, struct str name);
/* True when the table lists the elements of that owner. */
bool element_owner_known(struct str owner);
bool element_is_choice(const struct element *el);

/* True for any name that some element has: it may be repeated in an `expression`, since it cannot
 * be content. */
bool element_known(struct str name);

bool type_known(struct str type);          /* "Patient", "Quantity", "code" */
bool resource_type_known(struct str type); /* "Patient", "Bundle" */
/* True when they are the same or `type` descends from `ancestor`: Age from Quantity, code from
 * string. */
bool type_is(struct str type, struct str ancestor);

#endif
