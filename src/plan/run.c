/* One run of the plan step: instances to notices, due times, answers that stay lost. */
#include "plan/decide.h"
#include "plan/plan.h"

struct run {
    const struct plan_settings *set;
    struct store *store;
    struct arena *arena;
    int64_t now_ms;
    struct plan_result *out;
};

static void wake_at(struct plan_result *out, int64_t at_ms)
{
    if (at_ms && (!out->next_ms || at_ms < out->next_ms))
        out->next_ms = at_ms;
}

static bool withdraw_all(struct run *r, struct notice_list *open, struct str why, struct err *e)
{
    for (size_t i = 0; i < open->n; i++) {
        struct notice *n = &open->items[i];

        n->state = NOTICE_WITHDRAWN;
        n->reason = why;
        if (!r->store->ops->save_notice(r->store, n, e))
            return false;
    }
    return true;
}

static int64_t earlier(int64_t a, int64_t b)
{
    return b && b < a ? b : a;
}

/* The end of the window that `in` falls into: an open one keeps its end, whoever carries it. */
static int64_t window_end(const struct run *r, const struct instance *in,
                          const struct notice_list *own, const struct notice_list *window)
{
    int64_t most = r->set->coalesce_most_ms;
    int64_t end = r->now_ms + (most && in->coalesce_ms > most ? most : in->coalesce_ms);

    for (size_t i = 0; i < own->n; i++) {
        if (str_eq(own->items[i].coalesce, in->coalesce))
            end = earlier(end, own->items[i].due_ms);
    }
    for (size_t i = 0; i < window->n; i++)
        end = earlier(end, window->items[i].due_ms);
    return end;
}

/* `n` is stored and tells what waits in its window, too. */
static bool merge(struct run *r, const struct notice *n, struct notice_list *window, struct err *e)
{
    for (size_t i = 0; i < window->n; i++) {
        window->items[i].state = NOTICE_MERGED;
        window->items[i].carrier = n->id;
        if (!r->store->ops->save_notice(r->store, &window->items[i], e))
            return false;
    }
    return true;
}

static struct str raw_of(const struct event *ev, struct str value)
{
    for (size_t i = 0; i < ev->n_slots; i++) {
        if (ev->slots[i].raw.p && str_eq(ev->slots[i].value, value))
            return ev->slots[i].raw;
    }
    return (struct str){NULL, 0};
}

static bool mint_link(struct run *r, const struct instance *in, struct notice *n,
                      struct link_new *link, struct err *e)
{
    char *token = arena_get(r->arena, TOKEN_TEXT + 1, 1);
    int64_t until = r->now_ms + r->set->link_ttl_ms;

    if (!token_new(r->set->random, token, e))
        return false;
    n->token = (struct str){token, TOKEN_TEXT};
    token_hash(n->token, link->token_hash);
    link->event_type = in->event.type;
    link->unit_key = in->event.unit_key;
    link->patient_key = n->patient_key;
    link->patient = raw_of(&in->event, n->patient_key);
    link->resource = raw_of(&in->event, in->event.unit_key);
    link->expires_ms = in->stale_ms && in->stale_ms < until ? in->stale_ms : until;
    return true;
}

static struct notice notice_of(const struct run *r, const struct instance *in)
{
    return (struct notice){
        .instance_id = in->id,
        .state = in->coalesce_ms ? NOTICE_WAITING : NOTICE_READY,
        .feed = in->feed,
        .event_type = in->event.type,
        .unit_key = in->event.unit_key,
        .patient_key = event_value(&in->event, "patient_key"),
        .coalesce = in->coalesce_ms ? in->coalesce : (struct str){NULL, 0},
        .template = in->template,
        .language = in->language,
        .named = in->named,
        .params = in->params,
        .n_params = in->n_params,
        .to = event_value(&in->event, "phone"),
        .due_ms = r->now_ms,
        .expires_ms = in->stale_ms,
    };
}

/* What takes back one matter does not speak for another that waits in the same window: a booking that
 * came just before the cancellation of the old one is what the patient is told. */
static bool yields(const struct instance *in, const struct notice *n,
                   const struct notice_list *window)
{
    return event_takes_back(&in->event) && window->n &&
           !str_eq(window->items[0].template, n->template);
}

/* own  notices of the same unit that were open and have just been withdrawn */
static bool tell(struct run *r, const struct instance *in, const struct notice_list *own,
                 struct err *e)
{
    const struct store_ops *ops = r->store->ops;
    struct notice n = notice_of(r, in);
    struct notice_list window = {0};
    struct link_new link = {0};

