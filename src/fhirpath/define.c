/* Does every name of an expression exist in a release: types are followed from the root on. Where they
 * cannot be known (what a reference resolves to, an element of the focus) nothing is held against a name. */
#include "expr.h"

enum { TYPES_MOST = 32 };

struct typed {
    struct str owner, name; /* of an element that is a choice: Observation, value */
    struct str type;        /* else its type: "HumanName", "Appointment.participant" */
};

/* What may stand at one place of the expression. */
struct types {
    struct typed items[TYPES_MOST];
    size_t n;
    bool open; /* or anything else */
};

struct definer {
    const struct expr *nodes;
    enum fhir_release release;
    struct fhirpath_unknown *fault;
};

static void add(struct types *to, struct typed t)
{
    for (size_t i = 0; i < to->n; i++)
        if (str_eq(to->items[i].type, t.type) && str_eq(to->items[i].owner, t.owner) &&
            str_eq(to->items[i].name, t.name))
            return;
    if (to->n == TYPES_MOST)
        to->open = true;
    else
        to->items[to->n++] = t;
}

static void join(struct types *to, const struct types *more)
{
    to->open = to->open || more->open;
    for (size_t i = 0; i < more->n; i++)
        add(to, more->items[i]);
}

static void add_element(struct types *to, const struct fhir_definition *d)
{
    if (strcmp(d->type, "[x]") == 0)
        add(to, (struct typed){.owner = str_of(d->owner), .name = str_of(d->name)});
    else if (str_starts(str_of(d->type), STR("System.")))
        to->open = true;
    else
        add(to, (struct typed){.type = str_of(d->type)});
}

/* The member of a choice by its JSON name: Observation.value, "valueQuantity". */
static bool member_of_choice(const struct typed *choice, struct str member)
{
    return member.n > choice->name.n && str_starts(member, choice->name) &&
           member.p[choice->name.n] >= 'A' && member.p[choice->name.n] <= 'Z';
}

/* Elements of that name in what a choice may be. */
static bool step_choice(const struct definer *d, const struct typed *choice, struct str name,
                        struct types *out)
{
    struct fhir_definition member, found;
    bool any = false;

    for (size_t i = 0; fhir_element_at(d->release, choice->owner, i, &member); i++) {
        if (!member_of_choice(choice, str_of(member.name)) ||
            !fhir_element_defined(d->release, str_of(member.type), name, &found))
            continue;
        add_element(out, &found);
        any = true;
    }
    return any;
}

