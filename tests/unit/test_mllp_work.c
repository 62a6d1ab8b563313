/* What becomes of messages by agreement with their sender: profiles, numbers, parts, batches, v2.xml and
 * application acknowledgements, as a peer hears it; on both stores. */
#include <sys/socket.h>

#include "check.h"
#include "mllp_house.h"
#include "temp_folder.h"

#define SB     "\x0b"
#define END    "\x1c\r"
#define S(lit) STR_LIT(lit)
#define HEAD   "MSH|^~\\&|APP|FAC|TID|CLIN|20260101||"
#define PID    "PID|1||77^^^HOSP^MR||Lau^Ka Yee\r"
/* A message with that id, MSH-11, MSH-12 and what follows them. */
#define MSG(id, rest) HEAD "SIU^S12|" id "|" rest "\rSCH|1\r" PID
#define ONE(id)       SB MSG(id, "P|2.5.1") END
#define NUM(id, n)    SB MSG(id, "P|2.5.1|" n) END
#define PART(id, from, dsc)                                                                        \
    SB HEAD "ORU^R01|" id "|P|2.5.1||" from "\r" PID "OBX|1|TX|||" id "\r" dsc END
#define WANT(id, accept, application) SB MSG(id, "P|2.5.1|||" accept "|" application) END
#define XML(id, mode)                                                                              \
    SB "<?xml version=\"1.0\"?><SIU_S12 xmlns=\"urn:hl7-org:v2xml\"><MSH><MSH.1>|</MSH.1>"         \
       "<MSH.2>^~\\&amp;</MSH.2><MSH.3><HD.1>APP</HD.1></MSH.3>"                                   \
       "<MSH.9><MSG.1>SIU</MSG.1><MSG.2>S12</MSG.2></MSH.9><MSH.10>" id "</MSH.10>"                \
       "<MSH.11><PT.1>P</PT.1></MSH.11><MSH.12><VID.1>2.5.1</VID.1></MSH.12>" mode                 \
       "</MSH></SIU_S12>" END

/* What is agreed in one talk. */
enum agreed {
    NOTHING,
    ORIGINAL = 1,
    ENHANCED = 2,
    OPTIONAL = 4,
    NO_TESTS = 8,
    STRICT = 16,
    SEQUENCE = 32,
    ERRORS = 64,
    NONE = 128,
    FEW_PARTS = 256,
    FEW_BYTES = 512,
    SMALL_BATCH = 1024,
    ONLY_KNOWN = 2048,
    RETURN = 4096,
    NO_REPLIES = 8192,
};

#define BHS "BHS|^~\\&|APP|FAC|TID|CLIN|||||B7\r"

