#include "leak.h"

enum { SINKS_MOST = 2 * EVENT_MAX_SLOTS }; /* each slot by itself, and as a parameter */

struct words { /* what one message says */
    const struct feed_template *template;
    struct str language, text;
    const struct param *params;
    size_t n_params;
};

struct look {
    struct instance *i;
    struct sink sinks[SINKS_MOST];
    size_t n, n_slots, n_open; /* the slots come first; n_open: not explained yet */
};

/* ---- the end of an instance ---- */

static const struct {
    const char *name;
    struct str class, closed;
} sinks[] = {
    [LEAK_SLOT] = {"slot", STR_LIT("class above the ceiling of a slot"),
                   STR_LIT("blocked: a slot holds what it may not")},
    [LEAK_PARAMETER] = {"parameter", STR_LIT("class above the ceiling of a parameter"),
                        STR_LIT("blocked: a parameter shows what it may not")},
    [LEAK_RECIPIENT] = {"recipient", STR_LIT("class above the ceiling of the recipient"),
                        STR_LIT("blocked: the recipient is no contact")},
    [LEAK_LANGUAGE] = {"language", STR_LIT("class above the ceiling of the language"),
                       STR_LIT("blocked: the language is not the template's")},
    [LEAK_SITE] = {"site", STR_LIT("class above the ceiling of the site"),
                   STR_LIT("blocked: the site is not the event's")},
    [LEAK_TEMPLATE] = {"template", STR_LIT("class above the ceiling of the choice"),
                       STR_LIT("blocked: the template is not the feed's")},
    [LEAK_TEXT] = {"text", STR_LIT("class above the ceiling of the text"),
                   STR_LIT("blocked: the text is not the template's")},
};

const char *leak_sink_name(enum leak_sink s)
{
    return sinks[s].name;
}

static bool block(struct instance *i, const struct feed_leak *what)
{
    struct feed_leak *leak = NEW(i->m->a, struct feed_leak);

    *leak = *what;
    i->out->leak = leak;
    return instance_stop(i, FEED_HOLD,
                         what->by_class ? sinks[what->sink].class : sinks[what->sink].closed);
}

bool leak_class(struct instance *i, enum leak_sink sink, struct str name, enum sensitivity class,
                enum sensitivity ceiling)
{
    const struct feed_leak what = {
        .sink = sink, .name = name, .by_class = true, .ceiling = ceiling, .class = class};

    return block(i, &what);
}

/* Not of the closed set: whatever it is, nothing vouches for it. */
static bool outside(struct instance *i, enum leak_sink sink, struct str name)
{
    const struct feed_leak what = {.sink = sink, .name = name, .class = CLASS_CLINICAL};

    return block(i, &what);
}

/* ---- the closed grammar of what is sent ---- */

/* The body's own text with its parameters in their places, and nothing else. */
static bool text_holds(const struct words *o, struct str body)
{
    struct str text = o->text;
    size_t at = 0;

    while (body.n) {
        const char *open = memmem(body.p, body.n, "{{", 2), *close;
        struct str own = {body.p, open ? (size_t)(open - body.p) : body.n};

        if (!str_starts(text, own))
            return false;
        text = (struct str){text.p + own.n, text.n - own.n};
        body = (struct str){body.p + own.n, body.n - own.n};
        if (!open)
            break;
        close = memmem(body.p, body.n, "}}", 2);
        if (!close || at == o->n_params || !str_starts(text, o->params[at].text))
            return false;
        text = (struct str){text.p + o->params[at].text.n, text.n - o->params[at].text.n};
        body = (struct str){close + 2, body.n - (size_t)(close + 2 - body.p)};
        at++;
    }
    return text.n == 0 && at == o->n_params;
}

static const struct template *template_of(const struct instance *i,
                                          const struct feed_template *shown)
{
    const struct templates *all = &i->m->f->templates;

    for (size_t k = 0; k < all->n; k++)
        if (&all->items[k].shown == shown)
            return &all->items[k];
    return NULL;
}

static bool of_template(struct instance *i, const struct words *o, const struct template *t)
{
    const struct feed_body *body = NULL;

    if (!t)
        return outside(i, LEAK_TEMPLATE, STR(""));
    for (size_t k = 0; k < t->shown.n_bodies && !body; k++)
        if (str_eq(o->language, str_of(t->shown.bodies[k].language)))
            body = &t->shown.bodies[k];
    if (!body)
        return outside(i, LEAK_LANGUAGE, STR(""));
    if (o->n_params != t->n_params || !text_holds(o, str_of(body->text)))
        return outside(i, LEAK_TEXT, STR(""));
    return true;
}

