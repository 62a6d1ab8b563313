/* Loading: one broken snippet a row, and the place and code of every finding it makes. In the text put in,
 * '@' marks where the finding is; it is taken out before the file is written. */
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/utf8.h"
#include "check.h"
#include "feed/feed.h"
#include "tenant.h"

/* The place of the first '@' in `text`, which is taken out. */
static void take_mark(char *text, int *line, int *column)
{
    char *at = strchr(text, '@'), *start = text;
    struct str head;

    *line = 1;
    *column = 1;
    if (!at) {
        printf("no mark in the text\n");
        exit(99);
    }
    for (char *p = text; p < at; p++)
        if (*p == '\n') {
            start = p + 1;
            ++*line;
        }
    for (head = (struct str){start, (size_t)(at - start)}; head.n; ++*column)
        utf8_next(&head);
    memmove(at, at + 1, strlen(at));
}

static const struct row {
    const char *code;
    const char *file; /* broken by replacing `find` with `put` */
    const char *find, *put;
} rows[] = {
    /* text */
    {"E001", "sites.yaml", "North", "N@\xF8rth"},
    {"E002", "feed.yaml", "    hl7: PID-15.1", "@\thl7: PID-15.1"},
    {"E003", "feed.yaml", "hl7: [SCH-11.4, AIS-4]", "hl7: [SCH-11.4, AIS-4\n        fhir@: x"},
    {"E004", "feed.yaml", "values:\n", "values: @&all\n"},
    {"E005", "feed.yaml", "within: 15m", "within: @!!int 15"},
    {"E006", "feed.yaml", "hl7: PID-15.1",
     "hl7: @[PID-15.1, PID-15.1, PID-15.1, PID-15.1, PID-15.1, PID-15.1, PID-15.1, PID-15.1,\n"
     "          PID-15.1, PID-15.1, PID-15.1, PID-15.1, PID-15.1, PID-15.1, PID-15.1, PID-15.1,\n"
     "          PID-15.1, PID-15.1, PID-15.1, PID-15.1, PID-15.1, PID-15.1, PID-15.1, PID-15.1,\n"
     "          PID-15.1, PID-15.1, PID-15.1, PID-15.1, PID-15.1, PID-15.1, PID-15.1, PID-15.1,\n"
     "          PID-15.1]"},
    {"E007", "feed.yaml", "sites: sites.yaml", "sites: @../sites.yaml"},
    {"E007", "feed.yaml", "sites: sites.yaml", "sites: @/etc/passwd"},
    {"E007", "feed.yaml", "policy: policy.yaml", "policy: @nobody.yaml"},
    {"E008", "overlays/lion.yaml", "of: small", "of: @large"},
    {"E009", "feed.yaml", "policy: policy.yaml", "policy: @sites.yaml"},
    {"E009", "feed.yaml", "feed: small", "@fede: small"},
    {"E009", "policy.yaml", "policy: small", "policy: @other"},
    /* shape */
    {"E101", "feed.yaml", "    else: site.language", "    else: site.language\n    @esle: none"},
    {"E101", "templates.yaml", "params: [site_name]\n  body",
     "@pin: abc\n  params: [site_name]\n  body"},
    {"E102", "feed.yaml", "    as: phone\n", "    as: phone\n    @as: phone\n"},
    {"E103", "feed.yaml", "  - on: appointment/1", "  - @what\n  - on: appointment/1"},
    {"E103", "feed.yaml", "values:\n", "@keyspace:\nvalues:\n"},
    {"E103", "feed.yaml", "    emit: result_ready/1\n", "    emit: @[result_ready/1]\n"},
    {"E103", "feed.yaml", "SIU^S12, SIU^S15", "SIU^S12, @SIU-S15"},
    {"E103", "feed.yaml", "SIU^S12, SIU^S15", "SIU^S12, @appointment.canceled"},
    {"E103", "feed.yaml", "- rule: result\n", "- rule: @booking\n"},
    {"E103", "sites.yaml", "KH:", "@kh:"},
    {"E104", "feed.yaml", "\"OBR-25 in (F, C)\"", "@\"OBR-25 in (F, C\""},
    {"E104", "feed.yaml", "status in (booked, moved)", "@status inn (booked)"},
    {"E105", "feed.yaml", "within: 15m", "within: @15"},
    {"E105", "feed.yaml", "within: 15m", "within: @2h"},
    {"E105", "feed.yaml", "hold(no start time)", "@hold()"},
    {"E105", "policy.yaml", "2026-11-20", "@2026-11-31"},
    {"E106", "policy.yaml", "class: contact", "class: @secret"},
    {"E106", "templates.yaml", "category: UTILITY", "category: @MARKETING"},
    {"E106", "feed.yaml", "{hl7: OBR}", "{hl7: @OBX}"},
    {"E106", "feed.yaml", "fhir: R4", "fhir: @R3"},
    /* values */
    {"E110", "feed.yaml", "language: values.language\n", "language: @values.langauge\n"},
    {"E112", "feed.yaml", "  language:\n    hl7: PID-15.1\n    fhir: none\n",
     "  language:\n    @hl7: PID-15.1\n"},
    {"E120", "overlays/lion.yaml", "tests: []", "@notify: []"},
    {"E120", "overlays/lion.yaml", "  phone:", "  @fax:"},
    {"E120", "overlays/lion.yaml", "MSH-4.1 in (LION)", "@PID-13 in (LION)"},
    {"E120", "overlays/lion.yaml", "MSH-4.1 in (LION)", "@not MSH-4.1 in (LION)"},
    {"E201", "feed.yaml", "hl7: PID-3(5=MR).1", "hl7: @PID-3(5=MR.1"},
    {"E201", "feed.yaml", "hl7: [SCH-11.4, AIS-4]", "hl7: @standard.appointment.begin"},
    {"E201", "policy.yaml", "ZPI-4", "@ZPI-0"},
    {"E201", "feed.yaml", "\"OBR-25 in (F, C)\"", "@\"OBR-0 in (F, C)\""},
    {"E210", "feed.yaml", "fhir: Appointment.start", "fhir: @Appointment.where("},
    {"E212", "feed.yaml", "fhir: Appointment.start", "fhir: @Appointment.repeat(item)"},
    {"E301", "feed.yaml", "table: language", "table: @langage"},
    {"E302", "feed.yaml", "as: phone", "as: @phon"},
    {"E303", "tables/status.csv", "S12,booked", "S12,@boked"},
    {"E303", "tables/site.csv", "LION,SG", "LION,@XX"},
    {"E303", "tables/ordinary.csv", "58410-2,ordinary", "58410-2,@harmless"},
    {"E304", "feed.yaml", "as: phone", "as: [phone, @lower]"},
    {"E304", "feed.yaml",
     "      start:\n        hl7: [SCH-11.4, AIS-4]\n        fhir: Appointment.start\n"
     "        as: instant\n        agree: warn\n        else: hold(no start time)\n",
     "      start: @values.phone\n"},
    {"E305", "feed.yaml", "hl7: {key: MSH-9.2, table: status}", "hl7: @MSH-9.2"},
    {"E401", "feed.yaml", "{hl7: OBR-3.1, as: pseudonym, else: reject(no filler number)}",
     "@{hl7: OBR-3.1, as: pseudonym}"},
    {"E402", "feed.yaml", "else: drop(no usable phone)", "else: @\"+886912345678\""},
    {"E402", "feed.yaml", "else: hold(unmapped status)", "else: @booked"},
    {"E402", "feed.yaml", "else: hold(unknown site)", "else: @KH"},
    {"E403", "sites.yaml", "zone: Asia/Taipei", "zone: @Taipei"},
    {"E403", "sites.yaml", "KH: {zone: Asia/Taipei, ", "@KH: {"},
    {"E404", "feed.yaml", "else: site.language", "else: @site.zip"},
    {"E405", "feed.yaml", "else: drop(no usable phone)", "else: @none"},
    {"E405", "feed.yaml", "else: drop(not final)", "else: @site.language"},
    /* events */
    {"E501", "feed.yaml", "emit: appointment/1", "emit: @appointmnt/1"},
    {"E502", "feed.yaml",
     "    with:\n      patient_key: values.patient_key\n      phone: values.phone\n"
     "      language: values.language\n      site: values.site\n      visit_key",
     "    @with:\n      phone: values.phone\n      language: values.language\n"
     "      site: values.site\n      visit_key"},
    {"E503", "feed.yaml", "      status:\n", "      @colour: red\n      status:\n"},
    {"E504", "feed.yaml", "{hl7: OBR-3.1, as: pseudonym,", "@{hl7: OBR-3.1,"},
    {"E505", "feed.yaml", "status in (booked, moved)", "@status in (done)"},
    {"E506", "feed.yaml", "      site: values.site\n      visit_key",
     "      site: @values.language\n      visit_key"},
    {"E510", "feed.yaml", "notify:\n",
     "  - @rule: again\n    on: {hl7: [ORU^R01]}\n    each: {hl7: OBR}\n    sensitive:\n"
     "      hl7: {key: OBR-4.1, ordinary: ordinary}\n      else: hold(needs clinician release)\n"
     "    emit: result_ready/1\n    with:\n      patient_key: values.patient_key\n"
     "      phone: values.phone\n      language: values.language\n      site: values.site\n"
     "      result_key: {hl7: OBR-2.1, as: pseudonym, else: reject(no filler number)}\nnotify:\n"},
    {"E511", "feed.yaml", "tests:\n",
     "  - {on: @result_ready/1, template: result, params: {site_name: site.name}}\ntests:\n"},
    {"E512", "feed.yaml", "hl7: [SCH-2.1, SCH-1.1]", "hl7: [@AIS-1, SCH-1.1]"},
    {"E602", "feed.yaml",
     "    sensitive:\n      hl7: {key: OBR-4.1, ordinary: ordinary}\n"
     "      else: hold(needs clinician release)\n    emit",
     "    @emit"},
    {"E602", "feed.yaml", "      hl7: {key: OBR-4.1, ordinary: ordinary}", "      hl7: @none"},
    {"E603", "feed.yaml", "else: hold(needs clinician release)", "else: @site.language"},
    /* notify */
    {"E701", "feed.yaml", "template: result,", "template: @resutl,"},
    {"E702", "feed.yaml", "    params: {site_name: site.name}\n", "    @params: {}\n"},
    {"E703", "feed.yaml", "    params: {site_name: site.name}\n",
     "    params: {site_name: site.name, @drug: site.name}\n"},
    {"E704", "feed.yaml", "    params: {site_name: site.name}\n",
     "    params: {site_name: @PID-5}\n"},
    {"E705", "templates.yaml",
     "visit:\n  category: UTILITY\n  shows: directory\n  params: [site_name]\n  body:\n"
     "    zh-TW: \"您在{{1}}的預約有更新。\"\n",
     "@visit:\n  category: UTILITY\n  shows: directory\n  params: [site_name]\n  body:\n"},
    {"E706", "templates.yaml", "\"An update from {{1}}.\"", "@\"{{1}} has an update.\""},
    {"E706", "templates.yaml", "\"An update from {{1}}.\"", "@\"An update.\""},
    {"E706", "templates.yaml", "\"An update from {{1}}.\"", "@\"From {{1}} {{2}}.\""},
    {"E706", "templates.yaml", "\"An update from {{1}}.\"", "@\"From {{2}}.\""},
    {"E707", "sites.yaml", "en: North", "en: @\"North\\nClinic\""},
    {"E709", "sites.yaml",
     "KH: {zone: Asia/Taipei, country: TW, language: zh-TW, name: {zh-TW: 北院門診, en: North}}",
     "KH: @{zone: Asia/Taipei, country: TW, language: zh-TW, name: {zh-TW: 北院門診}}"},
    {"E710", "feed.yaml", "  - {on: result_ready/1, template: result,",
     "  - {on: result_ready/1, @before: [24h], template: result,"},
    {"E103", "feed.yaml", "    template: visit\n", "    before: @[]\n    template: visit\n"},
    {"E105", "feed.yaml", "    template: visit\n", "    before: [@soon]\n    template: visit\n"},
    {"E105", "feed.yaml", "    template: visit\n", "    before: [@30s]\n    template: visit\n"},
    {"E105", "feed.yaml", "    template: visit\n", "    before: [@366d]\n    template: visit\n"},
    {"E105", "feed.yaml", "    template: visit\n",
     "    before: [24h, @1440m]\n    template: visit\n"},
    {"E006", "feed.yaml", "    template: visit\n",
     "    before: @[1h, 2h, 3h, 4h, 5h, 6h, 7h, 8h, 9h]\n    template: visit\n"},
    {"E511", "feed.yaml", "tests:\n",
     "  - {on: appointment/1, before: [24h], template: visit, params: {site_name: site.name}}\n"
     "  - {on: @appointment/1, before: [2h], template: visit, params: {site_name: site.name}}\n"
     "tests:\n"},
    {"E503", "feed.yaml", "tests:\n",
     "  - {on: appointment/1, when: @\"state = ready\", before: [24h], template: visit,\n"
     "     params: {site_name: site.name}}\ntests:\n"},
    {"E803", "policy.yaml", "declare:\n", "log: [site, @status]\ndeclare:\n"},
    {"E803", "policy.yaml", "declare:\n", "log: [@language]\ndeclare:\n"},
    {"E503", "policy.yaml", "declare:\n", "log: [@PID-5]\ndeclare:\n"},
    /* terms of a template */
    {"E103", "templates.yaml", "  shows: directory\n",
     "  shows: directory\n  replies: [confirm, @confirm]\n  button: none\n"},
    {"E106", "templates.yaml", "  shows: directory\n",
     "  shows: directory\n  replies: [@maybe]\n  button: none\n"},
    {"E105", "templates.yaml", "  shows: directory\n", "  shows: directory\n  ttl: @29s\n"},
    {"E105", "templates.yaml", "  shows: directory\n", "  shows: directory\n  ttl: @13h\n"},
    {"E105", "templates.yaml", "  shows: directory\n", "  shows: directory\n  ttl: @31d\n"},
    {"E105", "templates.yaml", "  format: named\n",
     "  format: named\n  resend_unknown_after: @9m\n"},
    /* flow */
    {"E601", "feed.yaml", "      status:\n        hl7: {key: MSH-9.2, table: status}",
     "      status:\n        @hl7: {key: OBX-5, table: status}"},
    {"E605", "feed.yaml", "    hl7: [AIL-3.1, MSH-4.1]", "    @hl7: [AIL-3.1, PID-5]"},
    {"E801", "feed.yaml", "    params: {site_name: site.name}\n",
     "    params: {site_name: @start}\n"},
    {"E802", "feed.yaml", "status in (booked, moved)", "@phone in (x)"},
    {"E804", "policy.yaml",
     "  - path: ZPI-4\n    class: contact\n    because: the desk puts the mobile here\n",
     "  - @path: ZPI-4\n    class: contact\n"},
    {"E804", "policy.yaml", "path: ZPI-4\n    class: contact", "path: PID-5\n    class: @public"},
    {"E805", "templates.yaml", "shows: directory", "shows: @logistics"},
    {"E805", "policy.yaml", "declare:\n",
     "ceiling:\n  - template: visit\n    shows: @contact\n    because: a test\n    by: lead\n"
     "    on: 2026-11-20\n    expires: 2027-11-20\ndeclare:\n"},
    {"E805", "policy.yaml", "declare:\n",
     "ceiling:\n  - template: visit\n    shows: @identifier\n    because: a test\n    by: lead\n"
     "    on: 2026-11-20\n    expires: 2027-11-20\ndeclare:\n"},
    {"E805", "policy.yaml", "declare:\n",
     "ceiling:\n  - template: visit\n    shows: @directory\n    because: a test\n    by: lead\n"
     "    on: 2026-11-20\n    expires: 2027-11-20\ndeclare:\n"},
};