static const struct {
    const char *name;
    unsigned agreed;
    struct str say;
    const char *hear; /* until the receiver closes */
    int stored;       /* parts included */
    int code;         /* HL7_CODE_NONE: not looked at; else this one was counted */
} talks[] = {
    {"auto", NOTHING, S(WANT("A1", "AL", "NE")), "CA:A1 ", 1, 0},
    {"original, whatever is asked", ORIGINAL, S(WANT("A1", "NE", "NE") WANT("A2", "AL", "AL")),
     "AA:A1 AA:A2 ", 2, 0},
    {"enhanced, though nothing is asked", ENHANCED, S(ONE("A1")), "CA:A1 ", 1, 0},
    {"never at once, always later, here", NOTHING, S(WANT("A1", "NE", "AL")), "AA:A1 ", 1, 0},
    {"never at once, on another channel", RETURN, S(WANT("A1", "NE", "AL") ONE("A2")), "AA:A2 ", 2,
     0},
    {"never at once, and none later", NO_REPLIES, S(WANT("A1", "NE", "AL") ONE("A2")), "AA:A2 ", 2,
     0},
    {"half", NOTHING, S(WANT("A1", "AL", "")), "CA:A1 ", 1, HL7_ACKMODE_HALF},
    {"unknown word", NOTHING, S(WANT("A1", "XX", "")), "AA:A1 ", 1, HL7_ACKMODE_UNKNOWN},
    {"no MSH-11", NOTHING, S(SB MSG("A1", "|2.5.1") END), "AR:A1 ", 0, 0},
    {"no MSH-11, agreed", OPTIONAL, S(SB MSG("A1", "|2.5.1") END), "AA:A1 ", 1, 0},
    {"bad MSH-11, agreed", OPTIONAL, S(SB MSG("A1", "Q|2.5.1") END), "AR:A1 ", 0, 0},
    {"test message", NOTHING, S(SB MSG("A1", "T|2.5.1") END), "AA:A1 ", 1, 0},
    {"test message refused", NO_TESTS, S(SB MSG("A1", "T|2.5.1") END ONE("A2")), "AR:A1 AA:A2 ", 1,
     0},
    {"strict, complete", STRICT, S(ONE("A1")), "AA:A1 ", 1, 0},
    {"strict, no PID-3, no MSH-7", STRICT,
     S(SB "MSH|^~\\&|A|B|C|D|||SIU^S12|A1|P|2.5.1\rPID|1||\r" END), "AE:A1 ", 0, 0},
    {"strict, undecodable", STRICT, S(SB MSG("A1", "P|2.5.1||||||UNICODE UTF-8") "NTE|\xFC\r" END),
     "AE:A1 ", 0, 0},
    {"a stranger", ONLY_KNOWN, S(ONE("A1")), "AR:A1 ", 0, 0},

    {"numbers", SEQUENCE, S(NUM("A1", "5") NUM("A2", "6") NUM("A3", "7.0")),
     "AA:A1#5 AA:A2#6 AA:A3#7 ", 3, 0},
    {"numbers, not agreed", NOTHING, S(NUM("A1", "5") NUM("A2", "9")), "AA:A1 AA:A2 ", 2, 0},
    {"no number", SEQUENCE, S(ONE("A1")), "AA:A1 ", 1, 0},
    {"a gap freezes", SEQUENCE, S(NUM("A1", "5") NUM("A2", "7") NUM("A3", "6") NUM("A4", "6")),
     "AA:A1#5 AE:A2#6 AE:A3#6 AE:A4#6 ", 1, 0},
    {"0 ends a freeze", SEQUENCE,
     S(NUM("A1", "5") NUM("A2", "7") NUM("A3", "0") NUM("A2", "6") NUM("A5", "7")),
     "AA:A1#5 AE:A2#6 AA:A3#6 AA:A2#6 AA:A5#7 ", 4, 0},
    {"0 again with the same id", SEQUENCE, S(NUM("L", "0") NUM("A1", "5") NUM("L", "0")),
     "AA:L#-1 AA:A1#5 AA:L#6 ", 2, 0},
    {"-1", SEQUENCE, S(NUM("A1", "5") NUM("A2", "-1") NUM("A3", "90") NUM("A4", "91")),
     "AA:A1#5 AA:A2#-1 AA:A3#90 AA:A4#91 ", 4, 0},
    {"link start without a body", SEQUENCE, S(SB HEAD "SIU^S12|L|P|2.5.1|0\r" END), "AA:L#-1 ", 1,
     0},
    {"a resend", SEQUENCE, S(NUM("A1", "5") NUM("A1", "5") NUM("A2", "6")),
     "AA:A1#5 AA:A1#5 AA:A2#6 ", 2, 0},
    {"the number again, another message", SEQUENCE, S(NUM("A1", "5") NUM("A2", "5") NUM("A3", "6")),
     "AA:A1#5 AA:A2#6 AA:A3#6 ", 3, 0},
    {"no number at all", SEQUENCE, S(NUM("A1", "5") NUM("A2", "x")), "AA:A1#5 AE:A2#6 ", 1, 0},
    {"numbers, enhanced", SEQUENCE, S(SB MSG("A1", "P|2.5.1|5||AL|NE") END), "CA:A1#5 ", 1, 0},

    {"parts", NOTHING,
     S(PART("A1", "", "DSC|p1\r") PART("A2", "p1", "DSC|p2\r") PART("A3", "p2", "")),
     "AA:A1 AA:A2 AA:A3 ", 3, 0},
    {"parts, each sent again", NOTHING,
     S(PART("A1", "", "DSC|p1\r") PART("A1", "", "DSC|p1\r") PART("A2", "p1", "DSC|p2\r")
           PART("A2", "p1", "DSC|p2\r") PART("A3", "p2", "") PART("A3", "p2", "")
               PART("A2", "p1", "DSC|p2\r")),
     "AA:A1 AA:A1 AA:A2 AA:A2 AA:A3 AA:A3 AA:A2 ", 3, 0},
    {"the same pointer in all parts", NOTHING,
     S(PART("A1", "", "DSC|p\r") PART("A2", "p", "DSC|p\r") PART("A3", "p", "") ONE("A4")),
     "AA:A1 AA:A2 AA:A3 AA:A4 ", 4, 0},
    {"a part without a beginning", NOTHING, S(PART("A2", "p1", "") ONE("A3")), "AA:A2 AA:A3 ", 2,
     0},
    {"too many parts", FEW_PARTS,
     S(PART("A1", "", "DSC|p1\r") PART("A2", "p1", "DSC|p2\r") PART("A3", "p2", "DSC|p3\r")
           ONE("A4")),
     "AA:A1 AA:A2 AE:A3 AA:A4 ", 3, 0},
    {"too many bytes in parts", FEW_BYTES,
     S(PART("A1", "", "DSC|p1\r") PART("A2", "p1", "DSC|p2\r") PART("A3", "p2", "") ONE("A4")),
     "AA:A1 AA:A2 AE:A3 AA:A4 ", 3, 0},
    {"parts that do not fit", NOTHING,
     S(PART("A1", "", "DSC|p1\r") PART("A2", "p1||||UNICODE UTF-8", "") ONE("A3")),
     "AA:A1 AE:A2 AA:A3 ", 2, 0},

    {"a batch", NOTHING,
     S(SB BHS MSG("A1", "P|2.5.1") MSG("A2", "P|2.5.1") "BTS|2\r" END ONE("A3")),
     "[AA:A1 AA:A2 ]2 AA:A3 ", 3, 0},
    {"a batch with a bad one", NOTHING,
     S(SB BHS MSG("A1", "P|2.5.1") MSG("A2", "P|9") MSG("", "P|2.5.1") "BTS|3\r" END),
     "[AA:A1 AR:A2 AE: ]3 ", 1, 0},
    {"a batch, errors only", ERRORS, S(SB BHS MSG("A1", "P|2.5.1") MSG("A2", "P|9") "BTS|2\r" END),
     "[AR:A2 ]1 ", 1, 0},
    {"a good batch, errors only", ERRORS, S(SB BHS MSG("A1", "P|2.5.1") "BTS|1\r" END), "[]0 ", 1,
     0},
    {"a batch, no answer", NONE, S(SB BHS MSG("A1", "P|2.5.1") MSG("A2", "P|9") END ONE("A3")),
     "AA:A3 ", 2, 0},
    {"an empty batch", NOTHING, S(SB BHS "BTS|0\r" END), "[]0 ", 0, 0},
    {"a wrong count", NOTHING, S(SB BHS MSG("A1", "P|2.5.1") "BTS|2\r" END), "[AA:A1 AE:B7 ]2 ", 1,
     HL7_BATCH_COUNT},
    {"duplicates in a batch", NOTHING,
     S(ONE("A1") SB BHS MSG("A1", "P|2.5.1") MSG("A1", "P|2.5.1") "BTS|2\r" END),
     "AA:A1 [AA:A1 AA:A1 ]2 ", 1, 0},
    {"a batch sent again", NOTHING,
     S(SB BHS MSG("A1", "P|2.5.1") "BTS|1\r" END SB BHS MSG("A1", "P|2.5.1") "BTS|1\r" END),
     "[AA:A1 ]1 [AA:A1 ]1 ", 1, 0},
    {"a batch over the limit", SMALL_BATCH,
     S(SB BHS MSG("A1", "P|2.5.1") MSG("A2", "P|2.5.1") MSG("A3", "P|2.5.1") "BTS|3\r" END),
     "AE:B7 ", 0, 0},
    {"numbers in a batch", SEQUENCE,
     S(SB BHS MSG("A1", "P|2.5.1|5") MSG("A2", "P|2.5.1|6") "BTS|2\r" END), "[AA:A1#5 AA:A2#6 ]2 ",
     2, 0},
    {"several without a batch header", NOTHING, S(SB MSG("A1", "P|2.5.1") MSG("A2", "P|2.5.1") END),
     "AA:A1 AA:A2 ", 2, HL7_MULTI_MSH},
    {"several, the second with other separators", NOTHING,
     S(SB MSG("A1",
              "P|2.5.1") "MSH$%~\\&$APP$FAC$TID$CLIN$20260101$$SIU%S12$A2$P$2.5.1\rSCH$1\r" END),
     "AA:A1 AA:A2 ", 2, HL7_MULTI_MSH},
    {"several, behind half a character", NOTHING,
     S(SB MSG("A1", "P|2.5.1||||||BIG-5|x\x81") MSG("A2", "P|2.5.1") END), "AA:A1 AA:A2 ", 2,
     HL7_MULTI_MSH},
    {"in a batch, a line end that only another reader would find", NOTHING,
     S(SB BHS "MSH|^~\\&|APP|FAC|TID|CLIN|20260101||SIU^S12|A1|P|2.5.1||||||BIG-5|x\x81\r"
              "ZZ1|1\n" MSG("A2", "P|2.5.1") "BTS|1\r" END),
     "[AA:A1 ]1 ", 1, 0},

    {"v2.xml", NOTHING, S(XML("A1", "") XML("A2", "<MSH.15>AL</MSH.15>")), "<AA:A1> <CA:A2> ", 2,
     HL7_XML},
    {"v2.xml, a resend", NOTHING, S(XML("A1", "") XML("A1", "")), "<AA:A1> <AA:A1> ", 1, HL7_XML},
    {"not well-formed", NOTHING, S(SB "<SIU_S12><MSH>" END ONE("A2")), "<AE:> AA:A2 ", 1, HL7_XML},
};

