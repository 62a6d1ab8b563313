#include <stdlib.h>

#include "sandbox_impl.h"

static const cJSON *member(const cJSON *o, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(o, name);
}

static int64_t number(const cJSON *o, const char *name, int64_t standard)
{
    const cJSON *item = member(o, name);

    return cJSON_IsNumber(item) && item->valuedouble >= 0 && item->valuedouble < 1e9
               ? (int64_t)item->valuedouble
               : standard;
}

static bool read_drop(const cJSON *o, struct rule *r)
{
    const cJSON *drop = member(o, "drop");

    if (!drop)
        return true;
    if (cJSON_IsString(drop) && strcmp(drop->valuestring, "before") == 0)
        r->drop = DROP_BEFORE;
    else if (cJSON_IsString(drop) && strcmp(drop->valuestring, "after") == 0)
        r->drop = DROP_AFTER;
    return r->drop != DROP_NONE;
}

/* "delivered", "failed:131026" */
static bool read_status(const cJSON *item, struct rule_status *out)
{
    struct str rest, name;

    if (!cJSON_IsString(item))
        return false;
    rest = str_of(item->valuestring);
    name = str_cut(&rest, ':');
    if (name.n == 0 || name.n >= sizeof out->name)
        return false;
    memcpy(out->name, name.p, name.n);
    out->code = rest.p ? (int32_t)strtol(rest.p, NULL, 10) : 0;
    return true;
}

static bool read_statuses(const cJSON *o, struct rule *r)
{
    const cJSON *all = member(o, "statuses"), *item;

    r->has_statuses = all != NULL;
    if (all && !cJSON_IsArray(all))
        return false;
    cJSON_ArrayForEach(item, all)
    {
        if (r->n_statuses == RULE_STATUSES_MAX || !read_status(item, &r->statuses[r->n_statuses++]))
            return false;
    }
    return true;
}

static bool known_keys(const cJSON *o)
{
    static const char *const keys[] = {"n",     "code",     "http",        "body",
                                       "drop",  "delay_ms", "retry_after", "statuses",
                                       "batch", "echo",     "milliseconds"};
    const cJSON *item;

    cJSON_ArrayForEach(item, o)
    {
        size_t i = 0;

        while (i < sizeof keys / sizeof *keys && strcmp(keys[i], item->string) != 0)
            i++;
        if (i == sizeof keys / sizeof *keys)
            return false;
    }
    return true;
}

bool rule_read(struct str json, struct rule **out, struct err *e)
{
    cJSON *o = json.n ? cJSON_ParseWithLength(json.p, json.n) : NULL;
    struct rule *r = calloc(1, sizeof *r);
    const cJSON *body = member(o, "body");
    bool ok = r && cJSON_IsObject(o) && known_keys(o) && read_drop(o, r) && read_statuses(o, r);

    if (ok) {
        r->n = number(o, "n", 1);
        r->code = (int32_t)number(o, "code", -1);
        r->http = (int)number(o, "http", 0);
        r->delay_ms = number(o, "delay_ms", 0);
        r->retry_after_s = number(o, "retry_after", -1);
        r->batch = cJSON_IsTrue(member(o, "batch"));
        r->no_echo = cJSON_IsFalse(member(o, "echo"));
        r->milliseconds = cJSON_IsTrue(member(o, "milliseconds"));
        r->body = cJSON_IsString(body) ? strdup(body->valuestring) : NULL;
        *out = r;
    } else {
        rule_free(r);
        err_set(e, ERR_INPUT, 0, "not a rule");
    }
    cJSON_Delete(o);
    return ok;
}

void rule_free(struct rule *r)
{
    if (r)
        free(r->body);
    free(r);
}

bool sandbox_rule(struct sandbox *s, struct str json, struct err *e)
{
    struct rule *r, **last = &s->rules;

    if (!rule_read(json, &r, e))
        return false;
    while (*last)
        last = &(*last)->next;
    *last = r;
    return true;
}

void rule_on_post(struct http_exchange *x)
{
    struct err e;
    bool ok = sandbox_rule(x->ctx, x->request.body, &e);
    struct http_answer a = {.status = ok ? 200 : 400,
                            .content_type = "text/plain",
                            .body = ok ? STR("ok\n") : STR("not a rule\n")};

    http_answer(x, &a);
}

struct rule *rule_take(struct sandbox *s, struct rule *copy)
{
    struct rule *r = s->rules;

    if (!r)
        return NULL;
    *copy = *r;
    copy->body = r->body ? strdup(r->body) : NULL;
    if (--r->n <= 0) {
        s->rules = r->next;
        rule_free(r);
    }
    return copy;
}
