/* One suite over every backend: what it says is what "a store" means. */
#include <stdlib.h>

#include "check.h"
#include "flaky_store.h"
#include "temp_folder.h"

enum { DAY_MS = 86400000 };

/* One backend under test, and the scratch memory of the running case. */
struct bench {
    struct store *s;
    const struct store_ops *ops;
    struct seal *seal;
    struct temp_folder folder;
    struct arena a;
    struct err e;
    int n; /* messages put so far: makes the next one new */
};

#define OK(b, call) CHECK(call, "%s: %s", (b)->s->ops->name, (b)->e.text)

static void fill(uint8_t out[INDEX_BYTES], int v)
{
    memset(out, 0, INDEX_BYTES);
    memcpy(out, &v, sizeof v);
}

static struct message message(int key, int digest, int64_t received_ms)
{
    struct message m = {.kind = MESSAGE_HL7,
                        .feed = STR("demo"),
                        .type = STR("SIU^S12"),
                        .body = STR("MSH|^~\\&|CANARY-BODY"),
                        .ack = STR("\x0bMSA|AA|CANARY-ACK\x1c\r"),
                        .received_ms = received_ms,
                        .test = true};

    fill(m.key, key);
    fill(m.digest, digest);
    return m;
}

static void begin(struct bench *b)
{
    OK(b, b->s->ops->begin(b->s, &b->e));
}

static void commit(struct bench *b)
{
    OK(b, b->s->ops->commit(b->s, &b->e));
}

/* A new message in the store; gives its id. */
static int64_t put_message(struct bench *b)
{
    const int n = ++b->n;
    struct message m = message(n, n, 1000 + n);
    struct intake in;

    OK(b, b->s->ops->put_message(b->s, &m, &b->a, &in, &b->e) && !in.seen && !in.id_reused);
    return in.id;
}

static struct slot slots[] = {
    {STR_LIT("patient_key"), STR_LIT("pk_patient"), STR_LIT("CANARY-MRN"), CLASS_IDENTIFIER},
    {STR_LIT("phone"), STR_LIT("+886900000001"), {NULL, 0}, CLASS_CONTACT},
    {STR_LIT("note"), STR_LIT(""), {NULL, 0}, CLASS_CLINICAL},
};
static struct param params[] = {{STR_LIT("clinic"), STR_LIT("CANARY-CLINIC")},
                                {STR_LIT("empty"), STR_LIT("")}};

/* An instance that emits and notifies, about unit `unit_key`. */
static struct instance telling(const char *unit_key)
{
    return (struct instance){.message_ms = 900,
                             .test = true,
                             .feed = STR("demo"),
                             .rule = STR("booked"),
                             .standing = STANDING_PENDING,
                             .warnings = STR("HL7_ID_REUSED"),
                             .emits = true,
                             .event = {STR("appointment/1"), str_of(unit_key), slots, 3},
                             .notifies = true,
                             .template = STR("appointment_booked"),
                             .language = STR("zh_TW"),
                             .named = true,
                             .button = true,
                             .params = params,
                             .n_params = 2,
                             .coalesce_ms = 60000,
                             .coalesce = STR("demo/booked/pk_patient"),
                             .stale_ms = 99000};
}

static struct instance ended(enum standing standing, const char *reason)
{
    return (struct instance){
        .feed = STR("demo"), .rule = STR("other"), .standing = standing, .reason = str_of(reason)};
}

static int64_t put_telling(struct bench *b, const char *unit_key)
{
    struct instance in = telling(unit_key);
    int64_t id = put_message(b);

    OK(b, b->s->ops->put_mapped(b->s, id, STR("f00d"), &in, 1, &b->e));
    return in.id;
}

static struct notice notice_for(int64_t instance_id, const char *unit_key, enum notice_state state)
{
    return (struct notice){.instance_id = instance_id,
                           .state = state,
                           .feed = STR("demo"),
                           .event_type = STR("appointment/1"),
                           .unit_key = str_of(unit_key),
                           .patient_key = STR("pk_patient"),
                           .coalesce = STR("demo/booked/pk_patient"),
                           .template = STR("appointment_booked"),
                           .language = STR("zh_TW"),
                           .named = true,
                           .params = params,
                           .n_params = 2,
                           .to = STR("+886900000001"),
                           .token = STR("CANARY-TOKEN"),
                           .due_ms = 5000,
                           .expires_ms = 99000};
}

/* Message, instance and notice in one go; gives the notice. */
static struct notice put_notice(struct bench *b, const char *unit_key, enum notice_state state)
{
    struct notice n = notice_for(put_telling(b, unit_key), unit_key, state);

    OK(b, b->s->ops->put_notice(b->s, &n, NULL, &b->e));
    return n;
}

static struct ledger ledger(struct bench *b)
{
    struct ledger l = {0};

    OK(b, b->s->ops->ledger(b->s, &l, &b->e));
    CHECK(ledger_balances(&l), "%s: the ledger does not balance", b->s->ops->name);
    return l;
}

static bool is_telling(const struct instance *in, const struct instance *want)
{
    bool ok = in->id == want->id && in->message_id == want->message_id &&
              in->message_ms == want->message_ms && in->test == want->test &&
              str_eq(in->feed, want->feed) && str_eq(in->rule, want->rule) &&
              in->standing == want->standing && !in->reason.p &&
              str_eq(in->warnings, want->warnings) && in->emits && in->notifies && in->named &&
              in->button && str_eq(in->template, want->template) &&
              str_eq(in->language, want->language) && in->coalesce_ms == want->coalesce_ms &&
              str_eq(in->coalesce, want->coalesce) && in->stale_ms == want->stale_ms &&
              in->n_params == 2 && in->event.n_slots == 3;

    for (size_t i = 0; ok && i < 2; i++)
        ok = str_eq(in->params[i].name, params[i].name) &&
             str_eq(in->params[i].text, params[i].text) && in->params[i].text.p;
    for (size_t i = 0; ok && i < 3; i++)
        ok = str_eq(in->event.slots[i].name, slots[i].name) &&
             str_eq(in->event.slots[i].value, slots[i].value) &&
             str_eq(in->event.slots[i].raw, slots[i].raw) &&
             in->event.slots[i].class == slots[i].class;
    return ok;
}

