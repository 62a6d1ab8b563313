/* What "a store" means, over every backend: messages, their instances and units, the balance. */
#include "store_fixture.h"

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
              memcmp(in->approval, want->approval, sizeof in->approval) == 0 && in->n_params == 2 &&
              in->event.n_slots == 3;

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
    OK(b, b->s->ops->take_stored(b->s, 1, NULL, 0, &b->a, &list, &b->e));
    CHECK(list.n == 1 && list.items[0].id == 1 && str_eq(list.items[0].body, m.body), "oldest");
    OK(b, b->s->ops->take_stored(b->s, 9, NULL, 0, &b->a, &list, &b->e));
    CHECK(list.n == 2 && list.items[1].id == 2, "both");
    commit(b);
}

/* How its text is to be read goes with the message, in every list and over a restart. */
static void test_charsets(struct bench *b)
{
    struct message m = message(1, 1, 1000), got;
    struct message_list list;
    struct intake in;

    begin(b);
    m.charset = STR("BIG-5");
    m.is_part = true;
    OK(b, b->s->ops->put_message(b->s, &m, &b->a, &in, &b->e));
    m = message(2, 2, 1000);
    m.fallback = STR("GB 18030-2000");
    OK(b, b->s->ops->put_message(b->s, &m, &b->a, &in, &b->e));
    m = message(3, 3, 1000);
    OK(b, b->s->ops->put_message(b->s, &m, &b->a, &in, &b->e));
    commit(b);
    for (int round = 0; round < 2; round++) {
        begin(b);
        OK(b, b->s->ops->read_message(b->s, 1, &b->a, &got, &b->e));
        CHECK(str_eq(got.charset, STR("BIG-5")) && !got.fallback.p, "%s: forced", b->s->ops->name);
        OK(b, b->s->ops->read_parts(b->s, 1, &b->a, &list, &b->e));
        CHECK(list.n == 1 && str_eq(list.items[0].charset, STR("BIG-5")), "%s: of a part",
              b->s->ops->name);
        OK(b, b->s->ops->take_stored(b->s, 9, NULL, 0, &b->a, &list, &b->e));
        CHECK(list.n == 2 && str_eq(list.items[0].fallback, STR("GB 18030-2000")) &&
                  !list.items[0].charset.p && !list.items[1].charset.p && !list.items[1].fallback.p,
              "%s: to be mapped", b->s->ops->name);
        CHECK(str_eq(list.items[0].body, m.body), "%s: and its body", b->s->ops->name);
        commit(b);
        (void)bench_reopen(b);
    }
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

/* A PUT back to an earlier state is an event: only the newest message of a key without versions repeats. */
static void test_newest_only(struct bench *b)
{
    static const struct {
        const char *name;
        uint8_t digest;
        bool seen;
    } rows[] = {
        {"booked", 1, false},       {"booked, repeated", 1, true},   {"cancelled", 2, false},
        {"booked again", 1, false}, {"that one, repeated", 1, true}, {"cancelled again", 2, false},
    };
    int64_t newest = 0;

    for
        EACH (i, rows) {
            struct message m = message(77, rows[i].digest, 5000 + (int64_t)i);
            struct intake in = {0};

            m.kind = MESSAGE_FHIR;
            m.newest_only = true;
            begin(b);
            OK(b, b->s->ops->put_message(b->s, &m, &b->a, &in, &b->e));
            commit(b);
            CHECK(in.seen == rows[i].seen && !in.id_reused, "%s: %s: seen %d reused %d",
                  b->s->ops->name, rows[i].name, in.seen, in.id_reused);
            CHECK(rows[i].seen ? in.id == newest : in.id > newest, "%s: id %lld", rows[i].name,
                  (long long)in.id);
            newest = in.id;
        }
}

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
    OK(b, b->s->ops->take_stored(b->s, 9, NULL, 0, &b->a, &stored, &b->e));
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

/* A message marked as a test is recorded, and what is known of its unit stays as it was. */
static void test_test_message(struct bench *b)
{
    struct slot other = {STR("status"), STR("cancelled"), {NULL, 0}, CLASS_LOGISTICS};
    struct instance in = telling("pk_a"), first = telling("pk_new");
    struct instance_list list;
    struct unit u;
    bool found;

    begin(b);
    (void)put_telling(b, "pk_a");
    in.test = first.test = true;
    in.event.slots = &other;
    in.event.n_slots = 1;
    OK(b, b->s->ops->put_mapped(b->s, put_message(b), STR("f00d"), &in, 1, &b->e));
    OK(b, b->s->ops->put_mapped(b->s, put_message(b), STR("f00d"), &first, 1, &b->e));
    commit(b);
    begin(b);
    OK(b, b->s->ops->find_unit(b->s, STR("appointment/1"), STR("pk_a"), &b->a, &u, &found, &b->e));
    CHECK(found && u.event.n_slots == 3 && !event_value(&u.event, "status").p,
          "%s: the unit is as before", b->s->ops->name);
    OK(b,
       b->s->ops->find_unit(b->s, STR("appointment/1"), STR("pk_new"), &b->a, &u, &found, &b->e));
    CHECK(!found, "%s: and no unit is made", b->s->ops->name);
    OK(b, b->s->ops->take_mapped(b->s, 9, &b->a, &list, &b->e));
    CHECK(list.n == 3 && list.items[1].test && list.items[2].test && !list.items[0].test,
          "the instances say what they are");
    commit(b);
}

/* A list says whether its limit cut it, by number or by bytes. */
static void test_more(struct bench *b)
{
    enum { THIRD = 6 << 20 };
    struct instance_list instances;
    struct message_list list;
    struct message m;
    struct intake in;

    begin(b);
    for (size_t most = 1; most <= 4; most++) {
        (void)put_telling(b, "pk_a");
        (void)put_message(b);
        OK(b, b->s->ops->take_stored(b->s, 3, NULL, 0, &b->a, &list, &b->e));
        OK(b, b->s->ops->take_mapped(b->s, 3, &b->a, &instances, &b->e));
        CHECK(list.more == (most >= 3) && instances.more == (most >= 3), "%s: of %zu",
              b->s->ops->name, most);
        CHECK(list.n == (most < 3 ? most : 3) && !list.items[0].ack.p, "%zu stored", list.n);
    }
    b->s->ops->rollback(b->s);
    b->n = 0;
    begin(b);
    for (int i = 1; i <= 5; i++) {
        m = message(i, i, 1000 + i);
        m.body = (struct str){NEW_ARRAY(&b->a, char, THIRD), THIRD};
        OK(b, b->s->ops->put_message(b->s, &m, &b->a, &in, &b->e));
    }
    OK(b, b->s->ops->take_stored(b->s, 9, NULL, 0, &b->a, &list, &b->e));
    CHECK(list.n == 3 && list.more, "%s: %zu of 6 MB each", b->s->ops->name, list.n);
    for (int i = 1; i <= 3; i++)
        OK(b, b->s->ops->put_mapped(b->s, i, STR("f00d"), NULL, 0, &b->e));
    OK(b, b->s->ops->take_stored(b->s, 9, NULL, 0, &b->a, &list, &b->e));
    CHECK(list.n == 2 && !list.more && list.items[0].id == 4, "%s: then %zu", b->s->ops->name,
          list.n);
    b->s->ops->rollback(b->s);
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
    OK(b, b->s->ops->save_news(b->s, STR("appointment/1"), STR("pk_a"), news, &b->e));
    CHECK(!b->s->ops->save_news(b->s, STR("appointment/1"), STR("pk_b"), news, &b->e) &&
              b->e.kind == ERR_INPUT,
          "%s", b->e.text);
    commit(b);
    in.event.slots = &later;
    in.event.n_slots = 1;
    begin(b);
    OK(b, b->s->ops->put_mapped(b->s, put_message(b), STR("f00d"), &in, 1, &b->e));
    OK(b, b->s->ops->find_unit(b->s, STR("appointment/1"), STR("pk_a"), &b->a, &u, &found, &b->e));
    CHECK(found && !u.told && memcmp(u.news, news, INDEX_BYTES) == 0 && u.event.n_slots == 1 &&
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

static const struct store_case cases[] = {
    {"messages", test_messages},
    {"charsets", test_charsets},
    {"newest only", test_newest_only},
    {"resends", test_resends},
    {"same ack", test_same_ack},
    {"mapped", test_mapped},
    {"unit", test_unit},
    {"standings", test_standings},
    {"settle", test_settle},
    {"test message", test_test_message},
    {"more", test_more},
    {"recent", test_recent},
};

int main(void)
{
    run_over_all(cases, sizeof cases / sizeof *cases);
    return check_end();
}
