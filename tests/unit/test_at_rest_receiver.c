/* What the receiver keeps beside its messages, as it lies on the disk: nothing that can be read without
 * the key, damage is met, counts agree with rows, and no query walks a table that grows. */
#include "sqlite_bench.h"

enum { OPEN = 2 }; /* of the three chains in live() */

static int64_t put_part(struct bench *b, int64_t first, int next, int64_t at)
{
    const int n = ++b->n;
    struct message m = message(n, n, at);
    struct intake in = {0};

    m.is_part = true;
    m.first_part = first;
    fill(m.next_part, next);
    OK(b, b->s->ops->put_message(b->s, &m, &b->a, &in, &b->e));
    return in.id;
}

/* A reply that waits, written once; its message's id. channel NULL: its connection. */
static int64_t put_reply(struct bench *b, const char *channel)
{
    const int n = ++b->n;
    struct message m = message(n, n, 1000);
    struct outgoing_list owed;
    struct intake in = {0};

    m.reply = REPLY_ALWAYS;
    m.channel = channel ? str_of(channel) : (struct str){NULL, 0};
    OK(b, b->s->ops->put_message(b->s, &m, &b->a, &in, &b->e));
    OK(b, b->s->ops->put_mapped(b->s, in.id, STR("f00d"), NULL, 0, &b->e));
    if (channel)
        OK(b, b->s->ops->find_outgoing(b->s, m.channel, 9000, 99, &b->a, &owed, &b->e));
    else
        OK(b, b->s->ops->find_replies(b->s, &in.id, 1, &b->a, &owed, &b->e));
    owed.items[owed.n - 1].body = STR("MSH|MSA|CANARY-REPLY");
    owed.items[owed.n - 1].control_id = STR("TD1");
    OK(b, b->s->ops->save_outgoing(b->s, &owed.items[owed.n - 1], &b->e));
    return in.id;
}

/* Chains ended, overdue and open; replies, numbers, notes, recordings. */
static void live(struct bench *b)
{
    struct peer_note note = {.listener = STR("his"), .code = STR("MLLP_JUNK"), .n = 1};
    struct recording rec = {.listener = STR("his"), .bytes = STR("CANARY|MSH|"), .saved_ms = 1};
    struct sequence seq = {.known = true, .last = 17};
    const uint64_t stuck = 7;
    struct message_list list;
    struct part_chain chain;
    uint8_t key[INDEX_BYTES];
    int64_t next, first[3];
    bool found;
    size_t n;

    begin(b);
    for (int i = 0; i < 3; i++) {
        first[i] = put_part(b, 0, 10 * i, i == OPEN ? 6000 : 1000);
        (void)put_part(b, first[i], 10 * i + 1, 6000);
        fill(key, 10 * i + 1);
        OK(b, b->s->ops->find_parts(b->s, key, 0, &chain, &found, &b->e));
        OK(b, b->s->ops->read_parts(b->s, first[i], &b->a, &list, &b->e));
        CHECK(found && chain.n == 2 && list.n == 2, "chain %d", i);
    }
    OK(b, b->s->ops->end_parts(b->s, first[0], STANDING_RECORDED, STR("x"), &b->e));
    OK(b, b->s->ops->expire_parts(b->s, 5000, &n, &next, &b->e));
    CHECK(n == 1 && next == 6000, "%zu overdue", n);
    (void)put_message(b);
    OK(b, b->s->ops->take_stored(b->s, 1, &stuck, 1, &b->a, &list, &b->e));
    (void)put_reply(b, "back");
    (void)put_reply(b, NULL);
    OK(b, b->s->ops->put_sequence(b->s, key, &seq, &b->e));
    OK(b, b->s->ops->get_sequence(b->s, key, &seq, &b->e));
    OK(b, b->s->ops->add_peer_notes(b->s, &note, 1, 9, &b->e));
    OK(b, b->s->ops->put_recording(b->s, &rec, 9, &b->e));
    OK(b, b->s->ops->read_recording(b->s, rec.id, &b->a, &rec, &b->e));
    commit(b);
}

