/* The receiver as its peers see it: what they say, what they hear, what is stored. */
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "mllp_house.h"

#define SB       "\x0b"
#define FS       "\x1c"
#define MSH(id)  "MSH|^~\\&|APP|FAC|TID|CLIN|20260101||SIU^S12|" id "|P|2.5.1"
#define BODY(id) MSH(id) "\rSCH|1\r"
#define ONE(id)  SB BODY(id) FS "\r"
#define S(lit)   STR_LIT(lit)

static const struct {
    const char *name;
    struct str say;
    const char *hear; /* until the receiver closes */
    int stored;
    int code; /* HL7_CODE_NONE: not looked at; else this one was counted */
} talks[] = {
    {"one", S(ONE("A1")), "AA:A1 ", 1, 0},
    {"two at once", S(ONE("A1") ONE("A2")), "AA:A1 AA:A2 ", 2, 0},
    {"eight at once", S(ONE("1") ONE("2") ONE("3") ONE("4") ONE("5") ONE("6") ONE("7") ONE("8")),
     "AA:1 AA:2 AA:3 AA:4 AA:5 AA:6 AA:7 AA:8 ", 8, 0},
    {"NULs between", S(ONE("A1") "\0\0\0" ONE("A2") "\0"), "AA:A1 AA:A2 ", 2, MLLP_PAD_BETWEEN},
    {"LF after", S(ONE("A1") "\n" ONE("A2") "\n"), "AA:A1 AA:A2 ", 2, MLLP_LF_AFTER_FS},
    {"junk between", S("xx" ONE("A1") "yy" ONE("A2")), "AA:A1 AA:A2 ", 2, MLLP_JUNK_BETWEEN},
    {"no CR at the end", S(SB BODY("A1") FS), "AA:A1 ", 1, MLLP_FS_NO_CR},
    {"a resend", S(ONE("A1") ONE("A1")), "AA:A1 AA:A1 ", 1, 0},
    {"a resend with a new time",
     S(ONE("A1") SB "MSH|^~\\&|APP|FAC|TID|CLIN|20270202||SIU^S12|A1|P|2.5.1\rSCH|1\r" FS "\r"),
     "AA:A1 AA:A1 ", 1, 0},
    {"the id again, another body", S(ONE("A1") SB MSH("A1") "\rSCH|2\r" FS "\r"), "AA:A1 AA:A1 ", 2,
     HL7_ID_REUSED},
    {"the id again, another sender",
     S(ONE("A1") SB "MSH|^~\\&|APQ|FAC|TID|CLIN|20260101||SIU^S12|A1|P|2.5.1\rSCH|1\r" FS "\r"),
     "AA:A1 AA:A1 ", 2, 0},
    {"a message in pieces of a fragment", S(SB "MSH|^~\\&|half" ONE("A2")), "AA:A2 ", 1,
     MLLP_FRAME_CUT},
    {"two in one frame", S(SB BODY("A1") BODY("A2") FS "\r" ONE("A3")), "AA:A1 AA:A2 AA:A3 ", 3,
     HL7_MULTI_MSH},
    {"two in one frame, one bad", S(SB BODY("A1") BODY("") FS "\r"), "AA:A1 AE: ", 1,
     HL7_MULTI_MSH},
    {"LF line ends", S(SB MSH("A1") "\nSCH|1\n" FS "\r"), "AA:A1 ", 1, HL7_EOL_LF},
    {"a type no feed knows", S(SB "MSH|^~\\&|||||||ZZZ^Z99|A1|P|2.3\r" FS "\r"), "AA:A1 ", 1, 0},
    {"a test message", S(SB "MSH|^~\\&|||||||SIU^S12|A1|T|2.3\r" FS "\r"), "AA:A1 ", 1, 0},
    {"no id", S(SB BODY("") FS "\r" ONE("A2")), "AE: AA:A2 ", 1, 0},
    {"control byte in the id", S(SB BODY("A\0011") FS "\r"), "AE:A1 ", 0, 0},
    {"NUL in the id", S(SB BODY("A\0001") FS "\r"), "AE:A1 ", 0, 0},
    {"NUL elsewhere", S(SB MSH("A1") "\rSCH|\0\r" FS "\r"), "AA:A1 ", 1, 0},
    {"bad type", S(SB "MSH|^~\\&|||||||-^S12|A1|P|2.3\r" FS "\r"), "AR:A1 ", 0, 0},
    {"bad version", S(SB "MSH|^~\\&|||||||SIU^S12|A1|P|3\r" FS "\r"), "AR:A1 ", 0, 0},
    {"bad processing id", S(SB "MSH|^~\\&|||||||SIU^S12|A1|Q|2.3\r" FS "\r"), "AR:A1 ", 0, 0},
    {"not HL7", S(SB "GET / HTTP/1.1\r\n\r\n" FS "\r" ONE("A2")), "AE: AA:A2 ", 1, 0},
    {"no segment MSH first", S(SB "PID|1\r" FS "\r"), "AE: ", 0, 0},
    {"a batch, answered by a batch",
     S(SB "BHS|^~\\&|A|B|C|D|||||B7\r" BODY("A1") "BTS|1\r" FS "\r"), "? ", 1, 0},
    {"no start byte", S(BODY("A1") FS "\r"), "", 0, MLLP_SB_MISSING},
    {"start byte inside", S(SB MSH("A1") "\rSCH|" SB "1\r" FS "\r" ONE("A2")), "AE:A1 AA:A2 ", 1,
     MLLP_SB_IN_CONTENT},
    {"end byte inside", S(SB MSH("A1") "\rSCH|" FS "1\r" FS "\r" ONE("A2")), "AE:A1 AA:A2 ", 1,
     MLLP_FS_IN_CONTENT},
    {"nothing inside", S(SB FS "\r" ONE("A2")), "AA:A2 ", 1, MLLP_EMPTY},
    {"ends inside a frame", S(ONE("A1") SB MSH("A2")), "AA:A1 ", 1, MLLP_EOF_IN_FRAME},
    {"UTF-16 declared", S(SB MSH("A1") "||||||UNICODE UTF-16\r" FS "\r"), "AE:A1 ", 0, 0},
    {"wrong charset", S(SB MSH("A1") "||||||UNICODE UTF-8\rSCH|\xFC\r" FS "\r"), "AA:A1 ", 1,
     HL7_CHARSET_REPLACED},
    {"undeclared bytes", S(SB MSH("A1") "\rSCH|\xFC\r" FS "\r"), "AA:A1 ", 1, HL7_CHARSET_MISMATCH},
    {"always", S(SB MSH("A1") "|||AL|NE\r" FS "\r"), "CA:A1 ", 1, 0},
    {"always, but refused", S(SB "MSH|^~\\&|||||||SIU^S12|A1|P|9|||AL|NE\r" FS "\r"), "CR:A1 ", 0,
     0},
    {"never", S(SB MSH("A1") "|||NE|NE\r" FS "\r" ONE("A2")), "AA:A2 ", 2, 0},
    {"on error only", S(SB MSH("A1") "|||ER|NE\r" FS "\r"), "", 1, 0},
    {"never, sent again", S(SB MSH("A1") "|||NE|NE\r" FS "\r" SB MSH("A1") "|||NE|NE\r" FS "\r"),
     "", 1, 0},
    {"half of the modes", S(SB MSH("A1") "|||AL\r" FS "\r"), "CA:A1 ", 1, HL7_ACKMODE_HALF},
    {"nothing at all", S(""), "", 0, 0},
};

