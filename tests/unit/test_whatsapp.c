#include <stdlib.h>

#include "base/encode.h"
#include "check.h"
#include "whatsapp/answer.h"
#include "whatsapp/body.h"
#include "whatsapp/proof.h"
#include "whatsapp/signature.h"
#include "whatsapp/value.h"
#include "whatsapp/webhook.h"

#define ECHO  "a1:01JD3ZK8Q4T0N6W7X8Y9ZABCDE"
#define TOKEN "q7Zr0o5mS9yQm2c1hT3Xgw"

/* ---- bodies ---- */

static struct param named[] = {{STR_LIT("clinic"), STR_LIT("Riverside Clinic")},
                               {STR_LIT("when"), STR_LIT("Tue 24 Nov, 10:30")}};

static struct notice sample(void)
{
    return (struct notice){.to = STR("+16505551234"),
                           .template = STR("appt_reminder_v3"),
                           .language = STR("en_US"),
                           .named = true,
                           .params = named,
                           .n_params = 2,
                           .token = STR(TOKEN)};
}

/* WhatsApp page §2 without its quick replies: Tidings does not mix button types. */
static const char golden[] =
    "{\"messaging_product\":\"whatsapp\",\"recipient_type\":\"individual\",\"to\":\"+16505551234\","
    "\"type\":\"template\",\"biz_opaque_callback_data\":\"" ECHO "\","
    "\"template\":{\"name\":\"appt_reminder_v3\",\"language\":{\"code\":\"en_US\"},\"components\":["
    "{\"type\":\"body\",\"parameters\":["
    "{\"type\":\"text\",\"parameter_name\":\"clinic\",\"text\":\"Riverside Clinic\"},"
    "{\"type\":\"text\",\"parameter_name\":\"when\",\"text\":\"Tue 24 Nov, 10:30\"}]},"
    "{\"type\":\"button\",\"sub_type\":\"url\",\"index\":\"0\",\"parameters\":"
    "[{\"type\":\"text\",\"text\":\"" TOKEN "\"}]}]}}";

static const char golden_positional[] =
    "{\"messaging_product\":\"whatsapp\",\"recipient_type\":\"individual\",\"to\":\"+"
    "886221234567\","
    "\"type\":\"template\",\"biz_opaque_callback_data\":\"" ECHO "\","
    "\"template\":{\"name\":\"visit_update\",\"language\":{\"code\":\"zh_TW\"},\"components\":["
    "{\"type\":\"body\",\"parameters\":[{\"type\":\"text\",\"text\":\"北院 \\\"門診\\\" "
    "\\\\\"}]}]}}";

static const char golden_bare[] =
    "{\"messaging_product\":\"whatsapp\",\"recipient_type\":\"individual\",\"to\":\"+12015550123\","
    "\"type\":\"template\",\"biz_opaque_callback_data\":\"" ECHO "\","
    "\"template\":{\"name\":\"hello\",\"language\":{\"code\":\"fil\"},\"components\":[]}}";

static void check_golden(const char *name, const struct notice *n, const char *want)
{
    struct buf b = buf_new(WHATSAPP_BODY_MAX);
    struct whatsapp_body read;
    struct err e = {0};

    CHECK(whatsapp_body_build(n, STR(ECHO), &b, &e), "%s: %s", name, e.text);
    CHECK(str_eq(buf_str(&b), str_of(want)), "%s: %s", name, b.p);
    CHECK(whatsapp_body_check(buf_str(&b), &read, &e), "%s: %s", name, e.text);
    CHECK(whatsapp_body_matches(&read, n, STR(ECHO), &e), "%s: %s", name, e.text);
    buf_reset(&b);
}

static void test_goldens(void)
{
    struct param text = {{NULL, 0}, STR("北院 \"門診\" \\")};
    struct notice n = sample();

    check_golden("named", &n, golden);
    n = (struct notice){.to = STR("+886221234567"),
                        .template = STR("visit_update"),
                        .language = STR("zh_TW"),
                        .params = &text,
                        .n_params = 1};
    check_golden("positional", &n, golden_positional);
    n = (struct notice){
        .to = STR("+12015550123"), .template = STR("hello"), .language = STR("fil")};
    check_golden("bare", &n, golden_bare);
}

#define REPLY(index, word)                                                                         \
    "{\"type\":\"button\",\"sub_type\":\"quick_reply\",\"index\":\"" index                         \
    "\",\"parameters\":[{\"type\":\"payload\",\"payload\":\"c1." ULID "." word "\"}]}"
#define ULID "01JD3ZK8Q4T0N6W7X8Y9ZABCDE"
#define BEFORE(x)                                                                                  \
    "{\"messaging_product\":\"whatsapp\",\"recipient_type\":\"individual\",\"to\":\"+"             \
    "12015550123\","                                                                               \
    "\"type\":\"template\",\"biz_opaque_callback_data\":\"a1:" ULID "\","                          \
    "\"template\":{\"name\":\"hello\",\"language\":{\"code\":\"fil\"},\"components\":[" x "]}}"

