#include <arpa/inet.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/container_of.h"
#include "base/encode.h"
#include "check.h"
#include "wa_house.h"
#include "whatsapp/signature.h"

/* ---- one request, waited for ---- */

struct ask {
    struct http_call call;
    char url[256], header[128];
    struct buf reply;
    bool done;
};

static void ask_done(struct http_call *c)
{
    struct ask *a = container_of(c, struct ask, call);

    a->done = true;
    buf_add(&a->reply, c->reply);
}

/* The status; 0 when no answer came. */
static int ask(struct house *h, const char *path, struct str body, const char *signature)
{
    struct ask a = {.reply = buf_new(1 << 20)};
    struct err e = {0};
    int status;

    (void)snprintf(a.url, sizeof a.url, "http://127.0.0.1:%d%s", track_port(h->track), path);
    if (signature)
        (void)snprintf(a.header, sizeof a.header, "X-Hub-Signature-256: %s", signature);
    a.call = (struct http_call){.url = a.url,
                                .content_type = "application/json",
                                .header = signature ? a.header : NULL,
                                .body = body,
                                .timeout_ms = 20000,
                                .max_reply = 65536,
                                .done = ask_done};
    CHECK(http_start(h->http, &a.call, &e), "%s", e.text);
    while (!a.done)
        uv_run(&h->loop, UV_RUN_ONCE);
    status = a.call.sent == HTTP_ANSWERED ? a.call.status : 0;
    CHECK(status != 401 || a.reply.n == 0, "a 401 with a body");
    CHECK(status != 200 || body.p || str_eq(buf_str(&a.reply), STR("1158201444")), "challenge");
    buf_reset(&a.reply);
    return status;
}

static int post(struct house *h, struct str body)
{
    char signature[WHATSAPP_SIGNATURE_TEXT + 1];

    whatsapp_sign(STR(HOUSE_SECRET), body, signature);
    return ask(h, "/webhook", body, signature);
}

#define HEAD                                                                                       \
    "{\"object\":\"whatsapp_business_account\",\"entry\":[{\"id\":\"1\",\"changes\":[{\"field\":"  \
    "\"messages\",\"value\":{\"metadata\":{\"phone_number_id\":\"" HOUSE_PHONE_ID                  \
    "\"},\"statuses\":["
#define TAIL             "]}}]}]}"
#define STATUS(id, name) "{\"id\":\"" id "\",\"status\":\"" name "\",\"timestamp\":\"1795257600\"}"

static const struct house_settings plain = {0};

static void test_handshake(void)
{
    static const struct {
        const char *query;
        int status;
    } cases[] = {
        {"?hub.mode=subscribe&hub.verify_token=verify%20me&hub.challenge=1158201444", 200},
        {"?hub.challenge=1158201444&hub.verify_token=verify+me&hub.mode=subscribe&x=1", 200},
        {"?hub.mode=subscribe&hub.verify_token=verify%20m&hub.challenge=1158201444", 403},
        {"?hub.mode=subscribe&hub.verify_token=&hub.challenge=1158201444", 403},
        {"?hub.mode=subscribe&hub.challenge=1158201444", 403},
        {"?hub.mode=unsubscribe&hub.verify_token=verify%20me&hub.challenge=1158201444", 403},
        {"?hub.mode=subscribe&hub.verify_token=verify%20me", 403},
        {"?hub.mode=subscribe&hub.verify_token=verify%20me&hub.challenge=a%0d%0ab", 403},
        {"", 403},
    };
    struct house h;

    house_open(&h, &plain);
    for
        EACH (i, cases) {
            char path[200];
            int status;

            (void)snprintf(path, sizeof path, "/webhook%s", cases[i].query);
            status = ask(&h, path, (struct str){NULL, 0}, NULL);
            CHECK(status == cases[i].status, "case %zu: %d", i, status);
        }
    house_close(&h);
}

/* Two signature headers need a client that sends them. */
struct talk {
    uv_thread_t thread;
    struct str request;
    int port, status;
    atomic_bool done;
};