/* ---- receive ---- */

static void test_messages(struct bench *b)
{
    struct message m = message(1, 1, 1000), got;
    struct intake in;
    struct message_list list;

    begin(b);
    OK(b, b->s->ops->put_message(b->s, &m, &b->a, &in, &b->e));
    CHECK(in.id == 1 && !in.seen && !in.id_reused && !in.ack.p, "first: id %lld", (long long)in.id);
    m.kind = MESSAGE_FHIR;
    m.test = false;
    m.ack = m.body = (struct str){NULL, 0};
    fill(m.key, 2);
    OK(b, b->s->ops->put_message(b->s, &m, &b->a, &in, &b->e));
    CHECK(in.id == 2 && !in.seen && !in.id_reused, "another key: id %lld", (long long)in.id);
    commit(b);

    begin(b);
    OK(b, b->s->ops->read_message(b->s, 1, &b->a, &got, &b->e));
    m = message(1, 1, 1000);
    CHECK(got.id == 1 && got.kind == MESSAGE_HL7 && str_eq(got.feed, m.feed) &&
              str_eq(got.type, m.type) && str_eq(got.body, m.body) && str_eq(got.ack, m.ack) &&
              got.received_ms == 1000 && got.test && memcmp(got.key, m.key, INDEX_BYTES) == 0 &&
              memcmp(got.digest, m.digest, INDEX_BYTES) == 0,
          "%s: a message comes back as it was", b->s->ops->name);
    OK(b, b->s->ops->read_message(b->s, 2, &b->a, &got, &b->e));
    CHECK(got.kind == MESSAGE_FHIR && !got.test && !got.ack.p && got.body.p && got.body.n == 0,
          "no ACK stays none");
    CHECK(!b->s->ops->read_message(b->s, 3, &b->a, &got, &b->e) && b->e.kind == ERR_INPUT, "%s",
          b->e.text);
    OK(b, b->s->ops->take_stored(b->s, 1, &b->a, &list, &b->e));
    CHECK(list.n == 1 && list.items[0].id == 1 && str_eq(list.items[0].body, m.body), "oldest");
    OK(b, b->s->ops->take_stored(b->s, 9, &b->a, &list, &b->e));
    CHECK(list.n == 2 && list.items[1].id == 2, "both");
    commit(b);
}

/* (I8) window: 14 days, exactly. */
static const struct resend {
    const char *name;
    int key, digest;
    int64_t received_ms;
    bool seen, reused;
    int64_t id;
} resends[] = {
    {"first", 1, 1, 1000, false, false, 1},
    {"at once", 1, 1, 1000, true, false, 1},
    {"later", 1, 1, 5000, true, false, 1},
    {"last moment", 1, 1, 1000 + 14LL * DAY_MS, true, false, 1},
    {"other body", 1, 2, 6000, false, true, 2},
    {"the first body again", 1, 1, 7000, true, false, 1},
    {"the other body again", 1, 2, 7000, true, false, 2},
    {"other key, same body", 2, 1, 7000, false, false, 3},
    {"clock set back", 1, 1, 500, true, false, 1},
    {"too late: new", 1, 1, 1001 + 14LL * DAY_MS, false, true, 4},
    {"now the newest answers", 1, 1, 1002 + 14LL * DAY_MS, true, false, 4},
    {"long after: nothing in the window", 1, 3, 90LL * DAY_MS, false, false, 5},
};

static void test_resends(struct bench *b)
{
    struct ledger l;

    for
        EACH (i, resends) {
            const struct resend *r = &resends[i];
            struct message m = message(r->key, r->digest, r->received_ms);
            struct intake in = {0};

            m.ack = arena_printf(&b->a, "ack %zu", i);
            begin(b);
            OK(b, b->s->ops->put_message(b->s, &m, &b->a, &in, &b->e));
            CHECK(in.seen == r->seen && in.id_reused == r->reused && in.id == r->id,
                  "%s: %s: id %lld seen %d reused %d", b->s->ops->name, r->name, (long long)in.id,
                  in.seen, in.id_reused);
            commit(b);
        }
    begin(b);
    l = ledger(b);
    CHECK(l.acked == 12 && l.duplicate == 7 && l.pending == 5, "%lld acked, %lld duplicate",
          (long long)l.acked, (long long)l.duplicate);
    commit(b);
}

/* A resend hears the first answer, byte for byte. */
static void test_same_ack(struct bench *b)
{
    struct message m = message(1, 1, 1000), again = message(1, 1, 2000);
    struct intake in;

    again.ack = STR("another ACK");
    begin(b);
    OK(b, b->s->ops->put_message(b->s, &m, &b->a, &in, &b->e));
    OK(b, b->s->ops->put_message(b->s, &again, &b->a, &in, &b->e));
    CHECK(in.seen && str_eq(in.ack, m.ack), "in the same transaction");
    commit(b);
    begin(b);
    OK(b, b->s->ops->put_message(b->s, &again, &b->a, &in, &b->e));
    CHECK(in.seen && str_eq(in.ack, m.ack), "in another");
    commit(b);
}

/* ---- map ---- */

