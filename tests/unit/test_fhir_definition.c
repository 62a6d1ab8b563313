/* What FHIR defines in each release: known elements with type, number and targets, and soundness of the
 * whole: every type that an element names is there. */
#include "check.h"
#include "fhir/definition.h"

static const struct {
    enum fhir_release r;
    const char *owner, *name, *type;
    bool repeats;
    const char *targets;
} elements[] = {
    {FHIR_R4, "Appointment", "start", "instant", false, ""},
    {FHIR_R4, "Appointment", "participant", "Appointment.participant", true, ""},
    {FHIR_R4, "Appointment.participant", "actor", "Reference", false,
     "Device HealthcareService Location Patient Practitioner PractitionerRole RelatedPerson"},
    {FHIR_R5, "Appointment.participant", "actor", "Reference", false,
     "CareTeam Device Group HealthcareService Location Patient Practitioner PractitionerRole "
     "RelatedPerson"},
    {FHIR_R4, "Appointment.participant", "extension", "Extension", true, ""},
    {FHIR_R5, "Appointment", "class", "CodeableConcept", true, ""},
    {FHIR_R4, "Appointment", "priority", "unsignedInt", false, ""},
    {FHIR_R4B, "Appointment", "priority", "unsignedInt", false, ""},
    {FHIR_R5, "Appointment", "priority", "CodeableConcept", false, ""},
    {FHIR_R4, "Patient", "deceased", "[x]", false, ""},
    {FHIR_R4, "Patient", "deceasedDateTime", "dateTime", false, ""},
    {FHIR_R4, "Patient", "meta", "Meta", false, ""},
    {FHIR_R4, "Observation", "value", "[x]", false, ""},
    {FHIR_R4, "Observation", "valueQuantity", "Quantity", false, ""},
    {FHIR_R4, "Age", "value", "decimal", false, ""},
    {FHIR_R4, "Timing.repeat", "bounds", "[x]", false, ""},
    {FHIR_R4, "Encounter", "hospitalization", "Encounter.hospitalization", false, ""},
    {FHIR_R5, "Encounter", "admission", "Encounter.admission", false, ""},
    {FHIR_R4B, "SubscriptionStatus", "topic", "string", false, ""},
    {FHIR_R4, "Observation.component", "referenceRange", "Observation.referenceRange", true, ""},
};

static void test_elements(void)
{
    static const struct {
        enum fhir_release r;
        const char *owner, *name;
    } none[] = {
        {FHIR_R4, "Patient", "phone"},
        {FHIR_R4, "Appointment", "class"},
        {FHIR_R5, "Encounter", "hospitalization"},
        {FHIR_R4, "SubscriptionStatus", "topic"},
        {FHIR_R4, "Nothing", "id"},
        {FHIR_R4, "", ""},
        {FHIR_R4, "Patient", ""},
        {FHIR_R4, "Observation", "valueAddress"},
    };
    struct fhir_definition d;

    for
        EACH (i, elements) {
            bool found = fhir_element_defined(elements[i].r, str_of(elements[i].owner),
                                              str_of(elements[i].name), &d);

            CHECK(found, "%s.%s", elements[i].owner, elements[i].name);
            if (found)
                CHECK(!strcmp(d.type, elements[i].type) && d.repeats == elements[i].repeats &&
                          !strcmp(d.targets, elements[i].targets) &&
                          !strcmp(d.name, elements[i].name),
                      "%s.%s: %s %d %s", elements[i].owner, elements[i].name, d.type, d.repeats,
                      d.targets);
        }
    for
        EACH (i, none)
            CHECK(!fhir_element_defined(none[i].r, str_of(none[i].owner), str_of(none[i].name), &d),
                  "%s.%s", none[i].owner, none[i].name);
    CHECK(fhir_element_name_known(STR("hospitalization")) && !fhir_element_name_known(STR("wang")),
          "names");
}

