/* FHIR bodies: Bundles, references, patients, instants, editing, what is answered. */
#include <stdlib.h>

#include "base/encode.h"
#include "check.h"
#include "fhir/capability.h"
#include "fhir/edit.h"
#include "fhir/element.h"
#include "fhir/outcome.h"
#include "fhir/resource.h"

static bool read_body(struct arena *a, const char *json, const char *base, struct fhir_body *out,
                      struct json_fault *fault, struct err *e)
{
    struct json_limits limits = json_limits_default();
    struct json_node *root;

    return json_read(str_of(json), &limits, a, &root, NULL, e) &&
           fhir_body_read(root, str_of(base), a, out, fault, e);
}

static const char bundle[] =
    "{\"resourceType\":\"Bundle\",\"type\":\"transaction\",\"entry\":["
    "{\"fullUrl\":\"http://ehr.example/fhir/Appointment/"
    "a1\",\"resource\":{\"resourceType\":\"Appointment\","
    "\"id\":\"a1\",\"contained\":[{\"resourceType\":\"Patient\",\"id\":\"c\"}],\"participant\":["
    "{\"actor\":{\"reference\":\"http://ehr.example/fhir/Patient/p1\"}},"
    "{\"actor\":{\"reference\":\"urn:uuid:0f0e0d0c-0000-4000-8000-000000000001\"}},"
    "{\"actor\":{\"reference\":\"#c\"}},"
    "{\"actor\":{\"reference\":\"Patient/p1/_history/2\"}},"
    "{\"actor\":{\"reference\":\"Location/l1\"}},"
    "{\"actor\":{\"reference\":\"http://other.example/fhir/Patient/p1\"}}]}},"
    "{\"fullUrl\":\"urn:uuid:0f0e0d0c-0000-4000-8000-000000000001\",\"resource\":{\"resourceType\":"
    "\"Patient\",\"birthDate\":\"1980\"}},"
    "{\"fullUrl\":\"http://ehr.example/fhir/Patient/"
    "p1\",\"resource\":{\"resourceType\":\"Patient\","
    "\"id\":\"p1\"}},"
    "{\"request\":{\"method\":\"DELETE\",\"url\":\"Appointment/a9\"}},"
    "{\"resource\":{\"resourceType\":\"Appointment\",\"id\":\"a2\",\"participant\":["
    "{\"actor\":{\"reference\":\"Practitioner/x\"}}]}},"
    "{\"resource\":{\"resourceType\":\"DiagnosticReport\",\"id\":\"d1\",\"subject\":"
    "{\"reference\":\"Patient/nobody\"}}},"
    "{\"resource\":{\"resourceType\":\"DiagnosticReport\",\"id\":\"d2\",\"subject\":"
    "{\"reference\":\"Group/g\"}}}]}";

static struct str reference_at(const struct fhir_body *b, size_t i)
{
    const struct json_node *p = json_member(b->entries[0].resource, STR("participant"))->first;

    while (i--)
        p = p->next;
    return json_member_text(json_member(p, STR("actor")), "reference");
}

static void test_references(void)
{
    static const char *const rewritten[] = {
        "Patient/p1",  "Patient/0f0e0d0c-0000-4000-8000-000000000001",
        "#c",          "Patient/p1/_history/2",
        "Location/l1", "http://other.example/fhir/Patient/p1"};
    struct arena a = {0};
    struct fhir_body b;
    struct err e;

    CHECK(read_body(&a, bundle, NULL, &b, NULL, &e), "%s", e.text);
    CHECK(b.n == 7 && str_eq(b.bundle_type, STR("transaction")), "%zu entries", b.n);
    CHECK(!b.entries[3].resource && !b.entries[3].type.p && b.entries[3].index == 3, "a delete");
    for
        EACH (i, rewritten)
            CHECK(str_eq(reference_at(&b, i), str_of(rewritten[i])), "%zu: " STR_FMT, i,
                  STR_ARG(reference_at(&b, i)));
    CHECK(fhir_resolve(&b, b.entries[0].resource, STR("Patient/p1")) == b.entries[2].resource,
          "p1");
    CHECK(fhir_resolve(&b, b.root, STR("Patient/p1/_history/7")) == b.entries[2].resource,
          "versioned");
    CHECK(fhir_resolve(&b, b.root, reference_at(&b, 1)) == b.entries[1].resource, "by uuid");
    CHECK(str_eq(fhir_type(fhir_resolve(&b, b.entries[0].resource->first, STR("#c"))),
                 STR("Patient")),
          "contained");
    CHECK(!fhir_resolve(&b, b.entries[4].resource, STR("#c")), "contained elsewhere");
    CHECK(fhir_resolve(&b, b.entries[4].resource, STR("#")) == b.entries[4].resource,
          "the container");
    CHECK(!fhir_resolve(&b, b.root, STR("Patient/zz")) && !fhir_resolve(&b, b.root, STR("")),
          "nowhere");
    arena_reset(&a);
}

