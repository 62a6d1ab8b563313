/* What "a store" means, over every backend: continued messages, sequence numbers, lanes. */
#include <sqlite3.h>

#include "store_fixture.h"

/* A part: first 0 opens a chain. Gives its message id. */
static int64_t put_part(struct bench *b, int64_t first, int next, int64_t at, struct str body)
{
    const int n = ++b->n;
    struct message m = message(n, n, at);
    struct intake in = {0};

    m.body = body;
    m.is_part = true;
    m.first_part = first;
    fill(m.next_part, next);
    OK(b, b->s->ops->put_message(b->s, &m, &b->a, &in, &b->e) && !in.seen);
    return in.id;
}

/* What find_parts() says: 0 when there is no such chain. */
static int64_t chain_at(struct bench *b, int pointer, int64_t since, struct part_chain *c)
{
    uint8_t key[INDEX_BYTES];
    bool found = false;

    fill(key, pointer);
    OK(b, b->s->ops->find_parts(b->s, key, since, c, &found, &b->e));
    return found ? c->first : 0;
}

static void check_closed(struct bench *b, int64_t first)
{
    struct message_list list;

    OK(b, b->s->ops->read_parts(b->s, first, &b->a, &list, &b->e));
    CHECK(list.n == 0, "%s: %zu parts", b->s->ops->name, list.n);
    CHECK(!b->s->ops->end_parts(b->s, first, STANDING_HELD, STR("x"), &b->e) &&
              b->e.kind == ERR_INPUT,
          "%s: ended twice", b->s->ops->name);
}

static void test_chain(struct bench *b)
{
    struct instance in = ended(STANDING_RECORDED, "mapped by mistake");
    struct message_list list;
    struct instance_list instances;
    struct trace_list traces;
    struct part_chain c;
    struct message m;
    int64_t first, second;

    begin(b);
    first = put_part(b, 0, 1, 1000, STR("MSH|CANARY-ONE"));
    commit(b);
    begin(b);
    CHECK(chain_at(b, 1, 1000, &c) == first && c.n == 1 && c.bytes == 14, "%s: opened: %zu bytes",
          b->s->ops->name, c.bytes);
    CHECK(!chain_at(b, 1, 1001, &c) && !chain_at(b, 2, 0, &c), "by time and pointer");
    second = put_part(b, first, 2, 5000, STR("MSH|CANARY-TWO!"));
    CHECK(!chain_at(b, 1, 0, &c), "%s: continued: the old pointer is void", b->s->ops->name);
    CHECK(chain_at(b, 2, 1000, &c) == first && c.n == 2 && c.bytes == 29, "%s: n %zu bytes %zu",
          b->s->ops->name, c.n, c.bytes);
    CHECK(!chain_at(b, 2, 1001, &c), "as old as its first part");
    CHECK(ledger(b).pending == 2, "parts are pending");
    OK(b, b->s->ops->take_stored(b->s, 9, NULL, 0, &b->a, &list, &b->e));
    CHECK(list.n == 0, "%s: none is mapped", b->s->ops->name);
    OK(b, b->s->ops->read_parts(b->s, first, &b->a, &list, &b->e));
    CHECK(list.n == 2 && list.items[0].id == first && list.items[1].id == second &&
              str_eq(list.items[0].body, STR("MSH|CANARY-ONE")) &&
              str_eq(list.items[1].body, STR("MSH|CANARY-TWO!")) && list.items[0].is_part &&
              list.items[0].first_part == 0 && list.items[1].first_part == first &&
              !list.items[0].ack.p,
          "%s: %zu parts in order", b->s->ops->name, list.n);
    OK(b, b->s->ops->read_message(b->s, second, &b->a, &m, &b->e));
    CHECK(m.is_part && m.first_part == first && m.ack.p, "a part comes back as one");
    commit(b);

    begin(b);
    CHECK(!b->s->ops->put_mapped(b->s, first, STR("f00d"), &in, 1, &b->e) && b->e.kind == ERR_INPUT,
          "%s: a part is not mapped by itself", b->s->ops->name);
    b->s->ops->rollback(b->s);
    begin(b);
    OK(b, b->s->ops->end_parts(b->s, first, STANDING_RECORDED, STR("part of a whole"), &b->e));
    CHECK(ledger(b).pending == 0 && ledger(b).recorded == 2, "%s: ended", b->s->ops->name);
    commit(b);
    begin(b);
    CHECK(!chain_at(b, 2, 0, &c) && ledger(b).recorded == 2, "for good");
    check_closed(b, first);
    b->s->ops->rollback(b->s);
    begin(b);
    CHECK(!b->s->ops->put_mapped(b->s, first, STR("f00d"), &in, 1, &b->e), "%s: nor later",
          b->s->ops->name);
    b->s->ops->rollback(b->s);
    begin(b);
    OK(b, b->s->ops->take_mapped(b->s, 9, &b->a, &instances, &b->e));
    OK(b, b->s->ops->list_recent(b->s, 9, &b->a, &traces, &b->e));
    CHECK(instances.n == 0 && traces.n == 2 && traces.items[0].standing == STANDING_RECORDED &&
              str_eq(traces.items[0].reason, STR("part of a whole")) &&
              str_eq(traces.items[1].reason, STR("part of a whole")),
          "%s: with its reason", b->s->ops->name);
    commit(b);
}

