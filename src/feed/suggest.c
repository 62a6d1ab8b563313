#include "suggest.h"

#include "base/utf8.h"

enum { WORD_MOST = 64 }; /* code points; longer words get no suggestion */

static size_t code_points(struct str s, uint32_t out[WORD_MOST])
{
    size_t n = 0;

    while (s.n && n < WORD_MOST)
        out[n++] = utf8_next(&s);
    return s.n ? WORD_MOST + 1 : n;
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Optimal string alignment: insert, delete, replace, swap of two neighbours. */
static size_t alignment(const uint32_t *a, size_t n, const uint32_t *b, size_t m)
{
    size_t rows[3][WORD_MOST + 1];
    size_t *before = rows[0], *above = rows[1], *row = rows[2];

    for (size_t j = 0; j <= m; j++)
        above[j] = j;
    for (size_t i = 1; i <= n; i++) {
        size_t *spare = before;

        row[0] = i;
        for (size_t j = 1; j <= m; j++) {
            row[j] = least(above[j] + 1, row[j - 1] + 1);
            row[j] = least(row[j], above[j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = least(row[j], before[j - 2] + 1);
        }
        before = above;
        above = row;
        row = spare;
    }
    return above[m];
}

struct suggest suggest_for(struct str word)
{
    uint32_t cp[WORD_MOST];
    size_t n = code_points(word, cp);

    return (struct suggest){.word = word, .distance = least(2, n / 3) + 1};
}

void suggest_offer(struct suggest *s, struct str known)
{
    uint32_t a[WORD_MOST], b[WORD_MOST];
    size_t n = code_points(s->word, a), m = code_points(known, b);
    size_t distance;
    int order = 0;

    if (n > WORD_MOST || m > WORD_MOST)
        return;
    distance = alignment(a, n, b, m);
    if (s->best.p) {
        order = memcmp(known.p, s->best.p, least(known.n, s->best.n));
        order = order ? order : (known.n > s->best.n) - (known.n < s->best.n);
    }
    if (distance < s->distance || (distance == s->distance && s->best.p && order < 0)) {
        s->distance = distance;
        s->best = known;
    }
}

const char *suggest_hint(const struct suggest *s, struct arena *a)
{
    if (!s->best.p)
        return NULL;
    return arena_printf(a, "did you mean `" STR_FMT "`?", STR_ARG(s->best)).p;
}
