#include "mllp_reply.h"

#include <stdlib.h>

#include "base/container_of.h"
#include "mllp_answer.h"
#include "mllp_conn.h"
#include "mllp_sweep.h"

enum { REPLIES_ONCE = 256 /* made in one transaction */ };

/* One row that was met. */
struct mllp_made {
    int64_t message_id, outgoing_id;
    struct str content; /* absent: its connection is gone, or it cannot be made */
};

static struct mllp_reply *push(struct mllp_replies *l)
{
    if (l->n == l->size) {
        l->size = l->size ? l->size * 2 : 8;
        l->items = realloc(l->items, l->size * sizeof *l->items);
        if (!l->items)
            abort();
    }
    l->items[l->n] = (struct mllp_reply){0};
    return &l->items[l->n++];
}

static void take_out(struct mllp_replier *w, struct mllp_replies *l, size_t i)
{
    buf_reset(&l->items[i].framed);
    memmove(&l->items[i], &l->items[i + 1], (l->n - i - 1) * sizeof *l->items);
    l->n--;
    w->expected--;
}

static struct mllp_reply *find(const struct mllp_replies *l, int64_t message_id)
{
    for (size_t i = 0; i < l->n; i++) {
        if (l->items[i].message_id == message_id)
            return &l->items[i];
    }
    return NULL;
}

bool mllp_reply_room(struct mllp_conn *c)
{
    struct mllp_replies *l = &c->replies;

    if (l->n < c->r->set.replies_most)
        return true;
    for (size_t i = 0; i < l->n; i++) {
        if (!l->items[i].sure && !l->items[i].framed.n) {
            take_out(&c->r->replier, l, i); /* mapped long ago, and none was due */
            return true;
        }
    }
    return false;
}

void mllp_reply_expect(struct mllp_conn *c, int64_t message_id, enum reply_wanted wanted, bool seen)
{
    struct mllp_replier *w = &c->r->replier;
    struct mllp_reply *old = seen ? find(&w->orphans, message_id) : NULL;
    struct mllp_reply *mine;

    if (seen && (!old || old->outgoing_id))
        return; /* the first connection's, or done with */
    if (old)
        take_out(w, &w->orphans, (size_t)(old - w->orphans.items));
    mine = push(&c->replies);
    mine->message_id = message_id;
    mine->sure = wanted == REPLY_ALWAYS;
    w->expected++;
}

static size_t first_ready(const struct mllp_conn *c)
{
    size_t i = 0;

    while (i < c->replies.n && !c->replies.items[i].framed.n)
        i++;
    return i;
}

bool mllp_reply_due(const struct mllp_conn *c)
{
    return c->replies.n && c->state == READING && !c->batch.open && first_ready(c) < c->replies.n;
}

void mllp_reply_write(struct mllp_conn *c)
{
    size_t i = first_ready(c);

    buf_reset(&c->reply);
    c->reply = c->replies.items[i].framed;
    c->replies.items[i].framed = (struct buf){0};
    take_out(&c->r->replier, &c->replies, i);
    c->r->counts.replies++;
    mllp_conn_write(c, buf_str(&c->reply));
}

void mllp_reply_forget(struct mllp_conn *c)
{
    struct mllp_replier *w = &c->r->replier;
    bool lost = false;

    while (c->replies.n) {
        struct mllp_reply *last = &c->replies.items[c->replies.n - 1];
        struct mllp_reply kept = {.message_id = last->message_id, .outgoing_id = last->outgoing_id};

        take_out(w, &c->replies, c->replies.n - 1);
        lost = lost || kept.outgoing_id;
        if (w->orphans.n >= c->r->set.replies_most)
            take_out(w, &w->orphans, 0); /* GONE at the next start */
        *push(&w->orphans) = kept;
        w->expected++;
    }
    free(c->replies.items);
    buf_reset(&c->reply);
    if (lost)
        mllp_receiver_ring(c->r);
}

void mllp_replier_end(struct mllp_replier *w)
{
    while (w->orphans.n)
        take_out(w, &w->orphans, w->orphans.n - 1);
    free(w->orphans.items);
    arena_reset(&w->arena);
    arena_reset(&w->found);
}

static bool is_open(const struct mllp_replier *w, int64_t message_id)
{
    for (size_t i = 0; i < w->n_open; i++) {
        if (w->ids[i] == message_id)
            return true;
    }
    return false;
}

/* Stores what becomes of one row, before a byte of it leaves. */
static bool settle(struct mllp_receiver *r, struct store *s, struct outgoing *o, struct err *e)
{
    struct mllp_replier *w = &r->replier;
    struct mllp_made *made = &w->made[w->n_made];
    struct mllp_answer answer = {.now_ms = w->now_ms, .random = w->random[w->n_made]};

    *made = (struct mllp_made){o->message_id, o->id, {NULL, 0}};
    o->state = OUTGOING_GONE;
    o->reason = STR("its connection is gone");
    if (is_open(w, o->message_id)) {
        if (!mllp_answer_make(&answer, s, o, &w->found, &made->content, e))
            return false;
        o->state = made->content.p ? OUTGOING_ACCEPTED : OUTGOING_GONE;
        o->reason = made->content.p ? (struct str){NULL, 0} : STR("its message cannot be read");
        o->body = made->content;
        o->control_id = str_of(answer.id);
        if (!made->content.p)
            o->control_id.p = NULL;
        o->control_id = arena_copy(&w->found, o->control_id);
    }
    w->n_made++;
    return s->ops->save_outgoing(s, o, e);
}

