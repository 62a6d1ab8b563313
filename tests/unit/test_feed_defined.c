/* E202 to E205, E211, E213 and E512: a sound tenant with one part replaced gets exactly that finding at the
 * @, or none. */
#include <stdlib.h>

#include "check.h"
#include "feed/feed.h"
#include "tenant.h"

static const struct row {
    const char *code; /* NULL: clean */
    const char *file, *find, *put;
} rows[] = {
    /* segments */
    {"E202", "feed.yaml", "[SCH-2.1, SCH-1.1]", "[@SHC-2.1, SCH-1.1]"},
    {"E202", "feed.yaml", "hl7: PID-15.1", "hl7: @PDI-15.1"},
    {"E202", "feed.yaml", "hl7: PID-15.1", "hl7: @GSP-3"},
    {NULL, "feed.yaml", "hl7: PID-15.1", "hl7: PID-15.1.1"},
    {"E202", "feed.yaml", "\"OBR-25 in (F, C)\"", "@\"OBR-25 in (F, C) and not present(PDI-30)\""},
    {"E202", "overlays/lion.yaml", "[ZPI-4, PID-13(3=CP)]", "[ZPI-4, @PDI-13(3=CP)]"},
    {"E202", "overlays/lion.yaml", "for: MSH-4.1 in (LION)", "for: @MHS-4.1 in (LION)"},
    {"E202", "policy.yaml", "path: ZPI-4\n    class: contact", "path: @PDI-4\n    class: clinical"},
    {"E202", "feed.yaml", "    expect:\n      - appointment/1:",
     "    change: {@PDI-13: x}\n    expect:\n      - appointment/1:"},
    /* fields and their parts */
    {"E203", "feed.yaml", "[PID-13(3=CP), PID-13(2=PRN)]", "[PID-13(3=CP), @PID-53]"},
    {"E203", "feed.yaml", "[PID-13(3=CP), PID-13(2=PRN)]", "[@PID-40(3=CP), PID-13(2=PRN)]"},
    {"E203", "feed.yaml", "hl7: PID-3(5=MR).1", "hl7: @PID-3(5=MR).11"},
    {"E203", "feed.yaml", "hl7: PID-3(5=MR).1", "hl7: @PID-3(5=MR).4.4"},
    {"E203", "feed.yaml", "hl7: PID-15.1", "hl7: @PID-8.2"},
    {"E203", "feed.yaml", "\"OBR-25 in (F, C)\"", "@\"OBR-25 in (F, C) or OBR-51 = x\""},
    {NULL, "feed.yaml", "\"OBR-25 in (F, C)\"", "\"OBR-25 in (F, C) or OBX-5.7.3 = x\""},
    {NULL, "feed.yaml", "\"OBR-25 in (F, C)\"", "\"OBR-25 in (F, C) or OBX-5(9=a) = x\""},
    {NULL, "feed.yaml", "\"OBR-25 in (F, C)\"", "\"OBR-25 in (F, C) or ZPI-99.8.7 = x\""},
    {"E203", "feed.yaml", "    expect:\n      - appointment/1:",
     "    change: {@PID-53: x}\n    expect:\n      - appointment/1:"},
    {NULL, "feed.yaml", "    expect:\n      - appointment/1:",
     "    change: {PID-13: x, Patient.phone: x}\n    expect:\n      - appointment/1:"},
    /* another version knows it */
    {NULL, "feed.yaml", "hl7: \"2.5.1\"", "hl7: \"2.9\""},
    {NULL, "feed.yaml", "hl7: \"2.5.1\"", "hl7: \"2.3\""},
    {NULL, "feed.yaml", "hl7: \"2.5.1\"", "hl7: \"2.7.1\""},
    /* triggers */
    {"E204", "feed.yaml", "[SCH-2.1, SCH-1.1]", "[SCH-2.1, @OBR-3.1]"},
    {"E204", "feed.yaml", "\"OBR-25 in (F, C)\"", "@\"OBR-25 in (F, C) or SCH-25.1 = x\""},
    {"E204", "feed.yaml", "{key: OBR-4.1, ordinary", "{key: [OBR-4.1, @AIS-3.1], ordinary"},
    {"E204", "feed.yaml", "[PID-13(3=CP), PID-13(2=PRN)]", "[PID-13(3=CP), @GT1-6(3=CP)]"},
    {NULL, "feed.yaml", "[AIL-3.1, MSH-4.1]", "[AIL-3.1, MSH-4.1, PV1-3.4]"},
    {"E204", "feed.yaml", "on: {hl7: [ORU^R01]}", "on: {hl7: [ADT^A28]}"},
    {NULL, "feed.yaml", "on: {hl7: [ORU^R01]}", "on: {hl7: [ZRU^Z01]}"},
    {NULL, "feed.yaml", "on: {hl7: [ORU^R01]}", "on: {hl7: [ADT^A28, ORU^R01]}"},
    {"E204", "feed.yaml", "fhir: Appointment.start", "fhir: @DiagnosticReport.issued"},
    {"E204", "feed.yaml", "coalesce: {by: patient_key, within: 15m}",
     "only_if: {hl7: none, fhir: @status = 'booked', else: drop(x)}"},
    {NULL, "feed.yaml", "coalesce: {by: patient_key, within: 15m}",
     "only_if: {hl7: none, fhir: Appointment.status = 'booked' or Resource.id = 'x', else: "
     "drop(x)}"},
    {NULL, "feed.yaml", "fhir: none\n    table: language",
     "fhir: Patient.communication.language"
     ".coding.code\n    table: language"},
    /* tests */
    {"E205", "feed.yaml", "hl7: PID-3(5=MR).1", "hl7: @PID-3(11=MR).1"},
    {"E205", "feed.yaml", "hl7: PID-3(5=MR).1", "hl7: @PID-3(4.4=MR).1"},
    {"E205", "feed.yaml", "hl7: PID-15.1", "hl7: @PID-8(2=x).1"},
    {NULL, "feed.yaml", "hl7: PID-3(5=MR).1", "hl7: PID-3(4.2=1.2.3&5=MR).1"},
    {"E201", "feed.yaml", "hl7: PID-3(5=MR).1", "hl7: @PDI-3(99=MR.1"},
    /* FHIR */
    {"E211", "feed.yaml", "fhir: Appointment.start", "fhir: @Appointment.begin"},
    {"E211", "feed.yaml", "fhir: Appointment.start", "fhir: @Appointment.class.text"},
    {"E211", "feed.yaml", "Patient.telecom.where(system='phone')",
     "@Patient.telecom.where(sytem='phone')"},
    {"E211", "feed.yaml", "Patient.telecom.where(system='phone').value", "@Patient.phone"},
    {"E211", "feed.yaml", "fhir: Appointment.start",
     "fhir: @Appointment.participant.actor.resolve().ofType(Slott).start"},
    {"E211", "feed.yaml", "fhir: Appointment.start",
     "fhir: @Appointment.slot.resolve().ofType(Slot).begin"},
    {"E211", "feed.yaml", "fhir: Appointment.start",
     "fhir: @Appointment.slot.resolve().ofType(Transport).period"},
    {"E211", "feed.yaml", "fhir: Appointment.start",
     "fhir: @Appointment.extension('urn:x').val.ofType(dateTime)"},
    {"E211", "feed.yaml", "fhir: Appointment}", "fhir: @Transport}"},
    {"E213", "feed.yaml", "Patient.telecom.where(system='phone')",
     "@Patient.telecom.where(Patient.active)"},
    {"E213", "feed.yaml", "Patient.telecom.where(system='phone')",
     "@Patient.telecom.where((Appointment.status) = 'x')"},
    /* unit keys */
    {"E512", "feed.yaml", "    each: {hl7: OBR}\n", ""},
    {"E512", "feed.yaml", "on: {hl7: [ORU^R01]}\n    each: {hl7: OBR}", "on: {hl7: [ZRU^Z01]}"},
    {"E512", "feed.yaml", "result_key: {hl7: OBR-3.1,", "result_key: {hl7: @OBX-3.1,"},
    {NULL, "feed.yaml", "result_key: {hl7: OBR-3.1,", "result_key: {hl7: ORC-3.1,"},
    {"E512", "feed.yaml", "[SCH-2.1, SCH-1.1]", "[SCH-2.1, @AIS-3.1]"},
    {NULL, "feed.yaml", "[SCH-2.1, SCH-1.1]", "[SCH-2.1, PV1-19.1]"},
    {NULL, "feed.yaml", "[SCH-2.1, SCH-1.1]", "[standard.appointment.key, PID-18.1]"},
    {NULL, "feed.yaml", "[PID-13(3=CP), PID-13(2=PRN)]", "standard.patient.phone"},
    {NULL, "feed.yaml", "[SCH-11.4, AIS-4]", "standard.appointment.start"},
    {"E204", "feed.yaml", "hl7: {key: MSH-9.2, table: status}",
     "hl7: {key: @standard.order.status, table: status}"},
};

