#include "eval.h"

#include "fhir/element.h"

/* A name at the start of a chain. */
static bool eval_start(struct run *r, const struct expr *x, const struct list *self,
                       struct list *out)
{
    struct str focus = fhir_type(r->scope->focus);

    if (!x->in_filter && focus.p && type_is(focus, x->text))
        return list_add(r, out, value_resource(r->scope->focus));
    if (!x->in_filter && str_eq(x->text, STR("Patient")))
        return !r->scope->patient || list_add(r, out, value_resource(r->scope->patient));
    for (size_t i = 0; i < self->n; i++) {
        if (!value_children(r, &self->items[i], x->text, out))
            return false;
    }
    return true;
}

static bool eval_member(struct run *r, const struct expr *x, const struct list *self,
                        struct list *out)
{
    struct list input = {0};

    if (!eval(r, &r->nodes[x->left], self, &input))
        return false;
    for (size_t i = 0; i < input.n; i++) {
        if (!value_children(r, &input.items[i], x->text, out))
            return false;
    }
    return true;
}

static bool eval_index(struct run *r, const struct expr *x, const struct list *self,
                       struct list *out)
{
    struct list input = {0};

    if (!eval(r, &r->nodes[x->left], self, &input))
        return false;
    return x->number >= input.n || list_add(r, out, input.items[x->number]);
}

static bool eval_union(struct run *r, const struct list *a, const struct list *b, struct list *out)
{
    struct list both = {0};

    if (!list_add_all(r, &both, a) || !list_add_all(r, &both, b))
        return false;
    for (size_t i = 0; i < both.n; i++) {
        bool seen = false;

        for (size_t k = 0; k < out->n && !seen; k++)
            seen = value_equal(r, &out->items[k], &both.items[i]) == TRUTH_TRUE;
        if (!run_steps(r, out->n) || (!seen && !list_add(r, out, both.items[i])))
            return false;
    }
    return true;
}

static bool eval_in(struct run *r, const struct list *a, const struct list *b, struct list *out)
{
    bool hit = false;

    if (a->n > 1)
        return run_fail(r, "`in` with more than one item on its left");
    if (a->n == 0)
        return true;
    for (size_t i = 0; i < b->n && !hit; i++)
        hit = value_equal(r, a->items, &b->items[i]) == TRUTH_TRUE;
    return run_steps(r, b->n) && list_add(r, out, value_boolean(hit));
}

/* and, or: three-valued; what decides alone wins over empty. */
static bool eval_logic(struct run *r, enum op op, const struct list *a, const struct list *b,
                       struct list *out)
{
    enum truth decides = op == OP_AND ? TRUTH_FALSE : TRUTH_TRUE, x, y;

    if (!value_truth(r, a, &x) || !value_truth(r, b, &y))
        return false;
    if (x == decides || y == decides)
        return list_add(r, out, value_boolean(op == OP_OR));
    if (x == TRUTH_EMPTY || y == TRUTH_EMPTY)
        return true;
    return list_add(r, out, value_boolean(op == OP_AND));
}

static bool eval_binary(struct run *r, const struct expr *x, const struct list *self,
                        struct list *out)
{
    struct list a = {0}, b = {0};
    enum truth equal;

    if (!eval(r, &r->nodes[x->left], self, &a) || !eval(r, &r->nodes[x->right], self, &b))
        return false;
    if (x->op == OP_UNION) {
        struct list all = {0};

        return eval_union(r, &a, &b, &all) && list_add_all(r, out, &all);
    }
    if (x->op == OP_IN)
        return eval_in(r, &a, &b, out);
    if (x->op == OP_AND || x->op == OP_OR)
        return eval_logic(r, x->op, &a, &b, out);
    equal = list_equal(r, &a, &b);
    return run_steps(r, 0) &&
           (equal == TRUTH_EMPTY ||
            list_add(r, out, value_boolean((equal == TRUTH_TRUE) == (x->op == OP_EQUAL))));
}

