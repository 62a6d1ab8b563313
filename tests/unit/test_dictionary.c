#include "check.h"
#include "feed/dictionary.h"

static const struct {
    const char *segment;
    unsigned field;
    enum sensitivity class;
    bool listed;
} fields[] = {
    {"MSH", 1, CLASS_PUBLIC, true},      {"MSH", 2, CLASS_PUBLIC, true},
    {"MSH", 3, CLASS_DIRECTORY, true},   {"MSH", 6, CLASS_DIRECTORY, true},
    {"MSH", 7, CLASS_LOGISTICS, true},   {"MSH", 8, CLASS_CLINICAL, false},
    {"MSH", 9, CLASS_LOGISTICS, true}, /* the trigger is not public */
    {"MSH", 10, CLASS_PUBLIC, true},     {"MSH", 11, CLASS_PUBLIC, true},
    {"MSH", 12, CLASS_PUBLIC, true},     {"MSH", 13, CLASS_CLINICAL, false},
    {"MSH", 18, CLASS_PUBLIC, true},     {"EVN", 1, CLASS_LOGISTICS, true},
    {"EVN", 2, CLASS_LOGISTICS, true},   {"EVN", 4, CLASS_CLINICAL, false},
    {"PID", 1, CLASS_PUBLIC, true},      {"PID", 2, CLASS_IDENTIFIER, true},
    {"PID", 3, CLASS_IDENTIFIER, true},  {"PID", 5, CLASS_IDENTIFIER, true},
    {"PID", 9, CLASS_IDENTIFIER, true},  {"PID", 10, CLASS_CLINICAL, false},
    {"PID", 11, CLASS_IDENTIFIER, true}, {"PID", 12, CLASS_CLINICAL, false},
    {"PID", 13, CLASS_CONTACT, true},    {"PID", 14, CLASS_CONTACT, true},
    {"PID", 15, CLASS_PREFERENCE, true}, {"PID", 16, CLASS_CLINICAL, false},
    {"PID", 18, CLASS_IDENTIFIER, true}, {"PID", 19, CLASS_IDENTIFIER, true},
    {"PID", 20, CLASS_IDENTIFIER, true}, {"PID", 21, CLASS_CLINICAL, false},
    {"PID", 30, CLASS_CLINICAL, false},  {"PID", 40, CLASS_CONTACT, true},
    {"MRG", 1, CLASS_IDENTIFIER, true},  {"PV1", 3, CLASS_DIRECTORY, true},
    {"PV1", 2, CLASS_CLINICAL, false},   {"PV1", 19, CLASS_IDENTIFIER, true},
    {"SCH", 1, CLASS_IDENTIFIER, true},  {"SCH", 2, CLASS_IDENTIFIER, true},
    {"SCH", 3, CLASS_CLINICAL, false},   {"SCH", 4, CLASS_IDENTIFIER, true},
    {"SCH", 6, CLASS_CLINICAL, false},   {"SCH", 7, CLASS_CLINICAL, false},
    {"SCH", 9, CLASS_LOGISTICS, true},   {"SCH", 10, CLASS_LOGISTICS, true},
    {"SCH", 11, CLASS_LOGISTICS, true},  {"SCH", 12, CLASS_CLINICAL, false},
    {"SCH", 25, CLASS_LOGISTICS, true},  {"TQ1", 7, CLASS_LOGISTICS, true},
    {"TQ1", 8, CLASS_LOGISTICS, true},   {"TQ1", 9, CLASS_CLINICAL, false},
    {"AIS", 1, CLASS_PUBLIC, true},      {"AIS", 2, CLASS_CLINICAL, false},
    {"AIS", 4, CLASS_LOGISTICS, true},   {"AIG", 8, CLASS_LOGISTICS, true},
    {"AIL", 3, CLASS_DIRECTORY, true},   {"AIL", 6, CLASS_LOGISTICS, true},
    {"AIP", 6, CLASS_LOGISTICS, true},   {"AIP", 3, CLASS_CLINICAL, false},
    {"OBR", 2, CLASS_IDENTIFIER, true},  {"OBR", 3, CLASS_IDENTIFIER, true},
    {"OBR", 4, CLASS_CLINICAL, false},   {"OBR", 7, CLASS_LOGISTICS, true},
    {"OBR", 22, CLASS_LOGISTICS, true},  {"OBR", 24, CLASS_CLINICAL, false},
    {"OBR", 25, CLASS_LOGISTICS, true},  {"OBX", 5, CLASS_CLINICAL, false},
    {"OBX", 11, CLASS_LOGISTICS, true},  {"ORC", 1, CLASS_LOGISTICS, true},
    {"ORC", 2, CLASS_IDENTIFIER, true},  {"ORC", 4, CLASS_IDENTIFIER, true},
    {"ORC", 5, CLASS_LOGISTICS, true},   {"ORC", 6, CLASS_CLINICAL, false},
    {"TXA", 12, CLASS_IDENTIFIER, true}, {"TXA", 16, CLASS_CLINICAL, false},
    {"RGS", 1, CLASS_PUBLIC, true},      {"RGS", 2, CLASS_CLINICAL, false},
    {"DG1", 3, CLASS_CLINICAL, false},   {"NTE", 3, CLASS_CLINICAL, false},
    {"SCH", 5, CLASS_IDENTIFIER, true},  {"SCH", 8, CLASS_CLINICAL, false},
    {"NK1", 5, CLASS_CONTACT, true},     {"NK1", 4, CLASS_CLINICAL, false},
    {"NK1", 40, CLASS_CONTACT, true},    {"NK1", 41, CLASS_CLINICAL, false},
    {"GT1", 6, CLASS_CONTACT, true},     {"GT1", 7, CLASS_CLINICAL, false},
    {"OBR", 36, CLASS_LOGISTICS, true},  {"OBX", 14, CLASS_LOGISTICS, true},
    {"OBX", 19, CLASS_LOGISTICS, true},  {"OBX", 15, CLASS_CLINICAL, false},
    {"PV2", 8, CLASS_LOGISTICS, true},   {"PV2", 3, CLASS_CLINICAL, false},
    {"RXA", 3, CLASS_LOGISTICS, true},   {"RXA", 5, CLASS_CLINICAL, false},
    {"RXD", 3, CLASS_LOGISTICS, true},   {"RXD", 7, CLASS_IDENTIFIER, true},
    {"RXD", 2, CLASS_CLINICAL, false},   {"RXE", 15, CLASS_IDENTIFIER, true},
    {"FT1", 2, CLASS_IDENTIFIER, true},  {"FT1", 7, CLASS_CLINICAL, false},
    {"TXA", 13, CLASS_IDENTIFIER, true}, {"TXA", 2, CLASS_CLINICAL, false},
    {"ZPI", 4, CLASS_CLINICAL, false},   {"ZPI", 1, CLASS_CLINICAL, false},
    {"AAA", 1, CLASS_CLINICAL, false},   {"ZZZ", 999, CLASS_CLINICAL, false},
    {"PI", 3, CLASS_CLINICAL, false},    {"", 1, CLASS_CLINICAL, false},
};

