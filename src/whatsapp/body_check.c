#include <string.h>

#include "whatsapp/body.h"
#include "whatsapp/value.h"

struct reader {
    struct str rest;
    size_t size;
    struct err *e;
};

static bool fail(struct reader *r, const char *want)
{
    return err_set(r->e, ERR_INPUT, 0, "body byte %zu: not %s", r->size - r->rest.n, want);
}

static bool at(const struct reader *r, struct str text)
{
    return str_starts(r->rest, text);
}

static void skip(struct reader *r, size_t n)
{
    r->rest = (struct str){r->rest.p + n, r->rest.n - n};
}

static bool take(struct reader *r, struct str text)
{
    if (!at(r, text))
        return fail(r, "what the grammar wants");
    skip(r, text.n);
    return true;
}

/* Up to the closing quote. The only escapes are \" and \\: nothing that needs another one may be sent. */
static bool take_string(struct reader *r, struct str *out)
{
    struct str s = r->rest;

    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '"') {
            *out = (struct str){s.p, i};
            skip(r, i + 1);
            return true;
        }
        if (s.p[i] != '\\')
            continue;
        if (i + 1 == s.n || (s.p[i + 1] != '"' && s.p[i + 1] != '\\'))
            return fail(r, "a plain string");
        i++;
    }
    return fail(r, "a closed string");
}

static bool take_value(struct reader *r, bool (*is)(struct str), const char *what, struct str *out)
{
    struct reader here = *r;

    return take_string(r, out) && (is(*out) || fail(&here, what));
}

/* Without the backslashes; they are dropped into `plain`, which has room for s.n bytes. */
static struct str unescape(struct str s, char *plain)
{
    size_t n = 0;

    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '\\')
            i++;
        plain[n++] = s.p[i];
    }
    return (struct str){plain, n};
}

struct str whatsapp_body_text(struct str escaped, struct arena *a)
{
    return unescape(escaped, arena_get(a, escaped.n, 1));
}

static bool take_text(struct reader *r, size_t *length, struct str *out)
{
    char plain[WHATSAPP_BODY_MAX];
    struct reader here = *r;
    struct str text;

    if (!take_string(r, out))
        return false;
    if (out->n > sizeof plain)
        return fail(&here, "a short text");
    text = unescape(*out, plain);
    if (whatsapp_text_fault(text))
        return fail(&here, "a text that may be sent");
    *length += whatsapp_text_length(text);
    return *length <= 1024 || fail(&here, "within 1,024 characters");
}

static bool take_param(struct reader *r, struct whatsapp_body *b, size_t *length)
{
    bool named;
    size_t i = b->n_params;

    if (i == WHATSAPP_PARAMS_MAX)
        return fail(r, "within the number of parameters");
    if (!take(r, STR("{\"type\":\"text\",")))
        return false;
    named = at(r, STR("\"parameter_name\":"));
    if (i && named != b->named)
        return fail(r, "one parameter format throughout");
    b->named = named;
    if (named && (!take(r, STR("\"parameter_name\":\"")) ||
                  !take_value(r, whatsapp_is_param_name, "a parameter name", &b->params[i].name) ||
                  !take(r, STR(","))))
        return false;
    b->n_params++;
    return take(r, STR("\"text\":\"")) && take_text(r, length, &b->params[i].text) &&
           take(r, STR("}"));
}

static bool take_params(struct reader *r, struct whatsapp_body *b)
{
    size_t length = 0;

    if (!take(r, STR("{\"type\":\"body\",\"parameters\":[")) || !take_param(r, b, &length))
        return false;
    while (at(r, STR(","))) {
        skip(r, 1);
        if (!take_param(r, b, &length))
            return false;
    }
    return take(r, STR("]}"));
}

static bool take_button(struct reader *r, struct whatsapp_body *b)
{
    return take(r, STR("{\"type\":\"button\",\"sub_type\":\"url\",\"index\":\"0\","
                       "\"parameters\":[{\"type\":\"text\",\"text\":\"")) &&
           take_value(r, whatsapp_is_token, "a link token", &b->token) && take(r, STR("}]}"));
}