/* Takes the @ out of the text; its line and column, or 0 without one. */
static void take_mark(char *text, int *line, int *column)
{
    char *at = strstr(text, "@");

    *line = *column = 0;
    while (at && at[1] == '\0')
        at = NULL;
    if (!at)
        return;
    *line = 1;
    for (const char *p = text; p < at; p++) {
        *line += *p == '\n';
        *column = *p == '\n' ? 0 : *column + 1;
    }
    ++*column;
    memmove(at, at + 1, strlen(at));
}

/* What repeats in a message is clinical in most segments, which is a finding of its own. */
static bool is_beside(const struct row *row, const struct finding *f)
{
    return row->code && !strcmp(row->code, "E512") && !strcmp(f->code, "E601");
}

static void check_row(const struct row *row)
{
    char *text = tenant_replace(tenant_text(row->file), row->find, row->put);
    struct tenant t;
    struct arena a = {0};
    struct findings all;
    const struct finding *first = NULL;
    struct feed *f;
    int line, column;
    size_t n = 0;

    take_mark(text, &line, &column);
    tenant_make(&t);
    tenant_write(&t, row->file, text);
    f = feed_load(t.feed, &a, &all);
    for (size_t i = 0; i < all.n; i++)
        if (all.items[i].severity == FINDING_ERROR && !is_beside(row, &all.items[i]) && n++ == 0)
            first = &all.items[i];
    CHECK(row->code ? !f && first && !strcmp(first->code, row->code) : f != NULL, "%s: %s",
          row->put, first ? first->text : "clean");
    if (line && row->code && first)
        CHECK(n == 1 && first->line == line && first->column == column, "%s: %zu errors, at %d:%d",
              row->put, n, first->line, first->column);
    feed_free(f);
    arena_reset(&a);
    tenant_remove(&t);
    free(text);
}

