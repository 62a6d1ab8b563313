#include "feed/cond.h"

#include <stdint.h>
#include <stdio.h>

#include "hl7/meaning.h"

struct parser {
    struct str text, rest; /* rest: what is not yet taken */
    enum cond_operands operands;
    int depth; /* open brackets */
    struct arena *arena;
    struct cond_fault *fault;
    struct cond out;
    size_t op_room, leaf_room;
};

static size_t offset(const struct parser *p)
{
    return p->text.n - p->rest.n;
}

static bool fault_at(struct parser *p, size_t at, const char *code, const char *text)
{
    snprintf(p->fault->code, sizeof p->fault->code, "%s", code);
    p->fault->at = at;
    p->fault->text = text;
    return false;
}

static bool fault(struct parser *p, const char *text)
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

enum { STANDARD_MOST = 32 };

/* "standard.appointment.start": the paths of the fact. */
static bool read_standard(struct parser *p, struct cond_leaf *leaf)
{
    static const struct str prefix = STR_LIT("standard.");
    struct str name = {leaf->operand.p + prefix.n, leaf->operand.n - prefix.n}, paths;
    const struct hl7_fact *fact = hl7_fact_find(name);
    struct hl7_path *all = NEW_ARRAY(p->arena, struct hl7_path, STANDARD_MOST);
    struct err ignored = {0};
    size_t at = 0;

    if (!fact)
        return fault_at(p, leaf->at, "E201", "there is no standard place of this name");
    for (paths = str_of(fact->paths); paths.n && leaf->n_paths < STANDARD_MOST;)
        if (hl7_path_parse(str_cut(&paths, ' '), p->arena, &all[leaf->n_paths], &at, &ignored))
            leaf->n_paths++;
    leaf->paths = all;
    advance(p, leaf->operand.n);
    return true;
}

static bool read_path(struct parser *p, struct cond_leaf *leaf)
{
    struct hl7_path *path = NEW(p->arena, struct hl7_path);
    struct err ignored = {0};
    size_t at = 0;

    leaf->operand = peek_path(p);
    leaf->at = offset(p);
    if (leaf->operand.n == 0 || str_eq(leaf->operand, STR("or")) ||
        str_eq(leaf->operand, STR("and")))
        return fault(p, "here an HL7 path is missing");
    if (str_starts(leaf->operand, STR("standard.")))
        return read_standard(p, leaf);
    if (!hl7_path_parse(leaf->operand, p->arena, path, &at, &ignored))
        return fault_at(p, leaf->at + at, "E201", "this is not an HL7 path");
    leaf->paths = path;
    leaf->n_paths = 1;
    advance(p, leaf->operand.n);
    return true;
}

static bool read_slot(struct parser *p, struct cond_leaf *leaf)
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

/* Room for one more in an array that doubles: the arena keeps the old ones, twice the size in all. */
static void *grown(struct arena *a, void *items, size_t n, size_t size, size_t *room)
{
    void *more;

    if (n < *room)
        return items;
    *room = *room ? *room * 2 : 4;
    more = arena_get(a, *room, size);
    if (n)
        memcpy(more, items, n * size);
    return more;
}

static void emit(struct parser *p, enum cond_code code, size_t arg)
{
    struct cond *c = &p->out;

    c->ops = grown(p->arena, c->ops, c->n_ops, sizeof *c->ops, &p->op_room);
    c->ops[c->n_ops++] = (struct cond_op){code, arg};
}

static bool emit_leaf(struct parser *p, enum cond_code code, const struct cond_leaf *leaf)
{
    struct cond *c = &p->out;

    emit(p, code, c->n_leaves);
    c->leaves = grown(p->arena, c->leaves, c->n_leaves, sizeof *c->leaves, &p->leaf_room);
    c->leaves[c->n_leaves++] = *leaf;
    return true;
}

