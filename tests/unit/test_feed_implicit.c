/* Implicit flows: which message is sent, what is carried into later ones, and constants that tell the trigger. One
 * feed a row; '@' marks where the only finding is, and is taken out. docs/feed-language.md, section 13.3. */
#include <stdlib.h>

#include "base/utf8.h"
#include "check.h"
#include "feed/feed.h"
#include "tenant.h"

#define HEAD                                                                                       \
    "feed: small\ntests: []\n"                                                                     \
    "reads: {hl7: \"2.5.1\", fhir: R4}\n"                                                          \
    "uses: {sites: sites.yaml, templates: templates.yaml, tables: tables/, policy: policy.yaml}\n" \
    "values:\n"                                                                                    \
    "  patient_key: {hl7: PID-3(5=MR).1, fhir: \"Patient.identifier.where(use='usual').value\",\n" \
    "    as: pseudonym, else: reject(no number)}\n"                                                \
    "  phone: {hl7: PID-13(3=CP), fhir: \"Patient.telecom.where(use='mobile').value\", as: "       \
    "phone,\n"                                                                                     \
    "    else: drop(no phone)}\n"                                                                  \
    "  language: {hl7: PID-15.1, fhir: none, as: language, else: site.language}\n"                 \
    "  site: "

#define SITE                                                                                       \
    "{hl7: MSH-4.1, fhir: \"Appointment.participant.actor.reference.where("                        \
    "startsWith('Location/'))\",\n    table: site, else: hold(unknown site)}\n"

#define WITH                                                                                       \
    "    with:\n      patient_key: values.patient_key\n      phone: values.phone\n"                \
    "      site: values.site\n"
#define LANGUAGE "      language: values.language\n"

/* Two rules of triggers, guard and lines of their own; then a patient rule or nothing. */
#define FIRST(on, more) "  - rule: first\n    on: " on "\n    emit: visit_finished/1\n" more
#define SECOND(on, more)                                                                           \
    "  - rule: second\n    on: " on "\n    emit: recall_due/1\n" more "      state: due\n"
#define NOTIFY                                                                                     \
    "notify:\n"                                                                                    \
    "  - {on: visit_finished/1, template: visit, params: {site_name: site.name}}\n"                \
    "  - {on: recall_due/1, template: result, params: {site_name: site.name}}\n"

#define A03  "{hl7: [ADT^A03]}"
#define KEY1 "      encounter_key: {hl7: PV1-19.1, as: pseudonym, else: drop(no key)}\n"
#define KEY2 "      recall_key: {hl7: PV1-19.1, as: pseudonym, else: drop(no key)}\n"
#define FKEY1                                                                                      \
    "      encounter_key: {fhir: Encounter.identifier.value, as: pseudonym, else: drop(no key)}\n"
#define FKEY2                                                                                      \
    "      recall_key: {fhir: Appointment.identifier.value, as: pseudonym, else: drop(no key)}\n"
#define HL7(one, two)                                                                              \
    HEAD SITE "rules:\n" FIRST(A03, WITH LANGUAGE one) SECOND(A03, WITH LANGUAGE two) NOTIFY
#define FHIR(one, two)                                                                             \
    HEAD SITE "rules:\n" FIRST("{fhir: Encounter}", one WITH LANGUAGE FKEY1)                       \
        SECOND("{fhir: Appointment}", two WITH LANGUAGE FKEY2) NOTIFY
#define ONLY(condition) "    only_if: {fhir: " condition ", else: drop(no)}\n"
#define RECALL(label, on, more)                                                                    \
    "  - rule: " label "\n    on: {hl7: [" on "]}\n    emit: recall_due/1\n" WITH                  \
    "      recall_key: {hl7: PV1-19.1, as: pseudonym, else: drop(no key)}\n" more
#define PATIENT(guard, more)                                                                       \
    "  - rule: patient\n    on: {hl7: [ADT^A08]}\n" guard "    emit: patient/1\n    with:\n"       \
    "      patient_key: values.patient_key\n      change: update\n" more

