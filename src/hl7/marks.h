/* Where the field separators and segment ends of a text stand, found in one pass of 64 bytes a step.
 *
 *   MSH|^~\&|A CR PID|1 CR       at:   3 8 10 14 16      ends: 2 4 (indices into `at`)
 *
 * Two ways to the same result, both built and tested wherever there are both. */
#ifndef HL7_MARKS_H
#define HL7_MARKS_H

#include <stdint.h>

#include "base/str.h"

struct marks_wanted {
    struct str text; /* under 4 GiB */
    char field;      /* separator */
    struct str end;  /* of a segment: CR, LF or CR LF */
};

struct marks_count {
    size_t fields, ends;
};

struct marks_way {
    struct marks_count (*count)(const struct marks_wanted *w);
    /* at: room for fields + ends; ends: for ends; as count() gave them. An end is marked at its
     * first byte. */
    void (*fill)(const struct marks_wanted *w, uint32_t *at, uint32_t *ends);
    /* How many bytes of s are one of three. */
    size_t (*among)(struct str s, const char any[3]);
};

extern const struct marks_way marks_scalar;
#ifdef __SSE2__
extern const struct marks_way marks_sse2;
#endif
/* The fastest here. */
const struct marks_way *marks_best(void);

#endif
