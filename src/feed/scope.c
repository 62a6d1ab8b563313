#include "scope.h"

#include "hl7/group.h"

struct cut { /* where each segment of a message belongs */
    const struct hl7_message *m;
    struct hl7_groups of;
};

static bool belongs(const struct cut *c, size_t i, int block, int group)
{
    const struct hl7_place *p = &c->of.places[i];

    return p->group == group && (group != HL7_NOWHERE || p->block == block) && !p->aside;
}

/* The segments that belong exactly there. */
static void fill(const struct cut *c, int block, int group, struct arena *a, struct container *out)
{
    size_t n = 0;

    for (size_t i = 0; i < c->m->n_segments; i++)
        n += belongs(c, i, block, group);
    out->list = NEW_ARRAY(a, const struct hl7_segment *, n + 1);
    for (size_t i = 0; i < c->m->n_segments; i++)
        if (belongs(c, i, block, group))
            out->list[out->n++] = &c->m->segments[i];
}

static int block_of_group(const struct cut *c, int group)
{
    for (size_t i = 0; i < c->m->n_segments; i++)
        if (c->of.places[i].group == group)
            return c->of.places[i].block;
    return HL7_NOWHERE;
}

static void add(struct scopes *out, const struct container *group, const struct container *block,
                const struct container *message)
{
    if (out->n == out->most)
        out->over = true;
    else
        out->items[out->n++] = (struct scope){{group, block, message}};
}

void scopes_make(const struct hl7_message *m, const char *each, size_t most, struct arena *a,
                 struct scopes *out)
{
    struct cut c = {.m = m};
    struct container *message = NEW(a, struct container), *blocks, *groups;
    size_t n_blocks, n_groups;

    hl7_groups_cut(m, each, a, &c.of);
    n_blocks = c.of.n_blocks ? (size_t)c.of.n_blocks : 1; /* no PID: one empty block */
    n_groups = (size_t)c.of.n_groups;
    blocks = NEW_ARRAY(a, struct container, n_blocks);
    groups = NEW_ARRAY(a, struct container, n_groups + 1);
    fill(&c, HL7_NOWHERE, HL7_NOWHERE, a, message);
    for (int i = 0; i < c.of.n_blocks; i++)
        fill(&c, i, HL7_NOWHERE, a, &blocks[i]);
    for (int i = 0; i < c.of.n_groups; i++)
        fill(&c, HL7_NOWHERE, i, a, &groups[i]);
    *out = (struct scopes){NEW_ARRAY(a, struct scope, most), 0, most, false};
    for (size_t b = 0; !each[0] && b < n_blocks; b++)
        add(out, NULL, &blocks[b], message);
    for (size_t g = 0; g < n_groups; g++) {
        int own = block_of_group(&c, (int)g);

        for (size_t b = 0; b < n_blocks && !out->over; b++)
            if (own == HL7_NOWHERE || own == (int)b)
                add(out, &groups[g], &blocks[b], message);
    }
}

const struct container *scope_holding(const struct scope *s, const char *segment)
{
    for (size_t i = 0; i < SCOPE_LEVELS; i++)
        for (size_t k = 0; s->level[i] && k < s->level[i]->n; k++)
            if (hl7_segment_is(s->level[i]->list[k], segment))
                return s->level[i];
    return NULL;
}