static const struct row warnings[] = {
    {"W901", "feed.yaml", "rules:\n", "  @fax: {hl7: PID-14, fhir: none, else: none}\nrules:\n"},
    {"W902", "feed.yaml", "tables: tables/", "tables: @tables/"},
    {"W902", "templates.yaml", "result:\n",
     "@spare:\n  category: UTILITY\n  body: {zh-TW: 甲, en: a}\nresult:\n"},
    {"W908", "templates.yaml", "  shows: directory\n",
     "  shows: directory\n  @replies: [confirm]\n"},
    {"W904", "feed.yaml",
     "        hl7: [SCH-11.4, AIS-4]\n        fhir: Appointment.start\n"
     "        as: instant\n        agree: warn\n",
     "        hl7: @[SCH-11.4, AIS-4]\n        fhir: Appointment.start\n        as: instant\n"},
};

/* The text of row's file once broken, and the place of the mark. */
static char *broken(const struct row *row, int *line, int *column)
{
    char *text = tenant_replace(tenant_text(row->file), row->find, row->put);

    take_mark(text, line, column);
    return text;
}

static void print_all(const struct findings *all)
{
    for (size_t i = 0; i < all->n; i++)
        finding_print(&all->items[i], stdout);
}

/* Exactly one finding of that severity, at the mark, with that code. */
static void check_row(const struct row *row, enum finding_severity severity)
{
    struct tenant t;
    struct arena a = {0};
    struct findings all;
    int line, column;
    char *text = broken(row, &line, &column);
    struct feed *f;
    size_t n = 0;
    const struct finding *first = NULL;

    tenant_make(&t);
    tenant_write(&t, row->file, text);
    if (strcmp(row->code, "W902") == 0 && strcmp(row->file, "feed.yaml") == 0)
        tenant_write(&t, "tables/spare.csv", "from,to\na,b\n");
    f = feed_load(t.feed, &a, &all);
    for (size_t i = 0; i < all.n; i++)
        if (all.items[i].severity == severity && n++ == 0)
            first = &all.items[i];
    CHECK(!f == (severity == FINDING_ERROR), "%s", row->code);
    CHECK(n == 1, "%s: %zu findings for %s", row->code, n, row->put);
    if (n != 1)
        print_all(&all);
    if (first) {
        const char *name = strstr(first->file, row->file);

        CHECK(strcmp(first->code, row->code) == 0 && first->line == line &&
                  first->column == column && name,
              "wanted %s at %s:%d:%d, got %s at %s:%d:%d", row->code, row->file, line, column,
              first->code, first->file, first->line, first->column);
        CHECK(first->source != NULL, "%s without its line", row->code);
    }
    feed_free(f);
    arena_reset(&a);
    tenant_remove(&t);
    free(text);
}

