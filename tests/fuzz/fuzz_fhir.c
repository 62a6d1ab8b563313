/* A FHIR body from anybody: read, references, patients, and an edit of it. */
#include <stdlib.h>

#include "fhir/edit.h"
#include "fhir/resource.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void use_body(struct json_node *root, struct arena *a)
{
    static const struct str types[] = {STR_LIT("Appointment"), STR_LIT("DiagnosticReport"),
                                       STR_LIT("Patient")};
    struct json_fault fault = {0};
    struct fhir_body body;
    struct err e;

    if (!fhir_body_read(root, STR("http://ehr.example/fhir"), a, &body, &fault, &e))
        return;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        struct fhir_focus_list foci = fhir_foci(&body, types[i], a);

        for (size_t k = 0; k < foci.n; k++)
            (void)fhir_last_updated_ms(foci.items[k].entry->resource, 0);
    }
}

/* What an edit makes of valid JSON is valid JSON. */
static void use_edit(struct str json, struct arena *a)
{
    static const struct str paths[] = {STR_LIT("Patient.name[0].family"),
                                       STR_LIT("Appointment.participant[1]"),
                                       STR_LIT("Patient.active")};
    struct json_limits limits = json_limits_default();
    struct json_node *root;
    struct str out;
    struct err e;

    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        bool changed = fhir_edit(json, paths[i], STR("true"), a, &out, &e);

        if (changed && !json_read(out, &limits, a, &root, NULL, &e))
            abort();
        if (fhir_edit(json, paths[i], STR(""), a, &out, &e) &&
            !json_read(out, &limits, a, &root, NULL, &e))
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct json_limits limits = json_limits_default();
    struct str text = {(const char *)data, n};
    struct json_fault fault;
    struct json_node *root;
    struct arena a = {0};
    struct err e;

    limits.max_nodes = 20000;
    if (!json_read(text, &limits, &a, &root, &fault, &e)) {
        if (fault.at > n || e.kind != ERR_INPUT)
            abort();
    } else {
        use_edit(text, &a);
        use_body(root, &a);
    }
    arena_reset(&a);
    return 0;
}
