#include "marks.h"

static void scalar_find(const struct marks_wanted *w, struct marks_block *out)
{
    const struct str s = w->text;

    for (size_t at = 0; at < s.n; at += MARKS_BLOCK, out++) {
        *out = (struct marks_block){0};
        for (size_t i = at; i < s.n && i < at + MARKS_BLOCK; i++) {
            uint64_t bit = (uint64_t)1 << (i - at);
            bool end = s.p[i] == w->end.p[0] &&
                       (w->end.n == 1 || (i + 1 < s.n && s.p[i + 1] == w->end.p[1]));

            out->ends |= end ? bit : 0;
            out->all |= end || s.p[i] == w->field ? bit : 0;
        }
    }
}

static size_t scalar_among(struct str s, const char any[3])
{
    size_t n = 0;

    for (size_t i = 0; i < s.n; i++)
        n += s.p[i] == any[0] || s.p[i] == any[1] || s.p[i] == any[2];
    return n;
}

const struct marks_way marks_scalar = {scalar_find, scalar_among};

#ifndef __SSE2__
const struct marks_way *marks_best(void)
{
    return &marks_scalar;
}
#endif

size_t marks_bits(uint64_t x)
{
    /* The POPCNT instruction is not part of every x86-64. */
    x -= x >> 1 & 0x5555555555555555U;
    x = (x & 0x3333333333333333U) + (x >> 2 & 0x3333333333333333U);
    x = (x + (x >> 4)) & 0x0F0F0F0F0F0F0F0FU;
    return x * 0x0101010101010101U >> 56;
}

struct marks_count marks_count(const struct marks_block *blocks, size_t n)
{
    struct marks_count count = {0};

    for (size_t i = 0; i < n; i++) {
        count.all += marks_bits(blocks[i].all);
        count.ends += marks_bits(blocks[i].ends);
    }
    return count;
}

/* Sets of `set`, from `base` on; more than there are, so that the loop seldom branches. */
static inline void write_set(uint64_t set, size_t n, uint32_t base, uint32_t *at)
{
    const uint64_t never_none = (uint64_t)1 << 63;

    for (size_t done = 0; done < n; done += 4) {
        for (size_t i = 0; i < 4; i++) {
            at[done + i] = base + (uint32_t)__builtin_ctzll(set | never_none);
            set &= set - 1;
        }
    }
}

void marks_write(const struct marks_block *blocks, size_t n, uint32_t *at, uint32_t *ends)
{
    uint32_t written = 0;

    for (size_t i = 0; i < n; i++) {
        uint64_t all = blocks[i].all;
        size_t count = marks_bits(all);

        for (uint64_t left = blocks[i].ends; left; left &= left - 1)
            *ends++ = written + (uint32_t)marks_bits(all & ((left & -left) - 1));
        write_set(all, count, (uint32_t)(i * MARKS_BLOCK), at + written);
        written += (uint32_t)count;
    }
}
