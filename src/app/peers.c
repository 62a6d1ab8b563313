#include "peers.h"

#include <stdio.h>

static const enum hl7_ack_mode modes[] = {HL7_MODE_AUTO, HL7_MODE_ORIGINAL, HL7_MODE_ENHANCED};
static const enum hl7_app_ack app_acks[] = {HL7_APP_SAME_SOCKET, HL7_APP_RETURN_CHANNEL,
                                            HL7_APP_OFF};
static const enum mllp_busy busies[] = {MLLP_BUSY_AE, MLLP_BUSY_NO_REPLY, MLLP_BUSY_CLOSE};
static const enum mllp_batch batches[] = {MLLP_BATCH_EACH, MLLP_BATCH_ERRORS, MLLP_BATCH_NONE};

static bool charset(const char *name, const char *key, const struct hl7_charset **out,
                    struct err *e)
{
    bool alias;

    *out = name ? hl7_charset_find(str_of(name), &alias) : NULL;
    if (!name || (*out && (*out)->iconv))
        return true;
    return err_set(e, ERR_CONFIG, 0, "`%s: %s`: no such character set", key, name);
}

bool peers_profile(const struct config_profile *from, struct mllp_profile *out, struct err *e)
{
    *out = mllp_profile_default();
    out->mode = modes[from->mode];
    out->app_ack = app_acks[from->app_ack];
    out->channel = from->channel;
    out->busy = busies[from->busy];
    out->batch = batches[from->batch];
    out->processing_optional = from->processing_id == 1;
    out->refuse_test = from->test_messages == 1;
    out->strict = from->strict == 1;
    out->sequence = from->sequence == 1;
    return charset(from->charset, "charset", &out->charset, e) &&
           charset(from->fallback_charset, "fallback_charset", &out->fallback, e);
}

bool peers_ranges(const struct texts *from, struct arena *a, struct net_range **out, size_t *n,
                  struct err *e)
{
    *n = from->n;
    *out = NEW_ARRAY(a, struct net_range, from->n);
    for (size_t i = 0; i < from->n; i++)
        if (!net_range_parse(str_of(from->items[i]), &(*out)[i], e)) {
            e->kind = ERR_CONFIG;
            return err_in(e, from->items[i]);
        }
    return true;
}

bool peers_tls(const struct config_tls *from, bool server, struct tls **out, struct err *e)
{
    const struct tls_settings set = {
        .server = server,
        .certificate = from->certificate,
        .key = from->key,
        .ca = from->ca,
    };

    *out = NULL;
    return (server && !from->certificate) || tls_open(&set, out, e);
}

static bool open_sender(const struct sender_entry *from, struct arena *a, struct mllp_sender *out,
                        struct err *e)
{
    struct net_range *addresses;

    out->name = from->name;
    out->application = from->application;
    out->facility = from->facility;
    out->certificates = from->certificates.items;
    out->n_certificates = from->certificates.n;
    if (!peers_ranges(&from->addresses, a, &addresses, &out->n_addresses, e))
        return false;
    out->addresses = addresses;
    return peers_profile(&from->profile, &out->profile, e);
}

static bool open_channel(const struct channel_entry *from, struct outbound_channel *out,
                         struct err *e)
{
    out->name = from->name;
    out->host = from->host;
    out->port = from->port;
    return from->plain || peers_tls(&from->tls, false, &out->tls, e);
}

static bool in_line(const struct config *c, int line, const char *name, struct err *e)
{
    char where[200];

    (void)snprintf(where, sizeof where, "%s:%d: %s", c->file, line, name);
    return err_in(e, where);
}

bool peers_open(const struct config *c, struct arena *a, struct peers *out, struct err *e)
{
    out->senders = NEW_ARRAY(a, struct mllp_sender, c->n_senders);
    out->channels = NEW_ARRAY(a, struct outbound_channel, c->n_channels);
    for (size_t i = 0; i < c->n_senders; i++, out->n_senders++)
        if (!open_sender(&c->senders[i], a, &out->senders[i], e))
            return in_line(c, c->senders[i].line, c->senders[i].name, e);
    for (size_t i = 0; i < c->n_channels; i++) {
        out->n_channels++;
        if (!open_channel(&c->channels[i], &out->channels[i], e))
            return in_line(c, c->channels[i].line, c->channels[i].name, e);
    }
    return true;
}

void peers_close(struct peers *p)
{
    for (size_t i = 0; i < p->n_channels; i++)
        tls_close(p->channels[i].tls);
    p->n_channels = 0;
}
