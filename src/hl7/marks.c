#include "marks.h"

static struct marks_count scalar_count(const struct marks_wanted *w)
{
    struct marks_count n = {0};
    const struct str s = w->text;

    for (size_t i = 0; i < s.n; i++) {
        n.fields += s.p[i] == w->field;
        n.ends +=
            s.p[i] == w->end.p[0] && (w->end.n == 1 || (i + 1 < s.n && s.p[i + 1] == w->end.p[1]));
    }
    return n;
}

static void scalar_fill(const struct marks_wanted *w, uint32_t *at, uint32_t *ends)
{
    const struct str s = w->text;
    uint32_t n = 0;

    for (size_t i = 0; i < s.n; i++) {
        bool end =
            s.p[i] == w->end.p[0] && (w->end.n == 1 || (i + 1 < s.n && s.p[i + 1] == w->end.p[1]));

        if (end)
            *ends++ = n;
        if (end || s.p[i] == w->field)
            at[n++] = (uint32_t)i;
    }
}

static size_t scalar_among(struct str s, const char any[3])
{
    size_t n = 0;

    for (size_t i = 0; i < s.n; i++)
        n += s.p[i] == any[0] || s.p[i] == any[1] || s.p[i] == any[2];
    return n;
}

const struct marks_way marks_scalar = {scalar_count, scalar_fill, scalar_among};

#ifndef __SSE2__
const struct marks_way *marks_best(void)
{
    return &marks_scalar;
}
#endif
