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

static bool withdraw(struct run *r, struct notice *n, struct str reason, struct err *e)
{
    n->state = NOTICE_WITHDRAWN;
    n->reason = reason;
    return r->store->ops->save_notice(r->store, n, e);
}

static bool withdraw_all(struct run *r, struct notice_list *open, struct err *e)
{
    for (size_t i = 0; i < open->n; i++) {
        if (!withdraw(r, &open->items[i], STR("a later event came first"), e))
            return false;
    }
    return true;
}

/* Joins the open window, which keeps its end; or opens one. */
static bool set_due(struct run *r, const struct instance *in, struct notice *n, struct err *e)
{
    int64_t most = r->set->coalesce_most_ms, window = in->coalesce_ms;
    struct notice_list list = {0};

    n->state = NOTICE_READY;
    n->due_ms = r->now_ms;
    if (!in->coalesce_ms)
        return true;
    n->state = NOTICE_WAITING;
    n->coalesce = in->coalesce;
    n->due_ms = r->now_ms + (most && window > most ? most : window);
    if (!r->store->ops->find_window(r->store, in->coalesce, r->arena, &list, e))
        return false;
    for (size_t i = 0; i < list.n; i++) {
        if (list.items[i].due_ms < n->due_ms)
            n->due_ms = list.items[i].due_ms;
        if (!withdraw(r, &list.items[i], STR("merged into a later notice"), e))
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

static bool tell(struct run *r, const struct instance *in, struct err *e)
{
    struct notice n = {
        .instance_id = in->id,
        .feed = in->feed,
        .event_type = in->event.type,
        .unit_key = in->event.unit_key,
        .patient_key = event_value(&in->event, "patient_key"),
        .template = in->template,
        .language = in->language,
        .named = in->named,
        .params = in->params,
        .n_params = in->n_params,
        .to = event_value(&in->event, "phone"),
        .expires_ms = in->stale_ms,
    };
    struct link_new link = {0};

    if (!set_due(r, in, &n, e) || (in->button && !mint_link(r, in, &n, &link, e)))
        return false;
    r->out->ready += n.state == NOTICE_READY;
    return r->store->ops->put_notice(r->store, &n, in->button ? &link : NULL, e);
}

static bool decide(struct run *r, const struct instance *in, struct err *e)
{
    const struct store_ops *ops = r->store->ops;
    struct str type = in->event.type, key = in->event.unit_key;
    struct notice_list open = {0};
    struct unit unit;
    struct decision d;
    bool known;

    if (!ops->find_unit(r->store, type, key, r->arena, &unit, &known, e) ||
        !ops->find_open(r->store, type, key, r->arena, &open, e))
        return false;
    d = plan_decide(r->set->seal, in, known ? &unit : NULL, &open, r->now_ms);
    if ((d.withdraw && !withdraw_all(r, &open, e)) ||
        (d.revoke && !ops->revoke_links(r->store, type, key, r->now_ms, e)) ||
        (d.remember && !ops->save_news(r->store, type, key, d.news, d.told, e)))
        return false;
    if (d.verdict == VERDICT_RECORD)
        return ops->settle(r->store, in->id, STANDING_RECORDED, d.reason, e);
    return tell(r, in, e);
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
    out->taken = list.n;
    out->ready += released;
    wake_at(out, next);
    return true;
}