static void talk(void *ctx)
{
    struct talk *t = ctx;
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)t->port),
                             .sin_addr = {htonl(INADDR_LOOPBACK)}};
    char reply[512] = "";
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    if (connect(fd, (struct sockaddr *)&at, sizeof at) == 0 &&
        write(fd, t->request.p, t->request.n) == (ssize_t)t->request.n &&
        read(fd, reply, sizeof reply - 1) > 12)
        t->status = atoi(reply + 9);
    close(fd);
    t->done = true;
}

static int post_twice_signed(struct house *h, struct str body)
{
    char signature[WHATSAPP_SIGNATURE_TEXT + 1];
    struct buf request = buf_new(65536);
    struct talk t = {.port = track_port(h->track)};

    whatsapp_sign(STR(HOUSE_SECRET), body, signature);
    buf_printf(&request,
               "POST /webhook HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
               "Content-Length: %zu\r\nX-Hub-Signature-256: %s\r\nX-Hub-Signature-256: %s\r\n\r\n",
               body.n, signature, signature);
    buf_add(&request, body);
    t.request = buf_str(&request);
    uv_thread_create(&t.thread, talk, &t);
    while (!t.done)
        uv_run(&h->loop, UV_RUN_NOWAIT);
    uv_thread_join(&t.thread);
    buf_reset(&request);
    return t.status;
}

static void test_signatures(void)
{
    static const char body[] = HEAD STATUS("wamid.A", "sent") TAIL;
    struct str whole = str_of(body);
    char right[WHATSAPP_SIGNATURE_TEXT + 1], wrong[WHATSAPP_SIGNATURE_TEXT + 1];
    struct track_counts c;
    struct house h;

    house_open(&h, &plain);
    whatsapp_sign(STR(HOUSE_SECRET), whole, right);
    CHECK(ask(&h, "/webhook", whole, NULL) == 401, "missing");
    CHECK(ask(&h, "/webhook", whole, "sha256=") == 401, "short");
    CHECK(ask(&h, "/webhook", whole, right + 7) == 401, "without its prefix");
    whatsapp_sign(STR("another secret"), whole, wrong);
    CHECK(ask(&h, "/webhook", whole, wrong) == 401, "another secret");
    memcpy(wrong, right, sizeof wrong);
    wrong[70] = (char)(wrong[70] ^ 1);
    CHECK(ask(&h, "/webhook", whole, wrong) == 401, "flipped");
    CHECK(ask(&h, "/webhook", (struct str){whole.p, whole.n - 1}, right) == 401, "cut body");
    CHECK(post_twice_signed(&h, whole) == 401, "twice");
    c = track_counts(h.track);
    CHECK(c.refused == 7 && c.posts == 0 && c.statuses == 0 && c.last_ms == 0,
          "%llu refused, %llu read", (unsigned long long)c.refused, (unsigned long long)c.statuses);
    CHECK(ask(&h, "/webhook", whole, right) == 200, "right");
    c = track_counts(h.track);
    CHECK(c.fresh == 1 && c.unmatched == 1 && c.last_ms == h.now_ms, "stored");
    house_close(&h);
}

static void test_counts(void)
{
    static const struct {
        const char *body;
        struct track_counts want;
    } cases[] = {
        {"not JSON", {.posts = 1, .quarantined = 1}},
        {"{\"object\":\"page\",\"entry\":[]}", {.posts = 1, .quarantined = 1}},
        {"{\"object\":\"whatsapp_business_account\",\"entry\":[]}", {.posts = 1}},
        {HEAD STATUS("w", "sent") "," STATUS("w", "sent") "," STATUS("w", "read") TAIL,
         {.posts = 1, .statuses = 3, .fresh = 2, .unmatched = 3}},
        {"{\"object\":\"whatsapp_business_account\",\"entry\":[{\"changes\":[{\"field\":"
         "\"messages\",\"value\":{\"metadata\":{\"phone_number_id\":\"5\"},\"statuses\":"
         "[" STATUS("w", "sent") "],\"messages\":[{\"type\":\"text\"}]}},{\"field\":"
                                 "\"template_category_update\",\"value\":{\"message_template_id\":"
                                 "1689556908129832,"
                                 "\"message_template_language\":\"en-US\"}}]}]}",
         {.posts = 1, .statuses = 1, .foreign = 1, .others = 2}},
    };

    for
        EACH (i, cases) {
            struct house h;
            struct track_counts got;

            house_open(&h, &plain);
            CHECK(post(&h, str_of(cases[i].body)) == 200, "case %zu", i);
            got = track_counts(h.track);
            got.last_ms = 0;
            CHECK(memcmp(&got, &cases[i].want, sizeof got) == 0, "case %zu", i);
            house_close(&h);
        }
}

