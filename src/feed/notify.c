#include "flow.h"
#include "implicit.h"
#include "suggest.h"
#include "template_terms.h"

/* The class of a slot: the join over all rules and overlays that emit the event. What is above the
 * slot's ceiling is reported there and counts as the ceiling here. */
static enum sensitivity slot_class(const struct feed *f, const struct event_type *t,
                                   const struct slot_type *slot)
{
    enum sensitivity all = CLASS_PUBLIC, ceiling = slot_ceiling(slot->kind);

    for (size_t m = 0; m < f->n_maps; m++)
        for (size_t r = 0; r < f->maps[m].n_rules; r++) {
            const struct rule *rule = &f->maps[m].rules[r];

            for (size_t b = 0; rule->event == t && b < rule->n_with; b++)
                if (rule->with[b].slot == slot)
                    all = class_join(all, binding_class(&f->maps[m], t, &rule->with[b]));
        }
    return all < ceiling ? all : ceiling;
}

struct when_check {
    struct loading *l;
    const struct notify_entry *entry;
};

static bool literal_fits(const struct loading *l, const struct slot_type *slot, struct str text)
{
    if (slot->kind == SLOT_CODE)
        return slot_code(slot, text);
    if (slot->kind == SLOT_SITE)
        return feed_site(l->f, text) != NULL;
    return slot_form(slot->kind, text);
}

static void on_when_leaf(void *ctx, const struct cond_leaf *leaf)
{
    const struct when_check *c = ctx;
    const struct notify_entry *e = c->entry;
    const struct slot_type *slot = event_type_slot(e->event, leaf->operand);
    struct suggest s = suggest_for(leaf->operand);
    enum sensitivity class;

    for (size_t i = 0; i < e->event->n_slots; i++)
        suggest_offer(&s, str_of(e->event->slots[i].name));
    if (!slot) {
        report_at(c->l->r, "E503", e->when_node, suggest_hint(&s, c->l->a),
                  "event %s has no slot `" STR_FMT "`", e->event->name, STR_ARG(leaf->operand));
        report_narrow(c->l->r, e->when_node, leaf->at + leaf->operand.n);
        return;
    }
    class = slot_class(c->l->f, e->event, slot);
    if (class > CLASS_LOGISTICS) {
        report_at(c->l->r, "E802", e->when_node,
                  "an observer could read it off the choice of template",
                  "which message is sent would depend on `%s` (%s)", slot->name, class_name(class));
        report_narrow(c->l->r, e->when_node, leaf->at + leaf->operand.n);
        flow_of_slot(c->l, &(struct flow_sink){"template", e->when_node, CLASS_LOGISTICS}, e->event,
                     slot);
        return;
    }
    if (slot->kind != SLOT_CODE && slot->kind != SLOT_SITE && slot->kind != SLOT_TAG) {
        report_at(c->l->r, "E304", e->when_node, NULL,
                  "`when` tests code, site and tag slots only");
        report_narrow(c->l->r, e->when_node, leaf->at + leaf->operand.n);
        return;
    }
    for (size_t i = 0; i < leaf->n_literals; i++) {
        const struct cond_literal *literal = &leaf->literals[i];

        if (literal_fits(c->l, slot, literal->text))
            continue;
        report_at(c->l->r, "E505", e->when_node, slot->codes,
                  "`" STR_FMT "` is not in the set of slot `%s`", STR_ARG(literal->text),
                  slot->name);
        report_narrow(c->l->r, e->when_node, literal->at + literal->text.n);
    }
}

static void load_when(struct loading *l, const struct yaml_node *n, struct notify_entry *e)
{
    struct when_check check = {l, e};
    struct cond_fault fault;
    struct cond *cond;

    e->when_node = n;
    if (!shape_text(l, n, "when"))
        return;
    if (!cond_parse(n->text, COND_SLOTS, l->a, &cond, &fault)) {
        report_at(l->r, fault.code, n, NULL, "%s (character %zu)", fault.text, fault.at + 1);
        report_narrow(l->r, n, fault.at + 1);
        return;
    }
    e->when = cond;
    cond_each(cond, on_when_leaf, &check);
}

