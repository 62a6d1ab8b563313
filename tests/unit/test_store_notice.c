/* What "a store" means, over every backend: notices, attempts, statuses and links. */
#include "store_fixture.h"

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
           n->expires_ms == want->expires_ms && n->tries == want->tries && !n->reason.p &&
           memcmp(n->approval, want->approval, sizeof n->approval) == 0;
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
    CHECK(window.n == 1 && window.items[0].id == n.id, "what waits is in the window");
    OK(b, b->s->ops->find_window(b->s, STR("demo/booked/pk_other"), &b->a, &window, &b->e));
    CHECK(window.n == 0, "another window");
    OK(b, b->s->ops->find_patient(b->s, n.patient_key, &b->a, &open, &b->e));
    CHECK(open.n == 2 && is_notice(&open.items[0], &n) && open.items[1].id == other.id,
          "%s: both of the patient, the oldest first", b->s->ops->name);
    OK(b, b->s->ops->find_patient(b->s, STR("pk_nobody"), &b->a, &open, &b->e));
    CHECK(open.n == 0, "another patient");
    n.state = NOTICE_WITHDRAWN;
    n.reason = STR("a later event came first");
    n.coalesce = (struct str){NULL, 0};
    n.due_ms = 7;
    n.tries = 3;
    OK(b, b->s->ops->save_notice(b->s, &n, &b->e));
    OK(b, b->s->ops->find_open(b->s, STR("appointment/1"), STR("pk_a"), &b->a, &open, &b->e));
    OK(b, b->s->ops->find_window(b->s, STR("demo/booked/pk_patient"), &b->a, &window, &b->e));
    CHECK(open.n == 0 && window.n == 0, "withdrawn is not open");
    OK(b, b->s->ops->find_patient(b->s, n.patient_key, &b->a, &open, &b->e));
    CHECK(open.n == 1 && open.items[0].id == other.id, "nor is it the patient's");
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
    CHECK(!f.notice.token.p && str_eq(f.notice.to, first.to), "token forgotten");
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

            n.to = arena_printf(&b->a, "+121255501%02zu", i);
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

/* A paused feed's notices stay ready, hold up nobody else's, and go once it is resumed. */
static void test_pause(struct bench *b)
{
    struct notice one, other;
    struct flight_list list;
    struct pause_list paused;
    bool was = true;

    begin(b);
    one = put_notice(b, "pk_a", NOTICE_READY);
    other = notice_for(put_telling(b, "pk_b"), "pk_b", NOTICE_READY);
    other.feed = STR("other");
    other.to = one.to; /* behind the paused one's */
    OK(b, b->s->ops->put_notice(b->s, &other, NULL, &b->e));
    OK(b, b->s->ops->pause_feed(b->s, one.feed, STR("blocked: a parameter"), &b->e));
    OK(b, b->s->ops->pause_feed(b->s, one.feed, STR("another reason"), &b->e));
    commit(b);
    begin(b);
    OK(b, b->s->ops->begin_attempts(b->s, 3, echoes, 8000, &b->a, &list, &b->e));
    CHECK(list.n == 1 && list.items[0].notice.id == other.id, "%s: only the other feed's",
          b->s->ops->name);
    OK(b, b->s->ops->list_paused(b->s, &b->a, &paused, &b->e));
    CHECK(paused.n == 1 && str_eq(paused.items[0].feed, one.feed) &&
              str_eq(paused.items[0].reason, STR("blocked: a parameter")),
          "%s: %zu paused", b->s->ops->name, paused.n);
    list.items[0].notice.state = NOTICE_ACCEPTED;
    OK(b, b->s->ops->save_notice(b->s, &list.items[0].notice, &b->e));
    commit(b);
    begin(b);
    OK(b, b->s->ops->resume_feed(b->s, one.feed, &was, &b->e));
    CHECK(was, "it was paused");
    b->s->ops->rollback(b->s);
    begin(b);
    OK(b, b->s->ops->begin_attempts(b->s, 3, echoes + 1, 8000, &b->a, &list, &b->e));
    CHECK(list.n == 0, "%s: what was rolled back is as it was", b->s->ops->name);
    OK(b, b->s->ops->resume_feed(b->s, one.feed, &was, &b->e));
    CHECK(was, "it was paused");
    OK(b, b->s->ops->resume_feed(b->s, one.feed, &was, &b->e));
    CHECK(!was, "it is no more");
    OK(b, b->s->ops->begin_attempts(b->s, 2, echoes + 1, 8000, &b->a, &list, &b->e));
    CHECK(list.n == 1 && list.items[0].notice.id == one.id, "%s: resumed", b->s->ops->name);
    OK(b, b->s->ops->list_paused(b->s, &b->a, &paused, &b->e));
    CHECK(paused.n == 0, "none is paused");
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
    CHECK(list.n == 1 && list.more && list.items[0].notice.id == 1, "oldest first");
    OK(b, b->s->ops->find_checking(b->s, 9, &b->a, &list, &b->e));
    CHECK(list.n == 2 && !list.more && list.items[1].notice.state == NOTICE_CHECKING &&
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

static const struct store_case cases[] = {
    {"notices", test_notices},
    {"release", test_release},
    {"attempts", test_attempts},
    {"pause", test_pause},
    {"stale", test_stale},
    {"recover", test_recover},
    {"second attempt", test_second_attempt},
    {"statuses", test_statuses},
    {"links", test_links},
};

int main(void)
{
    run_over_all(cases, sizeof cases / sizeof *cases);
    return check_end();
}