static struct str between(struct str all, const char *from, const char *to)
{
    const char *a = memmem(all.p, all.n, from, strlen(from)), *b;

    if (!a)
        return STR("");
    a += strlen(from);
    b = memmem(a, (size_t)(all.p + all.n - a), to, strlen(to));
    return b ? (struct str){a, (size_t)(b - a)} : STR("");
}

static void add_line(struct buf *out, struct str line)
{
    struct str f[6] = {{NULL, 0}};
    char separator = line.n > 3 ? line.p[3] : '|';

    for (int i = 0; i < 6 && line.p; i++)
        f[i] = str_cut(&line, separator);
    if (str_eq(f[0], STR("MSA"))) {
        buf_printf(out, STR_FMT ":" STR_FMT "%s" STR_FMT " ", STR_ARG(f[1]), STR_ARG(f[2]),
                   f[4].n ? "#" : "", (int)f[4].n, f[4].n ? f[4].p : "");
    } else if (str_eq(f[0], STR("BHS"))) {
        buf_add_char(out, '[');
    } else if (str_eq(f[0], STR("BTS"))) {
        buf_printf(out, "]" STR_FMT " ", STR_ARG(f[1]));
    }
}

/* "AA:A1#5 [AA:A2 ]1 <AA:A3> ": code, id and MSA-4 of each answer; a batch with its count; XML. */
static void hear(const struct peer *p, struct buf *out)
{
    struct str all = buf_str(&p->heard);

    while (all.n) {
        struct str frame = str_cut(&all, '\x1c');

        if (frame.n && memmem(frame.p, frame.n, "<ACK", 4)) {
            struct str code = between(frame, "<MSA.1>", "</MSA.1>"),
                       id = between(frame, "<MSA.2>", "</MSA.2>");

            buf_printf(out, "<" STR_FMT ":" STR_FMT "> ", STR_ARG(code), STR_ARG(id));
        }
        while (frame.n && frame.p[0] != '<') {
            struct str line = str_cut(&frame, '\r');

            while (line.n && line.p[0] < ' ')
                line = (struct str){line.p + 1, line.n - 1};
            add_line(out, line);
        }
    }
}

