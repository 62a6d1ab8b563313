#include "base/utf8.h"
#include "expr.h"
#include "fhir/element.h"
#include "lex.h"

/* Recursive descent over the grammar of fhirpath.h; the node and nesting limits bound the stack. */
struct parser {
    struct lexer lex;
    struct token next;
    bool after_integer; /* an integer stands right before `next` */
    struct arena *a;
    struct expr *nodes;
    size_t n_nodes, filters, nesting;
    struct fhirpath_root roots[FHIRPATH_MAX_NODES];
    size_t n_roots;
    struct fhirpath_fault *fault;
};

const struct function_form fhirpath_functions[FN_COUNT] = {
    [FN_WHERE] = {"where", 1, 1, true},
    [FN_SELECT] = {"select", 1, 1, true},
    [FN_EXISTS] = {"exists", 0, 1, true},
    [FN_EMPTY] = {"empty", 0, 0, false},
    [FN_FIRST] = {"first", 0, 0, false},
    [FN_LAST] = {"last", 0, 0, false},
    [FN_OF_TYPE] = {"ofType", 1, 1, false},
    [FN_NOT] = {"not", 0, 0, false},
    [FN_STARTS_WITH] = {"startsWith", 1, 1, false},
    [FN_ENDS_WITH] = {"endsWith", 1, 1, false},
    [FN_CONTAINS] = {"contains", 1, 1, false},
    [FN_SUBSTRING] = {"substring", 1, 2, false},
    [FN_LOWER] = {"lower", 0, 0, false},
    [FN_UPPER] = {"upper", 0, 0, false},
    [FN_TRIM] = {"trim", 0, 0, false},
    [FN_EXTENSION] = {"extension", 1, 1, false},
    [FN_RESOLVE] = {"resolve", 0, 0, false},
};

static struct expr *parse_or(struct parser *p);

static struct expr *fail(struct parser *p, const char *code, size_t at, const char *what)
{
    lex_fault(p->fault, code, at, "%s", what);
    return NULL;
}

static bool advance(struct parser *p)
{
    p->after_integer = p->next.kind == TOKEN_INTEGER;
    return lex_next(&p->lex, &p->next);
}

static bool at_mark(const struct parser *p, const char *mark)
{
    return p->next.kind == TOKEN_MARK && str_eq(p->next.text, str_of(mark));
}

static bool at_word(const struct parser *p, const char *word)
{
    return p->next.kind == TOKEN_NAME && !p->next.quoted && str_eq(p->next.text, str_of(word));
}

/* What stands here does not fit: an operator or a quantity of full FHIRPath, or nonsense. */
static bool unexpected(struct parser *p, const char *what)
{
    static const char *const words[] = {"div", "mod", "is", "as", "contains", "xor", "implies"};

    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (at_word(p, words[i]))
            return lex_fault(p->fault, "E212", p->next.at, "`%s` is outside the subset", words[i]);
    }
    if (p->after_integer && (p->next.kind == TOKEN_STRING || p->next.kind == TOKEN_NAME))
        return lex_fault(p->fault, "E212", p->next.at, "quantities are outside the subset");
    return lex_fault(p->fault, "E210", p->next.at, "%s", what);
}

static bool expect(struct parser *p, const char *mark)
{
    char what[] = "`?` is missing";

    if (at_mark(p, mark))
        return advance(p);
    what[1] = mark[0];
    return unexpected(p, what);
}

static struct expr *new_node(struct parser *p, enum op op, size_t at)
{
    struct expr *x = &p->nodes[p->n_nodes];

    if (p->n_nodes == FHIRPATH_MAX_NODES)
        return fail(p, "E006", at, "the expression has more than 64 parts");
    p->n_nodes++;
    *x = (struct expr){.op = op, .at = at, .left = EXPR_NONE, .right = EXPR_NONE};
    return x;
}

static uint8_t place(const struct parser *p, const struct expr *x)
{
    return x ? (uint8_t)(x - p->nodes) : EXPR_NONE;
}

static struct expr *literal(struct parser *p, enum op op)
{
    struct expr *x = new_node(p, op, p->next.at);

    if (!x)
        return NULL;
    x->text = op == OP_STRING ? p->next.text : arena_copy(p->a, p->next.text);
    x->number = op == OP_BOOLEAN && str_eq(p->next.text, STR("true"));
    return advance(p) ? x : NULL;
}

static bool find_function(struct str name, enum function *out)
{
    for (int i = 0; i < FN_COUNT; i++) {
        if (str_eq(name, str_of(fhirpath_functions[i].name))) {
            *out = (enum function)i;
            return true;
        }
    }
    return false;
}