static bool showable(enum slot_kind k)
{
    return k == SLOT_INSTANT || k == SLOT_DATE || k == SLOT_TICKET || k == SLOT_COUNT;
}

static void check_fact(struct loading *l, const struct template *t, enum site_fact fact,
                       const struct yaml_node *at)
{
    for (size_t i = 0; i < l->f->sites.n; i++)
        for (size_t b = 0; b < t->body.n; b++) {
            const struct site *s = &l->f->sites.items[i];
            struct str language = t->body.items[b].language;

            if (fact == SITE_NAME && s->name.n == 0) /* E103 says so already */
                continue;
            if (site_fact_text(s, fact, language).n == 0)
                report_at(l->r, "E709", s->node,
                          "add it to sites.yaml, or take that language out of templates.yaml",
                          "site `" STR_FMT "` has no `" STR_FMT "` in " STR_FMT
                          ", which a template shows",
                          STR_ARG(s->code), STR_ARG(at->text), STR_ARG(language));
        }
}

static void load_param(struct loading *l, const struct yaml_pair *pair, struct notify_entry *e,
                       struct param_source *out)
{
    const struct yaml_node *n = pair->value;
    const struct slot_type *slot;
    enum sensitivity class;
    int fact = -1;

    *out = (struct param_source){.name = pair->key->text, .node = n};
    if (!shape_text(l, n, "a parameter"))
        return;
    if (str_starts(n->text, STR("site.")))
        fact = site_fact_named((struct str){n->text.p + 5, n->text.n - 5});
    if (fact >= 0) {
        out->fact = (enum site_fact)fact;
        check_fact(l, e->template, out->fact, n);
        return;
    }
    slot = e->event ? event_type_slot(e->event, n->text) : NULL;
    if (!e->event)
        return;
    class = slot ? slot_class(l->f, e->event, slot) : CLASS_PUBLIC;
    if (slot && class > e->template->shows) {
        report_at(l->r, "E801", n, NULL,
                  "`" STR_FMT "` is %s; template " STR_FMT " may show at most %s", STR_ARG(n->text),
                  class_name(class), STR_ARG(e->template->key), class_name(e->template->shows));
        flow_of_slot(l, &(struct flow_sink){pair->key->text.p, pair->key, e->template->shows},
                     e->event, slot);
    } else if (!slot || !showable(slot->kind)) {
        report_at(l->r, "E704", n,
                  "a slot of type instant, date, ticket or count, or site.name, site.org, "
                  "site.phone, site.address",
                  "`" STR_FMT "` cannot be shown", STR_ARG(n->text));
    }
    out->slot = slot;
}

static bool names_param(const struct template *t, struct str name)
{
    for (size_t i = 0; i < t->n_params; i++)
        if (str_eq(t->params[i], name))
            return true;
    return false;
}

static struct suggest nearest_param(const struct template *t, struct str name)
{
    struct suggest s = suggest_for(name);

    for (size_t i = 0; i < t->n_params; i++)
        suggest_offer(&s, t->params[i]);
    return s;
}

/* The pair of that parameter, or the misspelt one that means it. */
static const struct yaml_pair *param_pair(const struct template *t, const struct yaml_node *map,
                                          struct str name)
{
    const struct yaml_pair *pair = yaml_pair_of(map, name.p);

    for (size_t i = 0; !pair && map && i < map->n; i++) {
        struct str key = map->pairs[i].key->text;

        if (!names_param(t, key) && str_eq(nearest_param(t, key).best, name))
            pair = &map->pairs[i];
    }
    return pair;
}

