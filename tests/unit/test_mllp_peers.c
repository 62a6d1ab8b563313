/* Who may send what from where; what senders do, as people can read it later; the flight recorder. */
#include <stdlib.h>
#include <unistd.h>

#include "../../src/receive/mllp_ring.h"
#include "check.h"
#include "hl7/masked.h"
#include "mllp_house.h"

#define SB "\x0b"
#define FS "\x1c"
#define FROM(a, f, id)                                                                             \
    SB "MSH|^~\\&|" a "|" f "|TID|CLIN|2026||SIU^S12|" id "|P|2.5.1\rSCH|1\r" FS "\r"
#define ASKING(a, f, id)                                                                           \
    SB "MSH|^~\\&|" a "|" f "|T|C|2026||SIU^S12|" id "|P|2.5.1|||AL|NE\r" FS "\r"

/* ::ffff:127.0.0.0/104 and 10.0.0.0/8 */
static const struct net_range here[] = {{{[10] = 0xFF, [11] = 0xFF, [12] = 127}, 104}};
static const struct net_range elsewhere[] = {{{[10] = 0xFF, [11] = 0xFF, [12] = 10}, 104}};
static struct mllp_sender senders[] = {
    {.name = "here", .application = "HERE", .addresses = here, .n_addresses = 1},
    {.name = "there", .application = "THERE", .addresses = elsewhere, .n_addresses = 1},
    {.name = "old", .application = "OLD", .facility = "FAC"},
};

static const struct {
    const char *why;
    struct str say;
    bool only_known;
    const char *hear;
    uint64_t foreign;
} bindings[] = {
    {"from where it is bound to", STR_LIT(FROM("HERE", "F", "A1")), true, "AA:A1 ", 0},
    {"from elsewhere", STR_LIT(FROM("THERE", "F", "A1") FROM("HERE", "F", "A2")), false,
     "AR:A1 AA:A2 ", 1},
    {"in enhanced mode", STR_LIT(ASKING("THERE", "F", "A1")), false, "CE:A1 ", 1},
    {"with components", STR_LIT(FROM("THERE^1.2.3^ISO", "F", "A1")), false, "AR:A1 ", 1},
    {"another case", STR_LIT(FROM("there", "F", "A1")), false, "AR:A1 ", 1},
    {"with sub-components", STR_LIT(FROM("THERE&x", "F", "A1")), false, "AR:A1 ", 1},
    {"repeated", STR_LIT(FROM("THERE~X", "F", "A1")), false, "AR:A1 ", 1},
    {"in escapes", STR_LIT(FROM("THE\\X52\\E\\.sp\\", "F", "A1")), false, "AR:A1 ", 1},
    {"with a control", STR_LIT(FROM("THERE\x01", "F", "A1")), false, "AR:A1 ", 1},
    {"behind a no-break space", STR_LIT(FROM("\xA0THERE", "F", "A1")), false, "AR:A1 ", 1},
    {"in full width", STR_LIT(FROM("THER\xEF\xBC\xA5", "F", "A1")), false, "AR:A1 ", 1},
    {"in full width of Big5",
     STR_LIT(SB "MSH|^~\\&|\xA2\xE2HERE|F|||||SIU^S12|A1|P|2.5||||||BIG-5\r" FS "\r"), false,
     "AR:A1 ", 1},
    {"in v2.xml",
     STR_LIT(SB
             "<ADT_A01 xmlns=\"urn:hl7-org:v2xml\"><MSH><MSH.1>|</MSH.1><MSH.2>^~\\&amp;</MSH.2>"
             "<MSH.3><HD.1>there</HD.1></MSH.3><MSH.9><MSG.1>ADT</MSG.1><MSG.2>A01</MSG.2></MSH.9>"
             "<MSH.10>A1</MSH.10><MSH.11><PT.1>P</PT.1></MSH.11><MSH.12><VID.1>2.5</VID.1></MSH.12>"
             "</MSH></ADT_A01>" FS "\r"),
     false, "? ", 1},
    {"not listed", STR_LIT(FROM("X", "F", "A1")), false, "AA:A1 ", 0},
    {"not listed, and that is asked for", STR_LIT(FROM("X", "F", "A1") FROM("OLD", "FAC", "A2")),
     true, "AR:A1 AA:A2 ", 1},
    {"its own profile: original mode", STR_LIT(ASKING("OLD", "FAC", "A1")), false, "AA:A1 ", 0},
    {"nobody's profile: as asked", STR_LIT(ASKING("OLD", "FAQ", "A1")), false, "CA:A1 ", 0},
    {"a bound name in one message of two",
     STR_LIT(SB "MSH|^~\\&|HERE||||||SIU^S12|A1|P|2.5\rMSH|^~\\&|THERE||||||SIU^S12|A2|P|2.5\r" FS
                "\r"),
     true, "AA:A1 AR:A2 ", 1},
};

