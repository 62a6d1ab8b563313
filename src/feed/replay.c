#include "feed/replay.h"

#include <stdlib.h>

#include "feed/memory.h"
#include "model.h"
#include "word_set.h"

struct side {
    const struct feed *f;
    struct feed_events events;
    struct word_set told; /* patients */
};

struct feed_replay {
    struct arena arena; /* as long as the replay */
    struct side side[2];
    struct replay_group *groups;
    size_t n, room;
    struct word_set patients; /* of groups: "3 pk_…" */
    struct replay_report report;
};

struct feed_replay *feed_replay_new(const struct feed *a, const struct feed *b)
{
    struct feed_replay *r = calloc(1, sizeof(*r));

    if (!r)
        abort(); /* out of memory */
    r->side[0] = (struct side){.f = a, .events = {.a = &r->arena}, .told = {.a = &r->arena}};
    r->side[1] = (struct side){.f = b, .events = {.a = &r->arena}, .told = {.a = &r->arena}};
    r->patients.a = &r->arena;
    return r;
}

void feed_replay_free(struct feed_replay *r)
{
    if (!r)
        return;
    arena_reset(&r->arena);
    free(r);
}

/* ---- two outcomes, side by side ---- */

struct pair {
    const struct feed_outcome *old, *new; /* NULL: no such instance */
};

static bool is_told(const struct feed_outcome *o)
{
    return o && o->kind == FEED_SEND;
}

static bool same_template(const struct feed_outcome *x, const struct feed_outcome *y)
{
    return strcmp(x->template->name, y->template->name) == 0;
}

/* "send visit_update", "hold: unknown site", "no instance". */
static struct str outcome_words(const struct feed_outcome *o, struct arena *a)
{
    if (!o)
        return STR("no instance");
    switch (o->kind) {
    case FEED_SEND:
        return arena_printf(a, "send %s", o->template->key);
    case FEED_RECORDED:
        return STR("recorded");
    case FEED_DROP:
        return arena_printf(a, "drop: " STR_FMT, STR_ARG(o->reason));
    case FEED_HOLD:
        return arena_printf(a, "hold: " STR_FMT, STR_ARG(o->reason));
    case FEED_REJECT:
        return arena_printf(a, "reject: " STR_FMT, STR_ARG(o->reason));
    }
    return STR("");
}

static void add_word(struct str *words, const char *word, struct arena *a)
{
    *words = arena_printf(a, STR_FMT "%s%s", STR_ARG(*words), words->n ? ", " : "", word);
}

/* What the patient would notice: parts by name, never by value. */
static struct str differing_parts(const struct pair *p, struct arena *a)
{
    struct str words = {"", 0};

    if (!same_template(p->old, p->new))
        add_word(&words, "template", a);
    if (!str_eq(p->old->language, p->new->language))
        add_word(&words, "language", a);
    if (!str_eq(p->old->to, p->new->to))
        add_word(&words, "recipient", a);
    if (same_template(p->old, p->new) && str_eq(p->old->language, p->new->language) &&
        !str_eq(p->old->text, p->new->text))
        add_word(&words, "text", a);
    return words;
}

static struct str differing_slots(const struct pair *p, struct arena *a)
{
    const struct event *x = &p->old->event, *y = &p->new->event;
    struct str words = {"", 0};

    if (!str_eq(x->type, y->type))
        add_word(&words, "event type", a);
    for (size_t i = 0; i < x->n_slots; i++) {
        const struct slot *other = event_slot(y, x->slots[i].name);

        if (!other || !str_eq(other->value, x->slots[i].value))
            add_word(&words, arena_copy(a, x->slots[i].name).p, a);
    }
    for (size_t i = 0; i < y->n_slots; i++)
        if (!event_slot(x, y->slots[i].name))
            add_word(&words, arena_copy(a, y->slots[i].name).p, a);
    return words;
}