static void test_sound(void)
{
    struct tenant t;
    struct arena a = {0};
    struct findings all;
    struct feed *f, *again;
    char version[65];

    tenant_make(&t);
    f = feed_load(t.feed, &a, &all);
    CHECK(f && all.n == 0, "%zu findings in the sound feed", all.n);
    print_all(&all);
    if (!f)
        return;
    CHECK(strcmp(feed_name(f), "small") == 0, "%s", feed_name(f));
    CHECK(strlen(feed_version(f)) == 64, "%s", feed_version(f));
    CHECK(feed_template_count(f) == 2, "%zu", feed_template_count(f));
    CHECK(strcmp(feed_template_at(f, 0)->bodies[0].language, "zh_TW") == 0, "language code");
    CHECK(feed_template_at(f, 1)->named && !feed_template_at(f, 0)->named, "format");
    snprintf(version, sizeof(version), "%s", feed_version(f));
    tenant_write(&t, "tables/status.csv", "from,to\nS12,booked\nS15,moved\nbooked,booked\n");
    again = feed_load(t.feed, &a, &all);
    CHECK(again && strcmp(version, feed_version(again)) != 0, "a table is part of the version");
    feed_free(again);
    feed_free(f);
    arena_reset(&a);
    tenant_remove(&t);
}