static bool type_exists(const struct expr *call)
{
    static const char *const system[] = {"Any",  "Boolean",  "String", "Integer", "Decimal",
                                         "Date", "DateTime", "Time",   "Quantity"};

    for (size_t i = 0; i < sizeof system / sizeof *system; i++) {
        if (str_eq(call->text, str_of(system[i])))
            return true;
    }
    return !call->system && type_known(call->text);
}

/* ofType( [FHIR. | System.] Name ) */
static bool type_argument(struct parser *p, struct expr *call)
{
    struct token name = p->next;

    if (name.kind != TOKEN_NAME)
        return lex_fault(p->fault, "E210", name.at, "`ofType` needs the name of a type");
    if (!advance(p))
        return false;
    if (at_mark(p, ".")) {
        call->system = str_eq(name.text, STR("System"));
        if (!call->system && !str_eq(name.text, STR("FHIR")))
            return lex_fault(p->fault, "E211", name.at, "types are `FHIR.` or `System.`");
        if (!advance(p))
            return false;
        name = p->next;
        if (name.kind != TOKEN_NAME)
            return lex_fault(p->fault, "E210", name.at, "`ofType` needs the name of a type");
        if (!advance(p))
            return false;
    }
    call->text = arena_copy(p->a, name.text);
    return type_exists(call) ||
           lex_fault(p->fault, "E211", name.at, "no such type in FHIR or FHIRPath");
}

static bool arguments(struct parser *p, struct expr *call, const struct function_form *form)
{
    const struct expr *arg;

    while (!at_mark(p, ")")) {
        if (call->n_args && !expect(p, ","))
            return false;
        if (call->n_args == form->most)
            return lex_fault(p->fault, "E210", p->next.at, "too many arguments for `%s`",
                             form->name);
        arg = parse_or(p);
        if (!arg)
            return false;
        call->args[call->n_args++] = place(p, arg);
    }
    if (call->n_args < form->least)
        return lex_fault(p->fault, "E210", p->next.at, "`%s` needs an argument", form->name);
    return true;
}

/* The parser stands behind "name(". */
static struct expr *call(struct parser *p, struct token name, const struct expr *left)
{
    struct expr *x = new_node(p, OP_CALL, name.at);
    const struct function_form *form;
    bool ok;

    if (!x)
        return NULL;
    if (!find_function(name.text, &x->function)) {
        lex_fault(p->fault, "E212", name.at, "function `" STR_FMT "` is outside the subset",
                  (int)(name.text.n < 40 ? name.text.n : 40), name.text.p);
        return NULL;
    }
    form = &fhirpath_functions[x->function];
    x->left = place(p, left);
    p->filters += form->filter;
    if (p->filters > FHIRPATH_MAX_FILTERS)
        return fail(p, "E006", name.at, "filters inside filters: at most two deep");
    ok = x->function == FN_OF_TYPE ? type_argument(p, x) : arguments(p, x, form);
    p->filters -= form->filter;
    return ok && expect(p, ")") ? x : NULL;
}

/* An element or a function, after '.' (left set) or at the start of a chain (left NULL). */
static struct expr *step(struct parser *p, const struct expr *left)
{
    struct token name = p->next;
    struct expr *x;

    if (name.kind != TOKEN_NAME)
        return fail(p, "E210", name.at, "an element or a function must stand here");
    if (name.text.n && name.text.p[0] == '$' && !name.quoted)
        return fail(p, "E210", name.at, "`$this` stands at the start only");
    if (!advance(p))
        return NULL;
    if (at_mark(p, "(")) {
        if (!advance(p))
            return NULL;
        return call(p, name, left);
    }
    x = new_node(p, left ? OP_MEMBER : OP_START, name.at);
    if (!x)
        return NULL;
    x->left = place(p, left);
    x->text = arena_copy(p->a, name.text);
    x->in_filter = p->filters > 0;
    if (left)
        return x;
    if (x->in_filter && name.text.n && name.text.p[0] >= 'A' && name.text.p[0] <= 'Z') {
        lex_fault(p->fault, "E213", name.at,
                  "a filter must not start at a root again: `" STR_FMT "`",
                  (int)(name.text.n < 40 ? name.text.n : 40), name.text.p);
        return NULL;
    }
    if (!x->in_filter)
        p->roots[p->n_roots++] = (struct fhirpath_root){x->text, x->at};
    return x;
}

static struct expr *parenthesised(struct parser *p)
{
    struct expr *x;

    if (++p->nesting > FHIRPATH_MAX_NODES)
        return fail(p, "E006", p->next.at, "brackets are nested too deep");
    if (!advance(p))
        return NULL;
    x = parse_or(p);
    if (!x || !expect(p, ")"))
        return NULL;
    p->nesting--;
    return x;
}

