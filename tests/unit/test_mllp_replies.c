/* Application acknowledgements whose connection is lost: each connection on which a message or its copy came
 * hears the reply once, the same bytes, over a restart, too; and what can never come takes no room. On both
 * stores. */
#include "base/container_of.h"
#include "check.h"
#include "mllp_house.h"
#include "temp_folder.h"

#define SB  "\x0b"
#define END "\x1c\r"
#define WANT(id, application)                                                                      \
    SB "MSH|^~\\&|APP|FAC|TID|CLIN|20260101||SIU^S12|" id "|P|2.5.1|||AL|" application             \
       "\rSCH|1\rPID|1||77^^^HOSP^MR\r" END

struct place {
    struct house h;
    struct temp_folder folder;
};

/* Each answer an id of its own, also when several are drawn at once. */
static bool varied(const struct random_source *r, void *out, size_t n)
{
    struct house *h = container_of((struct random_source *)(uintptr_t)r, struct house, random);

    for (size_t i = 0; i < n; i++)
        ((uint8_t *)out)[i] = (uint8_t)(h->counter + i);
    h->counter += 101;
    return true;
}

static void place_make(struct place *w, const struct store_ops *ops)
{
    temp_folder_make(&w->folder);
    house_build_on(&w->h, 0, ops, w->folder.path);
    w->h.random.get = varied;
}

static void place_end(struct place *w)
{
    house_end(&w->h);
    temp_folder_remove(&w->folder);
}

static void check_heard(struct house *h, struct peer *p, size_t n, const char *what)
{
    struct buf got = buf_new(65536);

    CHECK(peer_hear(h, p, n), "%s: %zu answers", what, peer_count(p));
    peer_answers(p, &got);
    CHECK(strcmp(got.p ? got.p : "", what) == 0, "%s, not %s", got.p, what);
    buf_reset(&got);
}

/* The connection breaks, and the receiver knows. */
static void lose(struct house *h, struct peer *p)
{
    int open = mllp_receiver_connections(h->receiver);

    peer_end(p);
    while (mllp_receiver_connections(h->receiver) >= open)
        house_turn(h);
}

/* Time for what should not come. */
static void idle(struct house *h, struct peer *p)
{
    peer_say(h, p, STR(WANT("LAST", "NE")), 0);
    for (int i = 0; i < 30; i++)
        house_turn(h);
}

/* The n-th answer, from 0, with its framing. */
static struct str frame_at(const struct peer *p, size_t n)
{
    struct str all = buf_str(&p->heard), frame = {NULL, 0};

    for (size_t i = 0; i <= n; i++)
        frame = str_cut(&all, '\x1c');
    return frame;
}

struct question {
    int64_t id;
    struct arena a;
    struct outgoing_list rows;
};

static bool ask_rows(void *ctx, struct store *s, struct err *e)
{
    struct question *q = ctx;

    return s->ops->find_replies(s, &q->id, 1, &q->a, &q->rows, e);
}

/* 0: there is no row. */
static enum outgoing_state state_of(struct house *h, int64_t id)
{
    struct question q = {.id = id};
    enum outgoing_state state;

    house_ask(h, ask_rows, &q);
    CHECK(q.rows.n <= 1, "message %lld has %zu replies", (long long)id, q.rows.n);
    state = q.rows.n ? q.rows.items[0].state : 0;
    arena_reset(&q.a);
    return state;
}

static void wait_state(struct house *h, int64_t id, enum outgoing_state state)
{
    for (int i = 0; i < 10000 && state_of(h, id) != state; i++)
        house_turn(h);
    CHECK(state_of(h, id) == state, "message %lld: %d, not %d", (long long)id, state_of(h, id),
          state);
}

/* Lost after the commit: mapped before the copy comes, or after it. */
static void test_lost_unheard(const struct store_ops *ops)
{
    for (int mapped_before = 0; mapped_before < 2; mapped_before++) {
        struct place w;
        struct peer p, q;

        place_make(&w, ops);
        house_open(&w.h);
        peer_open(&w.h, &p);
        peer_say(&w.h, &p, STR(WANT("A1", "AL")), 0);
        check_heard(&w.h, &p, 1, "CA:A1 ");
        lose(&w.h, &p);
        if (mapped_before) {
            house_map(&w.h, STANDING_DROPPED);
            wait_state(&w.h, 1, OUTGOING_GONE);
        }
        peer_open(&w.h, &q);
        peer_say(&w.h, &q, STR(WANT("A1", "AL")), 0);
        if (!mapped_before) {
            check_heard(&w.h, &q, 1, "CA:A1 ");
            house_map(&w.h, STANDING_DROPPED);
        }
        check_heard(&w.h, &q, 2, "CA:A1 AA:A1 ");
        CHECK(state_of(&w.h, 1) == OUTGOING_ACCEPTED, "stored so");
        peer_say(&w.h, &q, STR(WANT("A1", "AL")), 0);
        idle(&w.h, &q);
        check_heard(&w.h, &q, 4, "CA:A1 AA:A1 CA:A1 CA:LAST ");
        peer_end(&q);
        place_end(&w);
    }
}

