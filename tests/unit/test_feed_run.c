/* The interpreter on a small tenant: scope, carrying, guards, ceilings, bounds, and that fields above a
 * template's ceiling never show in what leaves. */
#include <stdlib.h>

#include "../../src/feed/model.h"
#include "base/buf.h"
#include "check.h"
#include "feed/explain.h"
#include "feed/feed.h"
#include "feed/test.h"
#include "tenant.h"

enum { RECEIVED_MS = 1000000000 };

/* ---- what came of a message, as one line ---- */

static const char *kind_name(enum feed_outcome_kind k)
{
    static const char *const names[] = {"?", "send", "recorded", "drop", "hold", "reject"};

    return names[k];
}

static void add_outcome(struct buf *b, const struct feed_outcome *o)
{
    buf_printf(b, "%s%s", b->n ? "; " : "", kind_name(o->kind));
    if (o->reason.n)
        buf_printf(b, " " STR_FMT, STR_ARG(o->reason));
    for (size_t i = 0; o->emits && i < o->event.n_slots; i++) {
        const struct slot *s = &o->event.slots[i];

        if (!str_starts(s->value, STR("pk_")))
            buf_printf(b, " " STR_FMT "=" STR_FMT, STR_ARG(s->name), STR_ARG(s->value));
    }
    if (o->kind == FEED_SEND)
        buf_printf(b, " %s " STR_FMT " to " STR_FMT, o->template->key, STR_ARG(o->language),
                   STR_ARG(o->to));
    for (size_t i = 0; i < o->n_warnings; i++)
        buf_printf(b, " (" STR_FMT ")", STR_ARG(o->warnings[i]));
}

/* Evaluates; the line in `a`, or "error". */
static struct str run(const struct feed *f, const char *message, const struct feed_memory *memory,
                      struct arena *a, struct feed_result *r)
{
    const struct feed_input in = {.kind = message[0] == '{' ? MESSAGE_FHIR : MESSAGE_HL7,
                                  .body = str_of(message),
                                  .received_ms = RECEIVED_MS,
                                  .key = STR("tidings-test-key"),
                                  .memory = memory};
    struct buf b = buf_new(1 << 20);
    struct str line;
    struct err e;

    if (!feed_eval(f, &in, a, r, &e))
        return STR("error");
    for (size_t i = 0; i < r->n; i++)
        add_outcome(&b, &r->outcomes[i]);
    line = arena_copy(a, buf_str(&b));
    buf_reset(&b);
    return line;
}

static struct feed *load(const struct tenant *t, const char *find, const char *put)
{
    struct arena a = {0};
    struct findings all;
    struct feed *f;

    if (find) {
        char *text = tenant_replace(tenant_text("feed.yaml"), find, put);
        tenant_write(t, "feed.yaml", text);
        free(text);
    }
    f = feed_load(t->feed, &a, &all);
    CHECK(f != NULL, "the feed does not load");
    for (size_t i = 0; !f && i < all.n; i++)
        finding_print(&all.items[i], stdout);
    arena_reset(&a);
    if (!f)
        exit(1);
    return f;
}

#define MSH_SIU                                                                                    \
    "MSH|^~\\&|EPIC|KH|T|N|20250301081500+0800||SIU^S12|M1|P|2.5.1\n"                              \
    "SCH|A1|F1|||||||||^^^20250304093000\n"
#define MSH_ORU "MSH|^~\\&|LAB|KH|T|N|20250302101500+0800||ORU^R01|M2|P|2.5.1\n"
#define PID_A   "PID|1||MRN1^^^KH^MR||||||||||0912-345-678^PRN^CP||zho\n"
#define PID_B   "PID|2||MRN2^^^KH^MR||||||||||02-2123-4567^PRN^CP||eng\n"
#define OBR_OK  "OBR|1|P1|F1|58410-2|||||||||||||||||||||F\n"
#define OBR_HIV "OBR|2|P2|F2|7917-8|||||||||||||||||||||F\n"
#define SENT_A  "phone=+886912345678 language=zh-TW site=KH"
#define SENT_B  "phone=+886221234567 language=en site=KH"
#define START   " status=booked start=2025-03-04T09:30:00+08:00[Asia/Taipei]"
#define VISIT_A "send " SENT_A START " visit zh_TW to +886912345678"

#define BOOKING_RULE "    on: {hl7: [SIU^S12, SIU^S15], fhir: Appointment}\n"
#define BOOKING_UNLESS_NOTED                                                                       \
    BOOKING_RULE                                                                                   \
    "    only_if: {hl7: \"not NTE-3 in (stop)\", fhir: \"true\", else: drop(noted)}\n"