static void test_replies(void)
{
    static const char *const wrong[] = {
        BEFORE(REPLY("1", "ok")),                      /* the first button is button 0 */
        BEFORE(REPLY("0", "rs") "," REPLY("1", "ok")), /* order */
        BEFORE(REPLY("0", "ok") "," REPLY("1", "ok")), /* twice */
        BEFORE(REPLY("0", "ok") "," REPLY("0", "rs")),
        BEFORE(REPLY("0", "no")),
        BEFORE(REPLY("0", "ok") ","),
        BEFORE("{\"type\":\"button\",\"sub_type\":\"quick_reply\",\"index\":\"0\",\"parameters\":"
               "[{\"type\":\"payload\",\"payload\":\"c1.01JD3ZK8Q4T0N6W7X8Y9ZABCDF.ok\"}]}"),
    };
    struct notice n = {.to = STR("+12015550123"),
                       .template = STR("hello"),
                       .language = STR("fil"),
                       .replies = QUICK_CONFIRM | QUICK_CHANGE | QUICK_CANCEL};
    struct whatsapp_body read;
    char echo[ECHO_BYTES + 1];
    struct err e;

    check_golden("three replies", &n,
                 BEFORE(REPLY("0", "ok") "," REPLY("1", "rs") "," REPLY("2", "cx")));
    n.replies = QUICK_CANCEL;
    check_golden("one reply", &n, BEFORE(REPLY("0", "cx")));
    CHECK(whatsapp_body_check(STR(BEFORE(REPLY("0", "ok"))), &read, &e) &&
              !whatsapp_body_matches(&read, &n, STR("a1:" ULID), &e),
          "another reply than the notice's");
    for
        EACH (i, wrong)
            CHECK(!whatsapp_body_check(str_of(wrong[i]), &read, &e), "%zu: %s", i, wrong[i]);
    CHECK(whatsapp_reply_read(STR("c1." ULID ".cx"), echo) == 2 && strcmp(echo, "a1:" ULID) == 0,
          "%s", echo);
    CHECK(whatsapp_reply_read(STR("c1." ULID ".no"), echo) < 0 &&
              whatsapp_reply_read(STR("c1.short.ok"), echo) < 0 &&
              whatsapp_reply_read(STR("c2." ULID ".ok"), echo) < 0 &&
              whatsapp_reply_read(STR(""), echo) < 0 &&
              whatsapp_reply_read((struct str){NULL, 0}, echo) < 0,
          "not ours");
}

/* What a tap looks like, beside what else comes in. */
static void test_taps(void)
{
    static const char body[] =
        "{\"object\":\"whatsapp_business_account\",\"entry\":[{\"id\":\"1\",\"changes\":[{"
        "\"field\":"
        "\"messages\",\"value\":{\"metadata\":{\"phone_number_id\":\"42\"},\"messages\":["
        "{\"type\":\"button\",\"from\":\"12015550123\",\"id\":\"wamid.IN\",\"timestamp\":"
        "\"1750030073\","
        "\"context\":{\"id\":\"wamid.OUT\"},\"button\":{\"payload\":\"c1." ULID ".rs\"}},"
        "{\"type\":\"text\",\"text\":{\"body\":\"STOP\"}},"
        "{\"type\":\"button\",\"button\":{\"payload\":\"theirs\"}}]}}]}]}";
    struct arena a = {0};
    struct webhook hook;
    struct err e;

    CHECK(webhook_parse(str_of(body), &a, &hook, &e), "%s", e.text);
    CHECK(hook.n_messages == 3 && hook.n_taps == 1, "%zu taps", hook.n_taps);
    CHECK(hook.taps[0].reply == 1 && str_eq(hook.taps[0].wamid, STR("wamid.OUT")) &&
              strcmp(hook.taps[0].echo, "a1:" ULID) == 0 && hook.taps[0].at_ms == 1750030073000 &&
              str_eq(hook.taps[0].phone_number_id, STR("42")),
          "the tap");
    arena_reset(&a);
}

static bool builds(const struct notice *n, struct str echo, struct err *e)
{
    struct buf b = buf_new(WHATSAPP_BODY_MAX);
    bool ok = whatsapp_body_build(n, echo, &b, e);

    buf_reset(&b);
    return ok;
}

