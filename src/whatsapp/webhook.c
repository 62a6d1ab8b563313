#include "whatsapp/webhook.h"

#include <string.h>

#include "json.h"
#include "whatsapp/value.h"

enum { WAMID_MAX = 512, NAME_MAX = 32, PHONE_ID_MAX = 32 };

/* Seconds as a string ("1750030073") or a number; from 1e12 on they are milliseconds. */
static int64_t time_of(const cJSON *status)
{
    const cJSON *item = json_at(status, "timestamp");
    int64_t t = 0;

    if (cJSON_IsNumber(item)) {
        if (item->valuedouble < 0 || item->valuedouble > 1e15)
            return 0;
        t = (int64_t)item->valuedouble;
    } else if (cJSON_IsString(item)) {
        struct str s = str_of(item->valuestring);

        if (s.n > 15)
            return 0;
        for (size_t i = 0; i < s.n; i++) {
            if (s.p[i] < '0' || s.p[i] > '9')
                return 0;
            t = t * 10 + (s.p[i] - '0');
        }
    }
    return t < 1000000000000 ? t * 1000 : t;
}

static bool is_status_name(struct str s)
{
    if (s.n == 0 || s.n > NAME_MAX)
        return false;
    for (size_t i = 0; i < s.n; i++) {
        if ((s.p[i] < 'a' || s.p[i] > 'z') && s.p[i] != '_')
            return false;
    }
    return true;
}

static bool read_status(const cJSON *item, struct str phone_number_id, struct arena *a,
                        struct webhook_status *out)
{
    struct str id = json_text(item, "id"), name = json_text(item, "status");
    struct str echo = json_text(item, "biz_opaque_callback_data");
    const cJSON *errors = json_at(item, "errors");

    if (id.n == 0 || id.n > WAMID_MAX || !is_status_name(name))
        return false;
    out->wamid = arena_copy(a, id);
    out->name = arena_copy(a, name);
    if (whatsapp_is_echo(echo))
        out->echo = arena_copy(a, echo);
    out->phone_number_id = phone_number_id;
    out->at_ms = time_of(item);
    if (cJSON_IsArray(errors))
        (void)json_int32(errors->child, "code", &out->error_code);
    return true;
}

/* False: another kind of message, or not our payload. */
static bool read_tap(const cJSON *item, struct str phone_number_id, struct arena *a,
                     struct webhook_tap *out)
{
    struct str wamid = json_text(json_at(item, "context"), "id");

    if (!str_eq(json_text(item, "type"), STR("button")))
        return false;
    out->reply = whatsapp_reply_read(json_text(json_at(item, "button"), "payload"), out->echo);
    if (out->reply < 0)
        return false;
    if (wamid.n && wamid.n <= WAMID_MAX)
        out->wamid = arena_copy(a, wamid);
    out->phone_number_id = phone_number_id;
    out->at_ms = time_of(item);
    return true;
}

static size_t length_of(const cJSON *array)
{
    return cJSON_IsArray(array) ? (size_t)cJSON_GetArraySize(array) : 0;
}

static void read_value(const cJSON *value, struct arena *a, struct webhook *out)
{
    struct str id = json_text(json_at(value, "metadata"), "phone_number_id");
    const cJSON *statuses = json_at(value, "statuses"), *item;
    const cJSON *at = json_at(value, "messages"), *messages = cJSON_IsArray(at) ? at : NULL;

    id = id.n && id.n <= PHONE_ID_MAX ? arena_copy(a, id) : (struct str){NULL, 0};
    out->n_messages += length_of(messages);
    cJSON_ArrayForEach(item, messages)
    {
        if (read_tap(item, id, a, &out->taps[out->n_taps]))
            out->n_taps++;
    }
    out->n_errors += length_of(json_at(value, "errors"));
    if (statuses && !cJSON_IsArray(statuses))
        out->n_malformed++;
    if (!cJSON_IsArray(statuses))
        return;
    cJSON_ArrayForEach(item, statuses)
    {
        if (read_status(item, id, a, &out->statuses[out->n_statuses]))
            out->n_statuses++;
        else
            out->n_malformed++;
    }
}

static void read_change(const cJSON *change, struct arena *a, struct webhook *out)
{
    struct str field = json_text(change, "field");
    const cJSON *value = json_at(change, "value");

    if (!field.p || !cJSON_IsObject(value))
        out->n_malformed++;
    else if (str_eq(field, STR("messages")))
        read_value(value, a, out);
    else
        out->n_events++;
}

/* Calls `each` for every change of every entry. */
static void for_changes(const cJSON *tree, struct arena *a, struct webhook *out,
                        void (*each)(const cJSON *, struct arena *, struct webhook *))
{
    const cJSON *entry, *change;

    cJSON_ArrayForEach(entry, json_at(tree, "entry"))
    {
        const cJSON *changes = json_at(entry, "changes");

        if (!cJSON_IsArray(changes)) {
            out->n_malformed++;
            continue;
        }
        cJSON_ArrayForEach(change, changes) each(change, a, out);
    }
}

static void count_statuses(const cJSON *change, struct arena *a, struct webhook *out)
{
    (void)a;
    out->n_statuses += length_of(json_at(json_at(change, "value"), "statuses"));
    out->n_taps += length_of(json_at(json_at(change, "value"), "messages"));
}

bool webhook_parse(struct str body, struct arena *a, struct webhook *out, struct err *e)
{
    cJSON *tree = json_tree(body);
    struct webhook count = {0};

    *out = (struct webhook){0};
    if (!tree)
        return err_set(e, ERR_INPUT, 0, "webhook of %zu bytes is not JSON", body.n);
    if (!str_eq(json_text(tree, "object"), STR("whatsapp_business_account")) ||
        !cJSON_IsArray(json_at(tree, "entry"))) {
        cJSON_Delete(tree);
        return err_set(e, ERR_INPUT, 0, "webhook of %zu bytes is not a WhatsApp envelope", body.n);
    }
    for_changes(tree, a, &count, count_statuses);
    out->statuses = NEW_ARRAY(a, struct webhook_status, count.n_statuses ? count.n_statuses : 1);
    out->taps = NEW_ARRAY(a, struct webhook_tap, count.n_taps + 1);
    for_changes(tree, a, out, read_change);
    cJSON_Delete(tree);
    return true;
}
