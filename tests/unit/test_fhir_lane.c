/* The lane of a FHIR body: the same patient, the same lane, however he is named. */
#include "../../src/receive/fhir_lane.h"
#include "check.h"

#define APPOINTMENT(actor)                                                                         \
    "{\"resourceType\":\"Appointment\",\"id\":\"a\",\"participant\":[{\"actor\":{\"reference\":"   \
    "\"Practitioner/d\"}},{\"actor\":" actor "}]}"
#define REPORT(subject) "{\"resourceType\":\"DiagnosticReport\",\"subject\":" subject "}"
#define REF(text)       "{\"reference\":\"" text "\"}"
#define BUNDLE(url, patient, other)                                                                \
    "{\"resourceType\":\"Bundle\",\"type\":\"transaction\",\"entry\":[{\"fullUrl\":\"" url         \
    "\",\"resource\":" patient "},{\"resource\":" other "}]}"

static const struct {
    const char *body;
    int group; /* equal: one lane; 0: none */
} cases[] = {
    {"{\"resourceType\":\"Patient\",\"id\":\"p1\"}", 1},
    {APPOINTMENT(REF("Patient/p1")), 1},
    {APPOINTMENT(REF("Patient/p1/_history/3")), 1},
    {REPORT(REF("Patient/p1")), 1},
    {"{\"resourceType\":\"Immunization\",\"patient\":" REF("Patient/p1") "}", 1},
    {BUNDLE("http://a/fhir/Patient/p1", "{\"resourceType\":\"Patient\",\"id\":\"p1\"}",
            REPORT(REF("Patient/p1"))),
     1},
    {BUNDLE("urn:uuid:3f2504e0-4f89-41d3-9a0c-0305e82c3301",
            "{\"resourceType\":\"Organization\",\"id\":\"o\"}", REPORT(REF("Patient/p1"))),
     1},
    {APPOINTMENT(REF("Patient/p2")), 2},
    {BUNDLE("urn:uuid:3f2504e0-4f89-41d3-9a0c-0305e82c3301",
            "{\"resourceType\":\"Patient\",\"identifier\":[{\"system\":\"s\",\"value\":\"7\"}]}",
            REPORT(REF("urn:uuid:3f2504e0-4f89-41d3-9a0c-0305e82c3301"))),
     3},
    {REPORT("{\"type\":\"Patient\",\"identifier\":{\"system\":\"s\",\"value\":\"7\"}}"), 3},
    {REPORT("{\"type\":\"Patient\",\"identifier\":{\"system\":\"s\",\"value\":\"8\"}}"), 4},
    {REPORT(REF("https://other.example/fhir/Patient/p1")), 5},
    {REPORT("{\"type\":\"Group\",\"identifier\":{\"system\":\"s\",\"value\":\"7\"}}"), 0},
    {REPORT(REF("Group/p1")), 0},
    {"{\"resourceType\":\"Patient\"}", 0},
    {"{\"resourceType\":\"Appointment\"}", 0},
    {"{\"resourceType\":\"Bundle\",\"type\":\"batch\"}", 0},
};

static uint64_t lane_of(const char *text, const struct seal *seal)
{
    struct json_limits limits = json_limits_default();
    struct json_fault fault = {0};
    struct json_node *root;
    struct fhir_body body;
    struct arena a = {0};
    struct err e = {0};
    uint64_t lane = 0;

    if (json_read(str_of(text), &limits, &a, &root, &fault, &e) &&
        fhir_body_read(root, (struct str){NULL, 0}, &a, &body, &fault, &e))
        lane = fhir_lane(&body, seal);
    CHECK(e.kind == ERR_NONE, "%s: %s", text, e.text);
    arena_reset(&a);
    return lane;
}

int main(void)
{
    static const uint8_t root[SEAL_KEY_BYTES] = "a root for tests";
    struct seal *seal = seal_from_root(root);
    uint64_t lanes[6] = {0};

    for
        EACH (i, cases) {
            uint64_t lane = lane_of(cases[i].body, seal), *of = &lanes[cases[i].group];

            CHECK((lane != 0) == (cases[i].group != 0), "%s", cases[i].body);
            CHECK(*of == 0 || *of == lane, "%s: not the lane of its group", cases[i].body);
            *of = lane;
        }
    for (int i = 1; i < 6; i++) {
        for (int k = i + 1; k < 6; k++)
            CHECK(lanes[i] != lanes[k], "groups %d and %d", i, k);
    }
    seal_close(seal);
    return check_end();
}
