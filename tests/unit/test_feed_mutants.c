/* Mutants, the other half (test_feed_leak.c has the shown slot in every way of writing): each slot of each event
 * pointed at each kind of place above what it may hold, on both sides; and each other sink. What loads must
 * not show what it read. docs/feed-language.md, section 13. */
#include <stdlib.h>

#include "../../src/feed/event_type.h"
#include "check.h"
#include "feed/feed.h"
#include "leak_feed.h"

enum { RECEIVED_MS = 1740788100 };

static const struct origin {
    const char *path;
    int side;
    enum sensitivity class;
} origins[] = {
    {"PID-3(5=XX).1", 0, CLASS_IDENTIFIER},
    {"PID-5.1", 0, CLASS_IDENTIFIER},
    {"PID-7", 0, CLASS_IDENTIFIER},
    {"PV1-19.1", 0, CLASS_IDENTIFIER},
    {"ORC-2.1", 0, CLASS_IDENTIFIER},
    {"OBR-2.1", 0, CLASS_IDENTIFIER},
    {"standard.appointment.key", 0, CLASS_IDENTIFIER},
    {"PID-10.2", 0, CLASS_CLINICAL},
    {"OBR-4.1", 0, CLASS_CLINICAL},
    {"OBR-13", 0, CLASS_CLINICAL},
    {"OBX-3.1", 0, CLASS_CLINICAL},
    {"OBX-5", 0, CLASS_CLINICAL},
    {"OBX-5(2)", 0, CLASS_CLINICAL},
    {"DG1-3.1", 0, CLASS_CLINICAL},
    {"NTE-3", 0, CLASS_CLINICAL},
    {"AL1-3.2", 0, CLASS_CLINICAL},
    {"ZPI-4", 0, CLASS_CLINICAL},
    {"ZZZ-1.2", 0, CLASS_CLINICAL},
    {"standard.result.code", 0, CLASS_CLINICAL},
    {"Patient.identifier.where(type.coding.code='XX').value", 1, CLASS_IDENTIFIER},
    {"Patient.name.family", 1, CLASS_IDENTIFIER},
    {"Patient.birthDate", 1, CLASS_IDENTIFIER},
    {"Patient.address.city", 1, CLASS_IDENTIFIER},
    {"Observation.identifier.value", 1, CLASS_IDENTIFIER},
    {"DiagnosticReport.identifier.value", 1, CLASS_IDENTIFIER},
    {"Patient.deceasedDateTime", 1, CLASS_CLINICAL},
    {"Patient.extension('urn:secret').valueString", 1, CLASS_CLINICAL},
    {"Observation.valueString", 1, CLASS_CLINICAL},
    {"Observation.code.coding.code", 1, CLASS_CLINICAL},
    {"Observation.code.text", 1, CLASS_CLINICAL},
    {"Observation.note.text", 1, CLASS_CLINICAL},
    {"Observation.component.valueString", 1, CLASS_CLINICAL},
    {"DiagnosticReport.conclusion", 1, CLASS_CLINICAL},
    {"Appointment.reasonCode.text", 1, CLASS_CLINICAL},
};

enum { SINKS = SLOT_FLAG + 1 };

static struct tally {
    int mutants, stopped, ran;
} by_slot[SINKS][2], by_sink[2];

/* ---- the feed ---- */

struct mutation {
    const struct event_type *event;
    const struct slot_type *slot; /* the one to be pointed at the origin; NULL: none */
    const struct origin *from;
    /* Whole pieces of the file; NULL: as in the sound feed. */
    const char *guards, *notify, *coalesce, *more_rules, *policy, *overlay;
};

static const char *first_code(const struct slot_type *s, char *out, size_t size)
{
    (void)snprintf(out, size, "%.*s", (int)strcspn(s->codes, ","), s->codes);
    return out;
}

/* The two branches: the origin on its side, nothing on the other. */
static void add_branches(struct buf *b, const struct origin *o, const char *table)
{
    char source[256];

    if (table)
        (void)snprintf(source, sizeof source, "{key: \"%s\", table: %s}", o->path, table);
    else
        (void)snprintf(source, sizeof source, "\"%s\"", o->path);
    buf_printf(b, o->side ? "hl7: none, fhir: %s" : "hl7: %s, fhir: none", source);
}

