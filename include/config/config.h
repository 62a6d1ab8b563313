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

struct listen {
    enum listen_kind kind;
    const char *host; /* numeric; loopback only until TLS is here */
    int port;         /* 0: a free one; the log says which */
    const char *feed; /* mllp, fhir; else NULL */
    int line;         /* in the settings file */
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

    const char *whatsapp_graph, *whatsapp_phone_number_id, *whatsapp_token_file;
    const char *whatsapp_app_secret_file, *whatsapp_verify_token_file;
    const char *links_base, *links_portal, *links_redeem_token_file;
    int64_t links_ttl, links_code_ttl;

    int64_t receive_max_message, receive_max_connections, receive_frame_timeout, receive_fs_grace;
    int64_t receive_idle_timeout, receive_write_timeout, receive_duplicate_window;
    int64_t fhir_max_body, fhir_max_depth, fhir_max_entries;
    int64_t http_max_connections, http_max_header, http_header_timeout, http_idle_timeout;
    int64_t http_body_timeout, http_min_rate, http_write_timeout;
    int64_t store_max_batch, map_batch;
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
