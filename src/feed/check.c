/* What needs the whole compiled feed: classes against the ceilings of slots, and things never used. */
#include "flow.h"
#include "implicit.h"

/* Some rule gives its event the map's site, and is reported there if that is too much. */
static bool site_is_slot(const struct map *m)
{
    for (size_t i = 0; i < m->n_rules; i++)
        for (size_t b = 0; b < m->rules[i].n_with; b++)
            if (m->site && m->rules[i].with[b].value == m->site)
                return true;
    return false;
}

/* The value is too much only because the site is, and that is reported at the site. */
static bool blames_site(const struct map *m, const struct value *v, enum sensitivity ceiling)
{
    enum sensitivity own = class_join(v->branch[SIDE_HL7].class, v->branch[SIDE_FHIR].class);

    return v != m->site && own <= ceiling && m->site && m->site->class > CLASS_DIRECTORY &&
           site_is_slot(m);
}

static void check_slot_class(struct loading *l, const struct map *m, const struct rule *r,
                             const struct binding *b)
{
    enum sensitivity ceiling = slot_ceiling(b->slot->kind);
    enum sensitivity class = binding_class(m, r->event, b);

    if (b->faulty || class <= ceiling || (b->value && blames_site(m, b->value, ceiling)))
        return;
    if (b->value && class == CLASS_CLINICAL)
        report_at(l->r, "E601", b->value->node, NULL,
                  "clinical data in slot `%s`; it may stop a message, never shape one",
                  b->slot->name);
    else if (!b->value || b->value->class <= ceiling)
        report_at(l->r, "E605", b->node, "let every rule of the event give the same",
                  "slot `%s` takes at most %s; a literal that not every rule gives tells the "
                  "trigger (%s)",
                  b->slot->name, class_name(ceiling), class_name(class));
    else
        report_at(l->r, "E605", b->value->node, NULL, "slot `%s` takes at most %s; this is %s",
                  b->slot->name, class_name(ceiling), class_name(b->value->class));
    flow_of_binding(l, r, b);
}

static void check_rules(struct loading *l, const struct map *m)
{
    for (size_t i = 0; i < m->n_rules; i++) {
        const struct rule *r = &m->rules[i];

        for (size_t b = 0; r->event && b < r->n_with; b++)
            check_slot_class(l, m, r, &r->with[b]);
    }
    check_implicit(l, m);
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
