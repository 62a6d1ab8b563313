#include "plan.h"

#include <stdio.h>
#include <stdlib.h>

#include "hl7/meaning.h"

const char *const plan_resources[FAMILIES] = {"Appointment", "DiagnosticReport",
                                              "DocumentReference", NULL, "Patient"};
const char *const plan_events[FAMILIES] = {"appointment/1", "result_ready/1", "document_ready/1",
                                           "visit_finished/1", "patient/1"};

/* Groups of hl7/meaning.h that have an event of their own, and what their triggers make of it. */
static const struct {
    const char *group;
    enum family family;
    const char *becomes;
} meanings[] = {
    {"appointment.booked", FAMILY_APPOINTMENT, "booked"},
    {"appointment.moved", FAMILY_APPOINTMENT, "moved"},
    {"appointment.changed", FAMILY_APPOINTMENT, "changed"},
    {"appointment.cancelled", FAMILY_APPOINTMENT, "cancelled"},
    {"appointment.missed", FAMILY_APPOINTMENT, "missed"},
    {"result.reported", FAMILY_RESULT, "ready"},
    {"document.new", FAMILY_DOCUMENT, "ready"},
    {"document.addendum", FAMILY_DOCUMENT, "updated"},
    {"document.replaced", FAMILY_DOCUMENT, "updated"},
    {"document.withdrawn", FAMILY_DOCUMENT, "withdrawn"},
    {"visit.finished", FAMILY_VISIT, "finished"},
    {"patient.changed", FAMILY_PATIENT, "update"},
    {"patient.merged", FAMILY_PATIENT, "merge"},
};

/* A facility is a site of the draft when one message in so many is from it. */
enum { SITE_SHARE = 10 };

static void add_trigger(struct plan *p, struct str trigger)
{
    const struct hl7_trigger_group *group = hl7_trigger_group_of(trigger);

    for (size_t i = 0; group && i < sizeof meanings / sizeof meanings[0]; i++) {
        struct plan_family *f = &p->families[meanings[i].family];

        if (strcmp(meanings[i].group, group->name) == 0 && f->n_hl7 < PLAN_TRIGGERS)
            f->hl7[f->n_hl7++] = (struct plan_trigger){trigger, meanings[i].becomes};
    }
}

static void find_families(struct plan *p)
{
    const struct profile *from = p->profile;

    for (size_t i = 0; i < from->triggers.n; i++)
        add_trigger(p, from->triggers.items[i].name);
    for (size_t i = 0; i < from->resources.n; i++)
        for (int k = 0; k < FAMILIES; k++)
            if (plan_resources[k] &&
                str_eq(from->resources.items[i].name, str_of(plan_resources[k])))
                p->families[k].fhir = true;
    p->hl7 = from->n_hl7 > 0;
    p->fhir = from->n_fhir > 0;
}

static const struct tally_count *count_of(const struct tally *t, struct str name)
{
    for (size_t i = 0; i < t->n; i++)
        if (str_eq(t->items[i].name, name))
            return &t->items[i];
    return NULL;
}

unsigned plan_percent(const struct plan *p, const char *field)
{
    const struct tally_count *c = count_of(&p->profile->fields, str_of(field));
    size_t of = p->profile->n_messages;

    return c && of ? (unsigned)((c->messages * 100 + of / 2) / of) : 0;
}

bool plan_filled(const struct plan *p, const char *field)
{
    return count_of(&p->profile->fields, str_of(field)) != NULL;
}

const struct tally *plan_codes(const struct plan *p, const char *place)
{
    const struct profile *from = p->profile;
    const struct tally_count *c = count_of(&from->codes, str_of(place));
    size_t n = strlen(place);

    if (!c && n > 2 && strcmp(place + n - 2, ".1") == 0)
        c = count_of(&from->codes, (struct str){place, n - 2});
    return c ? &from->code[c->at] : NULL;
}

bool plan_merges(const struct plan *p)
{
    const struct plan_family *f = &p->families[FAMILY_PATIENT];

    for (size_t i = 0; i < f->n_hl7; i++)
        if (strcmp(f->hl7[i].becomes, "merge") == 0)
            return true;
    return false;
}

