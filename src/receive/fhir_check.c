#include "fhir_request.h"

#include "fhir/element.h"

bool fhir_refuse(struct fhir_refusal *why, int status, const char *code, const char *what,
                 const struct json_node *at, const char *missing, struct arena *a)
{
    struct str place = at ? json_expression(at, a) : (struct str){0};

    if (place.n && missing)
        place = arena_printf(a, STR_FMT ".%s", STR_ARG(place), missing);
    *why = (struct fhir_refusal){
        status,
        {.severity = "error", .code = code, .diagnostics = what, .expression = place},
    };
    return false;
}

/* R4: the references of the focus resources that say where an event belongs, and what they may be. */
static const struct reference_rule {
    const char *resource, *list, *element; /* list: an array of objects around it; NULL: none */
    const char *targets;                   /* " A B ": with a space on both sides */
} references[] = {
    {"Appointment", "participant", "actor",
     " Patient Practitioner PractitionerRole RelatedPerson Device HealthcareService Location "},
    {"DiagnosticReport", NULL, "subject", " Patient Group Device Location "},
    {"DiagnosticReport", NULL, "performer",
     " Practitioner PractitionerRole Organization CareTeam "},
    {"DiagnosticReport", NULL, "encounter", " Encounter "},
    {"Patient", NULL, "managingOrganization", " Organization "},
    {"Patient", NULL, "generalPractitioner", " Organization Practitioner PractitionerRole "},
};

/* R4: elements with a lower bound of one. */
static const struct required_rule {
    const char *resource, *element;
} required[] = {
    {"Appointment", "status"},
    {"Appointment", "participant"},
    {"DiagnosticReport", "status"},
    {"DiagnosticReport", "code"},
};

static bool is_target(const char *targets, struct str type)
{
    const char *hit = memmem(targets, strlen(targets), type.p, type.n);

    return hit && hit > targets && hit[-1] == ' ' && hit[type.n] == ' ';
}

/* Only "Type/id" can be judged; absolute, urn:, #contained and conditional ones are left alone. */
static bool check_reference(const struct reference_rule *rule, const struct json_node *value,
                            struct arena *a, struct fhir_refusal *why)
{
    const struct json_node *ref = json_member(value, STR("reference"));
    struct str rest, type, id;

    if (value->kind != JSON_OBJECT)
        return fhir_refuse(why, 422, "structure", "a Reference must be a JSON object", value, NULL,
                           a);
    if (!ref)
        return true;
    if (ref->kind != JSON_STRING)
        return fhir_refuse(why, 422, "structure", "a reference must be a string", ref, NULL, a);
    rest = ref->text;
    if (rest.n == 0 || rest.p[0] == '#' || memchr(rest.p, ':', rest.n) ||
        memchr(rest.p, '?', rest.n))
        return true;
    type = str_cut(&rest, '/');
    id = str_cut(&rest, '/');
    if (!resource_type_known(type) || !is_target(rule->targets, type))
        return fhir_refuse(why, 422, "value", "a reference to a type that R4 does not allow here",
                           ref, NULL, a);
    if (!fhir_id_ok(id))
        return fhir_refuse(why, 422, "value", "a reference with an illegal id", ref, NULL, a);
    return true;
}

/* One value or an array of them. */
static bool check_references(const struct reference_rule *rule, const struct json_node *object,
                             struct arena *a, struct fhir_refusal *why)
{
    const struct json_node *value = json_member(object, str_of(rule->element));

    if (!value)
        return true;
    if (value->kind != JSON_ARRAY)
        return check_reference(rule, value, a, why);
    for (const struct json_node *c = value->first; c; c = c->next) {
        if (!check_reference(rule, c, a, why))
            return false;
    }
    return true;
}

static bool check_rule(const struct reference_rule *rule, const struct json_node *resource,
                       struct arena *a, struct fhir_refusal *why)
{
    const struct json_node *list;

    if (!rule->list)
        return check_references(rule, resource, a, why);
    list = json_member(resource, str_of(rule->list));
    if (list && list->kind != JSON_ARRAY)
        return fhir_refuse(why, 422, "structure", "an element that repeats must be an array", list,
                           NULL, a);
    for (const struct json_node *c = list ? list->first : NULL; c; c = c->next) {
        if (!check_references(rule, c, a, why))
            return false;
    }
    return true;
}

/* A value, or a twin that says why there is none. */
static bool is_there(const struct json_node *resource, const char *name, struct arena *a)
{
    const struct json_node *value = json_member(resource, str_of(name));
    bool nothing = !value || value->kind == JSON_NULL ||
                   (value->kind == JSON_STRING && value->text.n == 0) ||
                   ((value->kind == JSON_ARRAY || value->kind == JSON_OBJECT) && value->n == 0);

    return !nothing || json_member(resource, arena_printf(a, "_%s", name));
}

static bool check_status(const struct json_node *resource, struct arena *a,
                         struct fhir_refusal *why)
{
    const struct json_node *status = json_member(resource, STR("status"));

    if (status && status->kind != JSON_STRING && status->kind != JSON_NULL)
        return fhir_refuse(why, 422, "structure", "status must be a string", status, NULL, a);
    return true;
}

bool fhir_resource_check(const struct json_node *resource, struct arena *a,
                         struct fhir_refusal *why)
{
    struct str type = fhir_type(resource);

    for (size_t i = 0; i < sizeof required / sizeof *required; i++) {
        if (str_eq(type, str_of(required[i].resource)) &&
            !is_there(resource, required[i].element, a))
            return fhir_refuse(why, 422, "required", "a required element is missing", resource,
                               required[i].element, a);
    }
    if ((str_eq(type, STR("Appointment")) || str_eq(type, STR("DiagnosticReport"))) &&
        !check_status(resource, a, why))
        return false;
    for (size_t i = 0; i < sizeof references / sizeof *references; i++) {
        if (str_eq(type, str_of(references[i].resource)) &&
            !check_rule(&references[i], resource, a, why))
            return false;
    }
    return true;
}