static void agree(struct house *h, unsigned agreed)
{
    struct mllp_profile *p = &h->set.profile;

    p->mode = agreed & ORIGINAL   ? HL7_MODE_ORIGINAL
              : agreed & ENHANCED ? HL7_MODE_ENHANCED
                                  : HL7_MODE_AUTO;
    p->app_ack = agreed & RETURN       ? HL7_APP_RETURN_CHANNEL
                 : agreed & NO_REPLIES ? HL7_APP_OFF
                                       : HL7_APP_SAME_SOCKET;
    p->channel = agreed & RETURN ? "back" : NULL;
    p->processing_optional = agreed & OPTIONAL;
    p->refuse_test = agreed & NO_TESTS;
    p->strict = agreed & STRICT;
    p->sequence = agreed & SEQUENCE;
    p->batch = agreed & ERRORS ? MLLP_BATCH_ERRORS : agreed & NONE ? MLLP_BATCH_NONE : p->batch;
    h->set.only_known = agreed & ONLY_KNOWN;
    if (agreed & FEW_PARTS)
        h->set.parts_most = 2;
    if (agreed & FEW_BYTES)
        h->set.parts_bytes = 300;
    if (agreed & SMALL_BATCH)
        h->set.batch_most = 2;
}

static void check_talk(size_t i, size_t piece, const struct store_ops *ops)
{
    struct buf got = buf_new(65536);
    struct temp_folder folder;
    struct house h;
    struct peer p;

    temp_folder_make(&folder);
    house_build_on(&h, 0, ops, folder.path);
    agree(&h, talks[i].agreed);
    house_open(&h);
    peer_open(&h, &p);
    peer_say(&h, &p, talks[i].say, piece);
    peer_half_close(&p);
    CHECK(peer_hear_end(&h, &p), "%s: closed", talks[i].name);
    hear(&p, &got);
    CHECK(strcmp(got.p ? got.p : "", talks[i].hear) == 0, "%s on %s, by %zu: %s", talks[i].name,
          ops->name, piece, got.p);
    CHECK(house_stored(&h) == talks[i].stored, "%s on %s: %lld stored", talks[i].name, ops->name,
          (long long)house_stored(&h));
    CHECK(!talks[i].code || mllp_receiver_counts(h.receiver)->codes[talks[i].code] > 0, "%s: %s",
          talks[i].name, hl7_code_name((enum hl7_code)talks[i].code));
    peer_end(&p);
    house_end(&h);
    buf_reset(&got);
    temp_folder_remove(&folder);
}

