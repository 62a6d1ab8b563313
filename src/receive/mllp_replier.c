#include "mllp_replier.h"

#include "base/container_of.h"
#include "mllp_answer.h"
#include "mllp_conn.h"

enum { REPLIES_ONCE = 256 /* made in one transaction */ };

/* One row that was met. */
struct mllp_made {
    int64_t message_id;
    bool open;          /* a connection waited for it */
    bool fresh;         /* nobody has heard it before */
    struct str content; /* absent: no connection waited, or it cannot be made */
};

void mllp_replier_abandon(struct mllp_receiver *r, struct mllp_reply orphan)
{
    struct mllp_replies *l = &r->replier.orphans;

    mllp_replies_drop(l, orphan.message_id);
    if (l->n >= r->set.replies_most)
        mllp_replies_drop_at(l, 0); /* GONE at the next start */
    mllp_replies_add(l, orphan);
}

void mllp_replier_end(struct mllp_replier *w)
{
    mllp_replies_end(&w->orphans);
    arena_reset(&w->arena);
    arena_reset(&w->found);
}

static bool holds(const int64_t *ids, size_t n, int64_t id)
{
    for (size_t i = 0; i < n; i++) {
        if (ids[i] == id)
            return true;
    }
    return false;
}

/* Nobody waits for it. What was heard keeps its bytes, for a copy of the message. */
static bool give_up(const struct mllp_replier *w, struct store *s, struct outgoing *o,
                    struct err *e)
{
    if (o->state != OUTGOING_WAITING &&
        !(o->state == OUTGOING_ACCEPTED && holds(w->lost, w->n_lost, o->message_id)))
        return true;
    o->state = OUTGOING_GONE;
    o->reason = STR("its connection is gone");
    return s->ops->save_outgoing(s, o, e);
}

static bool make(struct mllp_replier *w, struct store *s, struct outgoing *o, struct err *e)
{
    struct mllp_made *made = &w->made[w->n_made];
    struct mllp_answer answer = {.now_ms = w->now_ms, .random = w->random[w->n_made]};

    made->content = o->body;
    made->fresh = o->state != OUTGOING_ACCEPTED;
    if (o->body.p && !made->fresh)
        return true;
    if (!o->body.p) {
        if (!mllp_answer_make(&answer, s, o, &w->found, &made->content, e))
            return false;
        o->body = made->content;
        o->control_id =
            made->content.p ? arena_copy(&w->found, str_of(answer.id)) : (struct str){NULL, 0};
    }
    o->state = o->body.p ? OUTGOING_ACCEPTED : OUTGOING_GONE;
    o->reason = o->body.p ? (struct str){NULL, 0} : STR("its message cannot be read");
    return s->ops->save_outgoing(s, o, e);
}

/* Two connections wait for it. */
static bool is_settled(const struct mllp_replier *w, int64_t message_id)
{
    for (size_t i = 0; i < w->n_made; i++) {
        if (w->made[i].message_id == message_id)
            return true;
    }
    return false;
}

/* Stores what becomes of one row, before a byte of it leaves. */
static bool settle(struct mllp_replier *w, struct store *s, struct outgoing *o, struct err *e)
{
    struct mllp_made *made = &w->made[w->n_made];

    *made = (struct mllp_made){.message_id = o->message_id,
                               .open = holds(w->ids, w->n_open, o->message_id)};
    if (!(made->open ? make(w, s, o, e) : give_up(w, s, o, e)))
        return false;
    w->n_made++;
    return true;
}

static bool run(struct store_job *j, struct store *s, struct err *e)
{
    struct mllp_receiver *r = container_of(j, struct mllp_receiver, replier.job);
    struct mllp_replier *w = &r->replier;
    struct outgoing_list rows;

    arena_reset(&w->found);
    w->n_made = 0;
    w->made = NEW_ARRAY(&w->found, struct mllp_made, w->n_random + 1);
    if (!s->ops->find_replies(s, w->ids, w->n_ids, &w->found, &rows, e))
        return false;
    w->none = rows.none;
    w->n_none = rows.n_none;
    for (size_t i = 0; i < rows.n && w->n_made < w->n_random; i++) {
        if (!is_settled(w, rows.items[i].message_id) && !settle(w, s, &rows.items[i], e))
            return false;
    }
    return true;
}

/* To nobody any more. */
static void drop_everywhere(struct mllp_receiver *r, int64_t message_id)
{
    mllp_replies_drop(&r->replier.orphans, message_id);
    for (struct mllp_conn *c = r->conns; c; c = c->next)
        mllp_replies_drop(&c->replies, message_id);
}

