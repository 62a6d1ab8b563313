#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/container_of.h"
#include "check.h"
#include "wa_house.h"
#include "whatsapp/signature.h"

struct ask {
    struct http_call call;
    char url[256];
    struct buf reply;
    bool done;
};

static void ask_done(struct http_call *c)
{
    struct ask *a = container_of(c, struct ask, call);

    a->done = true;
    buf_add(&a->reply, c->reply);
}

/* The status, 0 when no answer came; the reply is the caller's to reset. */
static int ask(struct house *h, const char *path, const char *bearer, struct str body,
               struct buf *reply)
{
    struct ask a = {.reply = buf_new(1 << 20)};
    struct err e = {0};

    (void)snprintf(a.url, sizeof a.url, "http://127.0.0.1:%d%s", sandbox_port(h->sandbox), path);
    a.call = (struct http_call){.url = a.url,
                                .bearer = bearer,
                                .content_type = "application/json",
                                .body = body,
                                .timeout_ms = 10000,
                                .max_reply = 1 << 20,
                                .done = ask_done};
    CHECK(http_start(h->http, &a.call, &e), "%s", e.text);
    while (!a.done)
        uv_run(&h->loop, UV_RUN_ONCE);
    *reply = a.reply;
    return a.call.sent == HTTP_ANSWERED ? a.call.status : 0;
}

#define MESSAGES "/v25.0/" HOUSE_PHONE_ID "/messages"
#define TOKEN    "q7Zr0o5mS9yQm2c1hT3Xgw"
#define BUTTON                                                                                     \
    "{\"type\":\"button\",\"sub_type\":\"url\",\"index\":\"0\",\"parameters\":[{\"type\":"         \
    "\"text\",\"text\":\"" TOKEN "\"}]}"
#define BODY(text) "{\"type\":\"body\",\"parameters\":[{\"type\":\"text\",\"text\":\"" text "\"}]}"
#define SEND(to, name, language, components)                                                       \
    "{\"messaging_product\":\"whatsapp\",\"to\":\"" to "\",\"type\":\"template\",\"template\":"    \
    "{\"name\":\"" name "\",\"language\":{\"code\":\"" language "\"},\"components\":[" components  \
    "]}}"
#define GOOD SEND("+12015550123", "visit_update", "en", BODY("North") "," BUTTON)

static int32_t code_of(const struct buf *reply)
{
    cJSON *tree = cJSON_ParseWithLength(reply->p, reply->n);
    const cJSON *error = cJSON_GetObjectItemCaseSensitive(tree, "error");
    const cJSON *code = cJSON_GetObjectItemCaseSensitive(error, "code");
    bool whole = cJSON_GetObjectItemCaseSensitive(error, "fbtrace_id") &&
                 cJSON_GetObjectItemCaseSensitive(error, "message");
    int32_t out = cJSON_IsNumber(code) ? (whole ? code->valueint : -2) : -1;

    cJSON_Delete(tree);
    return out;
}