static void test_talks(void)
{
    for
        EACH (i, talks) {
            check_talk(i, 0, &store_memory);
            check_talk(i, 40, &store_memory);
            check_talk(i, 0, &store_sqlite);
        }
}

static void check_heard(struct house *h, struct peer *p, size_t n, const char *what)
{
    struct buf got = buf_new(65536);

    CHECK(peer_hear(h, p, n), "%s: %zu answers", what, peer_count(p));
    hear(p, &got);
    CHECK(strcmp(got.p ? got.p : "", what) == 0, "%s, not %s", got.p, what);
    buf_reset(&got);
}

/* Application acknowledgements on the connection: after mapping, once, by what became of the message. */
static void test_replies(const struct store_ops *ops)
{
    struct temp_folder folder;
    struct house h;
    struct peer p, q;

    temp_folder_make(&folder);
    house_build_on(&h, 0, ops, folder.path);
    house_open(&h);
    peer_open(&h, &p);
    peer_open(&h, &q);
    peer_say(&h, &p, STR(WANT("A1", "AL", "AL") WANT("A2", "AL", "SU") WANT("A3", "AL", "ER")), 0);
    check_heard(&h, &p, 3, "CA:A1 CA:A2 CA:A3 ");
    house_map(&h, STANDING_DROPPED);
    check_heard(&h, &p, 5, "CA:A1 CA:A2 CA:A3 AA:A1 AA:A2 ");
    peer_say(&h, &p, STR(WANT("B1", "AL", "AL") WANT("B2", "AL", "SU") WANT("B3", "AL", "ER")), 0);
    check_heard(&h, &p, 8, "CA:A1 CA:A2 CA:A3 AA:A1 AA:A2 CA:B1 CA:B2 CA:B3 ");
    house_map(&h, STANDING_HELD);
    check_heard(&h, &p, 10, "CA:A1 CA:A2 CA:A3 AA:A1 AA:A2 CA:B1 CA:B2 CA:B3 AE:B1 AE:B3 ");
    mllp_receiver_ring(h.receiver);
    peer_say(&h, &q, STR(WANT("C1", "AL", "AL") WANT("A1", "AL", "AL")), 0);
    check_heard(&h, &q, 3,
                "CA:C1 CA:A1 AA:A1 "); /* it cannot be known who waits: test_mllp_replies */
    house_map(&h, STANDING_REJECTED);
    check_heard(&h, &q, 4, "CA:C1 CA:A1 AA:A1 AR:C1 ");
    CHECK(peer_count(&p) == 10, "each to its own connection");
    CHECK(mllp_receiver_counts(h.receiver)->replies == 6, "counted");
    peer_end(&p);
    peer_end(&q);
    house_end(&h);
    temp_folder_remove(&folder);
}

struct stored {
    struct arena a;
    struct message_list all;
};

static bool take_all(void *ctx, struct store *s, struct err *e)
{
    struct stored *r = ctx;

    return s->ops->take_stored(s, 10, NULL, 0, &r->a, &r->all, e);
}

static struct stored read_stored(struct house *h)
{
    struct stored r = {0};

    house_ask(h, take_all, &r);
    return r;
}

/* A document is stored as it came, and reads like any other message. */
static void test_stored_xml(void)
{
    struct hl7_charset_settings charset = {0};
    struct hl7_limits limits = hl7_limits_default();
    struct hl7_message m;
    struct stored r;
    struct house h;
    struct peer p;
    struct err e = {0};

    house_build(&h, 0);
    house_open(&h);
    peer_open(&h, &p);
    peer_say(&h, &p, STR(XML("X1", "")), 0);
    check_heard(&h, &p, 1, "<AA:X1> ");
    r = read_stored(&h);
    CHECK(r.all.n == 1 && str_starts(r.all.items[0].body, STR("<?xml")), "as it came");
    CHECK(r.all.n == 1 &&
              hl7_message_read(r.all.items[0].body, &charset, &limits, &r.a, NULL, &m, &e) &&
              str_eq(hl7_message_type(&m, &r.a), STR("SIU^S12")),
          "%s", e.text);
    arena_reset(&r.a);
    peer_end(&p);
    house_end(&h);
}