static const struct {
    const char *find, *put, *hint;
} suggestions[] = {
    {"language: values.language\n", "language: values.langauge\n", "did you mean `language`?"},
    {"table: language", "table: langage", "did you mean `language`?"},
    {"as: phone", "as: phon", "did you mean `phone`?"},
    {"template: result,", "template: resutl,", "did you mean `result`?"},
    {"    else: site.language", "    else: site.language\n    esle: none", "did you mean `else`?"},
    {"emit: appointment/1", "emit: appointmnt/1", "did you mean `appointment/1`?"},
    {"as: phone", "as: fax", NULL},
};

static void test_suggestions(void)
{
    for
        EACH (i, suggestions) {
            struct tenant t;
            struct arena a = {0};
            struct findings all;
            char *text =
                tenant_replace(tenant_text("feed.yaml"), suggestions[i].find, suggestions[i].put);
            const char *hint, *want = suggestions[i].hint;

            tenant_make(&t);
            tenant_write(&t, "feed.yaml", text);
            CHECK(!feed_load(t.feed, &a, &all) && all.n_errors, "%s", suggestions[i].put);
            hint = all.n ? all.items[0].hint : NULL;
            CHECK(!hint == !want && (!want || strcmp(hint, want) == 0), "%s: %s",
                  suggestions[i].put, hint ? hint : "no hint");
            arena_reset(&a);
            tenant_remove(&t);
            free(text);
        }
}

