#include "instance.h"

static bool stop(struct instance *i, const struct otherwise *o)
{
    static const enum feed_outcome_kind kinds[] = {
        [ELSE_DROP] = FEED_DROP, [ELSE_HOLD] = FEED_HOLD, [ELSE_REJECT] = FEED_REJECT};

    return instance_stop(i, kinds[o->kind], o->text);
}

bool guard_only_if(struct instance *i)
{
    const struct guard *g = &i->rule->only_if;
    bool holds = true;

    if (!condition_read(i, &g->branch[i->m->side], &holds))
        return false;
    return holds ? true : stop(i, &g->otherwise);
}

/* Every code in scope must be ordinary, and there must be one. */
bool guard_sensitive(struct instance *i)
{
    const struct guard *g = &i->rule->sensitive;
    const struct branch *b = &g->branch[i->m->side];
    size_t codes = 0;

    for (size_t s = 0; s < b->n_sources; s++) {
        struct elements all;

        if (!candidates_read(i, &b->sources[s], false, &all))
            return false;
        if (all.error)
            return stop(i, &g->otherwise);
        for (size_t k = 0; k < all.n; k++, codes++)
            if (all.items[k].unfit || !table_find(g->ordinary[i->m->side], all.items[k].text, NULL))
                return stop(i, &g->otherwise);
    }
    return codes > 0 ? true : stop(i, &g->otherwise);
}
