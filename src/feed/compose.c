/* From a finished event to the message it may lead to. Every sink looks at the class once more. */
#include "instance.h"
#include "leak.h"

static struct str slot_text(const struct instance *i, struct str name)
{
    const struct slot *s = event_slot(&i->event, name);

    return s ? s->value : (struct str){NULL, 0};
}

struct choosing {
    struct instance *i;
    enum sensitivity class; /* of everything the choice depended on */
};

static enum cond_state no_state(void *ctx, const struct cond_leaf *leaf)
{
    (void)ctx, (void)leaf; /* conditions over slots have no states: cond_parse() */
    return COND_ABSENT;
}

static size_t slot_values(void *ctx, const struct cond_leaf *leaf, const struct str **out)
{
    struct choosing *c = ctx;
    const struct slot *s = event_slot(&c->i->event, leaf->operand);

    if (!s)
        return 0;
    c->class = class_join(c->class, s->class);
    *out = &s->value;
    return 1;
}

/* The first entry of the event that matches, among those that remind or among the others. *found NULL:
 * none. False: the instance ended. */
static bool choose(struct instance *i, bool reminds, const struct notify_entry **found)
{
    const struct feed *f = i->m->f;
    struct choosing c = {i, CLASS_PUBLIC};
    const struct cond_source source = {&c, no_state, slot_values};

    *found = NULL;
    for (size_t k = 0; k < f->n_notify && !*found; k++) {
        const struct notify_entry *e = &f->notify[k];

        if (e->event == i->rule->event && !e->before_node == !reminds &&
            (!e->when || cond_holds(e->when, &source)))
            *found = e;
    }
    if (c.class > CLASS_LOGISTICS)
        return leak_class(i, LEAK_TEMPLATE, STR(""), c.class, CLASS_LOGISTICS);
    return true;
}

/* Slot `language` if the body has it, else the site's. */
static const struct phrase *choose_body(const struct instance *i, const struct template *t)
{
    const struct slot *s = event_slot(&i->event, STR("language"));
    const struct phrase *p = s ? phrases_find(&t->body, s->value) : NULL;

    return p ? p : phrases_find(&t->body, i->site->language);
}

/* What decides on language, recipient and site, each under its ceiling. */
static bool sinks_hold(struct instance *i)
{
    static const struct {
        const char *slot;
        enum leak_sink sink;
        enum sensitivity ceiling;
    } sinks[] = {
        {"language", LEAK_LANGUAGE, CLASS_PREFERENCE},
        {"phone", LEAK_RECIPIENT, CLASS_CONTACT},
        {"site", LEAK_SITE, CLASS_DIRECTORY},
    };

    for (size_t k = 0; k < sizeof sinks / sizeof *sinks; k++) {
        const struct slot *s = event_slot(&i->event, str_of(sinks[k].slot));

        if (s && s->class > sinks[k].ceiling)
            return leak_class(i, sinks[k].sink, s->name, s->class, sinks[k].ceiling);
    }
    return i->site_class <= CLASS_DIRECTORY ||
           leak_class(i, LEAK_SITE, STR("site"), i->site_class, CLASS_DIRECTORY);
}

static bool fill_param(struct instance *i, const struct template *t, const struct param_source *p,
                       struct str language, struct param *out)
{
    const struct slot *s = p->slot ? event_slot(&i->event, str_of(p->slot->name)) : NULL;
    enum sensitivity class = class_join(CLASS_DIRECTORY, i->site_class);

    out->name = p->name;
    if (!p->slot) {
        out->text = site_fact_text(i->site, p->fact, language);
    } else if (s) {
        class = class_join(class, s->class);
        out->text = render_slot(p->slot, s->value, language, i->m->a);
    }
    if (class > t->shows)
        return leak_class(i, LEAK_PARAMETER, p->name, class, t->shows);
    if (!out->text.p)
        return instance_stop(i, FEED_HOLD, STR("parameter without a value"));
    if (!render_fit(out->text))
        return instance_stop(i, FEED_HOLD, STR("parameter unfit to send"));
    return true;
}

bool compose_words(struct instance *i, const struct notify_entry *e, struct feed_reminder *out)
{
    const struct template *t = e->template;
    const struct phrase *body;

    if (!sinks_hold(i))
        return false;
    body = choose_body(i, t);
    if (!body)
        return instance_stop(i, FEED_HOLD, STR("no text in the language of the site"));
    out->template = &t->shown;
    out->language = str_of(t->shown.bodies[body - t->body.items].language);
    out->params = NEW_ARRAY(i->m->a, struct param, e->n_params + 1);
    for (size_t k = 0; k < e->n_params; k++, out->n_params++)
        if (!fill_param(i, t, &e->params[k], body->language, &out->params[k]))
            return false;
    out->text = render_body(t, body->text, out->params, i->m->a);
    return true;
}

static bool write_message(struct instance *i, const struct notify_entry *e)
{
    struct feed_outcome *out = i->out;
    struct feed_reminder words = {0};

    if (!compose_words(i, e, &words))
        return false;
    out->template = words.template;
    out->language = words.language;
    out->params = words.params;
    out->n_params = words.n_params;
    out->text = words.text;
    return true;
}

/* What the event leads to: a message at once, reminders, both or neither. */
static bool write_all(struct instance *i, const struct notify_entry *at_once,
                      const struct notify_entry *reminding)
{
    i->out->to = slot_text(i, STR("phone"));
    if ((at_once || reminding) && !i->out->to.n)
        return instance_stop(i, FEED_HOLD, STR("no phone to send to"));
    return (!at_once || write_message(i, at_once)) && (!reminding || reminders_make(i, reminding));
}

static int64_t stale_at(const struct instance *i)
{
    const struct event_type *t = i->rule->event;
    int64_t start;

    if (t->stale_at_start)
        return moment_read_ours(slot_text(i, STR("start")), &start) ? start * 1000 : 0;
    return t->stale_ms ? i->message_ms + t->stale_ms : 0;
}

void compose(struct instance *i)
{
    const struct notify_entry *entry, *reminding;
    struct feed_outcome *out = i->out;

    out->emits = true;
    out->event = i->event;
    out->stale_ms = stale_at(i);
    if (i->m->f->policy.log_site && i->site && i->site_class <= CLASS_DIRECTORY)
        out->log_site = i->site->code;
    if (!choose(i, false, &entry) || !choose(i, true, &reminding))
        return;
    out->kind = FEED_RECORDED;
    if (!write_all(i, entry, reminding))
        return;
    if (i->m->test) { /* MSH-11 T or D: evaluated, never sent */
        out->reason = STR("test message");
        return;
    }
    if (!entry)
        return;
    out->kind = FEED_SEND;
    if (i->rule->coalesce_by) {
        out->coalesce_ms = i->rule->coalesce_ms;
        out->coalesce_by = slot_text(i, str_of(i->rule->coalesce_by->name));
    }
}