static const struct {
    const char *name;
    const char *find, *put; /* in feed.yaml; NULL: as it is */
    const char *message;
    const char *wanted;
} cases[] = {
    {"booking", NULL, NULL, MSH_SIU PID_A "RGS|1\nAIL|1||KH\n", VISIT_A},
    {"no PID: one empty patient", NULL, NULL, MSH_SIU, "reject no medical record number"},
    {"two patients do not mix", NULL, NULL, MSH_ORU PID_A OBR_OK PID_B OBR_OK,
     "send " SENT_A " state=ready result zh_TW to +886912345678; "
     "send " SENT_B " state=ready result en to +886221234567"},
    {"a patient without a phone does not get the other's", NULL, NULL,
     MSH_ORU PID_A OBR_OK "PID|2||MRN2^^^KH^MR\n" OBR_OK,
     "send " SENT_A " state=ready result zh_TW to +886912345678; drop no usable phone"},
    {"two patients of one appointment", NULL, NULL, MSH_SIU PID_A PID_B "RGS|1\nAIL|1||KH\n",
     VISIT_A "; send " SENT_B START " visit en to +886221234567"},
    {"orders are decided apart", NULL, NULL, MSH_ORU PID_A OBR_HIV "ORC|RE\n" OBR_OK,
     "hold needs clinician release; send " SENT_A " state=ready result zh_TW to +886912345678"},
    {"no order, no instance", NULL, NULL, MSH_ORU PID_A "NTE|1\n", ""},
    {"an order without OBX does not see the next one's", "OBR-25 in (F, C)", "any(OBX-11) in (F)",
     MSH_ORU PID_A OBR_OK OBR_OK "OBX|1|NM|1||1||||||F\n",
     "drop not final; send " SENT_A " state=ready result zh_TW to +886912345678"},
    {"ORC before an order is the order's", "OBR-25 in (F, C)", "ORC-1 in (RE)",
     MSH_ORU PID_A "ORC|RE\n" OBR_OK OBR_OK,
     "send " SENT_A " state=ready result zh_TW to +886912345678; drop not final"},
    {"each AIS: own time, own place, else the message's", "    emit: appointment/1\n",
     "    each: {hl7: AIS}\n    emit: appointment/1\n",
     "MSH|^~\\&|E|KH|||20250301081500+0800||SIU^S12|M1|P|2.5.1\nSCH|A1|F1\n" PID_A
     "RGS|1\nAIS|1||X|202503040930\nAIS|2||X|202503041030\nAIL|1||LION\n",
     VISIT_A "; drop no usable phone"},
    {"a note on a service is no note on the appointment", BOOKING_RULE, BOOKING_UNLESS_NOTED,
     MSH_SIU PID_A "RGS|1\nAIS|1||X\nNTE|1||stop\nAIL|1||KH\nNTE|1||stop\n", VISIT_A},
    {"a note on the appointment", BOOKING_RULE, BOOKING_UNLESS_NOTED,
     MSH_SIU "NTE|1||stop\n" PID_A "RGS|1\nAIS|1||X\nAIL|1||KH\n", "drop noted"},
    {"each AIS: the notes of its own service only", BOOKING_RULE,
     BOOKING_UNLESS_NOTED "    each: {hl7: AIS}\n",
     MSH_SIU PID_A "RGS|1\nAIS|1||X\nNTE|1||stop\nAIS|2||Y\nAIL|1||KH\nNTE|1||stop\n",
     "drop noted; " VISIT_A},
    {"a number that the sender cut short is none", NULL, NULL,
     "MSH|^~\\&#|EPIC|KH|T|N|20250301081500+0800||SIU^S12|M1|P|2.7\n"
     "SCH|A1|F1|||||||||^^^20250304093000\n"
     "PID|1||MRN1^^^KH^MR||||||||||0912-345-678#^PRN^CP||zho\n",
     "drop no usable phone"},
    {"nor is one with a piece cut short", NULL, NULL,
     "MSH|^~\\&#|EPIC|KH|T|N|20250301081500+0800||SIU^S12|M1|P|2.7\n"
     "SCH|A1|F1|||||||||^^^20250304093000\n"
     "PID|1||MRN1^^^KH^MR||||||||||^PRN^CP^^886^912#^345678||zho\n",
     "drop no usable phone"},
    {"a remark of it cut short leaves the number", NULL, NULL,
     "MSH|^~\\&#|EPIC|KH|T|N|20250301081500+0800||SIU^S12|M1|P|2.7\n"
     "SCH|A1|F1|||||||||^^^20250304093000\n"
     "PID|1||MRN1^^^KH^MR||||||||||0912-345-678^PRN^CP^a@b#^^^^^work#||zho\n",
     VISIT_A},
    {"a condition never matches what was cut short", "OBR-25 in (F, C)",
     "OBR-20 in (yes, \\\"yes#\\\")",
     "MSH|^~\\&#|LAB|KH|T|N|20250302101500+0800||ORU^R01|M2|P|2.7\n" PID_A
     "OBR|1|P1|F1|58410-2||||||||||||||||yes#\n",
     "drop not final"},
    {"orders of two patients in one message", NULL, NULL, MSH_ORU PID_A OBR_HIV PID_B OBR_OK,
     "hold needs clinician release; send " SENT_B " state=ready result en to +886221234567"},
    {"no code is not ordinary", NULL, NULL,
     MSH_ORU PID_A "OBR|1|P1|F1|"
                   "|||||||||||||||||||||F\n",
     "hold needs clinician release"},
    {"a code beside an ordinary one", "{key: OBR-4.1, ordinary",
     "{key: [OBR-4.1, OBR-4.4], ordinary",
     MSH_ORU PID_A "OBR|1|P1|F1|58410-2^^^7917-8|||||||||||||||||||||F\n",
     "hold needs clinician release"},
    {"a group of triggers", "[SIU^S12, SIU^S15]", "[appointment.cancelled, appointment.booked]",
     MSH_SIU PID_A "RGS|1\nAIL|1||KH\n", VISIT_A},
    {"a trigger of no group named", "[SIU^S12, SIU^S15]", "[appointment.cancelled]",
     MSH_SIU PID_A "RGS|1\nAIL|1||KH\n", ""},
    {"a standard place, in its order", "hl7: [SCH-11.4, AIS-4]", "hl7: standard.appointment.start",
     "MSH|^~\\&|E|KH|||20250301081500+0800||SIU^S12|M1|P|2.5.1\nSCH|A1|F1\nTQ1|1||||||"
     "202503040930\n" PID_A "RGS|1\nAIS|1||X|202503041030\nAIL|1||KH\n",
     VISIT_A " (start disagrees: TQ1-7=2025-03-04T09:30:00+08:00[Asia/Taipei], "
             "AIS-4=2025-03-04T10:30:00+08:00[Asia/Taipei])"},
    {"a sender's own place before the standard one", "hl7: [SCH-2.1, SCH-1.1]",
     "hl7: [PV1-19.1, standard.appointment.key]", MSH_SIU PID_A "RGS|1\nAIL|1||KH\n", VISIT_A},
    {"trigger nobody reads", NULL, NULL, "MSH|^~\\&|E|KH|||20250301||ADT^A01|M1|P|2.5.1\n" PID_A,
     ""},
    {"test message", NULL, NULL,
     "MSH|^~\\&|E|KH|||20250301081500+0800||SIU^S12|M1|T|2.5.1\n"
     "SCH|A1|F1|||||||||^^^20250304093000\n" PID_A,
     "recorded test message " SENT_A START},
    {"no template for it", NULL, NULL,
     "MSH|^~\\&|E|KH|||20250301081500+0800||SIU^S15|M1|P|2.5.1\n"
     "SCH|A1|F1|||||||||^^^20250304093000\n" PID_A,
     "recorded " SENT_A " status=cancelled start=2025-03-04T09:30:00+08:00[Asia/Taipei]"},
    {"two starts that differ: warn", NULL, NULL, MSH_SIU PID_A "RGS|1\nAIS|1||X|20250304103000\n",
     VISIT_A " (start disagrees: SCH-11.4=2025-03-04T09:30:00+08:00[Asia/Taipei], "
             "AIS-4=2025-03-04T10:30:00+08:00[Asia/Taipei])"},
    {"two starts that differ: hold", "agree: warn", "agree: hold(two starts)",
     MSH_SIU PID_A "RGS|1\nAIS|1||X|20250304103000\n", "hold two starts"},
    {"two starts that agree", "agree: warn", "agree: reject(two starts)",
     MSH_SIU PID_A "RGS|1\nAIS|1||X|202503040930\n", VISIT_A},
    {"unlisted code", "{key: MSH-9.2, table: status}", "{key: SCH-25.1, table: status}",
     MSH_SIU PID_A, "hold unmapped status"},
    {"message offset differs", NULL, NULL,
     "MSH|^~\\&|E|KH|||20250301081500+0100||SIU^S12|M1|P|2.5.1\n"
     "SCH|A1|F1|||||||||^^^20250304093000\n" PID_A,
     VISIT_A " (message offset differs)"},
    {"the language falls back to the site's", NULL, NULL,
     MSH_SIU "PID|1||MRN1^^^KH^MR||||||||||0912-345-678^PRN^CP||xyz\n", VISIT_A},
    {"not a message", NULL, NULL, "hello", "error"},
    {"FHIR: other type", NULL, NULL, "{\"resourceType\":\"Patient\",\"id\":\"p\"}", ""},
    {"FHIR: no patient", NULL, NULL,
     "{\"resourceType\":\"Appointment\",\"status\":\"booked\",\"identifier\":[{\"value\":\"1\"}]}",
     "reject no medical record number"},
    {"FHIR: not JSON", NULL, NULL, "{\"resourceType\"", "error"},
};