/* Each trap of WhatsApp page §2 that our grammar can meet. */
static void test_traps(void)
{
    static const struct {
        const char *name;
        struct str text;
    } texts[] = {
        {"newline", STR_LIT("a\nb")},
        {"carriage return", STR_LIT("a\rb")},
        {"tab", STR_LIT("a\tb")},
        {"four spaces", STR_LIT("a    b")},
        {"NUL", STR_LIT("a\0b")},
        {"escape", STR_LIT("a\x1b[31m")},
        {"DEL", STR_LIT("a\x7f")},
        {"NEL", STR_LIT("a\xc2\x85")},
        {"C1", STR_LIT("a\xc2\x9b")},
        {"line separator", STR_LIT("a\xe2\x80\xa8")},
        {"override", STR_LIT("a\xe2\x80\xae")},
        {"isolate", STR_LIT("\xe2\x81\xa6")},
        {"not UTF-8", STR_LIT("a\xff")},
        {"surrogate", STR_LIT("\xed\xa0\x80")},
        {"empty", STR_LIT("")},
        {"absent", {NULL, 0}},
    };
    static const struct str numbers[] = {STR_LIT("12015550123"),
                                         STR_LIT("+02015550123"),
                                         STR_LIT("+1201"),
                                         STR_LIT("+"),
                                         STR_LIT("+1201555012345678"),
                                         STR_LIT("+1201555012a"),
                                         STR_LIT(" +12015550123"),
                                         STR_LIT("+12015550123\n"),
                                         STR_LIT("US.13491208655302741918"),
                                         {NULL, 0}};
    static const struct str tokens[] = {
        STR_LIT("short"), STR_LIT("q7Zr0o5mS9yQm2c1hT3Xg="), STR_LIT("q7Zr0o5mS9yQm2c1hT3X/g"),
        STR_LIT(""),      STR_LIT("q7Zr0o5mS9yQm2c1hT3Xg%"), STR_LIT("q7Zr0o5mS9yQm2c1hT3Xg.")};
    static const struct str languages[] = {STR_LIT("en-US"), STR_LIT("EN"),     STR_LIT("e"),
                                           STR_LIT("en_us"), STR_LIT("en_USA"), STR_LIT("_TW"),
                                           {NULL, 0}};
    static const struct str echoes[] = {STR_LIT("01JD3ZK8Q4T0N6W7X8Y9ZABCDE"),
                                        STR_LIT("a1:"),
                                        STR_LIT("a1:81JD3ZK8Q4T0N6W7X8Y9ZABCDE"),
                                        STR_LIT("a1:01JD3ZK8Q4T0N6W7X8Y9ZABCDI"),
                                        {NULL, 0}};
    struct param p = {STR("clinic"), {NULL, 0}};
    struct notice n;
    struct err e = {0};

    for
        EACH (i, texts) {
            n = sample();
            p.text = texts[i].text;
            n.params = &p;
            n.n_params = 1;
            CHECK(!builds(&n, STR(ECHO), &e) && e.kind == ERR_INPUT, "%s passed", texts[i].name);
            CHECK(!strstr(e.text, "a\n") && strstr(e.text, "parameter 1"), "%s", e.text);
        }
    for
        EACH (i, numbers) {
            n = sample();
            n.to = numbers[i];
            CHECK(!builds(&n, STR(ECHO), &e), "number %zu passed", i);
        }
    for
        EACH (i, tokens) {
            n = sample();
            n.token = tokens[i];
            CHECK(!builds(&n, STR(ECHO), &e), "token %zu passed", i);
        }
    for
        EACH (i, languages) {
            n = sample();
            n.language = languages[i];
            CHECK(!builds(&n, STR(ECHO), &e), "language %zu passed", i);
        }
    for
        EACH (i, echoes) {
            n = sample();
            CHECK(!builds(&n, echoes[i], &e), "echo %zu passed", i);
        }
    n = sample();
    n.template = STR("Appt");
    CHECK(!builds(&n, STR(ECHO), &e), "capitals in a template's name");
    named[0].name = STR("Clinic");
    n = sample();
    CHECK(!builds(&n, STR(ECHO), &e), "capitals in a parameter's name");
    named[0].name = STR("clinic");
}

static void test_limits(void)
{
    static char long_text[4 * 1025];
    struct param many[WHATSAPP_PARAMS_MAX + 1];
    struct notice n = sample();
    struct err e;

    for (size_t i = 0; i < sizeof long_text; i += 4)
        memcpy(long_text + i, "\xf0\x9f\x99\x82", 4);
    for (size_t i = 0; i <= WHATSAPP_PARAMS_MAX; i++)
        many[i] = (struct param){STR("x"), STR("y")};
    n.params = many;
    n.n_params = WHATSAPP_PARAMS_MAX;
    CHECK(builds(&n, STR(ECHO), &e), "16 parameters: %s", e.text);
    n.n_params++;
    CHECK(!builds(&n, STR(ECHO), &e), "17 parameters");
    n.n_params = 1;
    many[0].text = (struct str){long_text, 4096};
    CHECK(builds(&n, STR(ECHO), &e), "1,024 characters: %s", e.text);
    many[0].text = (struct str){long_text, 4100};
    CHECK(!builds(&n, STR(ECHO), &e), "1,025 characters");
    n.n_params = 2;
    many[0].text = (struct str){long_text, 4096};
    CHECK(!builds(&n, STR(ECHO), &e), "1,025 characters in two");
    many[0].text = STR("a   b   c");
    CHECK(builds(&n, STR(ECHO), &e), "three spaces are fine");
}

