/* What a message does beside its answer: events made once, parts and numbers not used up by what was refused,
 * and the order of what is written when several things want to be. */
#include <sqlite3.h>
#include <sys/socket.h>

#include "../../src/receive/mllp_intake.h"
#include "base/container_of.h"
#include "check.h"
#include "mllp_house.h"
#include "temp_folder.h"

#define SB   "\x0b"
#define END  "\x1c\r"
#define HEAD "MSH|^~\\&|APP|FAC|TID|CLIN|20260101||"
#define PID  "PID|1||77^^^HOSP^MR||Lau^Ka Yee\r"
#define ONE_OF(head, id, rest)                                                                     \
    SB "MSH|^~\\&|" head "|TID|CLIN|20260101||SIU^S12|" id "|P|2.5.1" rest "\rSCH|1\r" PID END
#define ONE(id)               ONE_OF("APP|FAC", id, "")
#define NUM(id, n)            ONE_OF("APP|FAC", id, "|" n)
#define WANT(id, accept, app) ONE_OF("APP|FAC", id, "|||" accept "|" app)
#define INNER(id)             HEAD "SIU^S12|" id "|P|2.5.1\rSCH|1\r" PID
#define PARTN(id, n, from, dsc)                                                                    \
    SB HEAD "ORU^R01|" id "|P|2.5.1|" n "|" from "\r" PID "OBX|1|TX|||" id "\r" dsc END
#define PART(id, from, dsc) PARTN(id, "", from, dsc)

/* Each answer an id of its own, also when several are drawn at once. */
static bool varied(const struct random_source *r, void *out, size_t n)
{
    struct house *h = container_of((struct random_source *)(uintptr_t)r, struct house, random);

    for (size_t i = 0; i < n; i++)
        ((uint8_t *)out)[i] = (uint8_t)(h->counter + i * 7 + 1);
    h->counter += 101;
    return true;
}

static void open_house(struct house *h, struct peer *p)
{
    h->random.get = varied;
    house_open(h);
    peer_open(h, p);
}

static void close_house(struct house *h, struct peer *p)
{
    peer_end(p);
    house_end(h);
}

static void check_heard(struct house *h, struct peer *p, size_t n, const char *what)
{
    struct buf got = buf_new(1 << 20);

    CHECK(peer_hear(h, p, n), "%s: %zu answers", what, peer_count(p));
    peer_answers(p, &got);
    CHECK(strcmp(got.p ? got.p : "", what) == 0, "%s, not %s", got.p, what);
    buf_reset(&got);
}

/* ---- ids of answers ---- */

/* MSH-10 of the n-th answer, from 0. */
static struct str id_of(const struct peer *p, size_t n)
{
    struct str all = buf_str(&p->heard), line = {NULL, 0}, f = {NULL, 0};

    for (size_t i = 0; i <= n; i++)
        line = str_cut(&all, '\x1c');
    while (line.n && line.p[0] != 'M')
        line = (struct str){line.p + 1, line.n - 1};
    line = str_cut(&line, '\r');
    for (int i = 0; i < 10; i++)
        f = str_cut(&line, '|');
    return f;
}

static void check_ids(const struct peer *p, size_t n, const char *what)
{
    for (size_t i = 0; i < n; i++) {
        CHECK(id_of(p, i).n > 0, "%s: %zu", what, i);
        for (size_t k = 0; k < i; k++)
            CHECK(!str_eq(id_of(p, i), id_of(p, k)), "%s: %zu and %zu are " STR_FMT, what, k, i,
                  STR_ARG(id_of(p, i)));
    }
}

