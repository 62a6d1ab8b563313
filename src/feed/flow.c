#include "flow.h"

#include "implicit.h"

enum { STEPS_MOST = 3 + SIDES * FEED_MAX_SOURCES };

struct flow {
    struct loading *l;
    struct finding_step steps[STEPS_MOST];
    size_t n, n_paths;
    enum sensitivity ceiling; /* paths of a class above it are part of the flow */
};

static void add(struct flow *f, const char *text, const struct yaml_node *at)
{
    if (f->n < STEPS_MOST)
        f->steps[f->n++] = (struct finding_step){text,       at->file,     at->line,
                                                 at->column, at->end_line, at->end_column};
}

static void add_path(struct flow *f, struct str text, enum sensitivity class,
                     const struct yaml_node *at)
{
    const char *path;

    if (class <= f->ceiling)
        return;
    path = arena_copy(f->l->a, text).p;
    for (size_t i = f->n - f->n_paths; i < f->n; i++)
        if (strcmp(f->steps[i].text, path) == 0)
            return;
    f->n_paths += f->n < STEPS_MOST;
    add(f, path, at);
}

struct leaf_walk {
    struct flow *flow;
    const struct yaml_node *at;
};

static void on_leaf(void *ctx, const struct cond_leaf *leaf)
{
    const struct leaf_walk *w = ctx;

    for (size_t i = 0; i < leaf->n_paths; i++)
        add_path(w->flow, leaf->operand, feed_class_hl7(w->flow->l->f, &leaf->paths[i]), w->at);
}

static void add_branch(struct flow *f, const struct branch *b)
{
    struct leaf_walk walk = {f, b->node};

    for (size_t i = 0; i < b->n_sources; i++)
        add_path(f, b->sources[i].text, b->sources[i].class, b->sources[i].node);
    if (b->cond)
        cond_each(b->cond, on_leaf, &walk);
    if (b->expr)
        add_path(f, b->node->text, b->class, b->node);
}

static void add_binding(struct flow *f, const struct event_type *t, const struct binding *b)
{
    add(f, arena_printf(f->l->a, "%s.%s", t->name, b->slot->name).p, b->key_node);
    if (!b->value)
        return;
    if (b->value->name.p)
        add(f, arena_printf(f->l->a, "values." STR_FMT, STR_ARG(b->value->name)).p,
            b->value->key_node);
    for (int side = 0; side < SIDES; side++)
        add_branch(f, &b->value->branch[side]);
}

void flow_of_binding(struct loading *l, const struct rule *r, const struct binding *b)
{
    struct flow f = {.l = l, .ceiling = slot_ceiling(b->slot->kind)};

    add_binding(&f, r->event, b);
    report_flow(l->r, f.steps, f.n, f.n_paths);
}

/* The line of `with` that makes the slot's class what it is. */
static const struct binding *highest(const struct feed *f, const struct event_type *t,
                                     const struct slot_type *slot)
{
    const struct binding *found = NULL;
    enum sensitivity most = CLASS_PUBLIC;

    for (size_t m = 0; m < f->n_maps; m++)
        for (size_t r = 0; r < f->maps[m].n_rules; r++) {
            const struct rule *rule = &f->maps[m].rules[r];

            for (size_t i = 0; rule->event == t && i < rule->n_with; i++) {
                const struct binding *b = &rule->with[i];

                if (b->slot != slot || (found && binding_class(&f->maps[m], t, b) <= most))
                    continue;
                found = b;
                most = binding_class(&f->maps[m], t, b);
            }
        }
    return found;
}

void flow_of_slot(struct loading *l, const struct flow_sink *sink, const struct event_type *t,
                  const struct slot_type *slot)
{
    struct flow f = {.l = l, .ceiling = sink->ceiling};
    const struct binding *b = highest(l->f, t, slot);

    add(&f, sink->name, sink->node);
    if (b)
        add_binding(&f, t, b);
    report_flow(l->r, f.steps, f.n, f.n_paths);
}

void flow_of_guard(struct loading *l, const struct rule *r, const char *name,
                   const struct branch *b)
{
    struct flow f = {.l = l, .ceiling = CLASS_LOGISTICS};

    add(&f, "template", r->emit_node);
    add(&f, arena_printf(l->a, "%s of " STR_FMT, name, STR_ARG(r->label)).p, b->node);
    add_branch(&f, b);
    report_flow(l->r, f.steps, f.n, f.n_paths);
}

void flow_of_stop(struct loading *l, const struct rule *r, const struct binding *b)
{
    struct flow f = {.l = l, .ceiling = CLASS_LOGISTICS};

    add(&f, "template", r->emit_node);
    add_binding(&f, r->event, b);
    report_flow(l->r, f.steps, f.n, f.n_paths);
}
