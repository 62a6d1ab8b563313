/* The MLLP client against a peer that answers as it likes: I10 of the reliability requirements. */
#include <stdlib.h>
#include <unistd.h>

#include "base/container_of.h"
#include "check.h"
#include "hl7_peer.h"
#include "outbound/backoff.h"
#include "outbound/client.h"

#define SB       "\x0b"
#define FS       "\x1c"
#define MSH      "MSH|^~\\&|P|Q|R|S|20260101||ACK|R1|P|2.5.1\r"
#define ACK(msa) SB MSH "MSA|" msa "\r" FS "\r"
#define CONTENT  "MSH|^~\\&|A|B|C|D|20260101||SIU^S12|M1|P|2.5.1\rSCH|1\r"
#define S(lit)   STR_LIT(lit)

enum { PATIENCE_S = 10, ANSWER_MOST = 4096 };

struct one {
    uv_loop_t loop;
    struct client *client;
    struct client_request request;
    struct hl7_peer peer;
    int done, closed;
    size_t n_more;
    enum hl7_ack_code more_code;
    bool sends_again; /* from done() */
    char answer[64];
};

static void on_done(struct client_request *r)
{
    struct one *o = container_of(r, struct one, request);

    o->done++;
    (void)snprintf(o->answer, sizeof o->answer, STR_FMT, STR_ARG(r->answer));
    if (o->sends_again && o->done == 1)
        client_send(o->client, r);
}

static void on_more(void *ctx, struct str id, enum hl7_ack_code code, struct str content)
{
    struct one *o = ctx;

    CHECK(str_eq(id, STR("M1")) && content.n > 0, "the message it is about");
    o->n_more++;
    o->more_code = code;
}

static void on_gone(void *ctx)
{
    struct one *o = ctx;

    o->closed++;
}

static void one_open(struct one *o)
{
    struct client_settings set = {.loop = &o->loop,
                                  .host = "127.0.0.1",
                                  .connect_ms = 5000,
                                  .answer_ms = 60000,
                                  .answer_most = ANSWER_MOST,
                                  .on_more = on_more,
                                  .ctx = o};

    *o = (struct one){.request = {.content = STR(CONTENT), .id = STR("M1"), .done = on_done}};
    uv_loop_init(&o->loop);
    hl7_peer_open(&o->peer, 0);
    set.port = o->peer.port;
    o->client = client_open(&set);
}

static void turn(struct one *o)
{
    (void)uv_run(&o->loop, UV_RUN_NOWAIT);
    hl7_peer_turn(&o->peer);
}

static void one_end(struct one *o)
{
    client_close(o->client, on_gone, o);
    CHECK(!o->closed, "not inside the call");
    for (uint64_t until = uv_hrtime() + PATIENCE_S * 1000000000ull;
         !o->closed && uv_hrtime() < until;)
        turn(o);
    CHECK(o->closed == 1, "closed once");
    (void)uv_run(&o->loop, UV_RUN_DEFAULT);
    CHECK(uv_loop_close(&o->loop) == 0, "no handle is left open");
    hl7_peer_close(&o->peer);
}

/* Until the request is done and the peer has said everything and hung up; one more turn for what is
 * still in the socket. */
static void run(struct one *o)
{
    for (uint64_t until = uv_hrtime() + PATIENCE_S * 1000000000ull; uv_hrtime() < until;) {
        turn(o);
        if (o->done && (o->peer.closed_on_purpose || !o->peer.say.p))
            break;
    }
    for (int i = 0; i < 20; i++)
        turn(o);
}