static void add_pointed(struct buf *b, const struct slot_type *s, const struct origin *o)
{
    static const char *const as[SINKS] = {
        [SLOT_KEY] = "pseudonym", [SLOT_PHONE] = "phone", [SLOT_TAG] = "text",
        [SLOT_SITE] = "text",     [SLOT_CODE] = "text",   [SLOT_INSTANT] = "instant",
        [SLOT_DATE] = "date",     [SLOT_TICKET] = "text", [SLOT_COUNT] = "text"};
    const char *table = s->kind == SLOT_TAG    ? "language"
                        : s->kind == SLOT_SITE ? "site"
                        : s->kind == SLOT_CODE ? "code"
                                               : NULL;

    if (s->kind == SLOT_FLAG) {
        buf_printf(b,
                   o->side ? "{hl7: none, fhir: \"%s.exists()\"}"
                           : "{hl7: \"any(%s) in (XQ90317)\", fhir: none}",
                   o->path);
        return;
    }
    buf_add_char(b, '{');
    add_branches(b, o, table);
    buf_printf(b, ", as: %s, else: %s}", as[s->kind], s->required ? "hold(not there)" : "none");
}

static void add_sound(struct buf *b, const struct slot_type *s)
{
    char code[32];

    switch (s->kind) {
    case SLOT_KEY:
        buf_add(b, STR("values.patient_key"));
        break;
    case SLOT_PHONE:
        buf_add(b, STR("values.phone"));
        break;
    case SLOT_TAG:
        buf_add(b, STR("values.language"));
        break;
    case SLOT_SITE:
        buf_add(b, STR("values.site"));
        break;
    case SLOT_CODE: /* `status` is never right as a constant */
        buf_add(b, strcmp(s->name, "status") == 0
                       ? STR("{hl7: {key: MSH-9.2, table: visit}, fhir: {key: Appointment.status, "
                             "table: visit}, else: hold(x)}")
                       : str_of(first_code(s, code, sizeof code)));
        break;
    case SLOT_INSTANT:
        buf_printf(b, "{hl7: PV2-8, fhir: Appointment.start, as: instant, else: %s}",
                   s->required ? "hold(no time)" : "none");
        break;
    case SLOT_DATE:
        buf_add(b, STR("{hl7: PV2-8, fhir: Appointment.start, as: date, else: none}"));
        break;
    case SLOT_TICKET:
    case SLOT_COUNT:
        buf_add(b, STR("{hl7: PV2-8, fhir: Appointment.start, else: none}"));
        break;
    case SLOT_FLAG:
        buf_add(b, STR("{hl7: \"present(PID-30)\", fhir: \"Patient.active = false\"}"));
        break;
    }
}

static void add_values(struct buf *b, const struct mutation *m)
{
    buf_add(b, STR("values:\n  site: "));
    if (m->slot && m->slot->kind == SLOT_SITE)
        add_pointed(b, m->slot, m->from);
    else
        buf_add(b, STR("{hl7: MSH-4.1, fhir: Patient.managingOrganization.reference.select("
                       "substring(13)), table: site, else: hold(unknown site)}"));
    buf_add(b, STR("\n  patient_key: {hl7: PID-3(5=MR).1, fhir: "
                   "\"Patient.identifier.where(type.coding.code='MR').value\", as: pseudonym, "
                   "else: reject(no record number)}\n"
                   "  phone: {hl7: PID-13(3=CP), fhir: \"Patient.telecom.where(system='phone')"
                   ".value\", as: phone, else: drop(no phone)}\n"
                   "  language: {hl7: PID-15.1, fhir: none, table: language, else: "
                   "site.language}\n"));
}

static void add_rule(struct buf *b, const struct mutation *m)
{
    buf_printf(b,
               "rules:\n  - rule: probe\n    on: {hl7: [ZAD^A10], fhir: [Observation, "
               "DiagnosticReport, Appointment]}\n%s",
               m->guards ? m->guards : "");
    if (m->event->sensitive)
        buf_add(b, STR("    sensitive: {hl7: {key: OBR-44, ordinary: ordinary}, fhir: {key: "
                       "Observation.status, ordinary: ordinary}, else: hold(x)}\n"));
    buf_printf(b, "    emit: %s\n%s    with:\n", m->event->name, m->coalesce ? m->coalesce : "");
    for (size_t i = 0; i < m->event->n_slots; i++) {
        const struct slot_type *s = &m->event->slots[i];

        buf_printf(b, "      %s: ", s->name);
        if (s == m->slot && s->kind != SLOT_SITE)
            add_pointed(b, s, m->from);
        else
            add_sound(b, s);
        buf_add_char(b, '\n');
    }
    buf_add(b, str_of(m->more_rules ? m->more_rules : ""));
}

