/* Who comes in, and who has to go for it. */
#include "base/log.h"
#include "mllp_conn.h"

enum { SPARE = 16 /* over the limit: who it is decides, and what closes takes a moment */ };

static void turn_away(struct mllp_receiver *r, enum listener_refusal why, const char *address,
                      const char *detail)
{
    static const char *const names[LISTENER_REFUSALS] = {[LISTENER_FULL] = "LISTENER_FULL",
                                                         [LISTENER_ADDRESS] = "LISTENER_ADDRESS",
                                                         [LISTENER_HANDSHAKE] =
                                                             "LISTENER_HANDSHAKE"};
    struct peer_who who = {0};

    r->counts.refused[why]++;
    memcpy(who.address, address, strnlen(address, sizeof who.address - 1));
    mllp_peers_add(&r->peers, &who, names[why], 1, 0);
    if (mllp_receiver_may_say(r))
        log_event(LOG_WARN, "security", "%s: a connection from %s: %s%s%s -> closed", r->set.name,
                  address, listener_refusal_name(why), detail[0] ? ": " : "", detail);
}

static void on_refused(void *ctx, enum listener_refusal why, const char *peer, const char *detail)
{
    turn_away(ctx, why, peer, detail);
}

static bool same_certificate(const struct stream *a, const struct stream *b)
{
    return a->certificate && b->certificate &&
           strcmp(a->certificate->fingerprint, b->certificate->fingerprint) == 0;
}

/* The connection of the same peer that has been silent for longest between frames: it may be half-open,
 * and its owner has just come back. NULL: there is none. */
static struct mllp_conn *oldest_idle(const struct mllp_receiver *r, const struct stream *newcomer)
{
    struct mllp_conn *oldest = NULL;

    for (struct mllp_conn *c = r->conns; c; c = c->next) {
        if (same_certificate(c->stream, newcomer) && mllp_conn_is_idle(c) &&
            (!oldest || c->touched < oldest->touched))
            oldest = c;
    }
    return oldest;
}

static bool is_full(const struct mllp_receiver *r)
{
    const struct mllp_room *room = r->set.room;

    return r->open >= r->set.max_connections || (room && room->open >= room->most);
}

static bool on_stream(void *ctx, struct stream *s)
{
    struct mllp_receiver *r = ctx;
    struct mllp_conn *goes = NULL;

    if (r->closing)
        return false;
    if (is_full(r)) {
        goes = oldest_idle(r, s);
        if (!goes) {
            turn_away(r, LISTENER_FULL, s->peer, "");
            return false;
        }
        log_event(LOG_INFO, "receive",
                  "mllp connection %llu: idle, its peer has come again, all are in use -> closed",
                  (unsigned long long)goes->id);
        mllp_conn_close(goes);
    }
    mllp_conn_take(r, s);
    return true;
}

bool mllp_door_open(struct mllp_receiver *r, struct err *e)
{
    const struct mllp_receiver_settings *set = &r->set;
    struct listener_settings ls = {.loop = set->loop,
                                   .host = set->host,
                                   .port = set->port,
                                   .fd = set->fd,
                                   .backlog = set->max_connections,
                                   .max_connections = set->max_connections + SPARE,
                                   .allow = set->allow,
                                   .n_allow = set->n_allow,
                                   .tls = set->tls,
                                   .handshake_ms = set->handshake_ms,
                                   .max_handshakes = set->max_handshakes,
                                   .keepalive_s = set->keepalive_s,
                                   .on_stream = on_stream,
                                   .on_refused = on_refused,
                                   .ctx = r};

    return listener_open(&ls, &r->listener, e);
}
