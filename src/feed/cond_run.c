/* What a compiled condition says. */
#include "feed/cond.h"

void cond_each(const struct cond *c, void (*visit)(void *ctx, const struct cond_leaf *leaf),
               void *ctx)
{
    for (size_t i = 0; i < c->n_leaves; i++)
        visit(ctx, &c->leaves[i]);
}

const struct cond_leaf *cond_only_member(const struct cond *c)
{
    bool only = c && c->n_ops == 1 && c->ops[0].code == COND_IN && c->leaves[0].range == COND_FIRST;

    return only ? &c->leaves[0] : NULL;
}

static bool listed(const struct cond_leaf *leaf, struct str value)
{
    for (size_t i = 0; i < leaf->n_literals; i++)
        if (str_eq(leaf->literals[i].text, value))
            return true;
    return false;
}

static bool member_holds(const struct cond_leaf *leaf, const struct cond_source *source)
{
    const struct str *values = NULL;
    size_t n = source->values(source->ctx, leaf, &values), n_listed = 0;

    if (leaf->range == COND_FIRST)
        return n > 0 && listed(leaf, values[0]);
    for (size_t i = 0; i < n; i++)
        n_listed += listed(leaf, values[i]);
    return leaf->range == COND_ANY ? n_listed > 0 : n > 0 && n_listed == n;
}

bool cond_holds(const struct cond *c, const struct cond_source *source)
{
    bool answer = false;

    for (size_t pc = 0; pc < c->n_ops; pc++) {
        const struct cond_op *op = &c->ops[pc];

        switch (op->code) {
        case COND_STATE:
            answer = source->state(source->ctx, &c->leaves[op->arg]) == c->leaves[op->arg].state;
            break;
        case COND_IN:
            answer = member_holds(&c->leaves[op->arg], source);
            break;
        case COND_NOT:
            answer = !answer;
            break;
        case COND_OR:
        case COND_AND:
            if (answer == (op->code == COND_OR))
                pc = op->arg - 1; /* the loop steps on to its target */
            break;
        }
    }
    return answer;
}

static struct str print_leaf(const struct cond_op *op, const struct cond_leaf *leaf,
                             struct arena *a)
{
    static const char *const states[] = {"present", "absent", "empty", "deleted"};
    static const char *const ranges[] = {"", "any ", "all "};
    struct str out;

    if (op->code == COND_STATE)
        return arena_printf(a, "%s(" STR_FMT ")", states[leaf->state], STR_ARG(leaf->operand));
    out = arena_printf(a, "%s" STR_FMT " in (", ranges[leaf->range], STR_ARG(leaf->operand));
    for (size_t i = 0; i < leaf->n_literals; i++)
        out = arena_printf(a, STR_FMT "%s" STR_FMT, STR_ARG(out), i ? ", " : "",
                           STR_ARG(leaf->literals[i].text));
    return arena_printf(a, STR_FMT ")", STR_ARG(out));
}

struct str cond_print(const struct cond *c, struct arena *a)
{
    struct str out = STR("");

    for (size_t i = 0; i < c->n_ops; i++) {
        const struct cond_op *op = &c->ops[i];
        struct str text = STR("not");

        if (op->code == COND_STATE || op->code == COND_IN)
            text = print_leaf(op, &c->leaves[op->arg], a);
        else if (op->code != COND_NOT)
            text = arena_printf(a, "%s %zu", op->code == COND_OR ? "or" : "and", op->arg);
        out = arena_printf(a, STR_FMT "%s%zu " STR_FMT, STR_ARG(out), i ? "; " : "", i,
                           STR_ARG(text));
    }
    return out;
}