static const struct {
    const char *element;
    enum sensitivity class;
    bool listed;
} elements[] = {
    {"Appointment.status", CLASS_LOGISTICS, true},
    {"Appointment.start", CLASS_LOGISTICS, true},
    {"Appointment.startling", CLASS_CLINICAL, false}, /* a prefix ends at a dot */
    {"Appointment.participant.status", CLASS_LOGISTICS, true},
    {"Appointment.participant.actor.display", CLASS_CLINICAL, false},
    {"Appointment.participant", CLASS_CLINICAL, false},
    {"Appointment.description", CLASS_CLINICAL, false},
    {"Appointment", CLASS_CLINICAL, false},
    {"Appointment.identifier.value", CLASS_IDENTIFIER, true},
    {"DiagnosticReport.identifier", CLASS_IDENTIFIER, true},
    {"DiagnosticReport.status", CLASS_LOGISTICS, true},
    {"DiagnosticReport.issued", CLASS_LOGISTICS, true},
    {"DiagnosticReport.code.coding.code", CLASS_CLINICAL, false},
    {"Observation.valueString", CLASS_CLINICAL, false},
    {"Patient", CLASS_IDENTIFIER, true},
    {"Patient.name.family", CLASS_IDENTIFIER, true},
    {"Patient.birthDate", CLASS_IDENTIFIER, true},
    {"Patient.active", CLASS_LOGISTICS, true},
    {"Patient.telecom.value", CLASS_CONTACT, true},
    {"Patient.communication.language.coding.code", CLASS_PREFERENCE, true},
    {"Patient.deceased", CLASS_CLINICAL, true},
    {"Patient.deceasedBoolean", CLASS_CLINICAL, true},
    {"Patient.deceasedDateTime", CLASS_CLINICAL, true},
    {"Patient.contained.name", CLASS_CLINICAL, true},
    {"Patient.extension", CLASS_CLINICAL, false},
    {"Patient.extension('urn:x').value", CLASS_CLINICAL, false},
    {"Patient.telecom.extension.value", CLASS_CLINICAL, false},
    {"Patient.modifierExtension", CLASS_CLINICAL, false},
    {"Location.name", CLASS_DIRECTORY, true},
    {"Location.address", CLASS_CLINICAL, false},
    {"Location.identifier.value", CLASS_IDENTIFIER, true},
    {"Encounter.period.start", CLASS_LOGISTICS, true},
    {"Encounter.status", CLASS_LOGISTICS, true},
    {"MedicationDispense.status", CLASS_LOGISTICS, true},
    {"Invoice.status", CLASS_LOGISTICS, true},
    {"Invoice.totalGross", CLASS_CLINICAL, false},
    {"DocumentReference.docStatus", CLASS_LOGISTICS, true},
    {"?", CLASS_CLINICAL, false},
    {"", CLASS_CLINICAL, false},
};