static void test_mapped(struct bench *b)
{
    struct instance two[] = {telling("pk_a"), ended(STANDING_RECORDED, "no phone")};
    struct instance_list list;
    struct message_list stored;
    struct unit u;
    bool found;
    int64_t id;

    begin(b);
    id = put_message(b);
    OK(b, b->s->ops->put_mapped(b->s, id, STR("f00d"), two, 2, &b->e));
    CHECK(two[0].id == 1 && two[1].id == 2 && two[0].message_id == id, "ids in order");
    commit(b);
    begin(b);
    CHECK(!b->s->ops->put_mapped(b->s, id, STR("f00d"), two, 2, &b->e) && b->e.kind == ERR_INPUT,
          "mapped once: %s", b->e.text);
    b->s->ops->rollback(b->s);
    begin(b);
    CHECK(!b->s->ops->put_mapped(b->s, 99, STR("f00d"), two, 2, &b->e) && b->e.kind == ERR_INPUT,
          "no such message: %s", b->e.text);
    b->s->ops->rollback(b->s);
    begin(b);
    OK(b, b->s->ops->take_stored(b->s, 9, &b->a, &stored, &b->e));
    CHECK(stored.n == 0, "nothing waits to be mapped");
    OK(b, b->s->ops->take_mapped(b->s, 9, &b->a, &list, &b->e));
    CHECK(list.n == 1 && is_telling(&list.items[0], &two[0]), "%s: an instance comes back",
          b->s->ops->name);
    CHECK(list.n == 1 && list.items[0].received_ms == 1001, "with its message's time");
    OK(b, b->s->ops->find_unit(b->s, STR("appointment/1"), STR("pk_a"), &b->a, &u, &found, &b->e));
    CHECK(found && !u.told && u.event.n_slots == 3 && str_eq(u.event.unit_key, STR("pk_a")) &&
              str_eq(event_value(&u.event, "phone"), slots[1].value),
          "unit");
    OK(b, b->s->ops->find_unit(b->s, STR("result/1"), STR("pk_a"), &b->a, &u, &found, &b->e));
    CHECK(!found, "by type and key");
    commit(b);
}

static void test_unit(struct bench *b)
{
    uint8_t news[INDEX_BYTES];
    struct instance in = telling("pk_a");
    struct slot later = {STR("status"), STR("cancelled"), {NULL, 0}, CLASS_LOGISTICS};
    struct unit u;
    bool found;

    fill(news, 77);
    begin(b);
    (void)put_telling(b, "pk_a");
    OK(b, b->s->ops->save_news(b->s, STR("appointment/1"), STR("pk_a"), news, true, &b->e));
    CHECK(!b->s->ops->save_news(b->s, STR("appointment/1"), STR("pk_b"), news, true, &b->e) &&
              b->e.kind == ERR_INPUT,
          "%s", b->e.text);
    commit(b);
    in.event.slots = &later;
    in.event.n_slots = 1;
    begin(b);
    OK(b, b->s->ops->put_mapped(b->s, put_message(b), STR("f00d"), &in, 1, &b->e));
    OK(b, b->s->ops->find_unit(b->s, STR("appointment/1"), STR("pk_a"), &b->a, &u, &found, &b->e));
    CHECK(found && u.told && memcmp(u.news, news, INDEX_BYTES) == 0 && u.event.n_slots == 1 &&
              str_eq(event_value(&u.event, "status"), STR("cancelled")),
          "the latest event, and still what was told");
    commit(b);
}

/* ---- the balance ---- */

static void test_standings(struct bench *b)
{
    static const struct {
        const char *name;
        enum standing of[3];
        size_t n;
        enum standing counts_as;
    } cases[] = {
        {"no rule", {0}, 0, STANDING_DROPPED},
        {"dropped", {STANDING_DROPPED}, 1, STANDING_DROPPED},
        {"recorded over dropped", {STANDING_DROPPED, STANDING_RECORDED}, 2, STANDING_RECORDED},
        {"notified over recorded",
         {STANDING_RECORDED, STANDING_NOTIFIED, STANDING_DROPPED},
         3,
         STANDING_NOTIFIED},
        {"rejected over notified", {STANDING_NOTIFIED, STANDING_REJECTED}, 2, STANDING_REJECTED},
        {"held over rejected", {STANDING_REJECTED, STANDING_HELD}, 2, STANDING_HELD},
        {"pending over all", {STANDING_HELD, STANDING_PENDING}, 2, STANDING_PENDING},
    };
    struct ledger l;

    begin(b);
    for
        EACH (i, cases) {
            struct instance all[3];

            for (size_t k = 0; k < cases[i].n; k++)
                all[k] = ended(cases[i].of[k], "for a test");
            OK(b, b->s->ops->put_mapped(b->s, put_message(b), STR("f00d"), all, cases[i].n, &b->e));
        }
    (void)put_message(b);
    l = ledger(b); /* before the commit */
    commit(b);
    CHECK(l.acked == 8 && l.dropped == 2 && l.recorded == 1 && l.notified == 1 && l.rejected == 1 &&
              l.held == 1 && l.pending == 2 && l.duplicate == 0,
          "%s: pending %lld dropped %lld", b->s->ops->name, (long long)l.pending,
          (long long)l.dropped);
    begin(b);
    l = ledger(b); /* and after it */
    CHECK(l.acked == 8 && l.dropped == 2 && l.pending == 2, "the same after the commit");
    commit(b);
}

static void test_settle(struct bench *b)
{
    struct ledger l;
    struct instance_list list;
    int64_t id;

    begin(b);
    id = put_telling(b, "pk_a");
    OK(b, b->s->ops->settle(b->s, id, STANDING_RECORDED, STR("nothing new"), &b->e));
    OK(b, b->s->ops->take_mapped(b->s, 9, &b->a, &list, &b->e));
    l = ledger(b);
    CHECK(list.n == 0 && l.recorded == 1 && l.pending == 0, "settled");
    CHECK(!b->s->ops->settle(b->s, 99, STANDING_HELD, STR("x"), &b->e) && b->e.kind == ERR_INPUT,
          "%s", b->e.text);
    commit(b);
}

/* ---- plan ---- */

