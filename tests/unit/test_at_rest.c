/* What lies on the disk: nothing that can be read without the key, nothing that can be altered
 * unnoticed, counts that agree with the rows, and no query that walks a whole table. */
#include "sqlite_bench.h"

/* One message through all its life, every sealed field a canary; then some more of each state. */
static void live(struct bench *b)
{
    struct notice n = notice_for(0, "pk_a", NOTICE_READY), other;
    struct link_new l = {.event_type = STR("appointment/1"),
                         .unit_key = STR("pk_a"),
                         .patient_key = STR("pk_patient"),
                         .patient = STR("CANARY-MRN"),
                         .resource = STR("CANARY-ORDER"),
                         .expires_ms = 90000};
    struct status st = {.echo = str_of(echoes[0]), .name = STR("sent")};
    struct flight_list fly;
    struct message m = message(1, 1, 1001);
    struct intake in;
    bool fresh;

    begin(b);
    n.instance_id = put_telling(b, "pk_a");
    token_of(l.token_hash, 1);
    OK(b, b->s->ops->put_notice(b->s, &n, &l, &b->e));
    OK(b, b->s->ops->put_message(b->s, &m, &b->a, &in, &b->e)); /* a resend */
    commit(b);
    begin(b);
    OK(b, b->s->ops->begin_attempts(b->s, 1, echoes, 8000, &b->a, &fly, &b->e));
    fly.items[0].attempt.has_wamid = true;
    fill(fly.items[0].attempt.wamid, 5);
    fill(st.wamid, 5);
    OK(b, b->s->ops->save_attempt(b->s, &fly.items[0].attempt, &b->e));
    OK(b, b->s->ops->put_status(b->s, &st, &fresh, &b->e));
    fly.items[0].notice.state = NOTICE_ACCEPTED;
    OK(b, b->s->ops->save_notice(b->s, &fly.items[0].notice, &b->e));
    CHECK(opens(b, 1, 8000, 2, 60000), "link");
    other = put_notice(b, "pk_b", NOTICE_WAITING);
    n = put_notice(b, "pk_c", NOTICE_READY);
    OK(b, b->s->ops->find_later(b->s, &n, &fresh, &b->e));
    OK(b, b->s->ops->settle(b->s, other.instance_id, STANDING_HELD, STR("a person"), &b->e));
    (void)put_message(b);
    OK(b, b->s->ops->put_mapped(b->s, put_message(b), STR("f00d"), NULL, 0, &b->e));
    commit(b);
}

/* What follows when a notice moves: merged ones, links, news, and the turn of a number. */
static void live_on(struct bench *b)
{
    static const enum notice_state ends[] = {NOTICE_WITHDRAWN, NOTICE_HELD, NOTICE_ACCEPTED};
    struct notice_list open, window;
    struct notice n, carrier, next;
    struct flight_list fly;
    int64_t next_ms;
    size_t due;
    bool later;

    begin(b);
    for
        EACH (i, ends) {
            n = put_notice(b, "pk_d", NOTICE_WAITING);
            carrier = put_notice(b, "pk_e", NOTICE_READY);
            n.state = NOTICE_MERGED;
            n.carrier = carrier.id;
            OK(b, b->s->ops->save_notice(b->s, &n, &b->e));
            OK(b, b->s->ops->find_later(b->s, &n, &later, &b->e));
            OK(b, b->s->ops->find_open(b->s, n.event_type, n.unit_key, &b->a, &open, &b->e));
            OK(b, b->s->ops->find_window(b->s, n.coalesce, &b->a, &window, &b->e));
            if (ends[i] == NOTICE_ACCEPTED)
                OK(b, b->s->ops->begin_attempts(b->s, 2, echoes + 1, 8001, &b->a, &fly, &b->e));
            carrier.state = ends[i];
            carrier.reason = STR("for a test");
            OK(b, b->s->ops->save_notice(b->s, &carrier, &b->e));
        }
    n = put_notice(b, "pk_f", NOTICE_WAITING);
    for (int i = 0; i < 3; i++) { /* into one that is merged itself the next time */
        next = put_notice(b, "pk_g", NOTICE_WAITING);
        n.state = NOTICE_MERGED;
        n.carrier = next.id;
        OK(b, b->s->ops->save_notice(b->s, &n, &b->e));
        n = next;
    }
    OK(b, b->s->ops->release_due(b->s, 9000, &due, &next_ms, &b->e));
    OK(b, b->s->ops->begin_attempts(b->s, 0, echoes, 200000, &b->a, &fly, &b->e)); /* stale */
    OK(b, b->s->ops->find_checking(b->s, 9, &b->a, &fly, &b->e));
    commit(b);
}

