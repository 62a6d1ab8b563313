/* The feed file of a first tenant. */
#include "write.h"

#define SCHEMA "# yaml-language-server: $schema=schema/%s.json\n"

static void line(struct buf *b, const char *text)
{
    (void)buf_printf(b, "%s\n", text);
}

void write_schema(struct buf *b, const char *kind)
{
    (void)buf_printf(b, SCHEMA, kind);
}

static void paths(struct buf *b, const char *branch, const struct plan_path *list, size_t n,
                  const char *what)
{
    (void)buf_printf(b, "    %s:\n", branch);
    for (size_t i = 0; i < n; i++) {
        (void)buf_printf(b, "      - " STR_FMT, STR_ARG(list[i].path));
        if (what)
            (void)buf_printf(b, "   # %s in %u %% of the samples", what, list[i].percent);
        (void)buf_add_char(b, '\n');
    }
}

static void site_value(const struct plan *p, struct buf *b)
{
    line(b, "  site:                          # decides zone, country and wording: never guessed");
    if (p->hl7)
        (void)buf_printf(b, "    hl7: %s\n", p->site_path);
    if (p->fhir) {
        line(b, "    fhir:");
        if (p->families[FAMILY_APPOINTMENT].fhir)
            line(b, "      - Appointment.participant.actor.reference.where(startsWith('Location/'))"
                    ".select(substring(9))");
        if (p->families[FAMILY_RESULT].fhir)
            line(b,
                 "      - DiagnosticReport.performer.reference.where(startsWith('Organization/'))"
                 ".select(substring(13))");
        line(b, "      - Patient.managingOrganization.reference.where(startsWith('Organization/'))"
                ".select(substring(13))");
    }
    line(b, "    table: site");
    line(b, "    else: hold(unknown site)");
    if (p->hl7 && (plan_filled(p, "PV1-3") || plan_filled(p, "AIL-3")))
        (void)buf_printf(
            b,
            "    # PV1-3 is filled in %u %%, AIL-3 in %u %% of the samples: put PV1-3.4, "
            "PV1-3.1 or AIL-3.1\n    # first when one facility has several clinics.\n",
            plan_percent(p, "PV1-3"), plan_percent(p, "AIL-3"));
}

static void language_value(const struct plan *p, struct buf *b)
{
    line(b, "  language:                      # a language without a template becomes the site's");
    if (p->hl7 && p->language_table) {
        (void)buf_printf(
            b,
            "    hl7: {key: PID-15.1, table: language}   # filled in %u %%, not in ISO "
            "codes\n",
            plan_percent(p, "PID-15"));
        if (p->fhir)
            line(b, "    fhir: none");
        line(b, "    else: site.language");
        return;
    }
    if (p->hl7)
        (void)buf_printf(b, "    hl7: PID-15.1                # filled in %u %% of the samples\n",
                         plan_percent(p, "PID-15"));
    if (p->fhir)
        line(b, "    fhir: Patient.communication.language.coding.code");
    line(b, "    as: language");
    line(b, "    else: site.language");
}

static void values(const struct plan *p, struct buf *b)
{
    line(b, "values:");
    site_value(p, b);
    line(b, "  patient_key:                   # by type or authority, never by position");
    if (p->hl7)
        (void)buf_printf(b, "    hl7: \"%s\"\n", p->patient_path);
    if (p->fhir)
        (void)buf_printf(b, "    fhir: \"%s\"\n", p->patient_fhir);
    line(b, "    as: pseudonym");
    line(b, "    else: reject(no patient number)");
    if (plan_tells(p)) {
        line(b, "  phone:                         # the first that converts wins");
        if (p->hl7)
            paths(b, "hl7", p->phones, p->n_phones, "valid");
        if (p->fhir)
            paths(b, "fhir", p->phones_fhir, p->n_phones_fhir, "valid");
        line(b, "    as: phone");
        line(b, "    else: drop(no usable phone)");
        language_value(p, b);
    }
}

