#include "scope.h"

enum { NOWHERE = -1 };

struct cut { /* where each segment of a message belongs; NOWHERE: message level, no group */
    const struct hl7_message *m;
    const char *each;
    int *block, *group;
    int n_blocks, n_groups;
};

static bool is(const struct hl7_message *m, size_t i, const char *name)
{
    return i < m->n_segments && hl7_segment_is(&m->segments[i], name);
}

/* Appointment messages: from RGS on, everything is about the appointment and not about one patient. */
static bool is_scheduling(const struct hl7_message *m)
{
    static const char *const types[] = {"SIU", "SRM", "SRR", "SQM", "SQR"};
    struct str type = hl7_component(&m->sep, hl7_field(&m->segments[0], 9), 1);

    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
        if (str_eq(str_trim(type), str_of(types[i])))
            return true;
    return false;
}

static void cut_blocks(struct cut *c)
{
    bool scheduling = is_scheduling(c->m);
    int block = NOWHERE;

    for (size_t i = 0; i < c->m->n_segments; i++) {
        if (is(c->m, i, "PID"))
            block = c->n_blocks++;
        else if (scheduling && is(c->m, i, "RGS"))
            block = NOWHERE;
        c->block[i] = block;
    }
}

static bool one_of(const char *name, const char *const *names, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return false;
}

static bool takes_orc(const char *each)
{
    static const char *const orders[] = {"OBR", "RXE", "RXD"};

    return one_of(each, orders, 3);
}

static bool ends_at_rgs(const char *each)
{
    static const char *const resources[] = {"AIS", "AIG", "AIL", "AIP"};

    return one_of(each, resources, 4);
}

static bool starts_group(const struct cut *c, size_t i)
{
    if (takes_orc(c->each) && is(c->m, i, "ORC"))
        return is(c->m, i + 1, c->each);
    if (!is(c->m, i, c->each))
        return false;
    return !(takes_orc(c->each) && i > 0 && is(c->m, i - 1, "ORC"));
}

static void cut_groups(struct cut *c)
{
    int group = NOWHERE;

    for (size_t i = 0; i < c->m->n_segments; i++) {
        if (i > 0 && c->block[i] != c->block[i - 1])
            group = NOWHERE;
        if (ends_at_rgs(c->each) && is(c->m, i, "RGS"))
            group = NOWHERE;
        if (c->each[0] && starts_group(c, i))
            group = c->n_groups++;
        c->group[i] = group;
    }
}

/* The segments that belong exactly there. */
static void fill(const struct cut *c, int block, int group, struct arena *a, struct container *out)
{
    size_t n = 0;

    for (size_t i = 0; i < c->m->n_segments; i++)
        n += c->group[i] == group && (group != NOWHERE || c->block[i] == block);
    out->list = NEW_ARRAY(a, const struct hl7_segment *, n + 1);
    for (size_t i = 0; i < c->m->n_segments; i++)
        if (c->group[i] == group && (group != NOWHERE || c->block[i] == block))
            out->list[out->n++] = &c->m->segments[i];
}

static int block_of_group(const struct cut *c, int group)
{
    for (size_t i = 0; i < c->m->n_segments; i++)
        if (c->group[i] == group)
            return c->block[i];
    return NOWHERE;
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
    struct cut c = {.m = m, .each = each};
    struct container *message = NEW(a, struct container), *blocks, *groups;
    size_t n_blocks, n_groups;

    c.block = NEW_ARRAY(a, int, m->n_segments + 1);
    c.group = NEW_ARRAY(a, int, m->n_segments + 1);
    cut_blocks(&c);
    cut_groups(&c);
    n_blocks = c.n_blocks ? (size_t)c.n_blocks : 1; /* no PID: one empty block */
    n_groups = (size_t)c.n_groups;
    blocks = NEW_ARRAY(a, struct container, n_blocks);
    groups = NEW_ARRAY(a, struct container, n_groups + 1);
    fill(&c, NOWHERE, NOWHERE, a, message);
    for (int i = 0; i < c.n_blocks; i++)
        fill(&c, i, NOWHERE, a, &blocks[i]);
    for (int i = 0; i < c.n_groups; i++)
        fill(&c, NOWHERE, i, a, &groups[i]);
    *out = (struct scopes){NEW_ARRAY(a, struct scope, most), 0, most, false};
    for (size_t b = 0; !each[0] && b < n_blocks; b++)
        add(out, NULL, &blocks[b], message);
    for (size_t g = 0; g < n_groups; g++) {
        int own = block_of_group(&c, (int)g);

        for (size_t b = 0; b < n_blocks && !out->over; b++)
            if (own == NOWHERE || own == (int)b)
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