/* 1,000 updates and 3 MB in one POST; again 8 days later nothing is new. */
static void test_large(void)
{
    struct buf b = buf_new(8 << 20);
    struct house h;
    struct track_counts c;

    buf_add(&b, STR(HEAD));
    for (int i = 0; i < 1000; i++)
        buf_printf(&b,
                   "%s{\"id\":\"wamid.%04d\",\"status\":\"delivered\",\"timestamp\":\"1795257600\","
                   "\"padding\":\"%02900d\"}",
                   i ? "," : "", i, 7);
    buf_add(&b, STR(TAIL));
    CHECK(b.n > 2900000, "%zu bytes", b.n);
    house_open(&h, &plain);
    CHECK(post(&h, buf_str(&b)) == 200, "1,000 updates");
    c = track_counts(h.track);
    CHECK(c.fresh == 1000 && c.statuses == 1000, "%llu fresh", (unsigned long long)c.fresh);
    h.now_ms += 8LL * 86400000;
    CHECK(post(&h, buf_str(&b)) == 200, "again");
    CHECK(track_counts(h.track).fresh == 1000, "replayed after 8 days");
    buf_printf(&b, "%0*d", 2 << 20, 0);
    CHECK(post(&h, buf_str(&b)) == 413 && track_counts(h.track).posts == 2, "over 4 MiB");
    house_close(&h);
    buf_reset(&b);
}

/* Each call of the store fails once: 503, and the same POST again is applied once. */
static void test_busy(void)
{
    bool fired = true;

    for (int at = 1; fired; at++) {
        static const char body[] = HEAD STATUS("w", "sent") "," STATUS("w", "read") TAIL;
        struct house h;
        int status;

        house_open(&h, &plain);
        h.flaky.calls = 0;
        h.flaky.at = at;
        status = post(&h, str_of(body));
        fired = h.flaky.fired;
        /* one failed batch is run again, job by job, before it is refused */
        CHECK(status == 200 || (status == 503 && fired), "call %d: %d", at, status);
        h.flaky.at = 0;
        CHECK(post(&h, str_of(body)) == 200, "call %d: again", at);
        CHECK(track_counts(h.track).fresh == 2, "call %d: %llu fresh", at,
              (unsigned long long)track_counts(h.track).fresh);
        CHECK(at > 4 || fired, "call %d: no fault", at);
        house_close(&h);
    }
}

/* A notice that does not open any more is no attempt of ours; the rest of the same POST counts. */
static void test_damaged(void)
{
    struct buf b = buf_new(4096);
    struct house h;
    struct err e;
    int64_t id[3];

    house_open(&h, &plain);
    CHECK(sandbox_rule(h.sandbox, STR("{\"n\":3,\"drop\":\"after\",\"statuses\":[]}"), &e), "%s",
          e.text);
    for
        EACH (i, id) {
            id[i] = house_notice(&h, HOUSE_TO, "x");
            house_ring(&h);
            CHECK(house_until(&h, house_quiet), "never quiet");
            CHECK(house_attempt(&h, id[i]).state == ATTEMPT_UNKNOWN, "its answer is lost");
            house_advance(&h, 60000); /* past the rest after it */
        }
    buf_add(&b, STR(HEAD));
    for
        EACH (i, id)
            buf_printf(&b,
                       "%s{\"id\":\"wamid.%zu\",\"status\":\"delivered\",\"timestamp\":"
                       "\"1795257600\",\"biz_opaque_callback_data\":\"%s\"}",
                       i ? "," : "", i, h.echoes[id[i] % 256]);
    buf_add(&b, STR(TAIL));
    h.damaged_id = id[1];
    CHECK(post(&h, buf_str(&b)) == 200, "200 all the same");
    CHECK(h.damaged_hits == 1 && track_counts(h.track).unmatched == 1, "%d times damaged",
          h.damaged_hits);
    CHECK(track_counts(h.track).fresh == 3, "all three are kept");
    h.damaged_id = 0;
    for
        EACH (i, id) {
            bool told = house_read(&h, id[i]).state == NOTICE_ACCEPTED;

            CHECK(told == (i != 1), "notice %zu: %s", i,
                  notice_state_name(house_read(&h, id[i]).state));
        }
    buf_reset(&b);
    house_close(&h);
}

