/* A small feed that shows one slot, to be pointed elsewhere piece by piece, and messages that hold one
 * secret in many places. */
#ifndef LEAK_FEED_H
#define LEAK_FEED_H

#include "base/buf.h"
#include "tenant.h"

enum { LEAK_TEXT_MOST = 1 << 15, LEAK_SLOTS = 4 };

/* A slot that may be shown. */
struct shown {
    const char *slot, *event, *key, *state, *as;
    const char *secret[2], *open[2]; /* in HL7, in FHIR: '@' and '#' */
    const char *mark, *open_mark;    /* how they look in a text */
};

extern const struct shown leak_slots[LEAK_SLOTS]; /* one of each type */

/* What the policy lets the sound feed show: where '#' stands. */
#define OPEN_HL7  "ZPI-9"
#define OPEN_FHIR "Patient.extension('urn:shown').valueString"

struct mutant { /* NULL: as in the sound feed */
    const struct shown *of;
    const char *hl7, *fhir; /* the branches of the value that is shown */
    const char *table, *otherwise, *values, *only_if, *state, *when, *param, *declare, *shows;
    const char *ceiling, *overlay, *bound;
};

/* The tenant's sites and tables, once. */
void leak_tables(const struct tenant *t);
/* Replaces the tenant's other files by the mutant's. */
void leak_write(const struct tenant *t, const struct mutant *m);
/* The message of HL7 (0) or FHIR (1) with the slot's secret wherever there is room for one. */
void leak_message(const struct shown *of, int side, struct buf *out);

#endif