static const struct {
    const char *name;
    struct str say; /* then the peer hangs up */
    enum client_outcome outcome;
    enum hl7_ack_code code;
    bool more; /* an application acknowledgement was asked for */
    enum hl7_ack_code more_code;
    size_t strays[STRAYS];
    enum hl7_code framing; /* was counted; HL7_CODE_NONE: not looked at */
} rows[] = {
    {"AA", S(ACK("AA|M1")), CLIENT_ANSWERED, HL7_AA, false, 0, {0}, 0},
    {"AE", S(ACK("AE|M1")), CLIENT_ANSWERED, HL7_AE, false, 0, {0}, 0},
    {"AR", S(ACK("AR|M1")), CLIENT_ANSWERED, HL7_AR, false, 0, {0}, 0},
    {"CA", S(ACK("CA|M1")), CLIENT_ANSWERED, HL7_CA, false, 0, {0}, 0},
    {"CE", S(ACK("CE|M1")), CLIENT_ANSWERED, HL7_CE, false, 0, {0}, 0},
    {"CR", S(ACK("CR|M1")), CLIENT_ANSWERED, HL7_CR, false, 0, {0}, 0},
    {"other separators",
     S(SB "MSH*^~\\&*P*Q*R*S*2026**ACK*R1*P*2.5.1\rMSA*AA*M1\r" FS "\r"),
     CLIENT_ANSWERED,
     HL7_AA,
     false,
     0,
     {0},
     0},
    {"with software and error segments",
     S(SB MSH "SFT|x\rMSA|AE|M1\rERR|||207\r" FS "\r"),
     CLIENT_ANSWERED,
     HL7_AE,
     false,
     0,
     {0},
     0},
    {"no CR at the end", S(SB MSH "MSA|AA|M1" FS "\r"), CLIENT_ANSWERED, HL7_AA, false, 0, {0}, 0},
    {"LF after", S(ACK("AA|M1") "\n"), CLIENT_ANSWERED, HL7_AA, false, 0, {0}, MLLP_LF_AFTER_FS},
    {"FS and the end", S(SB MSH "MSA|AA|M1\r" FS), CLIENT_ANSWERED, HL7_AA, false, 0, {0}, 0},
    {"forged", S(ACK("AA|M9")), CLIENT_UNKNOWN, 0, false, 0, {[STRAY_ID] = 1}, 0},
    {"forged, then its own",
     S(ACK("AA|M9") ACK("AE|M1")),
     CLIENT_ANSWERED,
     HL7_AE,
     false,
     0,
     {[STRAY_ID] = 1},
     0},
    {"swapped: of another, twice",
     S(ACK("AA|M2") ACK("AA|M0")),
     CLIENT_UNKNOWN,
     0,
     false,
     0,
     {[STRAY_ID] = 2},
     0},
    {"id in other case", S(ACK("AA|m1")), CLIENT_UNKNOWN, 0, false, 0, {[STRAY_ID] = 1}, 0},
    {"id with a blank", S(ACK("AA|M1 ")), CLIENT_UNKNOWN, 0, false, 0, {[STRAY_ID] = 1}, 0},
    {"id cut short", S(ACK("AA|M")), CLIENT_UNKNOWN, 0, false, 0, {[STRAY_ID] = 1}, 0},
    {"no id", S(ACK("AA|")), CLIENT_UNKNOWN, 0, false, 0, {[STRAY_ID] = 1}, 0},
    {"no field for the id", S(ACK("AA")), CLIENT_UNKNOWN, 0, false, 0, {[STRAY_ID] = 1}, 0},
    {"doubled",
     S(ACK("AA|M1") ACK("AA|M1")),
     CLIENT_ANSWERED,
     HL7_AA,
     false,
     0,
     {[STRAY_ANSWERED] = 1},
     0},
    {"AA, then AR",
     S(ACK("AA|M1") ACK("AR|M1")),
     CLIENT_ANSWERED,
     HL7_AA,
     false,
     0,
     {[STRAY_ANSWERED] = 1},
     0},
    {"AE, then AA",
     S(ACK("AE|M1") ACK("AA|M1")),
     CLIENT_ANSWERED,
     HL7_AE,
     false,
     0,
     {[STRAY_ANSWERED] = 1},
     0},
    {"CA, then AA, not asked for",
     S(ACK("CA|M1") ACK("AA|M1")),
     CLIENT_ANSWERED,
     HL7_CA,
     false,
     0,
     {[STRAY_ANSWERED] = 1},
     0},
    {"CA, then AA", S(ACK("CA|M1") ACK("AA|M1")), CLIENT_ANSWERED, HL7_CA, true, HL7_AA, {0}, 0},
    {"CA, then AE", S(ACK("CA|M1") ACK("AE|M1")), CLIENT_ANSWERED, HL7_CA, true, HL7_AE, {0}, 0},
    {"CA, then AA twice",
     S(ACK("CA|M1") ACK("AA|M1") ACK("AA|M1")),
     CLIENT_ANSWERED,
     HL7_CA,
     true,
     HL7_AA,
     {[STRAY_ANSWERED] = 1},
     0},
    {"CA, then CA",
     S(ACK("CA|M1") ACK("CA|M1")),
     CLIENT_ANSWERED,
     HL7_CA,
     true,
     0,
     {[STRAY_ANSWERED] = 1},
     0},
    {"CE, then AA",
     S(ACK("CE|M1") ACK("AA|M1")),
     CLIENT_ANSWERED,
     HL7_CE,
     true,
     0,
     {[STRAY_ANSWERED] = 1},
     0},
    {"AA, then CA",
     S(ACK("AA|M1") ACK("CA|M1")),
     CLIENT_ANSWERED,
     HL7_AA,
     true,
     0,
     {[STRAY_ANSWERED] = 1},
     0},
    {"AA, then a stranger's",
     S(ACK("AA|M1") ACK("AA|M9")),
     CLIENT_ANSWERED,
     HL7_AA,
     false,
     0,
     {[STRAY_UNASKED] = 1},
     0},
    {"a code nobody knows", S(ACK("OK|M1")), CLIENT_UNKNOWN, 0, false, 0, {[STRAY_CODE] = 1}, 0},
    {"a code in small letters",
     S(ACK("aa|M1")),
     CLIENT_UNKNOWN,
     0,
     false,
     0,
     {[STRAY_CODE] = 1},
     0},
    {"no code", S(ACK("|M1")), CLIENT_UNKNOWN, 0, false, 0, {[STRAY_CODE] = 1}, 0},
    {"none", S(ACK("none|M1")), CLIENT_UNKNOWN, 0, false, 0, {[STRAY_CODE] = 1}, 0},
    {"two MSA",
     S(SB MSH "MSA|AE|M1\rMSA|AA|M1\r" FS "\r"),
     CLIENT_UNKNOWN,
     0,
     false,
     0,
     {[STRAY_SHAPE] = 1},
     0},
    {"two MSA, one behind a LF",
     S(SB MSH "MSA|AE|M1|x\nMSA|AA|M1\r" FS "\r"),
     CLIENT_UNKNOWN,
     0,
     false,
     0,
     {[STRAY_SHAPE] = 1},
     0},
    {"two in one frame",
     S(SB MSH "MSA|AA|M1\r" MSH "MSA|AE|M1\r" FS "\r"),
     CLIENT_UNKNOWN,
     0,
     false,
     0,
     {[STRAY_SHAPE] = 1},
     0},
    {"no MSA", S(SB MSH FS "\r"), CLIENT_UNKNOWN, 0, false, 0, {[STRAY_SHAPE] = 1}, 0},
    {"MSA alone", S(SB "MSA|AA|M1\r" FS "\r"), CLIENT_UNKNOWN, 0, false, 0, {[STRAY_SHAPE] = 1}, 0},
    {"not HL7", S(SB "OK M1" FS "\r"), CLIENT_UNKNOWN, 0, false, 0, {[STRAY_SHAPE] = 1}, 0},
    {"our own message sent back",
     S(SB CONTENT FS "\r"),
     CLIENT_UNKNOWN,
     0,
     false,
     0,
     {[STRAY_SHAPE] = 1},
     0},
    {"a batch of one",
     S(SB "BHS|^~\\&|P\r" MSH "MSA|AA|M1\rBTS|1\r" FS "\r"),
     CLIENT_UNKNOWN,
     0,
     false,
     0,
     {[STRAY_SHAPE] = 1},
     0},
    {"unframed",
     S(MSH "MSA|AA|M1\r"),
     CLIENT_UNKNOWN,
     0,
     false,
     0,
     {[STRAY_FRAME] = 1},
     MLLP_SB_MISSING},
    {"start byte inside",
     S(SB MSH "MSA|AA|M1|" SB "x\r" FS "\r"),
     CLIENT_UNKNOWN,
     0,
     false,
     0,
     {[STRAY_FRAME] = 1},
     MLLP_SB_IN_CONTENT},
    {"end byte inside",
     S(SB MSH "MSA|AA|M1|" FS "x\r" FS "\r"),
     CLIENT_UNKNOWN,
     0,
     false,
     0,
     {[STRAY_FRAME] = 2},
     MLLP_FS_IN_CONTENT},
    {"begun anew",
     S(SB MSH "MSA|AE|M1" ACK("AA|M1")),
     CLIENT_ANSWERED,
     HL7_AA,
     false,
     0,
     {[STRAY_FRAME] = 1},
     MLLP_FRAME_CUT},
    {"junk before",
     S("hello" ACK("AA|M1")),
     CLIENT_ANSWERED,
     HL7_AA,
     false,
     0,
     {[STRAY_FRAME] = 1},
     MLLP_JUNK_BETWEEN},
    {"cut off",
     S(SB MSH "MSA|AA|M1\r"),
     CLIENT_UNKNOWN,
     0,
     false,
     0,
     {[STRAY_FRAME] = 1},
     MLLP_EOF_IN_FRAME},
    {"commit byte", S(SB "\x06" FS "\r"), CLIENT_ANSWERED, HL7_CA, false, 0, {0}, MLLP_R2_BYTE},
    {"no-commit byte", S(SB "\x15" FS "\r"), CLIENT_ANSWERED, HL7_CE, false, 0, {0}, MLLP_R2_BYTE},
    {"commit byte twice",
     S(SB "\x06" FS "\r" SB "\x06" FS "\r"),
     CLIENT_ANSWERED,
     HL7_CA,
     false,
     0,
     {[STRAY_BYTE] = 1},
     MLLP_R2_BYTE},
    {"commit byte, then AA",
     S(SB "\x06" FS "\r" ACK("AA|M1")),
     CLIENT_ANSWERED,
     HL7_CA,
     true,
     HL7_AA,
     {0},
     MLLP_R2_BYTE},
    {"another byte", S(SB "\x07" FS "\r"), CLIENT_UNKNOWN, 0, false, 0, {[STRAY_SHAPE] = 1}, 0},
    {"nothing inside", S(SB FS "\r"), CLIENT_UNKNOWN, 0, false, 0, {0}, MLLP_EMPTY},
    {"nothing at all", S(""), CLIENT_UNKNOWN, 0, false, 0, {0}, 0},
};