static bool is_notice(const struct notice *n, const struct notice *want)
{
    return n->id == want->id && n->instance_id == want->instance_id && n->state == want->state &&
           str_eq(n->feed, want->feed) && str_eq(n->event_type, want->event_type) &&
           str_eq(n->unit_key, want->unit_key) && str_eq(n->patient_key, want->patient_key) &&
           str_eq(n->coalesce, want->coalesce) && str_eq(n->template, want->template) &&
           str_eq(n->language, want->language) && n->named == want->named &&
           n->n_params == want->n_params && str_eq(n->params[0].text, want->params[0].text) &&
           str_eq(n->to, want->to) && str_eq(n->token, want->token) && n->due_ms == want->due_ms &&
           n->expires_ms == want->expires_ms && n->tries == want->tries && !n->reason.p;
}

static void test_notices(struct bench *b)
{
    struct notice n, other;
    struct notice_list open, window;
    struct instance_list left;

    begin(b);
    n = put_notice(b, "pk_a", NOTICE_WAITING);
    other = put_notice(b, "pk_b", NOTICE_READY);
    CHECK(n.id == 1 && other.id == 2, "ids");
    commit(b);
    begin(b);
    OK(b, b->s->ops->take_mapped(b->s, 9, &b->a, &left, &b->e));
    CHECK(left.n == 0, "an instance with a notice is planned");
    OK(b, b->s->ops->find_open(b->s, STR("appointment/1"), STR("pk_a"), &b->a, &open, &b->e));
    CHECK(open.n == 1 && is_notice(&open.items[0], &n), "%s: a notice comes back", b->s->ops->name);
    OK(b, b->s->ops->find_window(b->s, STR("demo/booked/pk_patient"), &b->a, &window, &b->e));
    CHECK(window.n == 2, "both are in the window");
    OK(b, b->s->ops->find_window(b->s, STR("demo/booked/pk_other"), &b->a, &window, &b->e));
    CHECK(window.n == 0, "another window");
    n.state = NOTICE_WITHDRAWN;
    n.reason = STR("a later event came first");
    n.coalesce = (struct str){NULL, 0};
    n.due_ms = 7;
    n.tries = 3;
    OK(b, b->s->ops->save_notice(b->s, &n, &b->e));
    OK(b, b->s->ops->find_open(b->s, STR("appointment/1"), STR("pk_a"), &b->a, &open, &b->e));
    OK(b, b->s->ops->find_window(b->s, STR("demo/booked/pk_patient"), &b->a, &window, &b->e));
    CHECK(open.n == 0 && window.n == 1, "withdrawn is not open");
    n.id = 99;
    CHECK(!b->s->ops->save_notice(b->s, &n, &b->e) && b->e.kind == ERR_INPUT, "%s", b->e.text);
    CHECK(ledger(b).recorded == 1 && ledger(b).pending == 1, "and its message is recorded");
    commit(b);
}

static void test_release(struct bench *b)
{
    static const int64_t due[] = {3000, 1000, 2000};
    size_t n;
    int64_t next;

    begin(b);
    for
        EACH (i, due) {
            struct notice row = notice_for(put_telling(b, "pk_a"), "pk_a", NOTICE_WAITING);

            row.due_ms = due[i];
            OK(b, b->s->ops->put_notice(b->s, &row, NULL, &b->e));
        }
    OK(b, b->s->ops->release_due(b->s, 999, &n, &next, &b->e));
    CHECK(n == 0 && next == 1000, "%zu released, next %lld", n, (long long)next);
    OK(b, b->s->ops->release_due(b->s, 2000, &n, &next, &b->e));
    CHECK(n == 2 && next == 3000, "%zu released, next %lld", n, (long long)next);
    OK(b, b->s->ops->release_due(b->s, 3000, &n, &next, &b->e));
    CHECK(n == 1 && next == 0, "%zu released, next %lld", n, (long long)next);
    commit(b);
}

/* ---- send ---- */

static const char echoes[][ECHO_BYTES + 1] = {"a1:01JD3ZK8Q4T0N6W7X8Y9ZABCD0",
                                              "a1:01JD3ZK8Q4T0N6W7X8Y9ZABCD1",
                                              "a1:01JD3ZK8Q4T0N6W7X8Y9ZABCD2"};

static void test_attempts(struct bench *b)
{
    struct notice first, second;
    struct flight_list fly;
    struct flight f;
    uint8_t wamid[INDEX_BYTES];
    bool found;

    begin(b);
    first = put_notice(b, "pk_a", NOTICE_READY);
    second = put_notice(b, "pk_b", NOTICE_READY);
    (void)put_notice(b, "pk_c", NOTICE_WAITING);
    OK(b, b->s->ops->begin_attempts(b->s, 1, echoes, 8000, &b->a, &fly, &b->e));
    first.state = NOTICE_FLYING;
    CHECK(fly.n == 1 && is_notice(&fly.items[0].notice, &first), "the oldest first");
    CHECK(fly.n == 1 && fly.items[0].attempt.state == ATTEMPT_FLYING &&
              strcmp(fly.items[0].attempt.echo, echoes[0]) == 0 &&
              fly.items[0].attempt.started_ms == 8000 && fly.items[0].attempt.ended_ms == 0 &&
              fly.items[0].attempt.notice_id == first.id,
          "its attempt");
    OK(b, b->s->ops->begin_attempts(b->s, 2, echoes + 1, 8001, &b->a, &fly, &b->e));
    CHECK(fly.n == 1 && fly.items[0].notice.id == second.id, "each once");
    commit(b);

    begin(b);
    fill(wamid, 5);
    OK(b, b->s->ops->find_attempt(b->s, STR("a1:01JD3ZK8Q4T0N6W7X8Y9ZABCD0"), wamid, &b->a, &f,
                                  &found, &b->e));
    CHECK(found && f.attempt.id == 1 && is_notice(&f.notice, &first), "by echo");
    f.attempt.state = ATTEMPT_ACCEPTED;
    f.attempt.ended_ms = 8100;
    f.attempt.has_wamid = true;
    f.attempt.code = 7;
    f.attempt.delivery = DELIVERY_READ;
    f.attempt.failed_code = -1;
    memcpy(f.attempt.wamid, wamid, INDEX_BYTES);
    OK(b, b->s->ops->save_attempt(b->s, &f.attempt, &b->e));
    f.notice.state = NOTICE_ACCEPTED;
    OK(b, b->s->ops->save_notice(b->s, &f.notice, &b->e));
    OK(b, b->s->ops->find_attempt(b->s, (struct str){NULL, 0}, wamid, &b->a, &f, &found, &b->e));
    CHECK(found && f.attempt.state == ATTEMPT_ACCEPTED && f.attempt.ended_ms == 8100 &&
              f.attempt.code == 7 && f.attempt.delivery == DELIVERY_READ &&
              f.attempt.failed_code == -1 && f.attempt.has_wamid &&
              f.notice.state == NOTICE_ACCEPTED,
          "by wamid, as saved");
    CHECK(!f.notice.token.p && str_eq(f.notice.to, STR("+886900000001")), "token forgotten");
    fill(wamid, 6);
    OK(b, b->s->ops->find_attempt(b->s, (struct str){NULL, 0}, wamid, &b->a, &f, &found, &b->e));
    CHECK(!found, "unknown wamid");
    OK(b, b->s->ops->find_attempt(b->s, STR("a1:none"), wamid, &b->a, &f, &found, &b->e));
    CHECK(!found, "unknown echo");
    f.attempt.id = 99;
    CHECK(!b->s->ops->save_attempt(b->s, &f.attempt, &b->e) && b->e.kind == ERR_INPUT, "%s",
          b->e.text);
    CHECK(ledger(b).notified == 1 && ledger(b).pending == 2, "notified");
    commit(b);
}