static void check_talk(size_t i, size_t piece)
{
    struct buf got = buf_new(4096);
    struct house h;
    struct peer p;

    house_build(&h, 0);
    house_open(&h);
    peer_open(&h, &p);
    peer_say(&h, &p, talks[i].say, piece);
    peer_half_close(&p);
    CHECK(peer_hear_end(&h, &p), "%s: closed", talks[i].name);
    peer_answers(&p, &got);
    CHECK(str_eq(buf_str(&got), str_of(talks[i].hear)), "%s, by %zu: " STR_FMT, talks[i].name,
          piece, STR_ARG(buf_str(&got)));
    CHECK(house_stored(&h) == talks[i].stored, "%s, by %zu: %lld stored", talks[i].name, piece,
          (long long)house_stored(&h));
    CHECK(h.rings == talks[i].stored, "%s: %d rings", talks[i].name, h.rings);
    CHECK(!talks[i].code || mllp_receiver_counts(h.receiver)->codes[talks[i].code] > 0, "%s: %s",
          talks[i].name, hl7_code_name((enum hl7_code)talks[i].code));
    peer_end(&p);
    house_end(&h);
    buf_reset(&got);
}

static void test_talks(void)
{
    static const size_t pieces[] = {0, 1, 7, 50};

    for
        EACH (i, talks)
        for
            EACH (k, pieces)
                check_talk(i, pieces[k]);
}

