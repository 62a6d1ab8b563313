/* Names that FHIR R4 defines: what may be repeated in an `expression`, because it cannot be
 * content. */
#ifndef FHIR_ELEMENT_H
#define FHIR_ELEMENT_H

#include "base/str.h"

/* True for an element name of the resources Tidings takes and of their data types. */
bool element_known(struct str name);
/* True for the name of an R4 resource: "Appointment". */
bool resource_type_known(struct str name);
/* For "valueQuantity": the base "value" and the type "Quantity". False when `member` is not the
 * JSON name of a choice element (value[x]). Both point into `member`. */
bool element_choice(struct str member, struct str *base, struct str *type);

#endif