/* The parts of a message, and v2.xml: one reply, naming the first part; in XML. */
static void test_reply_forms(void)
{
    struct house h;
    struct peer p;

    house_build(&h, 0);
    house_open(&h);
    peer_open(&h, &p);
    peer_say(&h, &p,
             STR(SB HEAD "ORU^R01|A1|P|2.5.1|||AL|AL\r" PID "DSC|p1\r" END SB HEAD
                         "ORU^R01|A2|P|2.5.1||p1|AL|AL\rOBX|1\r" END XML(
                             "X1", "<MSH.15>AL</MSH.15><MSH.16>AL</MSH.16>")),
             0);
    check_heard(&h, &p, 3, "CA:A1 CA:A2 <CA:X1> ");
    house_map(&h, STANDING_DROPPED);
    check_heard(&h, &p, 5, "CA:A1 CA:A2 <CA:X1> AA:A1 <AA:X1> ");
    peer_end(&p);
    house_end(&h);
}

struct question {
    int64_t id;
    size_t waiting;
};

static bool count_waiting(void *ctx, struct store *s, struct err *e)
{
    struct question *q = ctx;
    struct outgoing_list rows = {0};
    struct arena a = {0};
    bool ok = s->ops->find_replies(s, &q->id, 1, &a, &rows, e);

    for (size_t i = 0; i < rows.n; i++)
        q->waiting += rows.items[i].state == OUTGOING_WAITING;
    arena_reset(&a);
    return ok;
}

static size_t waiting(struct house *h, int64_t id)
{
    struct question q = {.id = id};

    house_ask(h, count_waiting, &q);
    return q.waiting;
}

/* Its connection is gone: nothing waits for ever. A copy on another connection takes the reply over. */
static void test_reply_gone(const struct store_ops *ops)
{
    struct temp_folder folder;
    struct house h;
    struct peer p, q;

    temp_folder_make(&folder);
    house_build_on(&h, 0, ops, folder.path);
    house_open(&h);
    peer_open(&h, &p);
    peer_say(&h, &p, STR(WANT("A1", "AL", "AL") WANT("A2", "AL", "AL")), 0);
    check_heard(&h, &p, 2, "CA:A1 CA:A2 ");
    peer_end(&p);
    while (mllp_receiver_connections(h.receiver) > 0)
        house_turn(&h);
    peer_open(&h, &q);
    peer_say(&h, &q, STR(WANT("A2", "AL", "AL")), 0);
    check_heard(&h, &q, 1, "CA:A2 ");
    house_map(&h, STANDING_DROPPED);
    check_heard(&h, &q, 2, "CA:A2 AA:A2 ");
    CHECK(waiting(&h, 1) == 0 && waiting(&h, 2) == 0, "neither waits");
    peer_end(&q);
    house_end(&h);
    temp_folder_remove(&folder);
}

/* No more are promised than may wait. */
static void test_reply_room(void)
{
    struct house h;
    struct peer p;

    house_build(&h, 0);
    h.set.replies_most = 2;
    house_open(&h);
    peer_open(&h, &p);
    peer_say(&h, &p,
             STR(WANT("A1", "AL", "AL") WANT("A2", "AL", "ER") WANT("A3", "AL", "AL")
                     WANT("A4", "AL", "AL")),
             0);
    check_heard(&h, &p, 4, "CA:A1 CA:A2 CA:A3 CA:A4 ");
    house_map(&h, STANDING_DROPPED);
    check_heard(&h, &p, 5, "CA:A1 CA:A2 CA:A3 CA:A4 AA:A1 ");
    CHECK(mllp_receiver_counts(h.receiver)->codes[HL7_REPLY_UNPROMISED] == 2,
          "A3 and A4 were not promised");
    peer_end(&p);
    house_end(&h);
}

/* Each call of the store fails once while replies are made: they come all the same, each once. */
static void test_reply_failing(void)
{
    int fired = 0;

    for (int at = 1; at < 12; at++) {
        struct house h;
        struct peer p;

        house_build(&h, 0);
        house_open(&h);
        peer_open(&h, &p);
        peer_say(&h, &p, STR(WANT("A1", "AL", "AL") WANT("A2", "AL", "AL")), 0);
        check_heard(&h, &p, 2, "CA:A1 CA:A2 ");
        h.flaky.calls = 0;
        h.flaky.at = 0;
        house_map(&h, STANDING_DROPPED);
        h.flaky.calls = 0;
        h.flaky.at = at;
        mllp_receiver_ring(h.receiver);
        for (int i = 0; i < 20; i++)
            house_turn(&h);
        fired += h.flaky.fired;
        h.flaky.at = 0;
        mllp_receiver_ring(h.receiver);
        check_heard(&h, &p, 4, "CA:A1 CA:A2 AA:A1 AA:A2 ");
        peer_end(&p);
        house_end(&h);
    }
    CHECK(fired > 0, "calls have failed: %d", fired);
}