static void test_cases(void)
{
    for
        EACH (i, cases) {
            struct tenant t;
            struct arena a = {0};
            struct feed_result r;
            struct feed *f;
            struct str got;

            tenant_make(&t);
            f = load(&t, cases[i].find, cases[i].put);
            got = run(f, cases[i].message, NULL, &a, &r);
            CHECK(str_eq(got, str_of(cases[i].wanted)), "%s:\n  want %s\n  got  " STR_FMT,
                  cases[i].name, cases[i].wanted, STR_ARG(got));
            feed_free(f);
            arena_reset(&a);
            tenant_remove(&t);
        }
}

/* ---- carried slots ---- */

struct stored { /* a memory that knows one event, and the patient's record */
    struct event event, record;
    bool broken;
    int asked;
};

static bool find_stored(void *ctx, struct str event_type, struct str unit_key, struct arena *a,
                        struct event *out, bool *found, struct err *e)
{
    struct stored *s = ctx;

    (void)a;
    CHECK(str_starts(unit_key, STR("pk_")), "the unit key comes first");
    s->asked++;
    if (s->broken)
        return err_set(e, ERR_BUSY, 0, "the store is away");
    *out = str_eq(event_type, STR("patient/1")) ? s->record : s->event;
    *found = out->n_slots > 0;
    return true;
}

#define BARE(type, pid13)                                                                          \
    "MSH|^~\\&|E|KH|||20250301081500+0800||SIU^" type "|M1|P|2.5.1\nSCH|A1|F1\n"                   \
    "PID|1||MRN1^^^KH^MR||||||||||" pid13 "||zho\n"

