#include "feed/proof.h"

#include "decision.h"
#include "files.h"
#include "proof_walk.h"

enum { SINKS_BESIDE = 6 }; /* language, template, time, recipient, link, whether */

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
        walk_slot(w, e->event, p->slot);
        return;
    }
    w->through = p->node->text.p;
    walk_path(w, PROOF_SITE, p->node->text, CLASS_DIRECTORY, p->node);
    walk_slot_named(w, e->event, "site");
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

    walk_slot_named(&w, e->event, "language");
    w.through = "site.language"; /* when the template lacks the patient's */
    walk_path(&w, PROOF_SITE, STR("site.language"), CLASS_DIRECTORY, e->template->key_node);
    walk_slot_named(&w, e->event, "site");
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
        walk_branch(w, &r->only_if.branch[side], from);
        w->through = arena_printf(w->a, "sensitive of " STR_FMT, STR_ARG(r->label)).p;
        walk_branch(w, &r->sensitive.branch[side], from);
        walk_table(w, r->sensitive.ordinary[side], r->sensitive.branch[side].node);
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
            walk_path(w, PROOF_TRIGGER, STR("MSH-9"), CLASS_LOGISTICS, r->on_node);
        if (r->n_on[SIDE_FHIR])
            walk_path(w, PROOF_TRIGGER, STR("resourceType"), CLASS_LOGISTICS, r->on_node);
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
            walk_slot(&w, e->event, event_type_slot(e->event, other->when->leaves[k].operand));
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
            walk_binding(&w, m, &r->with[b]);
        }
    }
}

static void prove_slots(const struct feed *f, struct arena *a, struct proof_template *t,
                        const struct event_type *event, struct proof_sink sink,
                        const char *const *slots)
{
    struct walk w = sink_start(f, a, t, sink);

    for (size_t i = 0; slots[i]; i++)
        walk_slot_named(&w, event, slots[i]);
}

static bool reminds(const struct feed *f, const struct notify_entry *first)
{
    for (size_t i = 0; i < f->n_notify; i++)
        if (f->notify[i].event == first->event && f->notify[i].template == first->template &&
            f->notify[i].n_before)
            return true;
    return false;
}

static void prove_template(const struct feed *f, struct arena *a, const struct notify_entry *e,
                           struct proof_template *t)
{
    const char *const phone[] = {"phone", NULL};
    const char *const time[] = {"start", "due", "collect_by", NULL};
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
    if (reminds(f, e))
        prove_slots(
            f, a, t, e->event,
            (struct proof_sink){.kind = PROOF_TIME, .name = "time", .ceiling = CLASS_LOGISTICS},
            time);
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
