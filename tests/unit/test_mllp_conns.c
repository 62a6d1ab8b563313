/* The life of a connection: limits of time and number, back-pressure, the end. */
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../src/receive/said.h"
#include "check.h"
#include "mllp_house.h"

#define SB       "\x0b"
#define FS       "\x1c"
#define MSH(id)  "MSH|^~\\&|APP|FAC|TID|CLIN|20260101||SIU^S12|" id "|P|2.5.1"
#define BODY(id) MSH(id) "\rSCH|1\r"
#define ONE(id)  SB BODY(id) FS "\r"

/* Limits of time: each ends by itself, the peer does nothing. */
static void test_silence(void)
{
    struct house h;
    struct peer p;

    house_build(&h, 0);
    h.set.fs_grace_ms = 5;
    h.set.frame_ms = 5;
    h.set.idle_ms = 200;
    house_open(&h);
    peer_open(&h, &p);
    peer_say(&h, &p, STR(SB BODY("A1") FS), 0);
    CHECK(peer_hear(&h, &p, 1), "silence after FS ends the frame");
    CHECK(mllp_receiver_counts(h.receiver)->codes[MLLP_FS_NO_CR] == 1, "counted");
    peer_say(&h, &p, STR(SB "MSH|"), 0);
    CHECK(peer_hear_end(&h, &p), "a frame that is not finished");
    CHECK(peer_count(&p) == 1, "is not answered");
    CHECK(mllp_receiver_counts(h.receiver)->codes[MLLP_FRAME_TIMEOUT] == 1, "counted");
    peer_end(&p);
    peer_open(&h, &p);
    CHECK(peer_hear_end(&h, &p), "an idle peer");
    CHECK(mllp_receiver_counts(h.receiver)->idle_timeouts == 1, "counted");
    peer_end(&p);
    house_end(&h);
}

/* Bytes that trickle in do not move the frame's limit. */
static void test_trickle(void)
{
    struct house h;
    struct peer p;
    int said = 0;

    house_build(&h, 0);
    h.set.frame_ms = 30;
    house_open(&h);
    peer_open(&h, &p);
    peer_say(&h, &p, STR(SB "MSH|"), 0);
    for (; !p.eof && said < 100000; said++)
        peer_say(&h, &p, STR("x"), 0);
    CHECK(p.eof && mllp_receiver_counts(h.receiver)->codes[MLLP_FRAME_TIMEOUT] == 1, "%d bytes",
          said);
    peer_end(&p);
    house_end(&h);
}

/* Says messages for ever and never listens: its answers fill the sockets, then it is closed; another
 * peer is served meanwhile. */
static void test_deaf_peer(void)
{
    struct buf one = buf_new(1 << 20);
    struct house h;
    struct peer p, q;
    size_t sent = 0;

    house_build(&h, 0);
    h.set.write_ms = 50;
    house_open(&h);
    peer_open(&h, &p);
    buf_add(&one, STR(SB "MSH|^~\\&|"));
    for (int f = 0; f < 4; f++) {
        for (int i = 0; i < 1000; i++)
            buf_add_char(&one, 'h');
        buf_add_char(&one, '|');
    }
    buf_add(&one, STR("||SIU^S12|A1|Q|2.5\r" FS "\r")); /* refused: nothing needs to be stored */
    while (mllp_receiver_counts(h.receiver)->write_timeouts == 0 && sent < ((size_t)256 << 20)) {
        ssize_t n =
            send(p.fd, one.p + sent % one.n, one.n - sent % one.n, MSG_DONTWAIT | MSG_NOSIGNAL);

        sent += n > 0 ? (size_t)n : 0;
        (void)uv_run(&h.loop, UV_RUN_NOWAIT);
    }
    CHECK(mllp_receiver_counts(h.receiver)->write_timeouts == 1, "after %zu bytes", sent);
    peer_open(&h, &q);
    peer_say(&h, &q, STR(ONE("A1")), 0);
    CHECK(peer_hear(&h, &q, 1), "others are served");
    peer_end(&p);
    peer_end(&q);
    house_end(&h);
    buf_reset(&one);
}