static const struct row {
    const char *code; /* NULL: it loads */
    int findings;
    const char *text;
} rows[] = {
    /* values that stop one rule of two with the same trigger */
    {NULL, 0, HL7(KEY1, KEY2)},
    {NULL, 0, HL7(KEY1, "      recall_key: {hl7: PID-18.1, as: pseudonym, else: drop(no key)}\n")},
    {"E802", 1,
     HL7(KEY1, "      recall_key: @{hl7: \"PID-8(1=F)\", as: pseudonym, else: drop(no key)}\n")},
    {"E802", 1,
     HL7("      encounter_key: @{hl7: \"PID-8(1=F)\", as: pseudonym, else: drop(no key)}\n", KEY2)},
    {NULL, 0,
     HL7("      encounter_key: {hl7: \"PID-8(1=F)\", as: pseudonym, else: drop(no key)}\n",
         "      recall_key: {hl7: \"PID-8(1=F)\", as: pseudonym, else: hold(no key)}\n")},
    {"E802", 1,
     HL7(KEY1, "      recall_key: @{hl7: [PID-7, PV1-19.1], as: pseudonym, agree: hold(x),\n"
               "        else: drop(no key)}\n")},
    {"E802", 1,
     HL7(KEY1, "      recall_key: @{hl7: PID-7, as: [digits, pseudonym], else: drop(no key)}\n")},
    {"E802", 1,
     HL7(KEY1,
         "      recall_key: @{hl7: PID-7, as: [\"slice(1,9)\", pseudonym], else: drop(no key)}\n")},
    {NULL, 0,
     HL7(KEY1,
         "      recall_key: {hl7: PID-7, as: [trim, lower, pseudonym], else: drop(no key)}\n")},
    {"E802", 2,
     HEAD SITE "rules:\n" FIRST(A03, WITH LANGUAGE KEY1) SECOND(
         A03,
         "    with:\n      patient_key: values.patient_key\n      site: values.site\n" LANGUAGE KEY2
         "      phone: {hl7: PID-14, as: phone, else: drop(no phone)}\n") NOTIFY},
    /* guards: both kinds, both sides */
    {"E802", 1,
     HEAD SITE "rules:\n" FIRST(A03, "    sensitive: {hl7: @{key: DG1-3.1, ordinary: ordinary}, "
                                     "else: hold(x)}\n" WITH LANGUAGE KEY1)
         SECOND(A03, WITH LANGUAGE KEY2) NOTIFY},
    {"E802", 1,
     HEAD SITE "rules:\n" FIRST(
         "{fhir: Appointment}", ONLY("@Appointment.reasonCode.exists()") WITH LANGUAGE
         "      encounter_key: {fhir: Appointment.identifier.value, as: "
         "pseudonym, else: drop(x)}\n") SECOND("{fhir: Appointment}", WITH LANGUAGE FKEY2) NOTIFY},
    /* resources of one Bundle */
    {NULL, 0, FHIR("", "")},
    {NULL, 0, FHIR(ONLY("Patient.gender = 'female'"), "")},
    {NULL, 0, FHIR(ONLY("Patient.gender = 'female'"), ONLY("Patient.gender = 'female'"))},
    {"E802", 2, FHIR(ONLY("Patient.gender = 'female'"), ONLY("Patient.gender = 'male'"))},
    {NULL, 0,
     FHIR(ONLY("Encounter.reasonCode.text = 'x'"), ONLY("Appointment.reasonCode.text = 'x'"))},
    {NULL, 0, FHIR(ONLY("Encounter.status = 'x'"), ONLY("Appointment.status = 'y'"))},
    {"E802", 2,
     FHIR(ONLY("Encounter.reasonCode.text = 'x'"),
          ONLY("Appointment.slot.resolve().ofType(Encounter).reasonCode.text = 'y'"))},
    {"E802", 2,
     FHIR(ONLY("Encounter.reasonCode.text = 'x'"),
          ONLY("Appointment.slot.resolve().reasonCode.text = 'y'"))},
    {"E802", 2,
     HEAD SITE
     "rules:\n" FIRST("{fhir: Encounter}", ONLY("Patient.gender = 'female'") WITH LANGUAGE FKEY1)
         SECOND("{fhir: Appointment}",
                WITH LANGUAGE "      recall_key: {fhir: \"Patient.identifier.where(use='old')."
                              "value\", as: pseudonym, else: drop(x)}\n") NOTIFY},
    /* what is carried */
    {NULL, 0,
     HEAD SITE "rules:\n" RECALL("recall", "ADT^A03", LANGUAGE "      state: due\n")
         PATIENT("", "      phone: values.phone\n") "notify: []\n"},
    {"E802", 1,
     HEAD SITE "rules:\n" RECALL("recall", "ADT^A03", LANGUAGE "      state: due\n")
         PATIENT("    only_if: {hl7: @DG1-3.1 = B20, else: drop(x)}\n",
                 "      phone: values.phone\n") "notify: []\n"},
    {"E802", 1,
     HEAD SITE "rules:\n" RECALL("recall", "ADT^A03", LANGUAGE "      state: due\n")
         PATIENT("    only_if: {hl7: @DG1-3.1 = B20, else: drop(x)}\n",
                 "      language: en\n") "notify: []\n"},
    {NULL, 0,
     HEAD SITE "rules:\n" RECALL("recall", "ADT^A03", LANGUAGE "      state: due\n")
         PATIENT("    only_if: {hl7: DG1-3.1 = B20, else: drop(x)}\n",
                 "      blocked: {hl7: present(PID-30)}\n") "notify: []\n"},
    {NULL, 0,
     HEAD SITE "rules:\n" RECALL("recall", "ADT^A03", LANGUAGE "      state: due\n")
         PATIENT("    only_if: {hl7: MSH-9.2 = A08, else: drop(x)}\n",
                 "      phone: values.phone\n") "notify: []\n"},
    {"E802", 1,
     HEAD SITE "rules:\n" FIRST(A03, "    only_if: {hl7: @DG1-3.1 = B20, else: drop(x)}\n" WITH
                                     "      language: en\n" KEY1) "notify: []\n"},
    {"E802", 1,
     HEAD SITE
     "rules:\n" FIRST(A03, "    sensitive: {hl7: @{key: DG1-3.1, ordinary: ordinary}, "
                           "else: hold(x)}\n" WITH "      language: en\n" KEY1) "notify: []\n"},
    {NULL, 0,
     HEAD SITE "rules:\n" FIRST(
         A03,
         "    only_if: {hl7: DG1-3.1 = B20, else: drop(x)}\n" WITH LANGUAGE KEY1) "notify: []\n"},
    /* constants */
    {NULL, 0,
     HEAD SITE "rules:\n" RECALL("one", "ADT^A03", "      language: en\n      state: due\n")
         RECALL("two", "ADT^A01", "      language: en\n      state: due\n") "notify: []\n"},
    {"E605", 2,
     HEAD SITE "rules:\n" RECALL("one", "ADT^A03", "      language: en\n      state: due\n")
         RECALL("two", "ADT^A01", "      language: zh-TW\n      state: due\n") "notify: []\n"},
    {"E605", 1,
     HEAD SITE "rules:\n" RECALL("one", "ADT^A03", LANGUAGE "      state: due\n")
         RECALL("two", "ADT^A01", "      language: @en\n      state: due\n") "notify: []\n"},
    {"E605", 1,
     HEAD SITE "rules:\n" RECALL("one", "ADT^A03", LANGUAGE "      state: due\n")
         RECALL("two", "ADT^A01",
                "      language: @{hl7: PID-15.1, as: language, else: en}\n"
                "      state: due\n") "notify: []\n"},
    {NULL, 0,
     HEAD SITE
     "rules:\n" RECALL("one", "ADT^A03", LANGUAGE "      state: due\n      due: \"2027-01-01\"\n")
         RECALL(
             "two", "ADT^A01",
             LANGUAGE
             "      state: overdue\n      due: \"2027-01-01\"\n") "notify:\n  - {on: recall_due/1, "
                                                                  "template: visit, params: "
                                                                  "{site_name: due}}\n"},
    {"E801", 1,
     HEAD SITE
     "rules:\n" RECALL("one", "ADT^A03", LANGUAGE "      state: due\n      due: \"2027-01-01\"\n")
         RECALL(
             "two", "ADT^A01",
             LANGUAGE
             "      state: overdue\n      due: \"2027-02-02\"\n") "notify:\n  - {on: recall_due/1, "
                                                                  "template: visit, params: "
                                                                  "{site_name: @due}}\n"},
    {"E801", 1,
     HEAD SITE
     "rules:\n" RECALL("one", "ADT^A03", LANGUAGE "      state: due\n      due: \"2027-01-01\"\n")
         RECALL("two", "ADT^A01",
                LANGUAGE "      state: overdue\n") "notify:\n  - {on: recall_due/1, template: "
                                                   "visit, params: {site_name: @due}}\n"},
    /* the site decides zone, country and language of an event that has no slot for it */
    {"E601", 2,
     HEAD "{hl7: DG1-3.1, fhir: none, table: site, else: hold(unknown site)}\nrules:\n" PATIENT(
         "", "      phone: values.phone\n      language: values.language\n") "notify: []\n"},
    {"E601", 1,
     HEAD "@{hl7: DG1-3.1, fhir: none, table: site, else: hold(unknown site)}\nrules:\n" RECALL(
         "recall", "ADT^A03", LANGUAGE "      state: due\n")
         PATIENT("", "      phone: values.phone\n") "notify: []\n"},
};

