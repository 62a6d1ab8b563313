/* How sensitive each field is before any policy: Annex A of docs/feed-language.md as data. What is
 * not listed is clinical. */
#ifndef FEED_DICTIONARY_H
#define FEED_DICTIONARY_H

#include "base/str.h"
#include "model/class.h"

/* The entry of SEG-field. All entries of Annex A are whole fields, so this is the longest match of
 * any path into the field too; a policy may know components. *listed (may be NULL): there is an
 * entry. */
enum sensitivity dictionary_hl7(struct str segment, unsigned field, bool *listed);
/* True for fields of type SI: set-IDs, which are public. `explain` leaves them out of `not read`.
 */
bool dictionary_set_id(struct str segment, unsigned field);

/* What the standards leave to senders, so that no dictionary can know it: Z-segments, and elements that
 * are reached through an extension. Only there a policy's word replaces `clinical`; anywhere else it can
 * only raise. */
bool dictionary_local_hl7(struct str segment);
bool dictionary_local_fhir(struct str element);

/* The entry of an element, "Patient.telecom.value": its longest listed prefix. For what ends in
 * ".reference" ask dictionary_reference_element(). */
enum sensitivity dictionary_fhir(struct str element, bool *listed);
/* The entries for elements in order of their names, from 0; absent past the end. */
struct str dictionary_fhir_entry(size_t i, enum sensitivity *class);
/* The class of a reference to that type of resource, "Location". */
enum sensitivity dictionary_reference(struct str target_type);
/* The join over all types that a reference may point at in R4: "Encounter.serviceProvider", with or
 * without ".reference" behind it. Clinical when one of them is unlisted or the element is unknown.
 */
enum sensitivity dictionary_reference_element(struct str element);

#endif
