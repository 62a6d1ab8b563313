#include "scope.h"

#include "hl7/group.h"

struct cut { /* where each segment of a message belongs */
    const struct hl7_message *m;
    struct hl7_groups of;
    struct container *message, *blocks, *groups;
};

/* The container that segment i belongs to; NULL: a note on a resource that is not looked for. */
static struct container *home(const struct cut *c, size_t i)
{
    const struct hl7_place *p = &c->of.places[i];

    if (p->aside)
        return NULL;
    if (p->group != HL7_NOWHERE)
        return &c->groups[p->group];
    return p->block == HL7_NOWHERE ? c->message : &c->blocks[p->block];
}

/* Counts, makes room, and fills: twice through the message, however many containers there are. */
static void fill(const struct cut *c, struct arena *a)
{
    size_t n_segments = c->m->n_segments;

    for (size_t i = 0; i < n_segments; i++) {
        struct container *to = home(c, i);

        if (to)
            to->n++;
    }
    for (size_t i = 0; i < n_segments; i++) {
        struct container *to = home(c, i);

        if (to && !to->list) {
            to->list = NEW_ARRAY(a, const struct hl7_segment *, to->n);
            to->n = 0;
        }
        if (to)
            to->list[to->n++] = &c->m->segments[i];
    }
}

static void add(struct scopes *out, const struct container *group, const struct container *block,
                const struct container *message)
{
    if (out->n == out->most)
        out->over = true;
    else
        out->items[out->n++] = (struct scope){{group, block, message}};
}

/* The patient block of each group, or HL7_NOWHERE. */
static int *group_blocks(const struct cut *c, struct arena *a)
{
    int *blocks = NEW_ARRAY(a, int, (size_t)c->of.n_groups + 1);

    for (size_t i = c->m->n_segments; i > 0; i--) /* so that the group's first segment decides */
        if (c->of.places[i - 1].group != HL7_NOWHERE)
            blocks[c->of.places[i - 1].group] = c->of.places[i - 1].block;
    return blocks;
}

static void add_groups(const struct cut *c, size_t n_blocks, struct arena *a, struct scopes *out)
{
    const int *block_of = group_blocks(c, a);

    for (int g = 0; g < c->of.n_groups && !out->over; g++) {
        if (block_of[g] != HL7_NOWHERE) {
            add(out, &c->groups[g], &c->blocks[block_of[g]], c->message);
            continue;
        }
        for (size_t b = 0; b < n_blocks && !out->over; b++)
            add(out, &c->groups[g], &c->blocks[b], c->message);
    }
}

void scopes_make(const struct hl7_message *m, const char *each, size_t most, struct arena *a,
                 struct scopes *out)
{
    struct cut c = {.m = m};
    size_t n_blocks, room;

    hl7_groups_cut(m, each, a, &c.of);
    n_blocks = c.of.n_blocks ? (size_t)c.of.n_blocks : 1; /* no PID: one empty block */
    c.message = NEW(a, struct container);
    c.blocks = NEW_ARRAY(a, struct container, n_blocks);
    c.groups = NEW_ARRAY(a, struct container, (size_t)c.of.n_groups + 1);
    fill(&c, a);
    room = each[0] ? (size_t)c.of.n_groups * n_blocks : n_blocks;
    room = room < most ? room : most;
    *out = (struct scopes){NEW_ARRAY(a, struct scope, room + 1), 0, most, false};
    for (size_t b = 0; !each[0] && b < n_blocks && !out->over; b++)
        add(out, NULL, &c.blocks[b], c.message);
    if (each[0])
        add_groups(&c, n_blocks, a, out);
}

const struct container *scope_holding(const struct scope *s, const char *segment, size_t *looked_at)
{
    for (size_t i = 0; i < SCOPE_LEVELS; i++)
        for (size_t k = 0; s->level[i] && k < s->level[i]->n; k++, ++*looked_at)
            if (hl7_segment_is(s->level[i]->list[k], segment))
                return s->level[i];
    return NULL;
}