static bool waits_for(const struct mllp_conn *c, int64_t message_id)
{
    const struct mllp_reply *reply = mllp_replies_find(&c->replies, message_id);

    return reply && !reply->framed.n;
}

static void give(struct mllp_conn *c, const struct mllp_made *made, bool alone)
{
    struct mllp_reply *reply = mllp_replies_find(&c->replies, made->message_id);
    const struct mllp_settings *framing = &c->r->set.framing;

    reply->made = made->fresh && alone;
    reply->framed = buf_new(made->content.n + 3);
    buf_add_char(&reply->framed, framing->start);
    buf_add(&reply->framed, made->content);
    buf_add_char(&reply->framed, framing->end);
    buf_add_char(&reply->framed, '\r');
    if (mllp_reply_due(c))
        mllp_reply_write(c);
}

/* To the connections that wait for it; to nobody, when those are gone by now. */
static void hand_out(struct mllp_receiver *r, const struct mllp_made *made)
{
    struct mllp_replier *w = &r->replier;
    struct mllp_reply *orphan = mllp_replies_find(&w->orphans, made->message_id);
    size_t takers = 0;

    for (struct mllp_conn *c = r->conns; c; c = c->next)
        takers += waits_for(c, made->message_id);
    if (orphan && made->open && made->fresh && takers == 0) {
        orphan->made = true;
        w->again = true;
        return;
    }
    mllp_replies_drop(&w->orphans, made->message_id);
    for (struct mllp_conn *c = r->conns, *next; c && made->content.p; c = next) {
        next = c->next;
        if (waits_for(c, made->message_id))
            give(c, made, takers == 1);
    }
}

static void done(struct store_job *j)
{
    struct mllp_receiver *r = container_of(j, struct mllp_receiver, replier.job);
    struct mllp_replier *w = &r->replier;

    w->busy = false;
    w->failed = !j->ok;
    if (!j->ok)
        mllp_sweep_soon(r);
    for (size_t i = 0; j->ok && i < w->n_none; i++)
        drop_everywhere(r, w->none[i]);
    for (size_t i = 0; j->ok && i < w->n_made; i++) {
        if (w->made[i].open && !w->made[i].content.p)
            drop_everywhere(r, w->made[i].message_id);
        else
            hand_out(r, &w->made[i]);
    }
    if (j->ok && w->n_made && w->n_made == w->n_random)
        w->again = true; /* there may be more */
    if (w->again)
        mllp_receiver_ring(r);
    mllp_receiver_work_done(r);
}

static void ask(struct mllp_replier *w, const struct mllp_replies *l)
{
    for (size_t i = 0; i < l->n; i++) {
        if (!l->items[i].framed.n)
            w->ids[w->n_ids++] = l->items[i].message_id;
    }
}

static size_t count_expected(const struct mllp_receiver *r)
{
    size_t n = r->replier.orphans.n;

    for (const struct mllp_conn *c = r->conns; c; c = c->next)
        n += c->replies.n;
    return n;
}

/* What the job works on: it must not look at connections. */
static void gather(struct mllp_receiver *r)
{
    struct mllp_replier *w = &r->replier;

    arena_reset(&w->arena);
    w->n_ids = w->n_lost = 0;
    w->ids = NEW_ARRAY(&w->arena, int64_t, count_expected(r));
    w->lost = NEW_ARRAY(&w->arena, int64_t, w->orphans.n);
    for (const struct mllp_conn *c = r->conns; c; c = c->next)
        ask(w, &c->replies);
    w->n_open = w->n_ids;
    ask(w, &w->orphans);
    for (size_t i = 0; i < w->orphans.n; i++) {
        if (w->orphans.items[i].made)
            w->lost[w->n_lost++] = w->orphans.items[i].message_id;
    }
    w->n_random = w->n_ids < REPLIES_ONCE ? w->n_ids : REPLIES_ONCE;
    w->random = arena_get(&w->arena, w->n_random + 1, HL7_ACK_RANDOM);
}

void mllp_receiver_ring(void *ctx)
{
    struct mllp_receiver *r = ctx;
    struct mllp_replier *w = &r->replier;

    w->again = w->busy;
    if (w->busy)
        return;
    gather(r);
    if (w->n_ids == 0)
        return;
    if (!r->set.random->get(r->set.random, w->random, w->n_random * HL7_ACK_RANDOM)) {
        w->failed = true;
        mllp_sweep_soon(r);
        return;
    }
    w->now_ms = clock_now_ms(r->set.clock);
    w->job = (struct store_job){.run = run, .done = done, .later = true};
    w->busy = true;
    r->works++;
    store_queue_submit(r->set.queue, &w->job);
}