bool eval(struct run *r, const struct expr *x, const struct list *self, struct list *out)
{
    struct list input = {0};

    switch (x->op) {
    case OP_START:
        return eval_start(r, x, self, out);
    case OP_THIS:
        return list_add_all(r, out, self);
    case OP_STRING:
        return list_add(r, out, value_string(x->text));
    case OP_INTEGER:
        return list_add(r, out,
                        (struct fhirpath_item){.kind = FHIRPATH_INTEGER,
                                               .text = x->text,
                                               .type = STR("System.Integer")});
    case OP_BOOLEAN:
        return list_add(r, out, value_boolean(x->number));
    case OP_MEMBER:
        return eval_member(r, x, self, out);
    case OP_INDEX:
        return eval_index(r, x, self, out);
    case OP_CALL:
        if (x->left != EXPR_NONE)
            return eval(r, &r->nodes[x->left], self, &input) && eval_call(r, x, self, &input, out);
        return eval_call(r, x, self, self, out);
    case OP_EQUAL:
    case OP_UNEQUAL:
    case OP_IN:
    case OP_UNION:
    case OP_AND:
    case OP_OR:
        return eval_binary(r, x, self, out);
    }
    return true;
}

/* The result as it is handed out: the items, and behind them the texts that were made on the way, so that all
 * of it can be moved down over what the evaluation leaves behind. */
static struct fhirpath_item *packed(struct arena *a, const struct list *all, size_t *bytes)
{
    struct fhirpath_item *out;
    char *text;

    *bytes = all->n * sizeof *out;
    for (size_t i = 0; i < all->n; i++)
        *bytes += all->items[i].kind == FHIRPATH_STRING ? all->items[i].text.n : 0;
    out = arena_get(a, 1, *bytes);
    text = (char *)(out + all->n);
    for (size_t i = 0; i < all->n; i++) {
        out[i] = all->items[i];
        if (out[i].kind != FHIRPATH_STRING || !out[i].text.n)
            continue;
        memcpy(text, all->items[i].text.p, out[i].text.n);
        text += out[i].text.n;
    }
    return out;
}

static void point_to_texts(struct fhirpath_items *all)
{
    const char *text = (const char *)(all->items + all->n);

    for (size_t i = 0; i < all->n; i++) {
        if (all->items[i].kind != FHIRPATH_STRING)
            continue;
        all->items[i].text.p = text;
        text += all->items[i].text.n;
    }
}

bool fhirpath_eval(const struct fhirpath *x, const struct fhirpath_scope *scope, struct arena *a,
                   struct fhirpath_items *out, struct err *e)
{
    const size_t budget = scope->steps ? *scope->steps : FHIRPATH_MAX_STEPS;
    const struct arena_mark before = arena_mark(a);
    struct run r = {.nodes = x->nodes, .scope = scope, .a = a, .steps = budget, .e = e};
    struct fhirpath_item focus = value_resource(scope->focus), *items;
    struct list self = {&focus, scope->focus != NULL, 1}, all = {0};
    bool ok = eval(&r, &x->nodes[x->top], &self, &all);
    size_t bytes = 0;

    if (scope->steps)
        *scope->steps = r.steps;
    if (ok && all.n > FHIRPATH_MAX_ITEMS)
        ok = err_set(e, ERR_INPUT, FHIRPATH_TOO_LARGE, "more than %d items", FHIRPATH_MAX_ITEMS);
    *out = (struct fhirpath_items){0};
    if (!ok || !all.n) {
        arena_rewind(a, before);
        return ok;
    }
    items = packed(a, &all, &bytes);
    *out = (struct fhirpath_items){arena_rewind_but(a, before, items, bytes), all.n};
    point_to_texts(out);
    return true;
}

bool fhirpath_holds(const struct fhirpath *x, const struct fhirpath_scope *scope, struct arena *a,
                    bool *out, struct err *e)
{
    struct fhirpath_items items;

    *out = false;
    if (!fhirpath_eval(x, scope, a, &items, e))
        return false;
    *out =
        items.n == 1 && str_eq(items.items[0].text, STR("true")) && !value_is_string(items.items);
    return true;
}
