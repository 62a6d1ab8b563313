/* The entries of `listen:`. */
#include <stdio.h>

#include "base/log.h"
#include "parts.h"

enum { SECRET_MOST = 4096, SAID_MOST = 10 /* refused connections a second in the log */ };

static const char *const kinds[] = {
    [LISTEN_MLLP] = "mllp",       [LISTEN_FHIR] = "fhir",   [LISTEN_LINK] = "link",
    [LISTEN_WEBHOOK] = "webhook", [LISTEN_ADMIN] = "admin",
};

void app_ring_plan(void *app)
{
    struct app *a = app;

    if (!a->stopping)
        plan_ring(a->plan);
}

void app_ring_mapped(void *app)
{
    struct app *a = app;

    if (a->stopping)
        return;
    plan_ring(a->plan);
    outbound_ring(a->outbound);
    for (size_t i = 0; i < a->n_listening; i++)
        if (a->listening[i].mllp)
            mllp_receiver_ring(a->listening[i].mllp);
}

static void say_refused(void *ctx, enum listener_refusal r, const char *peer, const char *why)
{
    struct listening *l = ctx;
    uint64_t second = uv_now(l->loop) / 1000;

    if (l->said_second != second) {
        if (l->said > SAID_MOST)
            log_event(LOG_WARN, "security", "%s: %d more events were not written down one by one",
                      l->name, l->said - SAID_MOST);
        l->said_second = second;
        l->said = 0;
    }
    if (l->said++ < SAID_MOST)
        log_event(LOG_WARN, "security", "%s: %s from %s%s%s -> closed", l->name,
                  listener_refusal_name(r), peer, *why ? ": " : "", why);
}

static struct http_settings http_of(const struct app *a, struct listening *l)
{
    const struct config *c = a->set.config;
    struct http_settings http = http_settings_default(a->set.loop, l->set->host, l->set->port);

    http.max_connections = (int)c->http_max_connections;
    http.max_header = (size_t)c->http_max_header;
    http.header_ms = c->http_header_timeout;
    http.idle_ms = c->http_idle_timeout;
    http.body_ms = c->http_body_timeout;
    http.min_rate = c->http_min_rate;
    http.write_ms = c->http_write_timeout;
    http.fd = l->fd;
    http.tls = l->tls;
    http.handshake_ms = c->receive_handshake_timeout;
    http.max_handshakes = (int)c->receive_max_handshakes;
    http.keepalive_s = (int)(c->receive_keepalive / 1000);
    http.allow = l->allow;
    http.n_allow = l->n_allow;
    http.on_refused = say_refused;
    http.refused_ctx = l;
    return http;
}

/* The limits of the receiver, all of them settings. */
static void limits_of(const struct config *c, struct mllp_receiver_settings *set)
{
    set->framing.max = (size_t)c->receive_max_message;
    set->max_connections = (int)c->receive_max_connections;
    set->frame_ms = c->receive_frame_timeout;
    set->min_rate = c->receive_min_rate;
    set->fs_grace_ms = c->receive_fs_grace;
    set->idle_ms = c->receive_idle_timeout;
    set->write_ms = c->receive_write_timeout;
    set->drain_ms = c->stop_grace;
    set->handshake_ms = c->receive_handshake_timeout;
    set->max_handshakes = (int)c->receive_max_handshakes;
    set->keepalive_s = (int)(c->receive_keepalive / 1000);
    set->parts_most = (size_t)c->receive_parts;
    set->parts_bytes = (size_t)c->receive_parts_size;
    set->parts_ms = c->receive_parts_timeout;
    set->batch_most = (size_t)c->receive_batch;
    set->replies_most = (size_t)c->receive_replies;
    set->recorder_bytes = (size_t)c->receive_recorder;
    set->recordings_most = (size_t)c->receive_recordings;
    set->peers_most = (size_t)c->receive_peers;
    set->peers_ms = c->receive_peers_interval;
}

static bool open_mllp(struct app *a, struct listening *l, struct err *e)
{
    struct mllp_receiver_settings set = mllp_receiver_settings_default();

    limits_of(a->set.config, &set);
    set.loop = a->set.loop;
    set.host = l->set->host;
    set.port = l->set->port;
    set.name = l->name;
    set.feed = l->set->feed;
    set.queue = a->queue;
    set.clock = a->set.clock;
    set.random = &a->ids.source;
    set.seal = a->seal;
    set.next = (struct bell){map_ring, a->map};
    set.senders = a->peers.senders;
    set.n_senders = a->peers.n_senders;
    set.only_known = l->set->unlisted == UNLISTED_REFUSE;
    if (l->set->start_byte)
        set.framing.start = (char)l->set->start_byte;
    if (l->set->end_byte)
        set.framing.end = (char)l->set->end_byte;
    set.framing.sb_optional = l->set->start_missing == 1;
    a->room.most = (int)a->set.config->receive_max_connections_overall;
    set.room = &a->room;
    set.tls = l->tls;
    set.allow = l->allow;
    set.n_allow = l->n_allow;
    set.fd = l->fd;
    return peers_profile(&l->set->profile, &set.profile, e) &&
           mllp_receiver_open(&set, &l->mllp, e);
}

