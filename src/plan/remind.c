/* Reminders: planned with the first notice of their event, sent when their time comes. */
#include "run.h"

static int64_t earlier(int64_t a, int64_t b)
{
    return b && b < a ? b : a;
}

static struct notice notice_of(const struct reminder *m, const struct notice *first)
{
    struct notice n = *first;

    n.state = NOTICE_WAITING;
    n.reason = STR("a reminder is to come");
    n.coalesce = n.token = (struct str){NULL, 0};
    n.template = m->template;
    n.language = m->language;
    n.named = m->named;
    n.params = m->params;
    n.n_params = m->n_params;
    n.replies = m->replies;
    memcpy(n.approval, m->approval, sizeof n.approval);
    n.before_ms = m->before_ms;
    n.resend_ms = 0;
    n.due_ms = m->due_ms;
    n.expires_ms = earlier(m->expires_ms, m->ttl_ms ? m->due_ms + m->ttl_ms : 0);
    return n;
}

bool remind_plan(struct run *r, const struct instance *in, const struct patient *who,
                 const struct notice *first, int64_t first_ms, size_t *n, struct err *e)
{
    *n = 0;
    for (size_t i = 0; i < in->n_reminders; i++) {
        struct notice one = notice_of(&in->reminders[i], first);
        struct link_new link = {0};
        bool button = in->reminders[i].button;

        if (one.due_ms <= first_ms || one.due_ms <= r->now_ms)
            continue;
        if (button && !run_mint(r, in, who, &one, &link, e))
            return false;
        run_address(r, in, who, &one);
        if (!r->store->ops->put_notice(r->store, &one, button ? &link : NULL, e))
            return false;
        ++*n;
    }
    return true;
}

static bool waits(const struct notice *n)
{
    return n->state == NOTICE_WAITING || n->state == NOTICE_READY;
}

/* The patient gets one message of one time: the reminder says what is true, the others say it late. */
static bool replace_older(struct run *r, const struct notice *n, bool *still, struct err *e)
{
    struct notice_list open = {0};

    *still = false;
    if (!r->store->ops->find_open(r->store, n->event_type, n->unit_key, r->arena, &open, e))
        return false;
    for (size_t i = 0; i < open.n; i++)
        *still |= open.items[i].id == n->id;
    for (size_t i = 0; *still && i < open.n; i++) {
        struct notice *o = &open.items[i];
        bool older = o->due_ms < n->due_ms || (o->due_ms == n->due_ms && o->id < n->id);

        if (o->id != n->id && waits(o) && older &&
            !run_withdraw(r, o, STR("a reminder takes its place"), e))
            return false;
    }
    return true;
}

bool remind_release(struct run *r, size_t *ready, struct err *e)
{
    struct notice_list due = {0};

    *ready = 0;
    if (!r->store->ops->find_due(r->store, r->now_ms, r->set->batch, r->arena, &due, e))
        return false;
    for (size_t i = 0; i < due.n; i++) {
        struct notice *n = &due.items[i];
        bool still;

        if (!replace_older(r, n, &still, e))
            return false;
        if (!still)
            continue;
        n->state = NOTICE_READY;
        if (!r->store->ops->save_notice(r->store, n, e))
            return false;
        ++*ready;
    }
    r->out->more |= due.n == r->set->batch;
    return true;
}
