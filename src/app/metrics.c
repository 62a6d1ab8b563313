/* Counters of the running steps, in Prometheus' text format. Labels come from our own tables only.
 */
#include <stdio.h>
#include <sys/stat.h>

#include "parts.h"

static void head(struct buf *out, const char *name, const char *type, const char *help)
{
    buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void number(struct buf *out, const char *name, const char *label, const char *value,
                   uint64_t n)
{
    if (label)
        buf_printf(out, "%s{%s=\"%s\"} %llu\n", name, label, value, (unsigned long long)n);
    else
        buf_printf(out, "%s %llu\n", name, (unsigned long long)n);
}

static void add_sum(uint64_t *to, const uint64_t *from, int n)
{
    for (int i = 0; i < n; i++)
        to[i] += from[i];
}

/* Of all MLLP listeners together. */
static struct mllp_counts sum_mllp(const struct app *a)
{
    struct mllp_counts sum = {0};

    for (size_t i = 0; i < a->n_listening; i++) {
        const struct mllp_counts *c;

        if (!a->listening[i].mllp)
            continue;
        c = mllp_receiver_counts(a->listening[i].mllp);
        add_sum(sum.acks, c->acks, HL7_ACK_CODES);
        add_sum(sum.codes, c->codes, HL7_CODES);
        add_sum(sum.refused, c->refused, LISTENER_REFUSALS);
        sum.duplicates += c->duplicates;
        sum.foreign += c->foreign;
        sum.replies += c->replies;
        sum.recordings += c->recordings;
    }
    return sum;
}

static void add_mllp(const struct app *a, struct buf *out)
{
    static const char *const refusals[LISTENER_REFUSALS] = {[LISTENER_FULL] = "full",
                                                            [LISTENER_ADDRESS] = "address",
                                                            [LISTENER_HANDSHAKE] = "handshake"};
    struct mllp_counts sum = sum_mllp(a);

    head(out, "tidings_acks_total", "counter",
         "HL7 v2 messages by the code they were answered with.");
    for (int k = 0; k < HL7_ACK_CODES; k++)
        number(out, "tidings_acks_total", "code", hl7_ack_code_name((enum hl7_ack_code)k),
               sum.acks[k]);
    head(out, "tidings_deviations_total", "counter", "Deviations on the wire, by code.");
    for (int k = 1; k < HL7_CODES; k++) {
        if (sum.codes[k])
            number(out, "tidings_deviations_total", "code", hl7_code_name((enum hl7_code)k),
                   sum.codes[k]);
    }
    head(out, "tidings_duplicates_total", "counter", "Resends answered with the stored bytes.");
    number(out, "tidings_duplicates_total", NULL, NULL, sum.duplicates);
    head(out, "tidings_connections_refused_total", "counter",
         "Connections turned away, by reason.");
    for (int k = 0; k < LISTENER_REFUSALS; k++)
        number(out, "tidings_connections_refused_total", "reason", refusals[k], sum.refused[k]);
    head(out, "tidings_foreign_messages_total", "counter",
         "Messages whose MSH-3 and MSH-4 do not belong to their connection.");
    number(out, "tidings_foreign_messages_total", NULL, NULL, sum.foreign);
    head(out, "tidings_replies_total", "counter",
         "Application acknowledgements written on the connection of their message.");
    number(out, "tidings_replies_total", NULL, NULL, sum.replies);
    head(out, "tidings_recordings_total", "counter", "Recordings written by the flight recorder.");
    number(out, "tidings_recordings_total", NULL, NULL, sum.recordings);
}

static void add_outbound(const struct app *a, struct buf *out)
{
    const struct outbound_counts *c = outbound_counts(a->outbound);

    head(out, "tidings_outbound_total", "counter", "HL7 v2 messages of our own, by event.");
    number(out, "tidings_outbound_total", "event", "sent", c->sent);
    number(out, "tidings_outbound_total", "event", "accepted", c->accepted);
    number(out, "tidings_outbound_total", "event", "refused", c->refused);
    number(out, "tidings_outbound_total", "event", "timeout", c->timeouts);
    number(out, "tidings_outbound_total", "event", "stray", c->strays);
}

static void add_fhir(const struct app *a, struct buf *out)
{
    struct fhir_receiver_counts sum = {0};

    for (size_t i = 0; i < a->n_listening; i++) {
        struct fhir_receiver_counts c;

        if (!a->listening[i].fhir)
            continue;
        c = fhir_receiver_counts(a->listening[i].fhir);
        sum.stored += c.stored;
        sum.duplicates += c.duplicates;
        sum.refused += c.refused;
        sum.busy += c.busy;
    }
    head(out, "tidings_fhir_requests_total", "counter", "FHIR requests by result.");
    number(out, "tidings_fhir_requests_total", "result", "stored", (uint64_t)sum.stored);
    number(out, "tidings_fhir_requests_total", "result", "duplicate", (uint64_t)sum.duplicates);
    number(out, "tidings_fhir_requests_total", "result", "refused", (uint64_t)sum.refused);
    number(out, "tidings_fhir_requests_total", "result", "busy", (uint64_t)sum.busy);
}

/* Only where a policy's `log` names the site. */
static void add_sites(const struct app *a, struct buf *out)
{
    size_t n;
    const struct send_site *all = send_sites(a->send, &n);

    if (n)
        head(out, "tidings_notices_total", "counter", "Notices that WhatsApp took, by site.");
    for (size_t i = 0; i < n; i++)
        number(out, "tidings_notices_total", "site", all[i].code, all[i].accepted);
}

static void add_send(const struct app *a, struct buf *out)
{
    struct send_counts c = send_counts(a->send);

    head(out, "tidings_send_total", "counter", "Attempts by outcome.");
    number(out, "tidings_send_total", "result", "accepted", c.accepted);
    number(out, "tidings_send_total", "result", "rejected", c.rejected);
    number(out, "tidings_send_total", "result", "unsent", c.unsent);
    number(out, "tidings_send_total", "result", "unknown", c.unknown);
    add_sites(a, out);
    head(out, "tidings_send_in_flight", "gauge", "Notices between ready and a stored outcome.");
    number(out, "tidings_send_in_flight", NULL, NULL, c.in_flight);
    head(out, "tidings_send_stopped", "gauge", "1 while WhatsApp refuses our token or number.");
    number(out, "tidings_send_stopped", NULL, NULL, c.stopped != NULL);
    head(out, "tidings_send_conflicts_total", "counter", "Proofs that contradict each other.");
    number(out, "tidings_send_conflicts_total", NULL, NULL, c.conflicts);
    head(out, "tidings_send_damaged_total", "counter",
         "Answers for a notice that is damaged on disk.");
    number(out, "tidings_send_damaged_total", NULL, NULL, c.damaged);
}

static void add_track(const struct app *a, struct buf *out)
{
    struct track_counts sum = {0};

    for (size_t i = 0; i < a->n_listening; i++) {
        struct track_counts c;

        if (!a->listening[i].track)
            continue;
        c = track_counts(a->listening[i].track);
        sum.posts += c.posts;
        sum.refused += c.refused;
        sum.quarantined += c.quarantined;
        sum.fresh += c.fresh;
        sum.unmatched += c.unmatched;
        sum.busy += c.busy;
        add_sum(sum.taps, c.taps, QUICK_REPLIES);
    }
    head(out, "tidings_webhooks_total", "counter", "Webhook posts by result.");
    number(out, "tidings_webhooks_total", "result", "authentic", sum.posts);
    number(out, "tidings_webhooks_total", "result", "refused", sum.refused);
    number(out, "tidings_webhooks_total", "result", "quarantined", sum.quarantined);
    number(out, "tidings_webhooks_total", "result", "busy", sum.busy);
    head(out, "tidings_statuses_total", "counter",
         "Delivery statuses, new ones and those of no attempt of ours.");
    number(out, "tidings_statuses_total", "kind", "fresh", sum.fresh);
    number(out, "tidings_statuses_total", "kind", "unmatched", sum.unmatched);
    head(out, "tidings_patient_replies_total", "counter",
         "Quick replies that patients tapped, each kind once a message.");
    for (int i = 0; i < QUICK_REPLIES; i++)
        number(out, "tidings_patient_replies_total", "reply", quick_reply_name(i), sum.taps[i]);
}

static void add_link(const struct app *a, struct buf *out)
{
    struct link_counts sum = {0};

    for (size_t i = 0; i < a->n_listening; i++) {
        struct link_counts c;

        if (!a->listening[i].link)
            continue;
        c = link_counts(a->listening[i].link);
        sum.fetched += c.fetched;
        sum.opened += c.opened;
        sum.redeemed += c.redeemed;
        sum.refused += c.refused;
        sum.throttled += c.throttled;
        sum.busy += c.busy;
    }
    head(out, "tidings_link_events_total", "counter", "Portal links by event.");
    number(out, "tidings_link_events_total", "event", "fetched", sum.fetched);
    number(out, "tidings_link_events_total", "event", "opened", sum.opened);
    number(out, "tidings_link_events_total", "event", "redeemed", sum.redeemed);
    number(out, "tidings_link_events_total", "event", "refused", sum.refused);
    number(out, "tidings_link_events_total", "event", "throttled", sum.throttled);
    number(out, "tidings_link_events_total", "event", "busy", sum.busy);
}

/* Of the write-ahead log: it grows while somebody reads the database for long, a backup say. */
static void add_store(const struct app *a, struct buf *out)
{
    char path[4096];
    struct stat st;

    if (snprintf(path, sizeof path, "%s/tidings.db-wal", a->set.config->state) >=
            (int)sizeof path ||
        stat(path, &st) != 0)
        return;
    head(out, "tidings_wal_bytes", "gauge", "Size of the database's write-ahead log.");
    number(out, "tidings_wal_bytes", NULL, NULL, (uint64_t)st.st_size);
}

static void add_feeds(const struct app *a, struct buf *out)
{
    head(out, "tidings_config_info", "gauge",
         "The feeds in service: the digest of their versions.");
    number(out, "tidings_config_info", "hash", a->live->hash, 1);
    head(out, "tidings_reload_failed", "gauge",
         "1 when the last reload was refused: the feeds in service are not those on disk.");
    number(out, "tidings_reload_failed", NULL, NULL, reload_last(a->reload)->refused);
    head(out, "tidings_policy_expired", "gauge",
         "Policy entries in force whose end has passed: they block the next reload.");
    number(out, "tidings_policy_expired", NULL, NULL, a->policy_expired);
}

void metrics_write(void *app, struct buf *out)
{
    const struct app *a = app;

    add_feeds(a, out);
    head(out, "tidings_leak_blocked_total", "counter",
         "Messages stopped because something of them may not be shown.");
    number(out, "tidings_leak_blocked_total", NULL, NULL, atomic_load(&a->blocked));
    add_mllp(a, out);
    add_outbound(a, out);
    add_fhir(a, out);
    add_send(a, out);
    add_track(a, out);
    add_link(a, out);
    add_store(a, out);
}