static bool open_fhir(struct app *a, struct listening *l, struct err *e)
{
    const struct config *c = a->set.config;
    struct fhir_receiver_settings set = {
        .http = http_of(a, l),
        .queue = a->queue,
        .clock = a->set.clock,
        .seal = a->seal,
        .next = {map_ring, a->map},
        .name = l->name,
        .feed = l->set->feed,
        .version = TIDINGS_VERSION,
        .max_body = (size_t)c->fhir_max_body,
        .max_depth = (size_t)c->fhir_max_depth,
        .max_entries = (size_t)c->fhir_max_entries,
        .max_waiting = (size_t)c->http_max_connections,
    };

    return fhir_receiver_open(&set, &l->fhir, e);
}

static bool open_webhook(struct app *a, struct listening *l, struct err *e)
{
    const struct config *c = a->set.config;
    struct track_settings set = {
        .http = http_of(a, l),
        .queue = a->queue,
        .clock = a->set.clock,
        .seal = a->seal,
        .phone_number_id = c->whatsapp_phone_number_id,
        .n_secrets = 1,
        .max_body = (size_t)c->webhook_max_body,
        .plan = {app_ring_plan, a},
    };

    return secret_read(c->whatsapp_app_secret_file, SECRET_MOST, &a->arena, &set.secrets[0], e) &&
           secret_read(c->whatsapp_verify_token_file, SECRET_MOST, &a->arena, &set.verify_token,
                       e) &&
           track_open(&set, &l->track, e);
}

static bool open_link(struct app *a, struct listening *l, struct err *e)
{
    const struct config *c = a->set.config;
    struct link_settings set = {
        .http = http_of(a, l),
        .queue = a->queue,
        .clock = a->set.clock,
        .random = a->set.random,
        .portal = c->links_portal,
        .code_ttl_ms = c->links_code_ttl,
        .misses_per_minute = c->link_misses_per_minute,
    };

    return secret_read(c->links_redeem_token_file, SECRET_MOST, &a->arena, &set.redeem_token, e) &&
           link_open(&set, &l->link, e);
}

static bool is_ready(void *ctx)
{
    struct app *a = ctx;

    return a->ready && !a->stopping;
}

static bool open_admin(struct app *a, struct listening *l, struct err *e)
{
    struct admin_settings set = {
        .http = http_of(a, l),
        .queue = a->queue,
        .ready = is_ready,
        .write_metrics = metrics_write,
        .ctx = a,
    };

    return admin_open(&set, &l->admin, e);
}

static bool open_kind(struct app *a, struct listening *l, struct err *e)
{
    switch (l->set->kind) {
    case LISTEN_MLLP:
        return open_mllp(a, l, e);
    case LISTEN_FHIR:
        return open_fhir(a, l, e);
    case LISTEN_LINK:
        return open_link(a, l, e);
    case LISTEN_WEBHOOK:
        return open_webhook(a, l, e);
    case LISTEN_ADMIN:
        return open_admin(a, l, e);
    }
    return false;
}

int listening_port(const struct listening *l)
{
    if (l->mllp)
        return mllp_receiver_port(l->mllp);
    if (l->fhir)
        return fhir_receiver_port(l->fhir);
    if (l->track)
        return track_port(l->track);
    if (l->link)
        return link_port(l->link);
    return l->admin ? admin_port(l->admin) : 0;
}

bool listening_open(struct app *a, const struct listen *set, struct err *e)
{
    struct listening *l = &a->listening[a->n_listening];

    l->set = set;
    l->loop = a->set.loop;
    (void)snprintf(l->name, sizeof l->name, "%s %s:%d", kinds[set->kind], set->host, set->port);
    if (set->feed && !feeds_named(&a->live->set, set->feed))
        return err_set(e, ERR_CONFIG, 0, "%s:%d: `feed: %s`: no such feed in %s",
                       a->set.config->file, set->line, set->feed, a->set.config->feeds);
    if (a->set.sockets)
        l->fd = activation_find(a->set.sockets, NULL, set->host, set->port);
    if (!peers_ranges(&set->allow, &a->arena, &l->allow, &l->n_allow, e) ||
        !peers_tls(&set->tls, true, &l->tls, e) || !open_kind(a, l, e)) {
        char where[200];

        (void)snprintf(where, sizeof where, "%s:%d: listen %s", a->set.config->file, set->line,
                       l->name);
        return err_in(e, where);
    }
    a->n_listening++;
    log_event(LOG_INFO, "app", "listen %s %s:%d%s%s", kinds[set->kind], set->host,
              listening_port(l), set->feed ? " feed " : "", set->feed ? set->feed : "");
    if (set->anonymous)
        log_event(LOG_WARN, "security",
                  "%s: `client_certificates: not_needed`: clients are not authenticated", l->name);
    return true;
}

void listening_close(struct app *a, struct listening *l, void (*on_closed)(void *app))
{
    int64_t grace = a->set.config->stop_grace;

    if (l->mllp)
        mllp_receiver_close(l->mllp, on_closed, a);
    else if (l->fhir)
        fhir_receiver_close(l->fhir, grace, on_closed, a);
    else if (l->track)
        track_close(l->track, grace, on_closed, a);
    else if (l->link)
        link_close(l->link, grace, on_closed, a);
    else
        admin_close(l->admin, grace, on_closed, a);
}
