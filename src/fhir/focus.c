#include "fhir/resource.h"

/* No feed takes so many instances of one message: nobody needs the others. */
enum { PATIENTS_MOST = 1001 };

/* The patients of one resource, each once. */
struct patients {
    const struct fhir_body *body;
    struct arena *a;
    struct patient {
        const struct json_node *resource; /* NULL: not in the body */
        struct str reference;
        struct patient *next;
    } * first, **end;
    size_t n;
};

static bool already_there(const struct patients *all, const struct json_node *resource,
                          struct str ref)
{
    for (const struct patient *p = all->first; p; p = p->next) {
        if (resource ? p->resource == resource : !p->resource && str_eq(p->reference, ref))
            return true;
    }
    return false;
}

static void add_patient(struct patients *all, const struct json_node *resource, struct str ref)
{
    struct patient *p;

    if (all->n == PATIENTS_MOST || already_there(all, resource, ref))
        return;
    p = NEW(all->a, struct patient);
    *p = (struct patient){.resource = resource, .reference = ref};
    *all->end = p;
    all->end = &p->next;
    all->n++;
}

/* A Reference; `means`: the element can only mean a patient (`patient`). */
static void add_reference(struct patients *all, const struct json_node *value, bool means)
{
    struct str ref = json_member_text(value, "reference");
    const struct json_node *found = ref.p ? fhir_resolve(all->body, value, ref) : NULL;

    if (found) {
        if (str_eq(fhir_type(found), STR("Patient")))
            add_patient(all, found, ref);
        return;
    }
    if (means || (ref.p && str_starts(ref, STR("Patient/"))) ||
        str_eq(json_member_text(value, "type"), STR("Patient")))
        add_patient(all, NULL, ref);
}

/* One reference or an array of them. */
static void add_references(struct patients *all, const struct json_node *value, bool means)
{
    if (value && value->kind == JSON_ARRAY) {
        for (const struct json_node *c = value->first; c; c = c->next)
            add_reference(all, c, means);
    } else if (value) {
        add_reference(all, value, means);
    }
}

static void find_patients(struct patients *all, const struct json_node *resource)
{
    const struct json_node *participant = json_member(resource, STR("participant"));

    if (str_eq(fhir_type(resource), STR("Patient"))) {
        add_patient(all, resource, (struct str){0});
        return;
    }
    add_references(all, json_member(resource, STR("subject")), false);
    add_references(all, json_member(resource, STR("patient")), true);
    if (participant && participant->kind == JSON_OBJECT)
        add_references(all, json_member(participant, STR("actor")), false);
    for (const struct json_node *c = participant ? participant->first : NULL; c; c = c->next)
        add_references(all, json_member(c, STR("actor")), false);
}

struct fhir_focus_list fhir_foci(const struct fhir_body *body, struct str type, struct arena *a)
{
    struct fhir_focus_list list = {0};
    size_t room = 0;

    for (size_t i = 0; i < body->n; i++) {
        const struct fhir_entry *entry = &body->entries[i];
        struct patients all = {.body = body, .a = a};
        size_t more;

        if (!entry->resource || !str_eq(entry->type, type))
            continue;
        all.end = &all.first;
        find_patients(&all, entry->resource);
        more = all.n ? all.n : 1;
        if (list.n + more > room) {
            struct fhir_focus *old = list.items;

            room = 2 * room + more + 8;
            list.items = NEW_ARRAY(a, struct fhir_focus, room);
            if (list.n)
                memcpy(list.items, old, list.n * sizeof *old);
        }
        if (!all.first)
            list.items[list.n++] = (struct fhir_focus){entry, NULL};
        for (const struct patient *p = all.first; p; p = p->next)
            list.items[list.n++] = (struct fhir_focus){entry, p->resource};
    }
    return list;
}