static void on(const struct plan *p, enum family family, struct buf *b)
{
    const struct plan_family *f = &p->families[family];

    (void)buf_add(b, STR("    on: {"));
    for (size_t i = 0; i < f->n_hl7; i++)
        (void)buf_printf(b, "%s" STR_FMT "%s", i ? ", " : "hl7: [", STR_ARG(f->hl7[i].name),
                         i + 1 == f->n_hl7 ? "]" : "");
    if (f->fhir)
        (void)buf_printf(b, "%sfhir: %s", f->n_hl7 ? ", " : "", plan_resources[family]);
    line(b, "}");
}

static void key(const struct plan *p, enum family family, const char *slot, const char *hl7,
                const char *fhir, struct buf *b)
{
    (void)buf_printf(b, "      %s:\n", slot);
    if (p->families[family].n_hl7)
        (void)buf_printf(b, "        hl7: %s\n", hl7);
    if (p->families[family].fhir)
        (void)buf_printf(b, "        fhir: %s\n", fhir);
    (void)buf_printf(b, "        as: pseudonym\n        else: reject(no number of its own)\n");
}

static void people(struct buf *b)
{
    line(b, "      patient_key: values.patient_key");
    line(b, "      phone: values.phone");
    line(b, "      language: values.language");
    line(b, "      site: values.site");
}

static void appointment(const struct plan *p, struct buf *b)
{
    const struct plan_family *f = &p->families[FAMILY_APPOINTMENT];

    line(b, "  - rule: appointment");
    on(p, FAMILY_APPOINTMENT, b);
    line(b, "    emit: appointment/1\n    with:");
    key(p, FAMILY_APPOINTMENT, "visit_key",
        plan_filled(p, "SCH-2") && plan_filled(p, "SCH-1") ? "[SCH-2.1, SCH-1.1]"
        : plan_filled(p, "SCH-2")                          ? "SCH-2.1"
                                                           : "SCH-1.1",
        "Appointment.identifier.value", b);
    people(b);
    line(b,
         "      status:                    # from the trigger: a missing SCH-25 must not become a "
         "booking");
    if (f->n_hl7)
        line(b, "        hl7: {key: MSH-9.2, table: appointment-status}");
    if (f->fhir)
        line(b, "        fhir: {key: Appointment.status, table: fhir-appointment-status}");
    line(b, "        else: hold(unmapped appointment status)");
    line(b, "      start:                     # without an offset: in the site's zone");
    if (f->n_hl7) {
        (void)buf_add(b, STR("        hl7: ["));
        for (size_t i = 0; i < p->n_starts; i++)
            (void)buf_printf(b, "%s" STR_FMT, i ? ", " : "", STR_ARG(p->starts[i].path));
        line(b, "]");
    }
    if (f->fhir)
        line(b, "        fhir: Appointment.start");
    line(b, "        as: instant");
    if (f->n_hl7 && p->n_starts > 1)
        line(b, "        agree: warn              # they can disagree");
    line(b, "        else: hold(no start time)");
}

static void final_only(const struct plan *p, struct buf *b)
{
    const struct plan_family *f = &p->families[FAMILY_RESULT];

    line(b, "    only_if:                     # nobody is told of a result that may still change");
    if (f->n_hl7)
        (void)buf_printf(b, "      hl7: %s\n",
                         plan_filled(p, "OBR-25") || !plan_filled(p, "OBX-11")
                             ? "OBR-25 in (F, C)"
                             : "all(OBX-11) in (F, C)");
    if (f->fhir)
        line(b, "      fhir: DiagnosticReport.status in ('final' | 'amended' | 'corrected')");
    line(b, "      else: drop(not final)");
}

