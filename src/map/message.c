/* One message through its feed, into the store. */
#include "message.h"

#include "blocked.h"
#include "merge.h"
#include "order.h"
#include "store/approval.h"

struct memory {
    struct store *store;
};

static bool find(void *ctx, struct str event_type, struct str unit_key, struct arena *a,
                 struct event *out, bool *found, struct err *e)
{
    struct store *s = ((struct memory *)ctx)->store;
    struct unit unit;

    if (!s->ops->find_unit(s, event_type, unit_key, a, &unit, found, e))
        return false;
    if (*found)
        *out = unit.event;
    return true;
}

static const struct feed *feed_of(const struct map_settings *set, struct str name)
{
    for (size_t i = 0; i < set->n_feeds; i++) {
        if (str_eq(str_of(feed_name(set->feeds[i])), name))
            return set->feeds[i];
    }
    return NULL;
}

static enum standing standing_of(enum feed_outcome_kind kind)
{
    switch (kind) {
    case FEED_SEND:
        return STANDING_PENDING;
    case FEED_RECORDED:
        return STANDING_RECORDED;
    case FEED_DROP:
        return STANDING_DROPPED;
    case FEED_HOLD:
        return STANDING_HELD;
    case FEED_REJECT:
        return STANDING_REJECTED;
    }
    return STANDING_HELD;
}

/* A warning may name values ("start disagrees: SCH-11.4=…"): what is kept in the clear ends at the colon.
 * `tidings explain` shows the rest, from the sealed message. */
static struct str kept(struct str warning)
{
    return str_cut(&warning, ':');
}

static struct str join(const struct str *all, size_t n, struct arena *a)
{
    struct str text = {NULL, 0};

    for (size_t i = 0; i < n; i++) {
        struct str one = kept(all[i]);

        text = arena_printf(a, STR_FMT "%s" STR_FMT, STR_ARG(text), i ? "; " : "", STR_ARG(one));
    }
    return text;
}

/* What one message of the outcome says to the number that its event names. */
static struct approved words_of(const struct message *m, const struct feed_outcome *o,
                                const struct feed_template *t)
{
    return (struct approved){
        .feed = m->feed,
        .event_type = o->event.type,
        .unit_key = o->event.unit_key,
        .template = str_of(t->name),
        .to = event_value(&o->event, "phone"),
        .link = t->link,
        .named = t->named,
        .replies = t->replies,
    };
}

/* For those that were held against the message, and for no others. */
static void approve(const struct map_settings *set, const struct message *m,
                    const struct feed_outcome *o, struct arena *a, struct instance *in)
{
    if (!o->looked)
        return;
    for (size_t i = 0; i < in->n_reminders; i++) {
        const struct feed_reminder *r = &o->reminders[i];
        struct approved words = words_of(m, o, r->template);

        words.language = r->language;
        words.params = r->params;
        words.n_params = r->n_params;
        approval_make(set->seal, &words, a, in->reminders[i].approval);
    }
    if (in->notifies) {
        struct approved words = words_of(m, o, o->template);

        words.language = o->language;
        words.params = o->params;
        words.n_params = o->n_params;
        approval_make(set->seal, &words, a, in->approval);
    }
}

static void add_reminders(struct instance *in, const struct feed_outcome *o, struct arena *a)
{
    in->n_reminders = o->n_reminders;
    in->reminders = NEW_ARRAY(a, struct reminder, o->n_reminders);
    for (size_t i = 0; i < o->n_reminders; i++) {
        const struct feed_reminder *r = &o->reminders[i];

        in->reminders[i] = (struct reminder){
            .template = str_of(r->template->name),
            .language = r->language,
            .named = r->template->named,
            .button = r->template->link,
            .replies = r->template->replies,
            .params = r->params,
            .n_params = r->n_params,
            .before_ms = r->before_ms,
            .due_ms = r->due_ms,
            .expires_ms = r->expires_ms,
            .ttl_ms = r->template->ttl_ms,
        };
    }
}

