#include "fhir/capability.h"

#include "base/clock.h"
#include "base/encode.h"

static const struct str taken[] = {STR_LIT("Appointment"), STR_LIT("DiagnosticReport"),
                                   STR_LIT("Patient")};

bool fhir_type_taken(struct str type)
{
    for (size_t i = 0; i < sizeof taken / sizeof *taken; i++) {
        if (str_eq(type, taken[i]))
            return true;
    }
    return false;
}

static void add_resources(struct buf *b)
{
    for (size_t i = 0; i < sizeof taken / sizeof *taken; i++)
        buf_printf(b,
                   "%s{\"type\":\"" STR_FMT "\",\"interaction\":[{\"code\":\"create\"},"
                   "{\"code\":\"update\"}],\"versioning\":\"no-version\",\"readHistory\":false,"
                   "\"updateCreate\":true,\"conditionalCreate\":false,\"conditionalUpdate\":false}",
                   i ? "," : "", STR_ARG(taken[i]));
}

void fhir_capability_add(struct buf *b, const char *software_version, int64_t started_ms)
{
    char date[25];

    clock_text(started_ms, date);
    buf_printf(b,
               "{\"resourceType\":\"CapabilityStatement\",\"status\":\"active\",\"date\":\"%s\","
               "\"kind\":\"instance\",\"software\":{\"name\":\"Tidings\",\"version\":",
               date);
    json_add_string(b, str_of(software_version));
    buf_add(b,
            STR("},\"implementation\":{\"description\":\"Receives events; stores no records to be "
                "read back\"},\"fhirVersion\":\"4.0.1\",\"format\":[\"application/fhir+json\"],"
                "\"rest\":[{\"mode\":\"server\",\"documentation\":\"Write only. Bundles may be "
                "posted to the base or to Bundle: transaction, batch, collection, message, "
                "history.\",\"resource\":["));
    add_resources(b);
    buf_add(b,
            STR(",{\"type\":\"Bundle\",\"interaction\":[{\"code\":\"create\"}]}],\"interaction\":["
                "{\"code\":\"transaction\"},{\"code\":\"batch\"}]}]}"));
}