static const struct {
    const char *name, *message, *wanted;
} carried[] = {
    {"empty: carried", BARE("S12", ""),
     "send phone=+886221234567 language=zh-TW site=KH status=booked"
     " start=2025-03-09T10:00:00+08:00[Asia/Taipei] visit zh_TW to +886221234567"},
    {"deleted: not carried", BARE("S12", "\"\""), "drop no usable phone"},
    {"unusable: not carried", BARE("S12", "ask mother^PRN^CP"), "drop no usable phone"},
    {"nothing but the appointment",
     "MSH|^~\\&|E|KH|||20250301081500+0800||SIU^S15|M1|P|2.5.1\nSCH|A1|F1\n",
     "recorded phone=+886221234567 language=en site=KH status=cancelled"
     " start=2025-03-09T10:00:00+08:00[Asia/Taipei]"},
    {"booked again at another time: moved", MSH_SIU PID_A,
     "send " SENT_A " status=moved start=2025-03-04T09:30:00+08:00[Asia/Taipei]"
     " visit zh_TW to +886912345678"},
};

/* What the feed makes of MRN1. */
static struct str key_of_patient(struct feed *f, struct arena *a)
{
    struct feed_result r;

    (void)run(f, MSH_SIU PID_A, NULL, a, &r);
    return r.n ? event_value(&r.outcomes[0].event, "patient_key") : STR("");
}

/* The patient's own record is newer or older than what is carried or said; the numbers are times. */
static const struct {
    const char *name, *message, *event_ms, *record_ms, *phone, *wanted_phone; /* absent: dropped */
} personal[] = {
    {"carried, the record is newer", BARE("S12", ""), "100", "200", "+886912000111",
     "+886912000111"},
    {"carried, the record is older", BARE("S12", ""), "200", "100", "+886912000111",
     "+886221234567"},
    {"carried, both at once", BARE("S12", ""), "100", "100", "+886912000111", "+886912000111"},
    {"carried, and deleted since", BARE("S12", ""), "100", "200", "", NULL},
    {"carried, and deleted before", BARE("S12", ""), "200", "100", "", "+886221234567"},
    {"said in a message written before the record", BARE("S12", "0912-345-678^PRN^CP"), "100",
     "9999999999999", "+886912000111", "+886912000111"},
    {"said in a message written after the record", BARE("S12", "0912-345-678^PRN^CP"), "100", "200",
     "+886912000111", "+886912345678"},
    {"said before the record was deleted", BARE("S12", "0912-345-678^PRN^CP"), "100",
     "9999999999999", "", NULL},
};

static void test_personal(void)
{
    struct slot slots[] = {
        {STR("patient_key"), STR(""), STR("MRN1"), CLASS_IDENTIFIER},
        {STR("phone"), STR("+886221234567"), {NULL, 0}, CLASS_CONTACT},
        {STR("phone_ms"), STR(""), {NULL, 0}, CLASS_LOGISTICS},
        {STR("start"), STR("2025-03-09T10:00:00+08:00[Asia/Taipei]"), {NULL, 0}, CLASS_LOGISTICS},
    };
    struct slot own[] = {
        {STR("phone"), STR(""), {NULL, 0}, CLASS_CONTACT},
        {STR("phone_ms"), STR(""), {NULL, 0}, CLASS_LOGISTICS},
    };
    struct stored s = {.event = {STR("appointment/1"), STR("pk_x"), slots, 4},
                       .record = {STR("patient/1"), STR("pk_p"), own, 2}};
    const struct feed_memory memory = {find_stored, &s};
    struct arena a = {0};
    struct feed_result r;
    struct tenant t;
    struct feed *f;

    tenant_make(&t);
    f = load(&t, NULL, NULL);
    slots[0].value = key_of_patient(f, &a);
    for
        EACH (i, personal) {
            struct str want = str_of(personal[i].wanted_phone ? personal[i].wanted_phone : "");
            struct str got;

            slots[2].value = str_of(personal[i].event_ms);
            own[0].value = str_of(personal[i].phone);
            own[1].value = str_of(personal[i].record_ms);
            got = run(f, personal[i].message, &memory, &a, &r);
            CHECK(r.n == 1 && str_eq(r.outcomes[0].to, want) &&
                      (want.n || r.outcomes[0].kind == FEED_DROP),
                  "%s: " STR_FMT, personal[i].name, STR_ARG(got));
        }
    CHECK(!r.outcomes[0].log_site.p, "no policy asks for the site");
    slots[0].value = STR("pk_ffffffffffffffffffffffffffffffff");
    s.record.n_slots = 0;
    (void)run(f, BARE("S12", ""), &memory, &a, &r);
    CHECK(r.n == 1 && r.outcomes[0].kind == FEED_DROP,
          "the number of another patient of the appointment is not carried");
    feed_free(f);
    arena_reset(&a);
    tenant_remove(&t);
}

/* `log: [site]` of the policy. */
static void test_log(void)
{
    struct arena a = {0};
    struct feed_result r;
    struct findings all;
    struct tenant t;
    struct feed *f;
    char *text;

    tenant_make(&t);
    text = tenant_replace(tenant_text("policy.yaml"), "declare:\n", "log: [site]\ndeclare:\n");
    tenant_write(&t, "policy.yaml", text);
    free(text);
    f = feed_load(t.feed, &a, &all);
    CHECK(f, "a policy may name the site");
    if (f)
        (void)run(f, MSH_SIU PID_A, NULL, &a, &r);
    CHECK(f && r.n == 1 && str_eq(r.outcomes[0].log_site, STR("KH")), "the site code, for the log");
    feed_free(f);
    arena_reset(&a);
    tenant_remove(&t);
}