int main(void)
{
    static const struct {
        const char *element;
        enum sensitivity class;
    } references[] = {
        {"Encounter.serviceProvider", CLASS_DIRECTORY},
        {"Encounter.serviceProvider.reference", CLASS_DIRECTORY},
        {"ClaimResponse.patient.reference", CLASS_IDENTIFIER},
        {"Appointment.participant.actor.reference", CLASS_CLINICAL}, /* may be a Practitioner */
        {"DiagnosticReport.subject.reference", CLASS_CLINICAL},      /* may be a Device */
        {"No.such.reference", CLASS_CLINICAL},
    };
    bool listed;

    for
        EACH (i, fields) {
            enum sensitivity c =
                dictionary_hl7(str_of(fields[i].segment), fields[i].field, &listed);

            CHECK(c == fields[i].class && listed == fields[i].listed, "%s-%u is %d, listed %d",
                  fields[i].segment, fields[i].field, c, listed);
            CHECK(dictionary_hl7(str_of(fields[i].segment), fields[i].field, NULL) == c,
                  "without listed");
        }
    for
        EACH (i, elements) {
            enum sensitivity c = dictionary_fhir(str_of(elements[i].element), &listed);

            CHECK(c == elements[i].class && listed == elements[i].listed, "%s is %d, listed %d",
                  elements[i].element, c, listed);
        }
    CHECK(dictionary_set_id(STR("OBX"), 1) && !dictionary_set_id(STR("OBX"), 2) &&
              !dictionary_set_id(STR("ORC"), 1) && !dictionary_set_id(STR("ZPI"), 1),
          "set-IDs");
    CHECK(dictionary_reference(STR("Location")) == CLASS_DIRECTORY &&
              dictionary_reference(STR("Organization")) == CLASS_DIRECTORY &&
              dictionary_reference(STR("Patient")) == CLASS_IDENTIFIER &&
              dictionary_reference(STR("Practitioner")) == CLASS_CLINICAL,
          "references by type");
    CHECK(dictionary_local_hl7(STR("ZPI")) && !dictionary_local_hl7(STR("OBX")) &&
              !dictionary_local_hl7(STR("AZ1")) && !dictionary_local_hl7(STR("Z")),
          "Z-segments");
    CHECK(dictionary_local_fhir(STR("Patient.extension")) &&
              dictionary_local_fhir(STR("Patient.name.extension('http://a.b/c').valueString")) &&
              dictionary_local_fhir(STR("Observation.modifierExtension.valueCode")) &&
              !dictionary_local_fhir(STR("Observation.valueString")) &&
              !dictionary_local_fhir(STR("Observation.extensions")) &&
              !dictionary_local_fhir(STR("Observation.where('extension')")) &&
              !dictionary_local_fhir(STR("")),
          "extensions");
    for
        EACH (i, references)
            CHECK(dictionary_reference_element(str_of(references[i].element)) ==
                      references[i].class,
                  "%s", references[i].element);
    return check_end();
}
