/* SSE2 is part of every x86-64. Elsewhere this file is empty and marks.c alone does the work. */
#include "marks.h"

#ifdef __SSE2__
#include <emmintrin.h>

enum { STEP = 64, LANE = 16 };

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

/* Without the POPCNT instruction, which is not part of every x86-64. */
static inline size_t bits_of(uint64_t x)
{
    x -= x >> 1 & 0x5555555555555555U;
    x = (x & 0x3333333333333333U) + (x >> 2 & 0x3333333333333333U);
    x = (x + (x >> 4)) & 0x0F0F0F0F0F0F0F0FU;
    return x * 0x0101010101010101U >> 56;
}

static struct marks_count sse2_count(const struct marks_wanted *w)
{
    struct marks_count n = {0};
    char copy[STEP];
    uint64_t valid;

    if (w->end.n != 1)
        return marks_scalar.count(w);
    for (size_t i = 0; i < w->text.n; i += STEP) {
        const char *p = step(w->text, i, copy, &valid);

        n.fields += bits_of(equal(p, w->field) & valid);
        n.ends += bits_of(equal(p, w->end.p[0]) & valid);
    }
    return n;
}

static void sse2_fill(const struct marks_wanted *w, uint32_t *at, uint32_t *ends)
{
    uint32_t n = 0;
    char copy[STEP];
    uint64_t valid;

    if (w->end.n != 1) {
        marks_scalar.fill(w, at, ends);
        return;
    }
    for (size_t i = 0; i < w->text.n; i += STEP) {
        const char *p = step(w->text, i, copy, &valid);
        uint64_t stop = equal(p, w->end.p[0]) & valid;
        uint64_t all = (equal(p, w->field) & valid) | stop;

        for (uint64_t left = stop; left; left &= left - 1)
            *ends++ = n + (uint32_t)bits_of(all & ((left & -left) - 1));
        for (; all; all &= all - 1)
            at[n++] = (uint32_t)i + (uint32_t)__builtin_ctzll(all);
    }
}

static size_t sse2_among(struct str s, const char any[3])
{
    size_t n = 0;
    char copy[STEP];
    uint64_t valid;

    for (size_t i = 0; i < s.n; i += STEP) {
        const char *p = step(s, i, copy, &valid);

        n += bits_of((equal(p, any[0]) | equal(p, any[1]) | equal(p, any[2])) & valid);
    }
    return n;
}

const struct marks_way marks_sse2 = {sse2_count, sse2_fill, sse2_among};

const struct marks_way *marks_best(void)
{
    return &marks_sse2;
}
#endif