static int64_t an_hour_later(const struct clock *c)
{
    (void)c;
    return 1795251600000 + 3600000;
}

/* The rest of a continued message never comes: held by the clock, without anybody's doing. */
static void test_parts_late(void)
{
    struct house h;
    struct peer p;

    house_build(&h, 0);
    h.set.parts_ms = 1;
    house_open(&h);
    peer_open(&h, &p);
    peer_say(&h, &p, STR(PART("A1", "", "DSC|p1\r")), 0);
    check_heard(&h, &p, 1, "AA:A1 ");
    CHECK(house_ledger(&h).pending == 1, "it waits");
    h.clock = (struct clock){an_hour_later};
    peer_say(&h, &p, STR(PART("B1", "", "DSC|q1\r")), 0); /* its own time begins now */
    check_heard(&h, &p, 2, "AA:A1 AA:B1 ");
    for (int n = 0; n < 10000 && house_ledger(&h).held == 0; n++)
        house_turn(&h);
    CHECK(house_ledger(&h).held == 1 && house_ledger(&h).pending == 1, "only the first is held");
    peer_say(&h, &p, STR(PART("A2", "p1", "")), 0);
    check_heard(&h, &p, 3, "AA:A1 AA:B1 AA:A2 ");
    CHECK(house_ledger(&h).held == 2, "what comes too late is held, too");
    peer_end(&p);
    house_end(&h);
}

/* What was joined is one message, with all that its parts brought. */
static void test_joined(const struct store_ops *ops)
{
    struct temp_folder folder;
    struct stored r;
    struct house h;
    struct peer p;

    temp_folder_make(&folder);
    house_build_on(&h, 0, ops, folder.path);
    house_open(&h);
    peer_open(&h, &p);
    peer_say(&h, &p,
             STR(PART("A1", "", "DSC|p1\r") ONE("B1") PART("A2", "p1", "DSC|p2\r") SB HEAD
                 "ORU^R01|A3|P|2.5.1||p2\rOBX|2\r" END),
             0);
    check_heard(&h, &p, 4, "AA:A1 AA:B1 AA:A2 AA:A3 ");
    r = read_stored(&h);
    CHECK(r.all.n == 2, "one message of its own, one of three parts: %zu", r.all.n);
    if (r.all.n == 2) {
        const struct message *m = &r.all.items[1];

        CHECK(str_eq(m->type, STR("ORU^R01")), STR_FMT, STR_ARG(m->type));
        CHECK(m->lane && m->lane == r.all.items[0].lane, "the same patient");
        CHECK(
            memmem(m->body.p, m->body.n, "|||A1", 5) && memmem(m->body.p, m->body.n, "|||A2", 5) &&
                memmem(m->body.p, m->body.n, "OBX|2", 5) && !memmem(m->body.p, m->body.n, "DSC", 3),
            "all parts, and no pointer");
    }
    CHECK(house_ledger(&h).recorded == 2 && house_ledger(&h).pending == 2,
          "the parts are recorded");
    arena_reset(&r.a);
    peer_end(&p);
    house_end(&h);
    temp_folder_remove(&folder);
}

static uint64_t lane_of(const char *pid, size_t n)
{
    struct buf say = buf_new(4096);
    struct stored r;
    struct house h;
    struct peer p;
    uint64_t lane;

    house_build(&h, 0);
    house_open(&h);
    peer_open(&h, &p);
    buf_add(&say, STR(SB HEAD "ADT^A40|A1|P|2.5.1\r"));
    buf_add(&say, (struct str){pid, n});
    buf_add(&say, STR("\r" END));
    peer_say(&h, &p, buf_str(&say), 0);
    CHECK(peer_hear(&h, &p, 1), "%s", pid);
    r = read_stored(&h);
    lane = r.all.n == 1 ? r.all.items[0].lane : 1;
    arena_reset(&r.a);
    peer_end(&p);
    house_end(&h);
    buf_reset(&say);
    return lane;
}