/* A segment that the sender adds is the policy's to name. */
static void test_policy(void)
{
    static const char entry[] = "segments:\n"
                                "  - trigger: SIU^S12\n"
                                "    segment: GT1\n"
                                "    because: this sender adds the guarantor\n"
                                "    by: lead\n    on: 2026-11-20\n    expires: 2027-11-20\n";
    char *feed = tenant_replace(tenant_text("feed.yaml"), "PID-13(2=PRN)]", "GT1-6(3=CP)]");
    char *policy = tenant_replace(tenant_text("policy.yaml"), "declare:", "declare:");
    struct tenant t;

    for (int with = 0; with < 2; with++) {
        struct arena a = {0};
        struct findings all;
        struct feed *f;
        char both[4096];

        tenant_make(&t);
        tenant_write(&t, "feed.yaml", feed);
        snprintf(both, sizeof both, "%s%s", policy, with ? entry : "");
        tenant_write(&t, "policy.yaml", both);
        f = feed_load(t.feed, &a, &all);
        CHECK(with ? f && !all.n_errors
                   : !f && all.n_errors == 1 && !strcmp(all.items[0].code, "E204"),
              "%zu: %s", all.n_errors, all.n ? all.items[0].text : "");
        feed_free(f);
        arena_reset(&a);
        tenant_remove(&t);
    }
    free(feed);
    free(policy);
}

int main(void)
{
    for
        EACH (i, rows)
            check_row(&rows[i]);
    test_policy();
    return check_end();
}
