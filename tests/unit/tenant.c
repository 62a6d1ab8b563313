#include "tenant.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const char feed_text[] =
    "feed: small\n"
    "reads: {hl7: \"2.5.1\", fhir: R4}\n"
    "uses: {sites: sites.yaml, templates: templates.yaml, tables: tables/, policy: policy.yaml}\n"
    "values:\n"
    "  site:\n"
    "    hl7: [AIL-3.1, MSH-4.1]\n"
    "    fhir: "
    "Appointment.participant.actor.reference.where(startsWith('Location/')).select(substring(9))\n"
    "    table: site\n"
    "    else: hold(unknown site)\n"
    "  patient_key:\n"
    "    hl7: PID-3(5=MR).1\n"
    "    fhir: Patient.identifier.where(type.coding.code='MR').value\n"
    "    as: pseudonym\n"
    "    else: reject(no medical record number)\n"
    "  phone:\n"
    "    hl7: [PID-13(3=CP), PID-13(2=PRN)]\n"
    "    fhir: Patient.telecom.where(system='phone').value\n"
    "    as: phone\n"
    "    else: drop(no usable phone)\n"
    "  language:\n"
    "    hl7: PID-15.1\n"
    "    fhir: none\n"
    "    table: language\n"
    "    else: site.language\n"
    "rules:\n"
    "  - rule: booking\n"
    "    on: {hl7: [SIU^S12, SIU^S15], fhir: Appointment}\n"
    "    emit: appointment/1\n"
    "    coalesce: {by: patient_key, within: 15m}\n"
    "    with:\n"
    "      patient_key: values.patient_key\n"
    "      phone: values.phone\n"
    "      language: values.language\n"
    "      site: values.site\n"
    "      visit_key:\n"
    "        hl7: [SCH-2.1, SCH-1.1]\n"
    "        fhir: Appointment.identifier.value\n"
    "        as: pseudonym\n"
    "        else: reject(no appointment id)\n"
    "      status:\n"
    "        hl7: {key: MSH-9.2, table: status}\n"
    "        fhir: {key: Appointment.status, table: status}\n"
    "        else: hold(unmapped status)\n"
    "      start:\n"
    "        hl7: [SCH-11.4, AIS-4]\n"
    "        fhir: Appointment.start\n"
    "        as: instant\n"
    "        agree: warn\n"
    "        else: hold(no start time)\n"
    "  - rule: result\n"
    "    on: {hl7: [ORU^R01]}\n"
    "    each: {hl7: OBR}\n"
    "    only_if: {hl7: \"OBR-25 in (F, C)\", else: drop(not final)}\n"
    "    sensitive:\n"
    "      hl7: {key: OBR-4.1, ordinary: ordinary}\n"
    "      else: hold(needs clinician release)\n"
    "    emit: result_ready/1\n"
    "    with:\n"
    "      patient_key: values.patient_key\n"
    "      phone: values.phone\n"
    "      language: values.language\n"
    "      site: values.site\n"
    "      result_key: {hl7: OBR-3.1, as: pseudonym, else: reject(no filler number)}\n"
    "notify:\n"
    "  - on: appointment/1\n"
    "    when: status in (booked, moved)\n"
    "    template: visit\n"
    "    params: {site_name: site.name}\n"
    "  - {on: result_ready/1, template: result, params: {site_name: site.name}}\n"
    "tests:\n"
    "  - test: booked\n"
    "    given: samples/s12.hl7\n"
    "    expect:\n"
    "      - appointment/1: {status: booked, phone: \"+886912345678\"}\n"
    "      - send: {template: visit, language: zh_TW}\n";

static const char sites_text[] =
    "KH: {zone: Asia/Taipei, country: TW, language: zh-TW, name: {zh-TW: 北院門診, en: North}}\n"
    "SG: {zone: Asia/Singapore, country: SG, language: en, name: {zh-TW: 獅城診所, en: Lion}}\n";

static const char templates_text[] = "visit:\n"
                                     "  category: UTILITY\n"
                                     "  shows: directory\n"
                                     "  params: [site_name]\n"
                                     "  body:\n"
                                     "    zh-TW: \"您在{{1}}的預約有更新。\"\n"
                                     "    en: \"An update from {{1}}.\"\n"
                                     "result:\n"
                                     "  category: UTILITY\n"
                                     "  params: [site_name]\n"
                                     "  format: named\n"
                                     "  body:\n"
                                     "    zh-TW: \"您在{{site_name}}有新訊息。\"\n"
                                     "    en: \"A message from {{site_name}}.\"\n";