static void test_bindings(void)
{
    senders[2].profile = mllp_profile_default();
    senders[2].profile.mode = HL7_MODE_ORIGINAL;
    senders[0].profile = senders[1].profile = mllp_profile_default();
    for
        EACH (i, bindings) {
            struct buf got = buf_new(4096);
            struct house h;
            struct peer p;

            house_build(&h, 0);
            h.set.senders = senders;
            h.set.n_senders = 3;
            h.set.only_known = bindings[i].only_known;
            house_open(&h);
            peer_open(&h, &p);
            peer_say(&h, &p, bindings[i].say, 0);
            peer_half_close(&p);
            CHECK(peer_hear_end(&h, &p), "%s", bindings[i].why);
            peer_answers(&p, &got);
            CHECK(str_eq(buf_str(&got), str_of(bindings[i].hear)), "%s: %s", bindings[i].why,
                  got.p);
            CHECK(mllp_receiver_counts(h.receiver)->foreign == bindings[i].foreign, "%s: counted",
                  bindings[i].why);
            peer_end(&p);
            house_end(&h);
            buf_reset(&got);
        }
}

struct looked {
    struct arena a;
    struct peer_list peers;
    struct recording_list recordings;
    struct recording one;
};

static bool look(void *ctx, struct store *s, struct err *e)
{
    struct looked *l = ctx;

    return s->ops->list_peers(s, &l->a, &l->peers, e) &&
           s->ops->list_recordings(s, 100, &l->a, &l->recordings, e) &&
           (l->recordings.n == 0 ||
            s->ops->read_recording(s, l->recordings.items[0].id, &l->a, &l->one, e));
}

static uint64_t times(const struct looked *l, const char *application, const char *code)
{
    uint64_t n = 0;

    for (size_t i = 0; i < l->peers.n; i++) {
        const struct peer_note *p = &l->peers.items[i];

        if (str_eq(p->application, str_of(application)) && str_eq(p->code, str_of(code)))
            n += p->n;
    }
    return n;
}

/* Waits until what was seen is written. */
static void look_for(struct house *h, struct looked *l, const char *application, const char *code)
{
    for (int i = 0; i < 2000; i++) {
        arena_reset(&l->a);
        house_ask(h, look, l);
        if (times(l, application, code))
            return;
        usleep(1000);
    }
    CHECK(false, "%s of %s was not noted", code, application);
}

/* Codes of the text and refusals stand under the listed sender that did it; of others no name is shown.
 * Codes of the framing and doors shut are the connection's. */
static void test_notes(void)
{
    struct looked l = {0};
    struct house h;
    struct peer p, q;

    house_build(&h, 0);
    h.set.peers_ms = 5;
    h.set.max_connections = 1;
    h.set.senders = senders;
    h.set.n_senders = 3;
    house_open(&h);
    peer_open(&h, &p);
    peer_say(&h, &p, STR("\n" FROM("OLD", "FAC", "A1") "\n" FROM("OLD", "FAC", "A2") "\n"), 0);
    CHECK(peer_hear(&h, &p, 2), "answered");
    peer_say(&h, &p, STR(FROM("Mrs Mary Example", "F", "A3")), 0);
    peer_say(&h, &p, STR(SB "MSH|^~\\&|Mrs Mary Example|F|||||SIU^S12|A4|P|9\r" FS "\r"), 0);
    peer_say(&h, &p,
             STR(FROM("there", "F", "A5") SB "MSH|^~\\&|OLD|FAC|||||SIU^S12|A6|P|2.5" FS "\r"), 0);
    peer_say(&h, &p, STR(SB "PID|no header\r" FS "\r"), 0);
    CHECK(peer_hear(&h, &p, 6), "answered");
    peer_open(&h, &q);
    CHECK(peer_hear_end(&h, &q), "one too many");
    look_for(&h, &l, "", "LISTENER_FULL");
    look_for(&h, &l, "OLD", "HL7_NO_FINAL_CR");
    CHECK(times(&l, "", "MLLP_LF_AFTER_FS") == 2 && times(&l, "OLD", "MLLP_LF_AFTER_FS") == 0, "%d",
          (int)times(&l, "", "MLLP_LF_AFTER_FS"));
    CHECK(times(&l, "", "MLLP_PAD_BETWEEN") == 1, "before the first message");
    CHECK(times(&l, "", "HL7_BAD_VERSION") == 1, "a refusal of somebody");
    CHECK(times(&l, "", "HL7_BAD_SYNTAX") == 1, "and of nobody, behind a known one");
    CHECK(times(&l, "THERE", "HL7_NOT_BOUND") == 1, "a binding");
    CHECK(times(&l, "there", "HL7_NOT_BOUND") == 0, "as it is listed");
    for (size_t i = 0; i < l.peers.n; i++) {
        const struct peer_note *n = &l.peers.items[i];

        CHECK(n->application.n == 0 || str_eq(n->application, STR("OLD")) ||
                  str_eq(n->application, STR("THERE")),
              "a name is shown: " STR_FMT, STR_ARG(n->application));
        CHECK(str_eq(n->address, STR("127.0.0.1")) && str_eq(n->listener, STR("127.0.0.1:2575")),
              "where");
        CHECK(n->first_ms == n->last_ms && n->n > 0, "when");
    }
    arena_reset(&l.a);
    peer_end(&p);
    peer_end(&q);
    house_end(&h);
}

