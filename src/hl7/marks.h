/* Where the field separators and segment ends of a text stand, found in one pass of 64 bytes a step.
 *
 *   MSH|^~\&|A CR PID|1 CR       at: 3 8 10 14 16       ends: 2 4 (indices into `at`)
 *
 * Two ways to the same result, both built and tested wherever there are both. */
#ifndef HL7_MARKS_H
#define HL7_MARKS_H

#include <stdint.h>

#include "base/str.h"

struct marks_wanted {
    struct str text; /* under 2 GiB */
    char field;      /* separator */
    struct str end;  /* of a segment: CR, LF or CR LF */
};

/* 64 bytes of the text: bit i stands for byte i. */
struct marks_block {
    uint64_t all, ends;
};
enum { MARKS_BLOCK = 64, MARKS_SLACK = 16 };

struct marks_way {
    /* Fills one block for each 64 bytes, the last for what is left. An end is marked at its first byte. */
    void (*find)(const struct marks_wanted *w, struct marks_block *out);
    /* How many bytes of s are one of three. */
    size_t (*among)(struct str s, const char any[3]);
};

struct marks_count {
    size_t all, ends;
};

/* How many bits are set. */
size_t marks_bits(uint64_t x);
struct marks_count marks_count(const struct marks_block *blocks, size_t n);
/* at: room for `all` and MARKS_SLACK more, which are scratch; ends: for `ends`. */
void marks_write(const struct marks_block *blocks, size_t n, uint32_t *at, uint32_t *ends);

extern const struct marks_way marks_scalar;
#ifdef __SSE2__
extern const struct marks_way marks_sse2;
#endif
/* The fastest here. */
const struct marks_way *marks_best(void);

#endif