/* The template's parameters, in its order; E702 and E703 for what does not match. */
static void load_params(struct loading *l, const struct yaml_node *map, struct notify_entry *e)
{
    const struct yaml_pair *params = yaml_pair_of(map, "params");
    const struct template *t = e->template;

    if (!t || t->faulty || (params && !shape_map(l, params->value, "params")))
        return;
    e->params = NEW_ARRAY(l->a, struct param_source, t->n_params + 1);
    for (size_t i = 0; i < t->n_params; i++) {
        const struct yaml_pair *pair = params ? param_pair(t, params->value, t->params[i]) : NULL;

        if (pair)
            load_param(l, pair, e, &e->params[e->n_params++]);
        else
            report_at(l->r, "E702", params ? params->key : map, NULL,
                      "parameter `" STR_FMT "` of template `" STR_FMT "` is missing",
                      STR_ARG(t->params[i]), STR_ARG(t->key));
    }
    for (size_t i = 0; params && i < params->value->n; i++) {
        const struct yaml_node *key = params->value->pairs[i].key;
        struct suggest near = nearest_param(t, key->text);

        if (!names_param(t, key->text))
            report_at(l->r, "E703", key, suggest_hint(&near, l->a),
                      "template `" STR_FMT "` has no parameter `" STR_FMT "`", STR_ARG(t->key),
                      STR_ARG(key->text));
    }
}

/* No site above has the same language. */
static bool is_first(const struct sites *all, size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (str_eq(all->items[k].language, all->items[i].language))
            return false;
    return true;
}

/* The site's language is the last resort, so every site's must be there. */
static void check_languages(struct loading *l, const struct template *t)
{
    for (size_t i = 0; t && i < l->f->sites.n; i++) {
        const struct site *s = &l->f->sites.items[i];

        if (s->language.n && !phrases_find(&t->body, s->language) && is_first(&l->f->sites, i))
            report_at(l->r, "E705", t->key_node, NULL,
                      "template `" STR_FMT "` has no text in " STR_FMT
                      ", the language of site `" STR_FMT "`",
                      STR_ARG(t->key), STR_ARG(s->language), STR_ARG(s->code));
    }
}

static void load_event(struct loading *l, const struct yaml_node *n, struct notify_entry *e)
{
    struct suggest s;

    if (!shape_text(l, n, "on"))
        return;
    e->event = event_type_find(n->text);
    s = suggest_for(n->text);
    for (size_t i = 0; event_type_at(i); i++)
        suggest_offer(&s, str_of(event_type_at(i)->name));
    if (!e->event)
        report_at(l->r, "E501", n, suggest_hint(&s, l->a), "no event called `" STR_FMT "`",
                  STR_ARG(n->text));
    else if (!event_type_slot(e->event, STR("site")))
        report_at(l->r, "E710", n, NULL, "%s never notifies", e->event->name);
}

static void load_entry(struct loading *l, const struct yaml_node *map, struct notify_entry *e)
{
    const struct yaml_pair *before;

    *e = (struct notify_entry){.node = map};
    if (!shape_map(l, map, "a notify entry"))
        return;
    shape_keys(l, map, BLOCK_NOTIFY);
    before = yaml_pair_of(map, "before");
    load_event(l, shape_required(l, map, "on"), e);
    if (before)
        reminders_load(l, before, e);
    if (e->event && yaml_get(map, "when"))
        load_when(l, yaml_get(map, "when"), e);
    e->template = loading_template(l, shape_required(l, map, "template"));
    template_terms_check(l, yaml_get(map, "template"), e);
    load_params(l, map, e);
    check_languages(l, e->template);
}

void notify_load(struct loading *l, const struct yaml_node *list)
{
    struct feed *f = l->f;

    if (!list || !shape_list(l, list, "notify"))
        return;
    if (list->n > FEED_MAX_LIST)
        report_at(l->r, "E006", list, NULL, "more than %d notify entries", FEED_MAX_LIST);
    f->notify = NEW_ARRAY(l->a, struct notify_entry, list->n + 1);
    for (size_t i = 0; i < list->n && i < FEED_MAX_LIST; i++) {
        struct notify_entry *e = &f->notify[f->n_notify++];

        load_entry(l, list->items[i], e);
        for (size_t j = 0; e->event && j + 1 < f->n_notify; j++)
            if (f->notify[j].event == e->event && !f->notify[j].when_node &&
                !f->notify[j].before_node == !e->before_node) {
                report_at(l->r, "E511", yaml_get(e->node, "on"), NULL,
                          "an entry above takes every %s%s", e->event->name,
                          e->before_node ? " to remind of" : "");
                break;
            }
    }
}