/* More kinds of senders than are told apart, and a store that fails at first: nothing is lost but names. */
static void test_many_notes(void)
{
    enum { SENDERS = 1500 };
    static struct mllp_sender many[SENDERS];
    static char names[SENDERS][8];
    struct buf in = buf_new(1 << 20);
    struct looked l = {0};
    uint64_t sum = 0;
    struct house h;
    struct peer p;

    for (int i = 0; i < SENDERS; i++) {
        snprintf(names[i], sizeof names[i], "A%d", i);
        many[i] = (struct mllp_sender){
            .name = names[i], .application = names[i], .profile = mllp_profile_default()};
    }
    house_build(&h, 0);
    h.set.senders = many;
    h.set.n_senders = SENDERS;
    h.set.peers_ms = 1000000;
    h.set.peers_most = 5000;
    house_open(&h);
    peer_open(&h, &p);
    for (int i = 0; i < SENDERS; i++)
        buf_printf(&in, SB "MSH|^~\\&|A%d|F|||||SIU^S12|%d|Q|2.5.1\r" FS "\r", i, i);
    peer_say(&h, &p, buf_str(&in), 0);
    CHECK(peer_hear(&h, &p, SENDERS), "answered");
    peer_end(&p);
    house_end_receiver(&h);
    house_ask(&h, look, &l);
    for (size_t i = 0; i < l.peers.n; i++)
        sum += l.peers.items[i].n;
    CHECK(sum == SENDERS && l.peers.n == 1001, "%d in %zu rows", (int)sum, l.peers.n);
    arena_reset(&l.a);
    house_end(&h);
    buf_reset(&in);
}

static void test_ring(void)
{
    enum { MOST = 16384 };
    struct seal_memory *seal = seal_memory_new(&seal_random_system);
    struct buf all = buf_new(1 << 22), got = buf_new(1 << 20);
    struct mllp_ring ring = {0};
    unsigned seed = 7;

    CHECK(seal, "a key");
    for (int i = 0; all.n < (size_t)1 << 20; i++) {
        size_t before = all.n, n = (seed = seed * 1103515245u + 12345u) % (i % 50 ? 900 : 40000);
        uint64_t offset;

        for (size_t k = 0; k < n; k++)
            buf_add_char(&all, (char)(seed >> (k % 24)));
        mllp_ring_add(&ring, seal, (struct str){all.p + before, n}, MOST);
        got.n = 0;
        mllp_ring_read(&ring, seal, &got, &offset);
        CHECK(offset + got.n == all.n && memcmp(all.p + offset, got.p, got.n) == 0, "%d", i);
        CHECK(got.n == all.n || got.n >= MOST, "%d: %zu bytes", i, got.n);
        CHECK(got.n <= MOST + 2 * RING_CHUNK, "%d: %zu bytes", i, got.n);
    }
    mllp_ring_end(&ring);
    CHECK(!ring.oldest && !ring.open, "gone");
    seal_memory_free(seal);
    buf_reset(&all);
    buf_reset(&got);
}

