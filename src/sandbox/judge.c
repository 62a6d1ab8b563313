/* POST /messages as the Cloud API judges it (WhatsApp page §2, §4). Any order of keys, any spacing. */
#include <stdlib.h>

#include "sandbox_impl.h"
#include "whatsapp/value.h"

enum { OPAQUE_MAX = 512, FILLED_MAX = 1024 };

struct judge {
    const struct sandbox *s;
    struct bubble *m;
    struct refusal *why;
    const struct feed_template *template;
    const struct feed_body *body;
    struct param params[32];
    size_t n_params;
    int n_replies;
};

/* Refusals read as Meta's do; details may name what the sender wrote, as Meta's do. */
static bool refuse(struct judge *j, int status, int32_t code, const char *message,
                   struct str details)
{
    *j->why = (struct refusal){status, code, message, details};
    return false;
}

static bool bad(struct judge *j, const char *details)
{
    return refuse(j, 400, 131009, "Parameter value is not valid", str_of(details));
}

static const cJSON *member(const cJSON *o, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(o, name);
}

static struct str text_of(const cJSON *o, const char *name)
{
    const cJSON *item = member(o, name);

    return cJSON_IsString(item) ? str_of(item->valuestring) : (struct str){NULL, 0};
}

static bool known_keys(struct judge *j, const cJSON *o, const char *const *names)
{
    const cJSON *item;

    cJSON_ArrayForEach(item, o)
    {
        size_t i = 0;

        while (names[i] && (!item->string || strcmp(names[i], item->string) != 0))
            i++;
        if (!names[i])
            return refuse(j, 400, 100, "Invalid parameter",
                          arena_printf(&j->m->arena, "Unexpected key \"%.64s\"",
                                       item->string ? item->string : ""));
    }
    return true;
}

static bool read_envelope(struct judge *j, const cJSON *o)
{
    static const char *const keys[] = {
        "messaging_product", "recipient_type",           "to", "type",
        "template",          "biz_opaque_callback_data", NULL};
    struct str kind = text_of(o, "recipient_type"), opaque = text_of(o, "biz_opaque_callback_data");

    if (!cJSON_IsObject(o))
        return refuse(j, 400, 100, "Invalid parameter", STR("the body is not a JSON object"));
    if (!known_keys(j, o, keys))
        return false;
    if (!str_eq(text_of(o, "messaging_product"), STR("whatsapp")))
        return refuse(j, 400, 100, "The parameter messaging_product is required.",
                      (struct str){NULL, 0});
    if (member(o, "recipient_type") && !str_eq(kind, STR("individual")))
        return bad(j, "recipient_type must be individual");
    if (!text_of(o, "to").p)
        return refuse(j, 400, 100, "The parameter to is required.", (struct str){NULL, 0});
    if (!whatsapp_is_number(text_of(o, "to")))
        return bad(j, "to must be + and 7 to 15 digits");
    if (!str_eq(text_of(o, "type"), STR("template")))
        return refuse(j, 400, 131051, "Unsupported message type", STR("only templates here"));
    if (member(o, "biz_opaque_callback_data") && !opaque.p)
        return bad(j, "biz_opaque_callback_data must be a string");
    if (whatsapp_text_length(opaque) > OPAQUE_MAX)
        return bad(j, "biz_opaque_callback_data must be no more than 512 characters");
    j->m->to = arena_copy(&j->m->arena, text_of(o, "to"));
    j->m->echo = opaque.p ? arena_copy(&j->m->arena, opaque) : opaque;
    return true;
}

/* The template of that name and its body in that language; *body NULL: there is none. */
static const struct feed_template *find_template(const struct sandbox *s, struct str name,
                                                 struct str language, const struct feed_body **body)
{
    const struct feed_template *t = NULL;

    for (size_t i = 0; i < s->set.n_templates && !t; i++) {
        if (str_eq(str_of(s->set.templates[i]->name), name))
            t = s->set.templates[i];
    }
    for (size_t i = 0; t && i < t->n_bodies; i++) {
        if (str_eq(str_of(t->bodies[i].language), language))
            *body = &t->bodies[i];
    }
    return t;
}

