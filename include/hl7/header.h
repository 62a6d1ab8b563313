/* The header of one message as raw bytes: all a receiver needs to answer it, before any full parse.
 *
 *   MSH|^~\&|SCHED^1.2.3^ISO|HOSP|TIDINGS|CLINIC|20261121093000+0800||SIU^S12^SIU_S12|A0001|P|2.5.1|...
 *      1 2  3               4    5       6      7                   8 9               10    11 12
 *
 * A batch (FHS, BHS) has the same fields 1 to 7 and its control id at the same place, 10 or 11. */
#ifndef HL7_HEADER_H
#define HL7_HEADER_H

#include "base/err.h"
#include "base/str.h"
#include "hl7/charset.h"
#include "hl7/separators.h"

enum { HL7_HEADER_FIELDS = 21, HL7_ECHO_MOST = 1024, HL7_TYPE_TEXT = 16 };

enum hl7_version {                   /* MSH-12.1; ordered */
                   HL7_VERSION_NONE, /* none we know */
                   HL7_V2_1,
                   HL7_V2_2,
                   HL7_V2_3,
                   HL7_V2_3_1,
                   HL7_V2_4,
                   HL7_V2_5,
                   HL7_V2_5_1,
                   HL7_V2_6,
                   HL7_V2_7,
                   HL7_V2_7_1,
                   HL7_V2_8,
                   HL7_V2_8_1,
                   HL7_V2_8_2,
                   HL7_V2_9,
                   HL7_V2_9_1,
};

struct hl7_header {
    struct hl7_separators sep;
    struct str text; /* the segment, without its end */
    struct str
        fields[HL7_HEADER_FIELDS + 1]; /* [n] is MSH-n, raw; absent past the last; [0] unused */
    struct str control_id;             /* MSH-10, BHS-11, FHS-11 */
    struct str code, trigger;          /* MSH-9.1 and MSH-9.2, trimmed; may be absent */
    char type[HL7_TYPE_TEXT];          /* "SIU^S12" or "ADT": [A-Za-z0-9^_]; "" when unfit */
    char processing;                   /* MSH-11.1 when it is one character; else 0 */
    enum hl7_version version;
    struct str declared;               /* MSH-18's first value, raw; may be absent */
    const struct hl7_charset *charset; /* that value's; NULL: none or unknown */
    bool batch;                        /* it is a batch header */
};

/* body: starts with MSH, FHS or BHS; only its first segment is read. ERR_INPUT with the byte offset
 * when it does not, or its separators are unusable. Characters of MSH-18's set are kept whole.
 * False with MSH-1 usable and MSH-2 not: fields and control_id are there all the same, so that the
 * refusal can name the message; sep is then the standard's. */
bool hl7_header_scan(struct str body, struct hl7_header *out, struct err *e) MUST_USE;

/* The first component of MSH-n (3 to 6: a namespace), raw, its characters kept whole; n <= 21. */
struct str hl7_header_name(const struct hl7_header *h, size_t n);

/* Where the next message of a frame starts (section 8: several MSH without a batch header): the
 * offset of the next segment that starts "MSH" and a byte that can separate, its own or another one;
 * body.n when there is none. A bare LF is content where MSH ends in CR (section 2.4). */
size_t hl7_header_next(struct str body, const struct hl7_header *h);

/* MSH-12 says it, or nothing known. */
enum hl7_version hl7_version_find(struct str msh12_1);

#endif