/* MSH-15 = ER: silent if it is well, and each refusal that only the commit decides on has its own id. */
static void test_ids_of_refusals(void)
{
    struct house h;
    struct peer p;

    house_build(&h, 0);
    h.set.profile.sequence = true;
    open_house(&h, &p);
    peer_say(&h, &p,
             STR(ONE_OF("APP|FAC", "A1", "|5||ER|NE") ONE_OF("APP|FAC", "A2", "|9||ER|NE")
                     ONE_OF("APP|FAC", "A3", "|9||ER|NE") ONE_OF("APP|FAC", "A4", "|9||ER|NE")),
             0);
    check_heard(&h, &p, 3, "CE:A2 CE:A3 CE:A4 ");
    check_ids(&p, 3, "sequence");
    close_house(&h, &p);

    house_build(&h, 0);
    h.set.parts_most = 1;
    open_house(&h, &p);
    peer_say(&h, &p,
             STR(PART("A1", "", "DSC|p1\r") PART("A2", "p1|ER|NE", "") PART("A3", "p1|ER|NE", "")),
             0);
    check_heard(&h, &p, 3, "AA:A1 CE:A2 CE:A3 ");
    check_ids(&p, 3, "parts");
    close_house(&h, &p);

    house_build(&h, 0);
    open_house(&h, &p);
    for (size_t i = 1; i <= 2; i++) {
        h.flaky.calls = 0;
        h.flaky.at = 1;
        peer_say(&h, &p, STR(WANT("A1", "ER", "NE")), 0);
        CHECK(peer_hear(&h, &p, i), "busy is said");
    }
    check_heard(&h, &p, 2, "CE:A1 CE:A1 ");
    check_ids(&p, 2, "busy");
    close_house(&h, &p);
}

/* ---- what is stored ---- */

static void check_ledger(struct house *h, int64_t pending, int64_t recorded, int64_t dropped,
                         int64_t held, const char *what)
{
    struct ledger l = house_ledger(h);

    CHECK(l.pending == pending && l.recorded == recorded && l.dropped == dropped && l.held == held,
          "%s: %lld pending, %lld recorded, %lld dropped, %lld held", what, (long long)l.pending,
          (long long)l.recorded, (long long)l.dropped, (long long)l.held);
}

/* A number that was taken, on another message: kept, and no second event. */
static void test_number_again(void)
{
    struct house h;
    struct peer p;

    house_build(&h, 0);
    h.set.profile.sequence = true;
    open_house(&h, &p);
    peer_say(&h, &p, STR(NUM("A1", "5") NUM("A2", "5") NUM("A3", "6")), 0);
    check_heard(&h, &p, 3, "AA:A1 AA:A2 AA:A3 ");
    check_ledger(&h, 2, 0, 1, 0, "the number again");
    close_house(&h, &p);
}

/* A part that is refused has not taken its number. */
static void test_number_of_refused_part(void)
{
    struct house h;
    struct peer p;

    house_build(&h, 0);
    h.set.profile.sequence = true;
    h.set.parts_most = 1;
    open_house(&h, &p);
    peer_say(&h, &p,
             STR(PARTN("A1", "5", "", "DSC|p1\r") PARTN("A2", "6", "p1", "") NUM("A3", "6")), 0);
    check_heard(&h, &p, 3, "AA:A1 AE:A2 AA:A3 ");
    check_ledger(&h, 2, 0, 0, 0, "6 is still to be taken");
    close_house(&h, &p);
}

/* A copy of a last part, whose pointer another chain waits for by now: that chain goes on waiting. */
static void test_copy_of_last_part(void)
{
    struct house h;
    struct peer p;

    house_build(&h, 0);
    open_house(&h, &p);
    peer_say(&h, &p,
             STR(PART("A1", "", "DSC|p1\r") PART("A2", "p1", "") PART("B1", "", "DSC|p1\r")), 0);
    check_heard(&h, &p, 3, "AA:A1 AA:A2 AA:B1 ");
    check_ledger(&h, 2, 1, 0, 0, "one whole, one part");
    peer_say(&h, &p, STR(PART("A2", "p1", "")), 0);
    check_heard(&h, &p, 4, "AA:A1 AA:A2 AA:B1 AA:A2 ");
    check_ledger(&h, 2, 1, 0, 0, "a copy ends nothing");
    peer_say(&h, &p, STR(PART("B2", "p1", "")), 0);
    check_heard(&h, &p, 5, "AA:A1 AA:A2 AA:B1 AA:A2 AA:B2 ");
    check_ledger(&h, 2, 2, 0, 0, "two wholes");
    close_house(&h, &p);
}