static void test_lanes(void)
{
    static const struct {
        const char *pid;
        int group; /* equal: one lane; 0: none */
    } patients[] = {
        {"PID|1||77^^^HOSP^MR", 1},
        {"PID|2||77^^^HOSP^MR~88^^^OTHER||Lau", 1},
        {"PID|1||77^^^HOSP&1.2&ISO^MR\rMRG|99^^^HOSP", 1},
        {"PID|1||\"\"~77^^^HOSP^MR", 1},
        {"PID|1||77^^^OTHER^MR", 2},
        {"PID|1||77^^^HOSP^PI", 3},
        {"PID|1||78^^^HOSP^MR", 4},
        {"PID|1||55", 5},
        {"PID|1||55^^^FAC", 5},
        {"PID|1|55^^^FAC", 5},
        {"PID|1|||66", 6},
        {"PID|1\rPV1|1||||||||||||||||||V9", 7},
        {"PID|1||\"\"", 0},
        {"PID|1", 0},
        {"ZZZ|1", 0},
    };
    uint64_t lanes[8] = {0};

    for
        EACH (i, patients) {
            uint64_t lane = lane_of(patients[i].pid, strlen(patients[i].pid));
            uint64_t *of = &lanes[patients[i].group];

            CHECK((lane != 0) == (patients[i].group != 0), "%s", patients[i].pid);
            CHECK(*of == 0 || *of == lane, "%s: not the lane of its group", patients[i].pid);
            *of = lane;
        }
    for (int i = 1; i < 8; i++) {
        for (int k = i + 1; k < 8; k++)
            CHECK(lanes[i] != lanes[k], "groups %d and %d", i, k);
    }
}

/* The same message on two connections at once, before either is committed: one event, the same bytes. */
static void test_in_flight(const struct store_ops *ops)
{
    struct temp_folder folder;
    struct house h;
    struct peer p, q;

    temp_folder_make(&folder);
    house_build_on(&h, 0, ops, folder.path);
    house_open(&h);
    peer_open(&h, &p);
    peer_open(&h, &q);
    CHECK(send(p.fd, ONE("A1"), sizeof ONE("A1") - 1, 0) > 0, "sent");
    CHECK(send(q.fd, ONE("A1"), sizeof ONE("A1") - 1, 0) > 0, "sent");
    CHECK(peer_hear(&h, &p, 1) && peer_hear(&h, &q, 1), "both are answered");
    CHECK(str_eq(buf_str(&p.heard), buf_str(&q.heard)), "with the same bytes");
    CHECK(house_stored(&h) == 1 && h.rings == 1, "one event");
    peer_end(&p);
    peer_end(&q);
    house_end(&h);
    temp_folder_remove(&folder);
}

/* Each call of the store fails once while a numbered part of a batch is stored: never a positive answer
 * without the message; all is well when it comes again. */
static void test_failing(struct str say, unsigned agreed, const char *hear_in_the_end, int stored)
{
    bool fired = true;
    int at = 1;

    for (; fired && at < 60; at++) {
        struct buf got = buf_new(65536);
        struct house h;
        struct peer p;

        house_build(&h, at);
        agree(&h, agreed);
        house_open(&h);
        peer_open(&h, &p);
        peer_say(&h, &p, say, 0);
        peer_half_close(&p);
        CHECK(peer_hear_end(&h, &p), "call %d: closed", at);
        fired = h.flaky.fired;
        h.flaky.at = 0;
        peer_end(&p);
        peer_open(&h, &p);
        peer_say(&h, &p, say, 0);
        peer_half_close(&p);
        CHECK(peer_hear_end(&h, &p), "call %d: closed", at);
        hear(&p, &got);
        CHECK(strcmp(got.p ? got.p : "", hear_in_the_end) == 0, "call %d: %s", at, got.p);
        CHECK(house_stored(&h) == stored, "call %d: %lld stored", at, (long long)house_stored(&h));
        peer_end(&p);
        house_end(&h);
        buf_reset(&got);
    }
    CHECK(at > 5 && !fired, "all calls have failed: %d", at);
}

int main(void)
{
    static const struct store_ops *const both[] = {&store_memory, &store_sqlite};

    test_talks();
    for
        EACH (i, both) {
            test_replies(both[i]);
            test_reply_gone(both[i]);
            test_joined(both[i]);
            test_in_flight(both[i]);
        }
    test_stored_xml();
    test_reply_forms();
    test_reply_room();
    test_reply_failing();
    test_parts_late();
    test_lanes();
    test_failing(STR(SB BHS MSG("A1", "P|2.5.1") MSG("A2", "P|2.5.1") "BTS|2\r" END), NOTHING,
                 "[AA:A1 AA:A2 ]2 ", 2);
    test_failing(STR(PART("A1", "", "DSC|p1\r") PART("A2", "p1", "")), NOTHING, "AA:A1 AA:A2 ", 2);
    return check_end();
}
