/* Resources that come in one Bundle: rules of different triggers, and what both are stopped by. */
#include "flow.h"
#include "implicit.h"

/* One thing that can stop a rule, and the resource types that it reads above logistics. */
struct stop {
    const char *guard; /* "only_if", "sensitive"; NULL: a value */
    const struct branch *branch;
    const struct table *ordinary;  /* sensitive */
    const struct binding *binding; /* a value */
    struct str *types;             /* "Patient"; "?": any, behind resolve() */
    size_t n_types, room;
};

struct stops {
    const struct rule *rule;
    struct stop *items;
    size_t n;
};

static void add_type(struct loading *l, struct stop *s, struct str type)
{
    for (size_t i = 0; i < s->n_types; i++)
        if (str_eq(s->types[i], type))
            return;
    if (s->n_types == s->room) {
        size_t room = s->room ? 2 * s->room : 4;
        struct str *more = NEW_ARRAY(l->a, struct str, room);

        if (s->n_types)
            memcpy(more, s->types, s->n_types * sizeof *more);
        s->types = more;
        s->room = room;
    }
    s->types[s->n_types++] = type;
}

/* A chain starts at a type, or at an element of the resource that triggered. */
static void add_chain(struct loading *l, const struct rule *r, struct stop *s, struct str path)
{
    struct str head = str_cut(&path, '.');

    if (head.n && ((head.p[0] >= 'A' && head.p[0] <= 'Z') || head.p[0] == '?')) {
        add_type(l, s, head);
        return;
    }
    for (size_t i = 0; i < r->n_on[SIDE_FHIR]; i++)
        add_type(l, s, r->on[SIDE_FHIR][i]);
}

static void add_expression(struct loading *l, const struct rule *r, struct stop *s,
                           const struct fhirpath *x)
{
    struct fhirpath_chains all;

    if (!x)
        return;
    all = fhirpath_chains(x, l->a);
    for (size_t i = 0; i < all.n; i++)
        if (feed_class_chain(l->f, &all.items[i]) > CLASS_LOGISTICS)
            add_chain(l, r, s, all.items[i].path);
}

static void add_stop(struct loading *l, struct stops *all, struct stop s)
{
    if (s.branch->class <= CLASS_LOGISTICS)
        return;
    add_expression(l, all->rule, &s, s.branch->expr);
    for (size_t i = 0; i < s.branch->n_sources; i++)
        add_expression(l, all->rule, &s, s.branch->sources[i].expr);
    all->items[all->n++] = s;
}

static struct stops stops_of(struct loading *l, const struct rule *r)
{
    struct stops all = {.rule = r};

    if (!rule_notifies(l->f, r) || !r->n_on[SIDE_FHIR])
        return all;
    all.items = NEW_ARRAY(l->a, struct stop, r->n_with + 2);
    add_stop(l, &all, (struct stop){.guard = "only_if", .branch = &r->only_if.branch[SIDE_FHIR]});
    add_stop(l, &all,
             (struct stop){.guard = "sensitive",
                           .branch = &r->sensitive.branch[SIDE_FHIR],
                           .ordinary = r->sensitive.ordinary[SIDE_FHIR]});
    for (size_t i = 0; i < r->n_with; i++) {
        const struct binding *b = &r->with[i];

        if (!b->faulty && b->value && value_stops_by_content(b->value, SIDE_FHIR))
            add_stop(l, &all, (struct stop){.branch = &b->value->branch[SIDE_FHIR], .binding = b});
    }
    return all;
}

static bool same_stop(const struct stop *a, const struct stop *b)
{
    if (!a->guard != !b->guard)
        return false;
    if (!a->guard)
        return value_same(a->binding->value, b->binding->value);
    return a->ordinary == b->ordinary && branch_same(a->branch, b->branch);
}

static bool is_among(const struct stop *s, const struct stops *all)
{
    for (size_t i = 0; i < all->n; i++)
        if (same_stop(s, &all->items[i]))
            return true;
    return false;
}

static bool types_meet(const struct stop *a, const struct stop *b)
{
    for (size_t i = 0; i < a->n_types; i++)
        for (size_t j = 0; j < b->n_types; j++)
            if (str_eq(a->types[i], b->types[j]) || str_eq(a->types[i], STR("?")) ||
                str_eq(b->types[j], STR("?")))
                return true;
    return false;
}

/* Something that stops the other rule reads a resource that `s` reads. Values that both rules have tell nothing
 * of which of the two is stopped. */
static bool meets(const struct stop *s, const struct stops *mine, const struct stops *others)
{
    for (size_t i = 0; i < others->n; i++) {
        const struct stop *o = &others->items[i];

        if ((o->guard || !is_among(o, mine)) && types_meet(s, o))
            return true;
    }
    return false;
}

static void check_stops(struct loading *l, const struct stops *mine, const struct stops *others)
{
    for (size_t i = 0; i < mine->n; i++) {
        const struct stop *s = &mine->items[i];

        if (is_among(s, others) || !meets(s, mine, others))
            continue;
        report_at(l->r, "E802", s->guard ? s->branch->node : s->binding->value->node,
                  "another rule reads the same resource, which can come in the same Bundle",
                  "which message is sent would depend on %s data", class_name(s->branch->class));
        if (s->guard)
            flow_of_guard(l, mine->rule, s->guard, s->branch);
        else
            flow_of_stop(l, mine->rule, s->binding);
    }
}

static bool same_resource(const struct rule *a, const struct rule *b)
{
    for (size_t i = 0; i < a->n_on[SIDE_FHIR]; i++)
        for (size_t j = 0; j < b->n_on[SIDE_FHIR]; j++)
            if (str_eq(a->on[SIDE_FHIR][i], b->on[SIDE_FHIR][j]))
                return true;
    return false;
}

void check_bundle(struct loading *l, const struct map *m)
{
    struct stops *all = NEW_ARRAY(l->a, struct stops, m->n_rules + 1);

    for (size_t i = 0; i < m->n_rules; i++) {
        all[i] = stops_of(l, &m->rules[i]);
        for (size_t j = 0; j < i; j++) {
            if (same_resource(all[i].rule, all[j].rule))
                continue;
            check_stops(l, &all[i], &all[j]);
            check_stops(l, &all[j], &all[i]);
        }
    }
}
