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
        .mode = HL7_MODE_AUTO,
        .app_ack = HL7_APP_SAME_SOCKET,
        .busy = MLLP_BUSY_AE,
        .max_connections = 64,
        .frame_ms = 30000,
        .fs_grace_ms = 250,
        .idle_ms = 0,
        .write_ms = 30000,
    };
}

static bool on_stream(void *ctx, struct stream *s)
{
    struct mllp_receiver *r = ctx;

    if (r->closing)
        return false;
    mllp_conn_take(r, s);
    return true;
}

static void on_refused(void *ctx, int open)
{
    struct mllp_receiver *r = ctx;

    r->counts.refused++;
    log_event(LOG_WARN, "receive", "mllp: %d connections are open -> one more closed at once",
              open);
}

bool mllp_receiver_open(const struct mllp_receiver_settings *set, struct mllp_receiver **out,
                        struct err *e)
{
    struct mllp_receiver *r = calloc(1, sizeof *r);
    struct listener_settings ls;

    if (!r)
        abort();
    r->set = *set;
    ls = (struct listener_settings){.loop = set->loop,
                                    .host = set->host,
                                    .port = set->port,
                                    .backlog = set->max_connections,
                                    .max_connections = set->max_connections,
                                    .on_stream = on_stream,
                                    .on_refused = on_refused,
                                    .ctx = r};
    if (!listener_open(&ls, &r->listener, e)) {
        free(r);
        return false;
    }
    uv_timer_init(set->loop, &r->last);
    r->alive = 1;
    *out = r;
    return true;
}

int mllp_receiver_port(const struct mllp_receiver *r)
{
    return listener_port(r->listener);
}

int mllp_receiver_connections(const struct mllp_receiver *r)
{
    return r->alive - 1;
}

const struct mllp_counts *mllp_receiver_counts(const struct mllp_receiver *r)
{
    return &r->counts;
}

void mllp_receiver_let_go(struct mllp_receiver *r)
{
    void (*on_closed)(void *ctx) = r->on_closed;
    void *ctx = r->ctx;

    if (--r->alive)
        return;
    free(r);
    on_closed(ctx);
}

static void on_last(uv_handle_t *h)
{
    mllp_receiver_let_go(container_of(h, struct mllp_receiver, last));
}

void mllp_receiver_close(struct mllp_receiver *r, void (*on_closed)(void *ctx), void *ctx)
{
    r->closing = true;
    r->on_closed = on_closed;
    r->ctx = ctx;
    listener_close(r->listener);
    uv_close((uv_handle_t *)&r->last, on_last);
    mllp_conn_close_all(r);
}