static bool read_template(struct judge *j, const cJSON *t)
{
    static const char *const keys[] = {"name", "language", "components", NULL};
    static const char *const language_keys[] = {"code", "policy", NULL};
    struct str name = text_of(t, "name"), code = text_of(member(t, "language"), "code");
    struct arena *a = &j->m->arena;

    if (!cJSON_IsObject(t) || !name.p || !code.p)
        return refuse(j, 400, 131008, "Required parameter is missing",
                      STR("template name and language code are required"));
    if (!known_keys(j, t, keys) || !known_keys(j, member(t, "language"), language_keys))
        return false;
    j->template = find_template(j->s, name, code, &j->body);
    if (!j->body)
        return refuse(j, 404, 132001, "Template name does not exist in the translation",
                      arena_printf(a, "template name (%.*s) does not exist in %.*s",
                                   (int)(name.n > 64 ? 64 : name.n), name.p,
                                   (int)(code.n > 16 ? 16 : code.n), code.p));
    j->m->template = arena_copy(a, name);
    j->m->language = arena_copy(a, code);
    return true;
}

static bool read_param(struct judge *j, const cJSON *p, size_t at)
{
    static const char *const keys[] = {"type", "parameter_name", "text", NULL};
    struct str text = text_of(p, "text"), name = text_of(p, "parameter_name");
    const char *want = at < j->template->n_params ? j->template->params[at] : "";

    if (!known_keys(j, p, keys))
        return false;
    if (!str_eq(text_of(p, "type"), STR("text")) || text.n == 0)
        return refuse(j, 400, 131008, "Required parameter is missing",
                      STR("body: a parameter needs type text and a text"));
    if (whatsapp_text_fault(text))
        return refuse(j, 400, 100, "Invalid parameter",
                      STR("Param text cannot have new-line/tab characters or more than 4 "
                          "consecutive spaces"));
    if (!j->template->named && name.p)
        return refuse(j, 400, 132012, "Template parameter format does not match",
                      STR("body: parameter_name in a positional template"));
    if (j->template->named && !str_eq(name, str_of(want)))
        return refuse(j, 400, 132012, "Template parameter format does not match",
                      STR("body: parameter_name is missing or not the template's"));
    j->params[at] = (struct param){str_of(want), arena_copy(&j->m->arena, text)};
    return true;
}

static bool read_body(struct judge *j, const cJSON *component)
{
    static const char *const keys[] = {"type", "parameters", NULL};
    const cJSON *params = member(component, "parameters"), *p;
    size_t n = cJSON_IsArray(params) ? (size_t)cJSON_GetArraySize(params) : 0, at = 0;

    if (!known_keys(j, component, keys))
        return false;
    if (n != j->template->n_params || n > 32)
        return refuse(j, 400, 132000,
                      "Number of parameters does not match the expected number of params",
                      arena_printf(&j->m->arena,
                                   "body: number of localizable_params (%zu) does not match the "
                                   "expected number of params (%zu)",
                                   n, j->template->n_params));
    cJSON_ArrayForEach(p, params)
    {
        if (!read_param(j, p, at++))
            return false;
    }
    j->n_params = n;
    return true;
}

/* Documented as a string; SDKs send integers. */
static bool is_index(const cJSON *index, int n)
{
    const char digit[] = {(char)('0' + n), '\0'};

    return (cJSON_IsString(index) && strcmp(index->valuestring, digit) == 0) ||
           (cJSON_IsNumber(index) && index->valueint == n);
}

static int count_bits(unsigned bits)
{
    int n = 0;

    for (; bits; bits &= bits - 1)
        n++;
    return n;
}

enum { PAYLOAD_MAX = 128 };

/* Each in the template's order, behind the link when there is one. */
static bool read_reply(struct judge *j, const cJSON *component)
{
    static const char *const param_keys[] = {"type", "payload", NULL};
    const cJSON *params = member(component, "parameters");
    const cJSON *p = cJSON_IsArray(params) ? params->child : NULL;
    struct str payload = text_of(p, "payload");

    if (p && !known_keys(j, p, param_keys))
        return false;
    if (j->n_replies == count_bits(j->template->replies) ||
        !is_index(member(component, "index"), (j->template->link ? 1 : 0) + j->n_replies))
        return refuse(j, 400, 132018, "There was an issue with the parameters in your template",
                      STR("buttons: the template has no quick reply at this index"));
    if (!p || p->next || !str_eq(text_of(p, "type"), STR("payload")) || payload.n == 0 ||
        payload.n > PAYLOAD_MAX)
        return refuse(j, 400, 131008, "Required parameter is missing",
                      STR("buttons: a quick reply needs one payload"));
    j->m->payloads[j->n_replies++] = arena_copy(&j->m->arena, payload);
    return true;
}

