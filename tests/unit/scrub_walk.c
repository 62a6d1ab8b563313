#include "scrub_walk.h"

struct walk {
    const struct hl7_message *before, *after;
    void (*each)(void *ctx, const struct leaf_pair *pair);
    void *ctx;
    struct leaf_pair at;
    const char *why;
};

static bool differ(struct walk *w, const char *why)
{
    w->why = why;
    return false;
}

static bool components(struct walk *w, struct str a, struct str b)
{
    for (unsigned c = 1;; c++) {
        struct str x = hl7_component(&w->before->sep, a, c),
                   y = hl7_component(&w->after->sep, b, c);

        if (!x.p != !y.p)
            return differ(w, "components");
        if (!x.p)
            return true;
        for (unsigned s = 1;; s++) {
            w->at.before = hl7_subcomponent(&w->before->sep, x, s);
            w->at.after = hl7_subcomponent(&w->after->sep, y, s);
            if (!w->at.before.p != !w->at.after.p)
                return differ(w, "subcomponents");
            if (!w->at.before.p)
                break;
            w->at.component = c;
            w->at.place =
                w->at.segment[0] ? place_of(str_of(w->at.segment), w->at.field, c) : PLACE_UNKNOWN;
            w->each(w->ctx, &w->at);
        }
    }
}

static bool fields(struct walk *w, const struct hl7_segment *a, const struct hl7_segment *b)
{
    bool header = hl7_segment_is(a, "MSH");

    for (unsigned n = header ? 3 : 1; n <= a->n_fields; n++) {
        struct str x = hl7_field(a, n), y = hl7_field(b, n);

        w->at.segment = a->name;
        w->at.field = n;
        for (unsigned r = 1;; r++) {
            struct str p = hl7_repetition(&w->before->sep, x, r),
                       q = hl7_repetition(&w->after->sep, y, r);

            if (!p.p != !q.p)
                return differ(w, "repetitions");
            if (!p.p)
                break;
            if (!components(w, p, q))
                return false;
        }
    }
    return true;
}

bool scrub_walk(const struct hl7_message *before, const struct hl7_message *after,
                void (*each)(void *ctx, const struct leaf_pair *pair), void *ctx, const char **why)
{
    struct walk w = {before, after, each, ctx, {0}, NULL};
    bool ok = before->n_segments == after->n_segments || differ(&w, "segments");

    for (size_t i = 0; ok && i < before->n_segments; i++) {
        const struct hl7_segment *a = &before->segments[i], *b = &after->segments[i];

        if (strcmp(a->name, b->name) != 0 || a->n_fields != b->n_fields)
            ok = differ(&w, "fields");
        else
            ok = fields(&w, a, b);
    }
    *why = w.why;
    return ok;
}