/* One quick reply, after `first` of them in the grammar's order. *bit: which it was. */
static bool take_reply(struct reader *r, const struct whatsapp_body *b, char index, int first,
                       int *bit)
{
    static const char *const words[QUICK_REPLIES] = {"ok", "rs", "cx"};
    struct str ulid = {b->echo.p + 3, b->echo.n - 3}, at_index = {&index, 1};

    if (!take(r, STR("{\"type\":\"button\",\"sub_type\":\"quick_reply\",\"index\":\"")) ||
        !take(r, at_index) ||
        !take(r, STR("\",\"parameters\":[{\"type\":\"payload\",\"payload\":\"c1.")) ||
        !take(r, ulid) || !take(r, STR(".")))
        return false;
    for (*bit = first; *bit < QUICK_REPLIES; ++*bit) {
        if (at(r, str_of(words[*bit])))
            return take(r, str_of(words[*bit])) && take(r, STR("\"}]}"));
    }
    return fail(r, "a quick reply in its place");
}

static bool take_replies(struct reader *r, struct whatsapp_body *b)
{
    char index = b->token.p ? '1' : '0';
    int bit, next = 0;

    do {
        if (!take_reply(r, b, index++, next, &bit))
            return false;
        b->replies = (uint8_t)(b->replies | 1 << bit);
        next = bit + 1;
        if (at(r, STR("]")))
            return true;
    } while (take(r, STR(",")));
    return false;
}

/* What follows the body's component, if anything does. */
static bool take_buttons(struct reader *r, struct whatsapp_body *b)
{
    if (!at(r, STR("{\"type\":\"button\",\"sub_type\":\"url\"")))
        return take_replies(r, b);
    if (!take_button(r, b))
        return false;
    if (!at(r, STR(",")))
        return true;
    skip(r, 1);
    return take_replies(r, b);
}

static bool take_components(struct reader *r, struct whatsapp_body *b)
{
    if (at(r, STR("{\"type\":\"body\""))) {
        if (!take_params(r, b))
            return false;
        if (!at(r, STR(",")))
            return true;
        skip(r, 1);
        return take_buttons(r, b);
    }
    return at(r, STR("]")) || take_buttons(r, b);
}

bool whatsapp_body_check(struct str json, struct whatsapp_body *out, struct err *e)
{
    struct reader r = {json, json.n, e};

    memset(out, 0, sizeof *out);
    if (json.n > WHATSAPP_BODY_MAX)
        return err_set(e, ERR_INPUT, 0, "body of %zu bytes; at most %d", json.n,
                       (int)WHATSAPP_BODY_MAX);
    return take(&r, STR("{\"messaging_product\":\"whatsapp\",\"recipient_type\":\"individual\","
                        "\"to\":\"")) &&
           take_value(&r, whatsapp_is_number, "a number", &out->to) &&
           take(&r, STR(",\"type\":\"template\",\"biz_opaque_callback_data\":\"")) &&
           take_value(&r, whatsapp_is_echo, "an attempt id", &out->echo) &&
           take(&r, STR(",\"template\":{\"name\":\"")) &&
           take_value(&r, whatsapp_is_template, "a template name", &out->template) &&
           take(&r, STR(",\"language\":{\"code\":\"")) &&
           take_value(&r, whatsapp_is_language, "a language", &out->language) &&
           take(&r, STR("},\"components\":[")) && take_components(&r, out) &&
           take(&r, STR("]}}")) && (r.rest.n == 0 || fail(&r, "the end"));
}

static bool same_text(struct str escaped, struct str plain)
{
    size_t n = 0;

    for (size_t i = 0; i < escaped.n; i++, n++) {
        if (escaped.p[i] == '\\')
            i++;
        if (n == plain.n || escaped.p[i] != plain.p[n])
            return false;
    }
    return n == plain.n;
}

/* Absent is not empty. */
static bool same_token(struct str a, struct str b)
{
    return a.p && b.p ? str_eq(a, b) : a.p == b.p;
}

bool whatsapp_body_matches(const struct whatsapp_body *b, const struct notice *n, struct str echo,
                           struct err *e)
{
    bool same = str_eq(b->to, n->to) && str_eq(b->echo, echo) && str_eq(b->template, n->template) &&
                str_eq(b->language, n->language) && same_token(b->token, n->token) &&
                b->replies == n->replies && b->n_params == n->n_params &&
                (n->n_params == 0 || b->named == n->named);

    for (size_t i = 0; same && i < b->n_params; i++)
        same = same_text(b->params[i].text, n->params[i].text) &&
               (!n->named || str_eq(b->params[i].name, n->params[i].name));
    return same || err_set(e, ERR_INPUT, 0, "body does not say what the notice says");
}