static void test_canaries(void)
{
    static const struct str never[] = {
        STR_LIT("CANARY"),       STR_LIT("MSH|"),   STR_LIT("MSA|"),          STR_LIT("2125550101"),
        STR_LIT("+12125"),       STR_LIT("clinic"), STR_LIT("patient_key\0"), STR_LIT("Q0FOQVJZ"),
        STR_LIT("43414e415259"), STR_LIT("YRANAC"),
    };
    struct bench b;
    size_t n = 0;

    bench_open(&b);
    live(&b);
    CHECK(found_in_files(&b, STR("pk_patient"), &n) > 0, "the search finds what is there");
    for
        EACH (i, never)
            CHECK(found_in_files(&b, never[i], &n) == 0, "'%s' lies on the disk", never[i].p);
    CHECK(n > 100000, "%zu bytes searched", n);
    (void)sqlite3_wal_checkpoint_v2(last_db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    for
        EACH (i, never)
            CHECK(found_in_files(&b, never[i], &n) == 0, "'%s' after the checkpoint", never[i].p);
    bench_close(&b);
}

static void check_each_stands(struct bench *b)
{
    begin(b);
    (void)ledger(b); /* balances */
    commit(b);
    CHECK(count("SELECT count(*) FROM message m WHERE standing <> coalesce((SELECT min(i.standing)"
                " FROM instance i WHERE i.message_id = m.id), iif(mapped, 6, 1))") == 0,
          "each message stands as its instances do");
}

/* The tally, which is kept up, against the rows, counted. */
static void test_tally(void)
{
    struct bench b;
    struct ledger l;

    bench_open(&b);
    live(&b);
    begin(&b);
    l = ledger(&b);
    commit(&b);
    check_each_stands(&b);
    CHECK(l.acked == count("SELECT count(*) + sum(duplicates) FROM message"), "acked %lld",
          (long long)l.acked);
    CHECK(l.acked == 6 && l.duplicate == count("SELECT sum(duplicates) FROM message"), "duplicate");
    CHECK(l.pending == count("SELECT count(*) FROM message WHERE standing = 1"), "pending");
    CHECK(l.held == 1 && l.held == count("SELECT count(*) FROM message WHERE standing = 2"),
          "held");
    CHECK(l.notified == 1 && l.notified == count("SELECT count(*) FROM message WHERE standing = 4"),
          "notified");
    CHECK(l.dropped == 1 && l.dropped == count("SELECT count(*) FROM message WHERE standing = 6"),
          "dropped");
    live_on(&b);
    check_each_stands(&b);
    CHECK(count("SELECT count(*) FROM notice WHERE state = 8 AND carrier NOT IN"
                " (SELECT id FROM notice WHERE state IN (1, 2, 3, 4))") == 0 &&
              count("SELECT count(*) FROM notice WHERE state <> 8 AND carrier <> 0") == 0,
          "a merged one has a carrier that is on its way, the others have none");
    bench_close(&b);
}

/* Work per message must not grow with the tables: no statement of the life above may have walked one
 * (but the eight rows of the tally, the list that starts at the newest, and of what is ready, an index of
 * its own, as much as is asked for). */
static void test_no_full_scans(void)
{
    struct bench b;
    int seen = 0;

    bench_open(&b);
    live(&b);
    live_on(&b);
    for (sqlite3_stmt *st = sqlite3_next_stmt(last_db, NULL); st;
         st = sqlite3_next_stmt(last_db, st)) {
        const char *sql = sqlite3_sql(st);

        seen++;
        if (!strstr(sql, "FROM tally") && !strstr(sql, "FROM notice n WHERE state = 2"))
            CHECK(sqlite3_stmt_status(st, SQLITE_STMTSTATUS_FULLSCAN_STEP, 0) == 0, "%s", sql);
        CHECK(sqlite3_stmt_status(st, SQLITE_STMTSTATUS_AUTOINDEX, 0) == 0, "%s", sql);
    }
    CHECK(seen > 25, "%d statements", seen);
    bench_close(&b);
}

/* A sealed value altered, or moved from another row, is refused with its place. */
static void test_damage(void)
{
    static const struct {
        const char *sql, *says;
    } damages[] = {
        {"UPDATE content SET body = CAST(substr(body, 1, 70) || x'00' || substr(body, 72) AS BLOB)"
         " WHERE id = 1",
         "content 1, body"},
        {"UPDATE content SET body = (SELECT body FROM content WHERE id = 2) WHERE id = 1",
         "content 1, body"},
        {"UPDATE content SET body = x'01' WHERE id = 1",
         "content 1, body+ack: not a sealed record"},
        {"UPDATE content SET joined = 0 WHERE id = 1",
         "content 1, body"}, /* read in the older way */
    };

    for
        EACH (i, damages) {
            struct bench b;
            struct message m;

            bench_open(&b);
            live(&b);
            sql(damages[i].sql);
            begin(&b);
            OK(&b, b.s->ops->read_message(b.s, 2, &b.a, &m, &b.e));
            CHECK(!b.s->ops->read_message(b.s, 1, &b.a, &m, &b.e) && b.e.kind == ERR_INPUT &&
                      strstr(b.e.text, damages[i].says),
                  "%s: %s", damages[i].sql, b.e.text);
            commit(&b);
            bench_close(&b);
        }
}

/* A list that its limit cut says so, whether what it read was sound or not; nothing is kept. */
static void check_more(struct bench *b)
{
    for (size_t most = 1; most <= 3; most++) {
        struct message_list messages;
        struct instance_list instances;
        struct flight_list flights;

        begin(b);
        OK(b, b->s->ops->take_stored(b->s, most, NULL, 0, &b->a, &messages, &b->e));
        OK(b, b->s->ops->take_mapped(b->s, most, &b->a, &instances, &b->e));
        OK(b, b->s->ops->begin_attempts(b->s, most, echoes, 8000, &b->a, &flights, &b->e));
        CHECK(messages.n + instances.n + flights.n == (most == 1 ? 1 : most - 1), "%zu taken",
              messages.n + instances.n + flights.n);
        CHECK(messages.more || instances.more || flights.more, "at most %zu: more", most);
        b->s->ops->rollback(b->s);
    }
}

/* What can no longer be opened is held for a person, at each step; the others go on. */
static void test_damaged_rows(void)
{
    static const char *const damages[] = {
        "UPDATE content SET body = zeroblob(200) WHERE id = 2",
        "DELETE FROM content WHERE id = 2", /* not there at all: never invisible and pending */
        "UPDATE instance SET params = zeroblob(200) WHERE id = 2",
        "UPDATE notice SET recipient = zeroblob(200) WHERE id = 2",
    };

    for
        EACH (i, damages) {
            struct message_list messages = {0};
            struct instance_list instances = {0};
            struct flight_list flights = {0};
            struct trace_list traces;
            struct bench b;
            size_t left = 0;

            bench_open(&b);
            begin(&b);
            for (int k = 0; k < 3; k++) {
                if (i <= 1)
                    (void)put_message(&b);
                else if (i == 2)
                    (void)put_telling(&b, "pk_a");
                else
                    (void)put_notice(&b, "pk_a", NOTICE_READY);
            }
            commit(&b);
            sql(damages[i]);
            check_more(&b);
            for (int round = 0; round < 2; round++) {
                begin(&b);
                OK(&b, b.s->ops->take_stored(b.s, 9, NULL, 0, &b.a, &messages, &b.e));
                OK(&b, b.s->ops->take_mapped(b.s, 9, &b.a, &instances, &b.e));
                if (round == 0)
                    OK(&b, b.s->ops->begin_attempts(b.s, 3, echoes, 8000, &b.a, &flights, &b.e));
                left = messages.n + instances.n + flights.n;
                CHECK(left == 2, "%s: %zu left", damages[i], left);
                CHECK(ledger(&b).held == 1 && ledger(&b).pending == 2, "%s: counted", damages[i]);
                commit(&b);
            }
            begin(&b);
            OK(&b, b.s->ops->list_recent(b.s, 9, &b.a, &traces, &b.e));
            CHECK(traces.n == 3 && traces.items[1].standing == STANDING_HELD &&
                      str_eq(traces.items[1].reason, STR("damaged on disk")),
                  "%s: held, with its reason", damages[i]);
            commit(&b);
            bench_close(&b);
        }
}

/* A resend of a message whose answer is damaged is still known, and hears another one. */
static void test_damaged_ack(void)
{
    static const char *const damages[] = {"UPDATE content SET body = zeroblob(100) WHERE id = 1",
                                          "UPDATE content SET body = x'00' WHERE id = 1",
                                          "DELETE FROM content WHERE id = 1"};

    for
        EACH (i, damages) {
            struct message m = message(1, 1, 1001);
            struct message_list list;
            struct intake in;
            struct bench b;

            bench_open(&b);
            begin(&b);
            OK(&b, b.s->ops->put_message(b.s, &m, &b.a, &in, &b.e));
            commit(&b);
            sql(damages[i]);
            begin(&b);
            OK(&b, b.s->ops->put_message(b.s, &m, &b.a, &in, &b.e));
            CHECK(in.seen && in.id == 1 && !in.ack.p, "%s: seen %d", damages[i], in.seen);
            OK(&b, b.s->ops->take_stored(b.s, 9, NULL, 0, &b.a, &list, &b.e));
            CHECK(list.n == 0 && ledger(&b).held == 1, "%s: held", damages[i]);
            CHECK(ledger(&b).duplicate == 1, "%s: counted", damages[i]);
            commit(&b);
            bench_close(&b);
        }
}

/* A status or an answer comes for a notice that no longer opens. */
static void test_damaged_flight(void)
{
    static const struct {
        enum notice_state state;
        bool found;
    } cases[] = {{NOTICE_FLYING, false},  {NOTICE_CHECKING, false}, {NOTICE_WAITING, false},
                 {NOTICE_ACCEPTED, true}, {NOTICE_HELD, true},      {NOTICE_WITHDRAWN, true}};

    for
        EACH (i, cases) {
            const uint8_t none[INDEX_BYTES] = {0};
            uint8_t news[INDEX_BYTES];
            struct flight_list fly;
            struct flight f;
            struct notice n;
            struct unit u;
            struct bench b;
            bool found, known;

            bench_open(&b);
            fill(news, 7);
            begin(&b);
            n = put_notice(&b, "pk_a", NOTICE_READY);
            OK(&b, b.s->ops->begin_attempts(b.s, 1, echoes, 8000, &b.a, &fly, &b.e));
            n.state = cases[i].state;
            n.reason = STR("a later event came first");
            OK(&b, b.s->ops->save_notice(b.s, &n, &b.e));
            OK(&b, b.s->ops->save_news(b.s, n.event_type, n.unit_key, news, &b.e));
            commit(&b);
            sql("UPDATE notice SET params = zeroblob(200)");
            begin(&b);
            OK(&b, b.s->ops->find_attempt(b.s, str_of(echoes[0]), none, &b.a, &f, &found, &b.e));
            CHECK(found == cases[i].found, "%d: found %d", n.state, found);
            CHECK(!found || (f.notice.id == 1 && f.notice.state == n.state), "as it ended");
            commit(&b);
            CHECK(found || count("SELECT count(*) FROM notice WHERE state = 6 AND"
                                 " reason = 'damaged on disk' AND token IS NULL") == 1,
                  "%d: held", n.state);
            CHECK(found || count("SELECT state FROM attempt") == 5, "%d: its attempt is unknown",
                  n.state);
            begin(&b);
            CHECK(found || ledger(&b).held == 1, "%d: for a person", n.state);
            OK(&b, b.s->ops->find_unit(b.s, n.event_type, n.unit_key, &b.a, &u, &known, &b.e));
            CHECK((memcmp(u.news, news, sizeof news) == 0) == (n.state != NOTICE_WAITING),
                  "%d: what may have been told stays known", n.state);
            commit(&b);
            bench_close(&b);
        }
}

/* A unit that no longer opens: the caller hears so, and the next event makes it anew. */
static void test_damaged_unit(void)
{
    struct bench b;
    struct unit u;
    bool found;

    bench_open(&b);
    begin(&b);
    (void)put_telling(&b, "pk_a");
    commit(&b);
    sql("UPDATE unit SET event = zeroblob(200)");
    begin(&b);
    CHECK(!b.s->ops->find_unit(b.s, STR("appointment/1"), STR("pk_a"), &b.a, &u, &found, &b.e) &&
              b.e.kind == ERR_INPUT && strstr(b.e.text, "unit 1, event"),
          "%s", b.e.text);
    (void)put_telling(&b, "pk_a"); /* in the same transaction: only that one call failed */
    OK(&b, b.s->ops->find_unit(b.s, STR("appointment/1"), STR("pk_a"), &b.a, &u, &found, &b.e));
    CHECK(found && u.event.n_slots == 3, "made anew");
    commit(&b);
    bench_close(&b);
}

int main(void)
{
    test_canaries();
    test_tally();
    test_no_full_scans();
    test_damage();
    test_damaged_rows();
    test_damaged_ack();
    test_damaged_flight();
    test_damaged_unit();
    return check_end();
}
