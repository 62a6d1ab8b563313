/* What the files of the sandbox share. */
#ifndef SANDBOX_SANDBOX_IMPL_H
#define SANDBOX_SANDBOX_IMPL_H

#include <cjson/cJSON.h>

#include "base/buf.h"
#include "base/embedded.h"
#include "model/notice.h"
#include "net/http_client.h"
#include "net/http_server.h"
#include "sandbox/sandbox.h"
#include "seal/seal.h"

extern const struct embedded_folder web_phone; /* web/phone, made by web/embed.py */

enum { RULE_STATUSES_MAX = 16, WAMID_TEXT = 96 };

/* One accepted send. */
struct bubble {
    struct arena arena;                                    /* of all its texts */
    struct str wamid, to, echo, template, language, token; /* token absent without a button */
    struct str text, footer;                               /* as the phone shows them */
    struct str key;     /* recipient, template, parameters, token: the same for a second attempt */
    struct str payload; /* the JSON that came */
    struct str payloads[QUICK_REPLIES]; /* of its quick replies, in order; absent: no more */
    int64_t at_ms;
    enum delivery delivery;
    int32_t failed_code; /* 0: none */
};

enum drop { DROP_NONE, DROP_BEFORE, DROP_AFTER };

struct rule_status {
    char name[16];
    int32_t code; /* of `failed` */
};

struct rule {
    struct rule *next;
    int64_t n, delay_ms, retry_after_s; /* retry_after_s -1: none */
    int32_t code;                       /* -1: accepted */
    int http;                           /* 0: as the code has it */
    char *body;                         /* raw answer, or NULL */
    enum drop drop;
    bool batch, no_echo, milliseconds;
    bool has_statuses;
    struct rule_status statuses[RULE_STATUSES_MAX];
    size_t n_statuses;
};

/* Status webhooks of one POST, waiting for their 200. */
struct hook {
    struct hook *next;
    struct bubble *message;
    struct rule_status statuses[RULE_STATUSES_MAX];
    size_t n_statuses;
    struct buf body;
    char header[128];
};

/* An answer that comes later. */
struct later {
    struct later *next;
    struct sandbox *sandbox;
    struct http_exchange *x;
    uv_timer_t timer;
    struct buf body;
    int status;
};

struct sandbox {
    struct sandbox_settings set;
    char *webhook_url, *link_base;
    struct http_route routes[9];
    struct http_server *server;
    struct http_client *client;
    struct bubble **messages;
    size_t n_messages, room;
    size_t refused;
    struct rule *rules;
    struct later *laters;

    struct hook *hooks, **last_hook;
    size_t n_hooks;
    bool hooking; /* the first of them is on its way */
    struct http_call call;
    uv_timer_t retry;
    int64_t retry_ms;

    int open_handles;
    bool closing;
    void (*on_closed)(void *ctx);
    void *on_closed_ctx;
};

/* What a refused send is told. */
struct refusal {
    int status;
    int32_t code;
    const char *message;
    struct str details; /* absent: none */
};

/* judge.c: reads and judges a send as the Cloud API does. False: *why says how it is refused. */
bool judge_send(const struct sandbox *s, struct str json, struct bubble *m, struct refusal *why);
/* render.c: the template's body with its parameters filled in. */
struct str render_text(struct str body, const struct feed_template *t, const struct param *params,
                       struct arena *a);

/* graph.c: the look-alike's own routes. */
void graph_on_number(struct http_exchange *x);
void graph_on_send(struct http_exchange *x);
void graph_drop_laters(struct sandbox *s);
void refusal_write(const struct sandbox *s, const struct refusal *why, struct buf *out);

/* rule.c */
bool rule_read(struct str json, struct rule **out, struct err *e) MUST_USE;
void rule_free(struct rule *r);
void rule_on_post(struct http_exchange *x);
/* The rule for this send, or NULL. It is used up by it. */
struct rule *rule_take(struct sandbox *s, struct rule *copy);

/* hook.c: queues the webhooks of an accepted message. rule: NULL, or how they are to be. */
void hook_add(struct sandbox *s, struct bubble *m, const struct rule *rule);
/* tap.c: POST /__tap */
void tap_on_post(struct http_exchange *x);
/* Queues a webhook that is written already; takes `body` over. */
void hook_add_body(struct sandbox *s, struct bubble *m, struct buf *body);
void hook_pump(struct sandbox *s);
void hook_drop(struct sandbox *s);
/* wire.c: Meta's wire style: ASCII, lower-case \uXXXX, \/ */
void wire_style(struct str json, struct buf *out);

/* pages.c, phone.c */
void pages_on_sent(struct http_exchange *x);
void phone_on_page(struct http_exchange *x);
void phone_on_json(struct http_exchange *x);
void phone_on_script(struct http_exchange *x);
void phone_on_portal(struct http_exchange *x);

void sandbox_random(const struct sandbox *s, void *out, size_t n);

#endif
