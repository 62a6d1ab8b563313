#include "table.h"

#include "config/config.h"

#define AT(member) offsetof(struct config, member)

enum { SECOND = 1000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE };
#define DAY ((int64_t)24 * HOUR)
#define MIB ((int64_t)1 << 20)

/* clang-format off */
const struct setting settings[] = {
    {"state", SETTING_FOLDER, AT(state), "var", 0, 0,
     "Folder of the database; made, mode 0700, when it is not there."},
    {"store", SETTING_STORE, AT(store), "sqlite", 0, 0,
     "Kind of database. This version has `sqlite` only."},
    {"keys", SETTING_FILE, AT(keys), "secrets/tidings.key", 0, 0,
     "Key file for everything sealed at rest, made by `tidings keys init`; refused unless its mode is 0600."},
    {"feeds", SETTING_FOLDER, AT(feeds), NULL, 0, 0,
     "Folder of the feed files."},

    {"whatsapp.graph", SETTING_URL, AT(whatsapp_graph), "https://graph.facebook.com/v25.0", 0, 0,
     "Where the WhatsApp Cloud API is, with its version; plain http on loopback only."},
    {"whatsapp.phone_number_id", SETTING_DIGITS, AT(whatsapp_phone_number_id), NULL, 0, 0,
     "Id of the sending phone number at Meta (not the number itself)."},
    {"whatsapp.token_file", SETTING_FILE, AT(whatsapp_token_file), NULL, 0, 0,
     "File with the access token."},
    {"whatsapp.app_secret_file", SETTING_FILE, AT(whatsapp_app_secret_file), NULL, 0, 0,
     "File with the app secret, which signs the webhooks."},
    {"whatsapp.verify_token_file", SETTING_FILE, AT(whatsapp_verify_token_file), NULL, 0, 0,
     "File with the token of the webhook handshake."},

    {"links.base", SETTING_URL_HEAD, AT(links_base), NULL, 0, 0,
     "What stands before the token in a patient's link; ends in a slash."},
    {"links.portal", SETTING_URL, AT(links_portal), NULL, 0, 0,
     "Where a redeemed link leads; the one-time code is added as `?code=`."},
    {"links.redeem_token_file", SETTING_FILE, AT(links_redeem_token_file), NULL, 0, 0,
     "File with the bearer token the portal shows at `POST /links/redeem`."},
    {"links.ttl", SETTING_DURATION, AT(links_ttl), "72h", MINUTE, 90 * DAY,
     "How long a link can be opened."},
    {"links.code_ttl", SETTING_DURATION, AT(links_code_ttl), "60s", SECOND, MINUTE,
     "How long the portal has to exchange a one-time code."},
    {"links.misses_per_minute", SETTING_COUNT, AT(link_misses_per_minute), "30", 1, 100000,
     "Wrong tokens and bearers of one network in a minute before it gets 429; live links always open."},

    {"receive.max_message", SETTING_BYTES, AT(receive_max_message), "4M", 1024, 16 * MIB,
     "Longest HL7 v2 message taken."},
    {"receive.max_connections", SETTING_COUNT, AT(receive_max_connections), "64", 1, 10000,
     "MLLP connections at one time, for each listener."},
    {"receive.max_connections_overall", SETTING_COUNT, AT(receive_max_connections_overall), "512", 1, 100000,
     "MLLP connections at one time, over all listeners."},
    {"receive.frame_timeout", SETTING_DURATION, AT(receive_frame_timeout), "30s", 100, HOUR,
     "A message that has begun must be complete within this time."},
    {"receive.fs_grace", SETTING_DURATION, AT(receive_fs_grace), "250ms", 1, 10 * SECOND,
     "Silence after an end byte without its carriage return that ends the message all the same."},
    {"receive.idle_timeout", SETTING_DURATION, AT(receive_idle_timeout), "0s", 0, 30 * DAY,
     "A connection on which nothing arrives for so long is closed; 0s: never, as quiet feeds idle for hours."},
    {"receive.min_rate", SETTING_BYTES, AT(receive_min_rate), "64", 0, MIB,
     "Bytes a second that an unfinished message must bring after a quarter of `receive.frame_timeout`; 0: no such limit."},
    {"receive.handshake_timeout", SETTING_DURATION, AT(receive_handshake_timeout), "10s", 100, 10 * MINUTE,
     "The TLS handshake must be complete within this time."},
    {"receive.max_handshakes", SETTING_COUNT, AT(receive_max_handshakes), "256", 4, 10000,
     "TLS handshakes at one time, for each listener of any kind, connections not counted; past it, or past a quarter of it "
     "for one address, the oldest is dropped."},
    {"receive.keepalive", SETTING_DURATION, AT(receive_keepalive), "60s", 0, DAY,
     "Silence after which TCP asks whether the peer is still there (3 probes); 0s: never."},
    {"receive.write_timeout", SETTING_DURATION, AT(receive_write_timeout), "30s", 100, HOUR,
     "A peer that does not take its acknowledgement for so long is cut off."},
    {"receive.duplicate_window", SETTING_DURATION, AT(receive_duplicate_window), "14d", MINUTE, 365 * DAY,
     "How long a message that comes again is known as the same; never less than a sender's retries last."},
    {"receive.parts", SETTING_COUNT, AT(receive_parts), "100", 1, 10000,
     "Most parts of one continued message (DSC)."},
    {"receive.parts_size", SETTING_BYTES, AT(receive_parts_size), "16M", 1024, 64 * MIB,
     "Longest continued message, all parts together."},
    {"receive.parts_timeout", SETTING_DURATION, AT(receive_parts_timeout), "15m", SECOND, DAY,
     "Parts whose rest does not come within this time are held for a person."},
    {"receive.batch", SETTING_COUNT, AT(receive_batch), "1000", 1, 100000,
     "Most messages in one batch (BHS, FHS)."},
    {"receive.replies", SETTING_COUNT, AT(receive_replies), "1000", 0, 100000,
     "Application acknowledgements one connection may wait for."},
    {"receive.recorder", SETTING_BYTES, AT(receive_recorder), "4K", 0, MIB,
     "Latest bytes of each connection kept, encrypted, for `tidings recorder`; 0: none."},
    {"receive.recordings", SETTING_COUNT, AT(receive_recordings), "200", 0, 100000,
     "Recordings kept in the database; what an address has beyond a quarter of them makes room, then the oldest."},
    {"receive.peers", SETTING_COUNT, AT(receive_peers), "5000", 1, MIB,
     "Rows kept of what senders were seen to do (`tidings status`)."},
    {"receive.peers_interval", SETTING_DURATION, AT(receive_peers_interval), "5s", 100, HOUR,
     "At most so often they are written."},

    {"fhir.max_body", SETTING_BYTES, AT(fhir_max_body), "4M", 1024, 16 * MIB,
     "Longest FHIR request taken."},
    {"fhir.max_depth", SETTING_COUNT, AT(fhir_max_depth), "64", 8, 256,
     "Deepest nesting of its JSON."},
    {"fhir.max_entries", SETTING_COUNT, AT(fhir_max_entries), "1000", 1, 10000,
     "Most entries in a Bundle."},

    {"http.max_connections", SETTING_COUNT, AT(http_max_connections), "512", 1, 10000,
     "HTTP connections at one time, for each listener."},
    {"http.max_header", SETTING_BYTES, AT(http_max_header), "16K", 1024, 65536,
     "Longest request line with its headers."},
    {"http.header_timeout", SETTING_DURATION, AT(http_header_timeout), "10s", 100, HOUR,
     "The headers must be complete within this time."},
    {"http.body_timeout", SETTING_DURATION, AT(http_body_timeout), "10s", 100, HOUR,
     "The body must be complete within this time and what `http.min_rate` gives it on top."},
    {"http.min_rate", SETTING_BYTES, AT(http_min_rate), "1K", 1, 16 * MIB,
     "Bytes a second that earn a long body more time."},
    {"http.idle_timeout", SETTING_DURATION, AT(http_idle_timeout), "60s", 100, HOUR,
     "A connection without a request for so long is closed."},
    {"http.write_timeout", SETTING_DURATION, AT(http_write_timeout), "30s", 100, HOUR,
     "A peer that does not take its answer for so long is cut off."},

    {"commit.max_batch", SETTING_COUNT, AT(store_max_batch), "256", 1, 10000,
     "Most jobs that share one commit."},
    {"commit.later", SETTING_DURATION, AT(commit_later), "20ms", 0, 10 * SECOND,
     "How long work that no sender waits for may give way to work that one waits for."},
    {"map.batch", SETTING_COUNT, AT(map_batch), "32", 1, 1000,
     "Messages that are read from the store and mapped at a time."},
    {"map.max_tries", SETTING_COUNT, AT(map_max_tries), "12", 1, 1000,
     "Tries of a message that the store refuses before it is held for a person; only its own patient waits."},
    {"map.stuck", SETTING_COUNT, AT(map_stuck), "64", 1, 10000,
     "Most patients whose messages wait like that."},

    {"send.in_flight", SETTING_COUNT, AT(send_in_flight), "16", 1, 1000,
     "Requests to WhatsApp at one time."},
    {"send.timeout", SETTING_DURATION, AT(send_timeout), "30s", 100, 10 * MINUTE,
     "A request without an answer for so long is unknown: looked up, never repeated."},
    {"send.connect_timeout", SETTING_DURATION, AT(send_connect_timeout), "10s", 100, 10 * MINUTE,
     "A connection that is not there within this time has sent nothing and is tried again."},
    {"send.retry_first", SETTING_DURATION, AT(send_retry_first), "30s", 10, DAY,
     "Wait before the second try; doubled for each one after it."},
    {"send.retry_most", SETTING_DURATION, AT(send_retry_most), "1h", 10, 7 * DAY,
     "Longest wait between two tries."},
    {"send.max_tries", SETTING_COUNT, AT(send_max_tries), "12", 1, 1000,
     "Tries before a notice is held for a person."},
    {"send.probe_interval", SETTING_DURATION, AT(send_probe_interval), "60s", 100, DAY,
     "While WhatsApp refuses our token or number: how often to ask whether it is mended."},
    {"send.unknown_deadline", SETTING_DURATION, AT(send_unknown_deadline), "24h", 100, 30 * DAY,
     "How long an unknown send may wait for a sign of WhatsApp before it is held for a person."},

    {"outbound.connect_timeout", SETTING_DURATION, AT(outbound_connect_timeout), "10s", 100, 10 * MINUTE,
     "A channel's connection, TLS included, must be there within this time."},
    {"outbound.answer_timeout", SETTING_DURATION, AT(outbound_answer_timeout), "30s", 100, HOUR,
     "A message of ours that is not answered for so long is sent again, the same bytes under the same MSH-10."},
    {"outbound.retry_first", SETTING_DURATION, AT(outbound_retry_first), "1s", 10, DAY,
     "Wait before a channel is tried again; doubled each time, with jitter."},
    {"outbound.retry_most", SETTING_DURATION, AT(outbound_retry_most), "5m", 10, DAY,
     "Longest such wait."},
    {"outbound.max_tries", SETTING_COUNT, AT(outbound_max_tries), "12", 1, 1000,
     "Answers AE or CE before a message of ours is given up; silence is tried for ever."},
    {"outbound.idle_timeout", SETTING_DURATION, AT(outbound_idle_timeout), "60s", 0, 30 * DAY,
     "A channel without work is closed after this time; 0s: it stays open."},

    {"webhook.max_body", SETTING_BYTES, AT(webhook_max_body), "3M", 1024, 16 * MIB,
     "Longest webhook taken; Meta sends up to 3 MB."},
    {"stop.grace", SETTING_DURATION, AT(stop_grace), "10s", 0, HOUR,
     "How long work in flight may take when the daemon stops."},
};

const struct listen_row listen_rows[LISTEN_KINDS] = {
    [LISTEN_MLLP] = {"mllp", 1, "HL7 v2 over MLLP."},
    [LISTEN_FHIR] = {"fhir", 1, "FHIR R4 over HTTP, under `/fhir`."},
    [LISTEN_LINK] = {"link", 0, "The page behind a patient's link, and `POST /links/redeem` for the portal."},
    [LISTEN_WEBHOOK] = {"webhook", 0, "Status webhooks from WhatsApp."},
    [LISTEN_ADMIN] = {"admin", 0, "`/healthz`, `/readyz` and `/metrics`."},
};
/* clang-format on */

const size_t n_settings = sizeof settings / sizeof settings[0];

const char *setting_type_name(enum setting_type t)
{
    switch (t) {
    case SETTING_STORE:
        return "kind of store";
    case SETTING_FILE:
        return "file";
    case SETTING_FOLDER:
        return "folder";
    case SETTING_DIGITS:
        return "digits";
    case SETTING_URL:
    case SETTING_URL_HEAD:
        return "URL";
    case SETTING_COUNT:
        return "count";
    case SETTING_BYTES:
        return "size";
    case SETTING_DURATION:
        return "duration";
    }
    return "";
}