static void check_row(size_t i, size_t piece)
{
    const struct client_counts *c;
    struct one o;

    one_open(&o);
    c = client_counts(o.client);
    o.peer.say = rows[i].say;
    o.peer.piece = piece;
    o.request.more = rows[i].more;
    client_send(o.client, &o.request);
    CHECK(!o.done, "not inside the call");
    run(&o);
    CHECK(o.peer.closed_on_purpose, "%s: the peer said its part", rows[i].name);
    CHECK(o.done == 1, "%s: done %d times", rows[i].name, o.done);
    CHECK(o.request.outcome == rows[i].outcome, "%s: outcome %d", rows[i].name, o.request.outcome);
    CHECK(rows[i].outcome != CLIENT_ANSWERED || o.request.code == rows[i].code, "%s: code %s",
          rows[i].name, hl7_ack_code_name(o.request.code));
    CHECK(o.n_more == (rows[i].more_code != 0) && o.more_code == rows[i].more_code,
          "%s: %zu application acknowledgements", rows[i].name, o.n_more);
    for (int s = 0; s < STRAYS; s++)
        CHECK(c->strays[s] == rows[i].strays[s], "%s, by %zu: %s %llu", rows[i].name, piece,
              stray_name((enum stray)s), (unsigned long long)c->strays[s]);
    CHECK(!rows[i].framing || c->codes[rows[i].framing] > 0, "%s: %s", rows[i].name,
          hl7_code_name(rows[i].framing));
    CHECK(c->answers == (rows[i].outcome == CLIENT_ANSWERED), "%s: answers", rows[i].name);
    one_end(&o);
}