static void test_canaries(void)
{
    static const struct str never[] = {STR_LIT("CANARY"), STR_LIT("MSH|"), STR_LIT("MSA|"),
                                       STR_LIT("YRANAC"), STR_LIT("Q0FOQVJZ")};
    struct bench b;
    size_t n = 0;

    bench_open(&b);
    live(&b);
    CHECK(found_in_files(&b, STR("MLLP_JUNK"), &n) > 0, "the search finds what is there");
    for
        EACH (i, never)
            CHECK(found_in_files(&b, never[i], &n) == 0, "'%s' lies on the disk", never[i].p);
    bench_close(&b);
}

static void test_tally(void)
{
    struct bench b;
    struct ledger l;

    bench_open(&b);
    live(&b);
    begin(&b);
    l = ledger(&b);
    commit(&b);
    CHECK(l.pending == 3 && l.recorded == 2 && l.held == 2 && l.dropped == 2 && l.acked == 9,
          "%lld pending, %lld recorded, %lld held", (long long)l.pending, (long long)l.recorded,
          (long long)l.held);
    CHECK(l.acked == count("SELECT count(*) FROM message") &&
              l.pending == count("SELECT count(*) FROM message WHERE standing = 1") &&
              l.held == count("SELECT count(*) FROM message WHERE standing = 2") &&
              l.recorded == count("SELECT count(*) FROM message WHERE standing = 5"),
          "as the rows say");
    CHECK(count("SELECT count(*) FROM message m WHERE standing <> coalesce((SELECT min(i.standing)"
                " FROM instance i WHERE i.message_id = m.id), iif(mapped = 1, 6, 1))") == 0,
          "each message stands as its instances do");
    CHECK(count("SELECT count(*) FROM chain") == 1 &&
              count("SELECT count(*) FROM message WHERE mapped = 2") == 2,
          "one chain is open");
    bench_close(&b);
}

/* The plan of a statement names that. */
static bool uses(const char *text, const char *what)
{
    char plan[2000];
    sqlite3_stmt *st = NULL;
    bool found = false;

    (void)snprintf(plan, sizeof plan, "EXPLAIN QUERY PLAN %s", text);
    CHECK(sqlite3_prepare_v2(last_db, plan, -1, &st, NULL) == SQLITE_OK, "%s", plan);
    while (sqlite3_step(st) == SQLITE_ROW)
        found = found || strstr((const char *)sqlite3_column_text(st, 3), what);
    (void)sqlite3_finalize(st);
    return found;
}

/* Peers and recordings are bounded lists, and what is to be mapped has an index of its own, walked as far as
 * is asked for; nothing else may be walked. */
static void test_no_full_scans(void)
{
    struct bench b;
    int seen = 0;

    bench_open(&b);
    live(&b);
    for (sqlite3_stmt *st = sqlite3_next_stmt(last_db, NULL); st;
         st = sqlite3_next_stmt(last_db, st)) {
        const char *sql = sqlite3_sql(st);

        seen++;
        if (!strstr(sql, "FROM tally") && !strstr(sql, "FROM peer") &&
            !strstr(sql, "FROM recording") && !strstr(sql, "json_each"))
            CHECK(sqlite3_stmt_status(st, SQLITE_STMTSTATUS_FULLSCAN_STEP, 0) == 0, "%s", sql);
        if (strstr(sql, "json_each"))
            CHECK(uses(sql, "USING INDEX message_to_map"), "%s", sql);
        CHECK(sqlite3_stmt_status(st, SQLITE_STMTSTATUS_AUTOINDEX, 0) == 0, "%s", sql);
    }
    CHECK(seen > 25, "%d statements", seen);
    bench_close(&b);
}

