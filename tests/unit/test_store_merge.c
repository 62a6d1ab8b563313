/* What "a store" means, over every backend: what follows when a notice moves - merged ones, links,
 * news - and the order of the notices to one number. */
#include "store_fixture.h"

static const struct str nothing;
static const struct str answer_lost = STR_LIT("answer lost, no proof in time");

/* The notice of that unit that find_open() gives; id 0: none is open. */
static struct notice open_one(struct bench *b, const char *unit_key)
{
    struct notice_list list = {0};

    OK(b, b->s->ops->find_open(b->s, STR("appointment/1"), str_of(unit_key), &b->a, &list, &b->e));
    CHECK(list.n <= 1, "%s: %zu open of %s", b->s->ops->name, list.n, unit_key);
    return list.n ? list.items[0] : (struct notice){0};
}

static void move(struct bench *b, struct notice *n, enum notice_state state, struct str reason)
{
    n->state = state;
    n->reason = reason;
    OK(b, b->s->ops->save_notice(b->s, n, &b->e));
    (void)ledger(b); /* it balances after each step */
}

static void merge(struct bench *b, struct notice *n, const struct notice *into)
{
    n->carrier = into->id;
    move(b, n, NOTICE_MERGED, nothing);
}

static void check_balance(struct bench *b, const char *what, int64_t pending, int64_t held,
                          int64_t notified, int64_t recorded)
{
    struct ledger l = ledger(b);

    CHECK(l.pending == pending && l.held == held && l.notified == notified &&
              l.recorded == recorded,
          "%s: %s: pending %lld held %lld notified %lld recorded %lld", b->s->ops->name, what,
          (long long)l.pending, (long long)l.held, (long long)l.notified, (long long)l.recorded);
}

/* a <- b <- c: a and b end up with c. */
struct chain {
    struct notice a, b, c;
};

static struct chain chain(struct bench *b)
{
    struct chain ch = {.a = put_notice(b, "pk_a", NOTICE_WAITING)};

    ch.b = put_notice(b, "pk_b", NOTICE_WAITING);
    merge(b, &ch.a, &ch.b);
    CHECK(open_one(b, "pk_a").carrier == ch.b.id, "%s: first carrier", b->s->ops->name);
    ch.c = put_notice(b, "pk_c", NOTICE_WAITING);
    ch.c.due_ms = 7777;
    merge(b, &ch.b, &ch.c);
    return ch;
}

static void test_merged(struct bench *b)
{
    struct notice_list window;
    struct chain ch;
    struct notice n;
    int64_t next;
    size_t due;

    begin(b);
    ch = chain(b);
    n = open_one(b, "pk_a");
    CHECK(n.state == NOTICE_MERGED && n.carrier == ch.c.id && str_eq(n.token, ch.a.token),
          "%s: it followed, carrier %lld", b->s->ops->name, (long long)n.carrier);
    CHECK(open_one(b, "pk_b").carrier == ch.c.id, "and so did the other");
    OK(b, b->s->ops->find_window(b->s, ch.a.coalesce, &b->a, &window, &b->e));
    CHECK(window.n == 1 && window.items[0].id == ch.c.id, "only the carrier waits");
    OK(b, b->s->ops->release_due(b->s, 9000, &due, &next, &b->e));
    CHECK(due == 1 && next == 0, "%zu due", due);
    check_balance(b, "merged", 3, 0, 0, 0);
    commit(b);
}

static void test_accepted(struct bench *b)
{
    struct flight_list fly;
    struct chain ch;
    struct unit u;
    bool found;
    size_t due;
    int64_t next;

    begin(b);
    ch = chain(b);
    OK(b, b->s->ops->release_due(b->s, 9000, &due, &next, &b->e));
    OK(b, b->s->ops->begin_attempts(b->s, 3, echoes, 9000, &b->a, &fly, &b->e));
    CHECK(fly.n == 1 && fly.items[0].notice.id == ch.c.id && !fly.more, "%zu fly", fly.n);
    for (char c = 'a'; c <= 'c'; c++) {
        OK(b, b->s->ops->find_unit(b->s, STR("appointment/1"), arena_printf(&b->a, "pk_%c", c),
                                   &b->a, &u, &found, &b->e));
        CHECK(found && u.told, "%s: the message tells of pk_%c", b->s->ops->name, c);
    }
    move(b, &ch.c, NOTICE_ACCEPTED, nothing);
    check_balance(b, "accepted", 0, 0, 1, 2);
    CHECK(!open_one(b, "pk_a").id && !open_one(b, "pk_b").id, "nothing is open");
    move(b, &ch.c, NOTICE_HELD, STR("delivery failed"));
    check_balance(b, "failed afterwards", 0, 1, 0, 2);
    commit(b);
}