    if (in->coalesce_ms) {
        if (!ops->find_window(r->store, in->coalesce, r->arena, &window, e))
            return false;
        n.due_ms = window_end(r, in, own, &window);
    }
    if (in->button && !mint_link(r, in, &n, &link, e))
        return false;
    r->out->ready += n.state == NOTICE_READY;
    if (!ops->put_notice(r->store, &n, in->button ? &link : NULL, e))
        return false;
    if (!yields(in, &n, &window))
        return merge(r, &n, &window, e);
    n.state = NOTICE_MERGED;
    n.carrier = window.items[0].id;
    return ops->save_notice(r->store, &n, e);
}

/* The facts of the unit cannot be read any more: a person looks; the others go on. */
static bool hold_damaged(struct run *r, const struct instance *in, struct err *e)
{
    return e->kind == ERR_INPUT &&
           r->store->ops->settle(r->store, in->id, STANDING_HELD, STR("damaged on disk"), e);
}

/* What the patient's own record says; without one, nothing. */
static bool is_blocked(struct run *r, const struct instance *in, bool *blocked, struct err *e)
{
    struct str patient = event_value(&in->event, "patient_key");
    struct unit unit;
    bool known = false;

    *blocked = false;
    if (patient.p &&
        !r->store->ops->find_unit(r->store, STR("patient/1"), patient, r->arena, &unit, &known, e))
        return false;
    *blocked = known && event_blocks(&unit.event);
    return true;
}

/* The patient died, or wants no more: what waits does not leave. */
static bool block(struct run *r, const struct instance *in, struct err *e)
{
    const struct store_ops *ops = r->store->ops;
    struct notice_list open = {0};

    return ops->find_patient(r->store, in->event.unit_key, r->arena, &open, e) &&
           withdraw_all(r, &open, STR("no notices for this patient"), e) &&
           ops->settle(r->store, in->id, STANDING_RECORDED, in->reason, e);
}

static bool decide(struct run *r, const struct instance *in, struct err *e)
{
    const struct store_ops *ops = r->store->ops;
    struct str type = in->event.type, key = in->event.unit_key;
    struct notice_list open = {0};
    struct unit unit;
    struct decision d;
    bool known, blocked;

    if (event_blocks(&in->event))
        return block(r, in, e);
    if (!ops->find_unit(r->store, type, key, r->arena, &unit, &known, e) ||
        !is_blocked(r, in, &blocked, e))
        return hold_damaged(r, in, e);
    if (!ops->find_open(r->store, type, key, r->arena, &open, e))
        return false;
    d = plan_decide(r->set->seal, in, known ? &unit : NULL, blocked, r->now_ms);
    if ((d.withdraw && !withdraw_all(r, &open, STR("a later event came first"), e)) ||
        (d.revoke && !ops->revoke_links(r->store, type, key, r->now_ms, e)) ||
        (d.remember && !ops->save_news(r->store, type, key, d.news, e)))
        return false;
    if (d.verdict == VERDICT_RECORD)
        return ops->settle(r->store, in->id, STANDING_RECORDED, d.reason, e);
    return tell(r, in, &open, e);
}

/* Unknown attempts: past their deadline a person decides (WhatsApp §6, step 7: never by a resend).
 */
static bool give_up(struct run *r, struct err *e)
{
    struct flight_list list = {0};

    if (!r->store->ops->find_checking(r->store, r->set->batch, r->arena, &list, e))
        return false;
    for (size_t i = 0; i < list.n; i++) {
        struct flight *f = &list.items[i];
        int64_t since = f->attempt.ended_ms ? f->attempt.ended_ms : f->attempt.started_ms;

        if (!notice_gave_up(&f->notice, &f->attempt, &r->set->retry, r->now_ms))
            wake_at(r->out, since + r->set->retry.unknown_ms);
        else if (!r->store->ops->save_notice(r->store, &f->notice, e))
            return false;
    }
    r->out->more |= list.more;
    return true;
}

bool plan_run(const struct plan_settings *set, int64_t now_ms, struct store *s, struct arena *a,
              struct plan_result *out, struct err *e)
{
    struct run r = {set, s, a, now_ms, out};
    struct instance_list list = {0};
    size_t released = 0;
    int64_t next = 0;

    *out = (struct plan_result){0};
    if (!s->ops->take_mapped(s, set->batch, a, &list, e))
        return false;
    for (size_t i = 0; i < list.n; i++) {
        if (!decide(&r, &list.items[i], e))
            return false;
    }
    if (!give_up(&r, e) || !s->ops->release_due(s, now_ms, &released, &next, e))
        return false;
    out->more |= list.more;
    out->ready += released;
    wake_at(out, next);
    return true;
}
