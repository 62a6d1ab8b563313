#include "value.h"

#include "fhir/element.h"

bool run_fail(struct run *r, const char *what)
{
    return err_set(r->e, ERR_INPUT, FHIRPATH_ERROR, "%s", what);
}

bool run_steps(struct run *r, size_t n)
{
    if (n <= r->steps && !r->over) {
        r->steps -= n;
        return true;
    }
    r->over = true;
    r->steps = 0;
    return err_set(r->e, ERR_INPUT, FHIRPATH_TOO_LARGE, "the expression visits too many elements");
}

bool list_add(struct run *r, struct list *l, struct fhirpath_item item)
{
    if (!run_steps(r, 1))
        return false;
    if (l->n == l->room) {
        struct fhirpath_item *old = l->items;

        l->room = l->room ? 2 * l->room : 4;
        l->items = NEW_ARRAY(r->a, struct fhirpath_item, l->room);
        if (l->n)
            memcpy(l->items, old, l->n * sizeof *old);
    }
    l->items[l->n++] = item;
    return true;
}

bool list_add_all(struct run *r, struct list *l, const struct list *more)
{
    for (size_t i = 0; i < more->n; i++) {
        if (!list_add(r, l, more->items[i]))
            return false;
    }
    return true;
}

struct fhirpath_item value_string(struct str text)
{
    return (struct fhirpath_item){
        .kind = FHIRPATH_STRING, .text = text, .type = STR("System.String")};
}

struct fhirpath_item value_boolean(bool b)
{
    return (struct fhirpath_item){.kind = FHIRPATH_BOOLEAN,
                                  .text = b ? STR("true") : STR("false"),
                                  .type = STR("System.Boolean")};
}

/* An element: a resource knows its type, others get it from where they stand. */
static struct fhirpath_item element(const struct json_node *node, const struct json_node *twin,
                                    struct str type)
{
    struct fhirpath_item item = {.kind = FHIRPATH_NODE, .twin = twin, .type = type};
    struct str own = fhir_type(node);

    if (node && node->kind != JSON_NULL) {
        item.node = node;
        item.text = node->text;
    }
    if (own.p)
        item.type = own;
    return item;
}

struct fhirpath_item value_resource(const struct json_node *node)
{
    return element(node, NULL, (struct str){0});
}

static const struct json_node *as_object(const struct json_node *twin)
{
    return twin && twin->kind == JSON_OBJECT ? twin : NULL;
}

/* Adds a member and its twin, item by item when they are arrays. */
static bool add_values(struct run *r, const struct json_node *node, const struct json_node *twin,
                       struct str type, struct list *out)
{
    const struct json_node *value, *extra;
    bool array = (node && node->kind == JSON_ARRAY) || (twin && twin->kind == JSON_ARRAY);

    if (!array) {
        if ((!node || node->kind == JSON_NULL) && !as_object(twin))
            return true;
        return list_add(r, out, element(node, as_object(twin), type));
    }
    value = node && node->kind == JSON_ARRAY ? node->first : NULL;
    extra = twin && twin->kind == JSON_ARRAY ? twin->first : NULL;
    while (value || extra) {
        if (!list_add(r, out, element(value, as_object(extra), type)))
            return false; /* a null without a twin counts too, as in other engines */
        value = value ? value->next : NULL;
        extra = extra ? extra->next : NULL;
    }
    return true;
}

static const struct json_node *twin_of(const struct json_node *object, struct str name)
{
    for (const struct json_node *c = object->first; c; c = c->next) {
        if (c->name.n == name.n + 1 && c->name.p[0] == '_' &&
            memcmp(c->name.p + 1, name.p, name.n) == 0)
            return c;
    }
    return NULL;
}

/* The type behind a choice's JSON name: "valueQuantity" is a Quantity. Absent when it is none. */
static struct str choice_type(struct str owner, struct str name, struct str member)
{
    struct fhir_definition el;
    struct str tail;

    if (member.n && member.p[0] == '_')
        member = (struct str){member.p + 1, member.n - 1};
    if (member.n <= name.n || !str_starts(member, name) || member.p[name.n] < 'A' ||
        member.p[name.n] > 'Z')
        return (struct str){0};
    if (owner.p && element_find(owner, member, &el))
        return str_of(el.type);
    tail = (struct str){member.p + name.n, member.n - name.n};
    return !(owner.p && element_owner_known(owner)) && type_known(tail) ? tail : (struct str){0};
}