static void print_all(const struct findings *all)
{
    for (size_t i = 0; i < all->n; i++)
        finding_print(&all->items[i], stdout);
}

/* The place of '@', which is taken out; 0 without one. */
static int take_mark(char *text, int *column)
{
    char *at = strchr(text, '@'), *start = text;
    int line = 1;

    if (!at)
        return 0;
    for (char *p = text; p < at; p++)
        if (*p == '\n') {
            start = p + 1;
            line++;
        }
    *column = 1 + (int)(at - start);
    memmove(at, at + 1, strlen(at));
    return line;
}

static size_t errors(const struct findings *all, const char *code)
{
    size_t n = 0;

    for (size_t i = 0; i < all->n; i++)
        if (all->items[i].severity == FINDING_ERROR) {
            CHECK(code && strcmp(all->items[i].code, code) == 0, "%s", all->items[i].code);
            n++;
        }
    return n;
}

static void check_row(const struct tenant *t, size_t i)
{
    const struct row *row = &rows[i];
    char *text = strdup(row->text);
    int column = 0, line = take_mark(text, &column), failed = check_count.failed;
    struct arena a = {0};
    struct findings all;
    struct feed *f;

    tenant_write(t, "feed.yaml", text);
    f = feed_load(t->feed, &a, &all);
    CHECK(!f == (row->code != NULL), "row %zu", i);
    CHECK(errors(&all, row->code) == (size_t)row->findings, "row %zu: %zu findings", i, all.n);
    for (size_t k = 0; line && k < all.n; k++)
        if (all.items[k].severity == FINDING_ERROR)
            CHECK(all.items[k].line == line && all.items[k].column == column && all.items[k].n_flow,
                  "row %zu: wanted %d:%d", i, line, column);
    if (check_count.failed != failed)
        print_all(&all);
    feed_free(f);
    arena_reset(&a);
    free(text);
}