static void test_carried(void)
{
    struct slot slots[] = {
        {STR("patient_key"), STR("pk_0123456789abcdef0123456789abcdef"), STR("MRN1"),
         CLASS_IDENTIFIER},
        {STR("phone"), STR("+886221234567"), {NULL, 0}, CLASS_CONTACT},
        {STR("language"), STR("en"), {NULL, 0}, CLASS_PREFERENCE},
        {STR("start"), STR("2025-03-09T10:00:00+08:00[Asia/Taipei]"), {NULL, 0}, CLASS_LOGISTICS},
    };
    struct stored s = {.event = {STR("appointment/1"), STR("pk_x"), slots, 4}};
    const struct feed_memory memory = {find_stored, &s};
    struct arena a = {0};
    struct feed_result r;
    struct tenant t;
    struct feed *f;
    struct str got;

    tenant_make(&t);
    f = load(&t, NULL, NULL);
    slots[0].value = key_of_patient(f, &a);
    for
        EACH (i, carried) {
            got = run(f, carried[i].message, &memory, &a, &r);
            CHECK(str_eq(got, str_of(carried[i].wanted)), "%s:\n  want %s\n  got  " STR_FMT,
                  carried[i].name, carried[i].wanted, STR_ARG(got));
        }
    CHECK(s.asked > 0, "nothing was looked up");
    slots[1].class = CLASS_CLINICAL;
    got = run(f, BARE("S12", ""), &memory, &a, &r);
    CHECK(str_eq(got, STR("hold class above the ceiling of a slot")), STR_FMT, STR_ARG(got));
    s.broken = true;
    CHECK(str_eq(run(f, BARE("S12", ""), &memory, &a, &r), STR("error")), "a store that is away");
    feed_free(f);
    arena_reset(&a);
    tenant_remove(&t);
}

/* ---- bounds ---- */

/* `n` times `line` behind `head`; malloc'ed. */
static char *repeated(const char *head, const char *line, int n)
{
    size_t size = strlen(head) + strlen(line) * (size_t)n + 1;
    char *text = malloc(size), *end = text + strlen(head);

    memcpy(text, head, strlen(head) + 1);
    for (int i = 0; i < n; i++, end += strlen(line))
        memcpy(end, line, strlen(line) + 1);
    return text;
}

static void test_bounds(void)
{
    static const struct {
        const char *head, *line;
        int n;
        size_t outcomes;
        const char *last; /* reason */
    } bounds[] = {
        {MSH_ORU PID_A, OBR_HIV, 1000, 1000, "needs clinician release"},
        {MSH_ORU PID_A, OBR_HIV, 1001, 1, "message too large"},
        {MSH_ORU PID_A, "NTE|1\n", 5001, 1, "message too large"},
        {MSH_SIU "PID|1||MRN1^^^KH^MR||||||||||", "x~", 1200, 1, "message too large"},
    };
    struct tenant t;
    struct feed *f;

    tenant_make(&t);
    f = load(&t, NULL, NULL);
    for
        EACH (i, bounds) {
            struct arena a = {0};
            struct feed_result r;
            char *text = repeated(bounds[i].head, bounds[i].line, bounds[i].n);

            run(f, text, NULL, &a, &r);
            CHECK(r.n == bounds[i].outcomes, "row %zu: %zu outcomes", i, r.n);
            if (r.n)
                CHECK(str_eq(r.outcomes[r.n - 1].reason, str_of(bounds[i].last)),
                      "row %zu: " STR_FMT, i, STR_ARG(r.outcomes[r.n - 1].reason));
            arena_reset(&a);
            free(text);
        }
    feed_free(f);
    tenant_remove(&t);
}

/* What is held whole can still be explained. */
static void test_explain_too_large(void)
{
    char *text = repeated(MSH_ORU PID_A, OBR_HIV, 1001);
    const struct feed_input in = {.kind = MESSAGE_HL7, .body = str_of(text), .key = STR("k")};
    struct buf b = buf_new(1 << 16);
    struct tenant t;
    struct feed *f;
    struct err e;

    tenant_make(&t);
    f = load(&t, NULL, NULL);
    CHECK(feed_explain_text(f, &in, false, &b, &e), "%s", e.text);
    CHECK(strstr(b.p, "hold") && strstr(b.p, "message too large"), "%s", b.p);
    feed_free(f);
    tenant_remove(&t);
    buf_reset(&b);
    free(text);
}

/* 60 orders, each with 1,000 numbers that do not convert: the tries of one message have an end. */
static void test_tries(void)
{
    struct tenant t;
    struct arena a = {0};
    struct feed_result r;
    char *patient = repeated(MSH_ORU "PID|1||MRN1^^^KH^MR||||||||||", "ask^PRN^CP~", 999);
    char *line = malloc(strlen(patient) + 16), *text;
    struct feed *f;

    sprintf(line, "%s\n", patient);
    text = repeated(line, OBR_OK, 60);
    tenant_make(&t);
    f = load(&t, NULL, NULL);
    run(f, text, NULL, &a, &r);
    CHECK(r.n == 60, "%zu", r.n);
    CHECK(str_eq(r.outcomes[0].reason, STR("no usable phone")), STR_FMT,
          STR_ARG(r.outcomes[0].reason));
    CHECK(str_eq(r.outcomes[59].reason, STR("message too large")), STR_FMT,
          STR_ARG(r.outcomes[59].reason));
    feed_free(f);
    arena_reset(&a);
    tenant_remove(&t);
    free(patient);
    free(line);
    free(text);
}

/* ---- times, windows, overlays ---- */