static void test_stale(struct bench *b)
{
    static const struct {
        int64_t expires_ms;
        bool flies;
    } cases[] = {{7999, false}, {8000, true}, {0, true}, {8001, true}, {1, false}};
    struct flight_list fly;
    struct trace_list traces;
    size_t at = 0;

    begin(b);
    for
        EACH (i, cases) {
            struct notice n = notice_for(put_telling(b, "pk_a"), "pk_a", NOTICE_READY);

            n.expires_ms = cases[i].expires_ms;
            OK(b, b->s->ops->put_notice(b->s, &n, NULL, &b->e));
        }
    OK(b, b->s->ops->begin_attempts(b->s, 3, echoes, 8000, &b->a, &fly, &b->e));
    CHECK(fly.n == 3, "%zu fly", fly.n);
    for
        EACH (i, cases) {
            if (cases[i].flies && at < fly.n)
                CHECK(fly.items[at++].notice.id == (int64_t)i + 1, "notice %zu", i + 1);
        }
    CHECK(ledger(b).recorded == 2 && ledger(b).pending == 3, "stale ones are recorded");
    OK(b, b->s->ops->list_recent(b->s, 9, &b->a, &traces, &b->e));
    CHECK(traces.n == 5 && str_eq(traces.items[0].reason, STR("stale")), "and say why");
    commit(b);
}

static void test_recover(struct bench *b)
{
    struct flight_list list;
    struct flight f;
    uint8_t none[INDEX_BYTES] = {0};
    size_t n;
    bool found;

    begin(b);
    (void)put_notice(b, "pk_a", NOTICE_READY);
    (void)put_notice(b, "pk_b", NOTICE_READY);
    OK(b, b->s->ops->begin_attempts(b->s, 3, echoes, 8000, &b->a, &list, &b->e));
    OK(b, b->s->ops->find_checking(b->s, 9, &b->a, &list, &b->e));
    CHECK(list.n == 0, "none is checked before");
    OK(b, b->s->ops->recover(b->s, 9000, &n, &b->e));
    CHECK(n == 2, "%zu recovered", n);
    OK(b, b->s->ops->find_checking(b->s, 1, &b->a, &list, &b->e));
    CHECK(list.n == 1 && list.items[0].notice.id == 1, "oldest first");
    OK(b, b->s->ops->find_checking(b->s, 9, &b->a, &list, &b->e));
    CHECK(list.n == 2 && list.items[1].notice.state == NOTICE_CHECKING &&
              list.items[1].attempt.state == ATTEMPT_UNKNOWN &&
              list.items[1].attempt.ended_ms == 9000 && list.items[1].attempt.id == 2,
          "with its attempt");
    OK(b, b->s->ops->recover(b->s, 9500, &n, &b->e));
    CHECK(n == 0, "once");
    OK(b, b->s->ops->begin_attempts(b->s, 3, echoes, 9600, &b->a, &list, &b->e));
    CHECK(list.n == 0, "what was in flight is never sent again");
    OK(b, b->s->ops->find_attempt(b->s, str_of(echoes[1]), none, &b->a, &f, &found, &b->e));
    CHECK(found && f.notice.id == 2 && f.attempt.state == ATTEMPT_UNKNOWN,
          "its echo still finds it");
    CHECK(ledger(b).pending == 2, "and it is pending");
    commit(b);
}