/* A chain with a part that does not open is no whole: all of it is held; the others go on. */
static void test_damaged_part(void)
{
    static const char *const damages[] = {
        "UPDATE content SET body = zeroblob(200) WHERE id = 2",
        "DELETE FROM content WHERE id = 1",
    };

    for
        EACH (i, damages) {
            struct trace_list traces;
            struct message_list list;
            struct part_chain chain;
            uint8_t key[INDEX_BYTES];
            int64_t first, other;
            struct bench b;
            bool found;

            bench_open(&b);
            begin(&b);
            first = put_part(&b, 0, 1, 1000);
            (void)put_part(&b, first, 2, 1000);
            other = put_part(&b, 0, 3, 1000);
            commit(&b);
            sql(damages[i]);
            begin(&b);
            OK(&b, b.s->ops->read_parts(b.s, first, &b.a, &list, &b.e));
            CHECK(list.n == 0 && ledger(&b).held == 2 && ledger(&b).pending == 1, "%s: %zu parts",
                  damages[i], list.n);
            fill(key, 2);
            OK(&b, b.s->ops->find_parts(b.s, key, 0, &chain, &found, &b.e));
            CHECK(!found, "%s: ended", damages[i]);
            OK(&b, b.s->ops->read_parts(b.s, other, &b.a, &list, &b.e));
            CHECK(list.n == 1, "%s: the other", damages[i]);
            OK(&b, b.s->ops->list_recent(b.s, 9, &b.a, &traces, &b.e));
            CHECK(traces.n == 3 && str_eq(traces.items[1].reason, STR("damaged on disk")) &&
                      str_eq(traces.items[2].reason, STR("damaged on disk")),
                  "%s: with its reason", damages[i]);
            commit(&b);
            bench_close(&b);
        }
}

/* A reply that cannot be sent as it was is not sent at all; the others are. */
static void test_damaged_reply(void)
{
    for (int on_channel = 0; on_channel < 2; on_channel++) {
        struct outgoing_list list;
        int64_t ids[3];
        struct bench b;

        bench_open(&b);
        begin(&b);
        for
            EACH (i, ids)
                ids[i] = put_reply(&b, on_channel ? "back" : NULL);
        commit(&b);
        sql("UPDATE outgoing SET body = (SELECT body FROM outgoing WHERE id = 3) WHERE id = 2");
        for (int round = 0; round < 2; round++) {
            begin(&b);
            if (on_channel)
                OK(&b, b.s->ops->find_outgoing(b.s, STR("back"), 9000, 9, &b.a, &list, &b.e));
            else
                OK(&b, b.s->ops->find_replies(b.s, ids, 3, &b.a, &list, &b.e));
            CHECK(list.n == 2 && list.items[0].message_id == ids[0] &&
                      list.items[1].message_id == ids[2] && list.next_ms == 0,
                  "%zu replies", list.n);
            commit(&b);
        }
        CHECK(count("SELECT count(*) FROM outgoing WHERE state = 4 AND reason = 'damaged on disk'"
                    " AND id = 2") == 1,
              "refused for good");
        bench_close(&b);
    }
}

static void test_damaged_recording(void)
{
    struct recording rec = {.listener = STR("his"), .bytes = STR("CANARY")};
    struct recording_list list;
    struct bench b;

    bench_open(&b);
    begin(&b);
    for (int i = 0; i < 2; i++)
        OK(&b, b.s->ops->put_recording(b.s, &rec, 9, &b.e));
    commit(&b);
    sql("UPDATE recording SET bytes = (SELECT bytes FROM recording WHERE id = 2) WHERE id = 1");
    begin(&b);
    CHECK(!b.s->ops->read_recording(b.s, 1, &b.a, &rec, &b.e) && b.e.kind == ERR_INPUT &&
              strstr(b.e.text, "recording 1, bytes"),
          "%s", b.e.text);
    OK(&b, b.s->ops->read_recording(b.s, 2, &b.a, &rec, &b.e));
    OK(&b, b.s->ops->list_recordings(b.s, 9, &b.a, &list, &b.e));
    CHECK(list.n == 2 && str_eq(rec.bytes, STR("CANARY")), "%zu listed", list.n);
    commit(&b);
    bench_close(&b);
}

int main(void)
{
    test_canaries();
    test_tally();
    test_no_full_scans();
    test_damaged_part();
    test_damaged_reply();
    test_damaged_recording();
    return check_end();
}