static void test_result_members(void)
{
    struct tenant t;
    struct arena a = {0};
    struct feed_result r;
    struct feed *f;

    tenant_make(&t);
    f = load(&t, NULL, NULL);
    run(f, MSH_SIU PID_A, NULL, &a, &r);
    CHECK(str_eq(r.type, STR("SIU^S12")) && !r.test, STR_FMT, STR_ARG(r.type));
    CHECK(r.message_ms == 1740788100000, "%lld", (long long)r.message_ms);
    CHECK(r.outcomes[0].stale_ms == 1741051800000, "%lld", (long long)r.outcomes[0].stale_ms);
    CHECK(r.outcomes[0].coalesce_ms == 900000, "%lld", (long long)r.outcomes[0].coalesce_ms);
    CHECK(str_eq(r.outcomes[0].coalesce_by, event_value(&r.outcomes[0].event, "patient_key")),
          "coalesce by");
    CHECK(str_eq(event_slot(&r.outcomes[0].event, STR("visit_key"))->raw, STR("F1")), "raw key");
    CHECK(str_eq(r.outcomes[0].text, STR("您在北院門診的預約有更新。")), STR_FMT,
          STR_ARG(r.outcomes[0].text));
    run(f, "MSH|^~\\&|L|KH|||20250302101500||ORU^R01|M|P|2.5.1\n" PID_A OBR_OK, NULL, &a, &r);
    CHECK(r.message_ms == RECEIVED_MS, "%lld", (long long)r.message_ms);
    CHECK(r.outcomes[0].stale_ms == 1740881700000 + 7 * 86400000LL, "%lld",
          (long long)r.outcomes[0].stale_ms);
    CHECK(r.outcomes[0].coalesce_ms == 0, "no window");
    feed_free(f);
    arena_reset(&a);
    tenant_remove(&t);
}

static void test_overlays(void)
{
    struct tenant t;
    struct arena a = {0};
    struct feed_result r;
    struct feed *f;
    struct str got;

    tenant_make(&t);
    tenant_write(&t, "overlays/lion.yaml",
                 "overlay:\n  of: small\n  for: {hl7: MSH-4.1 in (LION), fhir: \"Appointment."
                 "participant.actor.reference.where(startsWith('Location/')).exists()\"}\n"
                 "values: {phone: {hl7: [ZPI-4], else: drop(no ZPI)}}\n");
    tenant_write(
        &t, "overlays/second.yaml",
        "overlay:\n  of: small\n  for: {fhir: \"Appointment."
        "participant.actor.reference.where(startsWith('Location/')).select(endsWith('X1'))\"}\n"
        "values: {phone: {else: drop(second)}}\n");
    f = load(&t, NULL, NULL);
    got = run(f,
              "MSH|^~\\&|E|LION|||20250301081500+0800||SIU^S12|M1|P|2.5.1\nSCH|A1|F1\n" PID_A
              "ZPI|1|||+6581234567\n",
              NULL, &a, &r);
    CHECK(str_starts(got, STR("hold no start time")), STR_FMT, STR_ARG(got));
    got = run(f, "MSH|^~\\&|E|LION|||20250301081500+0800||SIU^S12|M1|P|2.5.1\nSCH|A1|F1\n" PID_A,
              NULL, &a, &r);
    CHECK(str_eq(got, STR("drop no ZPI")), STR_FMT, STR_ARG(got));
    got = run(f,
              "{\"resourceType\":\"Appointment\",\"participant\":[{\"actor\":"
              "{\"reference\":\"Location/X1\"}}]}",
              NULL, &a, &r);
    CHECK(str_eq(got, STR("hold two overlays match")), STR_FMT, STR_ARG(got));
    feed_free(f);
    arena_reset(&a);
    tenant_remove(&t);
}

/* ---- what may not show ---- */

/* A message in whose fields above `preference` other things stand leads to the same template, language and
 * text (docs/feed-language.md, section 13.4). */
static void test_non_interference(void)
{
    static const struct {
        const char *find, *put;
    } changes[] = {
        {"PID|1||MRN1^^^KH^MR||", "PID|1||MRN1^^^KH^MR||Wang^Test"},
        {"|||||||||0912-345-678", "||19991231|F||||||0912-345-678"},
        {"MRN1", "MRN777"},
        {"0912-345-678", "02-2123-4567"},
        {"OBX|1|NM|1||1", "OBX|1|ST|HIV||positive, call now"},
        {"NTE|1", "NTE|1|L|a note about the patient"},
        {"ZZZ|1", "ZZZ|1|secret"},
        {"OBR|1|P1", "OBR|1|P99"},
    };
    static const char message[] = MSH_ORU PID_A OBR_OK "OBX|1|NM|1||1\nNTE|1\nZZZ|1\n";
    struct tenant t;
    struct arena a = {0};
    struct feed_result plain, other;
    struct feed *f;

    tenant_make(&t);
    f = load(&t, NULL, NULL);
    run(f, message, NULL, &a, &plain);
    CHECK(plain.n == 1 && plain.outcomes[0].kind == FEED_SEND, "the plain one is sent");
    for
        EACH (i, changes) {
            char *changed = tenant_replace(message, changes[i].find, changes[i].put);
            const struct feed_outcome *x = &plain.outcomes[0], *y;

            run(f, changed, NULL, &a, &other);
            y = &other.outcomes[0];
            CHECK(other.n == 1 && y->kind == FEED_SEND, "%s", changes[i].put);
            if (other.n == 1 && y->kind == FEED_SEND)
                CHECK(x->template == y->template && str_eq(x->language, y->language) &&
                          str_eq(x->text, y->text) && x->n_params == y->n_params &&
                          str_eq(x->params[0].text, y->params[0].text),
                      "%s shows", changes[i].put);
            free(changed);
        }
    feed_free(f);
    arena_reset(&a);
    tenant_remove(&t);
}

