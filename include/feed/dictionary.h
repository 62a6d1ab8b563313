/* How sensitive each field is before any policy: Annex A of docs/feed-language.md as data. What is
 * not listed is clinical. */
#ifndef FEED_DICTIONARY_H
#define FEED_DICTIONARY_H

#include "base/str.h"
#include "model/class.h"

/* The entry of SEG-field.component.sub: the longest match of SEG-f.c.s, SEG-f.c, SEG-f. component
 * and sub are 0 when not written. *listed (may be NULL): there is an entry. */
enum class dictionary_hl7(struct str segment, int field, int component, int sub, bool *listed);
/* True for fields of type SI: set-IDs. `explain` leaves them out of `not read`. */
bool dictionary_set_id(struct str segment, int field);

/* The entry of an element, "Patient.telecom.value": its longest listed prefix. References are not
 * here: see dictionary_reference(). */
enum class dictionary_fhir(struct str element, bool *listed);
/* The class of a reference to that type of resource, "Location". */
enum class dictionary_reference(struct str target_type);
/* The join over all types the reference element may point at in R4, for an element that ends in a
 * reference ("Appointment.participant.actor", with or without ".reference"); clinical when we do
 * not know the element. */
enum class dictionary_reference_element(struct str element);

#endif
