#include "mllp_turn.h"

#include "base/container_of.h"
#include "mllp_conn.h"

static void on_turn(uv_idle_t *t)
{
    struct mllp_receiver *r = container_of(t, struct mllp_receiver, turn);
    bool more = false;

    for (struct mllp_conn *c = r->conns, *next; c; c = next) {
        next = c->next;
        if (c->state != YIELDED)
            continue;
        c->state = READING;
        mllp_conn_pump(c);
        more = more || c->state == YIELDED;
    }
    if (!more)
        uv_idle_stop(t);
}

void mllp_turn_open(struct mllp_receiver *r)
{
    uv_idle_init(r->set.loop, &r->turn);
    r->works++;
}

static void on_closed(uv_handle_t *h)
{
    mllp_receiver_work_done(container_of(h, struct mllp_receiver, turn));
}

void mllp_turn_close(struct mllp_receiver *r)
{
    uv_close((uv_handle_t *)&r->turn, on_closed);
}

void mllp_turn_later(struct mllp_conn *c)
{
    c->state = YIELDED;
    mllp_conn_deadline(c, 0);
    uv_idle_start(&c->r->turn, on_turn);
}