static void write_mutation(const struct tenant *t, const struct mutation *m)
{
    struct buf b = buf_new(LEAK_TEXT_MOST);
    char code[64] = "from,to\n";

    buf_printf(&b, "feed: leak\nreads: {hl7: \"2.5.1\", fhir: R4}\nuses: {sites: sites.yaml, "
                   "templates: templates.yaml, tables: tables/, policy: policy.yaml}\n");
    add_values(&b, m);
    add_rule(&b, m);
    if (m->notify)
        buf_printf(&b, "notify:\n%s", m->notify);
    else if (strcmp(m->event->name, "patient/1") == 0)
        buf_add(&b, STR("notify: []\n"));
    else
        buf_printf(&b, "notify:\n  - {on: %s, template: plain, params: {shown: site.name}}\n",
                   m->event->name);
    buf_add(&b, STR("tests: []\n"));
    tenant_write(t, "feed.yaml", b.p);
    buf_reset(&b);
    for (size_t i = 0; i < m->event->n_slots; i++)
        if (m->event->slots[i].kind == SLOT_CODE)
            (void)snprintf(code, sizeof code, "from,to\nXQ90317,%.*s\n",
                           (int)strcspn(m->event->slots[i].codes, ","), m->event->slots[i].codes);
    tenant_write(t, "tables/code.csv", code);
    tenant_write(t, "policy.yaml", m->policy ? m->policy : "policy: leak\ndeclare: []\n");
    tenant_write(t, "overlays/lion.yaml",
                 m->overlay ? m->overlay
                            : "overlay: {of: leak, for: {hl7: MSH-4.1 in (KH), fhir: "
                              "\"Patient.managingOrganization.reference.exists()\"}}\nvalues: "
                              "{}\n");
}

/* ---- what comes of it ---- */

static bool holds(struct str text)
{
    return text.n && memmem(text.p, text.n, "90317", 5) != NULL;
}

/* Whatever the feed makes of both messages: nothing of it shows what stands above. */
static void run_both(const struct feed *f, const char *name)
{
    for (int side = 0; side < 2; side++) {
        struct buf body = buf_new(LEAK_TEXT_MOST);
        struct feed_input in = {.kind = side ? MESSAGE_FHIR : MESSAGE_HL7,
                                .received_ms = INT64_C(1000) * RECEIVED_MS,
                                .key = STR("tidings-test-key")};
        struct arena a = {0};
        struct feed_result r = {0};
        struct err e = {0};

        leak_message(&leak_slots[0], side, &body);
        in.body = buf_str(&body);
        CHECK(feed_eval(f, &in, &a, &r, &e), "%s: %s", name, e.text);
        for (size_t i = 0; i < r.n; i++) {
            const struct feed_outcome *o = &r.outcomes[i];

            CHECK(!holds(o->text) && !holds(o->language) && !holds(o->reason) && !holds(o->to),
                  "%s shows it", name);
            for (size_t k = 0; k < o->n_params; k++)
                CHECK(!holds(o->params[k].text), "%s: parameter", name);
            for (size_t k = 0; k < o->n_warnings; k++)
                CHECK(!holds(o->warnings[k]), "%s: warning", name);
            for (size_t k = 0; o->emits && k < o->event.n_slots; k++)
                CHECK(!holds(o->event.slots[k].value), "%s: slot " STR_FMT, name,
                      STR_ARG(o->event.slots[k].name));
        }
        arena_reset(&a);
        buf_reset(&body);
    }
}

static bool has_code(const struct findings *all, const char *codes)
{
    for (size_t i = 0; i < all->n; i++)
        if (all->items[i].severity == FINDING_ERROR && strstr(codes, all->items[i].code))
            return true;
    return false;
}

