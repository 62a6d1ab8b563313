#include "addendum.h"

bool addendum_is(const struct hl7_message *m, size_t i)
{
    return i > 1 && hl7_segment_is(&m->segments[i], "ADD");
}

struct str addendum_join(const struct hl7_message *m, struct str end, struct arena *a)
{
    struct str out = {arena_get(a, m->text.n + 2, 1), 0};
    char *to = (char *)(uintptr_t)out.p;

    for (size_t i = 0; i < m->n_segments; i++) {
        struct str s = m->segments[i].text;

        if (addendum_is(m, i)) {
            size_t name = s.n > 4 ? 4 : s.n;

            s = (struct str){s.p + name, s.n - name};
        } else if (i) {
            memcpy(to + out.n, end.p, end.n);
            out.n += end.n;
        }
        if (s.n)
            memcpy(to + out.n, s.p, s.n);
        out.n += s.n;
    }
    memcpy(to + out.n, end.p, end.n);
    out.n += end.n;
    return out;
}
