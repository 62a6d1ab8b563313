#include "feed/cond.h"

#include <stdio.h>

struct parser {
    struct str text, rest; /* rest: what is not yet taken */
    enum cond_operands operands;
    int depth; /* open brackets */
    struct arena *arena;
    struct cond_fault *fault;
};

static size_t offset(const struct parser *p)
{
    return p->text.n - p->rest.n;
}

static struct cond *fault_at(struct parser *p, size_t at, const char *code, const char *text)
{
    snprintf(p->fault->code, sizeof p->fault->code, "%s", code);
    p->fault->at = at;
    p->fault->text = text;
    return NULL;
}

static struct cond *fault(struct parser *p, const char *text)
{
    return fault_at(p, offset(p), "E104", text);
}

static void advance(struct parser *p, size_t n)
{
    p->rest = (struct str){p->rest.p + n, p->rest.n - n};
}

static void skip_space(struct parser *p)
{
    while (p->rest.n && memchr(" \t\r\n", p->rest.p[0], 4))
        advance(p, 1);
}

static bool take_char(struct parser *p, char c)
{
    skip_space(p);
    if (!p->rest.n || p->rest.p[0] != c)
        return false;
    advance(p, 1);
    return true;
}

static bool is_alnum(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static bool in_literal(char c)
{
    return is_alnum(c) || (c && strchr("_.:/+-", c));
}

static bool in_word(char c)
{
    return is_alnum(c) || c == '_' || c == '-';
}

/* The word that comes next, not taken. */
static struct str peek_word(struct parser *p)
{
    struct str word;

    skip_space(p);
    word = (struct str){p->rest.p, 0};
    while (word.n < p->rest.n && in_word(word.p[word.n]))
        word.n++;
    return word;
}

static bool take_word(struct parser *p, const char *word)
{
    if (!str_eq(peek_word(p), str_of(word)))
        return false;
    advance(p, strlen(word));
    return true;
}

/* A function's name with its opening bracket. */
static bool take_call(struct parser *p, const char *name)
{
    struct str before = p->rest;

    if (take_word(p, name) && take_char(p, '('))
        return true;
    p->rest = before;
    return false;
}

/* A path ends at a space, "=", "," or a closing bracket that it did not open itself. */
static struct str peek_path(struct parser *p)
{
    struct str path;
    bool open = false;

    skip_space(p);
    path = (struct str){p->rest.p, 0};
    for (; path.n < p->rest.n; path.n++) {
        char c = path.p[path.n];

        if (!open && memchr(" \t\r\n=,)", c, 7))
            break;
        open = c == '(' || (open && c != ')');
    }
    return path;
}

static bool read_path(struct parser *p, struct cond *leaf)
{
    struct hl7_path *path = NEW(p->arena, struct hl7_path);
    struct err ignored = {0};
    size_t at = 0;

    leaf->operand = peek_path(p);
    leaf->at = offset(p);
    if (leaf->operand.n == 0)
        return fault(p, "here an HL7 path is missing");
    if (!hl7_path_parse(leaf->operand, p->arena, path, &at, &ignored))
        return fault_at(p, leaf->at + at, "E201", "this is not an HL7 path");
    leaf->path = path;
    advance(p, leaf->operand.n);
    return true;
}

static bool read_slot(struct parser *p, struct cond *leaf)
{
    leaf->operand = peek_word(p);
    leaf->at = offset(p);
    if (leaf->operand.n == 0 || leaf->operand.p[0] < 'a' || leaf->operand.p[0] > 'z')
        return fault(p, "here the name of a slot is missing");
    advance(p, leaf->operand.n);
    return true;
}

static bool read_literal(struct parser *p, struct cond_literal *out)
{
    skip_space(p);
    out->at = offset(p);
    out->text = (struct str){p->rest.p, 0};
    if (p->rest.n && p->rest.p[0] == '"') {
        advance(p, 1);
        out->text = (struct str){p->rest.p, 0};
        while (out->text.n < p->rest.n && p->rest.p[out->text.n] != '"')
            if ((unsigned char)p->rest.p[out->text.n++] < 0x20)
                return fault(p, "a control character in a literal");
        advance(p, out->text.n);
        return take_char(p, '"') || fault(p, "the closing quote is missing");
    }
    while (out->text.n < p->rest.n && in_literal(p->rest.p[out->text.n]))
        out->text.n++;
    advance(p, out->text.n);
    return out->text.n || fault(p, "here a literal is missing; put one with other signs in quotes");
}

/* Literals are collected in blocks that double: the arena keeps the old ones, twice the size in
 * all. */
static bool read_list(struct parser *p, struct cond *leaf)
{
    size_t room = 0;

    do {
        if (leaf->n_literals == room) {
            struct cond_literal *old = leaf->literals;

            room = room ? room * 2 : 4;
            leaf->literals = NEW_ARRAY(p->arena, struct cond_literal, room);
            if (old)
                memcpy(leaf->literals, old, leaf->n_literals * sizeof *old);
        }
        if (!read_literal(p, &leaf->literals[leaf->n_literals]))
            return false;
        leaf->n_literals++;
    } while (take_char(p, ','));
    return take_char(p, ')') || fault(p, "here `,` or `)` is missing");
}

/* member, from the operand on */
static struct cond *parse_member(struct parser *p)
{
    struct cond *leaf = NEW(p->arena, struct cond);
    bool paths = p->operands == COND_PATHS;

    leaf->kind = COND_IN;
    if (paths && take_call(p, "any"))
        leaf->range = COND_ANY;
    else if (paths && take_call(p, "all"))
        leaf->range = COND_ALL;
    if (paths ? !read_path(p, leaf) : !read_slot(p, leaf))
        return NULL;
    if (leaf->range != COND_FIRST && !take_char(p, ')'))
        return fault(p, "here `)` is missing");
    if (take_char(p, '=')) {
        leaf->literals = NEW(p->arena, struct cond_literal);
        leaf->n_literals = 1;
        return read_literal(p, leaf->literals) ? leaf : NULL;
    }
    if (!take_word(p, "in"))
        return fault(p, "here `in (` or `=` is missing");
    if (!take_char(p, '('))
        return fault(p, "here `(` is missing");
    return read_list(p, leaf) ? leaf : NULL;
}

static struct cond *parse_state(struct parser *p, enum cond_state state)
{
    struct cond *leaf = NEW(p->arena, struct cond);

    leaf->kind = COND_STATE;
    leaf->state = state;
    if (!read_path(p, leaf))
        return NULL;
    return take_char(p, ')') ? leaf : fault(p, "here `)` is missing");
}

static struct cond *parse_chain(struct parser *p, enum cond_kind kind);

static struct cond *parse_bare_term(struct parser *p)
{
    static const char *const states[] = {"present", "absent", "empty", "deleted"};
    struct cond *inner;

    if (take_char(p, '(')) {
        if (++p->depth > COND_MAX_DEPTH)
            return fault(p, "too many brackets in each other");
        inner = parse_chain(p, COND_OR);
        p->depth--;
        if (!inner)
            return NULL;
        return take_char(p, ')') ? inner : fault(p, "here `)` is missing");
    }
    for (size_t i = 0; p->operands == COND_PATHS && i < 4; i++)
        if (take_call(p, states[i]))
            return parse_state(p, (enum cond_state)i);
    return parse_member(p);
}

static struct cond *parse_term(struct parser *p)
{
    struct cond *negation;

    if (!take_word(p, "not"))
        return parse_bare_term(p);
    negation = NEW(p->arena, struct cond);
    negation->kind = COND_NOT;
    negation->child = parse_bare_term(p);
    return negation->child ? negation : NULL;
}

/* cond is a chain of conj with "or" between them, conj one of term with "and". */
static struct cond *parse_chain(struct parser *p, enum cond_kind kind)
{
    struct cond *first = NULL, **last = &first;

    do {
        *last = kind == COND_OR ? parse_chain(p, COND_AND) : parse_term(p);
        if (!*last)
            return NULL;
        last = &(*last)->next;
    } while (take_word(p, kind == COND_OR ? "or" : "and"));
    if (!first->next)
        return first;

    struct cond *node = NEW(p->arena, struct cond);

    node->kind = kind;
    node->child = first;
    return node;
}

bool cond_parse(struct str text, enum cond_operands operands, struct arena *a, struct cond **out,
                struct cond_fault *f)
{
    struct parser p = {text, text, operands, 0, a, f};

    *out = NULL;
    *f = (struct cond_fault){.at = 0};
    if (text.n > COND_MAX_BYTES)
        return fault_at(&p, COND_MAX_BYTES, "E006", "the condition is too long");
    *out = parse_chain(&p, COND_OR);
    if (!*out)
        return false;
    skip_space(&p);
    if (p.rest.n) {
        *out = NULL;
        return fault(&p, "here `and`, `or` or the end is expected");
    }
    return true;
}

void cond_each(const struct cond *c, void (*visit)(void *ctx, const struct cond *leaf), void *ctx)
{
    if (c->kind == COND_STATE || c->kind == COND_IN)
        visit(ctx, c);
    for (const struct cond *child = c->child; child; child = child->next)
        cond_each(child, visit, ctx);
}

static bool listed(const struct cond *leaf, struct str value)
{
    for (size_t i = 0; i < leaf->n_literals; i++)
        if (str_eq(leaf->literals[i].text, value))
            return true;
    return false;
}

static bool member_holds(const struct cond *leaf, const struct cond_source *source)
{
    const struct str *values = NULL;
    size_t n = source->values(source->ctx, leaf, &values), n_listed = 0;

    if (leaf->range == COND_FIRST)
        return n > 0 && listed(leaf, values[0]);
    for (size_t i = 0; i < n; i++)
        n_listed += listed(leaf, values[i]);
    return leaf->range == COND_ANY ? n_listed > 0 : n > 0 && n_listed == n;
}

/* As deep as the brackets, which the parser has bounded. */
bool cond_holds(const struct cond *c, const struct cond_source *source)
{
    switch (c->kind) {
    case COND_STATE:
        return source->state(source->ctx, c) == c->state;
    case COND_IN:
        return member_holds(c, source);
    case COND_NOT:
        return !cond_holds(c->child, source);
    case COND_AND:
    case COND_OR:
        break;
    }
    for (const struct cond *child = c->child; child; child = child->next)
        if (cond_holds(child, source) == (c->kind == COND_OR))
            return c->kind == COND_OR;
    return c->kind == COND_AND;
}
