#include "expr.h"

/* More chains than this become one "?": nobody writes such an expression. */
enum { MAX_CHAINS = 256 };

struct chain {
    struct str path, narrow;
    size_t at;
    bool read;              /* some use ends here: a result, an operand, an argument */
    struct chain *resolved; /* "?" behind resolve(): the chain of the reference */
    struct chain *next;
};

/* Where an expression may go on from. */
struct ends {
    struct chain *items[MAX_CHAINS];
    size_t n;
};

struct walker {
    const struct expr *nodes;
    struct arena *a;
    struct chain *first, **end;
    size_t n;
    bool criterion; /* inside where() or exists(): its result picks items and is none itself */
    bool too_many;
};

static struct chain *add(struct walker *w, struct ends *out, struct str path, size_t at)
{
    struct chain *c;

    if (w->n == MAX_CHAINS || out->n == MAX_CHAINS) {
        w->too_many = true;
        return NULL;
    }
    c = NEW(w->a, struct chain);
    *c = (struct chain){.path = path, .at = at};
    *w->end = c;
    w->end = &c->next;
    w->n++;
    out->items[out->n++] = c;
    return c;
}

/* One chain may be used many times; it is dropped only if every use goes on from it. What is read behind
 * resolve() depends on the reference, whatever its type. */
static void read_one(struct chain *c)
{
    for (; c; c = c->resolved)
        c->read = true;
}

static void read_all(const struct ends *from)
{
    for (size_t i = 0; i < from->n; i++)
        read_one(from->items[i]);
}

static void extend(struct walker *w, const struct ends *from, struct str name, struct ends *out)
{
    for (size_t i = 0; i < from->n; i++) {
        struct chain *c = from->items[i];

        read_one(c->resolved);
        add(w, out, arena_printf(w->a, STR_FMT "." STR_FMT, STR_ARG(c->path), STR_ARG(name)),
            c->at);
    }
}

static void walk(struct walker *w, const struct expr *x, const struct ends *self, struct ends *out);

static void join(struct walker *w, struct ends *out, const struct ends *more)
{
    for (size_t i = 0; i < more->n; i++) {
        if (out->n == MAX_CHAINS) {
            w->too_many = true;
            return;
        }
        out->items[out->n++] = more->items[i];
    }
}

/* Can it give an item when all that it reads is empty? Then each item shows that one of the input is there. */
static bool gives_anyway(const struct walker *w, const struct expr *x)
{
    bool left = x->left != EXPR_NONE && gives_anyway(w, &w->nodes[x->left]);

    switch (x->op) {
    case OP_STRING:
    case OP_INTEGER:
    case OP_BOOLEAN:
        return true;
    case OP_START:
    case OP_THIS:
        return false;
    case OP_MEMBER:
    case OP_INDEX:
    case OP_IN:
        return left;
    case OP_EQUAL:
    case OP_UNEQUAL:
        return left && gives_anyway(w, &w->nodes[x->right]);
    case OP_UNION:
    case OP_AND:
    case OP_OR:
        return left || gives_anyway(w, &w->nodes[x->right]);
    case OP_CALL:
        break;
    }
    return left || x->function == FN_EXISTS || x->function == FN_EMPTY;
}

/* T of startsWith('T/') on the item itself; absent for every other criterion. */
static struct str narrowed_by(const struct walker *w, const struct expr *criterion)
{
    const struct expr *arg;
    bool fits = criterion->op == OP_CALL && criterion->function == FN_STARTS_WITH &&
                (criterion->left == EXPR_NONE || w->nodes[criterion->left].op == OP_THIS);

    if (!fits)
        return (struct str){0};
    arg = &w->nodes[criterion->args[0]];
    fits = arg->op == OP_STRING && arg->text.n > 1 && arg->text.p[arg->text.n - 1] == '/';
    return fits ? (struct str){arg->text.p, arg->text.n - 1} : (struct str){0};
}

static bool ends_in_reference(struct str path)
{
    static const char tail[] = ".reference";

    return path.n > sizeof tail - 1 &&
           memcmp(path.p + path.n - (sizeof tail - 1), tail, sizeof tail - 1) == 0;
}

/* The chain for one use alone, with what that use knows of its target. */
static struct chain *narrowed(struct walker *w, const struct chain *c, struct str type,
                              struct ends *out)
{
    struct chain *copy = add(w, out, c->path, c->at);

    if (copy)
        copy->narrow = type;
    return copy;
}

static void walk_criterion(struct walker *w, const struct expr *x, const struct ends *input)
{
    struct ends result = {.n = 0};
    bool outer = w->criterion;

    w->criterion = true;
    walk(w, x, input, &result);
    w->criterion = outer;
    read_all(&result);
}

static void walk_where(struct walker *w, const struct expr *x, const struct ends *input,
                       struct ends *out)
{
    struct str type = narrowed_by(w, &w->nodes[x->args[0]]);
    struct ends others = {.n = 0};

    for (size_t i = 0; i < input->n; i++) {
        struct chain *c = input->items[i];

        if (type.p && !w->criterion && ends_in_reference(c->path))
            narrowed(w, c, type, out);
        else
            others.items[others.n++] = c;
    }
    if (others.n || !type.p)
        walk_criterion(w, &w->nodes[x->args[0]], &others);
    join(w, out, &others);
}

/* What resolve() follows: the `reference` of the element, written or not. */
static struct chain *reference_of(struct walker *w, struct chain *c)
{
    struct ends ignored = {.n = 0};
    struct chain *to;