/* What only an overlay reads reaches the template all the same. */
static void check_overlay(const struct tenant *t)
{
    static const char feed[] = HEAD SITE
        "  due: {hl7: none, fhir: none, as: date, else: none}\n"
        "rules:\n" RECALL(
            "one", "ADT^A03",
            LANGUAGE "      state: due\n      due: values.due\n") "notify:\n  - {on: recall_due/1, "
                                                                  "template: visit, params: "
                                                                  "{site_name: due}}\n";
    struct arena a = {0};
    struct findings all;
    struct feed *f;

    tenant_write(t, "feed.yaml", feed);
    f = feed_load(t->feed, &a, &all);
    CHECK(f, "nothing to show");
    feed_free(f);
    tenant_write(t, "overlays/lion.yaml",
                 "overlay: {of: small, for: MSH-4.1 in (LION)}\n"
                 "values: {due: {hl7: PV2-8}}\ntests: []\n");
    f = feed_load(t->feed, &a, &all);
    CHECK(!f && errors(&all, "E801") == 1, "%zu findings", all.n);
    feed_free(f);
    arena_reset(&a);
}

int main(void)
{
    struct tenant t;
    char overlay[512];

    tenant_make(&t);
    CHECK(remove(temp_folder_file(&t.folder, "overlays/lion.yaml", overlay)) == 0, "remove");
    for
        EACH (i, rows)
            check_row(&t, i);
    check_overlay(&t);
    tenant_remove(&t);
    return check_end();
}