/* An unsent attempt, a second one: both are found, CHECKING gives the last. */
static void test_second_attempt(struct bench *b)
{
    struct flight_list list;
    struct flight f;
    uint8_t none[INDEX_BYTES] = {0};
    bool found;
    size_t n;

    begin(b);
    (void)put_notice(b, "pk_a", NOTICE_READY);
    OK(b, b->s->ops->begin_attempts(b->s, 1, echoes, 8000, &b->a, &list, &b->e));
    f = list.items[0];
    f.attempt.state = ATTEMPT_UNSENT;
    f.notice.state = NOTICE_READY;
    OK(b, b->s->ops->save_attempt(b->s, &f.attempt, &b->e));
    OK(b, b->s->ops->save_notice(b->s, &f.notice, &b->e));
    OK(b, b->s->ops->begin_attempts(b->s, 1, echoes + 1, 8500, &b->a, &list, &b->e));
    CHECK(list.n == 1 && str_eq(list.items[0].notice.token, STR("CANARY-TOKEN")), "same token");
    OK(b, b->s->ops->recover(b->s, 9000, &n, &b->e));
    CHECK(n == 1, "only the one in flight");
    OK(b, b->s->ops->find_checking(b->s, 9, &b->a, &list, &b->e));
    CHECK(list.n == 1 && list.items[0].attempt.id == 2, "the last attempt");
    OK(b, b->s->ops->find_attempt(b->s, str_of(echoes[0]), none, &b->a, &f, &found, &b->e));
    CHECK(found && f.attempt.id == 1 && f.attempt.state == ATTEMPT_UNSENT, "the first by its echo");
    commit(b);
}

/* ---- track ---- */

static void test_statuses(struct bench *b)
{
    struct status sent = {.echo = STR("a1:x"), .name = STR("sent"), .at_ms = 1, .received_ms = 2};
    struct status read = {.name = STR("read"), .error_code = 131026, .at_ms = 3, .received_ms = 4};
    struct status_list list;
    uint8_t other[INDEX_BYTES];
    bool fresh;

    fill(sent.wamid, 1);
    fill(read.wamid, 1);
    fill(other, 2);
    begin(b);
    OK(b, b->s->ops->put_status(b->s, &sent, &fresh, &b->e));
    CHECK(fresh, "new");
    OK(b, b->s->ops->put_status(b->s, &sent, &fresh, &b->e));
    CHECK(!fresh, "again");
    OK(b, b->s->ops->put_status(b->s, &read, &fresh, &b->e));
    CHECK(fresh, "another name");
    commit(b);
    begin(b);
    OK(b, b->s->ops->put_status(b->s, &read, &fresh, &b->e));
    CHECK(!fresh, "again, later");
    OK(b, b->s->ops->find_statuses(b->s, sent.wamid, (struct str){NULL, 0}, &b->a, &list, &b->e));
    CHECK(list.n == 2 && str_eq(list.items[0].name, sent.name) &&
              str_eq(list.items[0].echo, sent.echo) && list.items[0].at_ms == 1 &&
              list.items[1].error_code == 131026 && !list.items[1].echo.p &&
              list.items[1].received_ms == 4,
          "by wamid");
    OK(b, b->s->ops->find_statuses(b->s, other, STR("a1:x"), &b->a, &list, &b->e));
    CHECK(list.n == 1, "by echo");
    OK(b, b->s->ops->find_statuses(b->s, sent.wamid, STR("a1:x"), &b->a, &list, &b->e));
    CHECK(list.n == 2, "each once");
    OK(b, b->s->ops->find_statuses(b->s, other, (struct str){NULL, 0}, &b->a, &list, &b->e));
    CHECK(list.n == 0, "none");
    commit(b);
}

/* ---- link ---- */

static void token_of(uint8_t out[SEAL_HASH_BYTES], int v)
{
    memset(out, v, SEAL_HASH_BYTES);
}

static void put_link(struct bench *b, int token, int64_t expires_ms)
{
    struct notice n = notice_for(put_telling(b, "pk_a"), "pk_a", NOTICE_READY);
    struct link_new l = {.event_type = STR("appointment/1"),
                         .unit_key = STR("pk_a"),
                         .patient_key = STR("pk_patient"),
                         .patient = STR("CANARY-MRN"),
                         .resource = STR("CANARY-ORDER"),
                         .expires_ms = expires_ms};

    token_of(l.token_hash, token);
    OK(b, b->s->ops->put_notice(b->s, &n, &l, &b->e));
    CHECK(l.notice_id == n.id, "the link knows its notice");
}

static bool opens(struct bench *b, int token, int64_t now_ms, int code, int64_t code_expires_ms)
{
    uint8_t hash[SEAL_HASH_BYTES], code_hash[SEAL_HASH_BYTES];
    bool ok = true;

    token_of(hash, token);
    token_of(code_hash, code);
    OK(b, b->s->ops->open_link(b->s, hash, now_ms, code_hash, code_expires_ms, &ok, &b->e));
    return ok;
}

static bool redeems(struct bench *b, int code, int64_t now_ms, struct link_target *out)
{
    uint8_t code_hash[SEAL_HASH_BYTES];
    bool ok = true;

    token_of(code_hash, code);
    OK(b, b->s->ops->use_code(b->s, code_hash, now_ms, &b->a, out, &ok, &b->e));
    return ok;
}

static void test_links(struct bench *b)
{
    struct link_target t;

    begin(b);
    put_link(b, 1, 10000);
    put_link(b, 2, 10000);
    commit(b);
    begin(b);
    CHECK(!opens(b, 9, 5000, 100, 60000), "unknown token");
    CHECK(!opens(b, 1, 10000, 100, 60000), "expired token");
    CHECK(!redeems(b, 100, 5000, &t), "no code before");
    CHECK(opens(b, 1, 9999, 101, 60000), "live token");
    CHECK(!opens(b, 1, 9999, 102, 60000), "a second redemption");
    CHECK(!redeems(b, 102, 10000, &t), "the refused code is none");
    commit(b);
    begin(b);
    CHECK(!redeems(b, 101, 60000, &t), "expired code");
    CHECK(redeems(b, 101, 59999, &t), "live code");
    CHECK(str_eq(t.patient, STR("CANARY-MRN")) && str_eq(t.resource, STR("CANARY-ORDER")) &&
              str_eq(t.patient_key, STR("pk_patient")) && str_eq(t.unit_key, STR("pk_a")) &&
              str_eq(t.event_type, STR("appointment/1")),
          "what the portal needs");
    CHECK(!redeems(b, 101, 59999, &t) && !t.patient.p, "a code is used once");
    OK(b, b->s->ops->revoke_links(b->s, STR("appointment/1"), STR("pk_b"), 9000, &b->e));
    commit(b);
    begin(b);
    CHECK(opens(b, 2, 9999, 103, 60000), "another unit's revocation");
    b->s->ops->rollback(b->s);
    begin(b);
    OK(b, b->s->ops->revoke_links(b->s, STR("appointment/1"), STR("pk_a"), 9000, &b->e));
    CHECK(!opens(b, 2, 9001, 104, 60000), "revoked");
    commit(b);
}