static void test_judge(void)
{
    static const struct {
        const char *name, *bearer, *path, *body;
        int status;
        int32_t code; /* -1: accepted */
    } cases[] = {
        {"good", "the token", MESSAGES, GOOD, 200, -1},
        {"integer index", "the token", MESSAGES,
         SEND("+12015550123", "visit_update", "en",
              BODY("North") ",{\"type\":\"button\",\"sub_type\":\"url\",\"index\":0,"
                            "\"parameters\":[{\"type\":\"text\",\"text\":\"" TOKEN "\"}]}"),
         200, -1},
        {"no bearer", NULL, MESSAGES, GOOD, 401, 190},
        {"another bearer", "x", MESSAGES, GOOD, 401, 190},
        {"another number", "the token", "/v25.0/5/messages", GOOD, 400, 100},
        {"no version", "the token", "/vx/" HOUSE_PHONE_ID "/messages", GOOD, 400, 2500},
        {"not JSON", "the token", MESSAGES, "{", 400, 100},
        {"an array", "the token", MESSAGES, "[]", 400, 100},
        {"no product", "the token", MESSAGES, "{\"to\":\"+12015550123\"}", 400, 100},
        {"no plus", "the token", MESSAGES,
         SEND("12015550123", "visit_update", "en", BODY("North") "," BUTTON), 400, 131009},
        {"no template", "the token", MESSAGES,
         SEND("+12015550123", "nothing", "en", BODY("North") "," BUTTON), 404, 132001},
        {"no translation", "the token", MESSAGES,
         SEND("+12015550123", "visit_update", "fr", BODY("North") "," BUTTON), 404, 132001},
        {"no parameter", "the token", MESSAGES, SEND("+12015550123", "visit_update", "en", BUTTON),
         400, 132000},
        {"button value in the body", "the token", MESSAGES,
         SEND("+12015550123", "visit_update", "en",
              "{\"type\":\"body\",\"parameters\":[{\"type\":\"text\",\"text\":\"North\"},{\"type\":"
              "\"text\",\"text\":\"" TOKEN "\"}]}"),
         400, 132000},
        {"named in a positional one", "the token", MESSAGES,
         SEND("+12015550123", "visit_update", "en",
              "{\"type\":\"body\",\"parameters\":[{\"type\":\"text\",\"parameter_name\":"
              "\"site_name\",\"text\":\"North\"}]}," BUTTON),
         400, 132012},
        {"no button", "the token", MESSAGES,
         SEND("+12015550123", "visit_update", "en", BODY("North")), 400, 131008},
        {"button without index", "the token", MESSAGES,
         SEND("+12015550123", "visit_update", "en",
              BODY("North") ",{\"type\":\"button\",\"sub_type\":\"url\",\"parameters\":[{"
                            "\"type\":\"text\",\"text\":\"" TOKEN "\"}]}"),
         400, 131009},
        {"button at 1", "the token", MESSAGES,
         SEND("+12015550123", "visit_update", "en",
              BODY("North") ",{\"type\":\"button\",\"sub_type\":\"url\",\"index\":\"1\","
                            "\"parameters\":[{\"type\":\"text\",\"text\":\"" TOKEN "\"}]}"),
         400, 131009},
        {"suffix that needs escaping", "the token", MESSAGES,
         SEND("+12015550123", "visit_update", "en",
              BODY("North") ",{\"type\":\"button\",\"sub_type\":\"url\",\"index\":\"0\","
                            "\"parameters\":[{\"type\":\"text\",\"text\":\"a/b\"}]}"),
         400, 131009},
        {"newline", "the token", MESSAGES,
         SEND("+12015550123", "visit_update", "en", BODY("a\\nb") "," BUTTON), 400, 100},
        {"four spaces", "the token", MESSAGES,
         SEND("+12015550123", "visit_update", "en", BODY("a    b") "," BUTTON), 400, 100},
        {"empty text", "the token", MESSAGES,
         SEND("+12015550123", "visit_update", "en", BODY("") "," BUTTON), 400, 131008},
        {"unknown key", "the token", MESSAGES, "{\"messaging_product\":\"whatsapp\",\"mrn\":\"1\"}",
         400, 100},
        {"free text", "the token", MESSAGES,
         "{\"messaging_product\":\"whatsapp\",\"to\":\"+12015550123\",\"type\":\"text\"}", 400,
         131051},
    };
    struct house h;
    size_t accepted = 0;

    house_open(&h, &(struct house_settings){.no_webhooks = true});
    for
        EACH (i, cases) {
            struct buf reply;
            int status = ask(&h, cases[i].path, cases[i].bearer, str_of(cases[i].body), &reply);

            accepted += cases[i].code == -1;
            CHECK(status == cases[i].status, "%s: %d %s", cases[i].name, status, reply.p);
            CHECK(code_of(&reply) == cases[i].code, "%s: %s", cases[i].name, reply.p);
            buf_reset(&reply);
        }
    CHECK(sandbox_accepted(h.sandbox) == accepted && accepted == 2, "%zu accepted", accepted);
    CHECK(sandbox_tally(h.sandbox).most_by_notice == 2, "the same notice twice is seen");
    house_close(&h);
}

