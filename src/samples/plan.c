#include "plan.h"

#include <stdio.h>
#include <stdlib.h>

#include "hl7/meaning.h"
#include "samples/place.h"

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

/* A kind of number that is none of those below: the whole field is read anyway, behind them. */
enum { OTHER_KIND = 99 };

/* Mobile before home before work before anything, then by how many are valid. */
static unsigned rank(struct str path)
{
    static const struct {
        const char *holds;
        unsigned rank;
    } ranks[] = {{"(3=CP)", 0}, {"mobile", 0},       {"(2=PRS)", 1},      {"(2=PRN)", 2},
                 {"'home'", 2}, {"(2=", OTHER_KIND}, {"(3=", OTHER_KIND}, {"'work'", 4}};
    unsigned work = memmem(path.p, path.n, "PID-14", 6) ? 3 : 0;

    for (size_t i = 0; i < sizeof ranks / sizeof ranks[0]; i++)
        if (memmem(path.p, path.n, ranks[i].holds, strlen(ranks[i].holds)))
            return ranks[i].rank == OTHER_KIND ? OTHER_KIND : ranks[i].rank + work;
    return 5 + work;
}

static bool is_patients(struct str path)
{
    return str_starts(path, STR("PID-")) || path.p[0] == 'Z' || str_starts(path, STR("Patient."));
}

static void insert_phone(struct plan_path *to, size_t *n, struct plan_path one)
{
    size_t at = *n;

    if (*n == PLAN_PATHS)
        return;
    while (at > 0 &&
           (rank(one.path) < rank(to[at - 1].path) ||
            (rank(one.path) == rank(to[at - 1].path) && one.percent > to[at - 1].percent))) {
        to[at] = to[at - 1];
        at--;
    }
    to[at] = one;
    ++*n;
}

/* Faxes, pagers, devices and mail are not read by the converter. */
static bool is_no_phone(struct str path)
{
    static const char *const kinds[] = {"(3=FX)",    "(3=BP)",  "(3=MD)",
                                        "(3=TDD)",   "(3=TTY)", "(3=Internet)",
                                        "(3=X.400)", "(2=NET)", "(2=BPN)"};

    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (memmem(path.p, path.n, kinds[i], strlen(kinds[i])))
            return true;
    return false;
}

static void find_phones(struct plan *p)
{
    const struct profile *from = p->profile;
    size_t at;
    const char *country = profile_country(from, &at);

    for (size_t i = 0; country && i < from->phones.n; i++) {
        const struct tally_count *t = &from->phones.items[i];
        size_t valid = from->phone[t->at].valid[at];
        struct plan_path one = {
            t->name, (unsigned)((valid * 100 + from->n_messages / 2) / from->n_messages)};

        if (!valid || !is_patients(t->name) || is_no_phone(t->name) || rank(t->name) == OTHER_KIND)
            continue;
        if (one.path.p[0] == 'Z')
            p->local_phones = true;
        else if (str_starts(one.path, STR("Patient.")))
            insert_phone(p->phones_fhir, &p->n_phones_fhir, one);
        else
            insert_phone(p->phones, &p->n_phones, one);
    }
    p->country = country;
    if (!p->n_phones)
        p->phones[p->n_phones++] = (struct plan_path){STR("PID-13"), 0};
    if (!p->n_phones_fhir)
        p->phones_fhir[p->n_phones_fhir++] =
            (struct plan_path){STR("Patient.telecom.where(system='phone').value"), 0};
}

/* Where samples hold a time of the appointment to the minute. */
static void find_starts(struct plan *p)
{
    static const char *const paths[] = {"TQ1-7", "SCH-11.4", "AIS-4", "AIL-6", "AIP-6", "AIG-8"};
    const struct tally *times = &p->profile->times;

    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        size_t n = strlen(paths[i]);

        for (size_t k = 0; k < times->n; k++) {
            struct str name = times->items[k].name;

            if (str_starts(name, str_of(paths[i])) && name.n > n && name.p[n] == ' ' &&
                !memmem(name.p, name.n, "the day", 7) && p->n_starts < PLAN_PATHS) {
                p->starts[p->n_starts++] = (struct plan_path){str_of(paths[i]), 0};
                break;
            }
        }
    }
    if (!p->n_starts)
        p->starts[p->n_starts++] = (struct plan_path){STR("SCH-11.4"), 0};
}