/* ---- the lattice: any order, any multiplicity, before or after the answer ---- */

static unsigned next_random(unsigned *seed)
{
    *seed = *seed * 1103515245U + 12345U;
    return *seed >> 16 & 0x7fff;
}

/* A rule with each status of `set` one to three times, shuffled. */
static void shuffled_rule(struct buf *b, const char *const *set, bool drop, unsigned *seed)
{
    const char *all[16];
    size_t n = 0;

    for (size_t i = 0; set[i]; i++) {
        for (unsigned k = next_random(seed) % 3 + 1; k; k--)
            all[n++] = set[i];
    }
    for (size_t i = n; i > 1; i--) {
        size_t k = next_random(seed) % i;
        const char *swap = all[k];

        all[k] = all[i - 1];
        all[i - 1] = swap;
    }
    buf_printf(b, "{\"batch\":%s,\"delay_ms\":%u%s,\"statuses\":[",
               next_random(seed) & 1 ? "true" : "false", drop ? 0 : next_random(seed) % 12,
               drop ? ",\"drop\":\"after\"" : "");
    for (size_t i = 0; i < n; i++)
        buf_printf(b, "%s\"%s\"", i ? "," : "", all[i]);
    buf_add(b, STR("]}"));
}

static void test_lattice(void)
{
    static const struct {
        const char *set[5];
        bool drop;
        enum attempt_state attempt;
        enum notice_state notice;
        enum delivery delivery;
        int32_t failed;
    } cases[] = {
        {{"sent", "delivered", "read"}, false, ATTEMPT_ACCEPTED, NOTICE_ACCEPTED, DELIVERY_READ, 0},
        {{"sent", "delivered", "read"}, true, ATTEMPT_ACCEPTED, NOTICE_ACCEPTED, DELIVERY_READ, 0},
        {{"sent", "failed:131026"}, false, ATTEMPT_ACCEPTED, NOTICE_HELD, DELIVERY_SENT, 131026},
        {{"sent", "failed:131026"}, true, ATTEMPT_ACCEPTED, NOTICE_HELD, DELIVERY_SENT, 131026},
        {{"failed:131026"}, false, ATTEMPT_ACCEPTED, NOTICE_HELD, DELIVERY_NONE, 131026},
        {{"failed:131026"}, true, ATTEMPT_UNKNOWN, NOTICE_HELD, DELIVERY_NONE, 131026},
        {{"failed:1", "failed:131026", "delivered"},
         false,
         ATTEMPT_ACCEPTED,
         NOTICE_ACCEPTED,
         DELIVERY_DELIVERED,
         131026},
        {{"warned", "deleted"}, false, ATTEMPT_ACCEPTED, NOTICE_ACCEPTED, DELIVERY_NONE, 0},
        {{"warned", "read"}, true, ATTEMPT_ACCEPTED, NOTICE_ACCEPTED, DELIVERY_READ, 0},
    };
    unsigned seed = 2;

    for (size_t round = 0; round < 20; round++) {
        for
            EACH (i, cases) {
                struct buf rule = buf_new(4096);
                struct house h;
                struct err e;
                int64_t id;
                struct attempt a;

                house_open(&h, &plain);
                shuffled_rule(&rule, cases[i].set, cases[i].drop, &seed);
                CHECK(sandbox_rule(h.sandbox, buf_str(&rule), &e), "%s", rule.p);
                id = house_notice(&h, HOUSE_TO, "x");
                house_ring(&h);
                CHECK(house_until(&h, house_quiet), "%s", rule.p);
                a = house_attempt(&h, id);
                CHECK(a.state == cases[i].attempt && a.delivery == cases[i].delivery &&
                          a.failed_code == cases[i].failed,
                      "%s: %s %d %d", rule.p, attempt_state_name(a.state), (int)a.delivery,
                      (int)a.failed_code);
                CHECK(house_read(&h, id).state == cases[i].notice, "%s: %s", rule.p,
                      notice_state_name(house_read(&h, id).state));
                CHECK(sandbox_accepted(h.sandbox) == 1 && track_counts(h.track).conflicts == 0,
                      "%s", rule.p);
                house_close(&h);
                buf_reset(&rule);
            }
    }
}

