#include "feed/dictionary.h"

#include <stdlib.h>

/* Annex A, version 1: runs of fields of one class. In order, for bsearch(). */
struct fields {
    char segment[4];
    unsigned char from, to; /* both included */
    enum sensitivity class;
};

/* clang-format off */
static const struct fields hl7[] = {
    {"AIG", 8, 8, CLASS_LOGISTICS},    {"AIL", 3, 3, CLASS_DIRECTORY},
    {"AIL", 6, 6, CLASS_LOGISTICS},    {"AIP", 6, 6, CLASS_LOGISTICS},
    {"AIS", 4, 4, CLASS_LOGISTICS},    {"EVN", 1, 2, CLASS_LOGISTICS},
    {"FT1", 2, 2, CLASS_IDENTIFIER},   {"GT1", 6, 6, CLASS_CONTACT},
    {"MRG", 1, 1, CLASS_IDENTIFIER},   {"MSH", 1, 2, CLASS_PUBLIC},
    {"MSH", 3, 6, CLASS_DIRECTORY},    {"MSH", 7, 7, CLASS_LOGISTICS},
    {"MSH", 9, 9, CLASS_LOGISTICS},    {"MSH", 10, 12, CLASS_PUBLIC},
    {"MSH", 18, 18, CLASS_PUBLIC},     {"NK1", 5, 5, CLASS_CONTACT},
    {"NK1", 40, 40, CLASS_CONTACT},    {"OBR", 2, 3, CLASS_IDENTIFIER},
    {"OBR", 7, 7, CLASS_LOGISTICS},    {"OBR", 22, 22, CLASS_LOGISTICS},
    {"OBR", 25, 25, CLASS_LOGISTICS},  {"OBR", 36, 36, CLASS_LOGISTICS},
    {"OBX", 11, 11, CLASS_LOGISTICS},  {"OBX", 14, 14, CLASS_LOGISTICS},
    {"OBX", 19, 19, CLASS_LOGISTICS},  {"ORC", 1, 1, CLASS_LOGISTICS},
    {"ORC", 2, 4, CLASS_IDENTIFIER},   {"ORC", 5, 5, CLASS_LOGISTICS},
    {"PID", 2, 9, CLASS_IDENTIFIER},   {"PID", 11, 11, CLASS_IDENTIFIER},
    {"PID", 13, 14, CLASS_CONTACT},    {"PID", 15, 15, CLASS_PREFERENCE},
    {"PID", 18, 20, CLASS_IDENTIFIER}, {"PID", 40, 40, CLASS_CONTACT},
    {"PV1", 3, 3, CLASS_DIRECTORY},    {"PV1", 19, 19, CLASS_IDENTIFIER},
    {"PV1", 44, 45, CLASS_LOGISTICS},  {"PV2", 8, 8, CLASS_LOGISTICS},
    {"RXA", 3, 3, CLASS_LOGISTICS},    {"RXD", 3, 3, CLASS_LOGISTICS},
    {"RXD", 7, 7, CLASS_IDENTIFIER},   {"RXE", 15, 15, CLASS_IDENTIFIER},
    {"SCH", 1, 2, CLASS_IDENTIFIER},   {"SCH", 4, 5, CLASS_IDENTIFIER},
    {"SCH", 9, 11, CLASS_LOGISTICS},   {"SCH", 25, 25, CLASS_LOGISTICS},
    {"TQ1", 7, 8, CLASS_LOGISTICS},    {"TXA", 12, 13, CLASS_IDENTIFIER},
};

/* Segments whose first field is of type SI in HL7 v2.5.1 to 2.9. In order. */
static const char set_ids[][4] = {
    "AFF", "AIG", "AIL", "AIP", "AIS", "AL1", "ARV", "BPO", "BPX", "BTX", "BUI", "CER", "CM0", "CM1",
    "CM2", "CON", "DB1", "DG1", "DSP", "EDU", "FT1", "GT1", "IAM", "IN1", "IN3", "LAN", "NK1", "NTE",
    "OBR", "OBX", "ORG", "PAC", "PCE", "PID", "PKG", "PR1", "PV1", "PYE", "REL", "RGS", "SPM", "TQ1",
    "TQ2", "TXA", "UB1", "UB2",
};