static void test_held(struct bench *b)
{
    struct trace_list traces;
    struct chain ch;

    begin(b);
    ch = chain(b);
    move(b, &ch.c, NOTICE_HELD, STR("refused by WhatsApp"));
    check_balance(b, "held", 0, 3, 0, 0);
    OK(b, b->s->ops->list_recent(b->s, 9, &b->a, &traces, &b->e));
    CHECK(traces.n == 3, "%zu rows", traces.n);
    for (size_t i = 0; i < traces.n; i++)
        CHECK(str_eq(traces.items[i].reason, STR("refused by WhatsApp")), "row %zu", i);
    commit(b);
}

/* The newest goes on in the carrier's place, and once more when that one is withdrawn. */
static void test_withdrawn(struct bench *b)
{
    struct chain ch;
    struct notice n;

    begin(b);
    ch = chain(b);
    move(b, &ch.c, NOTICE_WITHDRAWN, STR("a later event came first"));
    n = open_one(b, "pk_b");
    CHECK(n.id == ch.b.id && n.state == NOTICE_WAITING && n.carrier == 0 && n.due_ms == 7777 &&
              !n.reason.p && n.token.p,
          "%s: the newest waits, due %lld", b->s->ops->name, (long long)n.due_ms);
    CHECK(open_one(b, "pk_a").carrier == ch.b.id, "and carries the other");
    check_balance(b, "withdrawn", 2, 0, 0, 1);
    move(b, &n, NOTICE_WITHDRAWN, STR("a later event came first"));
    n = open_one(b, "pk_a");
    CHECK(n.state == NOTICE_WAITING && n.carrier == 0, "the last one waits");
    check_balance(b, "withdrawn again", 1, 0, 0, 2);
    commit(b);

    begin(b); /* merged again after it was woken */
    ch.c = put_notice(b, "pk_d", NOTICE_WAITING);
    merge(b, &n, &ch.c);
    move(b, &ch.c, NOTICE_ACCEPTED, nothing);
    check_balance(b, "merged again, accepted", 0, 0, 1, 3);
    commit(b);
}

/* A merged one that is itself overtaken leaves alone. */
static void test_overtaken(struct bench *b)
{
    struct chain ch;

    begin(b);
    ch = chain(b);
    move(b, &ch.a, NOTICE_WITHDRAWN, STR("a later event came first"));
    check_balance(b, "overtaken", 2, 0, 0, 1);
    move(b, &ch.c, NOTICE_ACCEPTED, nothing);
    check_balance(b, "the others", 0, 0, 1, 2);
    commit(b);
}

/* Stale ones go, one after the other; what was merged into them flies if it is still of use. */
static void test_stale_carrier(struct bench *b)
{
    static const int64_t expires_ms[] = {0, 5000, 6000};
    struct notice n, last = {0};
    struct flight_list fly;

    begin(b);
    for
        EACH (i, expires_ms) {
            n = notice_for(put_telling(b, "pk_a"), "pk_a", NOTICE_READY);
            n.expires_ms = expires_ms[i];
            OK(b, b->s->ops->put_notice(b->s, &n, NULL, &b->e));
            if (last.id)
                merge(b, &last, &n);
            last = n;
        }
    OK(b, b->s->ops->begin_attempts(b->s, 3, echoes, 8000, &b->a, &fly, &b->e));
    CHECK(fly.n == 1 && fly.items[0].notice.id == 1, "%s: %zu fly", b->s->ops->name, fly.n);
    check_balance(b, "stale", 1, 0, 0, 2);
    commit(b);
}

/* ---- news ---- */

static bool has_news(struct bench *b, const char *unit_key)
{
    static const uint8_t none[INDEX_BYTES];
    struct unit u;
    bool found;

    OK(b, b->s->ops->find_unit(b->s, STR("appointment/1"), str_of(unit_key), &b->a, &u, &found,
                               &b->e));
    return found && memcmp(u.news, none, sizeof none) != 0;
}

static struct notice put_news(struct bench *b, const char *unit_key, enum notice_state state)
{
    struct notice n = put_notice(b, unit_key, state);
    uint8_t news[INDEX_BYTES];

    fill(news, 7);
    OK(b, b->s->ops->save_news(b->s, n.event_type, n.unit_key, news, &b->e));
    return n;
}