static bool run(struct store_job *j, struct store *s, struct err *e)
{
    struct mllp_receiver *r = container_of(j, struct mllp_receiver, replier.job);
    struct mllp_replier *w = &r->replier;
    struct outgoing_list rows = {0};

    arena_reset(&w->found);
    w->n_made = 0;
    w->made = NEW_ARRAY(&w->found, struct mllp_made, w->n_random + 1);
    for (size_t i = 0; i < w->n_lost; i++) {
        struct outgoing o = {
            .id = w->lost[i], .state = OUTGOING_GONE, .reason = STR("its connection is gone")};

        if (!s->ops->save_outgoing(s, &o, e))
            return false;
    }
    if (w->n_ids && !s->ops->find_replies(s, w->ids, w->n_ids, &w->found, &rows, e))
        return false;
    for (size_t i = 0; i < rows.n && w->n_made < w->n_random; i++) {
        if (!settle(r, s, &rows.items[i], e))
            return false;
    }
    return true;
}

/* To its connection; to nobody, when that is gone by now. */
static void hand_out(struct mllp_receiver *r, const struct mllp_made *made)
{
    struct mllp_replier *w = &r->replier;
    struct mllp_reply *reply = find(&w->orphans, made->message_id);

    if (reply && made->content.p) {
        reply->outgoing_id = made->outgoing_id; /* it was made, and goes nowhere */
        w->again = true;
        return;
    }
    if (reply)
        take_out(w, &w->orphans, (size_t)(reply - w->orphans.items));
    for (struct mllp_conn *c = r->conns, *next; c; c = next) {
        next = c->next;
        reply = find(&c->replies, made->message_id);
        if (!reply)
            continue;
        if (!made->content.p) {
            take_out(w, &c->replies, (size_t)(reply - c->replies.items));
            return;
        }
        reply->outgoing_id = made->outgoing_id;
        reply->framed = buf_new(made->content.n + 3);
        buf_add_char(&reply->framed, r->set.framing.start);
        buf_add(&reply->framed, made->content);
        buf_add_char(&reply->framed, r->set.framing.end);
        buf_add_char(&reply->framed, '\r');
        if (mllp_reply_due(c))
            mllp_reply_write(c);
        return;
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
    for (size_t i = 0; j->ok && i < w->n_lost; i++) {
        for (size_t k = 0; k < w->orphans.n; k++) {
            if (w->orphans.items[k].outgoing_id == w->lost[i])
                take_out(w, &w->orphans, k--);
        }
    }
    for (size_t i = 0; j->ok && i < w->n_made; i++)
        hand_out(r, &w->made[i]);
    if (j->ok && w->n_made && w->n_made == w->n_random)
        w->again = true; /* there may be more */
    if (w->again)
        mllp_receiver_ring(r);
    mllp_receiver_work_done(r);
}

static void ask(struct mllp_replier *w, const struct mllp_replies *l)
{
    for (size_t i = 0; i < l->n; i++) {
        if (!l->items[i].outgoing_id)
            w->ids[w->n_ids++] = l->items[i].message_id;
    }
}

/* What the job works on: it must not look at connections. */
static void gather(struct mllp_receiver *r)
{
    struct mllp_replier *w = &r->replier;

    arena_reset(&w->arena);
    w->n_ids = w->n_lost = 0;
    w->ids = NEW_ARRAY(&w->arena, int64_t, w->expected);
    w->lost = NEW_ARRAY(&w->arena, int64_t, w->orphans.n + 1);
    for (const struct mllp_conn *c = r->conns; c; c = c->next)
        ask(w, &c->replies);
    w->n_open = w->n_ids;
    ask(w, &w->orphans);
    for (size_t i = 0; i < w->orphans.n; i++) {
        if (w->orphans.items[i].outgoing_id)
            w->lost[w->n_lost++] = w->orphans.items[i].outgoing_id;
    }
    w->n_random = w->n_ids < REPLIES_ONCE ? w->n_ids : REPLIES_ONCE;
    w->random = arena_get(&w->arena, w->n_random + 1, HL7_ACK_RANDOM);
}

void mllp_receiver_ring(void *ctx)
{
    struct mllp_receiver *r = ctx;
    struct mllp_replier *w = &r->replier;

    w->again = w->busy;
    if (w->busy || w->expected == 0)
        return;
    gather(r);
    if (w->n_ids + w->n_lost == 0)
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
