#include "expr.h"

/* More chains than this become one "?": nobody writes such an expression. */
enum { MAX_CHAINS = 256 };

struct chain {
    struct str path, narrow;
    size_t at;
    bool extended;          /* something longer goes on from here: not maximal */
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

static void extend(struct walker *w, const struct ends *from, struct str name, struct ends *out)
{
    for (size_t i = 0; i < from->n; i++) {
        struct chain *c = from->items[i];

        c->extended = true;
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

static void walk_where(struct walker *w, const struct expr *x, const struct ends *input,
                       struct ends *out)
{
    struct str type = narrowed_by(w, &w->nodes[x->args[0]]);
    struct ends ignored = {.n = 0};

    if (!type.p)
        walk(w, &w->nodes[x->args[0]], input, &ignored);
    for (size_t i = 0; i < input->n; i++) {
        struct chain *c = input->items[i];
        struct chain *narrow;

        if (!type.p || !ends_in_reference(c->path)) {
            join(w, out, &(struct ends){{c}, 1});
            continue;
        }
        c->extended = true;
        narrow = add(w, out, c->path, c->at);
        if (narrow)
            narrow->narrow = type;
    }
}

static void walk_resolve(struct walker *w, const struct ends *input, struct ends *out)
{
    for (size_t i = 0; i < input->n; i++) {
        struct chain *c = add(w, out, STR("?"), input->items[i]->at);

        if (c)
            c->resolved = input->items[i];
    }
}

static void walk_of_type(struct walker *w, const struct expr *x, const struct ends *input,
                         struct ends *out)
{
    for (size_t i = 0; i < input->n; i++) {
        struct chain *c = input->items[i];

        if (!c->resolved) {
            join(w, out, &(struct ends){{c}, 1});
            continue;
        }
        c->extended = true;
        c->resolved->narrow = x->text;
        add(w, out, x->text, c->at);
    }
}

static void walk_call(struct walker *w, const struct expr *x, const struct ends *self,
                      struct ends *out)
{
    struct ends input = {.n = 0}, ignored = {.n = 0};

    if (x->left != EXPR_NONE)
        walk(w, &w->nodes[x->left], self, &input);
    else
        input = *self;
    switch (x->function) {
    case FN_WHERE:
        walk_where(w, x, &input, out);
        return;
    case FN_SELECT:
        walk(w, &w->nodes[x->args[0]], &input, out);
        return;
    case FN_OF_TYPE:
        walk_of_type(w, x, &input, out);
        return;
    case FN_RESOLVE:
        walk_resolve(w, &input, out);
        return;
    case FN_EXTENSION:
        if (w->nodes[x->args[0]].op == OP_STRING) {
            extend(
                w, &input,
                arena_printf(w->a, "extension('" STR_FMT "')", STR_ARG(w->nodes[x->args[0]].text)),
                out);
            return;
        }
        walk(w, &w->nodes[x->args[0]], self, &ignored);
        extend(w, &input, STR("extension"), out);
        return;
    case FN_FIRST:
    case FN_LAST:
        join(w, out, &input);
        return;
    case FN_EXISTS:
        if (x->n_args)
            walk(w, &w->nodes[x->args[0]], &input, &ignored);
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
            walk(w, &w->nodes[x->args[i]], self, &ignored);
        return;
    case FN_COUNT:
        return;
    }
}

static void walk(struct walker *w, const struct expr *x, const struct ends *self, struct ends *out)
{
    struct ends input = {.n = 0}, ignored = {.n = 0};

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
        walk(w, &w->nodes[x->left], self, &ignored);
        walk(w, &w->nodes[x->right], self, &ignored);
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
    all.items = NEW_ARRAY(a, struct fhirpath_chain, w.n + 1);
    for (const struct chain *c = w.first; c; c = c->next) {
        if (!c->extended)
            all.items[all.n++] = (struct fhirpath_chain){c->path, c->narrow, c->at};
    }
    if (w.too_many)
        all.items[all.n++] = (struct fhirpath_chain){.path = STR("?")};
    return all;
}