/* The longest prefix counts. Patient.text and .contained can hold anything, so they are no "other
 * Patient elements". JSON writes Patient.deceased[x] with its type behind it. */
static const struct { struct str path; enum sensitivity class; } fhir[] = {
    {STR_LIT("Appointment.end"), CLASS_LOGISTICS},
    {STR_LIT("Appointment.participant.status"), CLASS_LOGISTICS},
    {STR_LIT("Appointment.start"), CLASS_LOGISTICS},
    {STR_LIT("Appointment.status"), CLASS_LOGISTICS},
    {STR_LIT("DiagnosticReport.issued"), CLASS_LOGISTICS},
    {STR_LIT("DiagnosticReport.status"), CLASS_LOGISTICS},
    {STR_LIT("DocumentReference.docStatus"), CLASS_LOGISTICS},
    {STR_LIT("DocumentReference.status"), CLASS_LOGISTICS},
    {STR_LIT("Encounter.period"), CLASS_LOGISTICS},
    {STR_LIT("Encounter.status"), CLASS_LOGISTICS},
    {STR_LIT("Invoice.status"), CLASS_LOGISTICS},
    {STR_LIT("Location.name"), CLASS_DIRECTORY},
    {STR_LIT("MedicationDispense.status"), CLASS_LOGISTICS},
    {STR_LIT("Patient"), CLASS_IDENTIFIER},
    {STR_LIT("Patient.active"), CLASS_LOGISTICS},
    {STR_LIT("Patient.communication"), CLASS_PREFERENCE},
    {STR_LIT("Patient.contained"), CLASS_CLINICAL},
    {STR_LIT("Patient.deceased"), CLASS_CLINICAL},
    {STR_LIT("Patient.deceasedBoolean"), CLASS_CLINICAL},
    {STR_LIT("Patient.deceasedDateTime"), CLASS_CLINICAL},
    {STR_LIT("Patient.telecom"), CLASS_CONTACT},
    {STR_LIT("Patient.text"), CLASS_CLINICAL},
};

/* References all of whose target types in R4 are listed. */
static const struct { struct str path; enum sensitivity class; } references[] = {
    {STR_LIT("AllergyIntolerance.patient"), CLASS_IDENTIFIER},
    {STR_LIT("ClaimResponse.insurer"), CLASS_DIRECTORY},
    {STR_LIT("ClaimResponse.patient"), CLASS_IDENTIFIER},
    {STR_LIT("DocumentReference.custodian"), CLASS_DIRECTORY},
    {STR_LIT("Encounter.hospitalization.destination"), CLASS_DIRECTORY},
    {STR_LIT("Encounter.hospitalization.origin"), CLASS_DIRECTORY},
    {STR_LIT("Encounter.location.location"), CLASS_DIRECTORY},
    {STR_LIT("Encounter.serviceProvider"), CLASS_DIRECTORY},
    {STR_LIT("Immunization.location"), CLASS_DIRECTORY},
    {STR_LIT("Immunization.manufacturer"), CLASS_DIRECTORY},
    {STR_LIT("Immunization.patient"), CLASS_IDENTIFIER},
    {STR_LIT("ImmunizationRecommendation.authority"), CLASS_DIRECTORY},
    {STR_LIT("ImmunizationRecommendation.patient"), CLASS_IDENTIFIER},
    {STR_LIT("Invoice.issuer"), CLASS_DIRECTORY},
    {STR_LIT("Location.managingOrganization"), CLASS_DIRECTORY},
    {STR_LIT("Location.partOf"), CLASS_DIRECTORY},
    {STR_LIT("MedicationDispense.destination"), CLASS_DIRECTORY},
    {STR_LIT("MedicationDispense.location"), CLASS_DIRECTORY},
    {STR_LIT("Organization.partOf"), CLASS_DIRECTORY},
    {STR_LIT("Patient.managingOrganization"), CLASS_DIRECTORY},
    {STR_LIT("ServiceRequest.locationReference"), CLASS_DIRECTORY},
    {STR_LIT("Task.location"), CLASS_DIRECTORY},
};
/* clang-format on */

