#include "proof_walk.h"

#include "files.h"

static bool same_path(const struct proof_path *x, const struct proof_path *y)
{
    return x->from == y->from && x->line == y->line && x->column == y->column &&
           strcmp(x->text, y->text) == 0 && strcmp(x->file, y->file) == 0 &&
           strcmp(x->through, y->through) == 0;
}

void walk_path(struct walk *w, enum proof_from from, struct str text, enum sensitivity class,
               const struct yaml_node *at)
{
    struct proof_sink *s = w->sink;
    struct proof_path p = {from,       arena_copy(w->a, text).p,
                           class,      w->through,
                           w->value,   w->rule,
                           w->overlay, file_shown(w->a, w->f->path, at->file),
                           at->line,   at->column};

    for (size_t i = 0; i < s->n; i++)
        if (same_path(&s->paths[i], &p))
            return;
    if (s->n == w->room) {
        struct proof_path *more = NEW_ARRAY(w->a, struct proof_path, w->room ? 2 * w->room : 16);

        if (s->n)
            memcpy(more, s->paths, s->n * sizeof(*more));
        s->paths = more;
        w->room = w->room ? 2 * w->room : 16;
    }
    s->paths[s->n++] = p;
    s->join = class_join(s->join, class);
}

void walk_table(struct walk *w, const struct table *t, const struct yaml_node *at)
{
    if (t)
        walk_path(w, PROOF_TABLE, str_of(t->name), CLASS_PUBLIC, at);
}

static void add_condition(struct walk *w, enum proof_from from, const struct branch *b)
{
    for (size_t i = 0; b->cond && i < b->cond->n_leaves; i++)
        for (size_t p = 0; p < b->cond->leaves[i].n_paths; p++)
            walk_path(w, from, b->cond->leaves[i].operand,
                      feed_class_hl7(w->f, &b->cond->leaves[i].paths[p]), b->node);
    if (b->expr)
        walk_path(w, from, b->node->text, b->class, b->node);
}

void walk_branch(struct walk *w, const struct branch *b, enum proof_from from)
{
    for (size_t i = 0; i < b->n_sources; i++)
        walk_path(w, from, b->sources[i].text, b->sources[i].class, b->sources[i].node);
    walk_table(w, b->table, b->table_node);
    add_condition(w, PROOF_CONDITION, b);
}

static void add_value(struct walk *w, const struct map *m, const struct value *v);

/* What depends on the site depends on all that the site comes from. */
static void add_site(struct walk *w, const struct map *m, const struct value *v)
{
    bool site = v->otherwise.kind == ELSE_SITE_FACT;

    for (size_t i = 0; i < v->n_as; i++)
        site = site || convert_uses_site(v->as[i].kind);
    if (site && m->site && v != m->site)
        add_value(w, m, m->site);
}

static void add_value(struct walk *w, const struct map *m, const struct value *v)
{
    const char *outer = w->value;

    w->value = v->name.p ? arena_printf(w->a, "values." STR_FMT, STR_ARG(v->name)).p : NULL;
    for (int side = 0; side < SIDES; side++)
        walk_branch(w, &v->branch[side], PROOF_PATH);
    walk_table(w, v->table, v->table_node);
    if (v->otherwise.kind == ELSE_LITERAL)
        walk_path(w, PROOF_LITERAL, v->otherwise.text, CLASS_PUBLIC, v->otherwise.node);
    if (v->otherwise.kind == ELSE_SITE_FACT)
        walk_path(w, PROOF_SITE, v->otherwise.node->text, CLASS_DIRECTORY, v->otherwise.node);
    add_site(w, m, v);
    w->value = outer;
}

static void add_overlay(struct walk *w, const struct map *m)
{
    for (int side = 0; side < SIDES; side++)
        add_condition(w, PROOF_OVERLAY, &m->where[side]);
}

void walk_binding(struct walk *w, const struct map *m, const struct binding *b)
{
    if (b->value)
        add_value(w, m, b->value);
    else if (b->literal.p)
        walk_path(w, PROOF_LITERAL, b->literal, CLASS_PUBLIC, b->node);
    add_overlay(w, m);
}

/* All that can be in a slot: every rule of every map that emits the event. */
void walk_slot(struct walk *w, const struct event_type *t, const struct slot_type *slot)
{
    w->through = arena_printf(w->a, "%s.%s", t->name, slot->name).p;
    for (size_t i = 0; i < w->f->n_maps; i++) {
        const struct map *m = &w->f->maps[i];

        w->overlay = m->overlay;
        for (size_t r = 0; r < m->n_rules; r++) {
            w->rule = m->rules[r].label.p;
            for (size_t b = 0; m->rules[r].event == t && b < m->rules[r].n_with; b++)
                if (m->rules[r].with[b].slot == slot)
                    walk_binding(w, m, &m->rules[r].with[b]);
        }
    }
    w->overlay = NULL;
    w->rule = NULL;
}

void walk_slot_named(struct walk *w, const struct event_type *t, const char *name)
{
    const struct slot_type *slot = event_type_slot(t, str_of(name));

    if (slot)
        walk_slot(w, t, slot);
}