/* ---- a policy that says too little ---- */

static const struct {
    const char *said, *read; /* what the policy calls directory, and what is read */
    enum sensitivity class;
} lowered[] = {
    {"OBX-5", "OBX-5", CLASS_CLINICAL},
    {"OBX-5", "OBX-5.1.1", CLASS_CLINICAL},
    {"OBX-5.1", "OBX-5", CLASS_CLINICAL},
    {"OBR-4", "OBR-4.2", CLASS_CLINICAL},
    {"DG1-3", "DG1-3(2).1", CLASS_CLINICAL},
    {"NTE-3", "NTE-3", CLASS_CLINICAL},
    {"PID-10", "PID-10.1", CLASS_CLINICAL},
    {"PID-5", "PID-5.1", CLASS_IDENTIFIER},
    {"MSH-9", "MSH-9.2", CLASS_LOGISTICS},
    {"ZPI-4", "ZPI-4.1", CLASS_DIRECTORY},
    {"ZPI-4.2", "ZPI-4.1", CLASS_CLINICAL},
    {"ZPI-4", "ZPI-4(2=X).1", CLASS_DIRECTORY},
    {"DiagnosticReport.conclusion", "DiagnosticReport.conclusion", CLASS_CLINICAL},
    {"DiagnosticReport", "DiagnosticReport.conclusion", CLASS_CLINICAL},
    {"Observation.value", "Observation.value.ofType(Quantity).unit", CLASS_CLINICAL},
    {"Observation", "Observation.code.coding.code", CLASS_CLINICAL},
    {"Observation.subject", "Observation.subject.reference", CLASS_CLINICAL},
    {"?", "Observation.subject.resolve()", CLASS_CLINICAL},
    {"Patient", "Patient.name.family", CLASS_IDENTIFIER},
    {"Patient.extension('urn:x')", "Patient.extension('urn:x').valueString", CLASS_DIRECTORY},
    {"Patient.extension('urn:x')", "Patient.extension('urn:y').valueString", CLASS_CLINICAL},
};

static enum sensitivity class_under(const char *said, const char *read, enum sensitivity class,
                                    struct arena *a)
{
    struct declared d = {.path = str_of(said), .is_hl7 = strchr(said, '-') != NULL, .class = class};
    struct feed f = {.policy = {.declared = &d, .n_declared = 1}};
    const struct fhirpath *x;
    struct fhirpath_fault fault;
    struct hl7_path path;
    struct err e;
    size_t at;

    if (!d.is_hl7) {
        CHECK(fhirpath_compile(str_of(read), a, &x, &fault), "%s", read);
        return feed_class_fhir(&f, x, a);
    }
    CHECK(hl7_path_parse(d.path, a, &d.hl7, &at, &e) &&
              hl7_path_parse(str_of(read), a, &path, &at, &e),
          "%s, %s", said, read);
    return feed_class_hl7(&f, &path);
}

/* Where a class is computed, the policy's word for a standard field cannot lower it, and can raise it. */
static void test_lowered(void)
{
    struct arena a = {0};

    for
        EACH (i, lowered)
            CHECK(class_under(lowered[i].said, lowered[i].read, CLASS_DIRECTORY, &a) ==
                      lowered[i].class,
                  "%s said, %s read", lowered[i].said, lowered[i].read);
    CHECK(class_under("PID-15.1", "PID-15", CLASS_CLINICAL, &a) == CLASS_CLINICAL, "part of it");
    CHECK(class_under("PID-15", "PID-15.1", CLASS_CONTACT, &a) == CLASS_CONTACT, "all of it");
    CHECK(class_under("Encounter.serviceProvider", "Encounter.serviceProvider.reference",
                      CLASS_CONTACT, &a) == CLASS_CONTACT,
          "a reference");
    arena_reset(&a);
}

#define ENTRY(path)                                                                                \
    "  - {path: " path ", class: directory, because: x, by: y, on: 2026-11-20, "                   \
    "expires: 2027-11-20}\n"

/* The feed with a start that reads `path`, which the policy calls directory and the template shows. */
static struct feed *load_shown(const struct tenant *t)
{
    char *text = tenant_replace(tenant_text("feed.yaml"),
                                "        hl7: [SCH-11.4, AIS-4]\n        fhir: Appointment.start\n",
                                "        hl7: ZPI-9\n        fhir: none\n");
    char *shown = tenant_replace(text, "{site_name: site.name}", "{site_name: start}");
    struct feed *f;

    tenant_write(t, "policy.yaml", "policy: small\ndeclare:\n" ENTRY("ZPI-4") ENTRY("ZPI-9"));
    tenant_write(t, "feed.yaml", shown);
    f = load(t, NULL, NULL);
    free(text);
    free(shown);
    return f;
}

static struct source *start_source(const struct feed *f)
{
    const struct rule *r = &f->maps[0].rules[0];

    for (size_t i = 0; i < r->n_with; i++)
        if (strcmp(r->with[i].slot->name, "start") == 0)
            return r->with[i].value->branch[SIDE_HL7].sources;
    exit(1);
}

/* Steps over the check at load: the policy of a loaded feed calls another field directory, and the value
 * that is shown reads it. */
