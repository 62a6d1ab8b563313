#include "leak_feed.h"

/* '@' is the secret, '#' what the policy says may be shown. */
static const char hl7_text[] =
    "MSH|^~\\&|E|KH|||20250301081500+0800||ZAD^A10|M1|P|2.5.1\n"
    "SCH|1||||||x^@\n"
    "PID|1||M1^^^^MR~@^^^^XX||@^@||@|@||x^@|1^2^@||@^^PH~0912345678^^CP||eng||||@\n"
    "PV1|1||||||||||||||||||@|||||||||||||||||||||||||||@\n"
    "ORC|RE|@|@\nOBR|1|@|@|@^@|||||||||@\n"
    "OBX|1|ST|@||@~@|@\nDG1|1||@|@\nNTE|1||@\nAL1|1||x^@\n"
    "IN1|1|||||||||||||||||||||||||||||||||||@\n"
    "ZPI|1|||@|||||#\nZZZ|x^@\n";

#define CODED(name) "\"" name "\":{\"coding\":[{\"code\":\"@\",\"display\":\"@\"}],\"text\":\"@\"}"
#define SECRET      "{\"url\":\"urn:secret\",\"valueString\":\"@\"}"
#define SUBJECT     "\"subject\":{\"reference\":\"Patient/p\",\"display\":\"@\"}"

static const char fhir_text[] =
    "{\"resourceType\":\"Bundle\",\"type\":\"collection\",\"entry\":["
    "{\"resource\":{\"resourceType\":\"Patient\",\"id\":\"p\",\"text\":{\"status\":\"@\"},"
    "\"identifier\":[{\"type\":{\"coding\":[{\"code\":\"MR\"}]},\"value\":\"M1\"},"
    "{\"type\":{\"coding\":[{\"code\":\"XX\"}]},\"value\":\"@\"}],"
    "\"name\":[{\"family\":\"@\",\"given\":[\"@\"]}],\"birthDate\":\"@\","
    "\"_birthDate\":{\"extension\":[" SECRET "]},\"gender\":\"@\",\"address\":[{\"city\":\"@\"}],"
    "\"telecom\":[{\"system\":\"email\",\"value\":\"@\"},"
    "{\"system\":\"phone\",\"value\":\"0912345678\"}],\"contact\":[{\"name\":{\"family\":\"@\"}}],"
    "\"deceasedDateTime\":\"@\",\"managingOrganization\":{\"reference\":\"Organization/KH\"},"
    "\"extension\":[{\"url\":\"urn:shown\",\"valueString\":\"#\"}," SECRET "]}},"
    "{\"resource\":{\"resourceType\":\"Observation\",\"id\":\"o\"," SUBJECT "," CODED(
        "code") ","
                "\"identifier\":[{\"value\":\"@\"}],\"valueString\":\"@\",\"note\":[{\"text\":\"@"
                "\"}],"
                "\"component\":[{\"valueString\":\"@\"}],\"interpretation\":[{\"text\":\"@\"}],"
                "\"extension\":[" SECRET "]}},"
                "{\"resource\":{\"resourceType\":\"DiagnosticReport\",\"id\":\"d\"," SUBJECT
                "," CODED("code") ","
                                  "\"identifier\":[{\"value\":\"@\"}],\"conclusion\":\"@\","
                                  "\"conclusionCode\":[{\"text\":\"@\"}]}},"
                                  "{\"resource\":{\"resourceType\":\"Appointment\",\"id\":\"a\","
                                  "\"description\":\"@\","
                                  "\"comment\":\"@\",\"reasonCode\":[{\"text\":\"@\"}],"
                                  "\"participant\":[{\"actor\":{\"reference\":\"Patient/p\"}}]}}]}";

const struct shown leak_slots[LEAK_SLOTS] = {
    {"ticket",
     "queue_called/1",
     "ticket_key",
     "state: called",
     "text",
     {"XQ90317", "XQ90317"},
     {"KB22222", "KB22222"},
     "90317",
     "KB22222"},
    {"ahead",
     "queue_called/1",
     "ticket_key",
     "state: called",
     "text",
     {"739", "739"},
     {"555", "555"},
     "739",
     "555"},
    {"collect_by",
     "prescription_ready/1",
     "prescription_key",
     "state: ready",
     "date",
     {"20310717", "2031-07-17"},
     {"20290203", "2029-02-03"},
     "2031",
     "3 February 2029"},
    {"finished_at",
     "visit_finished/1",
     "encounter_key",
     "state: finished",
     "instant",
     {"203107171333", "2031-07-17T13:33:00+08:00"},
     {"202902031111", "2029-02-03T11:11:00+08:00"},
     "2031",
     "3 February 2029, 11:11"},
};

static const char *or_else(const char *text, const char *usual)
{
    return text ? text : usual;
}