/* codes: one of them must stop it; NULL: it must load and show nothing. */
static void try(const struct tenant *t, const struct mutation *m, const char *codes,
                const char *name, struct tally *n)
{
    struct arena a = {0};
    struct findings all;
    struct feed *f;

    write_mutation(t, m);
    f = feed_load(t->feed, &a, &all);
    n->mutants++;
    CHECK(!f == (codes != NULL), "%s %s", name, f ? "loads" : "does not load");
    if (codes) {
        CHECK(has_code(&all, codes), "%s: not %s", name, codes);
        n->stopped += !f;
    }
    if ((codes && !has_code(&all, codes)) || (!codes && !f))
        for (size_t i = 0; i < all.n; i++)
            if (all.items[i].severity == FINDING_ERROR)
                finding_print(&all.items[i], stdout);
    if (f) {
        run_both(f, name);
        n->ran++;
    }
    feed_free(f);
    arena_reset(&a);
}

/* `standard.` names are for values. */
static bool is_standard(const struct origin *o)
{
    return strncmp(o->path, "standard.", 9) == 0;
}

/* Why the mutant must not load; NULL: the slot may hold it. */
static const char *stops(const struct mutation *m)
{
    bool repeats = strncmp(m->from->path, "ORC", 3) == 0 || strncmp(m->from->path, "OBR", 3) == 0;

    if (m->from->class > slot_ceiling(m->slot->kind))
        return "E601 E605";
    return repeats && strcmp(m->slot->name, m->event->unit) == 0 ? "E512" : NULL;
}

/* ---- each slot of each event ---- */

static void each_slot(const struct tenant *t, const struct event_type *event)
{
    struct mutation sound = {.event = event};
    struct tally none = {0};

    try(t, &sound, NULL, event->name, &none);
    for (size_t i = 0; i < event->n_slots; i++)
        for
            EACH (k, origins) {
                const struct mutation m = {
                    .event = event, .slot = &event->slots[i], .from = &origins[k]};
                char name[200];

                (void)snprintf(name, sizeof name, "%s.%s <- %s", event->name, m.slot->name,
                               origins[k].path);
                if (m.slot->kind == SLOT_FLAG && is_standard(m.from))
                    continue;
                try(t, &m, stops(&m), name, &by_slot[m.slot->kind][origins[k].side]);
            }
}

/* ---- every other sink ---- */

static const char *fill(struct arena *a, const char *format, const char *path)
{
    struct buf b = buf_new(LEAK_TEXT_MOST);
    const char *made;

    for (const char *c = format; *c; c++) {
        if (*c == '@')
            buf_add(&b, str_of(path));
        else
            buf_add_char(&b, *c);
    }
    made = arena_copy(a, buf_str(&b)).p;
    buf_reset(&b);
    return made;
}

