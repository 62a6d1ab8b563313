/* The outbound step: a memory store whose commits are watched, peers on loopback, a clock of its own. */
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/container_of.h"
#include "check.h"
#include "flaky_store.h"
#include "hl7/ack.h"
#include "hl7_peer.h"
#include "outbound/outbound.h"

enum { PATIENCE_S = 10, MOST = 8, START_MS = 1000000, FIRST_MS = 1000, MOST_MS = 8000, TRIES = 3 };

#define BODY                                                                                       \
    "MSH|^~\\&|SCHED^1.2^ISO|HOSP|TIDINGS|CLIN|20260101||SIU^S12^SIU_S12|A%d|P|2.5.1|||NE|AL\r"    \
    "SCH|1\r"

struct house {
    uv_loop_t loop;
    struct clock clock;
    struct random_source random;
    uint8_t counter;
    int64_t now_ms, alarm_ms, waited_ms; /* waited: by the last alarm */
    struct seal *seal;
    struct store *real;
    struct store watched; /* over it: writes down what was saved and committed */
    struct store_ops ops;
    struct flaky flaky;
    struct store_queue *queue;
    struct outbound_channel channels[2];
    struct outbound_settings set;
    struct outbound *outbound;
    struct hl7_peer peers[2];
    bool peer_open[2];
    bool closed;
    struct outgoing saved[MOST + 1]; /* by id: state, tries, due_ms as last saved */
    char reasons[MOST + 1][64];
    atomic_int flying, committed; /* saved FLYING and committed: how many so far */
};

/* ---- the watched store: the step's own calls, and nothing else ---- */

static struct house *house_of(struct store *s)
{
    return container_of(s, struct house, watched);
}

static bool watch_begin(struct store *s, struct err *e)
{
    struct house *h = house_of(s);

    return h->real->ops->begin(h->real, e);
}

static bool watch_commit(struct store *s, struct err *e)
{
    struct house *h = house_of(s);

    if (!h->real->ops->commit(h->real, e))
        return false;
    atomic_store(&h->committed, atomic_load(&h->flying));
    return true;
}

static void watch_rollback(struct store *s)
{
    struct house *h = house_of(s);

    h->real->ops->rollback(h->real);
    atomic_store(&h->flying, atomic_load(&h->committed));
}

static void watch_close(struct store *s)
{
    struct house *h = house_of(s);

    h->real->ops->close(h->real);
}

static bool watch_find(struct store *s, struct str channel, int64_t now_ms, size_t most,
                       struct arena *a, struct outgoing_list *out, struct err *e)
{
    struct house *h = house_of(s);

    return h->real->ops->find_outgoing(h->real, channel, now_ms, most, a, out, e);
}

static bool watch_read(struct store *s, int64_t id, struct arena *a, struct message *out,
                       struct err *e)
{
    struct house *h = house_of(s);

    return h->real->ops->read_message(h->real, id, a, out, e);
}

static bool watch_save(struct store *s, const struct outgoing *o, struct err *e)
{
    struct house *h = house_of(s);

    if (!h->real->ops->save_outgoing(h->real, o, e))
        return false;
    if (o->state == OUTGOING_FLYING)
        atomic_fetch_add(&h->flying, 1);
    h->saved[o->id] = *o;
    (void)snprintf(h->reasons[o->id], sizeof h->reasons[0], STR_FMT, STR_ARG(o->reason));
    return true;
}

/* ---- the house ---- */

static int64_t house_now(const struct clock *c)
{
    return container_of((struct clock *)(uintptr_t)c, struct house, clock)->now_ms;
}

static bool counting(const struct random_source *r, void *out, size_t n)
{
    struct house *h = container_of((struct random_source *)(uintptr_t)r, struct house, random);

    memset(out, ++h->counter, n);
    return true;
}

static void set_alarm(void *ctx, int64_t at_ms)
{
    ((struct house *)ctx)->alarm_ms = at_ms;
}

static void on_fatal(void *ctx, const struct err *e)
{
    (void)ctx;
    CHECK(false, "the store: %s", e->text);
}

static void on_closed(void *ctx)
{
    ((struct house *)ctx)->closed = true;
}

