#include "outbound/outbound.h"

#include <stdlib.h>

#include "outbound_impl.h"

enum { ANSWER_MOST = 256 << 10 };

static void free_outbound(struct outbound *o)
{
    void (*on_closed)(void *ctx) = o->on_closed;
    void *ctx = o->closed_ctx;

    for (size_t i = 0; i < o->set.n_channels; i++) {
        arena_reset(&o->channels[i].arena);
        arena_reset(&o->channels[i].found_arena);
    }
    free(o->channels);
    free(o->shown);
    free(o);
    on_closed(ctx);
}

static void set_alarm(struct outbound *o)
{
    int64_t at = 0;

    for (size_t i = 0; i < o->set.n_channels; i++) {
        int64_t wake = channel_wake(&o->channels[i]);

        if (wake && (!at || wake < at))
            at = wake;
    }
    alarm_set(&o->set.alarm, at);
}

void outbound_turn(struct outbound *o)
{
    for (size_t i = 0; i < o->set.n_channels; i++)
        channel_pump(&o->channels[i]);
    if (!o->closing) {
        set_alarm(o);
        return;
    }
    if (o->open)
        return;
    alarm_set(&o->set.alarm, 0);
    free_outbound(o);
}

bool outbound_recover(const struct outbound_channel *channels, size_t n, int64_t now_ms,
                      struct store *s, struct err *e)
{
    struct str *names = calloc(n + 1, sizeof *names);
    bool ok;

    if (!names)
        abort();
    for (size_t i = 0; i < n; i++)
        names[i] = str_of(channels[i].name);
    ok = s->ops->recover_outgoing(s, now_ms, e) && s->ops->keep_channels(s, names, n, e);
    free(names);
    return ok;
}

bool outbound_open(const struct outbound_settings *set, struct outbound **out, struct err *e)
{
    struct outbound *o = calloc(1, sizeof *o);

    if (!o)
        return err_set(e, ERR_BUSY, 0, "out of memory");
    o->set = *set;
    o->channels = calloc(set->n_channels + 1, sizeof *o->channels);
    o->shown = calloc(1, sizeof *o->shown);
    if (!o->channels || !o->shown)
        abort();
    for (size_t i = 0; i < set->n_channels; i++) {
        const struct outbound_channel *one = &set->channels[i];
        struct client_settings client = {.loop = set->loop,
                                         .host = one->host,
                                         .port = one->port,
                                         .tls = one->tls,
                                         .keepalive_s = set->keepalive_s,
                                         .connect_ms = set->connect_ms,
                                         .answer_ms = set->answer_ms,
                                         .idle_ms = set->idle_ms,
                                         .answer_most = ANSWER_MOST};

        o->channels[i].o = o;
        o->channels[i].set = one;
        o->channels[i].client = client_open(&client);
    }
    *out = o;
    return true;
}

void outbound_ring(void *outbound)
{
    struct outbound *o = outbound;

    if (o->closing)
        return;
    for (size_t i = 0; i < o->set.n_channels; i++)
        o->channels[i].wanted = true;
    outbound_turn(o);
}

const struct outbound_counts *outbound_counts(const struct outbound *o)
{
    *o->shown = o->counts;
    for (size_t i = 0; i < o->set.n_channels; i++) {
        const struct client_counts *c = client_counts(o->channels[i].client);

        o->shown->timeouts += c->timeouts;
        for (int s = STRAY_NONE; s < STRAYS; s++)
            o->shown->strays += c->strays[s];
    }
    return o->shown;
}

static void on_client_closed(void *ctx)
{
    struct outbound *o = ctx;

    o->open--;
    outbound_turn(o);
}

void outbound_close(struct outbound *o, void (*on_closed)(void *ctx), void *ctx)
{
    o->closing = true;
    o->on_closed = on_closed;
    o->closed_ctx = ctx;
    o->open += o->set.n_channels;
    for (size_t i = 0; i < o->set.n_channels; i++)
        client_close(o->channels[i].client, on_client_closed, o);
    if (o->set.n_channels == 0)
        outbound_turn(o);
}
