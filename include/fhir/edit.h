/* Changes one value of a FHIR sample: the `change:` of a feed's tests. */
#ifndef FHIR_EDIT_H
#define FHIR_EDIT_H

#include "fhir/json.h"

/* Sets `path` ("Appointment.participant[0].status") to `text` in the first resource of that type,
 * and gives the edited JSON; all else stays byte for byte. Where an array stands, no index means
 * [0]. Empty text removes the element, with an index that item of it. A last element that is missing is
 * added to its parent. A number or boolean stays one if `text` can be one; a new element is a
 * boolean for "true" and "false"; all others are strings. *out lives in `a`.
 *
 * ERR_INPUT: the JSON is bad, the path is malformed, or something on the way to its last element is
 * not there. The err text may name the position in the path, never a value. */
bool fhir_edit(struct str json, struct str path, struct str text, struct arena *a, struct str *out,
               struct err *e) MUST_USE;

#endif