static void test_news(struct bench *b)
{
    static const struct {
        enum notice_state state;
        struct str reason;
        bool stays;
    } ends[] = {
        {NOTICE_HELD, STR_LIT("refused by WhatsApp"), false},
        {NOTICE_HELD, STR_LIT("too many tries"), false},
        {NOTICE_HELD, STR_LIT("delivery failed"), false},
        {NOTICE_WITHDRAWN, STR_LIT("stale"), false},
        {NOTICE_HELD, STR_LIT("answer lost, no proof in time"), true},
        {NOTICE_WITHDRAWN, STR_LIT("a later event came first"), true},
        {NOTICE_WITHDRAWN, STR_LIT("merged into a later notice"), true},
        {NOTICE_ACCEPTED, {NULL, 0}, true},
        {NOTICE_WAITING, STR_LIT("try again"), true},
        {NOTICE_CHECKING, STR_LIT("answer lost"), true},
    };

    begin(b);
    for
        EACH (i, ends) {
            const char *key = arena_printf(&b->a, "pk_%zu", i).p;
            struct notice n = put_news(b, key, NOTICE_FLYING), other;

            (void)put_news(b, "pk_stranger", NOTICE_FLYING);
            CHECK(has_news(b, key), "news");
            move(b, &n, ends[i].state, ends[i].reason);
            CHECK(has_news(b, key) == ends[i].stays, "%s: %s: news", b->s->ops->name,
                  ends[i].reason.p ? ends[i].reason.p : "accepted");
            CHECK(has_news(b, "pk_stranger"), "another unit's");
            /* a later notice has said something newer: that stays known */
            other = put_news(b, key, NOTICE_READY);
            move(b, &n, ends[i].state, ends[i].reason);
            CHECK(has_news(b, key) && other.id > n.id, "%s: newer news", b->s->ops->name);
        }
    commit(b);
}

/* What was merged into one that was refused told nobody, either; a lost answer may have told it. */
static void test_merged_news(struct bench *b)
{
    static const bool lost[] = {false, true};

    begin(b);
    for
        EACH (i, lost) {
            const char *key = lost[i] ? "pk_a" : "pk_b";
            struct notice n = put_news(b, key, NOTICE_WAITING), carrier;

            carrier = put_news(b, "pk_carrier", NOTICE_FLYING);
            merge(b, &n, &carrier);
            move(b, &carrier, NOTICE_HELD, lost[i] ? answer_lost : STR("refused by WhatsApp"));
            CHECK(has_news(b, key) == lost[i], "%s: lost %d", b->s->ops->name, lost[i]);
        }
    commit(b);
}

/* ---- links ---- */

static struct notice put_linked(struct bench *b, const char *unit_key, int token)
{
    struct notice n = notice_for(put_telling(b, unit_key), unit_key, NOTICE_FLYING);
    struct link_new l = {.event_type = n.event_type, .unit_key = n.unit_key, .expires_ms = 99000};

    token_of(l.token_hash, token);
    OK(b, b->s->ops->put_notice(b->s, &n, &l, &b->e));
    return n;
}

static void test_replaced_links(struct bench *b)
{
    static const enum notice_state before[] = {NOTICE_WAITING, NOTICE_READY, NOTICE_FLYING,
                                               NOTICE_CHECKING, NOTICE_HELD};
    struct notice n;

    begin(b);
    (void)put_linked(b, "pk_a", 1);
    (void)put_linked(b, "pk_b", 2);
    n = put_linked(b, "pk_a", 3);
    (void)put_linked(b, "pk_a", 4);
    commit(b);
    for
        EACH (i, before) {
            begin(b);
            move(b, &n, before[i], answer_lost);
            CHECK(opens(b, 1, 8000, 100, 60000), "%s: state %d revokes nothing", b->s->ops->name,
                  before[i]);
            b->s->ops->rollback(b->s);
        }
    begin(b);
    move(b, &n, NOTICE_ACCEPTED, nothing);
    commit(b);
    begin(b);
    CHECK(!opens(b, 1, 8000, 101, 60000), "%s: the older one is revoked", b->s->ops->name);
    CHECK(opens(b, 2, 8000, 102, 60000), "another unit's is not");
    CHECK(opens(b, 3, 8000, 103, 60000), "nor its own");
    CHECK(opens(b, 4, 8000, 104, 60000), "nor a newer one");
    commit(b);
}

/* ---- later ---- */

static void test_later(struct bench *b)
{
    static const bool later_than[] = {true, false, false};
    struct notice all[3];
    bool later;

    begin(b);
    all[0] = put_notice(b, "pk_a", NOTICE_FLYING);
    all[1] = put_notice(b, "pk_a", NOTICE_READY);
    all[2] = put_notice(b, "pk_b", NOTICE_READY);
    move(b, &all[1], NOTICE_WITHDRAWN, STR("stale"));
    for
        EACH (i, all) {
            OK(b, b->s->ops->find_later(b->s, &all[i], &later, &b->e));
            CHECK(later == later_than[i], "%s: notice %zu", b->s->ops->name, i + 1);
        }
    all[2].event_type = STR("result/1");
    all[2].id = 0;
    OK(b, b->s->ops->find_later(b->s, &all[2], &later, &b->e));
    CHECK(!later, "another type");
    commit(b);
}