/* at: which call of the step's store fails; 0: none. */
static void house_build(struct house *h, int at)
{
    static const uint8_t root[SEAL_KEY_BYTES] = "a root for tests";
    struct store_settings ss;
    struct store_queue_settings qs;
    struct err e = {0};

    *h = (struct house){.clock = {house_now}, .random = {counting}, .now_ms = START_MS};
    h->ops = (struct store_ops){.name = "watched",
                                .close = watch_close,
                                .begin = watch_begin,
                                .commit = watch_commit,
                                .rollback = watch_rollback,
                                .find_outgoing = watch_find,
                                .read_message = watch_read,
                                .save_outgoing = watch_save};
    h->watched.ops = &h->ops;
    uv_loop_init(&h->loop);
    h->seal = seal_from_root(root);
    ss = (struct store_settings){.seal = h->seal, .duplicate_ms = 1000000};
    CHECK(store_memory.open(&ss, &h->real, &e), "%s", e.text);
    qs = (struct store_queue_settings){.loop = &h->loop,
                                       .store = flaky_over(&h->flaky, &h->watched, at),
                                       .max_batch = 8,
                                       .on_fatal = on_fatal};
    CHECK(store_queue_start(&qs, &h->queue, &e), "%s", e.text);
    for (int i = 0; i < 2; i++) {
        hl7_peer_open(&h->peers[i], 0);
        h->peer_open[i] = true;
        h->channels[i] = (struct outbound_channel){
            .name = i ? "lab" : "sched", .host = "127.0.0.1", .port = h->peers[i].port};
    }
    h->set = (struct outbound_settings){.loop = &h->loop,
                                        .queue = h->queue,
                                        .clock = &h->clock,
                                        .random = &h->random,
                                        .channels = h->channels,
                                        .n_channels = 2,
                                        .connect_ms = 5000,
                                        .answer_ms = 60000,
                                        .retry_first_ms = FIRST_MS,
                                        .retry_most_ms = MOST_MS,
                                        .max_tries = TRIES,
                                        .alarm = {set_alarm, h}};
}

static void house_open(struct house *h)
{
    struct err e = {0};

    CHECK(outbound_open(&h->set, &h->outbound, &e), "%s", e.text);
}

/* A message of which `code` is to be said on the channel. Before house_open(): nobody else has the
 * store. */
static void house_put(struct house *h, const char *channel, enum standing standing)
{
    static int n;
    struct instance in = {.feed = STR("demo"), .rule = STR("r"), .standing = standing};
    struct message m = {.kind = MESSAGE_HL7,
                        .feed = STR("demo"),
                        .type = STR("SIU^S12"),
                        .ack = STR("x"),
                        .received_ms = START_MS - 1,
                        .reply = REPLY_ALWAYS,
                        .channel = str_of(channel)};
    struct arena a = {0};
    struct intake got;
    struct err e = {0};

    m.body = arena_printf(&a, BODY, ++n);
    memcpy(m.key, &n, sizeof n);
    memcpy(m.digest, &n, sizeof n);
    CHECK(h->real->ops->begin(h->real, &e), "%s", e.text);
    CHECK(h->real->ops->put_message(h->real, &m, &a, &got, &e), "%s", e.text);
    CHECK(h->real->ops->put_mapped(h->real, got.id, STR("f00d"), &in, 1, &e), "%s", e.text);
    CHECK(h->real->ops->commit(h->real, &e), "%s", e.text);
    arena_reset(&a);
}

static void house_turn(struct house *h)
{
    (void)uv_run(&h->loop, UV_RUN_NOWAIT);
    for (int i = 0; i < 2; i++) {
        size_t before = h->peers[i].heard_bytes;

        if (!h->peer_open[i])
            continue;
        hl7_peer_turn(&h->peers[i]);
        if (h->peers[i].heard_bytes > before)
            CHECK(atomic_load(&h->committed) > 0, "committed before the first byte");
    }
    if (h->outbound && h->alarm_ms) { /* nothing else is to do: the time comes */
        h->waited_ms = h->alarm_ms > h->now_ms ? h->alarm_ms - h->now_ms : 0;
        h->now_ms += h->waited_ms;
        h->alarm_ms = 0;
        outbound_ring(h->outbound);
    }
    usleep(50);
}

static void house_close(struct house *h)
{
    h->closed = false;
    outbound_close(h->outbound, on_closed, h);
    h->outbound = NULL;
    for (uint64_t until = uv_hrtime() + PATIENCE_S * 1000000000ull;
         !h->closed && uv_hrtime() < until;)
        house_turn(h);
    CHECK(h->closed, "the step closed");
}

