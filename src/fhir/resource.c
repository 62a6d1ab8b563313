#include "fhir/resource.h"

#include "fhir/element.h"

#include "reference.h"

bool fhir_id_ok(struct str id)
{
    if (id.n == 0 || id.n > 64)
        return false;
    for (size_t i = 0; i < id.n; i++) {
        char c = id.p[i];

        if (!((c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') || c == '-' ||
              c == '.'))
            return false;
    }
    return true;
}

struct str fhir_type(const struct json_node *resource)
{
    return json_member_text(resource, "resourceType");
}

struct str fhir_version_id(const struct json_node *resource)
{
    return json_member_text(json_member(resource, STR("meta")), "versionId");
}

int64_t fhir_last_updated_ms(const struct json_node *resource, int64_t otherwise)
{
    const struct json_node *meta = json_member(resource, STR("meta"));
    int64_t ms;

    return fhir_instant_ms(json_member_text(meta, "lastUpdated"), &ms) ? ms : otherwise;
}

static bool bad(const struct json_node *node, const char *code, const char *what, struct arena *a,
                struct json_fault *fault, struct err *e)
{
    if (fault) {
        *fault = (struct json_fault){.at = node->at, .code = code};
        fault->expression = json_expression(node, a);
    }
    return err_set(e, ERR_INPUT, 0, "%s", what);
}

/* resourceType and id of one resource. */
static bool read_resource(struct json_node *node, struct fhir_entry *out, struct arena *a,
                          struct json_fault *fault, struct err *e)
{
    const struct json_node *id;

    if (node->kind != JSON_OBJECT)
        return bad(node, "structure", "a resource must be a JSON object", a, fault, e);
    out->resource = node;
    out->type = fhir_type(node);
    if (!out->type.p)
        return bad(node, "structure", "resourceType is missing: this is no FHIR resource", a, fault,
                   e);
    if (!resource_type_known(out->type))
        return bad(node, "not-supported", "resourceType is no resource of FHIR R4", a, fault, e);
    id = json_member(node, STR("id"));
    if (id && (id->kind != JSON_STRING || !fhir_id_ok(id->text)))
        return bad(id, "value", "an id is 1 to 64 of A-Z a-z 0-9 - .", a, fault, e);
    if (id)
        out->id = id->text;
    return true;
}

static bool read_entry(const struct json_node *node, struct fhir_entry *out, struct arena *a,
                       struct json_fault *fault, struct err *e)
{
    struct json_node *resource = json_member(node, STR("resource"));

    if (node->kind != JSON_OBJECT)
        return bad(node, "structure", "a Bundle entry must be a JSON object", a, fault, e);
    out->index = node->index;
    out->full_url = json_member_text(node, "fullUrl");
    if (resource && !read_resource(resource, out, a, fault, e))
        return false;
    if (!out->id.p && str_starts(out->full_url, STR("urn:uuid:")))
        out->id = (struct str){out->full_url.p + 9, out->full_url.n - 9};
    return true;
}

static bool read_bundle(struct arena *a, struct fhir_body *body, struct json_fault *fault,
                        struct err *e)
{
    const struct json_node *entry = json_member(body->root, STR("entry"));

    body->bundle_type = json_member_text(body->root, "type");
    if (!body->bundle_type.p)
        body->bundle_type = STR("");
    if (!entry)
        return true;
    if (entry->kind != JSON_ARRAY)
        return bad(entry, "structure", "Bundle.entry must be a JSON array", a, fault, e);
    body->entries = NEW_ARRAY(a, struct fhir_entry, entry->n);
    for (const struct json_node *c = entry->first; c; c = c->next) {
        if (!read_entry(c, &body->entries[body->n++], a, fault, e))
            return false;
    }
    return true;
}

bool fhir_body_read(struct json_node *root, struct str base_url, struct arena *a,
                    struct fhir_body *out, struct json_fault *fault, struct err *e)
{
    struct fhir_entry self = {0};

    *out = (struct fhir_body){.root = root, .base_url = base_url};
    if (!read_resource(root, &self, a, fault, e))
        return false;
    out->type = self.type;
    if (str_eq(out->type, STR("Bundle"))) {
        if (!read_bundle(a, out, fault, e))
            return false;
    } else {
        out->entries = NEW(a, struct fhir_entry);
        out->entries[0] = self;
        out->n = 1;
    }
    reference_rewrite_all(out, a);
    return true;
}