/* False: nothing changes. */
static bool judge(const struct pair *p, struct arena *a, struct replay_group *out)
{
    struct str from = outcome_words(p->old, a), to = outcome_words(p->new, a), parts;

    *out = (struct replay_group){.from = from, .to = to};
    if (is_told(p->old) != is_told(p->new)) {
        out->change = is_told(p->new) ? REPLAY_TOLD : REPLAY_SILENT;
        return true;
    }
    if (is_told(p->old)) {
        parts = differing_parts(p, a);
        if (parts.n) {
            out->change = REPLAY_OTHERWISE;
            out->to = arena_printf(a, STR_FMT " (other " STR_FMT ")", STR_ARG(to), STR_ARG(parts));
            return true;
        }
    } else if (!str_eq(from, to)) {
        out->change = REPLAY_STOPPED;
        return true;
    }
    if (!p->old || !p->new || !p->old->emits || !p->new->emits)
        return false;
    parts = differing_slots(p, a);
    out->change = REPLAY_EVENT;
    out->to = arena_printf(a, STR_FMT " (other " STR_FMT ")", STR_ARG(to), STR_ARG(parts));
    return parts.n > 0;
}

/* ---- groups ---- */

static const struct rule *rule_of(const struct feed *f, struct str label)
{
    for (size_t i = 0; i < f->maps[0].n_rules; i++)
        if (str_eq(f->maps[0].rules[i].label, label))
            return &f->maps[0].rules[i];
    return NULL;
}

static struct replay_group *new_group(struct feed_replay *r, const struct replay_group *like)
{
    const struct rule *rule = rule_of(r->side[1].f, like->rule);
    struct replay_group *g;

    if (r->n == r->room) {
        size_t room = r->room ? 2 * r->room : 16;
        struct replay_group *more = NEW_ARRAY(&r->arena, struct replay_group, room);

        if (r->n)
            memcpy(more, r->groups, r->n * sizeof(*more));
        r->groups = more;
        r->room = room;
    }
    if (!rule)
        rule = rule_of(r->side[0].f, like->rule);
    g = &r->groups[r->n++];
    *g = (struct replay_group){
        .change = like->change,
        .rule = arena_copy(&r->arena, like->rule),
        .from = arena_copy(&r->arena, like->from),
        .to = arena_copy(&r->arena, like->to),
        .file = rule ? rule->node->file : NULL,
        .line = rule ? rule->node->line : 0,
    };
    return g;
}

static size_t group_of(struct feed_replay *r, const struct replay_group *like)
{
    for (size_t i = 0; i < r->n; i++) {
        const struct replay_group *g = &r->groups[i];

        if (g->change == like->change && str_eq(g->rule, like->rule) &&
            str_eq(g->from, like->from) && str_eq(g->to, like->to))
            return i;
    }
    new_group(r, like);
    return r->n - 1;
}

static struct str patient_of(const struct pair *p)
{
    if (p->new && p->new->emits)
        return event_value(&p->new->event, "patient_key");
    return p->old && p->old->emits ? event_value(&p->old->event, "patient_key")
                                   : (struct str){NULL, 0};
}

static void count(struct feed_replay *r, struct str id, const struct pair *p,
                  const struct replay_group *like, struct arena *a)
{
    size_t at = group_of(r, like);
    struct replay_group *g = &r->groups[at];
    struct str patient = patient_of(p);
    bool known = g->n_ids && str_eq(g->ids[g->n_ids - 1], id);

    if (patient.n &&
        word_set_add(&r->patients, arena_printf(a, "%zu " STR_FMT, at, STR_ARG(patient))))
        g->n_patients++;
    if (known)
        return;
    g->n_messages++;
    if (g->n_ids < REPLAY_IDS)
        g->ids[g->n_ids++] = arena_copy(&r->arena, id);
}

/* ---- one message ---- */

static bool evaluate(struct side *s, const struct feed_input *in, struct arena *a,
                     struct feed_result *out, bool *readable, struct err *e)
{
    const struct feed_memory memory = feed_events_memory(&s->events);
    struct feed_input mine = *in;

