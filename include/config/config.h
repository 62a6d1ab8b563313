/* The settings of one running daemon: tidings.yaml as a value, not a set of globals.
 *
 * One table in config.c (key, type, default, help) makes the reader, docs/settings.md and the errors. Every
 * error has file, line, column and a hint. Relative paths are relative to the settings file. */
#ifndef CONFIG_CONFIG_H
#define CONFIG_CONFIG_H

#include <stdint.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/err.h"

enum listen_kind { LISTEN_MLLP, LISTEN_FHIR, LISTEN_LINK, LISTEN_WEBHOOK, LISTEN_ADMIN };

struct texts {
    const char **items;
    size_t n;
};

/* Messages whose names no entry of `senders` lists. config_read() leaves no AUTO. */
enum listen_unlisted { UNLISTED_AUTO, UNLISTED_ACCEPT, UNLISTED_REFUSE };

/* PEM files; all NULL: plain. */
struct config_tls {
    const char *certificate, *key, *ca;
};

/* What is agreed with a sender of HL7 v2 (receive/sender.h). Choices are the index of the word. */
struct config_profile {
    int mode;                               /* auto, original, enhanced */
    int app_ack;                            /* same_socket, return_channel, off */
    int busy;                               /* AE, no_reply, close */
    int batch;                              /* each, errors, none */
    int processing_id;                      /* required, optional */
    int test_messages;                      /* store, refuse */
    int strict, sequence;                   /* no, yes */
    const char *channel;                    /* one of config.channels, or NULL */
    const char *charset, *fallback_charset; /* as in MSH-18, or NULL */
};

struct listen {
    enum listen_kind kind;
    const char *host; /* numeric */
    int port;         /* 0: a free one; the log says which */
    const char *feed; /* mllp, fhir; else NULL */
    int line;         /* in the settings file */
    struct config_tls tls;
    struct texts allow;       /* addresses and ranges; empty: all */
    int start_byte, end_byte; /* mllp: 0: the standard's */
    int start_missing;        /* mllp: no, yes */
    int unlisted;             /* mllp: enum listen_unlisted */
    int anonymous; /* mllp, fhir, admin: needed, not_needed: client certificates beyond loopback */
    struct config_profile profile; /* mllp: of senders that are not listed */
};

/* A sender that is known by what stands in MSH-3 and MSH-4. */
struct sender_entry {
    const char *name, *application, *facility;
    struct texts addresses, certificates;
    struct config_profile profile;
    int line;
};

/* Where HL7 messages of our own go. */
struct channel_entry {
    const char *name, *to; /* to: HOST:PORT as written */
    const char *host;      /* a name or a numeric address */
    int port;
    int plain; /* no, yes: without TLS */
    struct config_tls tls;
    int line;
};

/* Every member is a row of the table. Texts live in the arena given to config_read(); sizes are bytes,
 * times are ms, unless the name says otherwise. */
struct config {
    const char *file;
    const char *state; /* folder */
    const char *store; /* "sqlite" */
    const char *keys;
    const char *feeds; /* folder */
    struct listen *listen;
    size_t n_listen;
    struct sender_entry *senders;
    size_t n_senders;
    struct channel_entry *channels;
    size_t n_channels;

    const char *whatsapp_graph, *whatsapp_phone_number_id, *whatsapp_token_file;
    const char *whatsapp_app_secret_file, *whatsapp_verify_token_file;
    const char *links_base, *links_portal, *links_redeem_token_file;
    int64_t links_ttl, links_code_ttl;

    int64_t receive_max_message, receive_max_connections, receive_frame_timeout, receive_fs_grace;
    int64_t receive_idle_timeout, receive_write_timeout, receive_duplicate_window;
    int64_t receive_min_rate, receive_handshake_timeout, receive_keepalive;
    int64_t receive_max_handshakes, receive_max_connections_overall;
    int64_t receive_parts, receive_parts_size, receive_parts_timeout, receive_batch;
    int64_t receive_replies, receive_recorder, receive_recordings, receive_peers;
    int64_t receive_peers_interval;
    int64_t outbound_connect_timeout, outbound_answer_timeout, outbound_retry_first;
    int64_t outbound_retry_most, outbound_max_tries, outbound_idle_timeout;
    int64_t fhir_max_body, fhir_max_depth, fhir_max_entries;
    int64_t http_max_connections, http_max_header, http_header_timeout, http_idle_timeout;
    int64_t http_body_timeout, http_min_rate, http_write_timeout;
    int64_t store_max_batch, commit_later, map_batch, map_max_tries, map_stuck;
    int64_t send_in_flight, send_timeout, send_connect_timeout, send_retry_first, send_retry_most,
        send_max_tries;
    int64_t send_unknown_deadline, send_probe_interval;
    int64_t webhook_max_body, link_misses_per_minute;
    int64_t stop_grace;
};

/* Fills *out or *e: ERR_CONFIG with "tidings.yaml:12:3: no setting `lsiten`; did you mean `listen`?". */
bool config_read(const char *path, struct arena *a, struct config *out, struct err *e) MUST_USE;
/* The defaults alone, for `demo` and tests. */
void config_default(struct config *out);
/* docs/settings.md, made from the table. */
void config_write_docs(FILE *to);

#endif