static struct expr *term(struct parser *p)
{
    if (p->next.kind == TOKEN_STRING)
        return literal(p, OP_STRING);
    if (p->next.kind == TOKEN_INTEGER)
        return literal(p, OP_INTEGER);
    if (at_word(p, "true") || at_word(p, "false"))
        return literal(p, OP_BOOLEAN);
    if (at_word(p, "$this"))
        return literal(p, OP_THIS);
    if (p->next.kind == TOKEN_NAME && !p->next.quoted && p->next.text.p[0] == '$')
        return fail(p, "E212", p->next.at, "of the `$` names only `$this` is in the subset");
    if (at_mark(p, "("))
        return parenthesised(p);
    if (p->next.kind == TOKEN_END)
        return fail(p, "E210", p->next.at, "the expression ends too early");
    return step(p, NULL);
}

static struct expr *indexer(struct parser *p, const struct expr *left)
{
    struct expr *x = new_node(p, OP_INDEX, p->next.at);

    if (!x || !advance(p))
        return NULL;
    if (p->next.kind != TOKEN_INTEGER)
        return fail(p, p->next.kind == TOKEN_END ? "E210" : "E212", p->next.at,
                    "only an integer may stand in `[ ]`");
    for (size_t i = 0; i < p->next.text.n; i++)
        x->number = x->number * 10 + (size_t)(p->next.text.p[i] - '0');
    x->left = place(p, left);
    return advance(p) && expect(p, "]") ? x : NULL;
}

static struct expr *path(struct parser *p)
{
    struct expr *x = term(p);

    while (x && (at_mark(p, ".") || at_mark(p, "["))) {
        if (at_mark(p, "["))
            x = indexer(p, x);
        else
            x = advance(p) ? step(p, x) : NULL;
    }
    return x;
}

/* Operators by level, loosest first; the last level joins paths. */
static const struct level {
    struct {
        const char *text;
        enum op op;
    } ops[2];
} levels[] = {
    {{{"or", OP_OR}, {NULL, OP_OR}}},      {{{"and", OP_AND}, {NULL, OP_AND}}},
    {{{"in", OP_IN}, {NULL, OP_IN}}},      {{{"=", OP_EQUAL}, {"!=", OP_UNEQUAL}}},
    {{{"|", OP_UNION}, {NULL, OP_UNION}}},
};

enum { LEVELS = sizeof levels / sizeof *levels };

static bool at_operator(const struct parser *p, size_t level, enum op *op)
{
    for (size_t i = 0; i < 2 && levels[level].ops[i].text; i++) {
        const char *text = levels[level].ops[i].text;

        if (at_mark(p, text) || at_word(p, text)) {
            *op = levels[level].ops[i].op;
            return true;
        }
    }
    return false;
}

static struct expr *binary(struct parser *p, size_t level)
{
    struct expr *left = level == LEVELS ? path(p) : binary(p, level + 1), *right;
    enum op op;

    while (left && level < LEVELS && at_operator(p, level, &op)) {
        struct expr *x = new_node(p, op, p->next.at);

        if (!x || !advance(p))
            return NULL;
        x->left = place(p, left);
        right = binary(p, level + 1);
        x->right = place(p, right);
        left = right ? x : NULL;
    }
    return left;
}

static struct expr *parse_or(struct parser *p)
{
    return binary(p, 0);
}

bool fhirpath_compile(struct str text, struct arena *a, const struct fhirpath **out,
                      struct fhirpath_fault *fault)
{
    struct parser p = {.lex = {.in = text, .a = a, .fault = fault}, .a = a, .fault = fault};
    struct expr nodes[FHIRPATH_MAX_NODES + 1];
    struct fhirpath *made;
    const struct expr *top;

    if (text.n > FHIRPATH_MAX_BYTES)
        return lex_fault(fault, "E006", FHIRPATH_MAX_BYTES,
                         "the expression is longer than 512 bytes");
    if (utf8_check(text) != text.n)
        return lex_fault(fault, "E210", utf8_check(text), "not UTF-8");
    if (!advance(&p))
        return false;
    p.nodes = nodes;
    top = parse_or(&p);
    if (!top)
        return false;
    if (p.next.kind != TOKEN_END)
        return unexpected(&p, "the expression should end here");
    made = NEW(a, struct fhirpath);
    made->nodes = NEW_ARRAY(a, struct expr, p.n_nodes);
    memcpy(made->nodes, nodes, p.n_nodes * sizeof *nodes);
    made->n = p.n_nodes;
    made->top = place(&p, top);
    made->roots = NEW_ARRAY(a, struct fhirpath_root, p.n_roots + 1);
    memcpy(made->roots, p.roots, p.n_roots * sizeof *p.roots);
    made->n_roots = p.n_roots;
    *out = made;
    return true;
}

struct fhirpath_roots fhirpath_roots(const struct fhirpath *x)
{
    return (struct fhirpath_roots){x->roots, x->n_roots};
}