/* The stored answer, byte for byte, on the same connection and on another one. */
static void test_same_bytes(void)
{
    struct buf answers = buf_new(4096);
    struct house h;
    struct peer p, q;

    house_build(&h, 0);
    house_open(&h);
    peer_open(&h, &p);
    peer_open(&h, &q);
    peer_say(&h, &p, STR(ONE("A1")), 0);
    CHECK(peer_hear(&h, &p, 1), "first");
    peer_say(&h, &q, STR(ONE("A1")), 0);
    CHECK(peer_hear(&h, &q, 1), "copy");
    CHECK(str_eq(buf_str(&p.heard), buf_str(&q.heard)), "the same bytes");
    CHECK(mllp_receiver_counts(h.receiver)->duplicates == 1, "one duplicate");
    CHECK(mllp_receiver_counts(h.receiver)->acks[HL7_AA] == 2, "two answers");
    CHECK(mllp_receiver_connections(h.receiver) == 2, "two connections");
    peer_say(&h, &q, STR(ONE("A2")), 0);
    CHECK(peer_hear(&h, &q, 2) && h.counter == 3, "each message had an id of its own");
    h.flaky.no_acks = true; /* the first answer does not open any more: one is made */
    peer_say(&h, &q, STR(ONE("A1")), 0);
    CHECK(peer_hear(&h, &q, 3), "a resend is answered all the same");
    peer_answers(&q, &answers);
    CHECK(str_eq(buf_str(&answers), STR("AA:A1 AA:A2 AA:A1 ")), STR_FMT,
          STR_ARG(buf_str(&answers)));
    CHECK(mllp_receiver_counts(h.receiver)->duplicates == 2, "and was counted");
    buf_reset(&answers);
    peer_end(&p);
    peer_end(&q);
    house_end(&h);
}

static struct buf large(size_t content, bool message)
{
    struct buf b = buf_new((size_t)8 << 20);

    buf_add(&b, message ? STR(SB MSH("A1") "\rZZ1|") : STR(SB "no message "));
    while (b.n < content)
        buf_add_char(&b, 'x');
    buf_add(&b, STR("\r" FS "\r" ONE("A2")));
    return b;
}

static void test_large(void)
{
    static const struct {
        size_t content;
        bool message;
        const char *hear;
    } cases[] = {
        {(4 << 20), true, "AA:A1 AA:A2 "}, /* SB and x's, then CR: exactly 4 MiB */
        {(4 << 20) + 1, true, "AE:A1 "},
        {(4 << 20) + 1, false, ""},
    };

    for
        EACH (i, cases) {
            struct buf in = large(cases[i].content, cases[i].message), got = buf_new(4096);
            struct house h;
            struct peer p;

            house_build(&h, 0);
            house_open(&h);
            peer_open(&h, &p);
            peer_say(&h, &p, buf_str(&in), 0);
            peer_half_close(&p);
            CHECK(peer_hear_end(&h, &p), "%zu: closed", i);
            peer_answers(&p, &got);
            CHECK(str_eq(buf_str(&got), str_of(cases[i].hear)), "%zu: " STR_FMT, i,
                  STR_ARG(buf_str(&got)));
            peer_end(&p);
            house_end(&h);
            buf_reset(&in);
            buf_reset(&got);
        }
}

/* Every call of the store fails once: the answer is an AE and nothing is stored, or it is stored and the
 * resend gets its AA; never a positive answer without a message. */
