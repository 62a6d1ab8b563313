/* What "a transaction" means, over every backend: all of it or nothing, whichever call fails. */
#include "flaky_store.h"
#include "store_fixture.h"

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
        !s->ops->take_stored(s, 9, NULL, 0, a, &messages, e) ||
        !s->ops->put_mapped(s, got.id, STR("f00d"), &in, 1, e))
        return false;
    fill(m.key, 2);
    if (!s->ops->put_message(s, &m, a, &got, e) ||
        !s->ops->put_mapped(s, got.id, STR("f00d"), &second, 1, e) ||
        !s->ops->take_mapped(s, 9, a, &instances, e) ||
        !s->ops->find_unit(s, in.event.type, in.event.unit_key, a, &u, &yes, e) ||
        !s->ops->save_news(s, in.event.type, in.event.unit_key, news, e) ||
        !s->ops->settle(s, second.id, STANDING_HELD, STR("a person"), e))
        return false;
    n = notice_for(in.id, "pk_a", NOTICE_WAITING);
    if (!s->ops->put_notice(s, &n, &l, e) ||
        !s->ops->find_open(s, n.event_type, n.unit_key, a, &notices, e) ||
        !s->ops->find_window(s, n.coalesce, a, &notices, e) ||
        !s->ops->find_patient(s, n.patient_key, a, &notices, e) ||
        !s->ops->find_later(s, &n, &yes, e) || !s->ops->release_due(s, 5000, &count, &next, e) ||
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

/* The same of what the receiver keeps. */
static bool receiver_life(struct store *s, struct arena *a, struct err *e)
{
    struct message part = message(11, 11, 1000), asks = message(12, 12, 1000);
    struct peer_note note = {.listener = STR("his"), .code = STR("MLLP_JUNK"), .n = 1};
    struct recording rec = {.listener = STR("his"), .bytes = STR("CANARY")}, read;
    struct sequence seq = {.known = true, .last = 17};
    const struct str kept = STR("back");
    struct recording_list recordings;
    struct outgoing_list waiting;
    struct message_list list;
    struct part_chain chain;
    struct peer_list peers;
    uint8_t key[INDEX_BYTES];
    struct intake got;
    int64_t next;
    size_t n;
    bool yes;

    fill(key, 5);
    part.is_part = true;
    memcpy(part.next_part, key, sizeof key);
    asks.reply = REPLY_ALWAYS;
    asks.channel = kept;
    asks.lane = 8;
    if (!s->ops->put_message(s, &part, a, &got, e) ||
        !s->ops->find_parts(s, key, 0, &chain, &yes, e) ||
        !s->ops->read_parts(s, got.id, a, &list, e) ||
        !s->ops->end_parts(s, got.id, STANDING_RECORDED, STR("x"), e))
        return false;
    fill(part.key, 13);
    if (!s->ops->put_message(s, &part, a, &got, e) ||
        !s->ops->expire_parts(s, 5000, &n, &next, e) || n != 1 ||
        !s->ops->put_sequence(s, key, &seq, e) || !s->ops->get_sequence(s, key, &seq, e) ||
        !s->ops->add_peer_notes(s, &note, 1, 9, e) || !s->ops->list_peers(s, a, &peers, e) ||
        !s->ops->put_recording(s, &rec, 9, e) ||
        !s->ops->list_recordings(s, 9, a, &recordings, e) ||
        !s->ops->read_recording(s, rec.id, a, &read, e))
        return false;
    if (!s->ops->put_message(s, &asks, a, &got, e) ||
        !s->ops->take_stored(s, 9, &asks.lane, 1, a, &list, e) || list.n != 0 ||
        !s->ops->put_mapped(s, got.id, STR("f00d"), NULL, 0, e) ||
        !s->ops->find_replies(s, &got.id, 1, a, &waiting, e) ||
        !s->ops->find_outgoing(s, kept, 9000, 9, a, &waiting, e) || waiting.n != 1)
        return false;
    waiting.items[0].state = OUTGOING_FLYING;
    waiting.items[0].body = STR("MSH|CANARY");
    return s->ops->save_outgoing(s, &waiting.items[0], e) && s->ops->recover_outgoing(s, 9000, e) &&
           s->ops->keep_channels(s, &kept, 1, e);
}

static void check_receiver(struct bench *b, bool lived, const char *when)
{
    struct recording_list recordings;
    struct outgoing_list waiting;
    struct peer_list peers;
    struct sequence seq;
    uint8_t key[INDEX_BYTES];
    struct ledger l;

    fill(key, 5);
    begin(b);
    OK(b, b->s->ops->list_recordings(b->s, 9, &b->a, &recordings, &b->e));
    OK(b, b->s->ops->find_outgoing(b->s, STR("back"), 9000, 9, &b->a, &waiting, &b->e));
    OK(b, b->s->ops->list_peers(b->s, &b->a, &peers, &b->e));
    OK(b, b->s->ops->get_sequence(b->s, key, &seq, &b->e));
    l = ledger(b);
    CHECK(recordings.n == lived && waiting.n == lived && peers.n == lived && seq.known == lived,
          "%s: %s: %zu recordings, %zu waiting, %zu peers", b->s->ops->name, when, recordings.n,
          waiting.n, peers.n);
    CHECK(l.acked == 3 * lived && l.recorded == lived && l.held == lived && l.dropped == lived,
          "%s: %s: %lld acked", b->s->ops->name, when, (long long)l.acked);
    commit(b);
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
    OK(b, b->s->ops->take_stored(b->s, 9, NULL, 0, &b->a, &messages, &b->e));
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

/* Each call of a life fails once; each time nothing is left behind. Gives how many failed. */
static int fail_each(struct bench *b, bool (*life)(struct store *s, struct arena *a, struct err *e),
                     void (*check_none)(struct bench *b))
{
    int fired = 0;

    for (int at = 1;; at++) {
        struct flaky f;
        struct store *s = flaky_over(&f, b->s, at);
        bool begun = s->ops->begin(s, &b->e);
        bool ok = begun && life(s, &b->a, &b->e) && s->ops->commit(s, &b->e);

        CHECK(ok == !f.fired, "call %d: %s", at, b->e.text);
        if (ok)
            break;
        fired++;
        CHECK(b->e.kind == ERR_BUSY, "call %d: %s", at, b->e.text);
        if (begun)
            s->ops->rollback(s);
        check_none(b);
    }
    return fired;
}

static void check_still_empty(struct bench *b)
{
    check_empty(b, "after a failed call");
}

static void test_flaky(struct bench *b)
{
    int fired = fail_each(b, whole_life, check_still_empty);

    CHECK(fired == 32, "%d calls failed in turn", fired);
    check_life(b);
}

static void check_no_receiver(struct bench *b)
{
    check_receiver(b, false, "after a failed call");
}

static void test_flaky_receiver(struct bench *b)
{
    int fired;

    check_receiver(b, false, "a new store");
    begin(b);
    OK(b, receiver_life(b->s, &b->a, &b->e));
    b->s->ops->rollback(b->s);
    check_receiver(b, false, "after a rollback");
    fired = fail_each(b, receiver_life, check_no_receiver);
    CHECK(fired == 23, "%d calls failed in turn", fired);
    check_receiver(b, true, "committed");
}

static const struct store_case cases[] = {
    {"rollback", test_rollback},
    {"rollback of changes", test_rollback_of_changes},
    {"each call fails once", test_flaky},
    {"each call of the receiver fails once", test_flaky_receiver},
};

int main(void)
{
    run_over_all(cases, sizeof cases / sizeof *cases);
    return check_end();
}
