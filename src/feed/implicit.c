#include "implicit.h"

#include "flow.h"

bool rule_notifies(const struct feed *f, const struct rule *r)
{
    for (size_t i = 0; r->event && i < f->n_notify; i++)
        if (f->notify[i].event == r->event)
            return true;
    return false;
}

static bool shares_trigger(const struct rule *a, const struct rule *b, int side)
{
    for (size_t i = 0; i < a->n_on[side]; i++)
        for (size_t j = 0; j < b->n_on[side]; j++)
            if (str_eq(a->on[side][i], b->on[side][j]))
                return true;
    return false;
}

static bool stops(const struct otherwise *o)
{
    return o->kind == ELSE_DROP || o->kind == ELSE_HOLD || o->kind == ELSE_REJECT;
}

static bool fails_by_content(enum convert_kind k)
{
    switch (k) {
    case CONVERT_DIGITS:
    case CONVERT_SLICE:
    case CONVERT_DATE:
    case CONVERT_INSTANT:
    case CONVERT_PHONE:
    case CONVERT_LANGUAGE:
        return true;
    case CONVERT_TEXT:
    case CONVERT_TRIM:
    case CONVERT_LOWER:
    case CONVERT_PSEUDONYM:
        return false;
    }
    return true;
}

/* The source itself asks what stands there: a select test of HL7, a filter or function of FHIR. */
static bool asks(const struct source *s, int side)
{
    return side == SIDE_HL7 ? s->path.n_tests > 0 : memchr(s->text.p, '(', s->text.n) != NULL;
}

bool value_stops_by_content(const struct value *v, int side)
{
    const struct branch *b = &v->branch[side];

    if (b->class <= CLASS_LOGISTICS)
        return false;
    if (stops(&v->agree))
        return true;
    if (!stops(&v->otherwise))
        return false;
    if (v->table_node || b->table_node)
        return true;
    for (size_t i = 0; i < v->n_as; i++)
        if (fails_by_content(v->as[i].kind))
            return true;
    for (size_t i = 0; i < b->n_sources; i++)
        if (asks(&b->sources[i], side))
            return true;
    return false;
}

struct named_guard {
    const char *name;
    const struct guard *guard;
};

/* Where two rules share a trigger and both lead to messages, their guards choose the template. */
static void check_guards(struct loading *l, const struct rule *r)
{
    const struct named_guard guards[] = {{"only_if", &r->only_if}, {"sensitive", &r->sensitive}};

    for (size_t i = 0; i < 2; i++)
        for (int side = 0; side < SIDES; side++) {
            const struct branch *b = &guards[i].guard->branch[side];

            if (b->class <= CLASS_LOGISTICS)
                continue;
            report_at(l->r, "E802", b->node,
                      "another rule of the same trigger also leads to a message",
                      "which message is sent would depend on %s data", class_name(b->class));
            flow_of_guard(l, r, guards[i].name, b);
        }
}

/* The other rule is stopped by the same value. */
static bool stops_too(const struct rule *other, const struct value *v)
{
    for (size_t i = 0; i < other->n_with; i++) {
        const struct value *w = other->with[i].value;

        if (w && value_same(v, w) && stops(&w->otherwise) == stops(&v->otherwise))
            return true;
    }
    return false;
}

/* And so do values that stop one of the two and not the other. */
static void check_values(struct loading *l, const struct rule *r, const struct rule *other,
                         int side)
{
    for (size_t i = 0; i < r->n_with; i++) {
        const struct binding *b = &r->with[i];

        if (b->faulty || !b->value || b->value->faulty || !value_stops_by_content(b->value, side) ||
            stops_too(other, b->value))
            continue;
        report_at(l->r, "E802", b->value->node,
                  "another rule of the same trigger also leads to a message: read it the same way "
                  "in both",
                  "which message is sent would depend on %s data, as `%s` can stop this rule",
                  class_name(b->value->branch[side].class), b->slot->name);
        flow_of_stop(l, r, b);
    }
}

/* Facts that later messages take over must not tell of the guard that let them in. */
static void check_carried(struct loading *l, const struct map *m, const struct rule *r,
                          const struct named_guard *g)
{
    bool patient = r->event && strcmp(r->event->name, "patient/1") == 0;

    for (size_t i = 0; r->event && i < r->n_with; i++) {
        const struct binding *b = &r->with[i];
        bool literal =
            binding_gives_literal(b) && (b->literal.p || !binding_is_everywhere(m, r->event, b));
        enum sensitivity ceiling = patient ? CLASS_LOGISTICS : slot_ceiling(b->slot->kind);

        if (b->faulty || b->slot->kind == SLOT_KEY || !b->slot->carried || (!patient && !literal))
            continue;
        for (int side = 0; side < SIDES; side++) {
            const struct branch *at = &g->guard->branch[side];

            if (at->class <= ceiling)
                continue;
            report_at(l->r, "E802", at->node,
                      patient ? "say no with `blocked`, and let the facts in without the guard"
                              : "take it from the message, or give the literal in every rule",
                      "`%s` is carried into later messages and would tell of %s data",
                      b->slot->name, class_name(at->class));
            flow_of_guard(l, r, g->name, at);
        }
    }
}

static void check_pair(struct loading *l, const struct rule *r, const struct rule *other)
{
    bool shared = false;

    if (r->event == other->event)
        return;
    for (int side = 0; side < SIDES; side++) {
        if (!shares_trigger(r, other, side))
            continue;
        shared = true;
        check_values(l, r, other, side);
        check_values(l, other, r, side);
    }
    if (shared) {
        check_guards(l, r);
        check_guards(l, other);
    }
}

void check_implicit(struct loading *l, const struct map *m)
{
    for (size_t i = 0; i < m->n_rules; i++) {
        const struct rule *r = &m->rules[i];
        const struct named_guard guards[] = {{"only_if", &r->only_if},
                                             {"sensitive", &r->sensitive}};

        for (size_t g = 0; g < 2; g++)
            check_carried(l, m, r, &guards[g]);
        for (size_t j = i + 1; rule_notifies(l->f, r) && j < m->n_rules; j++)
            if (rule_notifies(l->f, &m->rules[j]))
                check_pair(l, r, &m->rules[j]);
    }
    check_bundle(l, m);
}