static bool read_button(struct judge *j, const cJSON *component)
{
    static const char *const keys[] = {"type", "sub_type", "index", "parameters", NULL};
    static const char *const param_keys[] = {"type", "text", NULL};
    const cJSON *params = member(component, "parameters");
    const cJSON *p = cJSON_IsArray(params) ? params->child : NULL;
    struct str token = text_of(p, "text");

    if (!known_keys(j, component, keys))
        return false;
    if (str_eq(text_of(component, "sub_type"), STR("quick_reply")))
        return read_reply(j, component);
    if (!str_eq(text_of(component, "sub_type"), STR("url")))
        return bad(j, "button: sub_type must be url or quick_reply");
    if (p && !known_keys(j, p, param_keys))
        return false;
    if (!is_index(member(component, "index"), 0))
        return bad(j, "button: index must be \"0\"");
    if (!j->template->link)
        return refuse(j, 400, 132018, "There was an issue with the parameters in your template",
                      STR("buttons: the template has no button that takes a parameter"));
    if (!p || p->next || !str_eq(text_of(p, "type"), STR("text")) || token.n == 0)
        return refuse(j, 400, 131008, "Required parameter is missing",
                      STR("buttons: Button at index 0 of type Url requires a parameter"));
    if (!whatsapp_is_token(token))
        return bad(j, "buttons: the URL parameter must be of A-Z a-z 0-9 - _");
    if (j->m->token.p)
        return bad(j, "buttons: index 0 is there twice");
    j->m->token = arena_copy(&j->m->arena, token);
    return true;
}

static bool read_components(struct judge *j, const cJSON *components)
{
    const cJSON *c;
    size_t bodies = 0;

    cJSON_ArrayForEach(c, components)
    {
        struct str type = text_of(c, "type");

        if (str_eq(type, STR("body")) && bodies++ == 0) {
            if (!read_body(j, c))
                return false;
        } else if (str_eq(type, STR("button"))) {
            if (!read_button(j, c))
                return false;
        } else {
            return bad(j, "components: neither one body nor a button");
        }
    }
    if (bodies == 0 && j->template->n_params)
        return read_body(j, NULL);
    if (j->template->link && !j->m->token.p)
        return refuse(j, 400, 131008, "Required parameter is missing",
                      STR("buttons: Button at index 0 of type Url requires a parameter"));
    return true;
}

static struct str notice_key(const struct judge *j)
{
    struct bubble *m = j->m;
    struct buf key = buf_new(65536);
    struct str out;

    buf_printf(&key, STR_FMT "|" STR_FMT "|" STR_FMT "|", STR_ARG(m->to), STR_ARG(m->template),
               STR_ARG(m->language));
    for (size_t i = 0; i < j->n_params; i++) {
        buf_add(&key, j->params[i].text);
        buf_add_char(&key, '|');
    }
    buf_add(&key, m->token);
    out = arena_copy(&m->arena, buf_str(&key));
    buf_reset(&key);
    return out;
}

static bool fill(struct judge *j)
{
    struct bubble *m = j->m;

    m->text = render_text(str_of(j->body->text), j->template, j->params, &m->arena);
    m->footer = str_of(j->body->footer);
    m->key = notice_key(j);
    return whatsapp_text_length(m->text) <= FILLED_MAX ||
           refuse(j, 400, 132005, "Translated text too long", STR("body: over 1024 characters"));
}

bool judge_send(const struct sandbox *s, struct str json, struct bubble *m, struct refusal *why)
{
    struct judge j = {.s = s, .m = m, .why = why};
    cJSON *tree = json.n ? cJSON_ParseWithLength(json.p, json.n) : NULL;
    bool ok = read_envelope(&j, tree) && read_template(&j, member(tree, "template")) &&
              read_components(&j, member(member(tree, "template"), "components")) && fill(&j);

    cJSON_Delete(tree);
    m->payload = arena_copy(&m->arena, json);
    return ok;
}
