/* Conditions, of paths and of slots: what is read can be evaluated, and "not" turns its answer round. */
#include <stdlib.h>

#include "feed/cond.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Facts that depend on the leaf alone. */
static enum cond_state state(void *ctx, const struct cond_leaf *leaf)
{
    (void)ctx;
    return (enum cond_state)(leaf->operand.n % 4);
}

static size_t values(void *ctx, const struct cond_leaf *leaf, const struct str **out)
{
    *out = &leaf->operand;
    (void)ctx;
    return leaf->operand.n % 2;
}

static void check_place(void *ctx, const struct cond_leaf *leaf)
{
    const struct str *text = ctx;

    if (leaf->at + leaf->operand.n > text->n || leaf->operand.p != text->p + leaf->at)
        abort();
    for (size_t i = 0; i < leaf->n_literals; i++)
        if (leaf->literals[i].at + leaf->literals[i].text.n > text->n)
            abort();
}

/* Jumps go ahead and no further than the end, so every program ends; leaves are asked in their order. */
static void check_ops(const struct cond *c)
{
    size_t leaf = 0;

    for (size_t i = 0; i < c->n_ops; i++) {
        const struct cond_op *op = &c->ops[i];

        if ((op->code == COND_OR || op->code == COND_AND) && (op->arg <= i || op->arg > c->n_ops))
            abort();
        if ((op->code == COND_STATE || op->code == COND_IN) && op->arg != leaf++)
            abort();
    }
    if (leaf != c->n_leaves || !leaf)
        abort();
}

/* Read once more, and between brackets, it is the same program. */
static void check_again(struct str text, enum cond_operands operands, struct str printed,
                        struct arena *a)
{
    struct str bracketed = arena_printf(a, "(" STR_FMT ")", STR_ARG(text));
    struct cond_fault fault;
    struct cond *c;

    if (!printed.n || !cond_parse(text, operands, a, &c, &fault) ||
        !str_eq(cond_print(c, a), printed))
        abort();
    if (cond_parse(bracketed, operands, a, &c, &fault)) {
        if (!str_eq(cond_print(c, a), printed))
            abort();
    } else if (strcmp(fault.code, "E104") != 0 && strcmp(fault.code, "E006") != 0) {
        abort(); /* too long or too deep now, nothing else */
    }
}

static void check(struct str text, enum cond_operands operands)
{
    struct cond_source source = {NULL, state, values};
    struct arena a = {0};
    struct cond_fault fault, ignored;
    struct cond *c, *negation;

    if (cond_parse(text, operands, &a, &c, &fault)) {
        struct str turned = arena_printf(&a, "not (" STR_FMT ")", STR_ARG(text));

        check_ops(c);
        cond_each(c, check_place, &text);
        if (cond_parse(turned, operands, &a, &negation, &ignored) &&
            cond_holds(c, &source) == cond_holds(negation, &source))
            abort();
        check_again(text, operands, cond_print(c, &a), &a);
    } else if (c || fault.at > text.n || !fault.text || fault.code[0] != 'E') {
        abort();
    }
    arena_reset(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = {size ? (const char *)data : "", size};

    check(text, COND_PATHS);
    check(text, COND_SLOTS);
    return 0;
}