/* A part of a chain that is not open is refused, and so is the transaction. */
static void test_no_such_chain(struct bench *b)
{
    struct message m = message(99, 99, 1000);
    struct intake in;
    int64_t first;

    begin(b);
    first = put_part(b, 0, 1, 1000, STR("one"));
    OK(b, b->s->ops->end_parts(b->s, first, STANDING_DROPPED, STR("x"), &b->e));
    commit(b);
    m.is_part = true;
    for (int64_t at = first; at <= first + 5; at += 5) { /* ended; never there */
        m.first_part = at;
        begin(b);
        CHECK(!b->s->ops->put_message(b->s, &m, &b->a, &in, &b->e) && b->e.kind == ERR_INPUT,
              "%s: after %lld", b->s->ops->name, (long long)at);
        b->s->ops->rollback(b->s);
    }
    begin(b);
    CHECK(ledger(b).acked == 1 && ledger(b).dropped == 1, "%s: nothing else", b->s->ops->name);
    commit(b);
}

/* Two senders' chains keep apart; of one pointer used twice the newer chain goes on; a resend of a part
 * changes nothing. */
static void test_chains(struct bench *b)
{
    struct message again = message(1, 1, 1500);
    struct message_list list;
    struct part_chain c;
    struct intake in;
    int64_t old, other, young;

    begin(b);
    old = put_part(b, 0, 1, 1000, STR("a"));
    other = put_part(b, 0, 2, 1100, STR("b"));
    (void)put_part(b, other, 3, 1200, STR("bb"));
    young = put_part(b, 0, 1, 1300, STR("c"));
    (void)put_message(b);
    again.is_part = true;
    OK(b, b->s->ops->put_message(b->s, &again, &b->a, &in, &b->e));
    CHECK(in.seen && in.id == old, "%s: a resend", b->s->ops->name);
    commit(b);
    begin(b);
    CHECK(chain_at(b, 1, 0, &c) == young && c.n == 1, "%s: the newer", b->s->ops->name);
    CHECK(chain_at(b, 3, 0, &c) == other && c.n == 2 && c.bytes == 3, "the other");
    OK(b, b->s->ops->read_parts(b->s, other, &b->a, &list, &b->e));
    CHECK(list.n == 2 && list.items[0].id == other, "%s: %zu of its own", b->s->ops->name, list.n);
    OK(b, b->s->ops->take_stored(b->s, 9, NULL, 0, &b->a, &list, &b->e));
    CHECK(list.n == 1 && !list.items[0].is_part, "%s: the whole one is taken", b->s->ops->name);
    OK(b, b->s->ops->end_parts(b->s, young, STANDING_DROPPED, STR("x"), &b->e));
    CHECK(chain_at(b, 1, 0, &c) == old && ledger(b).pending == 4, "%s: then the older",
          b->s->ops->name);
    commit(b);
}