static void test_base_url(void)
{
    struct arena a = {0};
    struct fhir_body b;
    struct err e;

    CHECK(read_body(&a,
                    "{\"resourceType\":\"DiagnosticReport\",\"subject\":{\"reference\":"
                    "\"https://ehr.example/r4/Patient/7\"},\"encounter\":{\"reference\":"
                    "\"https://ehr.example/r4x/Encounter/7\"}}",
                    "https://ehr.example/r4", &b, NULL, &e),
          "%s", e.text);
    CHECK(str_eq(json_member_text(json_member(b.root, STR("subject")), "reference"),
                 STR("Patient/7")),
          "under the base");
    CHECK(str_starts(json_member_text(json_member(b.root, STR("encounter")), "reference"),
                     STR("https://")),
          "beside the base");
    arena_reset(&a);
}

static void test_foci(void)
{
    struct arena a = {0};
    struct fhir_focus_list l;
    struct fhir_body b;
    struct err e;

    CHECK(read_body(&a, bundle, NULL, &b, NULL, &e), "%s", e.text);
    l = fhir_foci(&b, STR("Appointment"), &a);
    /* a1: p1 (twice named, once counted), the urn one, the contained one; the foreign one is no
     * Patient that can be known; a2: none */
    CHECK(l.n == 4, "%zu instances", l.n);
    CHECK(l.items[0].patient == b.entries[2].resource &&
              l.items[1].patient == b.entries[1].resource,
          "patients in the order of the participants");
    CHECK(str_eq(json_member_text(l.items[2].patient, "id"), STR("c")), "contained");
    CHECK(l.items[3].entry == &b.entries[4] && !l.items[3].patient, "no patient at all");
    l = fhir_foci(&b, STR("Patient"), &a);
    CHECK(l.n == 2 && l.items[0].patient == b.entries[1].resource, "a Patient is its own patient");
    l = fhir_foci(&b, STR("DiagnosticReport"), &a);
    CHECK(l.n == 2 && !l.items[0].patient && !l.items[1].patient, "not in the body; a Group");
    CHECK(fhir_foci(&b, STR("Task"), &a).n == 0, "no such resource");
    arena_reset(&a);
}

static void test_bad_bodies(void)
{
    static const struct {
        const char *json, *code, *expression;
    } cases[] = {
        {"[]", "structure", NULL},
        {"{}", "structure", NULL},
        {"{\"resourceType\":7}", "structure", NULL},
        {"{\"resourceType\":\"Banana\"}", "not-supported", NULL},
        {"{\"resourceType\":\"Resource\"}", "not-supported", NULL},
        {"{\"resourceType\":\"Patient\",\"id\":\"a b\"}", "value", "Patient.id"},
        {"{\"resourceType\":\"Patient\",\"id\":7}", "value", "Patient.id"},
        {"{\"resourceType\":\"Bundle\",\"entry\":{}}", "structure", "Bundle.entry"},
        {"{\"resourceType\":\"Bundle\",\"entry\":[{},7]}", "structure", "Bundle.entry[1]"},
        {"{\"resourceType\":\"Bundle\",\"entry\":[{\"resource\":[]}]}", "structure",
         "Bundle.entry[0].resource"},
        {"{\"resourceType\":\"Bundle\",\"entry\":[{\"resource\":{\"resourceType\":\"Patient\","
         "\"id\":\"/\"}}]}",
         "value", "Bundle.entry[0].resource.id"},
    };
    struct arena a = {0};

    for
        EACH (i, cases) {
            struct json_fault fault = {0};
            struct fhir_body b;
            struct err e = {0};

            CHECK(!read_body(&a, cases[i].json, NULL, &b, &fault, &e) && e.kind == ERR_INPUT, "%zu",
                  i);
            CHECK(strcmp(fault.code, cases[i].code) == 0, "%zu: %s", i, fault.code);
            CHECK(str_eq(fault.expression, str_of(cases[i].expression)), "%zu: " STR_FMT, i,
                  STR_ARG(fault.expression));
        }
    arena_reset(&a);
}

