#include "path_read.h"

#include "hl7/escape.h"

static bool is_null(struct str s)
{
    return s.n == 2 && s.p[0] == '"' && s.p[1] == '"';
}

static bool holds_replacement(struct str s)
{
    const char *at = s.n ? memchr(s.p, '\xEF', s.n) : NULL;

    return at && memmem(at, s.n - (size_t)(at - s.p), "\xEF\xBF\xBD", 3);
}

/* Cut short by the sender, or holding what could not be decoded. */
static bool is_damaged(const struct hl7_message *m, struct str raw, struct str text)
{
    return hl7_is_truncated(m, raw) || holds_replacement(text);
}

bool path_is_separators(const struct hl7_path *p)
{
    return p->field <= 2 && (strcmp(p->segment, "MSH") == 0 || strcmp(p->segment, "BHS") == 0 ||
                             strcmp(p->segment, "FHS") == 0);
}

bool path_passes(const struct hl7_path *p, const struct hl7_message *m, struct str repetition,
                 struct arena *a)
{
    for (size_t i = 0; i < p->n_tests; i++) {
        const struct hl7_path_test *t = &p->tests[i];
        struct str component = hl7_component(&m->sep, repetition, t->component);
        struct str raw =
            hl7_subcomponent(&m->sep, component, t->has_subcomponent ? t->subcomponent : 1);
        struct str text = hl7_unescape(raw, &m->sep, m->charset, a, NULL);

        if (!raw.p || is_damaged(m, raw, text) || !str_eq(text, t->literal))
            return false;
    }
    return true;
}

/* One call of hl7_path_read() or hl7_path_first(). */
struct visit {
    const struct hl7_path *p;
    const struct hl7_message *m;
    bool whole;
    bool ended; /* nothing more is wanted */
    struct arena *a;
    struct hl7_elements *out;
    struct hl7_element *first; /* only this is wanted; else NULL */
    size_t room;
    size_t segment;
};

static void add(struct visit *v, struct hl7_element el, size_t repetition)
{
    el.segment = v->segment;
    el.repetition = repetition;
    if (v->first) {
        if (el.state > v->first->state)
            *v->first = el;
        v->ended = el.state == HL7_VALUE;
        return;
    }
    if (v->out->n == HL7_PATH_MOST) {
        v->ended = v->out->over = true;
        return;
    }
    if (v->out->n == v->room) {
        struct hl7_element *more;

        v->room = v->room ? v->room * 4 : 4;
        more = NEW_ARRAY(v->a, struct hl7_element, v->room);
        if (v->out->n)
            memcpy(more, v->out->items, v->out->n * sizeof *more);
        v->out->items = more;
    }
    v->out->items[v->out->n++] = el;
}

static bool is_blank(struct str s)
{
    return str_trim(s).n == 0;
}

/* The element of a slice with its leaf: raw is what the path names. */
static struct hl7_element element(const struct visit *v, struct str raw, struct str leaf)
{
    struct hl7_element el = {.state = HL7_ABSENT};
    struct str text;

    if (!leaf.p)
        return el;
    text = hl7_unescape(leaf, &v->m->sep, v->m->charset, v->a, NULL);
    if (is_null(leaf))
        el.state = HL7_DELETE;
    else if (is_blank(text))
        el.state = HL7_EMPTY;
    else
        el = (struct hl7_element){
            .state = HL7_VALUE, .text = text, .raw = raw, .damaged = is_damaged(v->m, leaf, text)};
    return el;
}

/* A whole repetition: value as soon as anything stands in it. */
static struct hl7_element whole_element(const struct visit *v, struct str repetition)
{
    const struct hl7_separators *sep = &v->m->sep;
    struct str first = hl7_component(sep, repetition, 1);
    struct str leaf = hl7_subcomponent(sep, first, 1);
    struct hl7_element el = element(v, repetition, leaf);

    if (el.state != HL7_DELETE && !is_blank(repetition)) {
        el.state = HL7_VALUE;
        el.raw = repetition;
        el.text = hl7_unescape(leaf, sep, v->m->charset, v->a, NULL);
        el.damaged = is_damaged(v->m, leaf, repetition);
    }
    return el;
}

static void visit_repetition(struct visit *v, struct str repetition, size_t n)
{
    const struct hl7_separators *sep = &v->m->sep;
    const struct hl7_path *p = v->p;
    struct str component, leaf;

    if (v->whole && p->component == 0) {
        add(v, whole_element(v, repetition), n);
        return;
    }
    component = hl7_component(sep, repetition, p->component ? p->component : 1);
    if (is_null(repetition))
        component = repetition;
    leaf = hl7_subcomponent(sep, component, p->subcomponent ? p->subcomponent : 1);
    if (component.p && is_null(component))
        leaf = component;
    if (p->component == 0)
        add(v, element(v, repetition, leaf), n);
    else
        add(v, element(v, p->subcomponent ? leaf : component, leaf), n);
}

/* MSH-1 and MSH-2 are taken as they stand. */
static void visit_separators(struct visit *v, struct str field)
{
    struct hl7_element el = {.state = HL7_ABSENT};

    if (field.p && v->p->repetition <= 1 && v->p->n_tests == 0 && v->p->component <= 1 &&
        v->p->subcomponent <= 1)
        el = (struct hl7_element){.state = HL7_VALUE, .text = field, .raw = field};
    add(v, el, 1);
}

static void visit_field(struct visit *v, struct str field)
{
    const struct hl7_path *p = v->p;
    struct str rest = field;
    size_t n = 0;

    if (path_is_separators(p)) {
        visit_separators(v, field);
        return;
    }
    if (field.p && is_null(field)) {
        add(v, (struct hl7_element){.state = HL7_DELETE}, 1);
        return;
    }
    while (rest.p && !v->ended) {
        struct str repetition = v->m->sep.repetition ? str_cut(&rest, v->m->sep.repetition) : rest;

        if (!v->m->sep.repetition)
            rest.p = NULL;
        n++;
        if ((p->repetition == 0 || p->repetition == n) && path_passes(p, v->m, repetition, v->a))
            visit_repetition(v, repetition, n);
    }
    if (n < p->repetition || n == 0)
        add(v, (struct hl7_element){.state = HL7_ABSENT}, p->repetition ? p->repetition : 1);
}

void hl7_path_read(const struct hl7_path *p, const struct hl7_message *m,
                   const struct hl7_segment *const *list, size_t n, bool whole, struct arena *a,
                   struct hl7_elements *out)
{
    struct visit v = {.p = p, .m = m, .whole = whole, .a = a, .out = out};

    *out = (struct hl7_elements){0};
    for (size_t i = 0; i < n && !v.ended; i++) {
        v.segment = i;
        if (hl7_segment_is(list[i], p->segment))
            visit_field(&v, hl7_field(list[i], p->field));
    }
}

struct hl7_element hl7_path_first(const struct hl7_path *p, const struct hl7_message *m,
                                  struct arena *a)
{
    struct hl7_element first = {.state = HL7_ABSENT};
    struct visit v = {.p = p, .m = m, .a = a, .first = &first};

    for (size_t i = 0; i < m->n_segments && !v.ended; i++) {
        v.segment = i;
        if (hl7_segment_is(&m->segments[i], p->segment))
            visit_field(&v, hl7_field(&m->segments[i], p->field));
    }
    return first;
}

enum hl7_state hl7_elements_state(const struct hl7_elements *all)
{
    enum hl7_state s = HL7_ABSENT;

    for (size_t i = 0; i < all->n; i++) {
        if (all->items[i].state > s)
            s = all->items[i].state;
    }
    return s;
}