static void house_end(struct house *h)
{
    if (h->outbound)
        house_close(h);
    store_queue_stop(h->queue);
    (void)uv_run(&h->loop, UV_RUN_DEFAULT);
    CHECK(uv_loop_close(&h->loop) == 0, "no handle is left open");
    for (int i = 0; i < 2; i++) {
        if (h->peer_open[i])
            hl7_peer_close(&h->peers[i]);
    }
    seal_close(h->seal);
}

static bool is_final(const struct outgoing *o)
{
    return o->state == OUTGOING_ACCEPTED || o->state == OUTGOING_REFUSED;
}

/* Rings, and runs until messages 1 to n have their end. */
static void house_run(struct house *h, int64_t n)
{
    outbound_ring(h->outbound);
    for (uint64_t until = uv_hrtime() + PATIENCE_S * 1000000000ull; uv_hrtime() < until;) {
        bool all = true;

        house_turn(h);
        for (int64_t i = 1; i <= n; i++)
            all = all && is_final(&h->saved[i]);
        if (all)
            break;
    }
    house_close(h); /* also: the store's thread is done with `saved` */
}

/* ---- what peers do, and what becomes of the message ---- */

static const struct {
    const char *script;
    enum outgoing_state state;
    size_t frames, connections;
    int32_t tries;
    uint64_t accepted, refused;
} rows[] = {
    {"AA", OUTGOING_ACCEPTED, 1, 1, 0, 1, 0},
    {"CA", OUTGOING_ACCEPTED, 1, 1, 0, 1, 0},
    {"AR", OUTGOING_REFUSED, 1, 1, 0, 0, 1},
    {"CR", OUTGOING_REFUSED, 1, 1, 0, 0, 1},
    {"AE AA", OUTGOING_ACCEPTED, 2, 1, 1, 1, 0},
    {"AE CE CA", OUTGOING_ACCEPTED, 3, 1, 2, 1, 0},
    {"AE CE AE", OUTGOING_REFUSED, 3, 1, 3, 0, 1},
    {"AE AR", OUTGOING_REFUSED, 2, 1, 1, 0, 1},
    {"x AA", OUTGOING_ACCEPTED, 2, 2, 0, 1, 0},
    {"x x x x x x x AA", OUTGOING_ACCEPTED, 8, 8, 0, 1, 0},
    {"x AE x AA", OUTGOING_ACCEPTED, 4, 3, 1, 1, 0},
};

static void test_outcomes(void)
{
    for
        EACH (i, rows) {
            const struct outbound_counts *c;
            struct house h;
            struct hl7_peer *p = &h.peers[0];

            house_build(&h, 0);
            p->script = rows[i].script;
            house_put(&h, "sched", STANDING_HELD);
            house_open(&h);
            c = outbound_counts(h.outbound);
            CHECK(c->sent == 0, "nothing yet");
            outbound_ring(h.outbound);
            while (!is_final(&h.saved[1]))
                house_turn(&h);
            c = outbound_counts(h.outbound);
            CHECK(c->accepted == rows[i].accepted && c->refused == rows[i].refused &&
                      c->sent == rows[i].frames && c->strays == 0,
                  "%s: %llu accepted, %llu refused, %llu sent", rows[i].script,
                  (unsigned long long)c->accepted, (unsigned long long)c->refused,
                  (unsigned long long)c->sent);
            house_close(&h);
            CHECK(h.saved[1].state == rows[i].state, "%s: state %d", rows[i].script,
                  h.saved[1].state);
            CHECK(h.saved[1].tries == rows[i].tries, "%s: %d tries", rows[i].script,
                  h.saved[1].tries);
            CHECK(p->frames == rows[i].frames, "%s: %zu frames", rows[i].script, p->frames);
            CHECK(p->connections == rows[i].connections, "%s: %zu connections", rows[i].script,
                  p->connections);
            for (size_t n = 1; n < p->frames; n++)
                CHECK(str_eq(hl7_peer_frame(p, n), hl7_peer_frame(p, 0)), "%s: the same bytes",
                      rows[i].script);
            CHECK(h.peers[1].connections == 0, "the other channel had nothing to do");
            house_end(&h);
        }
}

