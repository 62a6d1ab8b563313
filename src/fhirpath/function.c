#include "eval.h"

/* The input, or an argument, as one string. *there is false when it is empty. */
static bool one_string(struct run *r, const struct list *l, struct str *out, bool *there)
{
    *there = false;
    if (l->n > 1)
        return run_fail(r, "a text function on more than one item");
    if (l->n == 0 || (l->items[0].kind == FHIRPATH_NODE && !l->items[0].node))
        return true;
    if (!value_is_string(&l->items[0]))
        return run_fail(r, "a text function on something else");
    *out = l->items[0].text;
    *there = true;
    return true;
}

static bool one_integer(struct run *r, const struct list *l, size_t *out, bool *there)
{
    const struct fhirpath_item *one = l->items;

    *there = false;
    if (l->n > 1)
        return run_fail(r, "a position of more than one item");
    if (l->n == 0)
        return true;
    if (one->kind != FHIRPATH_INTEGER && !(one->node && one->node->kind == JSON_NUMBER))
        return run_fail(r, "a position that is no number");
    *out = 0;
    for (size_t i = 0; i < one->text.n; i++) {
        if (one->text.p[i] < '0' || one->text.p[i] > '9') { /* negative: outside every text */
            if (i || one->text.p[0] != '-')
                return run_fail(r, "a position that is no integer");
            *out = SIZE_MAX;
            break;
        }
        *out = *out < 1000000000 ? *out * 10 + (size_t)(one->text.p[i] - '0') : *out;
    }
    *there = true;
    return true;
}

/* where, and the criteria of exists: the first item of the criteria decides, as the oracle does. */
static bool keep(struct run *r, const struct expr *criteria, const struct list *input,
                 struct list *out)
{
    for (size_t i = 0; i < input->n; i++) {
        struct list self = {&input->items[i], 1, 1}, answer = {0};
        enum truth t;

        if (!eval(r, criteria, &self, &answer))
            return false;
        if (answer.n > 1)
            answer.n = 1;
        if (!value_truth(r, &answer, &t) || (t == TRUTH_TRUE && !list_add(r, out, input->items[i])))
            return false;
    }
    return true;
}

static bool call_select(struct run *r, const struct expr *x, const struct list *input,
                        struct list *out)
{
    for (size_t i = 0; i < input->n; i++) {
        struct list self = {&input->items[i], 1, 1};

        if (!eval(r, &r->nodes[x->args[0]], &self, out))
            return false;
    }
    return true;
}

static bool call_exists(struct run *r, const struct expr *x, const struct list *input,
                        struct list *out)
{
    struct list kept = {0};

    if (x->n_args && !keep(r, &r->nodes[x->args[0]], input, &kept))
        return false;
    return list_add(r, out, value_boolean((x->n_args ? kept.n : input->n) > 0));
}

static bool call_of_type(struct run *r, const struct expr *x, const struct list *input,
                         struct list *out)
{
    for (size_t i = 0; i < input->n; i++) {
        if (value_is(&input->items[i], x->text, x->system) && !list_add(r, out, input->items[i]))
            return false;
    }
    return true;
}

static bool call_not(struct run *r, const struct list *input, struct list *out)
{
    enum truth t;

    if (!value_truth(r, input, &t))
        return false;
    return t == TRUTH_EMPTY || list_add(r, out, value_boolean(t == TRUTH_FALSE));
}

/* startsWith, endsWith, contains */
static bool call_search(struct run *r, const struct expr *x, const struct list *self,
                        const struct list *input, struct list *out)
{
    struct list arg = {0};
    struct str text, part;
    bool there, given, hit;

    if (!one_string(r, input, &text, &there) || !eval(r, &r->nodes[x->args[0]], self, &arg) ||
        !one_string(r, &arg, &part, &given))
        return false;
    if (!there || !given)
        return true;
    if (!run_steps(r, text.n / 64))
        return false;
    if (x->function == FN_STARTS_WITH)
        hit = str_starts(text, part);
    else
        hit = x->function == FN_ENDS_WITH ? text_ends(text, part) : text_contains(text, part);
    return list_add(r, out, value_boolean(hit));
}