static void write_feed(const struct tenant *t, const struct mutant *m)
{
    struct buf b = buf_new(LEAK_TEXT_MOST);

    buf_printf(
        &b,
        "feed: leak\nreads: {hl7: \"2.5.1\", fhir: R4}\n"
        "uses: {sites: sites.yaml, templates: templates.yaml, tables: tables/, policy: "
        "policy.yaml}\n"
        "values:\n"
        "  site: {hl7: MSH-4.1, fhir: Patient.managingOrganization.reference.select(substring(13)),"
        " table: site, else: hold(unknown site)}\n"
        "  patient_key: {hl7: PID-3(5=MR).1, fhir: "
        "\"Patient.identifier.where(type.coding.code='MR')"
        ".value\", as: pseudonym, else: reject(no record number)}\n"
        "  phone: {hl7: PID-13(3=CP), fhir: \"Patient.telecom.where(system='phone').value\","
        " as: phone, else: drop(no phone)}\n"
        "  language: {hl7: PID-15.1, fhir: none, table: language, else: site.language}\n"
        "%s"
        "  probe:\n    hl7: %s\n    fhir: %s\n    as: %s\n    else: %s\n%s",
        or_else(m->values, ""), or_else(m->hl7, OPEN_HL7), or_else(m->fhir, "\"" OPEN_FHIR "\""),
        m->of->as, or_else(m->otherwise, "none"), or_else(m->table, ""));
    buf_printf(&b,
               "rules:\n  - rule: probe\n"
               "    on: {hl7: [ZAD^A10], fhir: [Observation, DiagnosticReport, Appointment]}\n%s"
               "    emit: %s\n    with:\n      patient_key: values.patient_key\n"
               "      phone: values.phone\n      language: values.language\n"
               "      site: values.site\n      %s: values.patient_key\n      %s\n"
               "      %s: values.%s\n",
               or_else(m->only_if, ""), m->of->event, m->of->key, or_else(m->state, m->of->state),
               m->of->slot, or_else(m->bound, "probe"));
    buf_printf(&b, "notify:\n  - {on: %s, %s template: plain, params: {shown: %s}}\ntests: []\n",
               m->of->event, or_else(m->when, ""), or_else(m->param, m->of->slot));
    tenant_write(t, "feed.yaml", b.p);
    buf_reset(&b);
}

#define WHY "because: a test, by: lead, on: 2026-11-20, expires: 2027-11-20}\n"

static void write_others(const struct tenant *t, const struct mutant *m)
{
    struct buf b = buf_new(LEAK_TEXT_MOST);

    buf_printf(&b, "policy: leak\ndeclare:\n  - {path: " OPEN_HL7 ", class: directory, " WHY
                   "  - {path: \"" OPEN_FHIR "\", class: directory, " WHY);
    if (m->declare)
        buf_printf(&b, "  - {path: \"%s\", class: directory, " WHY, m->declare);
    if (m->ceiling)
        buf_printf(&b, "ceiling:\n  - {template: plain, shows: %s, " WHY, m->ceiling);
    tenant_write(t, "policy.yaml", b.p);
    buf_reset(&b);
    buf_printf(&b,
               "plain:\n  category: UTILITY\n  shows: %s\n  params: [shown]\n"
               "  body: {en: \"It is {{1}} now.\"}\n",
               or_else(m->shows, "directory"));
    tenant_write(t, "templates.yaml", b.p);
    buf_reset(&b);
    buf_printf(&b,
               "overlay:\n  of: leak\n  for: {hl7: MSH-4.1 in (KH), fhir: "
               "\"Patient.managingOrganization.reference.exists()\"}\n"
               "values: {%s}\n",
               or_else(m->overlay, ""));
    tenant_write(t, "overlays/lion.yaml", b.p);
    buf_reset(&b);
}

void leak_tables(const struct tenant *t)
{
    tenant_write(t, "sites.yaml",
                 "KH: {zone: Asia/Taipei, country: TW, language: en, name: {en: North}}\n");
    tenant_write(t, "tables/site.csv", "from,to\nKH,KH\n");
    tenant_write(t, "tables/language.csv", "from,to\neng,en\n");
    tenant_write(t, "tables/number.csv", "from,to\nXQ90317,1\n739,1\nKB22222,2\n555,2\n");
    tenant_write(t, "tables/state.csv", "from,to\nXQ90317,called\n");
}

void leak_write(const struct tenant *t, const struct mutant *m)
{
    write_feed(t, m);
    write_others(t, m);
}

void leak_message(const struct shown *of, int side, struct buf *out)
{
    for (const char *text = side ? fhir_text : hl7_text; *text; text++) {
        if (*text == '@')
            buf_add(out, str_of(of->secret[side]));
        else if (*text == '#')
            buf_add(out, str_of(of->open[side]));
        else
            buf_add_char(out, *text);
    }
}