static void test_end_standings(struct bench *b)
{
    begin(b);
    for (enum standing s = STANDING_HELD; s <= STANDING_DROPPED; s++) {
        int64_t first = put_part(b, 0, 1, 1000, STR("x"));

        (void)put_part(b, first, 2, 1000, STR("y"));
        OK(b, b->s->ops->end_parts(b->s, first, s, STR("for a test"), &b->e));
    }
    CHECK(ledger(b).held == 2 && ledger(b).rejected == 2 && ledger(b).notified == 2 &&
              ledger(b).recorded == 2 && ledger(b).dropped == 2 && ledger(b).pending == 0,
          "%s: each counted where it stands", b->s->ops->name);
    commit(b);
}

static void test_expire(struct bench *b)
{
    static const struct {
        int64_t before;
        size_t n;
        int64_t next, held;
    } steps[] = {
        {1000, 0, 1000, 0}, /* begun at that moment: not before it */
        {1001, 1, 2000, 2}, {1001, 0, 2000, 2}, {9000, 2, 0, 4}, {9000, 0, 0, 4},
    };
    struct trace_list traces;
    int64_t first;

    begin(b);
    first = put_part(b, 0, 1, 1000, STR("a"));
    (void)put_part(b, 0, 2, 3000, STR("b"));
    (void)put_part(b, 0, 3, 2000, STR("c"));
    (void)put_part(b, first, 4, 8000, STR("aa")); /* does not make the chain younger */
    commit(b);
    for
        EACH (i, steps) {
            int64_t next = -1;
            size_t n = 99;

            begin(b);
            OK(b, b->s->ops->expire_parts(b->s, steps[i].before, &n, &next, &b->e));
            CHECK(n == steps[i].n && next == steps[i].next && ledger(b).held == steps[i].held,
                  "%s: step %zu: %zu ended, next %lld", b->s->ops->name, i, n, (long long)next);
            commit(b);
        }
    begin(b);
    OK(b, b->s->ops->list_recent(b->s, 9, &b->a, &traces, &b->e));
    CHECK(traces.n == 4 && str_eq(traces.items[0].reason, STR("the rest never came")) &&
              str_eq(traces.items[3].reason, STR("the rest never came")),
          "%s: with its reason", b->s->ops->name);
    commit(b);
}

/* A flood of chains ends in calls of their own, and is told to go on. */
static void test_expire_many(struct bench *b)
{
    enum { MANY = 2 * EXPIRE_MOST + 7 };
    int64_t next = 0, held = 0;

    for (int i = 0; i < MANY; i++) {
        begin(b);
        (void)put_part(b, 0, i + 1, 1000 + i, STR("a"));
        commit(b);
    }
    for (int left = MANY; left > 0; left -= EXPIRE_MOST) {
        const int want = left < EXPIRE_MOST ? left : EXPIRE_MOST;
        size_t n = 0;

        begin(b);
        OK(b, b->s->ops->expire_parts(b->s, 9000, &n, &next, &b->e));
        held += want;
        CHECK((int)n == want && ledger(b).held == held, "%s: %zu ended", b->s->ops->name, n);
        CHECK(next == (left > want ? 1000 + held : 0), "%s: next %lld", b->s->ops->name,
              (long long)next);
        commit(b);
    }
}

static void run_sql(struct bench *b, const char *sql)
{
    char path[512];
    sqlite3 *db = NULL;

    CHECK(sqlite3_open(temp_folder_file(&b->folder, "tidings.db", path), &db) == SQLITE_OK &&
              sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK,
          "%s: %s", sql, sqlite3_errmsg(db));
    (void)sqlite3_close(db);
}

/* One chain and its two parts, 1 and 2, of which damage has taken something: read_parts() gives nothing of
 * it, and what is left of it ends, once. */
static void damaged_chain(struct bench *b, const char *hurt, int64_t chain, int64_t held)
{
    struct message_list list;
    int64_t first, next = -1;
    size_t n = 0;

    if (b->ops == &store_memory)
        return; /* no disk */
    begin(b);
    first = put_part(b, 0, 1, 1000, STR("a"));
    (void)put_part(b, first, 2, 1000, STR("b"));
    commit(b);
    run_sql(b, hurt);
    for (int reads = 0; reads < 2; reads++) {
        begin(b);
        if (reads) {
            OK(b, b->s->ops->read_parts(b->s, chain, &b->a, &list, &b->e));
            CHECK(list.n == 0, "%s: %zu parts", hurt, list.n);
        }
        OK(b, b->s->ops->expire_parts(b->s, 9000, &n, &next, &b->e));
        CHECK((n > 0 || reads) && next == 0 && ledger(b).held == held, "%s: %zu, %lld held", hurt,
              n, (long long)ledger(b).held);
        OK(b, b->s->ops->expire_parts(b->s, 9000, &n, &next, &b->e));
        CHECK(n == 0 && next == 0, "%s: it is over", hurt);
        b->s->ops->rollback(b->s);
    }
}