/* ---- taps on quick replies ---- */

/* Posts the webhook of a tap until it is taken, twice at most; context: the member that names the message, or "". */
static void tap(struct house *h, const char *phone_id, const char *context, const char *payload)
{
    int status;
    struct buf b = buf_new(4096);

    buf_printf(&b,
               "{\"object\":\"whatsapp_business_account\",\"entry\":[{\"id\":\"1\",\"changes\":[{"
               "\"field\":\"messages\",\"value\":{\"metadata\":{\"phone_number_id\":\"%s\"},"
               "\"messages\":[{\"type\":\"button\",\"from\":\"12015550123\",\"id\":\"wamid.IN\","
               "\"timestamp\":\"1795257600\",%s\"button\":{\"payload\":\"%s\",\"text\":\"x\"}}"
               "]}}]}]}",
               phone_id, context, payload);
    status = post(h, buf_str(&b));
    CHECK(status == 200 || (status == 503 && h->flaky.fired), "%s: %d", payload, status);
    if (status == 503)
        CHECK(post(h, buf_str(&b)) == 200, "%s: again", payload);
    buf_reset(&b);
}

static const char *payload_of(struct house *h, int64_t id, const char *word)
{
    return arena_printf(&h->arena, "c1.%s.%s", h->echoes[id % 256] + 3, word).p;
}

/* Sends a notice, with quick replies if it asks; lost: its answer does not come. */
static int64_t send_one(struct house *h, bool asks, bool lost)
{
    struct err e;
    int64_t id;

    CHECK(!lost || sandbox_rule(h->sandbox, STR("{\"drop\":\"after\",\"statuses\":[]}"), &e), "%s",
          e.text);
    h->asks = asks;
    id = house_notice(h, HOUSE_TO, "x");
    house_ring(h);
    CHECK(house_until(h, house_quiet), "never quiet");
    return id;
}

static void check_taps(struct house *h, uint64_t confirm, uint64_t change, uint64_t unmatched,
                       const char *after)
{
    struct track_counts c = track_counts(h->track);

    CHECK(c.taps[0] == confirm && c.taps[1] == change && c.taps[2] == 0 && c.unmatched == unmatched,
          "%s: %llu confirm, %llu change, %llu cancel, %llu unmatched", after,
          (unsigned long long)c.taps[0], (unsigned long long)c.taps[1],
          (unsigned long long)c.taps[2], (unsigned long long)c.unmatched);
}

