/* SSE2 is part of every x86-64. Elsewhere this file is empty and marks.c alone does the work. */
#include "marks.h"

#ifdef __SSE2__
#include <emmintrin.h>

enum { STEP = MARKS_BLOCK, LANE = 16 };

/* Bit i: byte i of the 64 at p equals c. */
static inline uint64_t equal(const char *p, char c)
{
    const __m128i wanted = _mm_set1_epi8(c);
    uint64_t bits = 0;

    for (int i = 0; i < STEP / LANE; i++) {
        __m128i lane = _mm_loadu_si128((const __m128i *)(const void *)(p + i * LANE));
        unsigned part = (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(lane, wanted));

        bits |= (uint64_t)part << (i * LANE);
    }
    return bits;
}

/* The step at offset i: of the text itself, or of a copy when fewer than 64 bytes are left. *valid gets a
 * bit for each byte that there is. */
static inline const char *step(struct str s, size_t i, char copy[STEP], uint64_t *valid)
{
    size_t left = s.n - i;

    *valid = ~(uint64_t)0;
    if (left >= STEP)
        return s.p + i;
    *valid = ((uint64_t)1 << left) - 1;
    memset(copy, 0, STEP);
    memcpy(copy, s.p + i, left);
    return copy;
}

static void sse2_find(const struct marks_wanted *w, struct marks_block *out)
{
    char copy[STEP];
    uint64_t valid;

    if (w->end.n != 1) {
        marks_scalar.find(w, out);
        return;
    }
    for (size_t i = 0; i < w->text.n; i += STEP, out++) {
        const char *p = step(w->text, i, copy, &valid);

        out->ends = equal(p, w->end.p[0]) & valid;
        out->all = (equal(p, w->field) & valid) | out->ends;
    }
}

static size_t sse2_among(struct str s, const char any[3])
{
    size_t n = 0;
    char copy[STEP];
    uint64_t valid;

    for (size_t i = 0; i < s.n; i += STEP) {
        const char *p = step(s, i, copy, &valid);

        n += marks_bits((equal(p, any[0]) | equal(p, any[1]) | equal(p, any[2])) & valid);
    }
    return n;
}

const struct marks_way marks_sse2 = {sse2_find, sse2_among};

const struct marks_way *marks_best(void)
{
    return &marks_sse2;
}
#endif