/* ---- parameters ---- */

static bool is_fact(const struct instance *i, struct str text)
{
    const struct site *s = feed_site(i->m->f, event_value(&i->out->event, "site"));
    const struct phrases *const facts[] = {s ? &s->name : NULL, s ? &s->org : NULL,
                                           s ? &s->address : NULL};

    if (s && s->phone.n && str_eq(text, s->phone))
        return true;
    for (size_t k = 0; s && k < sizeof facts / sizeof *facts; k++)
        for (size_t b = 0; b < facts[k]->n; b++)
            if (str_eq(text, facts[k]->items[b].text))
                return true;
    return false;
}

static struct sink *shown_slot(struct look *l, struct str text)
{
    for (size_t k = 0; k < l->n_slots; k++)
        if (sink_shown_as(&l->sinks[k], text))
            return &l->sinks[k];
    return NULL;
}

/* A parameter is a fact of the event's site, or shows a slot of the event: that one once more, under the
 * lowest ceiling of a template that shows it. */
static bool add_param(struct look *l, const struct param *p, enum sensitivity shows)
{
    struct sink *s, *to;

    if (is_fact(l->i, p->text))
        return true;
    s = shown_slot(l, p->text);
    if (!s)
        return outside(l->i, LEAK_PARAMETER, p->name);
    to = &l->sinks[l->n_slots];
    while (to < l->sinks + l->n && to->slot != s->slot)
        to++;
    if (to < l->sinks + l->n && to->ceiling <= shows)
        return true;
    l->n += to == l->sinks + l->n;
    *to = *s;
    to->what = LEAK_PARAMETER;
    to->name = p->name;
    to->ceiling = s->ceiling < shows ? s->ceiling : shows;
    return true;
}

static bool add_words(struct look *l, const struct words *words)
{
    const struct template *t = template_of(l->i, words->template);

    if (!of_template(l->i, words, t))
        return false;
    for (size_t k = 0; k < words->n_params; k++)
        if (!add_param(l, &words->params[k], t->shows))
            return false;
    return true;
}

/* ---- slots ---- */

static const struct binding *binding_of(const struct instance *i, struct str slot)
{
    for (size_t k = 0; k < i->rule->n_with; k++)
        if (str_eq(str_of(i->rule->with[k].slot->name), slot))
            return &i->rule->with[k];
    return NULL;
}

static const struct value *value_of(const struct binding *b)
{
    const struct value *v = b ? b->value : NULL;

    while (v && v->same_as)
        v = v->same_as;
    return v;
}

static bool computes(const struct source *s)
{
    static const char *const functions[] = {"substring(", "lower(", "upper("};

    for (size_t k = 0; k < sizeof functions / sizeof *functions; k++)
        if (memmem(s->text.p, s->text.n, functions[k], strlen(functions[k])))
            return true;
    return false;
}

/* The feed's own ways from a field to the slot: a table, and whether it takes pieces out of fields. */
static void add_ways(const struct instance *i, struct sink *s)
{
    const struct value *v = value_of(binding_of(i, s->slot->name));
    const struct branch *b = v ? &v->branch[i->m->side] : NULL;

    if (!v)
        return;
    s->table = v->table ? v->table : b->table;
    for (size_t k = 0; k < v->n_as; k++)
        s->cut = s->cut || v->as[k].kind == CONVERT_SLICE || v->as[k].kind == CONVERT_LOWER;
    for (size_t k = 0; i->m->side == SIDE_FHIR && k < b->n_sources; k++)
        s->cut = s->cut || computes(&b->sources[k]);
}

static bool add_slots(struct look *l)
{
    const struct event *ev = &l->i->out->event;

    for (size_t k = 0; k < ev->n_slots && l->n < EVENT_MAX_SLOTS; k++) {
        const struct slot_type *t = event_type_slot(l->i->rule->event, ev->slots[k].name);
        bool compare;

        if (!t || !sink_of_slot(&ev->slots[k], t, &l->sinks[l->n], &compare))
            return outside(l->i, LEAK_SLOT, t ? str_of(t->name) : STR(""));
        if (compare)
            add_ways(l->i, &l->sinks[l->n]);
        l->n += compare;
    }
    l->n_slots = l->n;
    return true;
}

/* ---- against the message ---- */