/* What is in front of it cannot be read any more: the last part is kept, and held with the others. */
static void test_last_of_damaged_chain(void)
{
    struct temp_folder folder;
    char path[512];
    sqlite3 *db = NULL;
    struct house h;
    struct peer p;

    temp_folder_make(&folder);
    house_build_on(&h, 0, &store_sqlite, folder.path);
    open_house(&h, &p);
    peer_say(&h, &p, STR(PART("A1", "", "DSC|p1\r")), 0);
    check_heard(&h, &p, 1, "AA:A1 ");
    CHECK(sqlite3_open(temp_folder_file(&folder, "tidings.db", path), &db) == SQLITE_OK &&
              sqlite3_exec(db, "UPDATE content SET body = zeroblob(200)", NULL, NULL, NULL) ==
                  SQLITE_OK,
          "%s", sqlite3_errmsg(db));
    (void)sqlite3_close(db);
    peer_say(&h, &p, STR(PART("A2", "p1", "") ONE("A3")), 0);
    check_heard(&h, &p, 3, "AA:A1 AA:A2 AA:A3 ");
    check_ledger(&h, 1, 0, 0, 2, "both are held");
    close_house(&h, &p);
    temp_folder_remove(&folder);
}

/* Who sent it and its id make the key, and nothing less. */
static void test_keys(void)
{
    static const struct {
        const char *name;
        struct str say;
        int stored, reused;
    } talks[] = {
        {"another id", STR_LIT(ONE("A1") ONE("A2")), 2, 0},
        {"another facility", STR_LIT(ONE_OF("APP|FAC", "A1", "") ONE_OF("APP|FAX", "A1", "")), 2,
         0},
        {"another application", STR_LIT(ONE_OF("APP|FAC", "A1", "") ONE_OF("APX|FAC", "A1", "")), 2,
         0},
        {"the same", STR_LIT(ONE("A1") ONE("A1")), 1, 0},
        {"another body", STR_LIT(ONE("A1") ONE_OF("APP|FAC", "A1", "|||AL")), 2, 1},
    };

    for
        EACH (i, talks) {
            struct house h;
            struct peer p;

            house_build(&h, 0);
            open_house(&h, &p);
            peer_say(&h, &p, talks[i].say, 0);
            CHECK(peer_hear(&h, &p, 2), "%s: answered", talks[i].name);
            CHECK(house_stored(&h) == talks[i].stored, "%s: %lld stored", talks[i].name,
                  (long long)house_stored(&h));
            CHECK((int)mllp_receiver_counts(h.receiver)->codes[HL7_ID_REUSED] == talks[i].reused,
                  "%s: %llu said to be reused", talks[i].name,
                  (unsigned long long)mllp_receiver_counts(h.receiver)->codes[HL7_ID_REUSED]);
            close_house(&h, &p);
        }
}

/* ---- the work of a transaction, by itself ---- */

struct bench {
    struct house h; /* for its settings */
    struct store *s;
    struct arena a;
    struct err e;
};

static void bench_open(struct bench *b)
{
    struct store_settings set = {.duplicate_ms = 1000000};

    *b = (struct bench){0};
    house_build(&b->h, 0);
    set.seal = b->h.seal;
    CHECK(store_memory.open(&set, &b->s, &b->e), "%s", b->e.text);
    house_open(&b->h);
}

static void bench_close(struct bench *b)
{
    b->s->ops->close(b->s);
    house_end(&b->h);
    arena_reset(&b->a);
}

static void judge(struct bench *b, struct mllp_unit *u, struct str content)
{
    mllp_unit_init(u);
    mllp_unit_take(u, &b->h.set, &content, HL7_COMMITTED);
    CHECK(mllp_unit_judge(u, &b->h.set, &b->e) && u->condition == HL7_COMMITTED, "%s", b->e.text);
}

static struct intake intake(struct bench *b, struct mllp_unit *u)
{
    struct intake in = {0};

    CHECK(mllp_intake(u, &b->h.set, b->s, &b->a, &in, &b->e), "%s", b->e.text);
    return in;
}

#define BODY(id, from, dsc)                                                                        \
    STR(HEAD "ORU^R01|" id "|P|2.5.1||" from "\r" PID "OBX|1|TX|||" id "\r" dsc)

