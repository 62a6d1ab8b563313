#include "program.h"

static const char *const names[] = {
    [OP_END] = "end",         [OP_RULE] = "rule",
    [OP_ONLY_IF] = "only_if", [OP_SENSITIVE] = "sensitive",
    [OP_SITE] = "site",       [OP_LITERAL] = "literal",
    [OP_VALUE] = "value",     [OP_STANDARD] = "standard",
    [OP_MOVED] = "moved",     [OP_COMPOSE] = "compose",
    [OP_LOOK] = "look",       [OP_TRY] = "try",
    [OP_AGREE] = "agree",     [OP_CARRY] = "carry",
    [OP_ELSE] = "else",       [OP_FLAG] = "flag",
};

static void print_op(const struct program *p, size_t pc, struct buf *out)
{
    const struct op *op = &p->ops[pc];
    const struct span *s = &p->spans[pc];

    buf_printf(out, "%4zu  %-9s", pc, names[op->code]);
    if (op->slot)
        buf_printf(out, " %s", op->slot->name);
    if (op->code == OP_VALUE)
        buf_printf(out, " @%u", op->arg);
    if (op->text.n)
        buf_printf(out, " `" STR_FMT "`", STR_ARG(op->text));
    if (op->to)
        buf_printf(out, " ->%u", op->to);
    buf_printf(out, "  [%s:%d:%d]\n", s->file, s->line, s->column);
}

void program_print(const struct feed *f, struct buf *out)
{
    for (size_t k = 0; k < f->n_maps; k++) {
        const struct map *m = &f->maps[k];

        buf_printf(out, "%s%s%s\n", f->name, m->overlay ? " with " : "",
                   m->overlay ? m->overlay : "");
        for (size_t pc = 1; pc < m->program.n; pc++)
            print_op(&m->program, pc, out);
    }
}