static void test_failing_store(void)
{
    int at = 1;

    for (bool fired = true; fired && at < 20; at++) {
        struct buf got = buf_new(4096);
        struct house h;
        struct peer p;

        house_build(&h, at);
        house_open(&h);
        peer_open(&h, &p);
        peer_say(&h, &p, STR(ONE("A1")), 0);
        CHECK(peer_hear(&h, &p, 1), "call %d: answered", at);
        peer_answers(&p, &got);
        fired = h.flaky.fired;
        h.flaky.at = 0;
        CHECK(strcmp(got.p, fired ? "AE:A1 " : "AA:A1 ") == 0, "call %d: %s", at, got.p);
        peer_say(&h, &p, STR(ONE("A1")), 0);
        CHECK(peer_hear(&h, &p, 2), "call %d: answered again", at);
        got.n = 0;
        peer_answers(&p, &got);
        CHECK(strcmp(got.p, fired ? "AE:A1 AA:A1 " : "AA:A1 AA:A1 ") == 0, "call %d: %s", at,
              got.p);
        CHECK(mllp_receiver_counts(h.receiver)->conditions[HL7_BUSY] == (fired ? 1u : 0u),
              "counted");
        CHECK(house_stored(&h) == 1, "call %d: stored once", at);
        peer_end(&p);
        house_end(&h);
        buf_reset(&got);
    }
    CHECK(at > 3 && at < 20, "begin, put_message and commit have failed: %d", at);
}

static void test_busy_ways(void)
{
    static const struct {
        enum mllp_busy way;
        const char *hear;
    } ways[] = {
        {MLLP_BUSY_AE, "AE:A1 AA:A2 "}, {MLLP_BUSY_NO_REPLY, "AA:A2 "}, {MLLP_BUSY_CLOSE, ""}};

    for
        EACH (i, ways) {
            struct buf got = buf_new(4096);
            struct house h;
            struct peer p;

            house_build(&h, 1);
            h.set.profile.busy = ways[i].way;
            house_open(&h);
            peer_open(&h, &p);
            peer_say(&h, &p, STR(ONE("A1") ONE("A2")), 0);
            peer_half_close(&p);
            CHECK(peer_hear_end(&h, &p), "closed");
            peer_answers(&p, &got);
            CHECK(h.flaky.fired && str_eq(buf_str(&got), str_of(ways[i].hear)), "%zu: " STR_FMT, i,
                  STR_ARG(buf_str(&got)));
            peer_end(&p);
            house_end(&h);
            buf_reset(&got);
        }
}

/* A commit whose outcome is unknown: no answer, no close from here; the owner ends the process, as
 * this child does. */
static void test_uncertain(void)
{
    pid_t child = fork();
    int status = -1;

    if (child == 0) {
        struct house h;
        struct peer p;

        house_build(&h, 3);
        h.flaky.kind = ERR_UNCERTAIN;
        h.flaky.after = true;
        house_open(&h);
        peer_open(&h, &p);
        peer_say(&h, &p, STR(ONE("A1")), 0);
        while (!h.fatal)
            house_turn(&h);
        for (int i = 0; i < 50; i++)
            house_turn(&h);
        store_queue_stop(h.queue);
        _exit(h.fatal == 1 && h.flaky.fired && recv(p.fd, &status, 1, MSG_DONTWAIT) < 0 ? 0 : 1);
    }
    CHECK(child > 0 && waitpid(child, &status, 0) == child && status == 0, "status %d", status);
}

static void test_no_random(void)
{
    struct house h;
    struct peer p;

    house_build(&h, 0);
    h.no_random = true;
    house_open(&h);
    peer_open(&h, &p);
    peer_say(&h, &p, STR(ONE("A1")), 0);
    CHECK(peer_hear_end(&h, &p) && p.heard.n == 0, "closed without an answer");
    CHECK(house_stored(&h) == 0, "and nothing stored");
    peer_end(&p);
    house_end(&h);
}

int main(void)
{
    test_talks();
    test_same_bytes();
    test_large();
    test_failing_store();
    test_busy_ways();
    test_uncertain();
    test_no_random();
    return check_end();
}