static void result(const struct plan *p, struct buf *b)
{
    const struct plan_family *f = &p->families[FAMILY_RESULT];

    line(b, "  - rule: result ready");
    on(p, FAMILY_RESULT, b);
    if (f->n_hl7)
        line(b, "    each: {hl7: OBR}             # each order is decided for itself");
    final_only(p, b);
    line(b, "    sensitive:                   # a code that tables/ordinary-results.csv lacks "
            "waits for "
            "a person");
    if (f->n_hl7)
        line(b, "      hl7: {key: OBR-4.1, ordinary: ordinary-results}");
    if (f->fhir)
        line(b, "      fhir: {key: DiagnosticReport.code.coding.code, ordinary: ordinary-results}");
    line(b, "      else: hold(needs clinician release)");
    line(b, "    emit: result_ready/1");
    line(b, "    coalesce: {by: patient_key, within: 15m} # one message for a burst, 15m after its "
            "first");
    line(b, "    with:");
    key(p, FAMILY_RESULT, "result_key",
        plan_filled(p, "OBR-3") && plan_filled(p, "OBR-2") ? "[OBR-3.1, OBR-2.1]"
        : plan_filled(p, "OBR-2")                          ? "OBR-2.1"
                                                           : "OBR-3.1",
        "DiagnosticReport.identifier.value", b);
    people(b);
}

static void available(const struct plan *p, struct buf *b)
{
    const struct plan_family *f = &p->families[FAMILY_DOCUMENT];
    bool completion = plan_filled(p, "TXA-17"), availability = plan_filled(p, "TXA-19");

    line(b, "    only_if:                     # authenticated, and to be seen by others");
    if (f->n_hl7)
        (void)buf_printf(
            b, "      hl7: %s%s%s\n", completion || !availability ? "TXA-17 in (AU, LA)" : "",
            completion && availability ? " and " : "", availability ? "TXA-19 = AV" : "");
    if (f->fhir)
        line(b, "      fhir: DocumentReference.status = 'current'");
    line(b, "      else: drop(not available)");
}

static void document(const struct plan *p, struct buf *b)
{
    const struct plan_family *f = &p->families[FAMILY_DOCUMENT];

    line(b, "  - rule: document ready");
    on(p, FAMILY_DOCUMENT, b);
    available(p, b);
    line(b,
         "    sensitive:                   # a type that tables/ordinary-documents.csv lacks waits "
         "for a person");
    if (f->n_hl7)
        line(b, "      hl7: {key: TXA-2.1, ordinary: ordinary-documents}");
    if (f->fhir)
        line(b,
             "      fhir: {key: DocumentReference.type.coding.code, ordinary: ordinary-documents}");
    line(b, "      else: hold(needs clinician release)");
    line(b, "    emit: document_ready/1\n    with:");
    key(p, FAMILY_DOCUMENT, "document_key", "TXA-12.1", "DocumentReference.identifier.value", b);
    people(b);
    if (f->n_hl7) {
        line(b, "      state:");
        line(b, "        hl7: {key: MSH-9.2, table: document-state}");
        if (f->fhir)
            line(b, "        fhir: none");
        line(b, "        else: ready");
    }
}

static void visit(const struct plan *p, struct buf *b)
{
    line(b, "  - rule: visit finished         # recorded; nobody is messaged about it yet");
    on(p, FAMILY_VISIT, b);
    line(b, "    # leave out discharges by death here, with the sender's codes of PV1-36:");
    line(b, "    # only_if: {hl7: \"not PV1-36 in (20)\", else: drop(not for a message)}");
    line(b, "    emit: visit_finished/1\n    with:");
    key(p, FAMILY_VISIT, "encounter_key", "PV1-19.1", "none", b);
    people(b);
}

