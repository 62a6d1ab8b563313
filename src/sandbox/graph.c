#include <stdlib.h>

#include "base/container_of.h"
#include "base/encode.h"
#include "sandbox_impl.h"

enum { ANSWER_MAX = 65536, WAMID_RANDOM = 21, TRACE_RANDOM = 15 };

/* "v25.0" */
static bool is_version(struct str s)
{
    struct str rest = s, major = str_cut(&rest, '.');

    if (major.n < 2 || major.p[0] != 'v' || !rest.n)
        return false;
    for (size_t i = 1; i < s.n; i++) {
        if ((s.p[i] < '0' || s.p[i] > '9') && s.p[i] != '.')
            return false;
    }
    return true;
}

void refusal_write(const struct sandbox *s, const struct refusal *why, struct buf *out)
{
    uint8_t random[TRACE_RANDOM];
    char trace[24];

    sandbox_random(s, random, sizeof random);
    base64url_encode(random, sizeof random, trace);
    buf_printf(out, "{\"error\":{\"message\":\"(#%d) %s\",\"type\":\"OAuthException\",\"code\":%d",
               (int)why->code, why->message, (int)why->code);
    if (why->details.p) {
        buf_add(out, STR(",\"error_data\":{\"messaging_product\":\"whatsapp\",\"details\":"));
        json_add_string(out, why->details);
        buf_add_char(out, '}');
    }
    buf_printf(out, ",\"fbtrace_id\":\"A%s\"}}", trace);
}

static bool authorised(const struct sandbox *s, const struct http_request *r)
{
    struct str got = http_header(r, "Authorization");

    if (!str_starts(got, STR("Bearer ")) || got.n == 7)
        return false;
    return !s->set.bearer.p || str_eq((struct str){got.p + 7, got.n - 7}, s->set.bearer);
}

static bool admitted(const struct sandbox *s, const struct http_request *r, struct refusal *why)
{
    if (!is_version(r->values[0])) {
        *why = (struct refusal){400, 2500, "Unknown path components", {NULL, 0}};
        return false;
    }
    if (!authorised(s, r)) {
        *why = (struct refusal){401, 190, "Invalid OAuth access token", {NULL, 0}};
        return false;
    }
    if (str_eq(r->values[1], str_of(s->set.phone_number_id)))
        return true;
    *why = (struct refusal){400, 100, "Unsupported request. Object does not exist", {NULL, 0}};
    return false;
}

/* ---- answers, at once or later ---- */

static void answer_json(struct http_exchange *x, int status, const struct buf *body,
                        int64_t retry_after_s)
{
    char seconds[24];
    struct http_field retry = {"Retry-After", seconds};
    struct http_answer a = {.status = status,
                            .content_type = "application/json; charset=UTF-8",
                            .body = buf_str(body),
                            .fields = &retry,
                            .n_fields = retry_after_s >= 0};

    (void)snprintf(seconds, sizeof seconds, "%lld", (long long)retry_after_s);
    http_answer(x, &a);
}

static void later_closed(uv_handle_t *h)
{
    struct later *l = container_of(h, struct later, timer);

    buf_reset(&l->body);
    free(l);
}

static void later_end(struct later *l)
{
    struct later **at = &l->sandbox->laters;

    while (*at != l)
        at = &(*at)->next;
    *at = l->next;
    answer_json(l->x, l->status, &l->body, -1);
    uv_close((uv_handle_t *)&l->timer, later_closed);
}

static void later_due(uv_timer_t *t)
{
    later_end(container_of(t, struct later, timer));
}

void graph_drop_laters(struct sandbox *s)
{
    while (s->laters)
        later_end(s->laters);
}

/* Takes `body` over. */
static void answer_later(struct sandbox *s, struct http_exchange *x, int status, struct buf *body,
                         int64_t delay_ms)
{
    struct later *l = calloc(1, sizeof *l);

    if (!l)
        abort();
    *l = (struct later){.next = s->laters, .sandbox = s, .x = x, .body = *body, .status = status};
    s->laters = l;
    uv_timer_init(s->set.loop, &l->timer);
    uv_timer_start(&l->timer, later_due, (uint64_t)delay_ms, 0);
}

static void finish(struct sandbox *s, struct http_exchange *x, int status, struct buf *body,
                   const struct rule *rule)
{
    if (rule && rule->drop != DROP_NONE) {
        http_abort(x);
    } else if (rule && rule->delay_ms > 0 && !s->closing) {
        answer_later(s, x, status, body, rule->delay_ms);
        return;
    } else {
        answer_json(x, status, body, rule ? rule->retry_after_s : -1);
    }
    buf_reset(body);
}