static bool read_list(struct parser *p, struct cond_leaf *leaf)
{
    size_t room = 0;

    do {
        leaf->literals =
            grown(p->arena, leaf->literals, leaf->n_literals, sizeof *leaf->literals, &room);
        if (!read_literal(p, &leaf->literals[leaf->n_literals]))
            return false;
        leaf->n_literals++;
    } while (take_char(p, ','));
    return take_char(p, ')') || fault(p, "here `,` or `)` is missing");
}

/* member, from the operand on */
static bool parse_member(struct parser *p)
{
    struct cond_leaf leaf = {.range = COND_FIRST};
    bool paths = p->operands == COND_PATHS;

    if (paths && take_call(p, "any"))
        leaf.range = COND_ANY;
    else if (paths && take_call(p, "all"))
        leaf.range = COND_ALL;
    if (paths ? !read_path(p, &leaf) : !read_slot(p, &leaf))
        return false;
    if (leaf.range != COND_FIRST && !take_char(p, ')'))
        return fault(p, "here `)` is missing");
    if (take_char(p, '=')) {
        leaf.literals = NEW(p->arena, struct cond_literal);
        leaf.n_literals = 1;
        return read_literal(p, leaf.literals) && emit_leaf(p, COND_IN, &leaf);
    }
    if (!take_word(p, "in"))
        return fault(p, "here `in (` or `=` is missing");
    if (!take_char(p, '('))
        return fault(p, "here `(` is missing");
    return read_list(p, &leaf) && emit_leaf(p, COND_IN, &leaf);
}

static bool parse_state(struct parser *p, enum cond_state state)
{
    struct cond_leaf leaf = {.state = state};

    if (!read_path(p, &leaf))
        return false;
    if (!take_char(p, ')'))
        return fault(p, "here `)` is missing");
    return emit_leaf(p, COND_STATE, &leaf);
}

static bool parse_chain(struct parser *p, enum cond_code joint);

static bool parse_bare_term(struct parser *p)
{
    static const char *const states[] = {"present", "absent", "empty", "deleted"};

    if (take_char(p, '(')) {
        if (++p->depth > COND_MAX_DEPTH)
            return fault(p, "too many brackets in each other");
        if (!parse_chain(p, COND_OR))
            return false;
        p->depth--;
        return take_char(p, ')') || fault(p, "here `)` is missing");
    }
    for (size_t i = 0; p->operands == COND_PATHS && i < 4; i++)
        if (take_call(p, states[i]))
            return parse_state(p, (enum cond_state)i);
    return parse_member(p);
}

static bool parse_term(struct parser *p)
{
    bool negated = take_word(p, "not");

    if (!parse_bare_term(p))
        return false;
    if (negated)
        emit(p, COND_NOT, 0);
    return true;
}

/* cond is a chain of conj with "or" between them, conj one of term with "and". The targets of the chain's
 * jumps are known at its end: until then each holds the place of the one before. */
static bool parse_chain(struct parser *p, enum cond_code joint)
{
    const size_t none = SIZE_MAX;
    size_t last = none;

    for (;;) {
        if (joint == COND_OR ? !parse_chain(p, COND_AND) : !parse_term(p))
            return false;
        if (!take_word(p, joint == COND_OR ? "or" : "and"))
            break;
        emit(p, joint, last);
        last = p->out.n_ops - 1;
    }
    while (last != none) {
        size_t before = p->out.ops[last].arg;

        p->out.ops[last].arg = p->out.n_ops;
        last = before;
    }
    return true;
}

bool cond_parse(struct str text, enum cond_operands operands, struct arena *a, struct cond **out,
                struct cond_fault *f)
{
    struct parser p = {.text = text, .rest = text, .operands = operands, .arena = a, .fault = f};

    *out = NULL;
    *f = (struct cond_fault){.at = 0};
    if (text.n > COND_MAX_BYTES)
        return fault_at(&p, COND_MAX_BYTES, "E006", "the condition is too long");
    if (!parse_chain(&p, COND_OR))
        return false;
    skip_space(&p);
    if (p.rest.n)
        return fault(&p, "here `and`, `or` or the end is expected");
    *out = NEW(a, struct cond);
    **out = p.out;
    return true;
}
