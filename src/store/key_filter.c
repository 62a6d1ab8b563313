#include "key_filter.h"

enum { PROBES = 7, PROBE_BITS = 9 /* one of the 512 bits of a line */ };

/* The finalizer of MurmurHash3: every bit of the key moves every bit of the result. */
static uint64_t mixed(uint64_t h)
{
    h = (h ^ (h >> 33)) * 0xff51afd7ed558ccd;
    h = (h ^ (h >> 33)) * 0xc4ceb9fe1a85ec53;
    return h ^ (h >> 33);
}

static size_t line_of(size_t lines, uint64_t key)
{
    return (size_t)(mixed(key ^ 0x9e3779b97f4a7c15) & (lines - 1)) * FILTER_LINE;
}

void key_filter_add(uint8_t *bits, size_t lines, uint64_t key)
{
    uint8_t *line = bits + line_of(lines, key);
    uint64_t h = mixed(key);

    for (int i = 0; i < PROBES; i++, h >>= PROBE_BITS)
        line[h >> 3 & (FILTER_LINE - 1)] |= (uint8_t)(1u << (h & 7));
}

bool key_filter_has(const uint8_t *bits, size_t lines, uint64_t key)
{
    const uint8_t *line = bits + line_of(lines, key);
    uint64_t h = mixed(key);

    for (int i = 0; i < PROBES; i++, h >>= PROBE_BITS) {
        if (!(line[h >> 3 & (FILTER_LINE - 1)] >> (h & 7) & 1))
            return false;
    }
    return true;
}
