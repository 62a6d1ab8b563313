/* What needs the whole compiled feed: classes against the ceilings of slots, and things never used. */
#include "flow.h"

static void check_slot_class(struct loading *l, const struct rule *r, const struct binding *b)
{
    enum sensitivity ceiling = slot_ceiling(b->slot->kind);

    if (!b->value || b->faulty || b->value->class <= ceiling)
        return;
    if (b->value->class == CLASS_CLINICAL)
        report_at(l->r, "E601", b->value->node, NULL,
                  "clinical data in slot `%s`; it may stop a message, never shape one",
                  b->slot->name);
    else
        report_at(l->r, "E605", b->value->node, NULL, "slot `%s` takes at most %s; this is %s",
                  b->slot->name, class_name(ceiling), class_name(b->value->class));
    flow_of_binding(l, r, b);
}

static bool is_notified(const struct feed *f, const struct event_type *t)
{
    for (size_t i = 0; i < f->n_notify; i++)
        if (f->notify[i].event == t)
            return true;
    return false;
}

static bool same_trigger(const struct rule *a, const struct rule *b)
{
    for (int side = 0; side < SIDES; side++)
        for (size_t i = 0; i < a->n_on[side]; i++)
            for (size_t j = 0; j < b->n_on[side]; j++)
                if (str_eq(a->on[side][i], b->on[side][j]))
                    return true;
    return false;
}

/* Where two rules share a trigger and both lead to messages, their guards choose the template. */
static void check_guard_class(struct loading *l, const struct rule *r)
{
    static const char *const names[] = {"only_if", "sensitive"};
    const struct guard *guards[] = {&r->only_if, &r->sensitive};

    for (size_t i = 0; i < 2; i++)
        for (int side = 0; side < SIDES; side++) {
            const struct branch *b = &guards[i]->branch[side];

            if (b->class <= CLASS_LOGISTICS)
                continue;
            report_at(l->r, "E802", b->node,
                      "another rule of the same trigger also leads to a message",
                      "which message is sent would depend on %s data", class_name(b->class));
            flow_of_guard(l, r, names[i], b);
        }
}

static void check_rules(struct loading *l, const struct map *m)
{
    for (size_t i = 0; i < m->n_rules; i++) {
        const struct rule *r = &m->rules[i];

        for (size_t b = 0; b < r->n_with; b++)
            check_slot_class(l, r, &r->with[b]);
        for (size_t j = i + 1; j < m->n_rules; j++) {
            const struct rule *other = &m->rules[j];

            if (!r->event || !other->event || r->event == other->event || !same_trigger(r, other) ||
                !is_notified(l->f, r->event) || !is_notified(l->f, other->event))
                continue;
            check_guard_class(l, r);
            check_guard_class(l, other);
        }
    }
}

void check_flow(struct loading *l)
{
    for (size_t i = 0; i < l->f->n_maps; i++)
        check_rules(l, &l->f->maps[i]);
}

static bool is_used(const struct loading *l, struct str name)
{
    for (size_t i = 0; i < l->n_used_values; i++)
        if (str_eq(l->used_values[i], name))
            return true;
    return false;
}

void check_unused(struct loading *l)
{
    const struct feed *f = l->f;
    const struct map *plain = &f->maps[0];
    const struct yaml_node *rules = yaml_get(l->feed_root, "rules");
    bool has_rules = rules && rules->kind == YAML_LIST; /* else E103 says so */

    for (size_t i = 0; has_rules && i < plain->n_values; i++)
        if (!is_used(l, plain->values[i].name))
            report_at(l->r, "W901", plain->values[i].key_node, NULL,
                      "value `" STR_FMT "` is never used", STR_ARG(plain->values[i].name));
    report_uses(l->r, f->n_tables + f->templates.n);
    for (size_t i = 0; i < f->n_tables; i++) {
        const struct table *t = &f->tables[i];

        if (l->table_used[i]) {
            report_used(l->r, t->file, NULL);
            continue;
        }
        report_at(l->r, "W902", l->tables_node, NULL, "table `%s` is never used", t->name);
        report_unused(l->r, t->file, NULL);
    }
    for (size_t i = 0; i < f->templates.n; i++) {
        const struct template *t = &f->templates.items[i];

        if (l->template_used[i]) {
            report_used(l->r, t->key_node->file, t->key.p);
            continue;
        }
        report_at(l->r, "W902", t->key_node, NULL, "template `" STR_FMT "` is never used",
                  STR_ARG(t->key));
        report_unused(l->r, t->key_node->file, t->key.p);
    }
}
