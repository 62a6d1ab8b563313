/* What HL7 v2 messages mean to a patient, as data: which triggers say one thing, and where a fact stands
 * in them. The feed language takes both by name (docs/message-meanings.md). Sources: HL7 v2.9.1 chapters
 * 2, 3, 4, 7, 9, 10 and what senders do (hl7v2.md 10 to 14). */
#ifndef HL7_MEANING_H
#define HL7_MEANING_H

#include <stddef.h>

#include "base/str.h"

/* Triggers that say the same thing. */
struct hl7_trigger_group {
    const char *name;     /* "appointment.cancelled" */
    const char *triggers; /* "SIU^S15 SIU^S16 SIU^S17"; each trigger is in one group only */
    const char *note;     /* what to know before using it: one sentence */
};

/* A fact and the paths where it may stand, best first. */
struct hl7_fact {
    const char *name;  /* "appointment.start" */
    const char *paths; /* "TQ1-7 SCH-11.4 AIS-4": the path language of hl7/path.h */
    const char *note;
};

extern const struct hl7_trigger_group hl7_trigger_groups[];
extern const size_t hl7_n_trigger_groups;
extern const struct hl7_fact hl7_facts[];
extern const size_t hl7_n_facts;

/* NULL: no such name. */
const struct hl7_trigger_group *hl7_trigger_group_find(struct str name);
const struct hl7_fact *hl7_fact_find(struct str name);
/* The group of "SIU^S15"; NULL: none. */
const struct hl7_trigger_group *hl7_trigger_group_of(struct str trigger);

#endif