/* Written, and nobody knows whether it was read: each later connection that asks hears the same bytes. */
static void test_lost_written(const struct store_ops *ops)
{
    struct place w;
    struct peer p, q;

    place_make(&w, ops);
    house_open(&w.h);
    peer_open(&w.h, &p);
    peer_say(&w.h, &p, STR(WANT("A1", "AL")), 0);
    check_heard(&w.h, &p, 1, "CA:A1 ");
    house_map(&w.h, STANDING_HELD);
    check_heard(&w.h, &p, 2, "CA:A1 AE:A1 ");
    CHECK(memmem(p.heard.p, p.heard.n, "|could not be mapped\rERR|", 25), "and why");
    for (int i = 0; i < 3; i++) {
        peer_open(&w.h, &q);
        peer_say(&w.h, &q, STR(WANT("A1", "AL") WANT("A1", "AL")), 0);
        CHECK(peer_hear(&w.h, &q, 3), "two answers and one reply");
        idle(&w.h, &q);
        CHECK(peer_hear(&w.h, &q, 4) && peer_count(&q) == 4, "one reply only: %zu", peer_count(&q));
        CHECK(memmem(q.heard.p, q.heard.n, frame_at(&p, 1).p, frame_at(&p, 1).n),
              "the same bytes, the same MSH-10");
        lose(&w.h, &q);
        CHECK(state_of(&w.h, 1) == OUTGOING_ACCEPTED, "it was heard");
    }
    CHECK(peer_count(&p) == 2, "not twice on one connection");
    peer_end(&p);
    place_end(&w);
}

/* The first connection may be dead without our knowing: both hear it, once each. */
static void test_two_wait(const struct store_ops *ops)
{
    struct place w;
    struct peer p, q;

    place_make(&w, ops);
    house_open(&w.h);
    peer_open(&w.h, &p);
    peer_open(&w.h, &q);
    peer_say(&w.h, &p, STR(WANT("A1", "AL")), 0);
    check_heard(&w.h, &p, 1, "CA:A1 ");
    peer_say(&w.h, &q, STR(WANT("A1", "AL")), 0);
    check_heard(&w.h, &q, 1, "CA:A1 ");
    house_map(&w.h, STANDING_DROPPED);
    check_heard(&w.h, &p, 2, "CA:A1 AA:A1 ");
    check_heard(&w.h, &q, 2, "CA:A1 AA:A1 ");
    CHECK(str_eq(buf_str(&p.heard), buf_str(&q.heard)), "the same bytes");
    lose(&w.h, &p);
    peer_open(&w.h, &p);
    peer_say(&w.h, &p, STR(WANT("A1", "AL")), 0);
    check_heard(&w.h, &p, 2, "CA:A1 AA:A1 ");
    CHECK(str_eq(buf_str(&p.heard), buf_str(&q.heard)), "and they are those that are stored");
    peer_end(&p);
    peer_end(&q);
    place_end(&w);
}

static bool recover(void *ctx, struct store *s, struct err *e)
{
    (void)ctx;
    return s->ops->recover_outgoing(s, 1795251600000, e);
}

static void restart(struct house *h)
{
    house_end_receiver(h);
    h->told_close = h->closed = false;
    house_ask(h, recover, NULL);
    house_open(h);
}

/* The receiver forgets who waited for what; the store does not. */
static void test_restart(const struct store_ops *ops)
{
    static const char *const when[] = {"before the stop", "while it is down", "after the copy"};

    for
        EACH (i, when) {
            struct place w;
            struct peer p, q;

            place_make(&w, ops);
            house_open(&w.h);
            peer_open(&w.h, &p);
            peer_say(&w.h, &p, STR(WANT("A1", "AL")), 0);
            check_heard(&w.h, &p, 1, "CA:A1 ");
            if (i == 0) {
                house_map(&w.h, STANDING_DROPPED);
                check_heard(&w.h, &p, 2, "CA:A1 AA:A1 ");
            }
            restart(&w.h);
            if (i == 1)
                house_map(&w.h, STANDING_DROPPED);
            peer_open(&w.h, &q);
            peer_say(&w.h, &q, STR(WANT("A1", "AL")), 0);
            CHECK(peer_hear(&w.h, &q, 1), "%s", when[i]);
            if (i == 2)
                house_map(&w.h, STANDING_DROPPED);
            check_heard(&w.h, &q, 2, "CA:A1 AA:A1 ");
            CHECK(i > 0 || str_eq(frame_at(&p, 1), frame_at(&q, 1)), "the same bytes");
            peer_end(&p);
            peer_end(&q);
            place_end(&w);
        }
}