/* Receivers share a room: what another has taken is not there. */
static void test_room(void)
{
    struct mllp_room room = {.open = 1, .most = 3};
    struct house h;
    struct peer p, q, r;

    house_build(&h, 0);
    h.set.room = &room;
    house_open(&h);
    peer_open(&h, &p);
    peer_open(&h, &q);
    peer_open(&h, &r);
    CHECK(peer_hear_end(&h, &r) && room.open == 3, "the third is closed: %d", room.open);
    CHECK(mllp_receiver_counts(h.receiver)->refused[LISTENER_FULL] == 1, "and counted");
    peer_end(&r);
    room.open--; /* the other receiver's has left */
    peer_open(&h, &r);
    peer_say(&h, &r, STR(ONE("A1")), 0);
    CHECK(peer_hear(&h, &r, 1) && room.open == 3, "there is room again: %d", room.open);
    peer_end(&p);
    peer_end(&q);
    peer_end(&r);
    house_end_receiver(&h);
    CHECK(room.open == 0, "all have left: %d", room.open);
    house_end(&h);
}

static void test_too_many(void)
{
    struct house h;
    struct peer p, q, r;

    house_build(&h, 0);
    h.set.max_connections = 2;
    house_open(&h);
    peer_open(&h, &p);
    peer_open(&h, &q);
    peer_open(&h, &r);
    CHECK(peer_hear_end(&h, &r), "the third is closed");
    CHECK(mllp_receiver_counts(h.receiver)->refused[LISTENER_FULL] == 1, "and counted");
    peer_say(&h, &q, STR(ONE("A1")), 0);
    CHECK(peer_hear(&h, &q, 1), "the second is served");
    peer_end(&q);
    while (mllp_receiver_connections(h.receiver) > 1)
        house_turn(&h);
    peer_end(&r);
    peer_open(&h, &r);
    peer_say(&h, &r, STR(ONE("A2")), 0);
    CHECK(peer_hear(&h, &r, 1), "and one more once there is room");
    peer_end(&p);
    peer_end(&r);
    house_end(&h);
}

/* Told to close while a message is with the store: it is answered first. */
static void test_drain(void)
{
    struct buf got = buf_new(4096);
    struct house h;
    struct peer p, q;

    house_build(&h, 0);
    house_open(&h);
    peer_open(&h, &p);
    peer_open(&h, &q);
    peer_say(&h, &q, STR(SB "MSH|"), 0);
    CHECK(send(p.fd, ONE("A1"), sizeof ONE("A1") - 1, 0) > 0, "sent");
    while (mllp_receiver_counts(h.receiver)->frames == 0)
        (void)uv_run(&h.loop, UV_RUN_NOWAIT);
    house_end(&h);
    for (int i = 0; i < 1000 && !p.eof; i++) {
        char bytes[4096];
        ssize_t n = recv(p.fd, bytes, sizeof bytes, MSG_DONTWAIT);

        p.eof = n == 0;
        if (n > 0)
            buf_add(&p.heard, (struct str){bytes, (size_t)n});
    }
    peer_answers(&p, &got);
    CHECK(p.eof && strcmp(got.p, "AA:A1 ") == 0, "%s", got.p);
    peer_end(&p);
    peer_end(&q);
    buf_reset(&got);
}

