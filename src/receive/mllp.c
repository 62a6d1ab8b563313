#include <stdlib.h>

#include "base/container_of.h"
#include "base/log.h"
#include "mllp_conn.h"

struct mllp_receiver_settings mllp_receiver_settings_default(void)
{
    return (struct mllp_receiver_settings){
        .random = &seal_random_system,
        .framing = mllp_settings_default(),
        .limits = hl7_limits_default(),
        .profile = mllp_profile_default(),
        .keepalive_s = 60,
        .handshake_ms = 10000,
        .parts_most = 1000,
        .parts_bytes = (size_t)16 << 20,
        .parts_ms = 15 * 60 * 1000,
        .batch_most = 10000,
        .replies_most = 1000,
        .recorder_bytes = 0,
        .recordings_most = 100,
        .peers_most = 1000,
        .peers_ms = 10000,
        .max_connections = 64,
        .frame_ms = 30000,
        .fs_grace_ms = 250,
        .idle_ms = 0,
        .drain_ms = 0,
        .write_ms = 30000,
    };
}

/* What was seen of the peers that are still here goes with the rest. */
static void on_notes_due(uv_timer_t *t)
{
    struct mllp_receiver *r = container_of(t, struct mllp_receiver, last);

    for (struct mllp_conn *c = r->conns; c; c = c->next)
        mllp_conn_tell_peers(c);
    mllp_peers_flush(&r->peers);
    mllp_receiver_say_rest(r, uv_now(r->set.loop));
}

bool mllp_receiver_open(const struct mllp_receiver_settings *set, struct mllp_receiver **out,
                        struct err *e)
{
    struct mllp_receiver *r = calloc(1, sizeof *r);

    if (!r)
        abort();
    r->set = *set;
    mllp_peers_init(&r->peers, set);
    if (!mllp_door_open(r, e)) {
        free(r);
        return false;
    }
    uv_timer_init(set->loop, &r->last);
    if (set->peers_ms > 0)
        uv_timer_start(&r->last, on_notes_due, (uint64_t)set->peers_ms, (uint64_t)set->peers_ms);
    r->alive = 1;
    mllp_sweep_open(r);
    mllp_turn_open(r);
    *out = r;
    return true;
}

int mllp_receiver_port(const struct mllp_receiver *r)
{
    return listener_port(r->listener);
}

int mllp_receiver_connections(const struct mllp_receiver *r)
{
    return r->open;
}

const struct mllp_counts *mllp_receiver_counts(const struct mllp_receiver *r)
{
    return &r->counts;
}

static void on_last(uv_handle_t *h);

static void on_peers_ended(void *ctx)
{
    struct mllp_receiver *r = ctx;

    uv_close((uv_handle_t *)&r->last, on_last);
}

/* All connections are gone. */
static void end_when_empty(struct mllp_receiver *r)
{
    if (!r->closing || r->ending || r->alive > 1)
        return;
    r->ending = true;
    mllp_turn_close(r);
    uv_timer_stop(&r->last);
    mllp_peers_end(&r->peers, on_peers_ended, r);
}

static void free_when_idle(struct mllp_receiver *r)
{
    void (*on_closed)(void *ctx) = r->on_closed;
    void *ctx = r->ctx;

    if (r->alive || r->works)
        return;
    mllp_replier_end(&r->replier);
    mllp_recorder_end(&r->recorder);
    mllp_receiver_say_rest(r, UINT64_MAX);
    free(r);
    on_closed(ctx);
}

void mllp_receiver_let_go(struct mllp_receiver *r)
{
    r->alive--;
    end_when_empty(r);
    free_when_idle(r);
}

void mllp_receiver_work_done(struct mllp_receiver *r)
{
    r->works--;
    free_when_idle(r);
}

static void on_last(uv_handle_t *h)
{
    mllp_receiver_let_go(container_of(h, struct mllp_receiver, last));
}

static void hurry(uv_timer_t *t)
{
    struct mllp_receiver *r = container_of(t, struct mllp_receiver, last);

    r->hurry = true;
    mllp_conn_close_all(r);
}

void mllp_receiver_close(struct mllp_receiver *r, void (*on_closed)(void *ctx), void *ctx)
{
    r->closing = true;
    r->on_closed = on_closed;
    r->ctx = ctx;
    uv_timer_stop(&r->last);
    listener_close(r->listener);
    mllp_sweep_close(r);
    if (r->set.drain_ms > 0) {
        uv_timer_start(&r->last, hurry, (uint64_t)r->set.drain_ms, 0);
        mllp_conn_drain_all(r);
    } else {
        hurry(&r->last);
    }
    end_when_empty(r);
}