struct wanted {
    const char *segment;
    unsigned field;
};

static int compare_fields(const void *key, const void *item)
{
    const struct wanted *w = key;
    const struct fields *f = item;
    int c = memcmp(w->segment, f->segment, 3);

    if (c)
        return c;
    return w->field < f->from ? -1 : w->field > f->to;
}

static int compare_name(const void *key, const void *item)
{
    return memcmp(key, item, 3);
}

bool dictionary_set_id(struct str segment, unsigned field)
{
    return segment.n == 3 && field == 1 &&
           bsearch(segment.p, set_ids, sizeof set_ids / sizeof set_ids[0], sizeof set_ids[0],
                   compare_name) != NULL;
}

enum sensitivity dictionary_hl7(struct str segment, unsigned field, bool *listed)
{
    struct wanted w = {segment.p, field};
    const struct fields *f = NULL;
    bool set_id = dictionary_set_id(segment, field);

    if (segment.n == 3)
        f = bsearch(&w, hl7, sizeof hl7 / sizeof hl7[0], sizeof hl7[0], compare_fields);
    if (listed)
        *listed = f || set_id;
    if (set_id)
        return CLASS_PUBLIC;
    return f ? f->class : CLASS_CLINICAL;
}

/* `head` is all of `path` or ends before a dot of it. */
static bool is_prefix(struct str path, struct str head)
{
    return str_starts(path, head) && (path.n == head.n || path.p[head.n] == '.');
}

/* "extension", "extension('http://…": a URL may have dots, so its end may be cut off. */
static bool is_extension(struct str name)
{
    struct str head = str_cut(&name, '(');

    return str_eq(head, STR("extension")) || str_eq(head, STR("modifierExtension"));
}

bool dictionary_local_fhir(struct str element)
{
    while (element.p)
        if (is_extension(str_cut(&element, '.')))
            return true;
    return false;
}

bool dictionary_local_hl7(struct str segment)
{
    return segment.n == 3 && segment.p[0] == 'Z';
}

/* `identifier` of a resource of any type: the second name. */
static bool is_identifier(struct str element)
{
    (void)str_cut(&element, '.');
    return element.p && str_eq(str_cut(&element, '.'), STR("identifier"));
}

enum sensitivity dictionary_fhir(struct str element, bool *listed)
{
    enum sensitivity found = CLASS_CLINICAL;
    size_t longest = 0;

    if (is_identifier(element)) {
        found = CLASS_IDENTIFIER;
        longest = element.n;
    }
    for (size_t i = 0; i < sizeof fhir / sizeof fhir[0]; i++)
        if (fhir[i].path.n > longest && is_prefix(element, fhir[i].path)) {
            found = fhir[i].class;
            longest = fhir[i].path.n;
        }
    if (dictionary_local_fhir(element))
        longest = 0;
    if (listed)
        *listed = longest > 0;
    return longest ? found : CLASS_CLINICAL;
}

struct str dictionary_fhir_entry(size_t i, enum sensitivity *class)
{
    if (i >= sizeof fhir / sizeof fhir[0])
        return (struct str){NULL, 0};
    *class = fhir[i].class;
    return fhir[i].path;
}

enum sensitivity dictionary_reference(struct str target_type)
{
    if (str_eq(target_type, STR("Location")) || str_eq(target_type, STR("Organization")))
        return CLASS_DIRECTORY;
    return str_eq(target_type, STR("Patient")) ? CLASS_IDENTIFIER : CLASS_CLINICAL;
}

enum sensitivity dictionary_reference_element(struct str element)
{
    struct str tail = STR(".reference");

    if (element.n > tail.n && str_eq((struct str){element.p + element.n - tail.n, tail.n}, tail))
        element.n -= tail.n;
    for (size_t i = 0; i < sizeof references / sizeof references[0]; i++)
        if (str_eq(references[i].path, element))
            return references[i].class;
    return CLASS_CLINICAL;
}
