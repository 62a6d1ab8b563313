/* References between the resources of one body. Private to module fhir. */
#ifndef FHIR_REFERENCE_H
#define FHIR_REFERENCE_H

#include "fhir/resource.h"

/* Rewrites every Reference.reference of the body to "Type/id" where that can be known. */
void reference_rewrite_all(struct fhir_body *body, struct arena *a);

#endif