    if (ends_in_reference(c->path))
        return c;
    to = narrowed(w, c, c->narrow, &ignored);
    if (!to)
        return c;
    to->path = arena_printf(w->a, STR_FMT ".reference", STR_ARG(c->path));
    to->resolved = c->resolved;
    return to;
}

static void walk_resolve(struct walker *w, const struct ends *input, struct ends *out)
{
    for (size_t i = 0; i < input->n; i++) {
        struct chain *from = reference_of(w, input->items[i]);
        struct chain *c = add(w, out, STR("?"), from->at);

        if (c)
            c->resolved = from;
    }
}

static void walk_of_type(struct walker *w, const struct expr *x, const struct ends *input,
                         struct ends *out)
{
    for (size_t i = 0; i < input->n; i++) {
        struct chain *c = input->items[i], *to;
        struct ends reference = {.n = 0};

        if (!c->resolved || w->criterion) {
            join(w, out, &(struct ends){{c}, 1});
            continue;
        }
        to = narrowed(w, c->resolved, x->text, &reference);
        if (!to)
            return;
        to->resolved = c->resolved->resolved;
        read_one(to);
        add(w, out, x->text, c->at);
    }
}

static void walk_extension(struct walker *w, const struct expr *arg, const struct ends *self,
                           struct ends *input, struct ends *out)
{
    struct ends read = {.n = 0};

    if (arg->op == OP_STRING) {
        extend(w, input, arena_printf(w->a, "extension('" STR_FMT "')", STR_ARG(arg->text)), out);
        return;
    }
    walk(w, arg, self, &read);
    read_all(&read);
    extend(w, input, STR("extension"), out);
}

static void walk_call(struct walker *w, const struct expr *x, const struct ends *self,
                      struct ends *out)
{
    const struct expr *arg = &w->nodes[x->args[0]];
    struct ends input = {.n = 0}, read = {.n = 0};

    if (x->left != EXPR_NONE)
        walk(w, &w->nodes[x->left], self, &input);
    else
        input = *self;
    switch (x->function) {
    case FN_WHERE:
        walk_where(w, x, &input, out);
        return;
    case FN_SELECT:
        walk(w, arg, &input, out);
        if (gives_anyway(w, arg))
            read_all(&input);
        return;
    case FN_OF_TYPE:
        walk_of_type(w, x, &input, out);
        return;
    case FN_RESOLVE:
        walk_resolve(w, &input, out);
        return;
    case FN_EXTENSION:
        walk_extension(w, arg, self, &input, out);
        return;
    case FN_FIRST:
    case FN_LAST:
        join(w, out, &input);
        return;
    case FN_EXISTS:
        if (x->n_args)
            walk_criterion(w, arg, &input);
        if (!x->n_args || gives_anyway(w, arg))
            read_all(&input);
        return;
    case FN_EMPTY:
    case FN_NOT:
    case FN_STARTS_WITH:
    case FN_ENDS_WITH:
    case FN_CONTAINS:
    case FN_SUBSTRING:
    case FN_LOWER:
    case FN_UPPER:
    case FN_TRIM:
        for (size_t i = 0; i < x->n_args; i++)
            walk(w, &w->nodes[x->args[i]], self, &read);
        read_all(&read);
        read_all(&input);
        return;
    case FN_COUNT:
        return;
    }
}

static void walk(struct walker *w, const struct expr *x, const struct ends *self, struct ends *out)
{
    struct ends input = {.n = 0}, read = {.n = 0};

    switch (x->op) {
    case OP_START:
        if (!x->in_filter)
            add(w, out, x->text, x->at);
        else
            extend(w, self, x->text, out);
        return;
    case OP_THIS:
        join(w, out, self);
        return;
    case OP_MEMBER:
        walk(w, &w->nodes[x->left], self, &input);
        extend(w, &input, x->text, out);
        return;
    case OP_INDEX:
        walk(w, &w->nodes[x->left], self, out);
        return;
    case OP_CALL:
        walk_call(w, x, self, out);
        return;
    case OP_UNION:
        walk(w, &w->nodes[x->left], self, out);
        walk(w, &w->nodes[x->right], self, out);
        return;
    case OP_EQUAL:
    case OP_UNEQUAL:
    case OP_IN:
    case OP_AND:
    case OP_OR:
        walk(w, &w->nodes[x->left], self, &read);
        walk(w, &w->nodes[x->right], self, &read);
        read_all(&read);
        return;
    case OP_STRING:
    case OP_INTEGER:
    case OP_BOOLEAN:
        return;
    }
}

struct fhirpath_chains fhirpath_chains(const struct fhirpath *x, struct arena *a)
{
    struct walker w = {.nodes = x->nodes, .a = a};
    struct ends self = {.n = 0}, out = {.n = 0};
    struct fhirpath_chains all = {0};

    w.end = &w.first;
    walk(&w, &x->nodes[x->top], &self, &out);
    read_all(&out);
    all.items = NEW_ARRAY(a, struct fhirpath_chain, w.n + 1);
    for (const struct chain *c = w.first; c; c = c->next) {
        if (c->read)
            all.items[all.n++] = (struct fhirpath_chain){c->path, c->narrow, c->at};
    }
    if (w.too_many)
        all.items[all.n++] = (struct fhirpath_chain){.path = STR("?")};
    return all;
}