/* What a policy may say of a field. Z-segments and extensions are the tenant's own; all that HL7 and FHIR
 * define can only be raised, listed in the dictionary or not. */
static const struct {
    const char *path, *class, *code; /* NULL: it loads */
} declared[] = {
    {"OBX-5", "directory", "E804"},
    {"OBX-5", "identifier", "E804"},
    {"OBX-5.1", "public", "E804"},
    {"OBX-5.1.2", "directory", "E804"},
    {"OBX-5(2)", "directory", "E804"},
    {"OBX-5(1=x).2", "directory", "E804"},
    {"OBX", "directory", "E804"},
    {" OBX-5", "directory", "E804"},
    {"OBR-4", "directory", "E804"},
    {"OBR-4.2", "logistics", "E804"},
    {"DG1-3", "directory", "E804"},
    {"DG1-3.1", "directory", "E804"},
    {"NTE-3", "directory", "E804"},
    {"PID-10", "directory", "E804"},
    {"AL1-3", "contact", "E804"},
    {"PID-13", "preference", "E804"},
    {"PID-5.1", "contact", "E804"},
    {"AZ1-3", "directory", "E804"},
    {"Patient", "directory", "E804"},
    {"Patient.name.family", "directory", "E804"},
    {"Patient.deceasedBoolean", "identifier", "E804"},
    {"Patient.contained", "directory", "E804"},
    {"DiagnosticReport", "directory", "E804"},
    {"DiagnosticReport.conclusion", "directory", "E804"},
    {"DiagnosticReport.status", "directory", "E804"},
    {"Observation", "public", "E804"},
    {"Observation.value", "directory", "E804"},
    {"Observation.valueString", "directory", "E804"},
    {"Observation.subject.reference", "directory", "E804"},
    {"Observation.extensions", "directory", "E804"},
    {"Observation.value('extension.x')", "directory", "E804"},
    {"extensions", "directory", "E804"},
    {"?", "directory", "E804"},
    {"OBX-", "directory", "E804"},
    {"obx-5", "directory", "E201"},
    {"ZPI-4(2)", "directory", "E201"},
    {"ZPI-4(2=PRN).1", "directory", "E201"},
    {"OBX-5", "clinical", NULL},
    {"PID-15.1", "clinical", NULL},
    {"MSH-4", "directory", NULL},
    {"OBX-3", "clinical", NULL},
    {"Patient.telecom", "identifier", NULL},
    {"Observation.value", "clinical", NULL},
    {"Location.name", "logistics", NULL},
    {"ZPI-9", "directory", NULL},
    {"ZPI-9.1.2", "public", NULL},
    {"Patient.extension", "directory", NULL},
    {"Patient.extension('http://x.example/ward').valueString", "directory", NULL},
    {"Observation.modifierExtension", "logistics", NULL},
    {"Observation.value.extension('urn:x')", "directory", NULL},
};

