/* What a first feed for some samples should say. */
#ifndef SAMPLES_PLAN_H
#define SAMPLES_PLAN_H

#include "samples/profile.h"
#include "samples/tenant.h"

enum family {
    FAMILY_APPOINTMENT,
    FAMILY_RESULT,
    FAMILY_DOCUMENT,
    FAMILY_VISIT,
    FAMILY_PATIENT,
    FAMILIES
};

enum { PLAN_TRIGGERS = 24, PLAN_PATHS = 8, PLAN_LANGUAGES = 5, PLAN_ZONE = 40 };

struct plan_trigger {
    struct str name;     /* "SIU^S12" */
    const char *becomes; /* "booked", "ready", "update": a code of the event's own slot */
};

struct plan_family {
    struct plan_trigger hl7[PLAN_TRIGGERS];
    size_t n_hl7;
    bool fhir; /* its resource type is in the samples */
};

struct plan_site {
    struct str sent; /* as the messages have it */
    char code[17];
    size_t n;
};

struct plan_path {
    struct str path;
    unsigned percent; /* of messages: a valid number, or a value */
};

struct plan {
    const struct profile *profile;
    const struct tenant_settings *set;
    struct arena *arena;
    const char *name; /* of the feed */
    bool hl7, fhir;
    const char *version; /* for reads.hl7 */
    struct plan_family families[FAMILIES];
    struct plan_site sites[TENANT_SITES];
    size_t n_sites, n_rare_sites; /* rare: too few messages for a row of site.csv */
    const char *site_path;        /* "MSH-4.1" */
    const char *patient_path, *patient_fhir;
    struct plan_path phones[PLAN_PATHS], phones_fhir[PLAN_PATHS], starts[PLAN_PATHS];
    size_t n_phones, n_phones_fhir, n_starts;
    bool local_phones; /* some stand in Z-segments: a policy must declare them */
    const char *country, *zone, *language;
    const char *languages[PLAN_LANGUAGES];
    size_t n_languages;
    bool language_table; /* PID-15 does not hold ISO codes */
};

/* p: sorted. Everything lives in p's arena. */
void plan_make(struct profile *p, const struct tenant_settings *set, struct plan *out);

/* Fills phones, starts, country, zone and languages: a part of plan_make(). */
void plan_choose(struct plan *p);

/* Some sample is of that family. */
static inline bool plan_has(const struct plan *p, enum family f)
{
    return p->families[f].n_hl7 > 0 || p->families[f].fhir;
}
/* Filled in at least one message. */
bool plan_filled(const struct plan *p, const char *field);
unsigned plan_percent(const struct plan *p, const char *field);
/* The values of a place, whether its component was written or not ("MSH-4.1" or "MSH-4"); NULL: none. */
const struct tally *plan_codes(const struct plan *p, const char *place);

/* Some rule is about a person who is told, or may be: it has a phone and a language. */
static inline bool plan_tells(const struct plan *p)
{
    return plan_has(p, FAMILY_APPOINTMENT) || plan_has(p, FAMILY_RESULT) ||
           plan_has(p, FAMILY_DOCUMENT) || plan_has(p, FAMILY_VISIT);
}
/* Records are merged: patient/1 needs previous_key. */
bool plan_merges(const struct plan *p);

extern const char *const plan_resources[FAMILIES]; /* "Appointment", ...; NULL: HL7 only */
extern const char *const plan_events[FAMILIES];    /* "appointment/1", ... */

#endif
