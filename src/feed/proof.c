#include "feed/proof.h"

#include "decision.h"
#include "files.h"

enum { SINKS_BESIDE = 5 }; /* language, template, recipient, link, whether */

/* Where the walk is: what every path that is found there has in common. */
struct walk {
    const struct feed *f;
    struct arena *a;
    struct proof_sink *sink;
    size_t room;
    const char *through, *value, *rule, *overlay;
};

static bool same_path(const struct proof_path *x, const struct proof_path *y)
{
    return x->from == y->from && x->line == y->line && x->column == y->column &&
           strcmp(x->text, y->text) == 0 && strcmp(x->file, y->file) == 0 &&
           strcmp(x->through, y->through) == 0;
}

static void add_path(struct walk *w, enum proof_from from, struct str text, enum sensitivity class,
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

static void add_table(struct walk *w, const struct table *t, const struct yaml_node *at)
{
    if (t)
        add_path(w, PROOF_TABLE, str_of(t->name), CLASS_PUBLIC, at);
}

static void add_condition(struct walk *w, enum proof_from from, const struct branch *b)
{
    for (size_t i = 0; b->cond && i < b->cond->n_leaves; i++)
        add_path(w, from, b->cond->leaves[i].operand, feed_class_hl7(w->f, b->cond->leaves[i].path),
                 b->node);
    if (b->expr)
        add_path(w, from, b->node->text, b->class, b->node);
}

static void add_branch(struct walk *w, const struct branch *b, enum proof_from from)
{
    for (size_t i = 0; i < b->n_sources; i++)
        add_path(w, from, b->sources[i].text, b->sources[i].class, b->sources[i].node);
    add_table(w, b->table, b->table_node);
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
        add_branch(w, &v->branch[side], PROOF_PATH);
    add_table(w, v->table, v->table_node);
    if (v->otherwise.kind == ELSE_LITERAL)
        add_path(w, PROOF_LITERAL, v->otherwise.text, CLASS_PUBLIC, v->otherwise.node);
    if (v->otherwise.kind == ELSE_SITE_FACT)
        add_path(w, PROOF_SITE, v->otherwise.node->text, CLASS_DIRECTORY, v->otherwise.node);
    add_site(w, m, v);
    w->value = outer;
}

static void add_overlay(struct walk *w, const struct map *m)
{
    for (int side = 0; side < SIDES; side++)
        add_condition(w, PROOF_OVERLAY, &m->where[side]);
}

static void add_binding(struct walk *w, const struct map *m, const struct binding *b)
{
    if (b->value)
        add_value(w, m, b->value);
    else if (b->literal.p)
        add_path(w, PROOF_LITERAL, b->literal, CLASS_PUBLIC, b->node);
    add_overlay(w, m);
}

/* All that can be in a slot: every rule of every map that emits the event. */
static void add_slot(struct walk *w, const struct event_type *t, const struct slot_type *slot)
{
    w->through = arena_printf(w->a, "%s.%s", t->name, slot->name).p;
    for (size_t i = 0; i < w->f->n_maps; i++) {
        const struct map *m = &w->f->maps[i];

        w->overlay = m->overlay;
        for (size_t r = 0; r < m->n_rules; r++) {
            w->rule = m->rules[r].label.p;
            for (size_t b = 0; m->rules[r].event == t && b < m->rules[r].n_with; b++)
                if (m->rules[r].with[b].slot == slot)
                    add_binding(w, m, &m->rules[r].with[b]);
        }
    }
    w->overlay = NULL;
    w->rule = NULL;
}

static void add_slot_named(struct walk *w, const struct event_type *t, const char *name)
{
    const struct slot_type *slot = event_type_slot(t, str_of(name));

    if (slot)
        add_slot(w, t, slot);
}

/* ---- sinks ---- */

static struct walk sink_start(const struct feed *f, struct arena *a, struct proof_template *t,
                              struct proof_sink sink)
{
    struct walk w = {.f = f, .a = a, .sink = &t->sinks[t->n++]};

    *w.sink = sink;
    return w;
}

static void add_param(struct walk *w, const struct notify_entry *e, const struct param_source *p)
{
    if (p->slot) {
        add_slot(w, e->event, p->slot);
        return;
    }
    w->through = p->node->text.p;
    add_path(w, PROOF_SITE, p->node->text, CLASS_DIRECTORY, p->node);
    add_slot_named(w, e->event, "site");
}

/* Several entries of one event may ask for the template: a parameter has all that any of them puts there. */
static void prove_param(const struct feed *f, struct arena *a, struct proof_template *t,
                        const struct notify_entry *first, struct str name)
{
    struct walk w = sink_start(f, a, t,
                               (struct proof_sink){.kind = PROOF_PARAMETER,
                                                   .name = arena_copy(a, name).p,
                                                   .ceiling = first->template->shows});

    for (size_t i = 0; i < f->n_notify; i++) {
        const struct notify_entry *e = &f->notify[i];

        if (e->event != first->event || e->template != first->template)
            continue;
        for (size_t p = 0; p < e->n_params; p++)
            if (str_eq(e->params[p].name, name))
                add_param(&w, e, &e->params[p]);
    }
}

static void prove_language(const struct feed *f, struct arena *a, struct proof_template *t,
                           const struct notify_entry *e)
{
    struct walk w =
        sink_start(f, a, t,
                   (struct proof_sink){
                       .kind = PROOF_LANGUAGE, .name = "language", .ceiling = CLASS_PREFERENCE});

    add_slot_named(&w, e->event, "language");
    w.through = "site.language"; /* when the template lacks the patient's */
    add_path(&w, PROOF_SITE, STR("site.language"), CLASS_DIRECTORY, e->template->key_node);
    add_slot_named(&w, e->event, "site");
}

static bool shares_trigger(const struct rule *x, const struct rule *y)
{
    for (int side = 0; side < SIDES; side++)
        for (size_t i = 0; i < x->n_on[side]; i++)
            for (size_t j = 0; j < y->n_on[side]; j++)
                if (str_eq(x->on[side][i], y->on[side][j]))
                    return true;
    return false;
}

static bool is_notified(const struct feed *f, const struct event_type *t)
{
    for (size_t i = 0; i < f->n_notify; i++)
        if (f->notify[i].event == t)
            return true;
    return false;
}

/* Another rule of this trigger also leads to a message: the guards choose between the two. */
static bool competes(const struct feed *f, const struct map *m, const struct rule *r)
{
    for (size_t i = 0; i < m->n_rules; i++) {
        const struct rule *other = &m->rules[i];

        if (other != r && other->event != r->event && shares_trigger(r, other) &&
            is_notified(f, r->event) && is_notified(f, other->event))
            return true;
    }
    return false;
}

static void add_guards(struct walk *w, const struct rule *r, enum proof_from from)
{
    for (int side = 0; side < SIDES; side++) {
        w->through = arena_printf(w->a, "only_if of " STR_FMT, STR_ARG(r->label)).p;
        add_branch(w, &r->only_if.branch[side], from);
        w->through = arena_printf(w->a, "sensitive of " STR_FMT, STR_ARG(r->label)).p;
        add_branch(w, &r->sensitive.branch[side], from);
        add_table(w, r->sensitive.ordinary[side], r->sensitive.branch[side].node);
    }
}

/* The rules that make the event: which message enters which, and the guards that choose between two. */
static void add_rules(struct walk *w, const struct event_type *t)
{
    const struct map *m = &w->f->maps[0];

    for (size_t i = 0; i < m->n_rules; i++) {
        const struct rule *r = &m->rules[i];

        if (r->event != t)
            continue;
        w->rule = r->label.p;
        w->through = arena_printf(w->a, "on of " STR_FMT, STR_ARG(r->label)).p;
        if (r->n_on[SIDE_HL7])
            add_path(w, PROOF_TRIGGER, STR("MSH-9"), CLASS_LOGISTICS, r->on_node);
        if (r->n_on[SIDE_FHIR])
            add_path(w, PROOF_TRIGGER, STR("resourceType"), CLASS_LOGISTICS, r->on_node);
        if (competes(w->f, m, r))
            add_guards(w, r, PROOF_CONDITION);
    }
    w->rule = NULL;
}

static void prove_choice(const struct feed *f, struct arena *a, struct proof_template *t,
                         const struct notify_entry *e)
{
    struct walk w =
        sink_start(f, a, t,
                   (struct proof_sink){
                       .kind = PROOF_TEMPLATE, .name = "template", .ceiling = CLASS_LOGISTICS});

    add_rules(&w, e->event);
    for (size_t i = 0; i < f->n_notify; i++) {
        const struct notify_entry *other = &f->notify[i]; /* one above may take the event away */

        if (other->event != e->event || !other->when)
            continue;
        for (size_t k = 0; k < other->when->n_leaves; k++)
            add_slot(&w, e->event, event_type_slot(e->event, other->when->leaves[k].operand));
    }
}

static void prove_whether(const struct feed *f, struct arena *a, struct proof_template *t,
                          const struct event_type *event)
{
    struct walk w = sink_start(
        f, a, t,
        (struct proof_sink){.kind = PROOF_WHETHER, .name = "whether", .ceiling = CLASS_CLINICAL});
    const struct map *m = &f->maps[0];

    for (size_t i = 0; i < m->n_rules; i++) {
        const struct rule *r = &m->rules[i];

        w.rule = r->label.p;
        if (r->event == event)
            add_guards(&w, r, PROOF_CONDITION);
        for (size_t b = 0; b < r->n_with; b++) {
            if (r->with[b].slot->kind != SLOT_FLAG)
                continue;
            w.through = arena_printf(a, "%s.%s", r->event->name, r->with[b].slot->name).p;
            add_binding(&w, m, &r->with[b]);
        }
    }
}

static void prove_slots(const struct feed *f, struct arena *a, struct proof_template *t,
                        const struct event_type *event, struct proof_sink sink,
                        const char *const *slots)
{
    struct walk w = sink_start(f, a, t, sink);

    for (size_t i = 0; slots[i]; i++)
        add_slot_named(&w, event, slots[i]);
}

static void prove_template(const struct feed *f, struct arena *a, const struct notify_entry *e,
                           struct proof_template *t)
{
    const char *const phone[] = {"phone", NULL};
    const char *const link[] = {e->event->unit, "patient_key", NULL};

    *t = (struct proof_template){
        .template = e->template->key.p,
        .event = e->event->name,
        .file = file_shown(a, f->path, e->node->file),
        .line = e->node->line,
        .column = e->node->column,
        .sinks = NEW_ARRAY(a, struct proof_sink, e->template->n_params + SINKS_BESIDE)};
    for (size_t i = 0; i < e->template->n_params; i++)
        prove_param(f, a, t, e, e->template->params[i]);
    prove_language(f, a, t, e);
    prove_choice(f, a, t, e);
    prove_slots(
        f, a, t, e->event,
        (struct proof_sink){.kind = PROOF_RECIPIENT, .name = "recipient", .ceiling = CLASS_CONTACT},
        phone);
    prove_slots(
        f, a, t, e->event,
        (struct proof_sink){.kind = PROOF_LINK, .name = "link", .ceiling = CLASS_IDENTIFIER}, link);
    prove_whether(f, a, t, e->event);
    for (size_t i = 0; i < t->n; i++)
        t->sinks[i].holds = t->sinks[i].join <= t->sinks[i].ceiling;
}

static bool is_first(const struct feed *f, size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (f->notify[k].event == f->notify[i].event &&
            f->notify[k].template == f->notify[i].template)
            return false;
    return true;
}

static const char *text_of(struct arena *a, struct str s)
{
    return s.p ? arena_copy(a, s).p : NULL;
}

static void prove_exceptions(const struct feed *f, struct arena *a, struct proof *out)
{
    struct decisions all = decisions_of(f, a);

    out->exceptions = NEW_ARRAY(a, struct proof_exception, all.n + 1);
    for (size_t i = 0; i < all.n; i++) {
        const struct decision *d = &all.items[i];

        out->exceptions[out->n_exceptions++] = (struct proof_exception){
            d->what,
            text_of(a, d->because),
            text_of(a, d->by),
            text_of(a, d->expires),
            file_shown(a, f->path, d->node->file),
            d->node->line,
            d->node->column,
        };
    }
}

void feed_prove(const struct feed *f, struct arena *a, struct proof *out)
{
    *out = (struct proof){.templates = NEW_ARRAY(a, struct proof_template, f->n_notify + 1),
                          .holds = true};
    for (size_t i = 0; i < f->n_notify; i++)
        if (is_first(f, i))
            prove_template(f, a, &f->notify[i], &out->templates[out->n++]);
    for (size_t i = 0; i < out->n; i++)
        for (size_t s = 0; s < out->templates[i].n; s++)
            out->holds = out->holds && out->templates[i].sinks[s].holds;
    prove_exceptions(f, a, out);
}
