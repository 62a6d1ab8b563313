/* Moves the times of a sample by whole days, so that it is a message of today. */
#ifndef CLI_SHIFT_H
#define CLI_SHIFT_H

#include <stdint.h>

#include "base/arena.h"

/* HL7: every value of 12 or 14 digits (with fraction and offset, if any) that is a date and time
 * moves by as many days as MSH-7 lies behind now_ms. FHIR: every "YYYY-MM-DDThh:mm…" by as many as
 * the first lastUpdated, timestamp or issued does; without one, so that the earliest lies three
 * days ahead. Dates without a time (birth dates) stay. Wall-clock times do not change. */
struct str shift_hl7(struct str text, int64_t now_ms, struct arena *a);
struct str shift_fhir(struct str json, int64_t now_ms, struct arena *a);

#endif