/* No byte can be cut, doubled or changed without the checker's or the comparison's notice. */
static void test_checker(void)
{
    struct str whole = STR_LIT("");
    char bytes[sizeof golden + 1];
    struct whatsapp_body b;
    struct notice n = sample();
    struct err e;

    whole = str_of(golden);
    for (size_t i = 0; i < whole.n; i++)
        CHECK(!whatsapp_body_check((struct str){whole.p, i}, &b, &e), "prefix %zu passed", i);
    for (size_t i = 0; i < whole.n; i++) {
        for (int bit = 0; bit < 8; bit++) {
            memcpy(bytes, whole.p, whole.n);
            bytes[i] = (char)(bytes[i] ^ 1 << bit);
            if (whatsapp_body_check((struct str){bytes, whole.n}, &b, &e))
                CHECK(!whatsapp_body_matches(&b, &n, STR(ECHO), &e), "byte %zu bit %d", i, bit);
        }
        memcpy(bytes, whole.p, i);
        bytes[i] = whole.p[i];
        memcpy(bytes + i + 1, whole.p + i, whole.n - i);
        if (whatsapp_body_check((struct str){bytes, whole.n + 1}, &b, &e))
            CHECK(!whatsapp_body_matches(&b, &n, STR(ECHO), &e), "byte %zu twice", i);
    }
}

static void test_foreign_bodies(void)
{
    static const struct str bodies[] = {
        STR_LIT(""),
        STR_LIT("{}"),
        STR_LIT("{\"messaging_product\":\"whatsapp\",\"recipient_type\":\"individual\",\"to\":"
                "\"+12015550123\",\"type\":\"text\",\"text\":{\"body\":\"hello\"}}"),
        /* one more key at the end */
        STR_LIT("{\"messaging_product\":\"whatsapp\",\"recipient_type\":\"individual\",\"to\":"
                "\"+12015550123\",\"type\":\"template\",\"biz_opaque_callback_data\":\"" ECHO
                "\",\"template\":{\"name\":\"hello\",\"language\":{\"code\":\"en\"},"
                "\"components\":[]},\"x\":1}"),
        /* two bodies */
        STR_LIT(
            "{\"messaging_product\":\"whatsapp\",\"recipient_type\":\"individual\",\"to\":"
            "\"+12015550123\",\"type\":\"template\",\"biz_opaque_callback_data\":\"" ECHO
            "\",\"template\":{\"name\":\"hello\",\"language\":{\"code\":\"en\"},"
            "\"components\":[{\"type\":\"body\",\"parameters\":[{\"type\":\"text\",\"text\":"
            "\"a\"}]},{\"type\":\"body\",\"parameters\":[{\"type\":\"text\",\"text\":\"a\"}]}]}}"),
        /* an escape the builder never writes */
        STR_LIT("{\"messaging_product\":\"whatsapp\",\"recipient_type\":\"individual\",\"to\":"
                "\"+12015550123\",\"type\":\"template\",\"biz_opaque_callback_data\":\"" ECHO
                "\",\"template\":{\"name\":\"hello\",\"language\":{\"code\":\"en\"},"
                "\"components\":[{\"type\":\"body\",\"parameters\":[{\"type\":\"text\",\"text\":"
                "\"a\\u0041\"}]}]}}"),
        STR_LIT("{\"messaging_product\":\"whatsapp\",\"recipient_type\":\"individual\",\"to\":"
                "\"+12015550123\",\"type\":\"template\",\"biz_opaque_callback_data\":\"" ECHO
                "\",\"template\":{\"name\":\"hello\",\"language\":{\"code\":\"en\"},"
                "\"components\":[{\"type\":\"body\",\"parameters\":[{\"type\":\"text\",\"text\":"
                "\"a\\nb\"}]}]}}"),
    };
    struct whatsapp_body b;
    struct err e;

    for
        EACH (i, bodies)
            CHECK(!whatsapp_body_check(bodies[i], &b, &e) && e.kind == ERR_INPUT, "body %zu", i);
}

/* ---- answers ---- */