static const char policy_text[] = "policy: small\n"
                                  "declare:\n"
                                  "  - path: ZPI-4\n"
                                  "    class: contact\n"
                                  "    because: the desk puts the mobile here\n"
                                  "    by: lead\n"
                                  "    on: 2026-11-20\n"
                                  "    expires: 2027-11-20\n";

static const char overlay_text[] = "overlay: {of: small, for: MSH-4.1 in (LION)}\n"
                                   "values:\n"
                                   "  phone: {hl7: [ZPI-4, PID-13(3=CP)]}\n"
                                   "tests: []\n";

static const char s12_text[] =
    "MSH|^~\\&|EPIC|KH|TIDINGS|NORTH|20250301081500+0800||SIU^S12|M1|P|2.5.1\n"
    "SCH|A1|F1^EPIC|||||CHK||30|min|^^30^20250304093000^20250304100000\n"
    "PID|1||MRN1^^^KH^MR||王^小明||19800101|M|||||0912-345-678^PRN^CP||zho\n"
    "RGS|1|A\n"
    "AIS|1|A|CHK|20250304093000\n"
    "AIL|1|A|KH\n";

static const char r01_text[] =
    "MSH|^~\\&|LAB|KH|TIDINGS|NORTH|20250302101500+0800||ORU^R01|M2|P|2.5.1\n"
    "PID|1||MRN1^^^KH^MR||王^小明||19800101|M|||||0912-345-678^PRN^CP||zho\n"
    "ORC|RE|P77|F77\n"
    "OBR|1|P77|F77|58410-2|||20250301090000|||||||||||||||20250302101000||HM|F\n"
    "OBX|1|NM|718-7||13.5|g/dL|||||F\n";

static const struct {
    const char *file, *text;
} files[] = {
    {"feed.yaml", feed_text},
    {"sites.yaml", sites_text},
    {"templates.yaml", templates_text},
    {"policy.yaml", policy_text},
    {"tables/site.csv", "from,to\nKH,KH\nLION,SG\n"},
    {"tables/status.csv", "from,to\nS12,booked\nS15,cancelled\nbooked,booked\n"},
    {"tables/language.csv", "from,to\nzho,zh-TW\neng,en\n"},
    {"tables/ordinary.csv", "from,to\n58410-2,ordinary\n"},
    {"overlays/lion.yaml", overlay_text},
    {"samples/s12.hl7", s12_text},
    {"samples/r01.hl7", r01_text},
};

enum { FILES = sizeof(files) / sizeof(files[0]) };

void tenant_write(const struct tenant *t, const char *file, const char *text)
{
    char path[512];
    FILE *out = fopen(temp_folder_file(&t->folder, file, path), "wb");

    if (!out || fwrite(text, 1, strlen(text), out) != strlen(text) || fclose(out) != 0) {
        perror(path);
        exit(99);
    }
}

void tenant_make(struct tenant *t)
{
    static const char *const folders[] = {"tables", "overlays", "samples"};
    char path[512];

    temp_folder_make(&t->folder);
    temp_folder_file(&t->folder, "feed.yaml", t->feed);
    for (size_t i = 0; i < 3; i++)
        if (mkdir(temp_folder_file(&t->folder, folders[i], path), 0700) != 0) {
            perror(path);
            exit(99);
        }
    for (size_t i = 0; i < FILES; i++)
        tenant_write(t, files[i].file, files[i].text);
}

void tenant_remove(struct tenant *t)
{
    temp_folder_remove(&t->folder);
}

const char *tenant_text(const char *file)
{
    for (size_t i = 0; i < FILES; i++)
        if (strcmp(files[i].file, file) == 0)
            return files[i].text;
    printf("the tenant has no %s\n", file);
    exit(99);
}

char *tenant_replace(const char *text, const char *find, const char *put)
{
    const char *at = strstr(text, find);
    size_t size = strlen(text) + strlen(put) + 1;
    char *out = malloc(size);

    if (!at || !out) {
        printf("the text has no \"%s\"\n", find);
        exit(99);
    }
    (void)snprintf(out, size, "%.*s%s%s", (int)(at - text), text, put, at + strlen(find));
    return out;
}
