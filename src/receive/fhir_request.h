/* What one FHIR request says, judged before anything is stored. Pure: no I/O. Private to module receive. */
#ifndef RECEIVE_FHIR_REQUEST_H
#define RECEIVE_FHIR_REQUEST_H

#include "fhir/outcome.h"
#include "fhir/resource.h"
#include "net/http_server.h"

struct fhir_rules {
    size_t max_depth, max_entries;
};

enum fhir_act {
    FHIR_CREATE, /* POST of one resource, or of a Bundle that is only kept */
    FHIR_UPDATE, /* PUT */
    FHIR_BUNDLE, /* transaction or batch: an answer an entry */
};

/* A request that may be stored. */
struct fhir_call {
    enum fhir_act act;
    struct fhir_body body;
    struct str version; /* what tells two versions apart: meta.versionId, Bundle.identifier or id */
    struct str
        identity; /* whom it is about: types, ids and identifiers of its resources; may be absent */
};

struct fhir_refusal {
    int status;
    struct fhir_issue issue;
};

/* False with *why. `r->values`: the type and the id of the path; absent where it has none. */
bool fhir_request_read(const struct http_request *r, const struct fhir_rules *rules,
                       struct arena *a, struct fhir_call *out, struct fhir_refusal *why) MUST_USE;

/* What an Appointment, DiagnosticReport or Patient must hold; all other types pass. */
bool fhir_resource_check(const struct json_node *resource, struct arena *a,
                         struct fhir_refusal *why) MUST_USE;

/* Fills *why and returns false. `at`: the place; NULL: the resource as a whole. `missing`: the name of an
 * element that `at` lacks, or NULL. */
bool fhir_refuse(struct fhir_refusal *why, int status, const char *code, const char *what,
                 const struct json_node *at, const char *missing, struct arena *a);

#endif
