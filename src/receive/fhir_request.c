#include "fhir_request.h"

#include <strings.h>

#include "fhir/capability.h"
#include "fhir/element.h"

static bool same_word(struct str a, const char *b)
{
    return a.n == strlen(b) && strncasecmp(a.p, b, a.n) == 0;
}

/* JSON in UTF-8, whatever FHIR generation named it (FHIR page, section 11). */
static bool is_json(struct str type)
{
    struct str name = str_trim(str_cut(&type, ';'));

    if (!same_word(name, "application/fhir+json") && !same_word(name, "application/json") &&
        !same_word(name, "application/json+fhir"))
        return false;
    while (type.p) {
        struct str value = str_cut(&type, ';'), key = str_trim(str_cut(&value, '='));

        value = str_trim(value);
        if (value.n > 1 && value.p[0] == '"' && value.p[value.n - 1] == '"')
            value = (struct str){value.p + 1, value.n - 2};
        if (same_word(key, "charset") && !same_word(value, "utf-8") && !same_word(value, "utf8"))
            return false;
    }
    return true;
}

static bool check_headers(const struct http_request *r, struct fhir_refusal *why, struct arena *a)
{
    struct str encoding = http_header(r, "Content-Encoding");

    if (http_header_count(r, "Content-Type") != 1 || !is_json(http_header(r, "Content-Type")))
        return fhir_refuse(why, 415, "not-supported",
                           "Content-Type must be application/fhir+json in UTF-8", NULL, NULL, a);
    if (encoding.p && !same_word(encoding, "identity"))
        return fhir_refuse(why, 415, "not-supported", "Content-Encoding is not supported", NULL,
                           NULL, a);
    return true;
}

static bool check_path(const struct http_request *r, struct fhir_refusal *why, struct arena *a)
{
    struct str type = r->values[0], id = r->values[1];

    if (type.p && !fhir_type_taken(type) && (id.p || !str_eq(type, STR("Bundle"))))
        return fhir_refuse(why, 404, "not-supported",
                           "resource types taken are Appointment, DiagnosticReport, Patient", NULL,
                           NULL, a);
    if (id.p && !fhir_id_ok(id))
        return fhir_refuse(why, 400, "value", "an id is 1 to 64 of A-Z a-z 0-9 - .", NULL, NULL, a);
    return true;
}

/* The fault of a reader as a refusal; its text is our own and names positions only. */
static bool refuse_fault(struct fhir_refusal *why, int status, const struct json_fault *fault,
                         const struct err *e, struct arena *a)
{
    fhir_refuse(why, status, fault->code, arena_copy(a, str_of(e->text)).p, NULL, NULL, a);
    why->issue.expression = fault->expression;
    return false;
}

static bool read_body(const struct http_request *r, const struct fhir_rules *rules, struct arena *a,
                      struct fhir_body *out, struct fhir_refusal *why)
{
    struct json_limits limits = json_limits_default();
    struct json_fault fault = {0};
    struct json_node *root;
    struct err e = {0};

    limits.max_depth = rules->max_depth;
    if (str_trim(r->body).n == 0)
        return fhir_refuse(why, 400, "required", "the body is empty", NULL, NULL, a);
    if (!json_read(r->body, &limits, a, &root, &fault, &e))
        return refuse_fault(why, strcmp(fault.code, "structure") ? 413 : 400, &fault, &e, a);
    if (!fhir_body_read(root, (struct str){0}, a, out, &fault, &e))
        return refuse_fault(why, strcmp(fault.code, "not-supported") ? 400 : 422, &fault, &e, a);
    return true;
}

/* One resource: what the path says must be what the body says. */
static bool check_single(const struct http_request *r, const struct fhir_body *body,
                         struct fhir_refusal *why, struct arena *a)
{
    struct str type = r->values[0], id = r->values[1];
    const struct json_node *own = json_member(body->root, STR("id"));

    if (!type.p)
        return fhir_refuse(why, 400, "invalid",
                           "the base takes a Bundle; post this to its own type", body->root, NULL,
                           a);
    if (!str_eq(type, body->type))
        return fhir_refuse(why, 400, "invalid", "resourceType is not the type of the path",
                           json_member(body->root, STR("resourceType")), NULL, a);
    if (id.p && !own)
        return fhir_refuse(why, 400, "required", "an update must have the id of the path",
                           body->root, "id", a);
    if (id.p && !str_eq(id, own->text))
        return fhir_refuse(why, 400, "invalid", "id is not the id of the path", own, NULL, a);
    return fhir_resource_check(body->root, a, why);
}

/* request.url of an entry: "Type" for POST, "Type/id" or "Type?search" for PUT; options behind '?'
 * change nothing here. */
static bool url_fits(struct str url, const struct fhir_entry *entry, bool put)
{
    struct str query = url, path = str_cut(&query, '?'), rest = path, type = str_cut(&rest, '/');
    const struct json_node *id = json_member(entry->resource, STR("id"));

    if (!str_eq(type, entry->type))
        return false;
    if (!put || !rest.p)
        return !rest.p && (!put || query.p);
    return id && str_eq(rest, id->text);
}

/* An entry of a transaction or batch. */
static bool check_request(const struct json_node *node, const struct fhir_entry *entry,
                          struct fhir_refusal *why, struct arena *a)
{
    const struct json_node *request = json_member(node, STR("request"));
    struct str method = json_member_text(request, "method");
    bool put = str_eq(method, STR("PUT"));