/* Countries with one zone. */
static const char *zone_of(const char *country)
{
    static const struct {
        char country[3];
        const char *zone;
    } zones[] = {
        {"AE", "Asia/Dubai"},          {"AT", "Europe/Vienna"},     {"BE", "Europe/Brussels"},
        {"CH", "Europe/Zurich"},       {"CN", "Asia/Shanghai"},     {"CZ", "Europe/Prague"},
        {"DE", "Europe/Berlin"},       {"DK", "Europe/Copenhagen"}, {"FI", "Europe/Helsinki"},
        {"FR", "Europe/Paris"},        {"GB", "Europe/London"},     {"GR", "Europe/Athens"},
        {"HK", "Asia/Hong_Kong"},      {"HU", "Europe/Budapest"},   {"IE", "Europe/Dublin"},
        {"IL", "Asia/Jerusalem"},      {"IN", "Asia/Kolkata"},      {"IT", "Europe/Rome"},
        {"JP", "Asia/Tokyo"},          {"KR", "Asia/Seoul"},        {"MO", "Asia/Macau"},
        {"MY", "Asia/Kuala_Lumpur"},   {"NL", "Europe/Amsterdam"},  {"NO", "Europe/Oslo"},
        {"PH", "Asia/Manila"},         {"PL", "Europe/Warsaw"},     {"SA", "Asia/Riyadh"},
        {"SE", "Europe/Stockholm"},    {"SG", "Asia/Singapore"},    {"TH", "Asia/Bangkok"},
        {"TR", "Europe/Istanbul"},     {"TW", "Asia/Taipei"},       {"VN", "Asia/Ho_Chi_Minh"},
        {"ZA", "Africa/Johannesburg"},
    };

    for (size_t i = 0; country && i < sizeof zones / sizeof zones[0]; i++)
        if (strcmp(zones[i].country, country) == 0)
            return zones[i].zone;
    return NULL;
}

static bool is_iso_language(struct str s)
{
    size_t n = 0;

    while (n < s.n && ((s.p[n] >= 'a' && s.p[n] <= 'z') || (s.p[n] >= 'A' && s.p[n] <= 'Z')))
        n++;
    return (n == 2 || n == 3) && (n == s.n || s.p[n] == '-');
}

static void add_language(struct plan *p, const char *tag)
{
    for (size_t i = 0; i < p->n_languages; i++)
        if (strcmp(p->languages[i], tag) == 0)
            return;
    if (p->n_languages < PLAN_LANGUAGES)
        p->languages[p->n_languages++] = tag;
}

/* English and traditional Chinese always; Spanish, German and French where patients speak them. */
static void find_languages(struct plan *p)
{
    static const struct {
        const char *codes, *tag;
    } spoken[] = {{"es spa ESP", "es"}, {"de ger deu", "de"}, {"fr fre fra", "fr"}};
    const struct tally *t = plan_codes(p, "PID-15.1");

    add_language(p, "en");
    add_language(p, "zh-TW");
    for (size_t i = 0; t && i < t->n; i++) {
        p->language_table |= !is_iso_language(t->items[i].name);
        for (size_t k = 0; k < sizeof spoken / sizeof spoken[0]; k++) {
            struct str codes = str_of(spoken[k].codes);

            while (codes.p)
                if (str_eq(str_cut(&codes, ' '), t->items[i].name))
                    add_language(p, spoken[k].tag);
        }
    }
    p->language = p->set->language                              ? p->set->language
                  : p->country && strcmp(p->country, "TW") == 0 ? "zh-TW"
                                                                : "en";
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
    find_phones(out);
    find_starts(out);
    find_languages(out);
    out->zone = set->zone ? set->zone : zone_of(out->country);
}