/* Own MSH-10, MSA-2 of the message it is about, MSH-15 AL, MSH-16 NE, names turned round. */
static void test_message(void)
{
    struct hl7_header head;
    struct house h;
    struct str frame, msa;
    struct err e;

    house_build(&h, 0);
    house_put(&h, "sched", STANDING_HELD);
    house_put(&h, "sched", STANDING_REJECTED);
    house_put(&h, "sched", STANDING_RECORDED);
    house_open(&h);
    house_run(&h, 3);
    CHECK(h.peers[0].frames == 3 && h.peers[0].connections == 1, "three on one connection");
    for (size_t i = 0; i < 3; i++) {
        static const char *const codes[] = {"MSA|AE|A", "MSA|AR|A", "MSA|AA|A"};
        static const char *const reasons[] = {"could not be mapped", "refused by the feed", "ERR"};

        frame = hl7_peer_frame(&h.peers[0], i);
        frame = (struct str){frame.p + 1, frame.n - 3};
        CHECK(hl7_header_scan(frame, &head, &e), "%s", e.text);
        CHECK(str_eq(head.fields[3], STR("TIDINGS")) &&
                  str_eq(head.fields[5], STR("SCHED^1.2^ISO")),
              "turned round");
        CHECK(str_eq(head.fields[15], STR("AL")) && str_eq(head.fields[16], STR("NE")),
              "what we ask for");
        CHECK(head.control_id.n == HL7_ACK_ID, "its own id");
        msa = (struct str){memmem(frame.p, frame.n, codes[i], 8), 8};
        CHECK(msa.p, "%s", codes[i]);
        CHECK((memmem(frame.p, frame.n, reasons[i], strlen(reasons[i])) != NULL) == (i < 2) &&
                  (memmem(frame.p, frame.n, "\rERR|", 5) != NULL) == (i < 2),
              "%s: why", codes[i]);
    }
    CHECK(!str_eq(hl7_peer_frame(&h.peers[0], 0), hl7_peer_frame(&h.peers[0], 1)), "two messages");
    house_end(&h);
}

/* In order, whatever happens to the first; the other channel does not wait. */
static void test_order(void)
{
    struct hl7_peer *p;
    struct house h;

    house_build(&h, 0);
    p = &h.peers[0];
    p->script = "x AE AE AR AA";
    house_put(&h, "sched", STANDING_HELD);
    house_put(&h, "sched", STANDING_RECORDED);
    house_put(&h, "lab", STANDING_RECORDED);
    h.peers[1].script = "AA";
    house_open(&h);
    house_run(&h, 3);
    CHECK(p->frames == 5 && h.peers[1].frames == 1, "%zu and %zu frames", p->frames,
          h.peers[1].frames);
    for (size_t n = 1; n < 4; n++)
        CHECK(str_eq(hl7_peer_frame(p, n), hl7_peer_frame(p, 0)),
              "the first, until it has its end");
    CHECK(!str_eq(hl7_peer_frame(p, 4), hl7_peer_frame(p, 0)), "then the second");
    CHECK(h.saved[1].state == OUTGOING_REFUSED && h.saved[2].state == OUTGOING_ACCEPTED &&
              h.saved[3].state == OUTGOING_ACCEPTED,
          "each its own end");
    house_end(&h);

    house_build(&h, 0); /* a silent peer holds up its own channel only */
    h.peers[0].script = "-";
    house_put(&h, "sched", STANDING_RECORDED);
    house_put(&h, "lab", STANDING_RECORDED);
    house_open(&h);
    outbound_ring(h.outbound);
    while (h.peers[1].frames == 0 || h.peers[0].frames == 0)
        house_turn(&h);
    house_close(&h);
    CHECK(h.saved[1].state == OUTGOING_FLYING, "unanswered: FLYING, %d", h.saved[1].state);
    house_end(&h);
}

/* Nobody there: UNSENT, tried again with a wait that doubles and is cut, until somebody is. */
static void test_waits(void)
{
    static const int64_t wholes[] = {1000, 2000, 4000, 8000, 8000, 8000};
    size_t n = 0;
    struct house h;
    int port;

    house_build(&h, 0);
    port = h.peers[0].port;
    hl7_peer_close(&h.peers[0]);
    h.peer_open[0] = false;
    house_put(&h, "sched", STANDING_RECORDED);
    house_open(&h);
    outbound_ring(h.outbound);
    for (uint64_t until = uv_hrtime() + PATIENCE_S * 1000000000ull;
         n < sizeof wholes / sizeof *wholes && uv_hrtime() < until;) {
        h.waited_ms = 0;
        house_turn(&h);
        if (!h.waited_ms)
            continue;
        CHECK(h.waited_ms >= wholes[n] / 2 && h.waited_ms <= wholes[n], "wait %zu: %lld", n,
              (long long)h.waited_ms);
        n++;
    }
    CHECK(n == sizeof wholes / sizeof *wholes, "waited %zu times", n);
    CHECK(h.peers[0].connections == 0 && outbound_counts(h.outbound)->sent == 0, "nothing sent");
    hl7_peer_open(&h.peers[0], port);
    h.peer_open[0] = true;
    house_run(&h, 1);
    CHECK(h.saved[1].state == OUTGOING_ACCEPTED && h.peers[0].frames == 1, "and then accepted");
    house_end(&h);
}