static void test_opaque(void)
{
    static char opaque[514];

    for (size_t n = 512; n <= 513; n++) {
        struct buf body = buf_new(4096), reply;
        struct house h;
        int status;

        memset(opaque, 'x', n);
        house_open(&h, &(struct house_settings){.no_webhooks = true});
        buf_printf(&body,
                   "{\"biz_opaque_callback_data\":\"%.*s\",\"messaging_product\":\"whatsapp\","
                   "\"to\":\"+12015550123\",\"type\":\"template\",\"template\":{\"name\":"
                   "\"visit_update\",\"language\":{\"code\":\"en\"},\"components\":[" BODY(
                       "North") "," BUTTON "]}}",
                   (int)n, opaque);
        status = ask(&h, MESSAGES, "the token", buf_str(&body), &reply);
        CHECK(status == (n == 512 ? 200 : 400), "%zu characters: %d", n, status);
        buf_reset(&body);
        buf_reset(&reply);
        house_close(&h);
    }
}

/* ---- webhooks as they arrive ---- */

struct catcher {
    struct http_server *server;
    struct buf body[8];
    size_t n;
    int refuse; /* answers 503 to so many first */
    bool signed_well, closed;
};

static void on_hook(struct http_exchange *x)
{
    struct catcher *c = x->ctx;
    struct str secret = STR(HOUSE_SECRET);
    struct http_answer a = {.status = c->refuse > 0 ? 503 : 200};

    c->signed_well &= http_header_count(&x->request, "X-Hub-Signature-256") == 1 &&
                      whatsapp_signature_ok(http_header(&x->request, "x-hub-signature-256"),
                                            x->request.body, &secret, 1);
    if (c->refuse-- <= 0 && c->n < 8) {
        c->body[c->n] = buf_new(65536);
        buf_add(&c->body[c->n++], x->request.body);
    }
    http_answer(x, &a);
}

static void on_caught(void *ctx)
{
    ((struct catcher *)ctx)->closed = true;
}

static void check_wire(const struct buf *body)
{
    struct str s = buf_str(body);

    for (size_t i = 0; i < s.n; i++) {
        if ((unsigned char)s.p[i] >= 0x80 || (s.p[i] == '/' && s.p[i - 1] != '\\'))
            CHECK(false, "byte %zu is not Meta's style", i);
    }
    CHECK(strstr(s.p, "\\u6c99\\u76d2 \\ud83d\\ude42"), "lower-case escapes: %s", s.p);
}

static void test_wire(void)
{
    struct catcher c = {.signed_well = true, .refuse = 2};
    struct http_route route = {"POST", "/hook", 65536, on_hook, &c};
    struct http_settings http;
    struct house h;
    struct buf reply;
    struct err e;
    char url[64];

    house_open(&h, &(struct house_settings){.no_webhooks = true});
    http = http_settings_default(&h.loop, "127.0.0.1", 0);
    http.routes = &route;
    http.n_routes = 1;
    CHECK(http_server_open(&http, &c.server, &e), "%s", e.text);
    CHECK(ask(&h, MESSAGES, "the token", STR(GOOD), &reply) == 200, "%s", reply.p);
    buf_reset(&reply);
    CHECK(sandbox_tally(h.sandbox).hooks_open == 2, "they wait for an address");
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%d/hook", http_server_port(c.server));
    sandbox_set_webhook(h.sandbox, url);
    CHECK(house_until(&h, house_quiet), "never quiet");
    CHECK(c.n == 2 && c.signed_well, "%zu webhooks, after two refusals", c.n);
    for (size_t i = 0; i < c.n; i++) {
        check_wire(&c.body[i]);
        CHECK(strstr(c.body[i].p, i ? "\"delivered\"" : "\"sent\""), "in order");
        buf_reset(&c.body[i]);
    }
    http_server_close(c.server, 0, on_caught, &c);
    while (!c.closed)
        uv_run(&h.loop, UV_RUN_ONCE);
    house_close(&h);
}

/* ---- pages ---- */