static bool call_substring(struct run *r, const struct expr *x, const struct list *self,
                           const struct list *input, struct list *out)
{
    struct list from = {0}, many = {0};
    struct str text;
    size_t start, length = SIZE_MAX;
    bool there, given, limited = false;

    if (!one_string(r, input, &text, &there) || !eval(r, &r->nodes[x->args[0]], self, &from) ||
        !one_integer(r, &from, &start, &given) ||
        (x->n_args > 1 && (!eval(r, &r->nodes[x->args[1]], self, &many) ||
                           !one_integer(r, &many, &length, &limited))))
        return false;
    if (!there || !given)
        return true;
    if (limited && length == SIZE_MAX)
        length = 0;
    if (!run_steps(r, text.n / 64))
        return false;
    text = text_substring(text, start, limited ? length : SIZE_MAX);
    return !text.p || list_add(r, out, value_string(text));
}

/* lower, upper, trim */
static bool call_form(struct run *r, const struct expr *x, const struct list *input,
                      struct list *out)
{
    struct str text;
    bool there;

    if (!one_string(r, input, &text, &there))
        return false;
    if (!there)
        return true;
    if (!run_steps(r, text.n / 64))
        return false;
    text =
        x->function == FN_TRIM ? text_trim(text) : text_case(r->a, text, x->function == FN_UPPER);
    return list_add(r, out, value_string(text));
}

static bool call_extension(struct run *r, const struct expr *x, const struct list *self,
                           const struct list *input, struct list *out)
{
    struct list arg = {0}, all = {0};
    struct str url;
    bool given;

    if (!eval(r, &r->nodes[x->args[0]], self, &arg) || !one_string(r, &arg, &url, &given))
        return false;
    if (!given)
        return true;
    for (size_t i = 0; i < input->n; i++) {
        if (!value_children(r, &input->items[i], STR("extension"), &all))
            return false;
    }
    for (size_t i = 0; i < all.n; i++) {
        if (str_eq(json_member_text(all.items[i].node, "url"), url) &&
            !list_add(r, out, all.items[i]))
            return false;
    }
    return true;
}

/* A Reference or its text. Both `at` and the text belong to the body. */
static const struct json_node *find_target(struct run *r, const struct fhirpath_item *item)
{
    struct str ref = item->text;

    if (item->node && item->node->kind == JSON_OBJECT)
        ref = json_member_text(item->node, "reference");
    else if (!value_is_string(item))
        return NULL;
    if (!ref.p || !r->scope->body)
        return NULL;
    return fhir_resolve(r->scope->body, item->node ? item->node : r->scope->focus, ref);
}

static bool call_resolve(struct run *r, const struct list *input, struct list *out)
{
    const struct json_node *contained = json_member(r->scope->focus, STR("contained"));

    for (size_t i = 0; i < input->n; i++) {
        const struct json_node *found;

        if (!run_steps(r, 16 + (contained ? contained->n : 0)))
            return false;
        found = find_target(r, &input->items[i]);
        if (found && !list_add(r, out, value_resource(found)))
            return false;
    }
    return true;
}

bool eval_call(struct run *r, const struct expr *x, const struct list *self,
               const struct list *input, struct list *out)
{
    switch (x->function) {
    case FN_WHERE:
        return keep(r, &r->nodes[x->args[0]], input, out);
    case FN_SELECT:
        return call_select(r, x, input, out);
    case FN_EXISTS:
        return call_exists(r, x, input, out);
    case FN_EMPTY:
        return list_add(r, out, value_boolean(input->n == 0));
    case FN_FIRST:
        return input->n == 0 || list_add(r, out, input->items[0]);
    case FN_LAST:
        return input->n == 0 || list_add(r, out, input->items[input->n - 1]);
    case FN_OF_TYPE:
        return call_of_type(r, x, input, out);
    case FN_NOT:
        return call_not(r, input, out);
    case FN_STARTS_WITH:
    case FN_ENDS_WITH:
    case FN_CONTAINS:
        return call_search(r, x, self, input, out);
    case FN_SUBSTRING:
        return call_substring(r, x, self, input, out);
    case FN_LOWER:
    case FN_UPPER:
    case FN_TRIM:
        return call_form(r, x, input, out);
    case FN_EXTENSION:
        return call_extension(r, x, self, input, out);
    case FN_RESOLVE:
        return call_resolve(r, input, out);
    case FN_COUNT:
        break;
    }
    return true;
}