static struct instance instance_of(const struct message *m, const struct feed_result *r,
                                   const struct feed_outcome *o, struct arena *a)
{
    struct instance in = {
        .message_id = m->id,
        .received_ms = m->received_ms,
        .message_ms = r->message_ms,
        .test = r->test || m->test,
        .feed = m->feed,
        .rule = o->rule,
        .standing = standing_of(o->kind),
        .reason = o->reason,
        .warnings = join(o->warnings, o->n_warnings, a),
        .emits = o->emits,
        .event = o->event,
        .stale_ms = o->stale_ms,
        .log = o->log_site,
    };

    if (o->kind == FEED_RECORDED && !in.reason.p)
        in.reason = STR("no notice for this event");
    /* Nobody is told at once, but what waits may be true no longer, and there may be reminders: for plan. */
    if (o->kind == FEED_RECORDED && o->emits && !in.test)
        in.standing = STANDING_PENDING;
    if (!in.test)
        add_reminders(&in, o, a);
    if (o->kind != FEED_SEND)
        return in;
    in.notifies = true;
    in.template = str_of(o->template->name);
    in.language = o->language;
    in.named = o->template->named;
    in.button = o->template->link;
    in.replies = o->template->replies;
    in.ttl_ms = o->template->ttl_ms;
    in.resend_ms = o->template->resend_ms;
    in.params = o->params;
    in.n_params = o->n_params;
    in.coalesce_ms = o->coalesce_ms;
    if (o->coalesce_ms)
        in.coalesce = arena_printf(a, STR_FMT "/" STR_FMT "/" STR_FMT, STR_ARG(m->feed),
                                   STR_ARG(o->rule), STR_ARG(o->coalesce_by));
    return in;
}

bool map_hold(const struct message *m, struct str reason, struct store *s, struct err *e)
{
    struct instance in = {
        .message_id = m->id,
        .received_ms = m->received_ms,
        .message_ms = m->received_ms,
        .test = m->test,
        .feed = m->feed,
        .standing = STANDING_HELD,
        .reason = reason,
    };

    return s->ops->put_mapped(s, m->id, (struct str){NULL, 0}, &in, 1, e);
}

bool map_one(const struct map_settings *set, const uint8_t key[SEAL_KEY_BYTES],
             const struct message *m, struct store *s, struct arena *a, struct err *e)
{
    const struct feed *feed = feed_of(set, m->feed);
    struct memory memory = {s};
    struct feed_memory hook = {find, &memory};
    struct feed_input in = {
        .kind = m->kind,
        .body = m->body,
        .charset = m->charset,
        .fallback = m->fallback,
        .received_ms = m->received_ms,
        .key = {(const char *)key, SEAL_KEY_BYTES},
        .memory = &hook,
    };
    struct feed_result r = {0};
    struct instance *all;

    if (!feed)
        return map_hold(m, STR("its feed is not loaded"), s, e);
    if (!feed_eval(feed, &in, a, &r, e))
        return e->kind == ERR_INPUT && map_hold(m, STR("cannot be read"), s, e);
    if (!map_blocked(set, m, feed, &r, s, e))
        return false;
    all = NEW_ARRAY(a, struct instance, r.n);
    for (size_t i = 0; i < r.n; i++) {
        all[i] = instance_of(m, &r, &r.outcomes[i], a);
        approve(set, m, &r.outcomes[i], a, &all[i]);
        if (!order_keep(&all[i], &(struct said){r.outcomes[i].phone_ms, r.outcomes[i].language_ms},
                        s, a, e))
            return false;
    }
    if (!s->ops->put_mapped(s, m->id, str_of(feed_version(feed)), all, r.n, e))
        return false;
    for (size_t i = 0; i < r.n; i++) {
        if (!merge_take(&all[i], s, a, e))
            return false;
    }
    return true;
}