/* ---- people ---- */

static void test_recent(struct bench *b)
{
    struct instance two[] = {telling("pk_a"), ended(STANDING_HELD, "unknown site")};
    struct trace_list list;

    begin(b);
    OK(b, b->s->ops->put_mapped(b->s, put_message(b), STR("f00d"), two, 2, &b->e));
    OK(b, b->s->ops->put_mapped(b->s, put_message(b), STR("f00d"), NULL, 0, &b->e));
    (void)put_message(b);
    OK(b, b->s->ops->list_recent(b->s, 9, &b->a, &list, &b->e));
    CHECK(list.n == 4, "%zu rows", list.n);
    CHECK(list.items[0].message_id == 3 && list.items[0].standing == STANDING_PENDING &&
              !list.items[0].reason.p && str_eq(list.items[0].type, STR("SIU^S12")) &&
              list.items[0].received_ms == 1003,
          "newest first");
    CHECK(list.items[1].standing == STANDING_DROPPED &&
              str_eq(list.items[1].reason, STR("no rule")),
          "no rule");
    CHECK(list.items[2].message_id == 1 && list.items[2].standing == STANDING_PENDING &&
              str_eq(list.items[2].rule, STR("booked")) &&
              str_eq(list.items[2].template, STR("appointment_booked")) &&
              str_eq(list.items[2].language, STR("zh_TW")),
          "an instance a row");
    CHECK(list.items[3].standing == STANDING_HELD &&
              str_eq(list.items[3].reason, STR("unknown site")),
          "with its reason");
    OK(b, b->s->ops->list_recent(b->s, 2, &b->a, &list, &b->e));
    CHECK(list.n == 2, "at most");
    commit(b);
}

/* ---- transactions ---- */

/* Everything a store can do, once. False at the first failure. */
static bool whole_life(struct store *s, struct arena *a, struct err *e)
{
    struct message m = message(1, 1, 1000);
    struct instance in = telling("pk_a"), second = telling("pk_b");
    struct link_new l = {
        .event_type = STR("appointment/1"), .unit_key = STR("pk_a"), .expires_ms = 90000};
    struct status st = {.echo = STR("x"), .name = STR("sent")};
    uint8_t news[INDEX_BYTES], hash[SEAL_HASH_BYTES] = {1};
    struct message_list messages;
    struct instance_list instances;
    struct notice_list notices;
    struct flight_list flights;
    struct status_list statuses;
    struct trace_list traces;
    struct link_target target;
    struct flight f;
    struct intake got;
    struct ledger sum;
    struct notice n;
    struct unit u;
    int64_t next;
    size_t count;
    bool yes;

    fill(news, 3);
    memcpy(l.token_hash, hash, sizeof hash);
    if (!s->ops->put_message(s, &m, a, &got, e) || !s->ops->put_message(s, &m, a, &got, e) ||
        !s->ops->take_stored(s, 9, a, &messages, e) ||
        !s->ops->put_mapped(s, got.id, STR("f00d"), &in, 1, e))
        return false;
    fill(m.key, 2);
    if (!s->ops->put_message(s, &m, a, &got, e) ||
        !s->ops->put_mapped(s, got.id, STR("f00d"), &second, 1, e) ||
        !s->ops->take_mapped(s, 9, a, &instances, e) ||
        !s->ops->find_unit(s, in.event.type, in.event.unit_key, a, &u, &yes, e) ||
        !s->ops->save_news(s, in.event.type, in.event.unit_key, news, true, e) ||
        !s->ops->settle(s, second.id, STANDING_HELD, STR("a person"), e))
        return false;
    n = notice_for(in.id, "pk_a", NOTICE_WAITING);
    if (!s->ops->put_notice(s, &n, &l, e) ||
        !s->ops->find_open(s, n.event_type, n.unit_key, a, &notices, e) ||
        !s->ops->find_window(s, n.coalesce, a, &notices, e) ||
        !s->ops->release_due(s, 5000, &count, &next, e) ||
        !s->ops->begin_attempts(s, 2, echoes, 5000, a, &flights, e) ||
        !s->ops->recover(s, 6000, &count, e) || !s->ops->find_checking(s, 9, a, &flights, e) ||
        !s->ops->put_status(s, &st, &yes, e) ||
        !s->ops->find_statuses(s, st.wamid, st.echo, a, &statuses, e) ||
        !s->ops->find_attempt(s, str_of(echoes[0]), st.wamid, a, &f, &yes, e))
        return false;
    f.attempt.state = ATTEMPT_ACCEPTED;
    f.notice.state = NOTICE_ACCEPTED;
    return s->ops->save_attempt(s, &f.attempt, e) && s->ops->save_notice(s, &f.notice, e) &&
           s->ops->open_link(s, hash, 6000, hash, 60000, &yes, e) &&
           s->ops->use_code(s, hash, 6001, a, &target, &yes, e) &&
           s->ops->revoke_links(s, l.event_type, l.unit_key, 7000, e) &&
           s->ops->ledger(s, &sum, e) && s->ops->list_recent(s, 9, a, &traces, e) &&
           s->ops->read_message(s, 1, a, &m, e);
}

