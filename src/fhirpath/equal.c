#include "fhir/element.h"
#include "value.h"

enum sort { SORT_STRING, SORT_NUMBER, SORT_BOOLEAN, SORT_MOMENT, SORT_OBJECT, SORT_NOTHING };

static bool is_moment(struct str type)
{
    return str_eq(type, STR("date")) || str_eq(type, STR("dateTime")) ||
           str_eq(type, STR("instant")) || str_eq(type, STR("time"));
}

static enum sort sort_of(const struct fhirpath_item *item)
{
    if (item->kind == FHIRPATH_STRING)
        return SORT_STRING;
    if (item->kind == FHIRPATH_INTEGER)
        return SORT_NUMBER;
    if (item->kind == FHIRPATH_BOOLEAN)
        return SORT_BOOLEAN;
    if (!item->node)
        return SORT_NOTHING;
    switch (item->node->kind) {
    case JSON_STRING:
        return is_moment(item->type) ? SORT_MOMENT : SORT_STRING;
    case JSON_NUMBER:
        return SORT_NUMBER;
    case JSON_TRUE:
    case JSON_FALSE:
        return SORT_BOOLEAN;
    case JSON_NULL:
    case JSON_ARRAY:
    case JSON_OBJECT:
        break;
    }
    return SORT_OBJECT;
}

static enum truth truth(bool b)
{
    return b ? TRUTH_TRUE : TRUTH_FALSE;
}

/* A decimal as sign, digits without zeros at either end, and the power of ten of its last digit. */
struct decimal {
    bool negative;
    struct str digits; /* may hold one '.', which counts for nothing */
    long power;
};

static long exponent(struct str text)
{
    bool minus = text.n && text.p[0] == '-';
    long v = 0;

    for (size_t i = minus || (text.n && text.p[0] == '+'); i < text.n; i++)
        v = v < 1000000000 ? v * 10 + (text.p[i] - '0') : v;
    return minus ? -v : v;
}

static struct decimal decimal_of(struct str text)
{
    struct decimal d = {.negative = text.n && text.p[0] == '-'};
    struct str rest = {text.p + d.negative, text.n - d.negative};
    const char *dot;

    for (size_t i = 0; i < rest.n; i++) {
        if (rest.p[i] == 'e' || rest.p[i] == 'E') {
            d.power = exponent((struct str){rest.p + i + 1, rest.n - i - 1});
            rest.n = i;
        }
    }
    dot = rest.n ? memchr(rest.p, '.', rest.n) : NULL;
    if (dot)
        d.power -= (long)(rest.p + rest.n - dot) - 1;
    while (rest.n && (rest.p[0] == '0' || rest.p[0] == '.'))
        rest = (struct str){rest.p + 1, rest.n - 1};
    while (rest.n && (rest.p[rest.n - 1] == '0' || rest.p[rest.n - 1] == '.')) {
        d.power += rest.p[rest.n - 1] == '0';
        rest.n--;
    }
    d.digits = rest;
    if (rest.n == 0)
        d = (struct decimal){.digits = rest};
    return d;
}

static bool same_number(struct str x, struct str y)
{
    struct decimal a = decimal_of(x), b = decimal_of(y);
    size_t i = 0, k = 0;

    if (a.negative != b.negative || a.power != b.power)
        return false;
    for (;;) {
        i += i < a.digits.n && a.digits.p[i] == '.';
        k += k < b.digits.n && b.digits.p[k] == '.';
        if (i == a.digits.n || k == b.digits.n)
            return i == a.digits.n && k == b.digits.n;
        if (a.digits.p[i++] != b.digits.p[k++])
            return false;
    }
}

/* Dates and times: instants as points in time; else what both say must agree, and if one says more
 * than the other nothing is known (FHIRPath 6.1.1). */
static enum truth same_moment(struct str a, struct str b)
{
    int64_t x, y;
    struct str shorter = a.n < b.n ? a : b, longer = a.n < b.n ? b : a;

    if (fhir_instant_ms(a, &x) && fhir_instant_ms(b, &y))
        return truth(x == y);
    if (!str_starts(longer, shorter))
        return TRUTH_FALSE;
    return longer.n == shorter.n ? TRUTH_TRUE : TRUTH_EMPTY;
}

/* One node without what is below it. */
static bool same_node(const struct json_node *a, const struct json_node *b)
{
    if (a->kind != b->kind || a->n != b->n)
        return false;
    if (a->kind == JSON_OBJECT || a->kind == JSON_ARRAY)
        return true;
    return a->kind == JSON_NUMBER ? same_number(a->text, b->text) : str_eq(a->text, b->text);
}

/* The node under `in` that stands for `x` of the other tree: members in any order, items in theirs. `last`
 * stood for the one before `x`; NULL: there was none. */
static const struct json_node *partner(const struct json_node *x, const struct json_node *in,
                                       const struct json_node *last)
{
    if (in->kind == JSON_OBJECT)
        return json_member(in, x->name);
    return last ? last->next : in->first;
}

/* Node by node in document order, so that the depth of a message costs no stack. */
static bool same_tree(struct run *r, const struct json_node *a, const struct json_node *b)
{
    const struct json_node *x = a, *y = b;

    while (y && same_node(x, y) && run_steps(r, 1 + x->text.n / 64 + y->n)) {
        if (x->first) {
            x = x->first;
            y = partner(x, y, NULL);
            continue;
        }
        while (x != a && !x->next) {
            x = x->parent;
            y = y->parent;
        }
        if (x == a)
            return true;
        x = x->next;
        y = partner(x, y->parent, y);
        if (y && !run_steps(r, y->parent->n))
            return false;
    }
    return false;
}

enum truth value_equal(struct run *r, const struct fhirpath_item *a, const struct fhirpath_item *b)
{
    enum sort sort = sort_of(a);

    if (sort != sort_of(b) || !run_steps(r, 1 + a->text.n / 64))
        return TRUTH_FALSE;
    switch (sort) {
    case SORT_STRING:
    case SORT_BOOLEAN:
        return truth(str_eq(a->text, b->text));
    case SORT_NUMBER:
        return truth(same_number(a->text, b->text));
    case SORT_MOMENT:
        return same_moment(a->text, b->text);
    case SORT_OBJECT:
        return truth(a->node == b->node || same_tree(r, a->node, b->node));
    case SORT_NOTHING:
        return truth(a->twin == b->twin || (a->twin && b->twin && same_tree(r, a->twin, b->twin)));
    }
    return TRUTH_FALSE;
}

enum truth list_equal(struct run *r, const struct list *a, const struct list *b)
{
    enum truth all = TRUTH_TRUE;

    if (a->n == 0 || b->n == 0)
        return TRUTH_EMPTY;
    if (a->n != b->n)
        return TRUTH_FALSE;
    for (size_t i = 0; i < a->n; i++) {
        enum truth one = value_equal(r, &a->items[i], &b->items[i]);

        if (one == TRUTH_FALSE)
            return TRUTH_FALSE;
        if (one == TRUTH_EMPTY)
            all = TRUTH_EMPTY;
    }
    return all;
}
