#include "mllp_reply.h"

#include "mllp_conn.h"

bool mllp_reply_room(const struct mllp_conn *c)
{
    return c->replies.n < c->r->set.replies_most;
}

void mllp_reply_expect(struct mllp_conn *c, int64_t message_id, bool seen)
{
    struct mllp_replies *l = &c->replies;

    if (seen && (mllp_replies_find(l, message_id) ||
                 mllp_replies_was_written(l, c->r->set.replies_most, message_id)))
        return;
    mllp_replies_drop(&c->r->replier.orphans, message_id);
    mllp_replies_add(l, (struct mllp_reply){.message_id = message_id});
    if (seen)
        mllp_receiver_ring(c->r); /* it may be mapped already */
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
    struct mllp_replies *l = &c->replies;
    size_t i = first_ready(c);

    buf_reset(&c->reply);
    c->reply = l->items[i].framed;
    l->items[i].framed = (struct buf){0};
    mllp_replies_remember(l, c->r->set.replies_most, l->items[i].message_id);
    mllp_replies_drop_at(l, i);
    c->r->counts.replies++;
    mllp_conn_write(c, buf_str(&c->reply));
}

void mllp_reply_forget(struct mllp_conn *c)
{
    struct mllp_replies *l = &c->replies;
    bool lost = false;

    while (l->n) {
        struct mllp_reply *last = &l->items[l->n - 1];
        struct mllp_reply orphan = {.message_id = last->message_id, .made = last->made};
        bool heard = last->framed.n && !last->made; /* by another connection */

        mllp_replies_drop_at(l, l->n - 1);
        lost = lost || orphan.made;
        if (!heard)
            mllp_replier_abandon(c->r, orphan);
    }
    mllp_replies_end(l);
    buf_reset(&c->reply);
    if (lost)
        mllp_receiver_ring(c->r);
}