static void patient(const struct plan *p, struct buf *b)
{
    const struct plan_family *f = &p->families[FAMILY_PATIENT];
    bool dead = plan_filled(p, "PID-30"), refused = plan_filled(p, "PD1-12");

    line(
        b,
        "  - rule: patient                # never a message: keeps patients joined and permissions "
        "current");
    on(p, FAMILY_PATIENT, b);
    line(b, "    emit: patient/1\n    with:\n      patient_key: values.patient_key");
    if (plan_merges(p)) {
        line(b, "      change:");
        line(b, "        hl7: {key: MSH-9.2, table: patient-change}");
        if (f->fhir)
            line(b, "        fhir: none");
        line(b, f->fhir ? "        else: update" : "        else: hold(unmapped patient change)");
    } else {
        line(b, "      change: update");
    }
    if (plan_merges(p)) {
        line(b, "      previous_key:");
        line(b, "        hl7: MRG-1.1");
        if (f->fhir)
            line(b, "        fhir: none");
        line(b, "        as: pseudonym\n        else: none");
    }
    if (dead || refused) {
        (void)buf_printf(b, "      blocked: {hl7: \"%s%s%s\"", dead ? "PID-30 = Y" : "",
                         dead && refused ? " or " : "", refused ? "PD1-12 = Y" : "");
        (void)buf_printf(b, "%s}\n", f->fhir ? ", fhir: \"Patient.active = false\"" : "");
    }
}

static void notify(const struct plan *p, struct buf *b)
{
    bool any = false;

    line(b, "\nnotify:");
    if (plan_has(p, FAMILY_APPOINTMENT)) {
        line(b,
             "  - {on: appointment/1, when: status = cancelled, template: visit_cancelled, params: "
             "{site_name: site.name}}");
        line(b, "  - {on: appointment/1, when: \"status in (booked, moved, changed)\", template: "
                "visit_update, params: {site_name: site.name}}");
        any = true;
    }
    if (plan_has(p, FAMILY_RESULT)) {
        line(b, "  - {on: result_ready/1, template: result_ready, params: {site_name: site.name}}");
        any = true;
    }
    if (plan_has(p, FAMILY_DOCUMENT)) {
        line(
            b,
            "  - {on: document_ready/1, template: document_ready, params: {site_name: site.name}}");
        any = true;
    }
    if (!any)
        line(b, "  []");
}

static void left_out(const struct plan *p, struct buf *b)
{
    for (size_t i = 0; i < p->profile->triggers.n; i++) {
        const struct tally_count *t = &p->profile->triggers.items[i];
        bool mapped = false;

        for (int f = 0; f < FAMILIES; f++)
            for (size_t k = 0; k < p->families[f].n_hl7; k++)
                mapped |= str_eq(p->families[f].hl7[k].name, t->name);
        if (!mapped && memchr(t->name.p, '^', t->name.n))
            (void)buf_printf(b, "  # no rule reads " STR_FMT " (%zu samples)\n", STR_ARG(t->name),
                             t->n);
    }
}

void write_feed(const struct plan *p, struct str tests, struct buf *b)
{
    static void (*const rules[FAMILIES])(const struct plan *p, struct buf *b) = {
        appointment, result, document, visit, patient};

    write_schema(b, "feed");
    (void)buf_printf(b,
                     "# A first feed, made by `tidings init` from %zu messages. Percentages are of "
                     "these.\nfeed: %s\nreads: {",
                     p->profile->n_messages, p->name);
    if (p->hl7)
        (void)buf_printf(b, "hl7: \"%s\"%s", p->version, p->fhir ? ", " : "");
    (void)buf_printf(
        b, "%s}\nuses: {sites: sites.yaml, templates: templates.yaml, tables: tables/}\n\n",
        p->fhir ? "fhir: R4" : "");
    values(p, b);
    line(b, "\nrules:");
    left_out(p, b);
    for (int i = 0; i < FAMILIES; i++)
        if (plan_has(p, (enum family)i))
            rules[i](p, b);
    notify(p, b);
    (void)buf_printf(b, "\ntests:%s\n" STR_FMT, tests.n ? "" : " []", STR_ARG(tests));
}