/* What can hold any type of resource or element. */
static bool is_abstract(struct str type)
{
    static const char *const names[] = {"Resource",        "DomainResource", "Element",
                                        "BackboneElement", "Base",           "DataType"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (str_eq(type, str_of(names[i])))
            return true;
    return false;
}

static bool undefined(const struct definer *d, size_t at, struct str name, struct str owner)
{
    *d->fault = (struct fhirpath_unknown){.at = at, .name = name, .owner = owner};
    return false;
}

static bool step(const struct definer *d, const struct types *from, struct str name, size_t at,
                 struct types *out)
{
    struct fhir_definition found;
    bool any = from->open;

    out->open = out->open || from->open;
    for (size_t i = 0; i < from->n; i++) {
        const struct typed *t = &from->items[i];

        if (!t->type.p) {
            any = step_choice(d, t, name, out) || any;
        } else if (fhir_element_defined(d->release, t->type, name, &found)) {
            add_element(out, &found);
            any = true;
        } else if (is_abstract(t->type)) {
            out->open = any = true;
        }
    }
    return any || from->n == 0 ||
           undefined(d, at, name,
                     from->items[0].type.p ? from->items[0].type : from->items[0].name);
}

/* value.ofType(Quantity) is valueQuantity. */
static bool choice_has(const struct definer *d, const struct typed *choice, struct str type)
{
    struct fhir_definition member;

    for (size_t i = 0; fhir_element_at(d->release, choice->owner, i, &member); i++) {
        struct str name = str_of(member.name), tail;

        if (!member_of_choice(choice, name))
            continue;
        tail = (struct str){name.p + choice->name.n, name.n - choice->name.n};
        if (str_eq(str_of(member.type), type) ||
            fhir_type_descends(d->release, str_of(member.type), type) ||
            (tail.n == type.n && tail.n && (tail.p[0] | 32) == (type.p[0] | 32) &&
             memcmp(tail.p + 1, type.p + 1, tail.n - 1) == 0))
            return true;
    }
    return false;
}

static bool of_type(const struct definer *d, const struct expr *x, const struct types *from,
                    struct types *out)
{
    bool any = from->open || from->n == 0;
    /* Boolean, String, …: of FHIRPath, and no type of FHIR has such a name. */
    bool system = x->system || !type_known(x->text);

    if (!system && !fhir_type_defined(d->release, x->text))
        return undefined(d, x->at, x->text, (struct str){0});
    for (size_t i = 0; i < from->n && !system && !any; i++)
        any = from->items[i].type.p || choice_has(d, &from->items[i], x->text);
    if (!any && !system)
        return undefined(d, x->at, x->text, from->items[0].name);
    if (system)
        out->open = true;
    else
        add(out, (struct typed){.type = x->text});
    return true;
}

static bool walk(const struct definer *d, const struct expr *x, const struct types *self,
                 struct types *out);

static bool walk_args(const struct definer *d, const struct expr *x, const struct types *self,
                      struct types *out)
{
    for (size_t i = 0; i < x->n_args; i++) {
        struct types arg = {.n = 0};

        if (!walk(d, &d->nodes[x->args[i]], self, &arg))
            return false;
        if (out)
            join(out, &arg);
    }
    return true;
}

static bool walk_call(const struct definer *d, const struct expr *x, const struct types *self,
                      struct types *out)
{
    struct types input = {.n = 0};

    if (x->left == EXPR_NONE)
        input = *self;
    else if (!walk(d, &d->nodes[x->left], self, &input))
        return false;
    switch (x->function) {
    case FN_WHERE:
        join(out, &input);
        return walk_args(d, x, &input, NULL);
    case FN_FIRST:
    case FN_LAST:
        join(out, &input);
        return true;
    case FN_SELECT:
        return walk_args(d, x, &input, out);
    case FN_OF_TYPE:
        return of_type(d, x, &input, out);
    case FN_EXTENSION:
        add(out, (struct typed){.type = STR("Extension")});
        return walk_args(d, x, self, NULL);
    case FN_EXISTS:
        out->open = true;
        return walk_args(d, x, &input, NULL);
    case FN_RESOLVE:
    case FN_EMPTY:
    case FN_NOT:
    case FN_STARTS_WITH:
    case FN_ENDS_WITH:
    case FN_CONTAINS:
    case FN_SUBSTRING:
    case FN_LOWER:
    case FN_UPPER:
    case FN_TRIM:
    case FN_COUNT:
        break;
    }
    out->open = true;
    return walk_args(d, x, self, NULL);
}

static bool walk_start(const struct definer *d, const struct expr *x, const struct types *self,
                       struct types *out)
{
    if (x->in_filter)
        return step(d, self, x->text, x->at, out);
    if (fhir_resource_defined(d->release, x->text))
        add(out, (struct typed){.type = x->text});
    else
        out->open = true; /* no root at all: not for us to say */
    return true;
}

/* As deep as the expression has nodes, which the parser has bounded. */
static bool walk(const struct definer *d, const struct expr *x, const struct types *self,
                 struct types *out)
{
    struct types input = {.n = 0};

    switch (x->op) {
    case OP_START:
        return walk_start(d, x, self, out);
    case OP_THIS:
        join(out, self);
        return true;
    case OP_MEMBER:
        return walk(d, &d->nodes[x->left], self, &input) && step(d, &input, x->text, x->at, out);
    case OP_INDEX:
        return walk(d, &d->nodes[x->left], self, out);
    case OP_CALL:
        return walk_call(d, x, self, out);
    case OP_UNION:
        return walk(d, &d->nodes[x->left], self, out) && walk(d, &d->nodes[x->right], self, out);
    case OP_EQUAL:
    case OP_UNEQUAL:
    case OP_IN:
    case OP_AND:
    case OP_OR:
        out->open = true;
        return walk(d, &d->nodes[x->left], self, &input) &&
               walk(d, &d->nodes[x->right], self, &input);
    case OP_STRING:
    case OP_INTEGER:
    case OP_BOOLEAN:
        out->open = true;
        return true;
    }
    return true;
}

bool fhirpath_defined(const struct fhirpath *x, enum fhir_release release,
                      struct fhirpath_unknown *unknown)
{
    const struct definer d = {x->nodes, release, unknown};
    const struct types focus = {.open = true};
    struct types out = {.n = 0};

    return walk(&d, &x->nodes[x->top], &focus, &out);
}