static void test_chain_elsewhere(struct bench *b)
{
    damaged_chain(b, "UPDATE chain SET id = 77", 77, 2);
}

static void test_chain_without_parts(struct bench *b)
{
    damaged_chain(b, "UPDATE message SET mapped = 1", 1, 0);
}

static void test_chain_without_first(struct bench *b)
{
    damaged_chain(b, "UPDATE message SET mapped = 1 WHERE id = 1", 1, 1);
}

/* Its parts are held all the same, whatever their time. */
static void test_parts_without_chain(struct bench *b)
{
    int64_t next = -1;
    size_t n = 0;

    if (b->ops == &store_memory)
        return;
    begin(b);
    (void)put_part(b, 0, 1, 1000, STR("a"));
    (void)put_part(b, 0, 2, 1000, STR("b"));
    commit(b);
    run_sql(b, "DELETE FROM chain WHERE id = 1");
    begin(b);
    OK(b, b->s->ops->expire_parts(b->s, 500, &n, &next, &b->e));
    CHECK(n == 1 && next == 1000 && ledger(b).held == 1 && ledger(b).pending == 1, "%zu held", n);
    commit(b);
}

/* A transaction that fails leaves the chains as they were. */
static void test_part_rollback(struct bench *b)
{
    struct part_chain c;
    int64_t first, next;
    size_t n;

    begin(b);
    first = put_part(b, 0, 1, 1000, STR("a"));
    b->s->ops->rollback(b->s);
    begin(b);
    CHECK(!chain_at(b, 1, 0, &c), "%s: never opened", b->s->ops->name);
    b->n = 0;
    first = put_part(b, 0, 1, 1000, STR("a"));
    commit(b);
    for (int round = 0; round < 3; round++) {
        begin(b);
        if (round == 0)
            (void)put_part(b, first, 2, 1000, STR("bb"));
        else if (round == 1)
            OK(b, b->s->ops->end_parts(b->s, first, STANDING_HELD, STR("x"), &b->e));
        else
            OK(b, b->s->ops->expire_parts(b->s, 9000, &n, &next, &b->e));
        b->s->ops->rollback(b->s);
        begin(b);
        CHECK(chain_at(b, 1, 0, &c) == first && c.n == 1 && c.bytes == 1 && ledger(b).pending == 1,
              "%s: round %d: %zu parts", b->s->ops->name, round, c.n);
        commit(b);
    }
}

static void test_part_reopen(struct bench *b)
{
    struct message_list list;
    struct part_chain c;
    int64_t first;

    begin(b);
    first = put_part(b, 0, 1, 1000, STR("a"));
    (void)put_part(b, first, 2, 1000, STR("b"));
    commit(b);
    if (!bench_reopen(b))
        return;
    begin(b);
    CHECK(chain_at(b, 2, 0, &c) == first && c.n == 2, "still open");
    (void)put_part(b, first, 3, 1000, STR("c"));
    OK(b, b->s->ops->read_parts(b->s, first, &b->a, &list, &b->e));
    CHECK(list.n == 3 && str_eq(list.items[2].body, STR("c")), "%zu parts", list.n);
    OK(b, b->s->ops->end_parts(b->s, first, STANDING_RECORDED, STR("x"), &b->e));
    commit(b);
}

/* ---- sequence numbers ---- */

