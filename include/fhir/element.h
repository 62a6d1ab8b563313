/* What FHIR defines, whatever the release: for readers of a body, which does not say its release. Where
 * releases differ the earliest counts. fhir/definition.h asks one release. */
#ifndef FHIR_ELEMENT_H
#define FHIR_ELEMENT_H

#include "base/str.h"
#include "fhir/definition.h"

/* As fhir_element_defined(). */
bool element_find(struct str owner, struct str name, struct fhir_definition *out);
/* True when some release lists elements of that owner. */
bool element_owner_known(struct str owner);
bool element_is_choice(const struct fhir_definition *el);

/* True for any name that some element has: it may be repeated in an `expression`, since it cannot
 * be content. */
bool element_known(struct str name);

bool type_known(struct str type);          /* "Patient", "Quantity", "code" */
bool resource_type_known(struct str type); /* "Patient", "Bundle" */
/* True when they are the same or `type` descends from `ancestor`: Age from Quantity, code from
 * string. */
bool type_is(struct str type, struct str ancestor);

#endif
