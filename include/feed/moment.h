/* Dates and times as senders write them, and as we write them.
 *
 *   HL7  DT, DTM, TS   YYYY[MM[DD[HH[MM[SS[.s…]]]]]][±ZZZZ]          (HL7 v2.9 ch. 2A.3.20-22, .73)
 *   FHIR date, dateTime, instant   YYYY[-MM[-DD[Thh:mm:ss[.s…][Z|±hh:mm]]]]   (FHIR R4 datatypes)
 *   ours  2025-03-04T09:30:00+08:00[Asia/Taipei]                      (RFC 9557) */
#ifndef FEED_MOMENT_H
#define FEED_MOMENT_H

#include <stdint.h>

#include "base/arena.h"
#include "zone/zone.h"

enum moment_precision {
    MOMENT_YEAR = 1,
    MOMENT_MONTH,
    MOMENT_DAY,
    MOMENT_HOUR,   /* HL7 only */
    MOMENT_MINUTE, /* HL7 only */
    MOMENT_SECOND,
};

struct moment {
    struct civil local; /* as written; what was not written is 1 or 0. Fractions are cut */
    enum moment_precision precision;
    bool fhir; /* written with hyphens */
    bool has_offset;
    int offset_s; /* east of Greenwich, seconds */
};

/* Either form; a hyphen after the year tells them apart. False: neither, 24:00, :60, or a day that
 * the calendar lacks. `text` has no white space around it. An offset needs a time before it and
 * reaches from -14:00 to +14:00; a FHIR time without one is read, with has_offset false. */
bool moment_read(struct str text, struct moment *out);

/* Unix seconds; needs has_offset. */
int64_t moment_unix(const struct moment *m);
/* "2025-03-04T09:30:00+08:00[Asia/Taipei]" in `a`. */
struct str moment_write(const struct zone *z, int64_t unix_s, struct arena *a);
/* Reads what moment_write() wrote; the zone's name is not looked up. False: not ours. */
bool moment_read_ours(struct str text, int64_t *unix_s);
/* Before, in or after the moment, to its precision: <0, 0, >0. `zone` is for moments without an
 * offset. */
int moment_compare(int64_t unix_s, const struct moment *m, const struct zone *zone);

#endif
