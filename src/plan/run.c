/* One run of the plan step: instances to notices, due times, answers that stay lost. */
#include "run.h"

#include "plan/decide.h"

static void wake_at(struct plan_result *out, int64_t at_ms)
{
    if (at_ms && (!out->next_ms || at_ms < out->next_ms))
        out->next_ms = at_ms;
}

bool run_withdraw(struct run *r, struct notice *n, struct str why, struct err *e)
{
    n->state = NOTICE_WITHDRAWN;
    n->reason = why;
    return r->store->ops->save_notice(r->store, n, e);
}

/* One on the wire cannot be called back. A notice of what is true now keeps it from leaving once more, and
 * so must an event that nobody is told of. */
static bool overtake(struct run *r, const struct decision *d, struct notice *n, struct err *e)
{
    if (!notice_on_the_wire(n))
        return run_withdraw(r, n, STR("a later event came first"), e);
    if (d->verdict == VERDICT_TELL)
        return true;
    notice_overtaken(n);
    return r->store->ops->save_notice(r->store, n, e);
}

/* *n: how many went. */
static bool withdraw(struct run *r, const struct decision *d, struct notice_list *open, size_t *n,
                     struct err *e)
{
    *n = 0;
    for (size_t i = 0; i < open->n; i++) {
        if (d->withdraw == WITHDRAW_NOTHING ||
            (d->withdraw == WITHDRAW_REMINDERS && !open->items[i].before_ms))
            continue;
        if (!overtake(r, d, &open->items[i], e))
            return false;
        ++*n;
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
        if (!notice_on_the_wire(&own->items[i]) && str_eq(own->items[i].coalesce, in->coalesce))
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

bool run_mint(struct run *r, const struct instance *in, const struct patient *who, struct notice *n,
              struct link_new *link, struct err *e)
{
    char *token = arena_get(r->arena, TOKEN_TEXT + 1, 1);
    int64_t until = (n->due_ms > r->now_ms ? n->due_ms : r->now_ms) + r->set->link_ttl_ms;
    int64_t end = n->before_ms ? n->expires_ms : in->stale_ms;

    if (!token_new(r->set->random, token, e))
        return false;
    n->token = (struct str){token, TOKEN_TEXT};
    token_hash(n->token, link->token_hash);
    link->event_type = in->event.type;
    link->unit_key = in->event.unit_key;
    link->patient_key = who->key;
    link->patient = who->raw;
    link->resource = raw_of(&in->event, in->event.unit_key);
    link->expires_ms = end && end < until ? end : until;
    return true;
}

static struct notice notice_of(const struct run *r, const struct instance *in,
                               const struct patient *who)
{
    struct notice n = {
        .instance_id = in->id,
        .state = in->coalesce_ms ? NOTICE_WAITING : NOTICE_READY,
        .feed = in->feed,
        .event_type = in->event.type,
        .unit_key = in->event.unit_key,
        .patient_key = who->key,
        .coalesce = in->coalesce_ms ? in->coalesce : (struct str){NULL, 0},
        .template = in->template,
        .language = in->language,
        .named = in->named,
        .params = in->params,
        .n_params = in->n_params,
        .due_ms = r->now_ms,
        .expires_ms = in->stale_ms,
        .resend_ms = in->resend_ms,
        .replies = in->replies,
        .log = in->log,
    };

    memcpy(n.approval, in->approval, sizeof n.approval);
    return n;
}

void run_address(const struct run *r, const struct instance *in, const struct patient *who,
                 struct notice *n)
{
    n->to = event_value(&in->event, "phone"); /* as map approved it */
    if (!str_eq(n->to, who->to))
        approval_readdress(r->set->seal, &who->record, who->to, r->arena, n);
}

/* What takes back one matter does not speak for another that waits in the same window: a booking that
 * came just before the cancellation of the old one is what the patient is told. */
static bool yields(const struct instance *in, const struct notice *n,
                   const struct notice_list *window)
{
    return event_takes_back(&in->event) && window->n &&
           !str_eq(window->items[0].template, n->template);
}

/* own  notices of the same unit that were open and have just been withdrawn, or are on the wire */
static bool tell(struct run *r, const struct instance *in, const struct patient *who,
                 struct notice *n, const struct notice_list *own, struct err *e)
{
    const struct store_ops *ops = r->store->ops;
    struct notice_list window = {0};
    struct link_new link = {0};
    int64_t end;

    if (in->coalesce_ms) {
        if (!ops->find_window(r->store, in->coalesce, r->arena, &window, e))
            return false;
        n->due_ms = window_end(r, in, own, &window);
    }
    end = in->ttl_ms ? n->due_ms + in->ttl_ms : 0;
    n->expires_ms = n->expires_ms ? earlier(n->expires_ms, end) : end;
    if (in->button && !run_mint(r, in, who, n, &link, e))
        return false;
    run_address(r, in, who, n);
    r->out->ready += n->state == NOTICE_READY;
    if (!ops->put_notice(r->store, n, in->button ? &link : NULL, e))
        return false;
    if (!yields(in, n, &window))
        return merge(r, n, &window, e);
    n->state = NOTICE_MERGED;
    n->carrier = window.items[0].id;
    return ops->save_notice(r->store, n, e);
}

/* The facts of the unit cannot be read any more: a person looks; the others go on. */
static bool hold_damaged(struct run *r, const struct instance *in, struct err *e)
{
    return e->kind == ERR_INPUT &&
           r->store->ops->settle(r->store, in->id, STANDING_HELD, STR("damaged on disk"), e);
}

/* The first notice of the event, its reminders, or neither: then it is recorded. */
static bool follow(struct run *r, const struct instance *in, const struct patient *who,
                   const struct decision *d, const struct notice_list *own, struct err *e)
{
    struct notice first = notice_of(r, in, who);
    bool told = d->verdict == VERDICT_TELL, reminds = told || !in->notifies;
    size_t n = 0;

    if (told && !tell(r, in, who, &first, own, e))
        return false;
    if (reminds && d->remember && !event_is_over(&in->event) &&
        !remind_plan(r, in, who, &first, told ? first.due_ms : 0, &n, e))
        return false;
    return told || n || r->store->ops->settle(r->store, in->id, STANDING_RECORDED, d->reason, e);
}

static bool decide(struct run *r, const struct instance *in, struct err *e)
{
    const struct store_ops *ops = r->store->ops;
    struct str type = in->event.type, key = in->event.unit_key;
    struct notice_list open = {0};
    struct patient who;
    struct unit unit;
    struct decision d;
    enum recipient recipient;
    bool known, remember;
    size_t n;

    if (str_eq(type, STR("patient/1")))
        return patient_changed(r, in, e);
    if (!ops->find_unit(r->store, type, key, r->arena, &unit, &known, e) ||
        !patient_find(r, &in->event, &who, e))
        return hold_damaged(r, in, e);
    if (!ops->find_open(r->store, type, key, r->arena, &open, e))
        return false;
    recipient = recipient_of(&in->event, who.known ? &who.record : NULL, &who.to);
    d = plan_decide(r->set->seal, in, known ? &unit : NULL, recipient_reason(recipient), r->now_ms);
    if (!withdraw(r, &d, &open, &n, e))
        return false;
    remember = d.remember || (n && d.withdraw == WITHDRAW_REMINDERS);
    if ((d.revoke && !ops->revoke_links(r->store, type, key, r->now_ms, e)) ||
        (remember && !ops->save_news(r->store, type, key, d.news, e)))
        return false;
    return follow(r, in, &who, &d, &open, e);
}

/* An answer that stayed lost: sent once more where the template says so, as long as nothing later was
 * planned and the patient is still to be told. *done: the notice has moved. */
static bool resend(struct run *r, struct flight *f, int64_t heard_ms, bool *done, struct err *e)
{
    bool alive = heard_ms > f->attempt.ended_ms, later = false;

    *done = notice_resend(&f->notice, &f->attempt, alive, r->now_ms);
    if (!*done)
        return true;
    if (!r->store->ops->find_later(r->store, &f->notice, &later, e))
        return false;
    if (later)
        notice_superseded(&f->notice);
    if (!r->store->ops->save_notice(r->store, &f->notice, e))
        return false;
    return later || patient_heed(r, &f->notice, e);
}

/* When an answer that is lost is looked at again. */
static int64_t look_again(const struct run *r, const struct flight *f)
{
    enum { MINUTE_MS = 60000 };
    int64_t since = f->attempt.ended_ms ? f->attempt.ended_ms : f->attempt.started_ms;
    int64_t last = since + f->notice.resend_ms + r->set->retry.unknown_ms;

    if (!f->notice.resend_ms)
        return last;
    if (r->now_ms < since + f->notice.resend_ms)
        return since + f->notice.resend_ms;
    return earlier(r->now_ms + MINUTE_MS, last);
}

/* Unknown attempts: past their deadline a person decides (WhatsApp §6, step 7). */
static bool give_up(struct run *r, struct err *e)
{
    struct flight_list list = {0};
    int64_t heard_ms;

    if (!r->store->ops->find_checking(r->store, r->set->batch, r->arena, &list, e) ||
        !r->store->ops->last_status(r->store, &heard_ms, e))
        return false;
    for (size_t i = 0; i < list.n; i++) {
        struct flight *f = &list.items[i];
        bool done;

        if (!resend(r, f, heard_ms, &done, e))
            return false;
        if (done)
            continue;
        if (!notice_gave_up(&f->notice, &f->attempt, &r->set->retry, r->now_ms))
            wake_at(r->out, look_again(r, f));
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
    size_t released = 0, reminders = 0;
    int64_t next = 0;

    *out = (struct plan_result){0};
    if (!s->ops->take_mapped(s, set->batch, a, &list, e))
        return false;
    for (size_t i = 0; i < list.n; i++) {
        if (!decide(&r, &list.items[i], e))
            return false;
    }
    if (!give_up(&r, e) || !remind_release(&r, &reminders, e) ||
        !s->ops->release_due(s, now_ms, &released, &next, e))
        return false;
    out->more |= list.more;
    out->ready += released + reminders;
    wake_at(out, next);
    return true;
}