/* What was in flight when it ended is sent again after a restart: the same bytes, before the others. */
static void test_restart(void)
{
    struct err e = {0};
    struct house h;

    house_build(&h, 0);
    h.peers[0].script = "- AA AA";
    house_put(&h, "sched", STANDING_RECORDED);
    house_put(&h, "sched", STANDING_RECORDED);
    house_open(&h);
    outbound_ring(h.outbound);
    while (h.peers[0].frames == 0)
        house_turn(&h);
    house_close(&h);
    CHECK(h.saved[1].state == OUTGOING_FLYING && h.saved[2].state == 0, "the first is in flight");
    h.now_ms += 1000;
    CHECK(h.real->ops->begin(h.real, &e) && outbound_recover(h.channels, 2, h.now_ms, h.real, &e) &&
              h.real->ops->commit(h.real, &e),
          "%s", e.text);
    house_open(&h);
    house_run(&h, 2);
    CHECK(h.peers[0].frames == 3, "%zu frames", h.peers[0].frames);
    CHECK(str_eq(hl7_peer_frame(&h.peers[0], 0), hl7_peer_frame(&h.peers[0], 1)), "the same bytes");
    CHECK(!str_eq(hl7_peer_frame(&h.peers[0], 1), hl7_peer_frame(&h.peers[0], 2)), "then the next");
    CHECK(h.saved[1].state == OUTGOING_ACCEPTED && h.saved[2].state == OUTGOING_ACCEPTED, "both");
    house_end(&h);
}

/* A channel that is no longer configured. */
static void test_gone(void)
{
    struct outgoing_list list = {0};
    struct arena a = {0};
    struct err e = {0};
    struct house h;

    house_build(&h, 0);
    house_put(&h, "sched", STANDING_RECORDED);
    house_put(&h, "old", STANDING_RECORDED);
    CHECK(h.real->ops->begin(h.real, &e) && outbound_recover(h.channels, 2, h.now_ms, h.real, &e),
          "%s", e.text);
    CHECK(h.real->ops->find_outgoing(h.real, STR("old"), h.now_ms, 9, &a, &list, &e) &&
              list.n == 0 && list.next_ms == 0,
          "nothing waits for it");
    CHECK(h.real->ops->find_outgoing(h.real, STR("sched"), h.now_ms, 9, &a, &list, &e) &&
              list.n == 1,
          "the others still wait");
    CHECK(h.real->ops->commit(h.real, &e), "%s", e.text);
    arena_reset(&a);
    house_open(&h);
    house_run(&h, 1);
    CHECK(h.peers[0].frames == 1 && h.peers[1].frames == 0, "one message is left");
    house_end(&h);
}

/* Whichever call of the store fails: the message goes out, always under the same bytes, and its end is
 * stored. */
static void test_store_fails(void)
{
    int at;

    for (at = 1;; at++) {
        struct hl7_peer *p;
        struct house h;
        bool fired;

        house_build(&h, at);
        p = &h.peers[0];
        p->script = "x AE AA";
        house_put(&h, "sched", STANDING_RECORDED);
        house_open(&h);
        house_run(&h, 1);
        fired = h.flaky.fired;
        CHECK(h.saved[1].state == OUTGOING_ACCEPTED, "call %d: state %d", at, h.saved[1].state);
        CHECK(p->frames == 3, "call %d: %zu frames", at, p->frames);
        for (size_t n = 1; n < p->frames; n++)
            CHECK(str_eq(hl7_peer_frame(p, n), hl7_peer_frame(p, 0)), "call %d: same bytes", at);
        house_end(&h);
        if (!fired)
            break;
    }
    CHECK(at > 8, "%d calls failed in turn", at - 1);
}

int main(void)
{
    test_outcomes();
    test_message();
    test_order();
    test_waits();
    test_restart();
    test_gone();
    test_store_fails();
    return check_end();
}