static void each_sink(const struct tenant *t, const struct event_type *queue,
                      const struct origin *o)
{
    static const char second_hl7[] =
        "  - rule: other\n    on: {hl7: [ZAD^A10]}\n"
        "    only_if: {hl7: \"not any(@) in (XQ90317)\", else: drop(no)}\n"
        "    emit: visit_finished/1\n    with:\n      encounter_key: values.patient_key\n"
        "      patient_key: values.patient_key\n      phone: values.phone\n"
        "      language: values.language\n      site: values.site\n";
    static const char both[] =
        "  - {on: queue_called/1, template: plain, params: {shown: site.name}}\n"
        "  - {on: visit_finished/1, template: plain, params: {shown: site.name}}\n";
    struct arena a = {0};
    const struct mutation base = {.event = queue};
    struct mutation m = base;
    struct tally *n = &by_sink[o->side];

    m.guards = fill(&a,
                    o->side ? "    only_if: {hl7: none, fhir: \"@.exists()\", else: drop(no)}\n"
                            : "    only_if: {hl7: \"any(@) in (XQ90317)\", fhir: none, else: "
                              "drop(no)}\n",
                    o->path);
    try(t, &m, NULL, "only_if", n);
    m.guards = fill(&a,
                    o->side ? "    sensitive: {hl7: none, fhir: {key: \"@\", ordinary: "
                              "ordinary}, else: hold(no)}\n"
                            : "    sensitive: {hl7: {key: \"@\", ordinary: ordinary}, fhir: "
                              "none, else: hold(no)}\n",
                    o->path);
    try(t, &m, "E602", "sensitive without the other branch", n);
    m = base;
    m.notify =
        fill(&a, "  - {on: queue_called/1, template: plain, params: {shown: \"@\"}}\n", o->path);
    try(t, &m, "E704", "parameter", n);
    m.notify = fill(&a,
                    "  - {on: queue_called/1, when: \"@ in (x)\", template: plain, params: "
                    "{shown: site.name}}\n",
                    o->path);
    try(t, &m, "E104 E503", "when", n);
    m = base;
    m.overlay = fill(&a,
                     o->side ? "overlay: {of: leak, for: {fhir: \"@.exists()\"}}\nvalues: {}\n"
                             : "overlay: {of: leak, for: {hl7: \"@ in (XQ90317)\"}}\nvalues: "
                               "{}\n",
                     o->path);
    try(t, &m, "E120 E201 E104", "overlay's for", n);
    m.overlay = fill(&a,
                     o->side ? "overlay: {of: leak, for: {hl7: MSH-4.1 in (KH)}}\nvalues: "
                               "{language: {fhir: \"@\"}}\n"
                             : "overlay: {of: leak, for: {hl7: MSH-4.1 in (KH)}}\nvalues: "
                               "{language: {hl7: \"@\"}}\n",
                     o->path);
    try(t, &m, "E605 E601", "overlay's value", n);
    m = base;
    m.coalesce = fill(&a, "    coalesce: {by: \"@\", within: 5m}\n", o->path);
    try(t, &m, "E503 E504", "coalesce", n);
    if (!o->side) {
        m = base;
        m.more_rules = fill(&a, second_hl7, o->path);
        m.notify = both;
        try(t, &m, "E802", "a guard that chooses between two templates", n);
    }
    arena_reset(&a);
}

static void policies(const struct tenant *t, const struct event_type *queue)
{
    static const char *const logs[] = {"patient_key", "phone",  "language", "ticket_key",
                                       "state",       "ticket", "ahead"};
    struct arena a = {0};
    struct mutation m = {.event = queue};

    for
        EACH (i, logs) {
            m.policy = fill(&a, "policy: leak\nlog: [@]\n", logs[i]);
            try(t, &m, "E803 E101", logs[i], &by_sink[0]);
        }
    arena_reset(&a);
}

static void print(void)
{
    int mutants = 0, stopped = 0, ran = 0;

    for (int k = 0; k < SINKS; k++)
        for (int side = 0; side < 2; side++) {
            const struct tally *n = &by_slot[k][side];

            printf("%-8s %s: %4d mutants, %4d stopped, %4d ran\n",
                   slot_kind_name((enum slot_kind)k), side ? "fhir" : "hl7 ", n->mutants,
                   n->stopped, n->ran);
            mutants += n->mutants;
            stopped += n->stopped;
            ran += n->ran;
        }
    for (int side = 0; side < 2; side++) {
        const struct tally *n = &by_sink[side];

        printf("others   %s: %4d mutants, %4d stopped, %4d ran\n", side ? "fhir" : "hl7 ",
               n->mutants, n->stopped, n->ran);
        mutants += n->mutants;
        stopped += n->stopped;
        ran += n->ran;
    }
    printf("%d mutants: %d stopped at load, %d ran\n", mutants, stopped, ran);
    CHECK(mutants >= 1500 && mutants == stopped + ran, "%d mutants", mutants);
}

int main(void)
{
    struct tenant t;

    tenant_make(&t);
    leak_tables(&t);
    tenant_write(&t, "tables/visit.csv", "from,to\nA10,booked\n");
    tenant_write(&t, "tables/ordinary.csv", "from,to\nfinal,ordinary\n");
    tenant_write(&t, "templates.yaml",
                 "plain:\n  category: UTILITY\n  params: [shown]\n"
                 "  body: {en: \"It is {{1}} now.\"}\n");
    for (size_t i = 0; event_type_at(i); i++)
        each_slot(&t, event_type_at(i));
    for
        EACH (i, origins)
            if (!is_standard(&origins[i]))
                each_sink(&t, event_type_find(STR("queue_called/1")), &origins[i]);
    policies(&t, event_type_find(STR("queue_called/1")));
    print();
    tenant_remove(&t);
    return check_end();
}