static void test_declared(void)
{
    struct tenant t;

    tenant_make(&t);
    for
        EACH (i, declared) {
            struct arena a = {0};
            struct findings all;
            struct feed *f;
            char text[1024];

            snprintf(text, sizeof text, "%s  - path: \"%s\"\n    class: %s\n%s",
                     tenant_text("policy.yaml"), declared[i].path, declared[i].class,
                     "    because: a test\n    by: lead\n    on: 2026-11-20\n"
                     "    expires: 2027-11-20\n");
            tenant_write(&t, "policy.yaml", text);
            f = feed_load(t.feed, &a, &all);
            /* Raised above what the sound feed reads the field for, it stops the feed elsewhere. */
            CHECK(declared[i].code
                      ? !f && all.n == 1 && !strcmp(all.items[0].code, declared[i].code)
                      : f || strstr("E601 E605", all.items[0].code),
                  "%s as %s: %zu findings, %s", declared[i].path, declared[i].class, all.n,
                  all.n ? all.items[0].code : "none");
            feed_free(f);
            arena_reset(&a);
        }
    tenant_remove(&t);
}

/* Every entry has an end that is kept, whatever list it stands in. */
static void test_policy_ends(void)
{
    enum { HOSTS = 400, TEXT = 65536 };
    struct tenant t;
    struct arena a = {0};
    struct findings all;
    struct feed *f;
    char *text = calloc(1, TEXT);
    size_t n = 0;
    int at;

    tenant_make(&t);
    at = snprintf(text, TEXT, "%shosts:\n", tenant_text("policy.yaml"));
    for (int i = 0; i < HOSTS; i++)
        at += snprintf(text + at, (size_t)(TEXT - at),
                       "  - {host: h%d.example, because: b, by: r, on: 2026-11-20, expires: "
                       "2027-11-20}\n",
                       i);
    tenant_write(&t, "policy.yaml", text);
    f = feed_load_at(t.feed, 0, &a, &all);
    CHECK(f != NULL && all.n == 0, "%zu findings, the first %s", all.n,
          all.n ? all.items[0].text : "");
    if (f)
        (void)feed_policy_ends(f, &n);
    CHECK(n == HOSTS + 1, "%zu ends", n);
    feed_free(f);
    arena_reset(&a);
    tenant_remove(&t);
    free(text);
}