/* The receiver's work with the store is done: it is one job at a time, and ours is behind it. */
static void settle(struct house *h)
{
    for (int i = 0; i < 3; i++)
        (void)house_stored(h);
}

/* Made, and its connection is gone before a byte of it is written: given up with its bytes, for the copy. */
static void test_made_unwritten(const struct store_ops *ops)
{
    struct question q = {.id = 1};
    struct place w;
    struct peer p;

    place_make(&w, ops);
    house_open(&w.h);
    peer_open(&w.h, &p);
    peer_say(&w.h, &p, STR(WANT("A1", "AL")), 0);
    check_heard(&w.h, &p, 1, "CA:A1 ");
    house_map(&w.h,
              STANDING_DROPPED); /* the job is on its way; no turn of the loop before the end */
    house_end_receiver(&w.h);
    (void)peer_hear_end(&w.h, &p);
    CHECK(peer_count(&p) == 1, "nothing was written");
    house_ask(&w.h, ask_rows, &q);
    CHECK(q.rows.n == 1 && q.rows.items[0].state == OUTGOING_GONE && q.rows.items[0].body.n &&
              q.rows.items[0].control_id.n,
          "%s: gone, with its bytes", ops->name);
    peer_end(&p);
    w.h.told_close = w.h.closed = false;
    house_open(&w.h);
    peer_open(&w.h, &p);
    peer_say(&w.h, &p, STR(WANT("A1", "AL")), 0);
    check_heard(&w.h, &p, 2, "CA:A1 AA:A1 ");
    CHECK(q.rows.n == 1 &&
              memmem(p.heard.p, p.heard.n, q.rows.items[0].body.p, q.rows.items[0].body.n),
          "the same bytes");
    arena_reset(&q.a);
    peer_end(&p);
    place_end(&w);
}

/* A place is free again as soon as it is known that nothing will come. */
static void test_settled(const struct store_ops *ops)
{
    struct place w;
    struct peer p;
    size_t heard = 0;

    place_make(&w, ops);
    w.h.set.replies_most = 2;
    house_open(&w.h);
    peer_open(&w.h, &p);
    for (int round = 0; round < 4; round++) {
        char id[2] = {(char)('A' + round), '\0'};
        struct buf say = buf_new(4096);

        buf_printf(&say, "%s", WANT("ID1", "ER"));
        buf_printf(&say, "%s", WANT("ID2", "ER"));
        for (size_t i = 0; i + 1 < say.n; i++) {
            if (say.p[i] == 'I' && say.p[i + 1] == 'D' && i > 0 && say.p[i - 1] == '|')
                say.p[i] = id[0];
        }
        peer_say(&w.h, &p, buf_str(&say), 0);
        heard += 2;
        CHECK(peer_hear(&w.h, &p, heard), "accepted");
        house_map(&w.h, STANDING_DROPPED);
        settle(&w.h);
        peer_say(&w.h, &p, buf_str(&say), 0); /* and its copies */
        heard += 2;
        CHECK(peer_hear(&w.h, &p, heard), "accepted again");
        settle(&w.h);
        buf_reset(&say);
    }
    CHECK(mllp_receiver_counts(w.h.receiver)->codes[HL7_REPLY_UNPROMISED] == 0,
          "all were promised");
    peer_say(&w.h, &p, STR(WANT("Z1", "AL") WANT("Z2", "SU")), 0);
    CHECK(peer_hear(&w.h, &p, heard + 2), "accepted");
    house_map(&w.h, STANDING_DROPPED);
    CHECK(peer_hear(&w.h, &p, heard + 4), "and these two come");
    CHECK(mllp_receiver_counts(w.h.receiver)->replies == 2, "no others");
    peer_end(&p);
    place_end(&w);
}