/* ---- one a recipient ---- */

static struct notice put_to(struct bench *b, const char *to, enum notice_state state, int32_t tries)
{
    const char *key = arena_printf(&b->a, "pk_%d", b->n).p;
    struct notice n = notice_for(put_telling(b, key), key, state);

    n.to = to ? str_of(to) : nothing;
    n.tries = tries;
    OK(b, b->s->ops->put_notice(b->s, &n, NULL, &b->e));
    return n;
}

/* The ids that begin_attempts() gives, as digits: "13". */
static void check_flies(struct bench *b, size_t most, const char *want, bool more)
{
    struct flight_list fly;
    char ids[8] = "";

    OK(b, b->s->ops->begin_attempts(b->s, most, echoes, 8000, &b->a, &fly, &b->e));
    for (size_t i = 0; i < fly.n && i < sizeof ids - 1; i++)
        ids[i] = (char)('0' + fly.items[i].notice.id);
    CHECK(strcmp(ids, want) == 0 && fly.more == more, "%s: %s fly, not %s; more %d",
          b->s->ops->name, ids, want, fly.more);
}

static void test_one_a_recipient(struct bench *b)
{
    static const char *const one = "+12125550101", *const two = "+12125550102";
    struct flight_list fly;
    struct notice first;

    begin(b);
    first = put_to(b, one, NOTICE_READY, 0);
    (void)put_to(b, one, NOTICE_READY, 0);
    (void)put_to(b, two, NOTICE_READY, 0);
    (void)put_to(b, NULL, NOTICE_READY, 0);
    (void)put_to(b, NULL, NOTICE_READY, 0);
    commit(b);
    begin(b);
    check_flies(b, 3, "134", true);
    b->s->ops->rollback(b->s);
    begin(b);
    check_flies(b, 1, "1", true);
    b->s->ops->rollback(b->s);

    begin(b);
    first.state = NOTICE_FLYING; /* on the wire since an earlier call */
    OK(b, b->s->ops->save_notice(b->s, &first, &b->e));
    check_flies(b, 3, "345", true);
    b->s->ops->rollback(b->s);

    begin(b);
    first.state = NOTICE_WAITING; /* for its second try: order is kept */
    first.tries = 1;
    OK(b, b->s->ops->save_notice(b->s, &first, &b->e));
    check_flies(b, 2, "34", true);
    OK(b, b->s->ops->begin_attempts(b->s, 1, echoes + 2, 8000, &b->a, &fly, &b->e));
    CHECK(fly.n == 1 && fly.items[0].notice.id == 5, "%s: without a number nobody is ahead",
          b->s->ops->name);
    check_flies(b, 1, "", false);
    b->s->ops->rollback(b->s);

    begin(b);
    first.tries = 0; /* in its window: the second may overtake it */
    OK(b, b->s->ops->save_notice(b->s, &first, &b->e));
    check_flies(b, 1, "2", true);
    b->s->ops->rollback(b->s);
}

/* Once the first has ended, whatever its end, the second has its turn. */
static void test_next_of_recipient(struct bench *b)
{
    static const enum notice_state ends[] = {NOTICE_CHECKING, NOTICE_ACCEPTED, NOTICE_HELD,
                                             NOTICE_WITHDRAWN};
    struct notice first;

    begin(b);
    first = put_to(b, "+12125550101", NOTICE_READY, 0);
    (void)put_to(b, "+12125550101", NOTICE_READY, 0);
    check_flies(b, 3, "1", false);
    commit(b);
    begin(b);
    check_flies(b, 3, "", false);
    commit(b);
    for
        EACH (i, ends) {
            struct flight_list fly;

            begin(b);
            move(b, &first, ends[i], STR("for a test"));
            OK(b, b->s->ops->begin_attempts(b->s, 1, echoes + 1, 8000, &b->a, &fly, &b->e));
            CHECK(fly.n == 1 && fly.items[0].notice.id == 2, "%s: after state %d", b->s->ops->name,
                  ends[i]);
            b->s->ops->rollback(b->s);
        }
}

static const struct store_case cases[] = {
    {"merged", test_merged},
    {"carrier accepted", test_accepted},
    {"carrier held", test_held},
    {"carrier withdrawn", test_withdrawn},
    {"merged one overtaken", test_overtaken},
    {"stale carrier", test_stale_carrier},
    {"news", test_news},
    {"news of merged ones", test_merged_news},
    {"replaced links", test_replaced_links},
    {"later", test_later},
    {"one a recipient", test_one_a_recipient},
    {"the recipient's next", test_next_of_recipient},
};

int main(void)
{
    run_over_all(cases, sizeof cases / sizeof *cases);
    return check_end();
}