static void test_answers(void)
{
    for
        EACH (i, rows) {
            check_row(i, 0);
            check_row(i, 1);
        }
}

/* What is written is SB content FS CR, at once and byte for byte. */
static void test_frame(void)
{
    struct one o;

    one_open(&o);
    client_send(o.client, &o.request);
    run(&o);
    CHECK(str_eq(hl7_peer_frame(&o.peer, 0), STR(SB CONTENT FS "\r")), "framed");
    CHECK(o.request.took_us >= 0 && client_counts(o.client)->connections == 1, "counted");
    one_end(&o);
}

/* Content that holds framing bytes is never written. */
static void test_unsound(void)
{
    static const struct str bad[] = {S("MSH|" SB), S(FS "\r"), S(CONTENT FS "\r" SB CONTENT),
                                     S("")};

    for
        EACH (i, bad) {
            struct one o;

            one_open(&o);
            o.request.content = bad[i];
            client_send(o.client, &o.request);
            run(&o);
            CHECK(o.done == 1 && o.request.outcome == CLIENT_UNSENT, "%zu: %d", i,
                  o.request.outcome);
            CHECK(client_counts(o.client)->aborted == 1 && o.peer.connections == 0, "%zu", i);
            one_end(&o);
        }
}

/* The peer ends after each byte of the request, and after each byte of its answer. */
static void test_each_byte(void)
{
    static const struct str answer = S(ACK("AA|M1"));
    size_t whole = sizeof CONTENT - 1 + 3;

    for (size_t n = 0; n < whole; n++) {
        struct one o;

        one_open(&o);
        o.peer.take_bytes = n;
        client_send(o.client, &o.request);
        run(&o);
        CHECK(o.peer.closed_on_purpose && o.peer.frames == 0, "fired at %zu", n);
        CHECK(o.done == 1 && o.request.outcome == CLIENT_UNKNOWN, "request, %zu: %d", n,
              o.request.outcome);
        one_end(&o);
    }
    for (size_t n = 0; n <= answer.n; n++) {
        enum client_outcome want = n + 1 < answer.n ? CLIENT_UNKNOWN : CLIENT_ANSWERED;
        struct one o;

        one_open(&o);
        o.peer.say = (struct str){answer.p, n};
        client_send(o.client, &o.request);
        run(&o);
        CHECK(o.peer.closed_on_purpose && o.peer.said == n, "fired at %zu", n);
        CHECK(o.done == 1 && o.request.outcome == want, "answer, %zu: %d", n, o.request.outcome);
        one_end(&o);
    }
}

