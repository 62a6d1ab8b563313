/* CapabilityStatement: what `GET /fhir/metadata` answers. */
#ifndef FHIR_CAPABILITY_H
#define FHIR_CAPABILITY_H

#include <stdint.h>

#include "base/buf.h"

/* Appends the R4 (4.0.1) statement of this receiver.
 *
 * software_version  "0.1.0"
 * started_ms        Unix ms; CapabilityStatement.date */
void fhir_capability_add(struct buf *b, const char *software_version, int64_t started_ms);

/* The resource types taken as `POST /fhir/{type}` and `PUT /fhir/{type}/{id}`. */
bool fhir_type_taken(struct str type);

#endif