static void test_taps(void)
{
    static const char context[] = "\"context\":{\"from\":\"1\",\"id\":\"wamid.OUT\"},";
    struct house h;
    int64_t id, plain_id;

    house_open(&h, &plain);
    id = send_one(&h, true, false);
    plain_id = send_one(&h, false, false);
    tap(&h, HOUSE_PHONE_ID, context, payload_of(&h, id, "ok"));
    check_taps(&h, 1, 0, 0, "the first");
    CHECK(house_attempt(&h, id).delivery == DELIVERY_READ, "who taps has read it");
    tap(&h, HOUSE_PHONE_ID, context, payload_of(&h, id, "ok"));
    tap(&h, HOUSE_PHONE_ID, "", payload_of(&h, id, "ok"));
    h.now_ms += 8LL * 86400000;
    tap(&h, HOUSE_PHONE_ID, context, payload_of(&h, id, "ok"));
    check_taps(&h, 1, 0, 0, "repeated, without its message, days later");
    tap(&h, HOUSE_PHONE_ID, "", payload_of(&h, id, "rs"));
    check_taps(&h, 1, 1, 0, "another reply");
    tap(&h, HOUSE_PHONE_ID, context, payload_of(&h, id, "cx"));
    check_taps(&h, 1, 1, 1, "one that the message does not have");
    tap(&h, HOUSE_PHONE_ID, context, payload_of(&h, plain_id, "ok"));
    check_taps(&h, 1, 1, 2, "a message without replies");
    tap(&h, HOUSE_PHONE_ID, context, "c1.7ZZZZZZZZZZZZZZZZZZZZZZZZZ.ok");
    check_taps(&h, 1, 1, 3, "no attempt of ours");
    tap(&h, "5", context, payload_of(&h, id, "ok"));
    CHECK(track_counts(h.track).foreign == 1, "another phone number's");
    tap(&h, HOUSE_PHONE_ID, context, "Yes!");
    check_taps(&h, 1, 1, 3, "a payload that is not ours");
    house_close(&h);
}

/* The answer of the send is lost, and the message not named: the payload alone proves it. */
static void test_tap_proves(void)
{
    for (int named = 0; named < 2; named++) {
        struct house h;
        int64_t id;

        house_open(&h, &plain);
        id = send_one(&h, true, true);
        CHECK(house_attempt(&h, id).state == ATTEMPT_UNKNOWN, "its answer is lost");
        tap(&h, HOUSE_PHONE_ID, named ? "\"context\":{\"id\":\"wamid.OUT\"}," : "",
            payload_of(&h, id, "ok"));
        CHECK(house_read(&h, id).state == NOTICE_ACCEPTED &&
                  house_attempt(&h, id).state == ATTEMPT_ACCEPTED,
              "%s", notice_state_name(house_read(&h, id).state));
        tap(&h, HOUSE_PHONE_ID, "", payload_of(&h, id, "ok"));
        check_taps(&h, 1, 0, 0, "twice");
        CHECK(sandbox_accepted(h.sandbox) == 1, "sent again");
        house_close(&h);
    }
}

/* Each call of the store fails once: nothing of the tap is kept, and the same POST counts once. */
static void test_tap_busy(void)
{
    bool fired = true;

    for (int at = 1; fired; at++) {
        struct house h;
        int64_t id;

        house_open(&h, &plain);
        id = send_one(&h, true, true);
        h.flaky.calls = 0;
        h.flaky.at = at;
        for (int i = 0; i < 2; i++)
            tap(&h, HOUSE_PHONE_ID, "", payload_of(&h, id, "ok"));
        fired = h.flaky.fired;
        h.flaky.at = 0;
        check_taps(&h, 1, 0, 0, "a fault");
        CHECK(at > 4 || fired, "call %d: no fault", at);
        CHECK(house_read(&h, id).state == NOTICE_ACCEPTED, "call %d", at);
        house_close(&h);
    }
}

static void test_settings(void)
{
    struct house h;
    struct track *t;
    struct track_settings set = {.n_secrets = 0, .verify_token = STR("v")};
    struct err e;

    house_open(&h, &plain);
    set.http = http_settings_default(&h.loop, "127.0.0.1", track_port(h.track));
    CHECK(!track_open(&set, &t, &e) && e.kind == ERR_CONFIG, "no secret");
    set.secrets[0] = STR("");
    set.n_secrets = 1;
    CHECK(!track_open(&set, &t, &e) && e.kind == ERR_CONFIG, "empty secret");
    set.secrets[0] = STR("s");
    CHECK(!track_open(&set, &t, &e) && e.kind == ERR_CONFIG, "occupied port");
    set.verify_token = (struct str){NULL, 0};
    CHECK(!track_open(&set, &t, &e) && e.kind == ERR_CONFIG, "no verify token");
    house_close(&h);
}

int main(void)
{
    test_handshake();
    test_signatures();
    test_counts();
    test_large();
    test_busy();
    test_damaged();
    test_lattice();
    test_taps();
    test_tap_proves();
    test_tap_busy();
    test_settings();
    return check_end();
}