/* What was not promised is owed all the same: a copy of the message gets it. */
static void test_unpromised(const struct store_ops *ops)
{
    struct place w;
    struct peer p;

    place_make(&w, ops);
    w.h.set.replies_most = 1;
    house_open(&w.h);
    peer_open(&w.h, &p);
    peer_say(&w.h, &p, STR(WANT("A1", "AL") WANT("A2", "AL")), 0);
    check_heard(&w.h, &p, 2, "CA:A1 CA:A2 ");
    CHECK(mllp_receiver_counts(w.h.receiver)->codes[HL7_REPLY_UNPROMISED] == 1, "A2");
    house_map(&w.h, STANDING_DROPPED);
    check_heard(&w.h, &p, 3, "CA:A1 CA:A2 AA:A1 ");
    wait_state(&w.h, 2, OUTGOING_GONE);
    peer_say(&w.h, &p, STR(WANT("A2", "AL")), 0);
    check_heard(&w.h, &p, 5, "CA:A1 CA:A2 AA:A1 CA:A2 AA:A2 ");
    peer_end(&p);
    place_end(&w);
}

/* What a connection remembers is bounded; it never hears one twice for that. */
static void test_forgotten(const struct store_ops *ops)
{
    struct place w;
    struct peer p, q;

    place_make(&w, ops);
    w.h.set.replies_most = 2;
    house_open(&w.h);
    peer_open(&w.h, &p);
    peer_say(&w.h, &p, STR(WANT("A1", "AL")), 0);
    CHECK(peer_hear(&w.h, &p, 1), "A1");
    house_map(&w.h, STANDING_DROPPED);
    CHECK(peer_hear(&w.h, &p, 2), "A1");
    peer_say(&w.h, &p, STR(WANT("A2", "AL") WANT("A3", "AL")), 0);
    CHECK(peer_hear(&w.h, &p, 4), "A2, A3");
    house_map(&w.h, STANDING_DROPPED);
    check_heard(&w.h, &p, 6, "CA:A1 AA:A1 CA:A2 CA:A3 AA:A2 AA:A3 ");
    peer_say(&w.h, &p, STR(WANT("A1", "AL") WANT("A2", "AL")), 0);
    idle(&w.h, &p);
    check_heard(&w.h, &p, 9, "CA:A1 AA:A1 CA:A2 CA:A3 AA:A2 AA:A3 CA:A1 CA:A2 CA:LAST ");
    peer_open(&w.h, &q);
    peer_say(&w.h, &q, STR(WANT("A1", "AL")), 0);
    check_heard(&w.h, &q, 2, "CA:A1 AA:A1 ");
    peer_end(&p);
    peer_end(&q);
    place_end(&w);
}

/* Each call of the store fails once while a copy asks again: the reply comes all the same, once. */
static void test_failing(void)
{
    int fired = 0;

    for (int at = 1; at < 12; at++) {
        struct peer p, q;
        struct house h;

        house_build(&h, 0);
        house_open(&h);
        peer_open(&h, &p);
        peer_say(&h, &p, STR(WANT("A1", "AL")), 0);
        check_heard(&h, &p, 1, "CA:A1 ");
        lose(&h, &p);
        house_map(&h, STANDING_DROPPED);
        wait_state(&h, 1, OUTGOING_GONE);
        peer_open(&h, &q);
        h.flaky.calls = 0;
        h.flaky.at = at;
        peer_say(&h, &q, STR(WANT("A1", "AL")), 0);
        for (int i = 0; i < 20; i++)
            house_turn(&h);
        fired += h.flaky.fired;
        h.flaky.at = 0;
        mllp_receiver_ring(h.receiver);
        peer_say(&h, &q, STR(WANT("A1", "AL")), 0);
        CHECK(peer_hear(&h, &q, 3), "call %d: %zu answers", at, peer_count(&q));
        idle(&h, &q);
        CHECK(peer_hear(&h, &q, 4) && peer_count(&q) == 4 &&
                  mllp_receiver_counts(h.receiver)->replies == 1,
              "call %d: once, of %zu answers", at, peer_count(&q));
        peer_end(&q);
        house_end(&h);
    }
    CHECK(fired > 3, "calls have failed: %d", fired);
}

int main(void)
{
    static const struct store_ops *const both[] = {&store_memory, &store_sqlite};

    for
        EACH (i, both) {
            test_lost_unheard(both[i]);
            test_lost_written(both[i]);
            test_two_wait(both[i]);
            test_restart(both[i]);
            test_made_unwritten(both[i]);
            test_settled(both[i]);
            test_unpromised(both[i]);
            test_forgotten(both[i]);
        }
    test_failing();
    return check_end();
}