static void test_answers(void)
{
    static const char id[] = "{\"messaging_product\":\"whatsapp\",\"contacts\":[{\"input\":"
                             "\"+12015550123\",\"wa_id\":\"12015550123\"}],\"messages\":"
                             "[{\"id\":\"wamid.HBgL\"}]}";
    static const char held[] = "{\"messages\":[{\"id\":\"wamid.X\",\"message_status\":"
                               "\"held_for_quality_assessment\"}]}";
    static const char rate[] = "{\"error\":{\"message\":\"(#130429) Rate limit hit\",\"type\":"
                               "\"OAuthException\",\"code\":130429,\"error_subcode\":2494055}}";
    static const struct {
        const char *name;
        int status;
        const char *body;
        enum answer_kind kind;
        int32_t code;
    } cases[] = {
        {"accepted", 200, id, ANSWER_ACCEPTED, 0},
        {"accepted and paced", 200, held, ANSWER_ACCEPTED, 0},
        {"trailing space", 200, "{\"messages\":[{\"id\":\"w\"}]} \r\n", ANSWER_ACCEPTED, 0},
        {"rate limit", 400, rate, ANSWER_REJECTED, 130429},
        {"rate limit as 429", 429, rate, ANSWER_REJECTED, 130429},
        {"rate limit as 500", 500, rate, ANSWER_UNKNOWN, 130429},
        {"rate limit as 200", 200, rate, ANSWER_UNKNOWN, 130429},
        {"131000", 400, "{\"error\":{\"code\":131000}}", ANSWER_UNKNOWN, 131000},
        {"131000 as 500", 500, "{\"error\":{\"code\":131000}}", ANSWER_UNKNOWN, 131000},
        {"2 as 503", 503, "{\"error\":{\"code\":2}}", ANSWER_UNKNOWN, 2},
        {"131016 as 500", 500, "{\"error\":{\"code\":131016}}", ANSWER_UNKNOWN, 131016},
        {"131016 as 400", 400, "{\"error\":{\"code\":131016}}", ANSWER_REJECTED, 131016},
        {"5xx without a body", 500, "", ANSWER_UNKNOWN, 0},
        {"5xx with a page", 502, "<html>bad gateway</html>", ANSWER_UNKNOWN, 0},
        {"4xx without a body", 400, "", ANSWER_UNKNOWN, 0},
        {"4xx with a page", 403, "<html>", ANSWER_UNKNOWN, 0},
        {"4xx with other JSON", 400, "{\"detail\":\"no\"}", ANSWER_UNKNOWN, 0},
        {"4xx with an id", 400, id, ANSWER_UNKNOWN, 0},
        {"200 without id", 200, "{\"messages\":[]}", ANSWER_UNKNOWN, 0},
        {"200 with an empty id", 200, "{\"messages\":[{\"id\":\"\"}]}", ANSWER_UNKNOWN, 0},
        {"200 with a number", 200, "{\"messages\":[{\"id\":7}]}", ANSWER_UNKNOWN, 0},
        {"200 without a body", 200, "", ANSWER_UNKNOWN, 0},
        {"200 cut", 200, "{\"messages\":[{\"id\":\"wamid.H", ANSWER_UNKNOWN, 0},
        {"200 and more", 200, "{\"messages\":[{\"id\":\"w\"}]}{}", ANSWER_UNKNOWN, 0},
        {"both", 200, "{\"messages\":[{\"id\":\"w\"}],\"error\":{\"code\":1}}", ANSWER_UNKNOWN, 1},
        {"302", 302, id, ANSWER_UNKNOWN, 0},
        {"code as text", 400, "{\"error\":{\"code\":\"190\"}}", ANSWER_UNKNOWN, 0},
        {"code with a fraction", 400, "{\"error\":{\"code\":1.5}}", ANSWER_UNKNOWN, 0},
        {"code too large", 400, "{\"error\":{\"code\":1e30}}", ANSWER_UNKNOWN, 0},
        {"unlisted code", 400, "{\"error\":{\"code\":999999}}", ANSWER_REJECTED, 999999},
        {"error is text", 400, "{\"error\":\"no\"}", ANSWER_UNKNOWN, 0},
        {"an array", 200, "[1,2]", ANSWER_UNKNOWN, 0},
    };
    struct arena a = {0};
    struct answer out;

    for
        EACH (i, cases) {
            whatsapp_answer(cases[i].status, str_of(cases[i].body), &a, &out);
            CHECK(out.kind == cases[i].kind, "%s: kind %d", cases[i].name, (int)out.kind);
            CHECK(out.code == cases[i].code, "%s: code %d", cases[i].name, (int)out.code);
            CHECK(!out.error == !strstr(cases[i].body, "\"code\":") || out.code == 0, "%s",
                  cases[i].name);
            CHECK(!out.wamid.p == (out.kind != ANSWER_ACCEPTED), "%s: wamid", cases[i].name);
        }
    for (size_t n = 0; n < sizeof id - 1; n++) {
        whatsapp_answer(200, (struct str){id, n}, &a, &out);
        CHECK(out.kind == ANSWER_UNKNOWN, "prefix %zu", n);
    }
    arena_reset(&a);
}

/* WhatsApp page §4, code by code: the answer, the class, whether the notice is tried again. */
static const struct {
    int32_t code;
    const char *class;
    bool again;
} codes[] = {
    {0, "ST", 1},       {190, "ST", 1},     {3, "ST", 1},       {10, "ST", 1},
    {200, "ST", 1},     {250, "ST", 1},     {299, "ST", 1},     {131005, "ST", 1},
    {368, "ST", 1},     {131031, "ST", 1},  {131042, "ST", 1},  {134011, "ST", 1},
    {130497, "RX", 0},  {4, "RB", 1},       {80007, "RB", 1},   {130429, "RB", 1},
    {131048, "PN", 1},  {131056, "RP", 1},  {131064, "PN", 1},  {133016, "PN", 1},
    {1, "RB", 1},       {2, "RB", 1},       {131016, "RB", 1},  {133004, "RB", 1},
    {131000, "RB", 1},  {33, "PN", 1},      {100, "DL", 0},     {131008, "DL", 0},
    {131009, "DL", 0},  {135000, "DL", 0},  {130403, "RX", 0},  {130472, "RL", 0},
    {131021, "DL", 0},  {131026, "RX", 0},  {131030, "DL", 0},  {131037, "PN", 1},
    {131045, "PN", 1},  {133010, "PN", 1},  {131047, "DL", 0},  {131049, "RL", 0},
    {131050, "RX", 0},  {131051, "DL", 0},  {131052, "DL", 0},  {131053, "DL", 0},
    {131057, "RB", 1},  {2494100, "RB", 1}, {131062, "DL", 0},  {131063, "PT", 0},
    {132000, "DL", 0},  {132012, "DL", 0},  {132018, "DL", 0},  {132001, "PT", 0},
    {132005, "DL", 0},  {132007, "PT", 0},  {132015, "PT", 0},  {132016, "PT", 0},
    {132068, "DL", 0},  {132069, "DL", 0},  {133000, "PN", 1},  {133005, "PN", 1},
    {133006, "PN", 1},  {133008, "PN", 1},  {133009, "PN", 1},  {133015, "PN", 1},
    {137000, "RX", 0},  {2388019, "PT", 0}, {2388039, "PT", 0}, {2388040, "PT", 0},
    {2388047, "PT", 0}, {2388072, "PT", 0}, {2388073, "PT", 0}, {2388293, "PT", 0},
    {2388299, "PT", 0}, {5, "DL", 0},       {199, "DL", 0},     {300, "DL", 0},
    {999999, "DL", 0},
};