/* "Kliniken Nord (2)" is KLINIKEN_NORD_2. */
static void site_code(struct str sent, char out[17])
{
    size_t n = 0;

    for (size_t i = 0; i < sent.n && n < 16; i++) {
        char c = sent.p[i];

        if (c >= 'a' && c <= 'z')
            c = (char)(c - 32);
        if ((c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'))
            out[n++] = c;
        else if (n && out[n - 1] != '_' && out[n - 1] != '-')
            out[n++] = c == '-' ? '-' : '_';
    }
    while (n && (out[n - 1] == '_' || out[n - 1] == '-'))
        n--;
    out[n] = '\0';
    if (n == 0)
        (void)snprintf(out, 17, "SITE");
}

static void add_site(struct plan *p, struct str sent, size_t n)
{
    struct plan_site *s = &p->sites[p->n_sites];

    for (size_t i = 0; i < p->n_sites; i++)
        if (str_eq(p->sites[i].sent, sent)) { /* HL7 and FHIR call it the same */
            p->sites[i].n += n;
            return;
        }
    if (p->n_sites == TENANT_SITES || memchr(sent.p, '"', sent.n))
        return;
    *s = (struct plan_site){.sent = sent, .n = n};
    site_code(sent, s->code);
    for (size_t i = 0; i < p->n_sites; i++)
        if (strcmp(p->sites[i].code, s->code) == 0)
            (void)snprintf(s->code, sizeof s->code, "SITE_%zu", p->n_sites + 1);
    p->n_sites++;
}

static void add_places(struct plan *p, const char *place, const char *head)
{
    const struct tally *t = plan_codes(p, place);

    for (size_t i = 0; t && i < t->n; i++) {
        struct str id = t->items[i].name;

        if (str_starts(id, str_of(head)))
            add_site(p, (struct str){id.p + strlen(head), id.n - strlen(head)}, t->items[i].n);
    }
}

/* The sender's facility; one that names none is told by its application. */
static void find_sites(struct plan *p)
{
    static const char *const paths[] = {"MSH-4.1", "MSH-3.1", "PV1-3.4"};
    const struct tally *t = NULL;

    p->site_path = paths[0];
    for (size_t i = 0; !t && p->hl7 && i < sizeof paths / sizeof paths[0]; i++) {
        t = plan_codes(p, paths[i]);
        p->site_path = t ? paths[i] : p->site_path;
    }
    for (size_t i = 0; t && i < t->n; i++) /* most frequent first; a stray one is for a person */
        if (i == 0 || t->items[i].n * SITE_SHARE >= tally_total(t))
            add_site(p, t->items[i].name, t->items[i].n);
        else
            p->n_rare_sites++;
    add_places(p, "Appointment.participant.actor.reference", "Location/");
    add_places(p, "DiagnosticReport.performer.reference", "Organization/");
    if (p->n_sites == 0)
        add_site(p, STR("MAIN"), 0);
}

static bool is_plain(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (memchr("()&=\"'\\{}[],:#", s.p[i], 14) || s.p[i] < ' ' || (unsigned char)s.p[i] > '~')
            return false;
    return s.n > 0;
}

/* By type, else by authority, never by position. */
static void find_patient(struct plan *p)
{
    static const char *const types[] = {"MR", "MRN", "PI", "PT", "PE"};
    const struct tally *type = plan_codes(p, "PID-3.5"), *authority = plan_codes(p, "PID-3.4"),
                       *coding = plan_codes(p, "Patient.identifier.type.coding.code"),
                       *system = plan_codes(p, "Patient.identifier.system");

    p->patient_path = "PID-3.1";
    if (authority && authority->n && is_plain(authority->items[0].name))
        p->patient_path =
            arena_printf(p->arena, "PID-3(4=" STR_FMT ").1", STR_ARG(authority->items[0].name)).p;
    for (size_t i = sizeof types / sizeof types[0]; type && i-- > 0;)
        if (count_of(type, str_of(types[i])))
            p->patient_path = arena_printf(p->arena, "PID-3(5=%s).1", types[i]).p;
    p->patient_fhir = "Patient.identifier.value";
    if (system && system->n && !memchr(system->items[0].name.p, '\'', system->items[0].name.n))
        p->patient_fhir =
            arena_printf(p->arena, "Patient.identifier.where(system='" STR_FMT "').value",
                         STR_ARG(system->items[0].name))
                .p;
    if (coding && count_of(coding, STR("MR")))
        p->patient_fhir = "Patient.identifier.where(type.coding.code='MR').value";
}

static void find_version(struct plan *p)
{
    static const char *const known[] = {"2.3", "2.3.1", "2.4", "2.5",   "2.5.1",
                                        "2.6", "2.7",   "2.8", "2.7.1", "2.9"};
    const struct tally *t = &p->profile->versions;

    p->version = "2.5.1";
    for (size_t i = t->n; i-- > 0;)
        for (size_t k = 0; k < sizeof known / sizeof known[0]; k++)
            if (str_eq(t->items[i].name, str_of(known[k])))
                p->version = known[k];
}

/* The folder's own name, in the letters of a NAME. */
static void find_name(struct plan *p)
{
    struct str folder = str_of(p->set->folder);
    char name[41] = "";
    size_t n = 0;

    while (folder.n > 1 && folder.p[folder.n - 1] == '/')
        folder.n--;
    for (size_t i = folder.n; i > 0; i--)
        if (folder.p[i - 1] == '/') {
            folder = (struct str){folder.p + i, folder.n - i};
            break;
        }
    for (size_t i = 0; i < folder.n && n < 40; i++) {
        char c = folder.p[i];

        if (c >= 'A' && c <= 'Z')
            c = (char)(c + 32);
        if ((c >= 'a' && c <= 'z') || (n && ((c >= '0' && c <= '9') || c == '-' || c == '_')))
            name[n++] = c;
    }
    p->name = n ? arena_copy(p->arena, (struct str){name, n}).p : "feed";
}

void plan_make(struct profile *p, const struct tenant_settings *set, struct plan *out)
{
    *out = (struct plan){.profile = p, .set = set, .arena = &p->arena};
    find_name(out);
    find_families(out);
    find_version(out);
    find_sites(out);
    find_patient(out);
    plan_choose(out);
}