static void refuse(struct sandbox *s, struct http_exchange *x, const struct refusal *why,
                   const struct rule *rule)
{
    struct buf body = buf_new(ANSWER_MAX);

    s->refused++;
    refusal_write(s, why, &body);
    finish(s, x, why->status, &body, rule);
}

/* ---- accepting ---- */

/* "wamid." and standard base64, which holds the number, as Meta's do. */
static struct str new_wamid(struct sandbox *s, struct bubble *m)
{
    uint8_t raw[6 + 15 + WAMID_RANDOM] = {0x1c, 0x18, (uint8_t)(m->to.n - 1)};
    char text[WAMID_TEXT];

    memcpy(raw + 3, m->to.p + 1, m->to.n - 1);
    sandbox_random(s, raw + sizeof raw - WAMID_RANDOM, WAMID_RANDOM);
    base64url_encode(raw, sizeof raw, text);
    for (char *c = text; *c; c++)
        *c = *c == '-' ? '+' : *c == '_' ? '/' : *c;
    return arena_printf(&m->arena, "wamid.%s", text);
}

static void keep(struct sandbox *s, struct bubble *m)
{
    if (s->n_messages == s->room) {
        s->room = s->room ? 2 * s->room : 64;
        s->messages = realloc(s->messages, s->room * sizeof(struct bubble *));
        if (!s->messages)
            abort();
    }
    m->at_ms = clock_now_ms(s->set.clock);
    m->wamid = new_wamid(s, m);
    s->messages[s->n_messages++] = m;
}

static void accept_send(struct sandbox *s, struct http_exchange *x, struct bubble *m,
                        const struct rule *rule)
{
    struct buf body = buf_new(ANSWER_MAX);

    keep(s, m);
    if (rule && rule->body)
        buf_add(&body, str_of(rule->body));
    else if (!rule || !rule->http)
        buf_printf(&body,
                   "{\"messaging_product\":\"whatsapp\",\"contacts\":[{\"input\":\"" STR_FMT
                   "\",\"wa_id\":\"%s\"}],\"messages\":[{\"id\":\"" STR_FMT
                   "\",\"message_status\":\"accepted\"}]}",
                   STR_ARG(m->to), m->to.p + 1, STR_ARG(m->wamid));
    finish(s, x, rule && rule->http ? rule->http : 200, &body, rule);
    hook_add(s, m, rule);
}

static int usual_status(int32_t code)
{
    switch (code) {
    case 0:
    case 190:
        return 401;
    case 10:
    case 131005:
        return 403;
    case 132001:
        return 404;
    case 1:
    case 2:
    case 131000:
    case 131016:
        return 500;
    default:
        return 400;
    }
}

/* What the rule says instead of accepting. True: the exchange is over. */
static bool ruled_out(struct sandbox *s, struct http_exchange *x, const struct rule *rule)
{
    struct refusal why;

    if (!rule)
        return false;
    if (rule->drop == DROP_BEFORE) {
        http_abort(x);
        return true;
    }
    if (rule->code < 0)
        return false;
    why = (struct refusal){rule->http ? rule->http : usual_status(rule->code), rule->code,
                           "as the rule says", STR("a rule of the sandbox")};
    refuse(s, x, &why, rule);
    return true;
}

static void bubble_free(struct bubble *m)
{
    arena_reset(&m->arena);
    free(m);
}

void graph_on_send(struct http_exchange *x)
{
    struct sandbox *s = x->ctx;
    struct bubble *m = calloc(1, sizeof *m);
    struct rule copy = {0}, *rule = NULL;
    struct refusal why;

    if (!m)
        abort();
    if (!admitted(s, &x->request, &why) || !judge_send(s, x->request.body, m, &why)) {
        refuse(s, x, &why, NULL);
    } else if (s->n_messages >= s->set.max_messages) {
        why = (struct refusal){400, 4, "Application request limit reached", {NULL, 0}};
        refuse(s, x, &why, NULL);
    } else {
        rule = rule_take(s, &copy);
        if (!ruled_out(s, x, rule)) {
            accept_send(s, x, m, rule);
            m = NULL;
        }
    }
    if (m)
        bubble_free(m);
    free(copy.body);
}

void graph_on_number(struct http_exchange *x)
{
    struct sandbox *s = x->ctx;
    struct buf body = buf_new(ANSWER_MAX);
    struct refusal why;
    int status = 200;

    if (admitted(s, &x->request, &why)) {
        buf_printf(&body, "{\"display_phone_number\":\"+1 555-078-3881\",\"id\":\"%s\"}",
                   s->set.phone_number_id);
    } else {
        status = why.status;
        refusal_write(s, &why, &body);
    }
    answer_json(x, status, &body, -1);
    buf_reset(&body);
}