/* Policy entries are held against the date that the caller gives. */
static void test_policy_dates(void)
{
    static const struct {
        int64_t now_ms;
        const char *code; /* NULL: nothing */
        int line;
    } dates[] = {
        {0, NULL, 0},
        {1795082399999, "E804", 7}, /* before 2026-11-20 anywhere */
        {1795082400000, NULL, 0},
        {1795219200000, NULL, 0},   /* 2026-11-21 */
        {1824508800000, "W906", 8}, /* 2027-10-26 */
        {1826755199000, "W906", 8}, /* 2027-11-20 23:59:59 */
        {1826755200000, "E804", 8}, /* 2027-11-21 */
    };
    struct tenant t;

    tenant_make(&t);
    for
        EACH (i, dates) {
            struct arena a = {0};
            struct findings all;
            struct feed *f = feed_load_at(t.feed, dates[i].now_ms, &a, &all);

            CHECK(all.n == (dates[i].code ? 1u : 0u), "row %zu: %zu findings", i, all.n);
            if (all.n && dates[i].code)
                CHECK(strcmp(all.items[0].code, dates[i].code) == 0 &&
                          all.items[0].line == dates[i].line,
                      "row %zu: %s", i, all.items[0].code);
            feed_free(f);
            arena_reset(&a);
        }
    tenant_remove(&t);
}

/* Without values.site no value may ask for the site's zone, country or language. */
static void test_no_site(void)
{
    struct tenant t;
    struct arena a = {0};
    struct findings all;
    char *text = tenant_replace(tenant_text("feed.yaml"), "  site:\n", "  place:\n");
    size_t values = 0;

    tenant_make(&t);
    tenant_write(&t, "feed.yaml", text);
    CHECK(!feed_load(t.feed, &a, &all), "a feed without values.site");
    for (size_t i = 0; i < all.n; i++) {
        if (all.items[i].severity == FINDING_ERROR)
            CHECK(strcmp(all.items[i].code, "E110") == 0, "%s", all.items[i].code);
        values += strstr(all.items[i].text, "depends on the site") != NULL;
    }
    CHECK(values == 1, "said of the first that depends on it: %zu", values);
    arena_reset(&a);
    tenant_remove(&t);
    free(text);
}

