#include "fhir_lane.h"

/* What names a patient: "Patient/id", or the system and value of an identifier. */
struct name {
    struct str first, second;
};

static bool by_identifier(const struct json_node *identifier, struct name *out)
{
    *out = (struct name){json_member_text(identifier, "system"),
                         json_member_text(identifier, "value")};
    return out->second.n > 0;
}

/* A Patient without an id of its own (urn:uuid: in a transaction) is known by its first identifier. */
static bool by_resource(const struct json_node *patient, struct name *out)
{
    *out = (struct name){STR("Patient/"), json_member_text(patient, "id")};
    return out->second.n > 0 ||
           by_identifier(json_single(json_member(patient, STR("identifier"))), out);
}

static bool by_reference(const struct fhir_body *body, const struct json_node *reference,
                         struct name *out)
{
    struct str text = json_member_text(reference, "reference");
    const struct json_node *patient = text.n ? fhir_resolve(body, reference, text) : NULL;

    if (patient && str_eq(fhir_type(patient), STR("Patient")))
        return by_resource(patient, out);
    if (!patient && str_starts(text, STR("Patient/"))) {
        *out = (struct name){STR("Patient/"), {text.p + 8, text.n - 8}};
        out->second = str_cut(&out->second, '/'); /* without /_history/v */
        return out->second.n > 0;
    }
    if (!patient && text.n && memmem(text.p, text.n, "/Patient/", 9)) {
        *out = (struct name){STR("url"), text};
        return true;
    }
    return text.n == 0 && str_eq(json_member_text(reference, "type"), STR("Patient")) &&
           by_identifier(json_member(reference, STR("identifier")), out);
}

static bool by_participant(const struct fhir_body *body, const struct json_node *resource,
                           struct name *out)
{
    const struct json_node *list = json_member(resource, STR("participant"));

    for (const struct json_node *one = list ? list->first : NULL; one; one = one->next) {
        if (by_reference(body, json_member(one, STR("actor")), out))
            return true;
    }
    return false;
}

static bool find_patient(const struct fhir_body *body, const struct fhir_entry *entry,
                         struct name *out)
{
    const struct json_node *r = entry->resource;

    if (!r)
        return false;
    if (str_eq(entry->type, STR("Patient")))
        return by_resource(r, out);
    return by_reference(body, json_member(r, STR("subject")), out) ||
           by_reference(body, json_member(r, STR("patient")), out) || by_participant(body, r, out);
}

uint64_t fhir_lane(const struct fhir_body *body, const struct seal *seal)
{
    struct name name = {{NULL, 0}, {NULL, 0}};
    uint8_t index[SEAL_INDEX_BYTES];
    uint64_t lane = 0;
    bool found = false;

    for (size_t i = 0; i < body->n && !found; i++)
        found = find_patient(body, &body->entries[i], &name);
    if (!found)
        return 0;
    seal_index(seal, "message.lane", (struct str[]){STR("fhir"), name.first, name.second}, 3,
               index);
    memcpy(&lane, index, sizeof lane);
    return lane + (lane == 0); /* 0 says that nobody is named */
}
