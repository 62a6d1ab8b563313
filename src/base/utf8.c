#include "base/utf8.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

static const uint32_t bad = 0xFFFFFFFF;

static uint32_t take_bad(struct str *s)
{
    *s = (struct str){s->p + 1, s->n - 1};
    return bad;
}

uint32_t utf8_next(struct str *s)
{
    unsigned char c = (unsigned char)s->p[0];
    size_t n = c < 0x80 ? 1 : c < 0xC2 ? 0 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : c < 0xF5 ? 4 : 0;
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    uint32_t cp;

    if (n == 0 || n > s->n)
        return take_bad(s);
    cp = n == 1 ? c : c & (0x7FU >> n);
    for (size_t i = 1; i < n; i++) {
        unsigned char t = (unsigned char)s->p[i];

        if ((t & 0xC0U) != 0x80)
            return take_bad(s);
        cp = cp << 6 | (t & 0x3FU);
    }
    if (cp < least[n] || cp > 0x10FFFF || (cp >= 0xD800 && cp <= 0xDFFF))
        return take_bad(s);
    *s = (struct str){s->p + n, s->n - n};
    return cp;
}

size_t utf8_put(uint32_t cp, char out[4])
{
    if (cp < 0x80) {
        out[0] = (char)cp;
        return 1;
    }
    if (cp < 0x800) {
        out[0] = (char)(0xC0 | cp >> 6);
        out[1] = (char)(0x80 | (cp & 0x3F));
        return 2;
    }
    if (cp < 0x10000) {
        out[0] = (char)(0xE0 | cp >> 12);
        out[1] = (char)(0x80 | (cp >> 6 & 0x3F));
        out[2] = (char)(0x80 | (cp & 0x3F));
        return 3;
    }
    out[0] = (char)(0xF0 | cp >> 18);
    out[1] = (char)(0x80 | (cp >> 12 & 0x3F));
    out[2] = (char)(0x80 | (cp >> 6 & 0x3F));
    out[3] = (char)(0x80 | (cp & 0x3F));
    return 4;
}

size_t utf8_ascii_scalar(struct str s)
{
    size_t i = 0;

    while (i < s.n && (unsigned char)s.p[i] < 0x80)
        i++;
    return i;
}

#ifdef __SSE2__
static inline __m128i lane(const char *p)
{
    return _mm_loadu_si128((const __m128i *)(const void *)p);
}

size_t utf8_ascii(struct str s)
{
    size_t i = 0;

    for (; s.n - i >= 64; i += 64) {
        __m128i first = _mm_or_si128(lane(s.p + i), lane(s.p + i + 16));
        __m128i second = _mm_or_si128(lane(s.p + i + 32), lane(s.p + i + 48));

        if (_mm_movemask_epi8(_mm_or_si128(first, second)))
            break;
    }
    for (; s.n - i >= 16; i += 16) {
        unsigned high = (unsigned)_mm_movemask_epi8(lane(s.p + i));

        if (high)
            return i + (size_t)__builtin_ctz(high);
    }
    return i + utf8_ascii_scalar((struct str){s.p + i, s.n - i});
}
#else
size_t utf8_ascii(struct str s)
{
    return utf8_ascii_scalar(s);
}
#endif

size_t utf8_check(struct str s)
{
    struct str rest = s;

    while (rest.n) {
        size_t ascii = utf8_ascii(rest);

        rest = (struct str){rest.p + ascii, rest.n - ascii};
        while (rest.n && (unsigned char)rest.p[0] >= 0x80) {
            size_t at = s.n - rest.n;

            if (utf8_next(&rest) == bad)
                return at;
        }
    }
    return s.n;
}