static void test_instants(void)
{
    static const struct {
        const char *text;
        bool ok;
        int64_t ms;
    } cases[] = {
        {"1970-01-01T00:00:00Z", true, 0},
        {"2025-03-04T09:30:00+08:00", true, 1741051800000},
        {"2025-03-04T09:30:00.1-05:30", true, 1741100400100},
        {"2025-03-02T10:10:13.1882432Z", true, 1740910213188},
        {"2024-02-29T23:59:60Z", true, 1709251200000},
        {"1969-12-31T23:59:59.999Z", true, -1},
        {"2023-02-29T00:00:00Z", false, 0},
        {"2025-03-04T09:30:00", false, 0},
        {"2025-03-04T09:30Z", false, 0},
        {"2025-03-04", false, 0},
        {"2025-03-04 09:30:00Z", false, 0},
        {"2025-03-04T24:00:00Z", false, 0},
        {"2025-13-04T00:00:00Z", false, 0},
        {"2025-03-04T09:30:00.Z", false, 0},
        {"2025-03-04T09:30:00+0800", false, 0},
        {"2025-03-04T09:30:00Zx", false, 0},
        {"", false, 0},
    };
    struct arena a = {0};
    struct fhir_body b;
    struct err e;

    for
        EACH (i, cases) {
            int64_t ms = 0;
            bool ok = fhir_instant_ms(str_of(cases[i].text), &ms);

            CHECK(ok == cases[i].ok && ms == cases[i].ms, "%s: %lld", cases[i].text, (long long)ms);
        }
    CHECK(read_body(&a,
                    "{\"resourceType\":\"Patient\",\"meta\":{\"versionId\":\"1-1\",\"lastUpdated\":"
                    "\"1970-01-01T00:00:01Z\"}}",
                    NULL, &b, NULL, &e),
          "%s", e.text);
    CHECK(fhir_last_updated_ms(b.root, 5) == 1000 && str_eq(fhir_version_id(b.root), STR("1-1")),
          "meta");
    CHECK(fhir_last_updated_ms(NULL, 5) == 5, "no meta");
    arena_reset(&a);
}

static void test_names(void)
{
    struct fhir_definition el;

    CHECK(fhir_id_ok(STR("a-B.9")) && !fhir_id_ok(STR("")) && !fhir_id_ok(STR("a_b")), "ids");
    CHECK(!fhir_id_ok(STR("0123456789012345678901234567890123456789012345678901234567890123 4")),
          "65");
    CHECK(element_find(STR("Appointment"), STR("start"), &el) && !strcmp(el.type, "instant"),
          "start");
    CHECK(element_find(STR("Appointment"), STR("recurrenceTemplate"), &el), "of R5 alone");
    CHECK(element_find(STR("Patient"), STR("deceased"), &el) && element_is_choice(&el), "choice");
    CHECK(!element_find(STR("Patient"), STR("phone"), &el) &&
              !element_find(STR("Nothing"), STR("id"), &el),
          "none");
    CHECK(element_owner_known(STR("Appointment.participant")) &&
              !element_owner_known(STR("Nothing")),
          "owners");
    CHECK(element_known(STR("actor")) && !element_known(STR("wang")), "known names");
    CHECK(type_is(STR("Age"), STR("Quantity")) && type_is(STR("code"), STR("string")) &&
              !type_is(STR("string"), STR("code")) && type_is(STR("Patient"), STR("Resource")),
          "types");
    CHECK(resource_type_known(STR("Bundle")) && !resource_type_known(STR("HumanName")) &&
              !resource_type_known(STR("DomainResource")) && !resource_type_known(STR("")),
          "resources");
}

static const char sample[] =
    "{\"resourceType\":\"Bundle\",\"entry\":[\n"
    " {\"resource\":{\"resourceType\":\"Appointment\",\"status\":\"booked\",\"minutesDuration\":30,"
    "\"participant\":[{\"status\":\"accepted\"},{\"status\":\"declined\"}]}},\n"
    " {\"resource\":{\"resourceType\":\"Patient\",\"active\":true,\"name\":[{\"given\":[\"A\","
    "\"B\"]}]}}]}";

