/* An expression and a resource: the expression up to the first line end, the JSON behind it. */
#include <stdlib.h>

#include "fhirpath/fhirpath.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static const char standard[] =
    "{\"resourceType\":\"Patient\",\"id\":\"a\",\"active\":true,\"birthDate\":\"1974-12-25\","
    "\"contained\":"
    "[{\"resourceType\":\"Organization\",\"id\":\"o\"}],\"managingOrganization\":{\"reference\":\"#"
    "o\"},"
    "\"name\":[{\"given\":[\"A\",null,\"B\"],\"_given\":[null,{\"id\":\"x\"}],\"family\":\"F\"}],"
    "\"multipleBirthInteger\":2,\"extension\":[{\"url\":\"u\",\"valueQuantity\":{\"value\":1.50}}],"
    "\"_gender\":{\"extension\":[{\"url\":\"g\",\"valueCode\":\"q\"}]}}";

static void run(const struct fhirpath *x, struct str json, struct arena *a)
{
    struct json_limits limits = json_limits_default();
    struct fhirpath_items items;
    struct fhirpath_scope scope;
    struct fhir_body body;
    struct json_node *root;
    struct err e;
    bool holds;

    limits.max_nodes = 5000;
    if (!json_read(json, &limits, a, &root, NULL, &e) ||
        !fhir_body_read(root, (struct str){0}, a, &body, NULL, &e) || body.n == 0)
        return;
    scope = (struct fhirpath_scope){&body, body.entries[0].resource,
                                    body.entries[body.n - 1].resource, NULL};
    if (fhirpath_eval(x, &scope, a, &items, &e) && items.n > FHIRPATH_MAX_ITEMS)
        abort();
    (void)!fhirpath_holds(x, &scope, a, &holds, &e);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct str json = {(const char *)data, n}, text = str_cut(&json, '\n');
    struct fhirpath_fault fault;
    const struct fhirpath *x;
    struct arena a = {0};

    if (!fhirpath_compile(text, &a, &x, &fault)) {
        if (fault.at > text.n || fault.code[0] != 'E')
            abort();
    } else {
        struct fhirpath_chains chains = fhirpath_chains(x, &a);

        for (size_t i = 0; i < chains.n; i++) {
            if (!chains.items[i].path.p)
                abort();
        }
        run(x, json.n ? json : str_of(standard), &a);
    }
    arena_reset(&a);
    return 0;
}