/* No answer in time is unknown; the next request has a connection of its own, where the late answer to
 * the first cannot arrive. */
static void test_timeout(void)
{
    struct client_settings set = {
        .host = "127.0.0.1", .connect_ms = 5000, .answer_ms = 20, .answer_most = ANSWER_MOST};
    struct client *usual;
    struct one o;

    one_open(&o);
    usual = o.client;
    set.loop = &o.loop;
    set.port = o.peer.port;
    o.client = client_open(&set);
    o.peer.script = "- AA";
    o.sends_again = true;
    client_send(o.client, &o.request);
    for (uint64_t until = uv_hrtime() + PATIENCE_S * 1000000000ull;
         o.done < 2 && uv_hrtime() < until;)
        turn(&o);
    CHECK(o.done == 2 && o.request.outcome == CLIENT_ANSWERED, "the second: %d", o.request.outcome);
    CHECK(client_counts(o.client)->timeouts >= 1, "the first was not answered");
    CHECK(o.peer.connections == 2, "%zu connections", o.peer.connections);
    CHECK(str_eq(hl7_peer_frame(&o.peer, 0), hl7_peer_frame(&o.peer, 1)), "the same bytes");
    client_close(usual, on_gone, &o);
    while (!o.closed)
        turn(&o);
    o.closed = 0;
    one_end(&o);
}

