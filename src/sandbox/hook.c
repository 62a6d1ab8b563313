/* Status webhooks, one POST at a time and in order; each again until it is answered 200. */
#include <stdlib.h>

#include "base/container_of.h"
#include "base/encode.h"
#include "sandbox_impl.h"
#include "whatsapp/signature.h"

enum { HOOK_MAX = 65536, HOOK_TIMEOUT_MS = 10000, RETRY_FIRST_MS = 100, RETRY_MOST_MS = 2000 };

static const struct rule_status standard[] = {{"sent", 0}, {"delivered", 0}};

static void add_status(const struct sandbox *s, const struct bubble *m,
                       const struct rule_status *st, const struct rule *rule, struct buf *out)
{
    int64_t now = clock_now_ms(s->set.clock);
    bool ms = rule && rule->milliseconds;

    buf_add(out, STR("{\"id\":"));
    json_add_string(out, m->wamid);
    buf_printf(out, ",\"status\":\"%s\",\"timestamp\":\"%lld\",\"recipient_id\":\"%s\"", st->name,
               (long long)(ms ? now : now / 1000), m->to.p + 1);
    if (m->echo.p && !(rule && rule->no_echo)) {
        buf_add(out, STR(",\"biz_opaque_callback_data\":"));
        json_add_string(out, m->echo);
    }
    if (strcmp(st->name, "failed") == 0 && st->code)
        buf_printf(out,
                   ",\"errors\":[{\"code\":%d,\"title\":\"Message undeliverable\",\"message\":"
                   "\"Message undeliverable\",\"error_data\":{\"details\":\"a rule of the "
                   "sandbox\"},\"href\":\"https://developers.facebook.com/docs/\"}]",
                   (int)st->code);
    else
        buf_add(out, STR(",\"pricing\":{\"billable\":true,\"pricing_model\":\"PMP\",\"type\":"
                         "\"regular\",\"category\":\"utility\"}"));
    buf_add_char(out, '}');
}

static void write_body(const struct sandbox *s, struct hook *h, const struct rule *rule)
{
    const struct bubble *m = h->message;
    struct buf json = buf_new(HOOK_MAX);
    bool failed = strcmp(h->statuses[0].name, "failed") == 0;

    buf_printf(&json,
               "{\"object\":\"whatsapp_business_account\",\"entry\":[{\"id\":\"102290129340398\","
               "\"changes\":[{\"value\":{\"messaging_product\":\"whatsapp\",\"metadata\":{"
               "\"display_phone_number\":\"15550783881\",\"phone_number_id\":\"%s\"},",
               s->set.phone_number_id);
    if (!failed)
        buf_printf(&json,
                   "\"contacts\":[{\"profile\":{\"name\":\"沙盒 🙂\"},\"wa_id\":\"%s\"}],",
                   m->to.p + 1);
    buf_add(&json, STR("\"statuses\":["));
    for (size_t i = 0; i < h->n_statuses; i++) {
        if (i)
            buf_add_char(&json, ',');
        add_status(s, m, &h->statuses[i], rule, &json);
    }
    buf_add(&json, STR("]},\"field\":\"messages\"}]}]}"));
    h->body = buf_new(8 * HOOK_MAX);
    wire_style(buf_str(&json), &h->body);
    buf_reset(&json);
}

static struct hook *hook_new(struct bubble *m)
{
    struct hook *h = calloc(1, sizeof *h);

    if (!h)
        abort();
    h->message = m;
    return h;
}

static void enqueue(struct sandbox *s, struct hook *h)
{
    char signature[WHATSAPP_SIGNATURE_TEXT + 1];

    whatsapp_sign(s->set.app_secret, buf_str(&h->body), signature);
    (void)snprintf(h->header, sizeof h->header, "X-Hub-Signature-256: %s", signature);
    *s->last_hook = h;
    s->last_hook = &h->next;
    s->n_hooks++;
}

static void add_one(struct sandbox *s, struct bubble *m, const struct rule_status *statuses,
                    size_t n, const struct rule *rule)
{
    struct hook *h = hook_new(m);

    h->n_statuses = n;
    memcpy(h->statuses, statuses, n * sizeof *statuses);
    write_body(s, h, rule);
    enqueue(s, h);
}