    if (!request)
        return fhir_refuse(why, 422, "required",
                           "an entry of a transaction or batch needs a request", node, "request",
                           a);
    if (!put && !str_eq(method, STR("POST")))
        return fhir_refuse(why, 422, "not-supported", "an entry's method must be POST or PUT",
                           request, "method", a);
    if (!entry->resource)
        return fhir_refuse(why, 422, "required", "an entry with POST or PUT needs a resource", node,
                           "resource", a);
    if (!url_fits(json_member_text(request, "url"), entry, put))
        return fhir_refuse(why, 422, "invalid", "an entry's url does not fit its resource", request,
                           "url", a);
    return true;
}

static bool check_entries(const struct fhir_call *call, struct fhir_refusal *why, struct arena *a)
{
    const struct json_node *list = json_member(call->body.root, STR("entry"));

    for (const struct json_node *node = list ? list->first : NULL; node; node = node->next) {
        const struct fhir_entry *entry = &call->body.entries[node->index];

        if (call->act == FHIR_BUNDLE && !check_request(node, entry, why, a))
            return false;
        if (entry->resource && !fhir_resource_check(entry->resource, a, why))
            return false;
    }
    return true;
}

static bool check_bundle(const struct http_request *r, const struct fhir_rules *rules,
                         struct fhir_call *call, struct fhir_refusal *why, struct arena *a)
{
    static const struct str kept[] = {STR_LIT("collection"), STR_LIT("message"),
                                      STR_LIT("history")};
    struct str type = call->body.bundle_type;
    bool known = false;

    if (r->values[0].p && !str_eq(r->values[0], STR("Bundle")))
        return fhir_refuse(why, 400, "invalid", "resourceType is not the type of the path",
                           json_member(call->body.root, STR("resourceType")), NULL, a);
    if (type.n == 0)
        return fhir_refuse(why, 422, "required", "a Bundle needs a type", call->body.root, "type",
                           a);
    if (str_eq(type, STR("transaction")) || str_eq(type, STR("batch")))
        call->act = FHIR_BUNDLE;
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
        known = known || str_eq(type, kept[i]);
    if (!known && call->act != FHIR_BUNDLE)
        return fhir_refuse(
            why, 422, "not-supported",
            "Bundle types taken are transaction, batch, collection, message, history",
            call->body.root, "type", a);
    if (call->body.n > rules->max_entries)
        return fhir_refuse(why, 413, "too-costly", "more entries than one Bundle may have",
                           call->body.root, "entry", a);
    return check_entries(call, why, a);
}

/* meta.versionId of a resource; for a Bundle its identifier, else its id. */
static struct str version_of(const struct fhir_body *body, struct arena *a)
{
    const struct json_node *identifier = json_member(body->root, STR("identifier"));
    struct str value = json_member_text(identifier, "value"), version = fhir_version_id(body->root);
    struct str id = json_member_text(body->root, "id");

    if (!str_eq(body->type, STR("Bundle"))) {
        if (!version.n)
            return (struct str){0};
        return arena_printf(a, "v " STR_FMT " " STR_FMT, STR_ARG(id), STR_ARG(version));
    }
    if (value.n)
        return arena_printf(a, "i " STR_FMT " " STR_FMT,
                            STR_ARG(json_member_text(identifier, "system")), STR_ARG(value));
    return id.n ? arena_printf(a, "b " STR_FMT, STR_ARG(id)) : (struct str){0};
}

/* Type, id and first identifier of each resource, in order. Absent when none has either. */
static struct str identity_of(const struct fhir_body *body, struct arena *a)
{
    struct str all = {NULL, 0};

    for (size_t i = 0; i < body->n; i++) {
        const struct json_node *resource = body->entries[i].resource;
        const struct json_node *identifier = json_single(json_member(resource, STR("identifier")));
        struct str id = json_member_text(resource, "id");
        struct str value = json_member_text(identifier, "value");

        if (id.n || value.n)
            all = arena_printf(a, STR_FMT STR_FMT "/" STR_FMT " " STR_FMT "|" STR_FMT "\n",
                               STR_ARG(all), STR_ARG(fhir_type(resource)), STR_ARG(id),
                               STR_ARG(json_member_text(identifier, "system")), STR_ARG(value));
    }
    return all;
}

static bool read_call(const struct http_request *r, const struct fhir_rules *rules, struct arena *a,
                      struct fhir_call *out, struct fhir_refusal *why)
{
    bool bundle;

    if (!check_path(r, why, a) || !check_headers(r, why, a) ||
        !read_body(r, rules, a, &out->body, why))
        return false;
    out->act = r->values[1].p ? FHIR_UPDATE : FHIR_CREATE;
    bundle = str_eq(out->body.type, STR("Bundle"));
    if (bundle ? !check_bundle(r, rules, out, why, a) : !check_single(r, &out->body, why, a))
        return false;
    out->version = version_of(&out->body, a);
    out->identity = identity_of(&out->body, a);
    return true;
}

bool fhir_request_read(const struct http_request *r, const struct fhir_rules *rules,
                       struct arena *a, struct fhir_call *out, struct fhir_refusal *why)
{
    *out = (struct fhir_call){0};
    if (read_call(r, rules, a, out, why))
        return true;
    if (!why->issue.expression.n) /* always a place, if only the resource as a whole */
        why->issue.expression = resource_type_known(r->values[0]) ? r->values[0] : STR("Resource");
    return false;
}