static void test_codes(void)
{
    struct arena a = {0};
    struct answer out;
    struct webhook hook;
    struct err e;
    int n_rows, covered = 0;
    const struct graph_error *rows = graph_error_table(&n_rows);

    for
        EACH (i, codes) {
            char body[128], webhook[512];

            (void)snprintf(body, sizeof body, "{\"error\":{\"code\":%d}}", (int)codes[i].code);
            whatsapp_answer(400, str_of(body), &a, &out);
            CHECK(out.kind == (codes[i].code == 131000 ? ANSWER_UNKNOWN : ANSWER_REJECTED), "%d",
                  (int)codes[i].code);
            CHECK(strcmp(graph_class_name(out.error->class), codes[i].class) == 0, "%d is %s",
                  (int)codes[i].code, graph_class_name(out.error->class));
            CHECK(graph_error_temporary(out.error, 1) == codes[i].again, "%d", (int)codes[i].code);
            (void)snprintf(
                webhook, sizeof webhook,
                "{\"object\":\"whatsapp_business_account\",\"entry\":[{\"changes\":[{"
                "\"field\":\"messages\",\"value\":{\"statuses\":[{\"id\":\"w\",\"status\":"
                "\"failed\",\"timestamp\":\"1\",\"errors\":[{\"code\":%d}]}]}}]}]}",
                (int)codes[i].code);
            CHECK(webhook_parse(str_of(webhook), &a, &hook, &e) && hook.n_statuses == 1 &&
                      hook.statuses[0].error_code == codes[i].code,
                  "%d in a webhook", (int)codes[i].code);
        }
    for (int i = 0; i < n_rows; i++) {
        bool seen = false;

        CHECK(i == 0 || rows[i].first > rows[i - 1].last, "row %d is out of order", i);
        for
            EACH (k, codes)
                seen |= codes[k].code >= rows[i].first && codes[k].code <= rows[i].last;
        covered += seen;
    }
    CHECK(covered == n_rows, "%d of %d rows are tested", covered, n_rows);
    CHECK(!graph_error_temporary(graph_error_find(1), 2), "code 1 is tried twice");
    CHECK(graph_error_temporary(graph_error_find(131000), 2) &&
              !graph_error_temporary(graph_error_find(131000), 3),
          "131000 is tried three times");
    arena_reset(&a);
}

/* ---- webhooks ---- */

static void test_signature(void)
{
    /* RFC 4231, test case 2 */
    static const char known[] =
        "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
    struct str body = STR("what do ya want for nothing?");
    struct str both[] = {STR("old one"), STR("Jefe")}, empty = STR("");
    char text[WHATSAPP_SIGNATURE_TEXT + 1];

    whatsapp_sign(STR("Jefe"), body, text);
    CHECK(strcmp(text, known) == 0, "%s", text);
    CHECK(whatsapp_signature_ok(str_of(known), body, &both[1], 1), "right");
    CHECK(whatsapp_signature_ok(str_of(known), body, both, 2), "second secret");
    CHECK(!whatsapp_signature_ok(str_of(known), body, both, 1), "only the other secret");
    CHECK(!whatsapp_signature_ok(str_of(known), body, both, 0), "no secret");
    CHECK(!whatsapp_signature_ok((struct str){NULL, 0}, body, both, 2), "no header");
    whatsapp_sign(empty, body, text);
    CHECK(!whatsapp_signature_ok(str_of(text), body, &empty, 1), "an empty secret never fits");
    for (size_t i = 0; i < WHATSAPP_SIGNATURE_TEXT; i++) {
        memcpy(text, known, sizeof text);
        text[i] = (char)(text[i] ^ 1);
        CHECK(!whatsapp_signature_ok(str_of(text), body, both, 2), "flipped at %zu", i);
        CHECK(!whatsapp_signature_ok((struct str){known, i}, body, both, 2), "cut at %zu", i);
    }
    memcpy(text, known, sizeof text);
    text[8] = 'B';
    CHECK(!whatsapp_signature_ok(str_of(text), body, both, 2), "upper case is not Meta's");
}

