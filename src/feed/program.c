#include "program.h"

#include "loading.h"

struct writing {
    struct arena *a;
    struct program *p;
    size_t room;
};

static void *grown(struct arena *a, void *items, size_t n, size_t size, size_t room)
{
    void *more = arena_get(a, room, size);

    if (n)
        memcpy(more, items, n * size);
    return more;
}

/* Returns where the operation stands. */
static size_t emit(struct writing *w, const struct yaml_node *at, struct op op)
{
    struct program *p = w->p;

    if (p->n == w->room) {
        w->room = w->room ? 2 * w->room : 64;
        p->ops = grown(w->a, p->ops, p->n, sizeof *p->ops, w->room);
        p->spans = grown(w->a, p->spans, p->n, sizeof *p->spans, w->room);
    }
    p->ops[p->n] = op;
    p->spans[p->n] = at ? (struct span){at->file, at->line, at->column} : (struct span){"", 0, 0};
    return p->n++;
}

static const struct yaml_node *node_or(const struct yaml_node *n, const struct yaml_node *other)
{
    return n ? n : other;
}

/* As written, for who prints the program. */
static struct str text_of(const struct yaml_node *n)
{
    return n && n->kind == YAML_SCALAR ? n->text : (struct str){NULL, 0};
}

static void write_sources(struct writing *w, const struct value *v, int side)
{
    const struct branch *b = &v->branch[side];
    bool agree = v->agree.kind != ELSE_MISSING;
    size_t first = w->p->n, carry, end;

    for (size_t s = 0; b->kind == BRANCH_SOURCES && s < b->n_sources; s++)
        emit(w, b->sources[s].node,
             (struct op){
                 .code = OP_TRY, .arg = (uint32_t)s, .value = v, .text = b->sources[s].text});
    if (agree)
        emit(w, node_or(v->agree.node, v->node), (struct op){.code = OP_AGREE, .value = v});
    carry = emit(w, v->node, (struct op){.code = OP_CARRY, .value = v});
    emit(w, node_or(v->otherwise.node, v->node),
         (struct op){.code = OP_ELSE, .value = v, .text = text_of(v->otherwise.node)});
    end = emit(w, v->node, (struct op){.code = OP_END});
    for (size_t pc = first; !agree && pc < carry; pc++)
        w->p->ops[pc].to = (uint32_t)end;
    w->p->ops[carry].to = (uint32_t)end;
}

/* The run of a value, written when it is first called. */
static uint32_t value_at(struct writing *w, const struct value *v, int side, bool flag)
{
    struct value *own = (struct value *)v; /* it is the loader's still */

    if (own->entry[side])
        return own->entry[side];
    own->entry[side] = (uint32_t)w->p->n;
    if (!flag) {
        write_sources(w, v, side);
        return own->entry[side];
    }
    emit(w, node_or(v->branch[side].node, v->node), (struct op){.code = OP_FLAG, .value = v});
    emit(w, v->node, (struct op){.code = OP_END});
    return own->entry[side];
}

static bool is_mapped(const struct rule *r, const struct slot_type *slot)
{
    for (size_t k = 0; k < r->n_with; k++)
        if (r->with[k].slot == slot)
            return true;
    return false;
}

static void write_slot(struct writing *w, const struct binding *b)
{
    struct op op = {.code = OP_VALUE, .slot = b->slot, .value = b->value};

    if (b->slot->kind == SLOT_SITE)
        op.code = OP_SITE;
    else if (!b->value)
        op = (struct op){.code = OP_LITERAL, .slot = b->slot, .text = b->literal};
    emit(w, node_or(b->key_node, b->node), op);
}

static void write_standards(struct writing *w, const struct rule *r)
{
    for (size_t k = 0; k < r->event->n_slots; k++) {
        const struct slot_type *type = &r->event->slots[k];

        if (type->standard && !is_mapped(r, type))
            emit(w, r->emit_node,
                 (struct op){.code = OP_STANDARD, .slot = type, .text = str_of(type->standard)});
    }
}

/* One run for one side. The values that it calls are written behind it. */
static void write_rule(struct writing *w, struct rule *r, int side)
{
    size_t end;

    r->entry[side] = (uint32_t)emit(w, r->node, (struct op){.code = OP_RULE, .text = r->label});
    if (r->only_if.present && r->only_if.branch[side].kind == BRANCH_CONDITION)
        emit(w, r->only_if.branch[side].node,
             (struct op){.code = OP_ONLY_IF, .text = text_of(r->only_if.branch[side].node)});
    if (r->sensitive.present)
        emit(w, r->sensitive.branch[side].node, (struct op){.code = OP_SENSITIVE});
    for (size_t k = 0; k < r->n_with; k++)
        write_slot(w, &r->with[k]);
    write_standards(w, r);
    if (r->event->stale_at_start)
        emit(w, r->emit_node, (struct op){.code = OP_MOVED});
    emit(w, r->emit_node, (struct op){.code = OP_COMPOSE});
    emit(w, r->emit_node, (struct op){.code = OP_LOOK});
    end = emit(w, r->node, (struct op){.code = OP_END});
    for (size_t pc = r->entry[side]; pc < end; pc++) {
        const struct op op = w->p->ops[pc];
        uint32_t at = 0;

        if (op.code == OP_VALUE)
            at = value_at(w, op.value, side, op.slot->kind == SLOT_FLAG);
        w->p->ops[pc].arg = at; /* only now: the array may have moved */
    }
}

static void write_map(struct writing *w, struct map *m)
{
    emit(w, NULL, (struct op){.code = OP_END}); /* 0 is no place to go to */
    for (int side = 0; side < SIDES; side++)
        if (m->site)
            value_at(w, m->site, side, false);
    for (size_t k = 0; k < m->n_rules; k++)
        for (int side = 0; side < SIDES; side++)
            if (m->rules[k].n_on[side])
                write_rule(w, &m->rules[k], side);
}

void programs_make(struct loading *l)
{
    for (size_t k = 0; k < l->f->n_maps; k++) {
        struct writing w = {.a = l->a, .p = &l->f->maps[k].program};

        write_map(&w, &l->f->maps[k]);
    }
}