/* Refused in a run that was rolled back, taken in the next one: its answer says so. */
static void test_refusal_rolled_back(void)
{
    struct mllp_unit first, last;
    struct message m;
    struct intake in;
    struct bench b;

    bench_open(&b);
    b.h.set.parts_most = 1;
    judge(&b, &first, BODY("A1", "", "DSC|p1\r"));
    judge(&b, &last, BODY("A2", "p1", ""));
    CHECK(b.s->ops->begin(b.s, &b.e), "%s", b.e.text);
    (void)intake(&b, &first);
    (void)intake(&b, &last);
    CHECK(last.condition == HL7_OVER_LIMIT && last.code == HL7_AE, "refused behind the first");
    b.s->ops->rollback(b.s);
    CHECK(b.s->ops->begin(b.s, &b.e), "%s", b.e.text);
    in = intake(&b, &last);
    CHECK(last.condition == HL7_COMMITTED && last.code == HL7_AA && in.id > 0, "kept alone");
    CHECK(b.s->ops->read_message(b.s, in.id, &b.a, &m, &b.e) &&
              memmem(m.ack.p, m.ack.n, "MSA|AA|A2", 9),
          "and its answer with it");
    CHECK(b.s->ops->commit(b.s, &b.e), "%s", b.e.text);
    mllp_unit_end(&first);
    mllp_unit_end(&last);
    bench_close(&b);
}

/* A chain that is too old is not continued, whether it was swept or not. */
static void test_chain_too_old(void)
{
    for (int late = 0; late < 2; late++) {
        struct mllp_unit first, last;
        struct ledger l;
        struct bench b;

        bench_open(&b);
        b.h.set.parts_ms = 1000;
        judge(&b, &first, BODY("A1", "", "DSC|p1\r"));
        judge(&b, &last, BODY("A2", "p1", ""));
        last.message.received_ms += 1000 + late;
        CHECK(b.s->ops->begin(b.s, &b.e), "%s", b.e.text);
        (void)intake(&b, &first);
        (void)intake(&b, &last);
        CHECK(b.s->ops->ledger(b.s, &l, &b.e) && l.held == late && l.recorded == !late,
              "%d ms late: %lld held", late, (long long)l.held);
        CHECK(b.s->ops->commit(b.s, &b.e), "%s", b.e.text);
        mllp_unit_end(&first);
        mllp_unit_end(&last);
        bench_close(&b);
    }
}

/* ---- the order of what is written ---- */

struct gate {
    struct store_job job;
    uv_sem_t open;
};

static bool gate_run(struct store_job *j, struct store *s, struct err *e)
{
    (void)s;
    (void)e;
    uv_sem_wait(&container_of(j, struct gate, job)->open);
    return true;
}

static void gate_done(struct store_job *j)
{
    (void)j;
}

/* The store waits, and the first frame of `say` with it. */
static void say_behind_gate(struct house *h, struct peer *p, struct gate *g, struct str say)
{
    const uint64_t frames = mllp_receiver_counts(h->receiver)->frames;

    *g = (struct gate){.job = {.run = gate_run, .done = gate_done}};
    uv_sem_init(&g->open, 0);
    store_queue_submit(h->queue, &g->job);
    CHECK(send(p->fd, say.p, say.n, 0) == (ssize_t)say.n, "sent");
    while (mllp_receiver_counts(h->receiver)->frames == frames)
        (void)uv_run(&h->loop, UV_RUN_NOWAIT);
}

static void add_batch(struct buf *say, int n)
{
    buf_add(say, STR(SB "BHS|^~\\&|APP|FAC|TID|CLIN|||||B7\r"));
    for (int i = 0; i < n; i++)
        buf_printf(say, HEAD "SIU^S12|N%d|P|2.5.1\rSCH|1\r" PID, i);
    buf_printf(say, "BTS|%d\r" END, n);
}

/* Told to stop while a batch is at its first message: all of it is taken, and answered. */
static void test_drain_in_batch(void)
{
    enum { N = 5 };
    struct buf say = buf_new(1 << 20);
    struct house h;
    struct peer p;
    struct gate g;

    house_build(&h, 0);
    h.set.drain_ms = 10000;
    open_house(&h, &p);
    add_batch(&say, N);
    say_behind_gate(&h, &p, &g, buf_str(&say));
    house_close(&h, NULL);
    uv_sem_post(&g.open);
    CHECK(peer_hear_end(&h, &p), "the end");
    CHECK(memmem(p.heard.p, p.heard.n, "BTS|5", 5) && memmem(p.heard.p, p.heard.n, "MSA|AA|N4", 9),
          "the whole batch is answered");
    CHECK(house_stored(&h) == N, "%lld stored", (long long)house_stored(&h));
    close_house(&h, &p);
    uv_sem_destroy(&g.open);
    buf_reset(&say);
}

