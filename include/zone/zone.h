/* Time zones: a thin C shim over cctz on the system's tzdata. The process TZ is never read. */
#ifndef ZONE_ZONE_H
#define ZONE_ZONE_H

#include <stdbool.h>
#include <stdint.h>

struct zone; /* owned by the shim, shared, never freed: look it up by name as often as you like */

struct civil {
    int year, month, day, hour, minute, second;
};

enum zone_local { ZONE_UNIQUE, ZONE_SKIPPED, ZONE_REPEATED };

#ifdef __cplusplus
extern "C" {
#endif

/* NULL for a name that tzdata does not know. */
const struct zone *zone_find(const char *iana_name);
const char *zone_name(const struct zone *z);
/* A local time to Unix seconds. SKIPPED (it does not exist) and REPEATED (it happens twice) are read
 * with the offset before the change, which for REPEATED is the first of the two. */
enum zone_local zone_to_unix(const struct zone *z, const struct civil *local, int64_t *unix_s);
/* Unix seconds to local time and UTC offset in seconds. */
void zone_from_unix(const struct zone *z, int64_t unix_s, struct civil *local, int *offset_s);
/* A date and time that exists in the calendar (no zone): month 1-12, day of that month, 00:00:00-23:59:59. */
bool civil_valid(const struct civil *c);
/* Seconds since the epoch of a civil time taken as UTC. */
int64_t civil_to_unix(const struct civil *c);

#ifdef __cplusplus
}
#endif
#endif
