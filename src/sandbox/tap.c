/* A patient taps a quick reply: POST /__tap, and the webhook that follows. */
#include "base/encode.h"
#include "sandbox_impl.h"

enum { BODY_MAX = 65536 };

static struct bubble *bubble_of(const struct sandbox *s, const cJSON *echo)
{
    for (size_t i = 0; cJSON_IsString(echo) && i < s->n_messages; i++) {
        if (s->messages[i]->echo.p && str_eq(s->messages[i]->echo, str_of(echo->valuestring)))
            return s->messages[i];
    }
    return NULL;
}

/* Its payload ends in what the reply is called on the wire. */
static struct str payload_of(const struct bubble *m, const cJSON *reply)
{
    static const char *const words[QUICK_REPLIES] = {".ok", ".rs", ".cx"};

    for (int bit = 0; cJSON_IsString(reply) && bit < QUICK_REPLIES; bit++) {
        if (strcmp(reply->valuestring, quick_reply_name(bit)) != 0)
            continue;
        for (int i = 0; i < QUICK_REPLIES; i++) {
            struct str p = m->payloads[i];

            if (p.n > 3 && memcmp(p.p + p.n - 3, words[bit], 3) == 0)
                return p;
        }
    }
    return (struct str){NULL, 0};
}

static void write_tap(const struct sandbox *s, const struct bubble *m, struct str payload,
                      struct buf *out)
{
    struct buf json = buf_new(BODY_MAX);
    char id[WAMID_TEXT / 2];
    uint8_t random[12];

    sandbox_random(s, random, sizeof random);
    base64url_encode(random, sizeof random, id);
    buf_printf(&json,
               "{\"object\":\"whatsapp_business_account\",\"entry\":[{\"id\":\"102290129340398\","
               "\"changes\":[{\"value\":{\"messaging_product\":\"whatsapp\",\"metadata\":{"
               "\"display_phone_number\":\"15550783881\",\"phone_number_id\":\"%s\"},"
               "\"contacts\":[{\"profile\":{\"name\":\"沙盒 🙂\"},\"wa_id\":\"%s\"}],"
               "\"messages\":[{\"type\":\"button\",\"from\":\"%s\",\"id\":\"wamid.%s\","
               "\"timestamp\":\"%lld\",\"context\":{\"from\":\"15550783881\",\"id\":",
               s->set.phone_number_id, m->to.p + 1, m->to.p + 1, id,
               (long long)(clock_now_ms(s->set.clock) / 1000));
    json_add_string(&json, m->wamid);
    buf_add(&json, STR("},\"button\":{\"payload\":"));
    json_add_string(&json, payload);
    buf_add(&json, STR(",\"text\":\"a quick reply\"}}]},\"field\":\"messages\"}]}]}"));
    *out = buf_new(8 * BODY_MAX);
    wire_style(buf_str(&json), out);
    buf_reset(&json);
}

void tap_on_post(struct http_exchange *x)
{
    struct sandbox *s = x->ctx;
    struct str json = x->request.body;
    cJSON *o = json.n ? cJSON_ParseWithLength(json.p, json.n) : NULL;
    struct bubble *m = bubble_of(s, cJSON_GetObjectItemCaseSensitive(o, "echo"));
    struct str payload = {NULL, 0};
    struct http_answer a = {.status = 404,
                            .content_type = "text/plain",
                            .body = STR("no such message, or no such reply\n")};

    if (m)
        payload = payload_of(m, cJSON_GetObjectItemCaseSensitive(o, "reply"));
    cJSON_Delete(o);
    if (payload.p) {
        struct buf body;

        write_tap(s, m, payload, &body);
        hook_add_body(s, m, &body);
        a = (struct http_answer){.status = 200, .content_type = "text/plain", .body = STR("ok\n")};
    }
    http_answer(x, &a);
}
