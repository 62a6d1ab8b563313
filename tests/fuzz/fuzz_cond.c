/* Conditions, of paths and of slots: what is read can be evaluated, and "not" turns its answer round. */
#include <stdlib.h>

#include "feed/cond.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Facts that depend on the leaf alone. */
static enum cond_state state(void *ctx, const struct cond *leaf)
{
    (void)ctx;
    return (enum cond_state)(leaf->operand.n % 4);
}

static size_t values(void *ctx, const struct cond *leaf, const struct str **out)
{
    *out = &leaf->operand;
    (void)ctx;
    return leaf->operand.n % 2;
}

static void check_place(void *ctx, const struct cond *leaf)
{
    const struct str *text = ctx;

    if (leaf->at + leaf->operand.n > text->n || leaf->operand.p != text->p + leaf->at)
        abort();
    for (size_t i = 0; i < leaf->n_literals; i++)
        if (leaf->literals[i].at + leaf->literals[i].text.n > text->n)
            abort();
}

static void check(struct str text, enum cond_operands operands)
{
    struct cond_source source = {NULL, state, values};
    struct arena a = {0};
    struct cond_fault fault;
    struct cond *c;

    if (cond_parse(text, operands, &a, &c, &fault)) {
        struct cond negation = {.kind = COND_NOT, .child = c};

        cond_each(c, check_place, &text);
        if (cond_holds(c, &source) == cond_holds(&negation, &source))
            abort();
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