static const char mixed[] =
    "{\"object\":\"whatsapp_business_account\",\"entry\":["
    "{\"id\":\"1\",\"changes\":["
    "{\"field\":\"messages\",\"value\":{\"messaging_product\":\"whatsapp\",\"metadata\":"
    "{\"display_phone_number\":\"15550783881\",\"phone_number_id\":\"106540352242922\"},"
    "\"contacts\":[{\"profile\":{\"name\":\"\\u6c99\\u76d2\"},\"wa_id\":\"12015550123\"}],"
    "\"statuses\":["
    "{\"id\":\"wamid.A\",\"status\":\"delivered\",\"timestamp\":\"1750030073\","
    "\"biz_opaque_callback_data\":\"" ECHO "\",\"new\":{\"x\":[1,2]}},"
    "{\"id\":\"wamid.B\\/\",\"status\":\"failed\",\"timestamp\":\"1750030073123\",\"errors\":"
    "[{\"code\":131026},{\"code\":1}],\"biz_opaque_callback_data\":\"somebody else's\"},"
    "{\"id\":7,\"status\":\"sent\"},{\"status\":\"sent\"},\"text\",null,"
    "{\"id\":\"wamid.C\",\"status\":\"Weird One\"},"
    "{\"id\":\"wamid.D\",\"status\":\"warned_later\",\"timestamp\":1750030073}]}},"
    "{\"field\":\"message_template_status_update\",\"value\":{\"event\":\"PAUSED\","
    "\"message_template_id\":9007199254740993,\"message_template_language\":\"en-US\","
    "\"reason\":null}}]},"
    "{\"id\":\"2\",\"changes\":[{\"field\":\"messages\",\"value\":{\"metadata\":"
    "{\"phone_number_id\":\"2\"},\"messages\":[{\"type\":\"text\"},{\"type\":\"button\"}],"
    "\"errors\":[{\"code\":1}]}},{\"field\":\"messages\",\"value\":{\"statuses\":"
    "[{\"id\":\"wamid.E\",\"status\":\"read\",\"timestamp\":\"oops\"}]}},{\"field\":7},\"x\"]},"
    "{\"id\":\"3\"}]}";

static void test_webhook(void)
{
    struct arena a = {0};
    struct webhook w;
    struct err e = {0};

    CHECK(webhook_parse(str_of(mixed), &a, &w, &e), "%s", e.text);
    CHECK(w.n_statuses == 4, "%zu statuses", w.n_statuses);
    if (w.n_statuses == 4) {
        const struct webhook_status *s = w.statuses;

        CHECK(str_eq(s[0].wamid, STR("wamid.A")) && str_eq(s[0].name, STR("delivered")), "A");
        CHECK(str_eq(s[0].echo, STR(ECHO)) && s[0].at_ms == 1750030073000, "A");
        CHECK(str_eq(s[0].phone_number_id, STR("106540352242922")), "A's number");
        CHECK(str_eq(s[1].wamid, STR("wamid.B/")) && s[1].error_code == 131026, "B");
        CHECK(s[1].at_ms == 1750030073123 && !s[1].echo.p, "milliseconds; a foreign echo");
        CHECK(str_eq(s[2].name, STR("warned_later")) && s[2].at_ms == 1750030073000, "D");
        CHECK(str_eq(s[3].wamid, STR("wamid.E")) && s[3].at_ms == 0, "E");
        CHECK(!s[3].phone_number_id.p, "E has no number");
    }
    CHECK(w.n_messages == 2 && w.n_errors == 1 && w.n_events == 1, "%zu %zu %zu", w.n_messages,
          w.n_errors, w.n_events);
    CHECK(w.n_malformed == 8, "%zu malformed", w.n_malformed);
    for (size_t n = 0; n < sizeof mixed - 1; n++) {
        arena_reset(&a);
        CHECK(!webhook_parse((struct str){mixed, n}, &a, &w, &e), "prefix %zu", n);
    }
    arena_reset(&a);
}

static void test_webhook_refusals(void)
{
    static const struct str bad[] = {
        STR_LIT(""),
        STR_LIT("x"),
        STR_LIT("[]"),
        STR_LIT("{}"),
        STR_LIT("null"),
        STR_LIT("{\"object\":\"page\",\"entry\":[]}"),
        STR_LIT("{\"object\":\"whatsapp_business_account\"}"),
        STR_LIT("{\"object\":\"whatsapp_business_account\",\"entry\":{}}"),
        STR_LIT("{\"object\":\"whatsapp_business_account\",\"entry\":[]}x")};
    static char deep[200000];
    struct arena a = {0};
    struct webhook w;
    struct err e;

    for
        EACH (i, bad)
            CHECK(!webhook_parse(bad[i], &a, &w, &e) && e.kind == ERR_INPUT, "case %zu", i);
    memset(deep, '[', sizeof deep);
    CHECK(!webhook_parse((struct str){deep, sizeof deep}, &a, &w, &e), "200,000 deep");
    CHECK(
        webhook_parse(STR("{\"object\":\"whatsapp_business_account\",\"entry\":[]}"), &a, &w, &e) &&
            w.n_statuses == 0,
        "nothing in it");
    arena_reset(&a);
}

