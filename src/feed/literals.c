/* What a constant tells: nothing, unless the rule that gives it is one of several. */
#include "implicit.h"

static bool same_converters(const struct value *a, const struct value *b)
{
    if (a->n_as != b->n_as)
        return false;
    for (size_t i = 0; i < a->n_as; i++)
        if (a->as[i].kind != b->as[i].kind || a->as[i].from != b->as[i].from ||
            a->as[i].to != b->as[i].to)
            return false;
    return true;
}

bool branch_same(const struct branch *a, const struct branch *b)
{
    if (a->kind != b->kind || a->table != b->table || a->n_sources != b->n_sources)
        return false;
    for (size_t i = 0; i < a->n_sources; i++)
        if (!str_eq(a->sources[i].text, b->sources[i].text))
            return false;
    return a->kind != BRANCH_CONDITION || str_eq(a->node->text, b->node->text);
}

bool value_same(const struct value *a, const struct value *b)
{
    if (a == b)
        return true;
    if (a->table != b->table || a->agree.kind != b->agree.kind || !same_converters(a, b))
        return false;
    for (int side = 0; side < SIDES; side++)
        if (!branch_same(&a->branch[side], &b->branch[side]))
            return false;
    return true;
}

static bool same_otherwise(const struct otherwise *a, const struct otherwise *b)
{
    return a->kind == b->kind && (a->kind != ELSE_LITERAL || str_eq(a->text, b->text));
}

static struct str constant(const struct binding *b, const struct slot_type *slot)
{
    return b ? b->literal : str_of(slot->standard);
}

/* The slot takes the literal; one that it does not take is reported as that. */
static bool fits(const struct slot_type *slot, struct str text)
{
    switch (slot->kind) {
    case SLOT_CODE:
        return slot_code(slot, text);
    case SLOT_TAG:
    case SLOT_DATE:
    case SLOT_COUNT:
        return slot_form(slot->kind, text);
    case SLOT_KEY:
    case SLOT_PHONE:
    case SLOT_SITE:
    case SLOT_INSTANT:
    case SLOT_TICKET:
    case SLOT_FLAG:
        return false;
    }
    return false;
}

bool binding_gives_literal(const struct binding *b)
{
    if (b->literal.p)
        return fits(b->slot, b->literal);
    return b->value && b->value->otherwise.kind == ELSE_LITERAL &&
           fits(b->slot, b->value->otherwise.text);
}

/* Something of it was reported: what it gives is not known. */
static bool is_faulty(const struct binding *b)
{
    return b && (b->faulty || (b->value ? b->value->faulty : !binding_gives_literal(b)));
}

/* Both give the slot the same for the same message; NULL: the rule does not map it. */
static bool same_gift(const struct binding *a, const struct binding *b,
                      const struct slot_type *slot)
{
    const struct value *x = a ? a->value : NULL, *y = b ? b->value : NULL;

    if (is_faulty(a) || is_faulty(b))
        return true;
    if (!x != !y)
        return false;
    if (x)
        return x == y || (value_same(x, y) && same_otherwise(&x->otherwise, &y->otherwise));
    return str_eq(constant(a, slot), constant(b, slot));
}

bool binding_is_everywhere(const struct map *m, const struct event_type *t, const struct binding *b)
{
    for (size_t i = 0; i < m->n_rules; i++)
        if (m->rules[i].event == t && !same_gift(b, rule_binding(&m->rules[i], b->slot), b->slot))
            return false;
    return true;
}

const struct binding *rule_binding(const struct rule *r, const struct slot_type *slot)
{
    for (size_t i = 0; i < r->n_with; i++)
        if (r->with[i].slot == slot)
            return &r->with[i];
    return NULL;
}

enum sensitivity binding_class(const struct map *m, const struct event_type *t,
                               const struct binding *b)
{
    enum sensitivity class = b->value ? b->value->class : CLASS_PUBLIC;

    if (!b->faulty && binding_gives_literal(b) && !binding_is_everywhere(m, t, b))
        class = class_join(class, CLASS_LOGISTICS);
    return class;
}
