#include "samples/profile.h"

#include "feed/dictionary.h"
#include "fhir/resource.h"
#include "json_place.h"
#include "model/class.h"
#include "profile_count.h"
#include "samples/place.h"

/* "Patient.telecom.where(system='phone' and use='mobile').value", and without its use. */
static void count_telecom(struct profile *p, const struct json_node *leaf, struct str resource,
                          struct arena *a)
{
    struct str system = json_member_text(leaf->parent, "system"),
               use = json_member_text(leaf->parent, "use");
    struct str phone = STR("");

    if (!str_eq(system, STR("phone")) && !str_eq(system, STR("sms")) && system.n)
        return;
    if (system.n)
        phone = arena_printf(a, "system='" STR_FMT "'", STR_ARG(system));
    count_phone(p,
                phone.n ? arena_printf(a, STR_FMT ".telecom.where(" STR_FMT ").value",
                                       STR_ARG(resource), STR_ARG(phone))
                        : arena_printf(a, STR_FMT ".telecom.value", STR_ARG(resource)),
                leaf->text);
    if (phone.n &&
        (str_eq(use, STR("mobile")) || str_eq(use, STR("home")) || str_eq(use, STR("work"))))
        count_phone(p,
                    arena_printf(a,
                                 STR_FMT ".telecom.where(" STR_FMT " and use='" STR_FMT "').value",
                                 STR_ARG(resource), STR_ARG(phone), STR_ARG(use)),
                    leaf->text);
}

/* Codes of closed sets, and what names a system: said by the standard's types. */
static bool is_shown(const struct json_place *place)
{
    bool code = str_eq(place->type, STR("code")) || str_eq(place->type, STR("boolean")) ||
                str_eq(place->name, STR("system"));

    return code && !place->extension;
}

static void one_leaf(struct profile *p, const struct json_node *leaf, struct arena *a)
{
    struct json_place place = json_place_of(leaf, a);

    if (!place.resource.p || str_eq(place.name, STR("resourceType")))
        return;
    if (!place.type.p) { /* a name that FHIR does not have may be content itself */
        place.path = arena_printf(a, STR_FMT ".?", STR_ARG(place.resource));
        count_field(p, place.path, leaf->text, 1, false);
        return;
    }
    count_field(p, place.path, leaf->text, leaf->parent->kind == JSON_ARRAY ? leaf->parent->n : 1,
                false);
    if (str_eq(place.owner, STR("ContactPoint")) && str_eq(place.name, STR("value")) &&
        str_eq(place.path, arena_printf(a, STR_FMT ".telecom.value", STR_ARG(place.resource))))
        count_telecom(p, leaf, place.resource, a);
    if (count_time(p, place.path, leaf->text))
        return;
    if (is_shown(&place) || dictionary_fhir(place.path, NULL) <= CLASS_LOGISTICS)
        count_code(p, place.path, leaf->text);
    if (str_eq(place.path, STR("Patient.address.country")) && leaf->text.n <= 3)
        (void)tally_add(&p->nations, leaf->text, p->n_messages);
}

/* References to places and organisations, which tell sites. */
static void one_reference(struct profile *p, const struct json_node *leaf, struct arena *a)
{
    static const struct str heads[] = {STR_LIT("Location/"), STR_LIT("Organization/")};
    struct json_place place = json_place_of(leaf, a);

    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++)
        if (str_eq(place.name, STR("reference")) && str_starts(leaf->text, heads[i]))
            count_code(p, place.path, leaf->text);
}

bool profile_fhir(struct profile *p, struct str text, struct err *e)
{
    struct json_limits limits = json_limits_default();
    struct arena a = {0};
    struct json_node *root = NULL;
    struct fhir_body body;
    bool ok = json_read(text, &limits, &a, &root, NULL, e) &&
              fhir_body_read(root, (struct str){NULL, 0}, &a, &body, NULL, e);

    if (ok) {
        bool patient = false;

        p->n_messages++;
        p->n_fhir++;
        (void)tally_add(&p->triggers, body.type, p->n_messages);
        for (size_t i = 0; i < body.n; i++) {
            if (body.entries[i].type.n)
                (void)tally_add(&p->resources, body.entries[i].type, p->n_messages);
            patient |= str_eq(body.entries[i].type, STR("Patient"));
        }
        p->patients += patient;
        for (const struct json_node *n = root; n; n = json_next(n)) {
            if (n->kind == JSON_STRING || n->kind == JSON_NUMBER || n->kind == JSON_TRUE ||
                n->kind == JSON_FALSE)
                one_leaf(p, n, &a);
            if (n->kind == JSON_STRING)
                one_reference(p, n, &a);
        }
    }
    arena_reset(&a);
    return ok;
}