/* Nothing is there: what a store looks like before anything, or after a rollback. */
static void check_empty(struct bench *b, const char *when)
{
    struct message_list messages;
    struct instance_list instances;
    struct flight_list flights;
    struct status_list statuses;
    struct trace_list traces;
    struct link_target t;
    uint8_t none[INDEX_BYTES] = {0}, hash[SEAL_HASH_BYTES] = {1};
    struct ledger l;
    struct flight f;
    struct unit u;
    bool yes, code;

    begin(b);
    OK(b, b->s->ops->take_stored(b->s, 9, &b->a, &messages, &b->e));
    OK(b, b->s->ops->take_mapped(b->s, 9, &b->a, &instances, &b->e));
    OK(b, b->s->ops->find_checking(b->s, 9, &b->a, &flights, &b->e));
    OK(b, b->s->ops->list_recent(b->s, 9, &b->a, &traces, &b->e));
    OK(b, b->s->ops->find_statuses(b->s, none, STR("x"), &b->a, &statuses, &b->e));
    CHECK(messages.n + instances.n + flights.n + traces.n + statuses.n == 0, "%s: %s",
          b->s->ops->name, when);
    OK(b, b->s->ops->find_attempt(b->s, str_of(echoes[0]), none, &b->a, &f, &yes, &b->e));
    OK(b, b->s->ops->use_code(b->s, hash, 6001, &b->a, &t, &code, &b->e));
    CHECK(!yes && !code && !opens(b, 1, 6000, 2, 60000), "%s: %s", b->s->ops->name, when);
    OK(b, b->s->ops->find_unit(b->s, STR("appointment/1"), STR("pk_a"), &b->a, &u, &yes, &b->e));
    l = ledger(b);
    CHECK(!yes && l.acked == 0 && l.pending == 0 && l.held == 0, "%s: %s", b->s->ops->name, when);
    commit(b);
}

static void check_life(struct bench *b)
{
    struct ledger l;

    begin(b);
    l = ledger(b);
    CHECK(l.acked == 3 && l.duplicate == 1 && l.notified == 1 && l.held == 1 && l.pending == 0,
          "%s: acked %lld notified %lld held %lld", b->s->ops->name, (long long)l.acked,
          (long long)l.notified, (long long)l.held);
    commit(b);
}

static void test_rollback(struct bench *b)
{
    check_empty(b, "a new store");
    for (int round = 0; round < 2; round++) {
        begin(b);
        OK(b, whole_life(b->s, &b->a, &b->e));
        b->s->ops->rollback(b->s);
        check_empty(b, "after a rollback");
    }
    begin(b);
    OK(b, whole_life(b->s, &b->a, &b->e)); /* the same ids again */
    commit(b);
    check_life(b);
}

/* A rollback puts older rows back as they were, too. */
static void test_rollback_of_changes(struct bench *b)
{
    struct flight_list fly;
    struct notice n;

    begin(b);
    n = put_notice(b, "pk_a", NOTICE_READY);
    commit(b);
    begin(b);
    OK(b, b->s->ops->begin_attempts(b->s, 1, echoes, 8000, &b->a, &fly, &b->e));
    fly.items[0].notice.state = NOTICE_HELD;
    OK(b, b->s->ops->save_notice(b->s, &fly.items[0].notice, &b->e));
    b->s->ops->rollback(b->s);
    begin(b);
    CHECK(ledger(b).pending == 1 && ledger(b).held == 0, "%s: standing", b->s->ops->name);
    OK(b, b->s->ops->begin_attempts(b->s, 1, echoes, 8000, &b->a, &fly, &b->e));
    CHECK(fly.n == 1 && str_eq(fly.items[0].notice.token, n.token), "%s: token", b->s->ops->name);
    commit(b);
}

/* Each call fails once; each time nothing is left behind. */
static void test_flaky(struct bench *b)
{
    int fired = 0;

    for (int at = 1;; at++) {
        struct flaky f;
        struct store *s = flaky_over(&f, b->s, at);
        bool begun = s->ops->begin(s, &b->e);
        bool ok = begun && whole_life(s, &b->a, &b->e) && s->ops->commit(s, &b->e);

        CHECK(ok == !f.fired, "call %d: %s", at, b->e.text);
        if (ok)
            break;
        fired++;
        CHECK(b->e.kind == ERR_BUSY, "call %d: %s", at, b->e.text);
        if (begun)
            s->ops->rollback(s);
        check_empty(b, "after a failed call");
    }
    CHECK(fired == 30, "%d calls failed in turn", fired);
    check_life(b);
}

static const struct {
    const char *name;
    void (*run)(struct bench *b);
} cases[] = {
    {"messages", test_messages},
    {"resends", test_resends},
    {"same ack", test_same_ack},
    {"mapped", test_mapped},
    {"unit", test_unit},
    {"standings", test_standings},
    {"settle", test_settle},
    {"notices", test_notices},
    {"release", test_release},
    {"attempts", test_attempts},
    {"stale", test_stale},
    {"recover", test_recover},
    {"second", test_second_attempt},
    {"statuses", test_statuses},
    {"links", test_links},
    {"recent", test_recent},
    {"rollback", test_rollback},
    {"rollback of changes", test_rollback_of_changes},
    {"flaky", test_flaky},
};

int main(void)
{
    static const struct store_ops *const backends[] = {&store_memory, &store_sqlite};
    const uint8_t root[SEAL_KEY_BYTES] = {7};

    for
        EACH (i, backends) {
        for
            EACH (k, cases) {
                struct bench b = {.ops = backends[i], .seal = seal_from_root(root)};
                struct store_settings set = {b.folder.path, b.seal, false, 14LL * DAY_MS};
                int failed = check_count.failed;

                temp_folder_make(&b.folder);
                CHECK(b.ops->open(&set, &b.s, &b.e), "%s", b.e.text);
                if (b.s) {
                    cases[k].run(&b);
                    b.ops->close(b.s);
                }
                if (check_count.failed != failed)
                    printf("  in %s / %s\n", b.ops->name, cases[k].name);
                temp_folder_remove(&b.folder);
                arena_reset(&b.a);
                seal_close(b.seal);
            }
        }
    return check_end();
}