/* Nobody listens: nothing was sent. */
static void test_nobody(void)
{
    struct one o;

    one_open(&o);
    close(o.peer.listener);
    client_send(o.client, &o.request);
    for (uint64_t until = uv_hrtime() + PATIENCE_S * 1000000000ull; !o.done && uv_hrtime() < until;)
        (void)uv_run(&o.loop, UV_RUN_NOWAIT);
    CHECK(o.done == 1 && o.request.outcome == CLIENT_UNSENT && o.request.why[0], "%d: %s",
          o.request.outcome, o.request.why);
    client_close(o.client, on_gone, &o);
    (void)uv_run(&o.loop, UV_RUN_DEFAULT);
    CHECK(o.closed == 1 && uv_loop_close(&o.loop) == 0, "closed");
    buf_reset(&o.peer.heard);
    buf_reset(&o.peer.all);
}

/* Closing with a request in flight, and with one that waits for its connection. */
static void test_closing(void)
{
    for (int turns = 0; turns < 6; turns++) {
        struct one o;

        one_open(&o);
        o.peer.script = "-";
        client_send(o.client, &o.request);
        for (int i = 0; i < turns; i++)
            turn(&o);
        one_end(&o);
        CHECK(o.done == 1 && o.request.outcome != CLIENT_ANSWERED, "%d turns: %d", turns,
              o.request.outcome);
    }
}

#define TWO SB CONTENT FS "\r" SB "MSH|^~\\&|A|B|C|D|2026||SIU^S12|M2|P|2.5.1\r" FS "\r"

/* Two in one write: each answer finds its own, in whatever order. */
static void test_pair(void)
{
    static const struct client_script both = {.bytes = STR_LIT(TWO)}, none = {.bytes = STR_LIT("")};
    struct one o, p = {.request = {.content = STR(CONTENT), .id = STR("M2"), .done = on_done}};

    one_open(&o);
    o.peer.say = STR(ACK("AE|M2") ACK("AA|M1"));
    o.request.script = &both;
    p.request.script = &none;
    client_send(o.client, &o.request);
    client_send(o.client, &p.request);
    run(&o);
    CHECK(o.done == 1 && o.request.code == HL7_AA, "%d", o.request.code);
    CHECK(p.done == 1 && p.request.code == HL7_AE, "%d", p.request.code);
    CHECK(client_counts(o.client)->strays[STRAY_ID] == 0, "no stray");
    one_end(&o);
}

/* ---- the wait between two tries ---- */

static bool highest(const struct random_source *r, void *out, size_t n)
{
    (void)r;
    memset(out, 0xff, n);
    return true;
}

static bool lowest(const struct random_source *r, void *out, size_t n)
{
    (void)r;
    memset(out, 0, n);
    return true;
}

static bool none(const struct random_source *r, void *out, size_t n)
{
    (void)r, (void)out, (void)n;
    return false;
}

static void test_backoff(void)
{
    static const struct random_source sources[] = {{highest}, {lowest}, {none}};
    static const int64_t wholes[] = {1000, 1000, 2000, 4000, 8000, 16000, 30000, 30000};

    for
        EACH (k, sources)
        for
            EACH (i, wholes) {
                int64_t ms = backoff_ms(1000, 30000, (unsigned)i, &sources[k]);

                CHECK(ms >= wholes[i] / 2 && ms <= wholes[i], "%zu failures: %lld", i,
                      (long long)ms);
            }
    CHECK(backoff_ms(1000, 30000, 4000000000u, &sources[1]) == 30000, "no overflow");
    CHECK(backoff_ms(INT64_MAX / 2, INT64_MAX, 9, &sources[1]) > 0, "no overflow");
    CHECK(backoff_ms(60000, 30000, 1, &sources[1]) == 30000, "never over the most");
}

int main(void)
{
    test_frame();
    test_answers();
    test_unsound();
    test_each_byte();
    test_timeout();
    test_nobody();
    test_closing();
    test_pair();
    test_backoff();
    return check_end();
}