/* A peer that resets the connection while its message is being stored. */
static void test_reset(void)
{
    struct linger hard = {.l_onoff = 1};
    struct house h;
    struct peer p;

    for (int turns = 0; turns < 12; turns++) {
        house_build(&h, 0);
        house_open(&h);
        peer_open(&h, &p);
        CHECK(send(p.fd, ONE("A1"), sizeof ONE("A1") - 1, 0) > 0, "sent");
        for (int i = 0; i < turns; i++)
            (void)uv_run(&h.loop, UV_RUN_NOWAIT);
        (void)setsockopt(p.fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
        peer_end(&p);
        while (mllp_receiver_connections(h.receiver) > 0)
            house_turn(&h);
        CHECK(house_stored(&h) <= 1, "at most once");
        house_end(&h);
    }
}

static void test_occupied(void)
{
    struct mllp_receiver *second;
    struct err e = {0};
    struct house h;

    house_build(&h, 0);
    house_open(&h);
    h.set.port = mllp_receiver_port(h.receiver);
    CHECK(!mllp_receiver_open(&h.set, &second, &e) && e.kind == ERR_CONFIG, "%s", e.text);
    house_end(&h);
}

/* How long a frame was waited for, on the loop's own clock: a timer that is due rings in the first turn
 * that begins after it, so both bounds hold however long the machine stands still in between. */
struct wait {
    uint64_t least; /* it was dropped no sooner than this after its beginning, */
    uint64_t most;  /* and was not due yet this long after it */
};

/* Begins a frame with those bytes, brings one more now and then if it trickles, until it is dropped. */
static struct wait wait_for_drop(struct house *h, struct str bytes, bool trickles)
{
    const uint64_t *drops = &mllp_receiver_counts(h->receiver)->codes[MLLP_FRAME_TIMEOUT];
    uint64_t before = *drops, until = uv_hrtime() + 30000000000ull;
    uint64_t first, begun, turns[2] = {0, 0}; /* when the latest two began, at the earliest */
    struct peer p;

    peer_open(h, &p);
    first = uv_now(&h->loop);
    peer_say(h, &p, bytes, 0);
    begun = turns[0] = turns[1] = uv_now(&h->loop);
    CHECK(*drops == before, "not at once");
    for (int i = 0; *drops == before && uv_hrtime() < until; i++) {
        turns[0] = turns[1];
        turns[1] = uv_now(&h->loop);
        if (trickles && i % 4 == 0) /* a turn takes 0.1 ms or more: far below the rate */
            (void)send(p.fd, "x", 1, MSG_DONTWAIT | MSG_NOSIGNAL);
        house_turn(h);
    }
    CHECK(*drops == before + 1, "dropped");
    peer_end(&p);
    return (struct wait){uv_now(&h->loop) - first, turns[0] > begun ? turns[0] - begun : 0};
}

/* A frame that trickles in too slowly is dropped long before the frame's own limit; what it brings buys it
 * time, up to that limit, and one that keeps up comes through, however many pieces it comes in. */
static void test_min_rate(void)
{
    static const struct {
        const char *name;
        size_t bytes;
        bool trickles;
        uint64_t limit;
    } rows[] = {{"nothing comes", 5, false, 100},
                {"too little comes", 5, true, 100},
                {"two thousand bytes", 2010, false, 200},
                {"as much as there is time for", 9000, false, 400}};
    struct buf bytes = buf_new(16384);
    struct house h;
    struct peer steady;

    house_build(&h, 0);
    h.set.frame_ms = 400; /* so a frame has 100 ms before it is measured */
    h.set.min_rate = 10000;
    house_open(&h);
    for
        EACH (i, rows) {
            struct wait w;

            bytes.n = 0;
            buf_add(&bytes, STR(SB "MSH|"));
            while (bytes.n < rows[i].bytes)
                buf_add_char(&bytes, 'x');
            w = wait_for_drop(&h, buf_str(&bytes), rows[i].trickles);
            CHECK(w.least >= rows[i].limit, "%s: %llu ms at least", rows[i].name,
                  (unsigned long long)w.least);
            CHECK(w.most <= rows[i].limit + 1, "%s: %llu ms at most", rows[i].name,
                  (unsigned long long)w.most);
        }
    house_end(&h);
    house_build(&h, 0);
    h.set.frame_ms = 0; /* no limit but the rate: 5,000 bytes keep it for more than an hour */
    h.set.min_rate = 1;
    house_open(&h);
    peer_open(&h, &steady);
    peer_say(&h, &steady, STR(ONE("A1")), 0);
    CHECK(peer_hear(&h, &steady, 1), "whole at once");
    buf_reset(&bytes);
    bytes = buf_new(16384);
    buf_add(&bytes, STR(SB MSH("A2") "\rNTE|"));
    while (bytes.n < 5000)
        buf_add_char(&bytes, 'x');
    peer_say(&h, &steady, buf_str(&bytes), 0);
    for (int i = 0; i < 50; i++)
        peer_say(&h, &steady, STR("123456789012345678901234567890"), 30);
    peer_say(&h, &steady, STR("\r" FS "\r"), 0);
    CHECK(peer_hear(&h, &steady, 2), "a steady one comes through");
    peer_end(&steady);
    house_end(&h);
    buf_reset(&bytes);
}

/* A peer that says far more than is taken while one message is in flight: bytes wait in the socket, and
 * each message is answered once, in order. */
static void test_back_pressure(void)
{
    enum { MESSAGES = 3000 };
    struct buf in = buf_new(4 << 20), got = buf_new(1 << 20), want = buf_new(1 << 20);
    struct house h;
    struct peer p;

    house_build(&h, 0);
    house_open(&h);
    peer_open(&h, &p);
    for (int i = 0; i < MESSAGES; i++) {
        buf_printf(&in, SB "MSH|^~\\&|APP|FAC|TID|CLIN|||SIU^S12|%d|Q|2.5.1\r" FS "\r", i);
        buf_printf(&want, "AR:%d ", i);
    }
    peer_say(&h, &p, buf_str(&in), 0);
    CHECK(peer_hear(&h, &p, MESSAGES), "%zu answers", peer_count(&p));
    peer_answers(&p, &got);
    CHECK(str_eq(buf_str(&got), buf_str(&want)), "in order");
    peer_end(&p);
    house_end(&h);
    buf_reset(&in);
    buf_reset(&got);
    buf_reset(&want);
}

/* Refused in the midst of what it says: the peer hears why, and then the end, not a reset. */
static void test_last_word(void)
{
    struct buf in = buf_new(8 << 20), got = buf_new(4096);
    struct house h;
    struct peer p;

    house_build(&h, 0);
    h.set.framing.max = 1000;
    house_open(&h);
    peer_open(&h, &p);
    buf_add(&in, STR(SB MSH("A1") "\rZZ1|"));
    while (in.n < (size_t)4 << 20)
        buf_add_char(&in, 'x');
    for (size_t said = 0; said < in.n && !p.eof;) {
        ssize_t n = send(p.fd, in.p + said, in.n - said, MSG_DONTWAIT | MSG_NOSIGNAL);

        said += n > 0 ? (size_t)n : 0;
        house_turn(&h); /* and does not listen meanwhile */
    }
    CHECK(peer_hear_end(&h, &p), "the end");
    peer_answers(&p, &got);
    CHECK(strcmp(got.p, "AE:A1 ") == 0, "%s", got.p);
    while (mllp_receiver_connections(h.receiver) > 0)
        house_turn(&h); /* which it waits for, but not for ever */
    peer_end(&p);
    house_end(&h);
    buf_reset(&in);
    buf_reset(&got);
}

/* Told to stop in the middle of a frame: there is time to finish it, and what came before is answered;
 * what has not begun is not waited for, what never ends is dropped. */
static void test_drain_frames(void)
{
    struct buf got = buf_new(4096);
    struct house h;
    struct peer busy, idle, stuck;
    bool closed = false;

    house_build(&h, 0);
    h.set.drain_ms = 300;
    house_open(&h);
    peer_open(&h, &busy);
    peer_open(&h, &idle);
    peer_open(&h, &stuck);
    peer_say(&h, &idle, STR(ONE("B1")), 0);
    CHECK(peer_hear(&h, &idle, 1), "answered");
    peer_say(&h, &stuck, STR(SB "MSH|"), 0);
    peer_say(&h, &busy, STR(ONE("A1") SB "MSH|^~\\&|APP"), 0);
    house_close(&h, &closed);
    CHECK(peer_hear_end(&h, &idle), "nothing is open there");
    CHECK(!closed && !busy.eof, "but here");
    peer_say(&h, &busy, STR("|FAC|TID|CLIN|20260101||SIU^S12|A2|P|2.5.1\r" FS "\r" ONE("A3")), 0);
    CHECK(peer_hear_end(&h, &busy), "the last answer, then the end");
    peer_answers(&busy, &got);
    CHECK(strcmp(got.p, "AA:A1 AA:A2 ") == 0 || strcmp(got.p, "AA:A1 AA:A2 AA:A3 ") == 0, "%s",
          got.p);
    peer_end(&busy);
    CHECK(peer_hear_end(&h, &stuck) && stuck.heard.n == 0, "its time is over");
    house_end(&h);
    CHECK(closed, "told");
    peer_end(&idle);
    peer_end(&stuck);
    buf_reset(&got);
}

/* Where stderr goes meanwhile; -1 in *was: it went nowhere else. */
static FILE *catch_log(int *was)
{
    FILE *f = tmpfile();

    (void)fflush(stderr);
    *was = dup(STDERR_FILENO);
    CHECK(f && *was >= 0 && dup2(fileno(f), STDERR_FILENO) >= 0, "the log is caught");
    return f;
}

/* Gives stderr back. Counts the lines of refused messages, and what they say was left out. */
static void read_log(FILE *f, int was, unsigned long long *written, unsigned long long *left_out)
{
    char line[1024];

    (void)fflush(stderr);
    (void)dup2(was, STDERR_FILENO);
    (void)close(was);
    rewind(f);
    *written = *left_out = 0;
    while (fgets(line, sizeof line, f)) {
        const char *more = strstr(line, " more messages not taken");

        *written += strstr(line, "bytes not taken -> ") != NULL;
        while (more && more > line && more[-1] >= '0' && more[-1] <= '9')
            more--;
        *left_out += more ? strtoull(more, NULL, 10) : 0;
    }
    (void)fclose(f);
}

/* A frame full of messages that nothing is stored of holds up nobody else, and does not fill the log. */
static void test_turns(void)
{
    enum { MESSAGES = 20000 };
    struct buf in = buf_new(4 << 20), got = buf_new(4096);
    unsigned long long written, left_out;
    const struct mllp_counts *counts;
    uint64_t began, until;
    struct house h;
    struct peer a, b;
    FILE *log;
    int was;

    house_build(&h, 0);
    house_open(&h);
    counts = mllp_receiver_counts(h.receiver);
    peer_open(&h, &a);
    peer_open(&h, &b);
    buf_add(&in, STR(SB));
    for (int i = 0; i < MESSAGES; i++)
        buf_printf(&in, "MSH|^~\\&|%d||||||||||||NE|NE\r", i);
    buf_add(&in, STR(FS "\r"));
    log = catch_log(&was);
    began = uv_now(&h.loop);
    peer_say(&h, &a, buf_str(&in), 0);
    CHECK(counts->acks[HL7_SILENT] < MESSAGES, "not all in one turn");
    peer_say(&h, &b, STR(SB "MSH|^~\\&|APP|FAC|||||SIU^S12|B1|P|9\r" FS "\r"), 0);
    CHECK(peer_hear(&h, &b, 1), "answered meanwhile");
    CHECK(counts->acks[HL7_SILENT] < MESSAGES, "%llu were handled before",
          (unsigned long long)counts->acks[HL7_SILENT]);
    until = uv_hrtime() + 30000000000ull;
    while (counts->acks[HL7_SILENT] < MESSAGES && uv_hrtime() < until)
        house_turn(&h);
    CHECK(counts->acks[HL7_SILENT] == MESSAGES, "and then the rest");
    peer_say(&h, &a, STR(ONE("A1")), 0);
    CHECK(peer_hear(&h, &a, 1), "it goes on");
    peer_answers(&a, &got);
    CHECK(strcmp(got.p, "AA:A1 ") == 0, "%s", got.p);
    began = uv_now(&h.loop) - began;
    peer_end(&a);
    peer_end(&b);
    house_end(&h);
    read_log(log, was, &written, &left_out);
    CHECK(written + left_out == MESSAGES + 1, "%llu written, %llu left out", written, left_out);
    CHECK(written <= SAID_MOST * (began / 1000 + 2), "%llu written", written);
    buf_reset(&in);
    buf_reset(&got);
}

/* Told to stop while it has its turn still to come: all of the frame is handled. */
static void test_turns_drain(void)
{
    enum { MESSAGES = 1000 };
    struct buf in = buf_new(4 << 20);
    bool closed = false;
    struct house h;
    struct peer p;

    house_build(&h, 0);
    h.set.drain_ms = 20000;
    house_open(&h);
    peer_open(&h, &p);
    buf_add(&in, STR(SB));
    for (int i = 0; i < MESSAGES; i++)
        buf_printf(&in, "MSH|^~\\&|APP|FAC|||||SIU^S12|%d|P|9\r", i);
    buf_add(&in, STR(FS "\r"));
    peer_say(&h, &p, buf_str(&in), 0);
    CHECK(peer_count(&p) < MESSAGES, "not all in one turn");
    house_close(&h, &closed);
    CHECK(peer_hear_end(&h, &p) && peer_count(&p) == MESSAGES, "%zu answers", peer_count(&p));
    peer_end(&p);
    house_end(&h);
    CHECK(closed, "told");
    buf_reset(&in);
}

/* Ten lines a second; what was left out is told once, with the next line or the rest. */
static void test_said(void)
{
    static const struct {
        uint64_t at, n;  /* so many at that time, */
        uint64_t may;    /* of which so many may be written, */
        uint64_t before; /* and this was left out before the first */
    } rows[] = {{1000, 3, 3, 0},     {1999, 8, 7, 0},   {2000, 1, 1, 1},  {2001, 1000, 9, 0},
                {3999, 10, 10, 991}, {4000, 10, 10, 0}, {60000, 1, 1, 0}, {60000, 10, 9, 0}};
    struct said s = {0};

    for
        EACH (i, rows) {
            uint64_t may = 0, left_out;

            for (uint64_t k = 0; k < rows[i].n; k++) {
                may += said_one(&s, rows[i].at, &left_out);
                CHECK(left_out == (k ? 0 : rows[i].before), "row %zu: %llu left out", i,
                      (unsigned long long)left_out);
            }
            CHECK(may == rows[i].may, "row %zu: %llu", i, (unsigned long long)may);
        }
    CHECK(said_rest(&s, 60999) == 0, "the second is not over");
    CHECK(said_rest(&s, 61000) == 1 && said_rest(&s, UINT64_MAX) == 0, "told once");
}

int main(void)
{
    test_said();
    test_turns();
    test_turns_drain();
    test_silence();
    test_trickle();
    test_min_rate();
    test_deaf_peer();
    test_back_pressure();
    test_too_many();
    test_room();
    test_last_word();
    test_drain();
    test_drain_frames();
    test_reset();
    test_occupied();
    return check_end();
}