static void test_lowered_run(void)
{
    static const char message[] =
        "MSH|^~\\&|E|KH|||20250301081500+0800||SIU^S12|M1|P|2.5.1\nSCH|A1|F1|||||||||^^^"
        "203107171333\n" PID_A "OBX|1|DTM|X||203107171333\nZPI|1||||||||202902031111\n";
    static const struct {
        const char *path, *wanted;
    } reads[] = {
        {"ZPI-9", "2029年2月3日 11:11"},
        {"OBX-5", "hold class above the ceiling of a slot"},
        {"SCH-11.4", "hold class above the ceiling of a parameter"},
    };
    struct tenant t;
    struct feed *f;

    tenant_make(&t);
    f = load_shown(&t);
    for
        EACH (i, reads) {
            struct declared *d = &f->policy.declared[1];
            struct source *s = start_source(f);
            struct arena a = {0};
            struct feed_result r;
            struct err e;
            struct str got;
            size_t at;

            CHECK(hl7_path_parse(str_of(reads[i].path), &a, &d->hl7, &at, &e), "%s", reads[i].path);
            s->path = d->hl7;
            s->class = feed_class_hl7(f, &s->path);
            got = run(f, message, NULL, &a, &r);
            CHECK(i ? str_starts(got, str_of(reads[i].wanted))
                    : str_eq(r.outcomes[0].params[0].text, str_of(reads[i].wanted)),
                  "%s: " STR_FMT, reads[i].path, STR_ARG(got));
            for (size_t k = 0; i && k < r.outcomes[0].n_params; k++)
                CHECK(!r.outcomes[0].text.n, "%s has a text", reads[i].path);
            arena_reset(&a);
        }
    feed_free(f);
    tenant_remove(&t);
}

/* ---- the runner ---- */

static void test_runner(void)
{
    static const struct {
        const char *put;
        bool passes;
        const char *says;
    } tests[] = {
        {"expect: [{appointment/1: {status: booked}}, {send: {}}]", true, "ok    booked\n1 passed"},
        {"expect: [{appointment/1: {status: moved}}, {send: {}}]", false, "no outcome is"},
        {"expect: [{appointment/1: {}}]", false, "not expected: send"},
        {"expect: []", false, "not expected: appointment/1"},
        {"expect: [{send: {}}, {send: {}}, {appointment/1: {}}]", false, "no outcome is `send`"},
        {"change: {PID-13: \"\"}\n    expect: [{drop: no usable}]", true, "1 passed"},
        {"change: {PID-13: \"\"}\n    expect: [{hold: no usable}]", false,
         "got  drop: no usable phone"},
        {"change: {ZPI-1: \"1\"}\n    expect: []", false, "E903"},
        {"change: {AIS-4: \"20250304103000\"}\n"
         "    expect: [{appointment/1: {}}, {send: {}}, {warn: start disagrees}]",
         true, "1 passed"},
        {"change: {AIS-4: \"20250304103000\"}\n    expect: [{appointment/1: {}}, {send: {}}]", true,
         "1 passed"},
        {"add: [\"ZPI|1\"]\n    expect: [{appointment/1: {}}, {send: {}}]", true, "1 passed"},
    };

    for
        EACH (i, tests) {
            char *body = tenant_replace(
                tenant_text("feed.yaml"),
                "expect:\n      - appointment/1: {status: booked, phone: \"+886912345678\"}\n"
                "      - send: {template: visit, language: zh_TW}\n",
                tests[i].put);
            struct feed_test_count count;
            struct tenant t;
            struct feed *f;
            char *text = NULL;
            size_t n = 0;
            FILE *to = open_memstream(&text, &n);

            tenant_make(&t);
            tenant_write(&t, "feed.yaml", body);
            f = load(&t, NULL, NULL);
            feed_test_run(f, to, &count);
            fclose(to);
            CHECK(count.passed == tests[i].passes && count.failed == !tests[i].passes,
                  "%s: %d passed", tests[i].put, count.passed);
            CHECK(strstr(text, tests[i].says) != NULL, "%s: %s", tests[i].put, text);
            feed_free(f);
            tenant_remove(&t);
            free(text);
            free(body);
        }
}

static void test_missing_sample(void)
{
    struct feed_test_count count;
    struct tenant t;
    struct feed *f;

    tenant_make(&t);
    f = load(&t, "given: samples/s12.hl7", "given: samples/none.hl7");
    feed_test_run(f, NULL, &count);
    CHECK(count.failed == 1, "a missing sample fails");
    feed_free(f);
    f = load(&t, "given: samples/s12.hl7", "for_each_sample: samples/s*.hl7");
    feed_test_run(f, NULL, &count);
    CHECK(count.passed == 1, "for_each_sample");
    feed_free(f);
    f = load(&t, "given: samples/s12.hl7", "for_each_sample: ../*/samples/s*.hl7");
    feed_test_run(f, NULL, &count);
    CHECK(count.failed == 1, "for_each_sample outside the folder");
    feed_free(f);
    f = load(&t, "given: samples/s12.hl7", "for_each_sample: samples/*.hl7");
    feed_test_run(f, NULL, &count);
    CHECK(count.failed == 1, "for_each_sample runs them all");
    feed_free(f);
    tenant_remove(&t);
}

int main(void)
{
    test_cases();
    test_carried();
    test_personal();
    test_log();
    test_bounds();
    test_explain_too_large();
    test_tries();
    test_result_members();
    test_overlays();
    test_non_interference();
    test_lowered();
    test_lowered_run();
    test_runner();
    test_missing_sample();
    return check_end();
}