static void test_sequence(struct bench *b)
{
    static const struct {
        int key;
        struct sequence put;
    } steps[] = {
        {1, {true, 17, false}}, {2, {true, -5, true}},  {1, {true, 18, false}},
        {1, {true, 18, true}},  {2, {false, 0, false}}, {1, {true, INT64_MAX, false}},
    };
    struct sequence now[3] = {0}, got;
    uint8_t key[INDEX_BYTES];

    for
        EACH (i, steps) {
            begin(b);
            fill(key, steps[i].key);
            OK(b, b->s->ops->put_sequence(b->s, key, &steps[i].put, &b->e));
            b->s->ops->rollback(b->s);
            begin(b);
            OK(b, b->s->ops->get_sequence(b->s, key, &got, &b->e));
            CHECK(got.known == now[steps[i].key].known && got.last == now[steps[i].key].last,
                  "%s: step %zu rolled back", b->s->ops->name, i);
            OK(b, b->s->ops->put_sequence(b->s, key, &steps[i].put, &b->e));
            commit(b);
            now[steps[i].key] = steps[i].put;
            if (i == 3)
                (void)bench_reopen(b);
            begin(b);
            for (int k = 0; k < 3; k++) {
                fill(key, k);
                OK(b, b->s->ops->get_sequence(b->s, key, &got, &b->e));
                CHECK(got.known == now[k].known && got.last == now[k].last &&
                          got.frozen == now[k].frozen,
                      "%s: step %zu, key %d: last %lld", b->s->ops->name, i, k,
                      (long long)got.last);
            }
            commit(b);
        }
}

/* ---- lanes ---- */

static void test_lanes(struct bench *b)
{
    static const uint64_t lanes[] = {7, UINT64_MAX, 7, 0, 0, 1ULL << 63};
    static const struct {
        uint64_t stuck[4];
        size_t n;
        int64_t ids[6];
    } cases[] = {
        {{0}, 0, {1, 2, 3, 4, 5, 6}},
        {{7}, 1, {2, 4, 5, 6}},
        {{UINT64_MAX}, 1, {1, 3, 4, 5, 6}},
        {{4}, 1, {1, 2, 3, 5, 6}}, /* without a lane: by its id */
        {{5, 1ULL << 63, 7, UINT64_MAX}, 4, {4}},
        {{0}, 1, {1, 2, 3, 4, 5, 6}},
        {{8, 9}, 2, {1, 2, 3, 4, 5, 6}},
    };
    struct message_list list;
    struct intake in;

    begin(b);
    for
        EACH (i, lanes) {
            struct message m = message((int)i + 1, (int)i + 1, 1000);

            m.lane = lanes[i];
            OK(b, b->s->ops->put_message(b->s, &m, &b->a, &in, &b->e));
        }
    commit(b);
    begin(b);
    for
        EACH (i, cases) {
            size_t want = 0;

            while (want < 6 && cases[i].ids[want])
                want++;
            OK(b, b->s->ops->take_stored(b->s, 9, cases[i].stuck, cases[i].n, &b->a, &list, &b->e));
            CHECK(list.n == want && !list.more, "%s: case %zu: %zu", b->s->ops->name, i, list.n);
            for (size_t k = 0; k < list.n && k < want; k++)
                CHECK(list.items[k].id == cases[i].ids[k] &&
                          list.items[k].lane == lanes[list.items[k].id - 1],
                      "%s: case %zu: message %lld", b->s->ops->name, i,
                      (long long)list.items[k].id);
            OK(b, b->s->ops->take_stored(b->s, 1, cases[i].stuck, cases[i].n, &b->a, &list, &b->e));
            CHECK(list.n == 1 && list.items[0].id == cases[i].ids[0] && list.more,
                  "%s: case %zu: the oldest", b->s->ops->name, i);
        }
    commit(b);
}

static const struct store_case cases[] = {
    {"chain", test_chain},
    {"no such chain", test_no_such_chain},
    {"chains", test_chains},
    {"end standings", test_end_standings},
    {"expire", test_expire},
    {"expire many", test_expire_many},
    {"chain elsewhere", test_chain_elsewhere},
    {"chain without parts", test_chain_without_parts},
    {"chain without its first part", test_chain_without_first},
    {"parts without a chain", test_parts_without_chain},
    {"part rollback", test_part_rollback},
    {"part reopen", test_part_reopen},
    {"sequence", test_sequence},
    {"lanes", test_lanes},
};

int main(void)
{
    run_over_all(cases, sizeof cases / sizeof *cases);
    return check_end();
}