    mine.memory = &memory;
    mine.trace = NULL;
    *readable = feed_eval(s->f, &mine, a, out, e);
    if (!*readable)
        return e->kind == ERR_INPUT;
    if (!out->test)
        feed_events_keep(&s->events, out);
    for (size_t i = 0; i < out->n && !out->test; i++) {
        struct str patient = event_value(&out->outcomes[i].event, "patient_key");

        if (is_told(&out->outcomes[i]) && patient.n)
            (void)word_set_add(&s->told, patient);
    }
    return true;
}

/* The instance of the new feed that stands for one of the old: of the same unit, else the next one of the
 * same rule that stands for none. Unmatched ones have NULL on the other side. */
static const struct feed_outcome *
partner(const struct feed_outcome *o, const struct feed_result *in, const bool *taken, bool by_unit)
{
    for (size_t i = 0; i < in->n; i++) {
        const struct feed_outcome *one = &in->outcomes[i];

        if (taken[i])
            continue;
        if (by_unit ? o->emits && one->emits && str_eq(o->event.type, one->event.type) &&
                          str_eq(o->event.unit_key, one->event.unit_key)
                    : str_eq(o->rule, one->rule))
            return one;
    }
    return NULL;
}

static size_t pair_up(const struct feed_result *old, const struct feed_result *new, struct arena *a,
                      struct pair *pairs)
{
    bool *taken = NEW_ARRAY(a, bool, new->n + 1);
    size_t n = 0;

    for (size_t i = 0; i < old->n; i++)
        pairs[n++] = (struct pair){&old->outcomes[i], NULL};
    for (int by_unit = 1; by_unit >= 0; by_unit--)
        for (size_t i = 0; i < old->n; i++) {
            if (!pairs[i].new)
                pairs[i].new = partner(pairs[i].old, new, taken, by_unit);
            if (pairs[i].new)
                taken[pairs[i].new - new->outcomes] = true;
        }
    for (size_t i = 0; i < new->n; i++)
        if (!taken[i])
            pairs[n++] = (struct pair){NULL, &new->outcomes[i]};
    return n;
}

static void hold_against(struct feed_replay *r, struct str id, const struct feed_result *old,
                         const struct feed_result *new, struct arena *a)
{
    struct pair *pairs = NEW_ARRAY(a, struct pair, old->n + new->n + 1);
    size_t n = pair_up(old, new, a, pairs);
    bool changed = false;

    for (size_t i = 0; i < n; i++) {
        struct replay_group like;

        if (!judge(&pairs[i], a, &like))
            continue;
        like.rule = pairs[i].new ? pairs[i].new->rule : pairs[i].old->rule;
        count(r, id, &pairs[i], &like, a);
        changed = true;
    }
    r->report.n_changed += changed;
}

bool feed_replay_add(struct feed_replay *r, struct str id, const struct feed_input *in,
                     struct err *e)
{
    struct feed_result old = {0}, new = {0};
    struct arena a = {0};
    bool readable[2];
    bool ok = evaluate(&r->side[0], in, &a, &old, &readable[0], e) &&
              evaluate(&r->side[1], in, &a, &new, &readable[1], e);

    if (ok && old.test) {
        r->report.n_tests++;
    } else if (ok) {
        r->report.n_messages++;
        r->report.n_unreadable += !readable[0];
        hold_against(r, id, &old, &new, &a);
    }
    arena_reset(&a);
    return ok;
}

struct replay_report feed_replay_report(struct feed_replay *r)
{
    struct replay_report out = r->report;

    out.groups = NEW_ARRAY(&r->arena, struct replay_group, r->n + 1);
    out.n = 0;
    for (int c = REPLAY_TOLD; c <= REPLAY_EVENT; c++)
        for (size_t i = 0; i < r->n; i++)
            if (r->groups[i].change == (enum replay_change)c)
                out.groups[out.n++] = r->groups[i];
    out.patients_told[0] = r->side[0].told.n;
    out.patients_told[1] = r->side[1].told.n;
    return out;
}