static void test_sealed_memory(void)
{
    struct seal_memory *m = seal_memory_new(&seal_random_system);
    char plain[100] = "a value of a patient", sealed[124], again[124], back[100];

    CHECK(seal_memory_put(m, (struct str){plain, 100}, sealed), "sealed");
    CHECK(seal_memory_put(m, (struct str){plain, 100}, again), "and again");
    CHECK(memcmp(sealed + 8, again + 8, 116) != 0 && !memmem(sealed, 124, "value", 5), "hidden");
    CHECK(seal_memory_get(m, (struct str){sealed, 124}, back) && memcmp(plain, back, 100) == 0,
          "open");
    for (size_t i = 0; i < sizeof sealed; i++) {
        sealed[i] ^= 1;
        CHECK(!seal_memory_get(m, (struct str){sealed, 124}, back), "byte %zu", i);
        sealed[i] ^= 1;
    }
    CHECK(!seal_memory_get(m, (struct str){sealed, 23}, back), "too short");
    seal_memory_free(m);
}

/* A first deviation, a refusal, a fault: each leaves what was heard so far, and shows no value. */
static void test_recordings(void)
{
    struct buf shown = buf_new(1 << 16);
    struct looked l = {0};
    struct house h;
    struct peer p;

    house_build(&h, 0);
    h.set.recorder_bytes = 16384;
    house_open(&h);
    peer_open(&h, &p);
    peer_say(&h, &p, STR(FROM("EPIC", "F", "A1")), 0);
    CHECK(peer_hear(&h, &p, 1), "answered");
    house_ask(&h, look, &l);
    CHECK(l.recordings.n == 0, "nothing was wrong");
    peer_say(&h, &p, STR(SB "MSH|^~\\&|EPIC|F|||||SIU^S12|A2|P|7\rPID|||Example^Mary\r" FS "\r"),
             0);
    CHECK(peer_hear(&h, &p, 2), "refused");
    for (int i = 0; mllp_receiver_counts(h.receiver)->recordings < 1 && i < 10000; i++)
        house_turn(&h);
    house_ask(&h, look, &l);
    CHECK(l.recordings.n == 1 && str_eq(l.one.code, STR("HL7_BAD_VERSION")) && l.one.offset == 0,
          "%zu", l.recordings.n);
    CHECK(str_starts(l.one.bytes, STR(FROM("EPIC", "F", "A1") SB "MSH|")) &&
              str_eq(l.one.address, STR("127.0.0.1")),
          "%zu bytes", l.one.bytes.n);
    hl7_masked_write(l.one.bytes, l.one.offset, '\x0b', '\x1c', &shown);
    CHECK(memmem(shown.p, shown.n, "PID|||AAAAAAA^AAAA<CR><FS><CR>", 30) &&
              !memmem(shown.p, shown.n, "Mary", 4),
          "%s", shown.p);
    peer_end(&p);
    arena_reset(&l.a);
    house_end(&h);
    buf_reset(&shown);
}

/* A peer that does nothing but wrong: few recordings of it, however much it says. */
static void test_few_recordings(void)
{
    struct looked l = {0};
    struct house h;
    struct peer p;

    house_build(&h, 0);
    h.set.recorder_bytes = 4096;
    h.set.recordings_most = 3;
    house_open(&h);
    for (int k = 0; k < 10; k++) {
        peer_open(&h, &p);
        for (int i = 0; i < 20; i++)
            peer_say(&h, &p, STR(SB "PID|no message\r" FS "\r\n"), 0);
        CHECK(peer_hear(&h, &p, 20), "answered");
        peer_end(&p);
    }
    house_end_receiver(&h);
    house_ask(&h, look, &l);
    CHECK(l.recordings.n == 3, "%zu are kept", l.recordings.n);
    CHECK(l.recordings.items[0].id <= 20, "%d were written", (int)l.recordings.items[0].id);
    arena_reset(&l.a);
    house_end(&h);
}

/* No randomness: nothing is recorded, and nothing else suffers. */
static void test_no_key(void)
{
    struct house h;
    struct peer p;

    house_build(&h, 0);
    h.set.recorder_bytes = 4096;
    h.no_random = true;
    house_open(&h);
    peer_open(&h, &p);
    peer_say(&h, &p, STR("\n"), 0);
    h.no_random = false;
    peer_say(&h, &p, STR(FROM("A", "F", "A1")), 0);
    CHECK(peer_hear(&h, &p, 1), "answered");
    CHECK(mllp_receiver_counts(h.receiver)->recordings == 0, "nothing");
    peer_end(&p);
    house_end(&h);
}

int main(void)
{
    test_bindings();
    test_notes();
    test_many_notes();
    test_sealed_memory();
    test_ring();
    test_recordings();
    test_few_recordings();
    test_no_key();
    return check_end();
}