static void test_edit(void)
{
    static const struct {
        const char *path, *text, *was, *is; /* what changed in the sample; NULL: refused */
    } cases[] = {
        {"Appointment.status", "cancelled", "\"booked\"", "\"cancelled\""},
        {"Appointment.status", "a\"\\b", "\"booked\"", "\"a\\\"\\\\b\""},
        {"Appointment.minutesDuration", "45", ":30", ":45"},
        {"Appointment.minutesDuration", "long", ":30", ":\"long\""},
        {"Appointment.participant[1].status", "x", "\"declined\"", "\"x\""},
        {"Appointment.participant.status", "x", "\"accepted\"", "\"x\""},
        {"Patient.active", "false", "true", "false"},
        {"Patient.active", "maybe", "true", "\"maybe\""},
        {"Patient.name[0].given[1]", "Z", "\"B\"", "\"Z\""},
        {"Patient.name[0].given[1]", "", ",\"B\"", ""},
        {"Patient.name[0].given[0]", "", "\"A\",", ""},
        {"Patient.name", "", ",\"name\":[{\"given\":[\"A\",\"B\"]}]", ""},
        {"Appointment.status", "", "\"status\":\"booked\",", ""},
        {"Appointment.participant[0]", "", "{\"status\":\"accepted\"},", ""},
        {"Patient.gender", "female", "{\"resourceType\":\"Patient\"",
         "{\"gender\":\"female\",\"resourceType\":\"Patient\""},
        {"Patient.deceasedBoolean", "true", "{\"resourceType\":\"Patient\"",
         "{\"deceasedBoolean\":true,\"resourceType\":\"Patient\""},
        {"Patient.gender", "", NULL, NULL},
        {"Patient.name[1].family", "x", NULL, NULL},
        {"Patient.name[1]", "x", NULL, NULL},
        {"Patient.name", "x", NULL, NULL},
        {"Patient.contact.gender", "x", NULL, NULL},
        {"Task.status", "x", NULL, NULL},
        {"Patient", "x", NULL, NULL},
        {"Patient.", "x", NULL, NULL},
        {"Patient.name[", "x", NULL, NULL},
        {"Patient.name[x]", "x", NULL, NULL},
        {"Patient.name[0]]", "x", NULL, NULL},
        {"Patient.name[]", "x", NULL, NULL},
        {"Patient..name", "x", NULL, NULL},
        {"", "x", NULL, NULL},
        {"Patient.name[99999999]", "x", NULL, NULL},
    };
    struct arena a = {0};

    for
        EACH (i, cases) {
            struct str out = {0};
            struct err e = {0};
            bool ok = fhir_edit(str_of(sample), str_of(cases[i].path), str_of(cases[i].text), &a,
                                &out, &e);
            const char *at = cases[i].was ? strstr(sample, cases[i].was) : NULL;
            struct str want;

            CHECK(ok == (cases[i].was != NULL), "%s: %s", cases[i].path, ok ? "taken" : e.text);
            if (!ok || !at)
                continue;
            want = arena_printf(&a, "%.*s%s%s", (int)(at - sample), sample, cases[i].is,
                                at + strlen(cases[i].was));
            CHECK(str_eq(out, want), "%s: " STR_FMT, cases[i].path, STR_ARG(out));
        }
    arena_reset(&a);
}

static void test_answers(void)
{
    struct json_limits limits = json_limits_default();
    struct buf b = buf_new(65536);
    struct arena a = {0};
    struct json_node *root, *rest;
    struct err e;

    fhir_outcome_add(&b, &(struct fhir_issue){.severity = "error",
                                              .code = "structure",
                                              .diagnostics = "a \"quote\"",
                                              .expression = STR("Patient.name[0]")});
    CHECK(str_eq(buf_str(&b), STR("{\"resourceType\":\"OperationOutcome\",\"issue\":[{\"severity\":"
                                  "\"error\",\"code\":\"structure\",\"diagnostics\":\"a "
                                  "\\\"quote\\\"\",\"expression\":[\"Patient.name[0]\"]}]}")),
          "%s", b.p);
    buf_reset(&b);
    fhir_outcome_add(&b, &(struct fhir_issue){.severity = "information", .code = "informational"});
    CHECK(str_eq(buf_str(&b), STR("{\"resourceType\":\"OperationOutcome\",\"issue\":[{\"severity\":"
                                  "\"information\",\"code\":\"informational\"}]}")),
          "%s", b.p);
    buf_reset(&b);
    fhir_capability_add(&b, "0.1.0", 0);
    CHECK(json_read(buf_str(&b), &limits, &a, &root, NULL, &e), "%s", e.text);
    CHECK(str_eq(json_member_text(root, "fhirVersion"), STR("4.0.1")), "R4");
    rest = json_member(root, STR("rest"));
    CHECK(rest && json_member(rest->first, STR("resource"))->n == 4, "resources");
    CHECK(fhir_type_taken(STR("Appointment")) && !fhir_type_taken(STR("Task")), "types");
    arena_reset(&a);
    buf_reset(&b);
}

int main(void)
{
    test_references();
    test_base_url();
    test_foci();
    test_bad_bodies();
    test_instants();
    test_names();
    test_edit();
    test_answers();
    return check_end();
}
