#include "whatsapp/body.h"

#include "base/encode.h"
#include "whatsapp/value.h"

enum { TEXTS_MAX = 1024 }; /* characters of all parameters: a template's body holds no more */

static bool check_params(const struct notice *n, struct err *e)
{
    size_t length = 0;

    if (n->n_params > WHATSAPP_PARAMS_MAX)
        return err_set(e, ERR_INPUT, 0, "%zu parameters; at most %d", n->n_params,
                       (int)WHATSAPP_PARAMS_MAX);
    for (size_t i = 0; i < n->n_params; i++) {
        const char *fault = whatsapp_text_fault(n->params[i].text);

        if (fault)
            return err_set(e, ERR_INPUT, 0, "parameter %zu holds %s", i + 1, fault);
        if (n->named && !whatsapp_is_param_name(n->params[i].name))
            return err_set(e, ERR_INPUT, 0, "parameter %zu has a bad name", i + 1);
        length += whatsapp_text_length(n->params[i].text);
    }
    return length <= TEXTS_MAX ||
           err_set(e, ERR_INPUT, 0, "parameters of %zu characters; at most %d", length,
                   (int)TEXTS_MAX);
}

static bool check_notice(const struct notice *n, struct str echo, struct err *e)
{
    if (!whatsapp_is_number(n->to))
        return err_set(e, ERR_INPUT, 0, "recipient is not + and 7 to 15 digits");
    if (!whatsapp_is_echo(echo))
        return err_set(e, ERR_INPUT, 0, "attempt id is not a1: and a ULID");
    if (!whatsapp_is_template(n->template))
        return err_set(e, ERR_INPUT, 0, "template name is not of a-z 0-9 _");
    if (!whatsapp_is_language(n->language))
        return err_set(e, ERR_INPUT, 0, "language is not a WhatsApp code such as zh_TW");
    if (n->token.p && !whatsapp_is_token(n->token))
        return err_set(e, ERR_INPUT, 0, "link token is not 22 to 128 of A-Z a-z 0-9 - _");
    if (n->replies >> QUICK_REPLIES)
        return err_set(e, ERR_INPUT, 0, "a quick reply that there is not");
    return check_params(n, e);
}

static void add_params(const struct notice *n, struct buf *out)
{
    buf_add(out, STR("{\"type\":\"body\",\"parameters\":["));
    for (size_t i = 0; i < n->n_params; i++) {
        buf_add(out, i ? STR(",{\"type\":\"text\"") : STR("{\"type\":\"text\""));
        if (n->named) {
            buf_add(out, STR(",\"parameter_name\":"));
            json_add_string(out, n->params[i].name);
        }
        buf_add(out, STR(",\"text\":"));
        json_add_string(out, n->params[i].text);
        buf_add_char(out, '}');
    }
    buf_add(out, STR("]}"));
}

static void add_button(struct str token, struct buf *out)
{
    buf_add(out, STR("{\"type\":\"button\",\"sub_type\":\"url\",\"index\":\"0\","
                     "\"parameters\":[{\"type\":\"text\",\"text\":"));
    json_add_string(out, token);
    buf_add(out, STR("}]}"));
}

static void add_replies(const struct notice *n, struct str echo, struct buf *out)
{
    int index = n->token.p ? 1 : 0;

    for (int bit = 0; bit < QUICK_REPLIES; bit++) {
        if (!(n->replies & 1 << bit))
            continue;
        if (n->n_params || index)
            buf_add_char(out, ',');
        buf_printf(out,
                   "{\"type\":\"button\",\"sub_type\":\"quick_reply\",\"index\":\"%d\","
                   "\"parameters\":[{\"type\":\"payload\",\"payload\":\"c1.%.*s.%s\"}]}",
                   index++, (int)(echo.n - 3), echo.p + 3, whatsapp_reply_word(bit));
    }
}

bool whatsapp_body_build(const struct notice *n, struct str echo, struct buf *out, struct err *e)
{
    if (!check_notice(n, echo, e))
        return false;
    buf_add(out,
            STR("{\"messaging_product\":\"whatsapp\",\"recipient_type\":\"individual\",\"to\":"));
    json_add_string(out, n->to);
    buf_add(out, STR(",\"type\":\"template\",\"biz_opaque_callback_data\":"));
    json_add_string(out, echo);
    buf_add(out, STR(",\"template\":{\"name\":"));
    json_add_string(out, n->template);
    buf_add(out, STR(",\"language\":{\"code\":"));
    json_add_string(out, n->language);
    buf_add(out, STR("},\"components\":["));
    if (n->n_params)
        add_params(n, out);
    if (n->n_params && n->token.p)
        buf_add_char(out, ',');
    if (n->token.p)
        add_button(n->token, out);
    add_replies(n, echo, out);
    buf_add(out, STR("]}}"));
    return !out->over || err_set(e, ERR_INPUT, 0, "body longer than %zu bytes", out->max);
}
