#include "addendum.h"

bool addendum_is(const struct hl7_message *m, size_t i)
{
    return i > 1 && hl7_segment_is(&m->segments[i], "ADD") && m->segments[i - 1].name[0] != '\0';
}

struct str addendum_join(const struct hl7_message *m, struct arena *a)
{
    char *out = arena_get(a, m->text.n, 1);
    const char *from = m->text.p, *end = m->text.p + m->text.n;
    size_t n = 0;

    for (size_t i = 0; i < m->n_segments; i++) {
        struct str s = m->segments[i].text, before;

        if (!addendum_is(m, i))
            continue;
        before = m->segments[i - 1].text;
        memcpy(out + n, from, (size_t)(before.p + before.n - from));
        n += (size_t)(before.p + before.n - from);
        from = s.p + (s.n > 4 ? 4 : s.n);
    }
    memcpy(out + n, from, (size_t)(end - from));
    return (struct str){out, n + (size_t)(end - from)};
}