/* value[x]: whichever member carries it. */
static bool add_choice(struct run *r, const struct json_node *object, struct str owner,
                       struct str name, struct list *out)
{
    for (const struct json_node *c = object->first; c; c = c->next) {
        struct str type = choice_type(owner, name, c->name);
        bool twin = c->name.n && c->name.p[0] == '_';

        if (!type.p)
            continue;
        if (twin && json_member(object, (struct str){c->name.p + 1, c->name.n - 1}))
            continue; /* comes with its value */
        if (!add_values(r, twin ? NULL : c, twin ? c : twin_of(object, c->name), type, out))
            return false;
    }
    return true;
}

bool value_children(struct run *r, const struct fhirpath_item *item, struct str name,
                    struct list *out)
{
    bool object = item->node && item->node->kind == JSON_OBJECT;
    const struct json_node *from = object ? item->node : item->twin;
    const struct json_node *node, *twin;
    struct str owner = object || !item->twin ? item->type : STR("Element");
    struct fhir_definition el;
    bool defined;

    if (item->kind != FHIRPATH_NODE || !from)
        return true;
    if (!run_steps(r, from->n))
        return false;
    defined = owner.p && element_find(owner, name, &el);
    node = json_member(from, name);
    twin = twin_of(from, name);
    if (defined ? element_is_choice(&el) : !node && !twin)
        return add_choice(r, from, owner, name, out);
    return add_values(r, node, twin, defined ? str_of(el.type) : (struct str){0}, out);
}

bool value_is_string(const struct fhirpath_item *item)
{
    return item->kind == FHIRPATH_STRING ||
           (item->kind == FHIRPATH_NODE && item->node && item->node->kind == JSON_STRING);
}

/* The System type that a FHIR primitive converts to; absent for all others. */
static struct str system_type(const struct fhirpath_item *item)
{
    static const struct {
        struct str fhir, system;
    } table[] = {
        {STR_LIT("boolean"), STR_LIT("Boolean")},   {STR_LIT("string"), STR_LIT("String")},
        {STR_LIT("uri"), STR_LIT("String")},        {STR_LIT("integer"), STR_LIT("Integer")},
        {STR_LIT("decimal"), STR_LIT("Decimal")},   {STR_LIT("date"), STR_LIT("Date")},
        {STR_LIT("dateTime"), STR_LIT("DateTime")}, {STR_LIT("instant"), STR_LIT("DateTime")},
        {STR_LIT("time"), STR_LIT("Time")},         {STR_LIT("Quantity"), STR_LIT("Quantity")},
    };

    if (str_starts(item->type, STR("System.")))
        return (struct str){item->type.p + 7, item->type.n - 7};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        if (type_is(item->type, table[i].fhir))
            return table[i].system;
    }
    return (struct str){0};
}

/* Where the table does not say: what the JSON shows. */
static struct fhirpath_item with_guess(const struct fhirpath_item *item)
{
    struct fhirpath_item guess = *item;

    if (guess.type.p || !guess.node)
        return guess;
    if (guess.node->kind == JSON_STRING)
        guess.type = STR("string");
    else if (guess.node->kind == JSON_TRUE || guess.node->kind == JSON_FALSE)
        guess.type = STR("boolean");
    else if (guess.node->kind == JSON_NUMBER)
        guess.type = memchr(guess.text.p, '.', guess.text.n) ? STR("decimal") : STR("integer");
    return guess;
}

bool value_is(const struct fhirpath_item *item, struct str type, bool system)
{
    struct fhirpath_item guess = with_guess(item);

    if (!guess.type.p)
        return false;
    if (str_eq(system_type(&guess), type))
        return true;
    return !system && !str_starts(guess.type, STR("System.")) && type_is(guess.type, type);
}

bool value_truth(struct run *r, const struct list *l, enum truth *out)
{
    const struct fhirpath_item *one = l->items;
    bool boolean;

    *out = TRUTH_EMPTY;
    if (l->n == 0 || (l->n == 1 && one->kind == FHIRPATH_NODE && !one->node))
        return true;
    if (l->n > 1)
        return run_fail(r, "a condition on more than one item");
    boolean = one->kind == FHIRPATH_BOOLEAN ||
              (one->node && (one->node->kind == JSON_TRUE || one->node->kind == JSON_FALSE));
    *out = boolean && str_eq(one->text, STR("false")) ? TRUTH_FALSE : TRUTH_TRUE;
    return true;
}