/* A reply that becomes due while a batch is taken comes behind the batch's answer. */
static void test_reply_beside_batch(void)
{
    enum { N = 60 };
    struct buf say = buf_new(1 << 20);
    const char *reply, *batch;
    struct house h;
    struct peer p;
    struct gate g;

    house_build(&h, 0);
    open_house(&h, &p);
    peer_say(&h, &p, STR(WANT("A1", "AL", "AL")), 0);
    check_heard(&h, &p, 1, "CA:A1 ");
    add_batch(&say, N);
    say_behind_gate(&h, &p, &g, buf_str(&say));
    uv_sem_post(&g.open);
    house_map(&h, STANDING_DROPPED);
    CHECK(peer_hear(&h, &p, 3), "%zu answers", peer_count(&p));
    reply = memmem(p.heard.p, p.heard.n, "MSA|AA|A1", 9);
    batch = memmem(p.heard.p, p.heard.n, "BTS|60", 6);
    CHECK(reply && batch && batch < reply, "the batch's answer first");
    CHECK(house_stored(&h) == N + 1, "%lld stored", (long long)house_stored(&h));
    close_house(&h, &p);
    uv_sem_destroy(&g.open);
    buf_reset(&say);
}

/* A reply that becomes due while a message is with the store waits for that message's answer. */
static void test_reply_beside_message(void)
{
    struct house h;
    struct peer p;
    struct gate g;

    house_build(&h, 0);
    open_house(&h, &p);
    peer_say(&h, &p, STR(WANT("A1", "AL", "AL")), 0);
    check_heard(&h, &p, 1, "CA:A1 ");
    house_map(&h, STANDING_DROPPED); /* the reply is made before the gate shuts */
    say_behind_gate(&h, &p, &g, STR(WANT("A2", "AL", "NE")));
    for (int i = 0; i < 200; i++) {
        house_turn(&h);
        CHECK(recv(p.fd, &(char){0}, 1, MSG_DONTWAIT | MSG_PEEK) < 0, "nothing comes, turn %d", i);
    }
    uv_sem_post(&g.open);
    check_heard(&h, &p, 3, "CA:A1 CA:A2 AA:A1 ");
    close_house(&h, &p);
    uv_sem_destroy(&g.open);
}

static const char *find_answer(const struct peer *p, const char *code, int id)
{
    struct buf what = buf_new(64);
    const char *at;

    buf_printf(&what, "MSA|%s|%d\r", code, id);
    at = memmem(p->heard.p, p->heard.n, what.p, what.n);
    buf_reset(&what);
    return at;
}

/* Many messages in a row, with replies that become due all the while: each is stored once, answered once in
 * order, and replied to once, after its answer. */
static void test_replies_between(void)
{
    enum { N = 150 };
    struct buf say = buf_new(1 << 20);
    const char *before = NULL;
    struct house h;
    struct peer p;

    house_build(&h, 0);
    h.set.replies_most = N;
    open_house(&h, &p);
    for (int i = 0; i < N; i++)
        buf_printf(&say, SB HEAD "SIU^S12|%d|P|2.5.1|||AL|AL\rSCH|1\r" PID END, i);
    CHECK(send(p.fd, say.p, say.n, 0) == (ssize_t)say.n, "sent");
    while (house_stored(&h) < N)
        house_map(&h, STANDING_DROPPED);
    house_map(&h, STANDING_DROPPED);
    CHECK(peer_hear(&h, &p, (size_t)2 * N), "%zu answers", peer_count(&p));
    for (int i = 0; i < 20; i++)
        house_turn(&h);
    CHECK(peer_count(&p) == (size_t)2 * N, "%zu answers", peer_count(&p));
    for (int i = 0; i < N; i++) {
        const char *answer = find_answer(&p, "CA", i), *reply = find_answer(&p, "AA", i);

        CHECK(answer && answer > before && reply && reply > answer, "message %d", i);
        before = answer;
    }
    CHECK(house_stored(&h) == N, "%lld stored", (long long)house_stored(&h));
    close_house(&h, &p);
    buf_reset(&say);
}

int main(void)
{
    test_ids_of_refusals();
    test_number_again();
    test_number_of_refused_part();
    test_copy_of_last_part();
    test_last_of_damaged_chain();
    test_keys();
    test_refusal_rolled_back();
    test_chain_too_old();
    test_drain_in_batch();
    test_reply_beside_batch();
    test_reply_beside_message();
    test_replies_between();
    return check_end();
}
