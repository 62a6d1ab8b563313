#include "sandbox/sandbox.h"

#include <stdlib.h>

#include "base/container_of.h"
#include "sandbox_impl.h"

enum { SEND_MAX = 262144, MESSAGES_DEFAULT = 10000, CONNECT_MS = 2000, MAX_AGE_S = 30 };

void sandbox_random(const struct sandbox *s, void *out, size_t n)
{
    /* a test double: without randomness its ids are all alike, and nothing else breaks */
    if (!s->set.random->get(s->set.random, out, n))
        memset(out, 0, n);
}

static char *copy(const char *text)
{
    char *out = strdup(text);

    if (!out)
        abort();
    return out;
}

static void add_route(struct sandbox *s, size_t *n, const char *method, const char *pattern,
                      void (*on_request)(struct http_exchange *x))
{
    s->routes[(*n)++] = (struct http_route){method, pattern, SEND_MAX, on_request, s};
}

static size_t add_routes(struct sandbox *s)
{
    size_t n = 0;

    add_route(s, &n, "GET", "/phone", phone_on_page);
    add_route(s, &n, "GET", "/phone.json", phone_on_json);
    add_route(s, &n, "GET", "/phone.js", phone_on_script);
    add_route(s, &n, "GET", "/portal", phone_on_portal);
    add_route(s, &n, "GET", "/__sent", pages_on_sent);
    add_route(s, &n, "POST", "/__rule", rule_on_post);
    add_route(s, &n, "POST", "/__tap", tap_on_post);
    add_route(s, &n, "POST", "/{version}/{phone}/messages", graph_on_send);
    add_route(s, &n, "GET", "/{version}/{phone}", graph_on_number);
    return n;
}

static void free_sandbox(struct sandbox *s)
{
    void (*on_closed)(void *ctx) = s->on_closed;
    void *ctx = s->on_closed_ctx;

    while (s->rules) {
        struct rule *r = s->rules;

        s->rules = r->next;
        rule_free(r);
    }
    for (size_t i = 0; i < s->n_messages; i++) {
        arena_reset(&s->messages[i]->arena);
        free(s->messages[i]);
    }
    free(s->messages);
    free(s->webhook_url);
    free(s->link_base);
    free(s);
    if (on_closed)
        on_closed(ctx);
}

static void one_closed(struct sandbox *s)
{
    if (--s->open_handles == 0)
        free_sandbox(s);
}

static void timer_closed(uv_handle_t *h)
{
    one_closed(container_of(h, struct sandbox, retry));
}

static void server_closed(void *ctx)
{
    one_closed(ctx);
}

/* Takes members that were never opened as they are. */
static void close_all(struct sandbox *s)
{
    s->closing = true;
    hook_drop(s);
    graph_drop_laters(s);
    if (s->client)
        http_client_close(s->client);
    s->open_handles = 1 + (s->server != NULL);
    uv_close((uv_handle_t *)&s->retry, timer_closed);
    if (s->server)
        http_server_close(s->server, 0, server_closed, s);
}

bool sandbox_open(const struct sandbox_settings *set, struct sandbox **out, struct err *e)
{
    struct http_settings http = http_settings_default(set->loop, set->host, set->port);
    struct http_client_settings client = {.loop = set->loop,
                                          .max_host_connections = 2,
                                          .connect_ms = CONNECT_MS,
                                          .max_age_s = MAX_AGE_S};
    struct sandbox *s;

    if (!set->link_base)
        return err_set(e, ERR_CONFIG, 0, "sandbox: the address its links lead to is missing");
    s = calloc(1, sizeof *s);
    if (!s)
        abort();
    s->set = *set;
    if (!s->set.max_messages)
        s->set.max_messages = MESSAGES_DEFAULT;
    s->last_hook = &s->hooks;
    s->webhook_url = set->webhook_url ? copy(set->webhook_url) : NULL;
    s->link_base = copy(set->link_base);
    uv_timer_init(set->loop, &s->retry);
    http.n_routes = add_routes(s);
    http.routes = s->routes;
    if (!http_client_open(&client, &s->client, e) || !http_server_open(&http, &s->server, e)) {
        close_all(s);
        return false;
    }
    *out = s;
    return true;
}

int sandbox_port(const struct sandbox *s)
{
    return http_server_port(s->server);
}

void sandbox_set_webhook(struct sandbox *s, const char *url)
{
    if (s->hooking) { /* it is asked again at the new address */
        http_cancel(s->client, &s->call);
        s->hooking = false;
    }
    free(s->webhook_url);
    s->webhook_url = copy(url);
    hook_pump(s);
}

void sandbox_set_link_base(struct sandbox *s, const char *base)
{
    free(s->link_base);
    s->link_base = copy(base);
}

size_t sandbox_accepted(const struct sandbox *s)
{
    return s->n_messages;
}

void sandbox_close(struct sandbox *s, void (*on_closed)(void *ctx), void *ctx)
{
    s->on_closed = on_closed;
    s->on_closed_ctx = ctx;
    close_all(s);
}