void hook_add_body(struct sandbox *s, struct bubble *m, struct buf *body)
{
    struct hook *h = hook_new(m);

    h->body = *body;
    enqueue(s, h);
    hook_pump(s);
}

void hook_add(struct sandbox *s, struct bubble *m, const struct rule *rule)
{
    struct rule_status set[RULE_STATUSES_MAX];
    const struct rule_status *all = standard;
    size_t n = sizeof standard / sizeof *standard;

    if (rule && rule->has_statuses) {
        all = rule->statuses;
        n = rule->n_statuses;
    } else if (s->set.statuses) {
        n = s->set.n_statuses < RULE_STATUSES_MAX ? s->set.n_statuses : RULE_STATUSES_MAX;
        memset(set, 0, sizeof set);
        for (size_t i = 0; i < n; i++)
            (void)snprintf(set[i].name, sizeof set[i].name, "%s", s->set.statuses[i]);
        all = set;
    }
    if (rule && rule->batch && n)
        add_one(s, m, all, n, rule);
    else
        for (size_t i = 0; i < n; i++)
            add_one(s, m, &all[i], 1, rule);
    hook_pump(s);
}

/* What the phone shows once the status is out. */
static void show(struct bubble *m, const struct rule_status *st)
{
    static const struct {
        const char *name;
        enum delivery rank;
    } ranks[] = {{"sent", DELIVERY_SENT},
                 {"delivered", DELIVERY_DELIVERED},
                 {"read", DELIVERY_READ},
                 {"played", DELIVERY_PLAYED}};

    for (size_t i = 0; i < sizeof ranks / sizeof *ranks; i++) {
        if (strcmp(st->name, ranks[i].name) == 0 && ranks[i].rank > m->delivery)
            m->delivery = ranks[i].rank;
    }
    if (strcmp(st->name, "failed") == 0)
        m->failed_code = st->code ? st->code : -1;
}

static void pop(struct sandbox *s)
{
    struct hook *h = s->hooks;

    s->hooks = h->next;
    if (!s->hooks)
        s->last_hook = &s->hooks;
    s->n_hooks--;
    buf_reset(&h->body);
    free(h);
}

static void retry_due(uv_timer_t *t)
{
    hook_pump(container_of(t, struct sandbox, retry));
}

static void hook_done(struct http_call *c)
{
    struct sandbox *s = container_of(c, struct sandbox, call);
    struct hook *h = s->hooks;

    s->hooking = false;
    if (c->sent == HTTP_ANSWERED && c->status == 200) {
        s->retry_ms = 0;
        for (size_t i = 0; i < h->n_statuses; i++)
            show(h->message, &h->statuses[i]);
        pop(s);
        hook_pump(s);
        return;
    }
    s->retry_ms = s->retry_ms ? 2 * s->retry_ms : RETRY_FIRST_MS;
    if (s->retry_ms > RETRY_MOST_MS)
        s->retry_ms = RETRY_MOST_MS;
    uv_timer_start(&s->retry, retry_due, (uint64_t)s->retry_ms, 0);
}

void hook_pump(struct sandbox *s)
{
    struct err e;

    if (s->hooking || s->closing || !s->hooks || !s->webhook_url ||
        uv_is_active((uv_handle_t *)&s->retry))
        return;
    s->call = (struct http_call){.url = s->webhook_url,
                                 .content_type = "application/json",
                                 .header = s->hooks->header,
                                 .body = buf_str(&s->hooks->body),
                                 .timeout_ms = HOOK_TIMEOUT_MS,
                                 .max_reply = HOOK_MAX,
                                 .done = hook_done};
    s->hooking = http_start(s->client, &s->call, &e);
    if (!s->hooking)
        uv_timer_start(&s->retry, retry_due, RETRY_MOST_MS, 0);
}

void hook_drop(struct sandbox *s)
{
    if (s->hooking)
        http_cancel(s->client, &s->call);
    s->hooking = false;
    while (s->hooks)
        pop(s);
}