/* ---- proof ---- */

static struct status status_of(const char *name, int32_t code)
{
    struct status s = {.name = str_of(name), .error_code = code};

    s.wamid[0] = 1;
    return s;
}

static void test_proof(void)
{
    static const struct {
        const char *name;
        enum attempt_state attempt;
        enum notice_state notice;
        const char *statuses[3];
        enum attempt_state attempt_then;
        enum notice_state notice_then;
        enum proof_conflict conflict;
    } cases[] = {
        {"lost answer, echo",
         ATTEMPT_UNKNOWN,
         NOTICE_CHECKING,
         {"sent"},
         ATTEMPT_ACCEPTED,
         NOTICE_ACCEPTED,
         PROOF_FINE},
        {"echo before the answer",
         ATTEMPT_FLYING,
         NOTICE_FLYING,
         {"read"},
         ATTEMPT_ACCEPTED,
         NOTICE_ACCEPTED,
         PROOF_FINE},
        {"failure before the answer",
         ATTEMPT_FLYING,
         NOTICE_FLYING,
         {"failed"},
         ATTEMPT_FLYING,
         NOTICE_FLYING,
         PROOF_FINE},
        {"lost answer, failed",
         ATTEMPT_UNKNOWN,
         NOTICE_CHECKING,
         {"failed"},
         ATTEMPT_UNKNOWN,
         NOTICE_HELD,
         PROOF_FINE},
        {"accepted, failed",
         ATTEMPT_ACCEPTED,
         NOTICE_ACCEPTED,
         {"failed", "sent"},
         ATTEMPT_ACCEPTED,
         NOTICE_HELD,
         PROOF_FINE},
        {"accepted, failed, delivered",
         ATTEMPT_ACCEPTED,
         NOTICE_ACCEPTED,
         {"failed", "delivered"},
         ATTEMPT_ACCEPTED,
         NOTICE_ACCEPTED,
         PROOF_FINE},
        {"held, then delivered",
         ATTEMPT_ACCEPTED,
         NOTICE_HELD,
         {"failed", "delivered"},
         ATTEMPT_ACCEPTED,
         NOTICE_ACCEPTED,
         PROOF_FINE},
        {"refused and failed",
         ATTEMPT_REJECTED,
         NOTICE_WAITING,
         {"failed"},
         ATTEMPT_REJECTED,
         NOTICE_WAITING,
         PROOF_FINE},
        {"refused, yet sent",
         ATTEMPT_REJECTED,
         NOTICE_WAITING,
         {"sent"},
         ATTEMPT_ACCEPTED,
         NOTICE_ACCEPTED,
         PROOF_AFTER_REFUSAL},
        {"unsent, yet delivered",
         ATTEMPT_UNSENT,
         NOTICE_READY,
         {"delivered"},
         ATTEMPT_ACCEPTED,
         NOTICE_ACCEPTED,
         PROOF_AFTER_REFUSAL},
        {"unheard-of status",
         ATTEMPT_UNKNOWN,
         NOTICE_CHECKING,
         {"warned"},
         ATTEMPT_UNKNOWN,
         NOTICE_CHECKING,
         PROOF_FINE},
        {"nothing",
         ATTEMPT_UNKNOWN,
         NOTICE_CHECKING,
         {NULL},
         ATTEMPT_UNKNOWN,
         NOTICE_CHECKING,
         PROOF_FINE},
    };

    for
        EACH (i, cases) {
            struct attempt a = {.state = cases[i].attempt};
            struct notice n = {.state = cases[i].notice};
            struct status all[3];
            size_t k = 0;

            for (; k < 3 && cases[i].statuses[k]; k++)
                all[k] = status_of(cases[i].statuses[k], 131026);
            CHECK(proof_fold(&a, &n, all, k) == cases[i].conflict, "%s", cases[i].name);
            CHECK(a.state == cases[i].attempt_then, "%s: attempt %d", cases[i].name, (int)a.state);
            CHECK(n.state == cases[i].notice_then, "%s: notice %d", cases[i].name, (int)n.state);
            CHECK(a.state != ATTEMPT_ACCEPTED || (a.has_wamid && a.wamid[0] == 1), "%s: no id",
                  cases[i].name);
        }
}

static void test_two_ids(void)
{
    struct attempt a = {.state = ATTEMPT_ACCEPTED, .has_wamid = true};
    struct notice n = {.state = NOTICE_ACCEPTED};
    struct status other = status_of("sent", 0);

    CHECK(proof_fold(&a, &n, &other, 1) == PROOF_TWO_IDS, "two ids are two accepts");
}

int main(void)
{
    test_goldens();
    test_replies();
    test_taps();
    test_traps();
    test_limits();
    test_checker();
    test_foreign_bodies();
    test_answers();
    test_codes();
    test_signature();
    test_webhook();
    test_webhook_refusals();
    test_proof();
    test_two_ids();
    return check_end();
}