static bool hold_against(void *ctx, const struct leaf *leaf)
{
    struct look *l = ctx;

    for (size_t k = 0; k < l->n; k++) {
        struct sink *s = &l->sinks[k];
        enum sensitivity class;

        if (s->explained || !sink_fits(s, leaf, l->i->m->a))
            continue;
        class = leaf_class(leaf);
        if (class <= s->ceiling) {
            s->explained = true;
            l->n_open--;
        } else if (!s->found) {
            s->found = true;
            s->class = class;
            s->place = leaf->place;
            s->field = leaf->field;
        }
    }
    return l->n_open > 0;
}

static bool in_table(const struct table *t, struct str text)
{
    for (size_t k = 0; t && k < t->n; k++)
        if (str_eq(table_row(t, k).to, text))
            return true;
    return false;
}

/* A literal of an expression: in quotes, or a number by itself. */
static bool in_expression(const struct source *s, struct str text, struct arena *a)
{
    struct str quoted = arena_printf(a, "'" STR_FMT "'", STR_ARG(text));

    return memmem(s->text.p, s->text.n, quoted.p, quoted.n) != NULL || str_eq(s->text, text);
}

/* The feed itself says it: a literal, an `else`, what a table or an expression makes of something. */
static bool is_constant(const struct instance *i, const struct sink *s)
{
    const struct binding *b = binding_of(i, s->slot->name);
    const struct value *v = value_of(b);
    const struct branch *own = v ? &v->branch[i->m->side] : NULL;
    struct str text = s->slot->value;

    if (b && !v)
        return str_eq(b->literal, text);
    if (!v)
        return false;
    if (v->otherwise.kind == ELSE_LITERAL && str_eq(v->otherwise.text, text))
        return true;
    if (s->cut && in_table(s->table, text)) /* from a piece of a field: which one, we do not know */
        return true;
    for (size_t k = 0; i->m->side == SIDE_FHIR && k < own->n_sources; k++)
        if (in_expression(&own->sources[k], text, i->m->a))
            return true;
    return false;
}

/* What the unit's stored event says, or the patient's own record, was held against its own message. Only a
 * slot that may be carried. */
static bool is_carried(const struct instance *i, const struct sink *s)
{
    const struct slot_type *t = event_type_slot(i->rule->event, s->slot->name);
    const struct event *const from[] = {i->found ? &i->stored : NULL, i->has_own ? &i->own : NULL};

    for (size_t k = 0; t && t->carried && k < sizeof from / sizeof *from; k++) {
        const struct slot *was = from[k] ? event_slot(from[k], s->slot->name) : NULL;

        if (was && was->class <= s->ceiling && str_eq(was->value, s->slot->value))
            return true;
    }
    return false;
}

static bool settle(struct look *l)
{
    for (size_t k = 0; k < l->n; k++) {
        const struct sink *s = &l->sinks[k];
        struct feed_leak what = {.sink = s->what,
                                 .name = s->name,
                                 .ceiling = s->ceiling,
                                 .class = s->found ? s->class : CLASS_CLINICAL,
                                 .found = s->found,
                                 .place = s->place,
                                 .field = s->field};

        if (s->kind == SINK_PHONE && l->i->out->template)
            what.sink = LEAK_RECIPIENT;
        if (!s->explained && !is_carried(l->i, s) && !is_constant(l->i, s))
            return block(l->i, &what);
    }
    return true;
}

static struct words words_of(const struct feed_outcome *o)
{
    return (struct words){.template = o->template,
                          .language = o->language,
                          .params = o->params,
                          .n_params = o->n_params,
                          .text = o->text};
}

static struct words words_of_reminder(const struct feed_reminder *r)
{
    return (struct words){.template = r->template,
                          .language = r->language,
                          .params = r->params,
                          .n_params = r->n_params,
                          .text = r->text};
}

bool leak_look(struct instance *i)
{
    const struct feed_outcome *o = i->out;
    const struct words words = words_of(o);
    struct look l = {.i = i};

    if (!add_slots(&l))
        return false;
    if (o->to.p && !str_eq(o->to, event_value(&o->event, "phone")))
        return outside(i, LEAK_RECIPIENT, STR("phone"));
    if (o->template && !add_words(&l, &words))
        return false;
    for (size_t k = 0; k < o->n_reminders; k++) {
        const struct words reminder = words_of_reminder(&o->reminders[k]);

        if (!add_words(&l, &reminder))
            return false;
    }
    l.n_open = l.n;
    if (l.n)
        leaves_each(i->m, hold_against, &l);
    i->out->looked = settle(&l);
    return i->out->looked;
}