/* Terms that a template may have for one event only: said where it is chosen for another. */
static void test_terms(void)
{
    static const struct {
        const char *find, *put, *entry;
    } terms[] = {
        {"  format: named\n", "  format: named\n  button: none\n  replies: [cancel]\n",
         "on: result_ready/1"},
        {"  shows: directory\n", "  shows: directory\n  resend_unknown_after: 10m\n",
         "on: appointment/1"},
    };

    for
        EACH (i, terms) {
            struct tenant t;
            struct arena a = {0};
            struct findings all;
            char *text = tenant_replace(tenant_text("templates.yaml"), terms[i].find, terms[i].put);

            tenant_make(&t);
            tenant_write(&t, "templates.yaml", text);
            CHECK(!feed_load(t.feed, &a, &all) && all.n == 1, "row %zu: %zu findings", i, all.n);
            print_all(&all);
            if (all.n == 1)
                CHECK(strcmp(all.items[0].code, "E710") == 0 &&
                          strstr(all.items[0].file, "feed.yaml"),
                      "row %zu: %s %s", i, all.items[0].code, all.items[0].source);
            arena_reset(&a);
            tenant_remove(&t);
            free(text);
        }
}

/* A link out of the tenant folder is as good as "..". */
static void test_symbolic_link(void)
{
    struct tenant t;
    struct arena a = {0};
    struct findings all;
    char path[512];

    tenant_make(&t);
    CHECK(remove(temp_folder_file(&t.folder, "sites.yaml", path)) == 0, "remove");
    CHECK(symlink("/etc/hostname", path) == 0, "symlink");
    CHECK(!feed_load(t.feed, &a, &all) && strcmp(all.items[0].code, "E007") == 0 &&
              strstr(all.items[0].text, "outside"),
          "%zu findings", all.n);
    arena_reset(&a);
    tenant_remove(&t);
}

static void ask_unreadable(const struct tenant *t, const char *file)
{
    struct arena a = {0};
    struct findings all;

    CHECK(!feed_load(t->feed, &a, &all) && all.n_errors >= 1 &&
              strcmp(all.items[0].code, "E007") == 0,
          "%s: %zu findings, %s", file, all.n, all.n ? all.items[0].code : "none");
    arena_reset(&a);
}

/* Neither a named pipe, which would keep its reader waiting, nor a link to nothing is passed over. */
static void test_no_regular_file(void)
{
    static const char *const files[] = {"feed.yaml", "sites.yaml", "tables/site.csv",
                                        "overlays/far.yaml"};

    for
        EACH (i, files) {
            struct tenant t;
            char path[512];

            tenant_make(&t);
            (void)mkdir(temp_folder_file(&t.folder, "overlays", path), 0700);
            (void)remove(temp_folder_file(&t.folder, files[i], path));
            CHECK(mkfifo(path, 0600) == 0, "mkfifo");
            ask_unreadable(&t, files[i]);
            CHECK(remove(path) == 0 && symlink("nowhere", path) == 0, "symlink");
            ask_unreadable(&t, files[i]);
            tenant_remove(&t);
        }
}

static void test_caret(void)
{
    static const char wanted[] = "s.yaml:1:12: error[E403]: no time zone called `X`\n"
                                 "     1 | 漢字: {zone: X}\n"
                                 "       |              ^\n"
                                 "       = an IANA name\n";
    const struct finding f = {.file = "s.yaml",
                              .line = 1,
                              .column = 12,
                              .severity = FINDING_ERROR,
                              .code = "E403",
                              .text = "no time zone called `X`",
                              .hint = "an IANA name",
                              .source = "漢字: {zone: X}"};
    char *text = NULL;
    size_t n;
    FILE *to = open_memstream(&text, &n);

    finding_print(&f, to);
    fclose(to);
    CHECK(strcmp(text, wanted) == 0, "got\n%s", text);
    free(text);
}

int main(void)
{
    test_sound();
    for
        EACH (i, rows)
            check_row(&rows[i], FINDING_ERROR);
    for
        EACH (i, warnings)
            check_row(&warnings[i], FINDING_WARNING);
    test_suggestions();
    test_declared();
    test_policy_ends();
    test_policy_dates();
    test_symbolic_link();
    test_no_regular_file();
    test_no_site();
    test_terms();
    test_caret();
    return check_end();
}