static void test_types(void)
{
    static const struct {
        enum fhir_release r;
        const char *type;
        bool defined, resource;
    } rows[] = {
        {FHIR_R4, "Patient", true, true},
        {FHIR_R4, "HumanName", true, false},
        {FHIR_R4, "DomainResource", true, false},
        {FHIR_R4, "code", true, false},
        {FHIR_R4, "Transport", false, false},
        {FHIR_R5, "Transport", true, true},
        {FHIR_R4, "Citation", false, false},
        {FHIR_R4B, "Citation", true, true},
        {FHIR_R5, "Availability", true, false},
        {FHIR_R4B, "RatioRange", true, false},
        {FHIR_R4, "Bundle", true, true},
        {FHIR_R4, "", false, false},
        {FHIR_R5, "CanonicalResource", true, false},
        {FHIR_R4B, "MedicinalProduct", false, false},
    };
    enum fhir_release r;

    for
        EACH (i, rows) {
            CHECK(fhir_type_defined(rows[i].r, str_of(rows[i].type)) == rows[i].defined, "%s",
                  rows[i].type);
            CHECK(fhir_resource_defined(rows[i].r, str_of(rows[i].type)) == rows[i].resource, "%s",
                  rows[i].type);
        }
    CHECK(fhir_type_descends(FHIR_R4, STR("Age"), STR("Quantity")) &&
              fhir_type_descends(FHIR_R5, STR("Patient"), STR("Resource")) &&
              !fhir_type_descends(FHIR_R4, STR("Quantity"), STR("Age")) &&
              !fhir_type_descends(FHIR_R4, STR("Nothing"), STR("Nothing")),
          "parents");
    for (int i = 0; i < FHIR_RELEASES; i++)
        CHECK(fhir_release_named(str_of(fhir_release_name((enum fhir_release)i)), &r) &&
                  (int)r == i,
              "%d", i);
    CHECK(!fhir_release_named(STR("R3"), &r), "R3");
}

/* From an owner down: what each element names as its type is defined or has elements itself. */
static size_t walk(enum fhir_release r, struct str owner, int depth)
{
    struct fhir_definition d, below;
    size_t n = 0;

    for (size_t i = 0; fhir_element_at(r, owner, i, &d); i++) {
        bool nested = strchr(d.type, '.') != NULL, choice = !strcmp(d.type, "[x]");

        n++;
        CHECK(str_eq(str_of(d.owner), owner) && d.name[0], STR_FMT " %zu", STR_ARG(owner), i);
        if (nested && strncmp(d.type, "System.", 7) != 0)
            CHECK(fhir_element_at(r, str_of(d.type), 0, &below), "%s.%s: %s", d.owner, d.name,
                  d.type);
        else if (!nested && !choice)
            CHECK(fhir_type_defined(r, str_of(d.type)), "%s.%s: %s", d.owner, d.name, d.type);
        if (nested && depth < 12 && str_starts(str_of(d.type), owner) && strlen(d.type) > owner.n)
            n += walk(r, str_of(d.type), depth + 1);
    }
    return n;
}

static void test_whole(void)
{
    static const char *const roots[] = {
        "Account",
        "Appointment",
        "Bundle",
        "ClaimResponse",
        "Claim",
        "DiagnosticReport",
        "DocumentReference",
        "Encounter",
        "Extension",
        "HumanName",
        "Immunization",
        "Invoice",
        "Location",
        "MedicationDispense",
        "Observation",
        "Organization",
        "Patient",
        "Questionnaire",
        "ServiceRequest",
        "Task",
        "Timing",
        "ContactPoint",
        "Reference",
        "ElementDefinition",
        "ValueSet",
        "StructureDefinition",
        "Contract",
        "ExampleScenario",
    };

    for (int r = 0; r < FHIR_RELEASES; r++) {
        size_t n = 0;

        for
            EACH (i, roots)
                n += walk((enum fhir_release)r, str_of(roots[i]), 0);
        CHECK(n > 900, "%s: %zu elements", fhir_release_name((enum fhir_release)r), n);
    }
}

int main(void)
{
    test_elements();
    test_types();
    test_whole();
    return check_end();
}