static void test_pages(void)
{
    struct house h;
    struct buf reply;

    house_open(&h, &(struct house_settings){0});
    CHECK(ask(&h, "/phone", NULL, (struct str){NULL, 0}, &reply) == 200, "empty phone");
    CHECK(strstr(reply.p, "No message yet") && strstr(reply.p, "src=\"/phone.js\""), "%s", reply.p);
    buf_reset(&reply);
    CHECK(ask(&h, "/phone.js", NULL, (struct str){NULL, 0}, &reply) == 200 &&
              strstr(reply.p, "fetch(\"/phone\""),
          "script");
    buf_reset(&reply);
    house_notice(&h, HOUSE_TO, "北院 <門診> & \"B\"");
    house_ring(&h);
    CHECK(house_until(&h, house_quiet), "never quiet");
    CHECK(ask(&h, "/phone", NULL, (struct str){NULL, 0}, &reply) == 200, "phone");
    CHECK(strstr(reply.p, "您在北院 &lt;門診&gt; &amp; &quot;B&quot;的預約有更新。<br>請點選"),
          "%s", reply.p);
    CHECK(strstr(reply.p, "href=\"https://links.example/l/0123456789"), "%s", reply.p);
    CHECK(strstr(reply.p, "aria-label=\"delivered\"") && strstr(reply.p, "lang=\"zh-TW\"") &&
              strstr(reply.p, "請勿回覆"),
          "%s", reply.p);
    buf_reset(&reply);
    CHECK(ask(&h, "/phone.json", NULL, (struct str){NULL, 0}, &reply) == 200 &&
              strstr(reply.p, "\"delivery\":\"delivered\"") &&
              strstr(reply.p, "\"url\":\"https://links.example/l/0123456789"),
          "%s", reply.p);
    buf_reset(&reply);
    CHECK(ask(&h, "/__sent", NULL, (struct str){NULL, 0}, &reply) == 200 &&
              strstr(reply.p, "\"accepted\":1,\"most_by_echo\":1,\"most_by_notice\":1") &&
              strstr(reply.p, "\"grammar\":true,\"payload\":{\"messaging_product\""),
          "%s", reply.p);
    buf_reset(&reply);
    CHECK(ask(&h, "/portal", NULL, (struct str){NULL, 0}, &reply) == 200 &&
              strstr(reply.p, "Simulated patient portal") && strstr(reply.p, "carries no code"),
          "%s", reply.p);
    buf_reset(&reply);
    CHECK(ask(&h, "/portal?code=dGhlIGNvZGU", NULL, (struct str){NULL, 0}, &reply) == 200 &&
              strstr(reply.p, "POST /links/redeem") && !strstr(reply.p, "dGhlIGNvZGU"),
          "%s", reply.p);
    buf_reset(&reply);
    sandbox_set_link_base(h.sandbox, "https://links.example/{language}/l/");
    CHECK(ask(&h, "/phone", NULL, (struct str){NULL, 0}, &reply) == 200 &&
              strstr(reply.p, "href=\"https://links.example/zh-TW/l/0123456789"),
          "%s", reply.p);
    buf_reset(&reply);
    CHECK(ask(&h, "/v25.0/" HOUSE_PHONE_ID, "the token", (struct str){NULL, 0}, &reply) == 200,
          "probe");
    buf_reset(&reply);
    house_close(&h);
}

static void test_rules(void)
{
    static const struct {
        const char *json;
        int status;
    } cases[] = {{"{\"code\":131056,\"n\":2}", 200},
                 {"{\"drop\":\"sideways\"}", 400},
                 {"{\"statuses\":\"sent\"}", 400},
                 {"{\"oops\":1}", 400},
                 {"[]", 400},
                 {"", 400}};
    struct house h;
    struct buf reply;

    house_open(&h, &(struct house_settings){.no_webhooks = true});
    for
        EACH (i, cases) {
            int status = ask(&h, "/__rule", NULL, str_of(cases[i].json), &reply);

            CHECK(status == cases[i].status, "%s: %d", cases[i].json, status);
            buf_reset(&reply);
        }
    for (int i = 0; i < 3; i++) {
        int status = ask(&h, MESSAGES, "the token", STR(GOOD), &reply);

        CHECK(status == (i < 2 ? 400 : 200) && (i == 2 || code_of(&reply) == 131056), "send %d: %s",
              i, reply.p);
        buf_reset(&reply);
    }
    house_close(&h);
}

static void test_settings(void)
{
    const struct sandbox_settings set = {.host = "127.0.0.1", .phone_number_id = HOUSE_PHONE_ID};
    struct sandbox *s = NULL;
    struct err e = {0};

    CHECK(!sandbox_open(&set, &s, &e) && e.kind == ERR_CONFIG && !s, "no link_base: %s", e.text);
}

int main(void)
{
    test_settings();
    test_judge();
    test_opaque();
    test_wire();
    test_pages();
    test_rules();
    return check_end();
}
