#include "instance.h"

enum { XTN_COMPONENTS = 18 };

/* Equals no literal of any condition: those are UTF-8. */
static const struct str unmatchable = STR_LIT("\xFF");

static void add(struct elements *out, struct element e)
{
    if (e.text.n == 0 && !e.unfit && !e.candidate.xtn)
        return; /* blank once decoded: as if it were empty */
    out->items[out->n++] = e;
}

/* XTN components that make up a number: the whole of it in 1 or 12, its pieces in 5 to 8. */
static bool is_of_number(size_t n)
{
    return n == 1 || n == 12 || (n >= 5 && n <= 8);
}

/* Component n of a repetition at [n - 1]. One that the sender cut short is absent; where it is of the
 * number, the element is unfit. */
static void read_xtn(const struct reading *m, struct str repetition, struct element *out)
{
    struct str *parts = NEW_ARRAY(m->a, struct str, XTN_COMPONENTS);

    for (size_t n = 1; n <= XTN_COMPONENTS; n++) {
        struct str component = hl7_component(&m->hl7.sep, repetition, n);
        struct str leaf = hl7_subcomponent(&m->hl7.sep, component, 1);

        if (hl7_is_truncated(&m->hl7, leaf))
            out->unfit = out->unfit || is_of_number(n);
        else
            parts[n - 1] = hl7_component_text(&m->hl7, repetition, n, 0, m->a);
    }
    out->candidate.xtn = parts;
    out->candidate.n_xtn = XTN_COMPONENTS;
}

static bool read_path(struct instance *i, const struct hl7_path *p, bool whole,
                      struct hl7_elements *out)
{
    size_t steps = 0;
    const struct container *c = scope_holding(&i->scope, p->segment, &steps);

    *out = (struct hl7_elements){0};
    for (size_t k = 0; c && k < c->n; k++)
        if (hl7_segment_is(c->list[k], p->segment))
            steps += 1 + hl7_field(c->list[k], p->field).n / 16;
    if (!instance_spend(i, steps))
        return false;
    if (c)
        hl7_path_read(p, &i->m->hl7, c->list, c->n, whole, i->m->a, out);
    return out->over ? instance_too_large(i) : instance_spend(i, out->n * FEED_STEPS_KEPT);
}

static bool read_hl7(struct instance *i, const struct source *s, bool whole, struct elements *out)
{
    struct hl7_elements all;

    whole = whole && s->path.component == 0;
    if (!read_path(i, &s->path, whole, &all))
        return false;
    out->items = NEW_ARRAY(i->m->a, struct element, all.n + 1);
    for (size_t k = 0; k < all.n; k++) {
        const struct hl7_element *from = &all.items[k];
        struct element e = {.candidate = {.text = from->text, .asks_use = s->asks_use},
                            .text = str_trim(from->text),
                            .unfit = from->damaged};

        out->deleted = out->deleted || from->state == HL7_DELETE;
        if (from->state != HL7_VALUE)
            continue;
        if (whole)
            read_xtn(i->m, from->raw, &e);
        add(out, e);
    }
    return true;
}

static bool read_fhir(struct instance *i, const struct source *s, struct elements *out)
{
    struct fhirpath_items all = {0};
    struct err e;

    if (!fhirpath_eval(s->expr, &i->focus, i->m->a, &all, &e)) {
        out->error = "fhirpath.error";
        return e.code == FHIRPATH_TOO_LARGE ? instance_too_large(i) : true;
    }
    if (!instance_spend(i, all.n * FEED_STEPS_KEPT))
        return false;
    out->items = NEW_ARRAY(i->m->a, struct element, all.n + 1);
    for (size_t k = 0; k < all.n; k++)
        add(out, (struct element){.candidate = {.text = all.items[k].text},
                                  .text = str_trim(all.items[k].text),
                                  .unfit = !all.items[k].text.p});
    return true;
}

bool candidates_read(struct instance *i, const struct source *s, bool whole, struct elements *out)
{
    *out = (struct elements){0};
    if (i->m->side == SIDE_HL7)
        return read_hl7(i, s, whole, out);
    return read_fhir(i, s, out);
}

struct asking { /* one HL7 condition under way */
    struct instance *i;
    bool ended;
};

static enum cond_state leaf_state(void *ctx, const struct cond_leaf *leaf)
{
    static const enum cond_state states[] = {[HL7_ABSENT] = COND_ABSENT,
                                             [HL7_EMPTY] = COND_EMPTY,
                                             [HL7_DELETE] = COND_DELETED,
                                             [HL7_VALUE] = COND_PRESENT};
    static const int strength[] = {
        [COND_ABSENT] = 0, [COND_EMPTY] = 1, [COND_DELETED] = 2, [COND_PRESENT] = 3};
    struct asking *q = ctx;
    enum cond_state best = COND_ABSENT;

    for (size_t p = 0; p < leaf->n_paths; p++) {
        struct hl7_elements all = {0};
        enum cond_state one;

        if (q->ended || !read_path(q->i, &leaf->paths[p], false, &all)) {
            q->ended = true;
            return COND_ABSENT;
        }
        one = states[hl7_elements_state(&all)];
        best = strength[one] > strength[best] ? one : best;
    }
    return best;
}

static size_t leaf_values(void *ctx, const struct cond_leaf *leaf, const struct str **out)
{
    struct asking *q = ctx;
    struct str *texts = NULL;
    size_t n = 0;

    for (size_t p = 0; p < leaf->n_paths; p++) {
        struct hl7_elements all = {0};
        struct str *more;

        if (q->ended || !read_path(q->i, &leaf->paths[p], false, &all)) {
            q->ended = true;
            return 0;
        }
        more = NEW_ARRAY(q->i->m->a, struct str, n + all.n + 1);
        if (n)
            memcpy(more, texts, n * sizeof(*more));
        texts = more;
        for (size_t k = 0; k < all.n; k++)
            if (all.items[k].state == HL7_VALUE)
                texts[n++] = all.items[k].damaged ? unmatchable : all.items[k].text;
    }
    *out = texts;
    return n;
}

bool condition_read(struct instance *i, const struct branch *b, bool *out)
{
    struct asking q = {i, false};
    const struct cond_source source = {&q, leaf_state, leaf_values};
    struct err e;

    if (i->m->side == SIDE_HL7) {
        *out = cond_holds(b->cond, &source);
        return !q.ended;
    }
    if (fhirpath_holds(b->expr, &i->focus, i->m->a, out, &e))
        return true;
    *out = false;
    return e.code == FHIRPATH_TOO_LARGE ? instance_too_large(i) : true;
}

struct saying {
    struct asking q;
    bool says;
};

static void leaf_says(void *ctx, const struct cond_leaf *leaf)
{
    struct saying *s = ctx;
    enum cond_state state = leaf_state(&s->q, leaf);

    s->says = s->says || state == COND_PRESENT || state == COND_DELETED;
}

bool condition_says(struct instance *i, const struct branch *b, bool *out)
{
    struct saying s = {.q = {i, false}};

    cond_each(b->cond, leaf_says, &s);
    *out = s.says;
    return !s.q.ended;
}
