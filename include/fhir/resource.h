/* What is inside a FHIR body: one resource, or a Bundle of them, and how they refer to each other.
 */
#ifndef FHIR_RESOURCE_H
#define FHIR_RESOURCE_H

#include <stdint.h>

#include "fhir/json.h"

/* One resource of the body. */
struct fhir_entry {
    struct json_node *resource; /* NULL: an entry without one (a delete, an id-only notification) */
    struct str type;            /* resourceType; absent without a resource */
    struct str id;       /* Resource.id, else the uuid of a urn:uuid: fullUrl; absent: neither */
    struct str full_url; /* Bundle.entry.fullUrl; absent when there is none */
    size_t index;        /* in Bundle.entry; 0 for a bare resource */
};

struct fhir_address; /* private */

struct fhir_body {
    struct json_node *root;
    struct str type;            /* resourceType of the root */
    struct str bundle_type;     /* "transaction"; absent for a bare resource */
    struct str base_url;        /* the source's own; absent: only the one that fullUrls show */
    struct fhir_entry *entries; /* in Bundle order; exactly one for a bare resource */
    size_t n;
    struct fhir_address *addresses; /* sorted: what fhir_resolve() looks in */
    size_t n_addresses;
};

/* Finds the resources of a body and rewrites its references in place, so that one text is compared
 * everywhere: those under `base_url` or under the base of an entry's fullUrl, and urn:uuid:
 * (urn:oid:) references to an entry of the Bundle, become "Type/id". All others stay as they are.
 *
 * ERR_INPUT with `fault`: not an object, no or unknown resourceType, an illegal id, entries that
 * are no array. `base_url` may be absent; without a '/' at its end. Lives in `a`. */
bool fhir_body_read(struct json_node *root, struct str base_url, struct arena *a,
                    struct fhir_body *out, struct json_fault *fault, struct err *e) MUST_USE;

/* What a reference points to, or NULL: "#id" in the contained resources of the resource that `at`
 * stands in, "Type/id" (also with /_history/v) and fullUrls in the Bundle. Never the network. */
const struct json_node *fhir_resolve(const struct fhir_body *body, const struct json_node *at,
                                     struct str reference);

/* One instance for a feed: a resource and one patient that it refers to. */
struct fhir_focus {
    const struct fhir_entry *entry;
    const struct json_node *patient; /* NULL: none, or not in the body: an empty Patient */
};

struct fhir_focus_list {
    struct fhir_focus *items;
    size_t n;
};

/* Every resource of that type in Bundle order, once a patient (subject, patient, participant.actor
 * of type Patient), once with no patient if it refers to none. A Patient's patient is itself. */
struct fhir_focus_list fhir_foci(const struct fhir_body *body, struct str type, struct arena *a);

/* [A-Za-z0-9\-.]{1,64} */
bool fhir_id_ok(struct str id);
/* resourceType of an object; absent when it has none. */
struct str fhir_type(const struct json_node *resource);
/* meta.versionId; absent when there is none. */
struct str fhir_version_id(const struct json_node *resource);
/* meta.lastUpdated as Unix ms, or `otherwise`. */
int64_t fhir_last_updated_ms(const struct json_node *resource, int64_t otherwise);
/* A FHIR instant, or a dateTime with a time and an offset, as Unix ms; fractions of any length are
 * cut to ms. False for everything else. */
bool fhir_instant_ms(struct str text, int64_t *unix_ms) MUST_USE;

#endif
