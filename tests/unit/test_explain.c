#include <stdlib.h>

#include "base/utf8.h"
#include "check.h"
#include "feed/explain.h"

enum { FILE_MOST = 1 << 16 };

static bool read_file(const char *path, char text[FILE_MOST], size_t *n)
{
    FILE *f = fopen(path, "rb");

    if (!f)
        return false;
    *n = fread(text, 1, FILE_MOST, f);
    fclose(f);
    return true;
}

static struct feed *load(const char *path, struct arena *a)
{
    struct findings findings;
    struct feed *f = feed_load(path, a, &findings);

    for (size_t i = 0; i < findings.n && !f; i++)
        finding_print(&findings.items[i], stdout);
    CHECK(f != NULL, "%s does not load", path);
    return f;
}

static bool explain(const struct feed *f, const char *sample, bool json, struct buf *out)
{
    static char body[FILE_MOST]; /* one test at a time */
    struct feed_input in = {.received_ms = 1740788100000, .key = STR("tidings-test-key")};
    struct err e = {0};
    bool ok;

    if (!read_file(sample, body, &in.body.n))
        return false;
    in.body.p = body;
    in.kind = body[0] == '{' ? MESSAGE_FHIR : MESSAGE_HL7;
    ok = (json ? feed_explain_json : feed_explain_text)(f, &in, false, out, &e);
    CHECK(ok, "%s: %s", sample, e.text);
    return ok;
}

/* ---- the reference, where it stands beside the repository ---- */

#define REFERENCE "../shared/design/feed-examples/"

/* The expected files name the feed as it is called from its own folder. */
static void drop_folder(struct buf *b)
{
    char *at;

    while (b->p && (at = memmem(b->p, b->n, REFERENCE, strlen(REFERENCE)))) {
        memmove(at, at + strlen(REFERENCE), (size_t)(b->p + b->n - at) - strlen(REFERENCE));
        b->n -= strlen(REFERENCE);
    }
}

static void test_reference(void)
{
    static const struct {
        const char *sample, *expected;
        bool json;
    } cases[] = {
        {REFERENCE "samples/siu-s12.hl7", REFERENCE "siu-s12.explain.txt", false},
        {REFERENCE "samples/oru-r01-two.hl7", REFERENCE "oru-r01-two.explain.txt", false},
        {REFERENCE "samples/siu-s12.hl7", REFERENCE "siu-s12.explain.json", true},
    };
    struct arena a = {0};
    static char wanted[FILE_MOST];
    struct feed *f;
    size_t n;

    if (!read_file(REFERENCE "north.yaml", wanted, &n)) {
        printf("skipped: no reference feed in %s\n", REFERENCE);
        return;
    }
    f = load(REFERENCE "north.yaml", &a);
    for
        EACH (i, cases) {
            struct buf out = buf_new(FILE_MOST);

            CHECK(f && read_file(cases[i].expected, wanted, &n), "%s", cases[i].expected);
            if (f && explain(f, cases[i].sample, cases[i].json, &out)) {
                drop_folder(&out);
                CHECK(str_eq(buf_str(&out), (struct str){wanted, n}), "%s differs:\n" STR_FMT,
                      cases[i].expected, STR_ARG(buf_str(&out)));
            }
            buf_reset(&out);
        }
    feed_free(f);
    arena_reset(&a);
}

/* ---- the demo ---- */

#define DEMO "mappings/demo/"

static const struct {
    const char *sample;
    const char *lines[8]; /* each must be part of the text */
} demo[] = {
    {DEMO "samples/01-siu-s12-booked.hl7",
     {"DEMO0001  SIU^S12  SCHED/TPE  -> rule `appointment`  " DEMO "demo.yaml:",
      "PID-15.1            preference", "+886 912 *** 678", "also PID-13(2=PRN)",
      "2026-03-05 09:30 +08:00 Asia/Taipei        SCH-11.4",
      "no offset: zone of site TPE; AIS-4, AIL-6 agree", "would send   visit_update / zh_TW   \"",
      "not read     SCH-6 SCH-7 SCH-9 SCH-10 PID-5 PID-7 PID-8 PID-11 RGS-2 AIS-2 AIS-3 AIL-2   (6 "
      "clinical, 4 identifier, 2 logistics)\n"}},
    {DEMO "samples/03-siu-s15-cancelled.hl7",
     {"  patient_key  -                                          none\n",
      "would reject no medical record number\n"}},
    {DEMO "samples/04-siu-s12-new-york.hl7",
     {"+1 212 *** 142", "would send   visit_update / en   \""}},
    {DEMO "samples/06-oru-r01-sensitive.hl7",
     {"-> rule `result ready`", "would hold   needs clinician release\n"}},
    {DEMO "samples/07-oru-r01-preliminary.hl7", {"would drop   not final\n"}},
    {DEMO "samples/08-siu-s12-no-phone.hl7", {"would drop   no usable phone\n"}},
    {DEMO "samples/09-siu-s12-unknown-site.hl7",
     {"AIL-3.1: table.unlisted; MSH-4.1: table.unlisted\n", "would hold   unknown site\n"}},
    {DEMO "samples/11-siu-s26-missed.hl7", {"recorded     no notify entry asks for a message\n"}},
    {DEMO "samples/12-appointment-booked.json",
     {"Bundle  -> rule `appointment`", "would send   visit_update / en   \"", "Patient.name.family",
      "Appointment.end"}},
    {DEMO "samples/13-diagnosticreport-final.json",
     {"-> rule `result ready`", "would send   result_ready / en   \"",
      "DiagnosticReport.code.coding.display"}},
    {DEMO "samples/14-adt-a04-registered.hl7",
     {"DEMO0014  ADT^A04  ADT/NYC  -> no rule reads it\n", "not read     EVN-1 EVN-2 PID-3"}},
};

/* Names, numbers, birth dates and codes of the samples: nobody may read them off an explanation. */
static const char *const private[] = {
    "林",         "怡君",    "Rivera", "Novak", "Petra",      "Haddad",      "MRN",    "19850617",
    "1994-04-08", "345-678", "555",    "台北",  "+886912",    "58410-2",     "7917-8", "Hemoglobin",
    "F2001",      "A2001",   "L5001",  "13.5",  "2125550177", "Lipid panel", "CHK",    "HIV",
};

static void check_private(const struct buf *out, const char *sample)
{
    for
        EACH (i, private)
            CHECK(!memmem(out->p, out->n, private[i], strlen(private[i])), "%s shows `%s`", sample,
                  private[i]);
}

static void test_demo(void)
{
    struct arena a = {0};
    struct feed *f = load(DEMO "demo.yaml", &a);

    for
        EACH (i, demo) {
            struct buf text = buf_new(FILE_MOST), json = buf_new(FILE_MOST);

            if (!f || !explain(f, demo[i].sample, false, &text) ||
                !explain(f, demo[i].sample, true, &json)) {
                CHECK(false, "%s", demo[i].sample);
                continue;
            }
            for (size_t k = 0; k < 8 && demo[i].lines[k]; k++)
                CHECK(memmem(text.p, text.n, demo[i].lines[k], strlen(demo[i].lines[k])),
                      "%s: no `%s` in\n%s", demo[i].sample, demo[i].lines[k], text.p);
            check_private(&text, demo[i].sample);
            check_private(&json, demo[i].sample);
            buf_reset(&text);
            buf_reset(&json);
        }
    feed_free(f);
    arena_reset(&a);
}

/* ---- what a sender can put in ---- */

static struct buf explained(const struct feed *f, struct str body, bool json)
{
    struct feed_input in = {.kind = body.p[0] == '{' ? MESSAGE_FHIR : MESSAGE_HL7,
                            .body = body,
                            .received_ms = 1740788100000,
                            .key = STR("tidings-test-key")};
    struct buf out = buf_new(FILE_MOST);
    struct err e = {0};
    bool ok = (json ? feed_explain_json : feed_explain_text)(f, &in, false, &out, &e);

    CHECK(ok || e.kind == ERR_INPUT, "%s", e.text);
    return out;
}

/* Control characters from a message reach no terminal, and the JSON stays JSON. */
static void test_terminal(void)
{
    static const struct str body =
        STR_LIT("MSH|^~\\&|A\x1b[2J|B\\X07\\|||20260302081500||SIU^S12|ID\x9b\x1b]0;x|P|2.5.1\r"
                "SCH|1|2\rPID|1||M^^^^MR\r");
    struct arena a = {0};
    struct feed *f = load(DEMO "demo.yaml", &a);

    if (!f)
        return;
    for (int json = 0; json < 2; json++) {
        struct buf out = explained(f, body, json);
        int controls = 0;

        CHECK(out.n > 0, "there is an explanation");
        for (size_t i = 0; i < out.n; i++)
            controls += (unsigned char)out.p[i] < 0x20 && out.p[i] != '\n';
        CHECK(controls == 0 && utf8_check(buf_str(&out)) == out.n, "%d control characters",
              controls);
        buf_reset(&out);
    }
    feed_free(f);
    arena_reset(&a);
}

/* A message with more unread fields than are listed: the list ends. */
static void test_many(void)
{
    struct buf body = buf_new(FILE_MOST), out;
    struct arena a = {0};
    struct feed *f = load(DEMO "demo.yaml", &a);

    buf_add(&body, STR("MSH|^~\\&|A|B|||20260302081500||ADT^A04|1|P|2.5.1\r"));
    for (int i = 0; i < 26; i++) {
        buf_printf(&body, "ZA%c", 'A' + i);
        for (int k = 0; k < 50; k++)
            buf_add(&body, STR("|x"));
        buf_add_char(&body, '\r');
    }
    if (f) {
        out = explained(f, buf_str(&body), false);
        CHECK(memmem(out.p, out.n, " …   (400 clinical)", strlen(" …   (400 clinical)")), "%s",
              out.p);
        buf_reset(&out);
    }
    buf_reset(&body);
    feed_free(f);
    arena_reset(&a);
}

/* A member's name is content where FHIR defines no such member. */
static void test_member_names(void)
{
    static const struct str body = STR_LIT(
        "{\"resourceType\":\"Bundle\",\"type\":\"collection\",\"entry\":[{\"resource\":"
        "{\"resourceType\":\"Patient\",\"id\":\"p\",\"Rivera\":\"x\",\"birthDate\":\"1985-06-17\","
        "\"_birthDate\":{\"_MRN777\":{\"\\u6797\":1}},\"name\":[{\"HIV positive\":[\"x\"]}],"
        "\"_\":1,\"__gender\":2}}]}");
    static const char *const shown[] = {"Patient.?", "Patient.birthDate", "Patient._birthDate.?.?",
                                        "Patient.name.?"};
    static const char *const hidden[] = {"Rivera", "MRN777", "\u6797", "HIV", "Patient._ ", "__"};
    struct arena a = {0};
    struct feed *f = load(DEMO "demo.yaml", &a);

    for (int json = 0; f && json < 2; json++) {
        struct buf out = explained(f, body, json);

        for
            EACH (i, shown)
                CHECK(out.p && strstr(out.p, shown[i]), "no %s in %s", shown[i], out.p);
        for
            EACH (i, hidden)
                CHECK(out.p && !strstr(out.p, hidden[i]), "%s in %s", hidden[i], out.p);
        buf_reset(&out);
    }
    feed_free(f);
    arena_reset(&a);
}

static void test_refused(void)
{
    struct arena a = {0};
    struct feed *f = load(DEMO "demo.yaml", &a);
    struct buf out;

    if (!f)
        return;
    out = explained(f, STR("not HL7 at all"), false);
    CHECK(out.n == 0, "nothing is written");
    buf_reset(&out);
    feed_free(f);
    arena_reset(&a);
}

/* A test message may have its notify entry: that it is a test is the reason to name. */
static void test_test_message(void)
{
    static const char head[] = "  test message: recorded, never sent\n",
                      why[] = "recorded     a test message (MSH-11) is never sent\n";
    static char text[FILE_MOST];
    struct arena a = {0};
    struct feed *f = load(DEMO "demo.yaml", &a);
    char *processing = NULL;
    struct buf out;
    size_t n = 0;

    if (read_file(DEMO "samples/01-siu-s12-booked.hl7", text, &n))
        processing = memmem(text, n, "|P|", 3);
    CHECK(f && processing, "the feed and a sample with MSH-11");
    if (f && processing) {
        processing[1] = 'T';
        out = explained(f, (struct str){text, n}, false);
        CHECK(memmem(out.p, out.n, head, strlen(head)), "%s", out.p);
        CHECK(memmem(out.p, out.n, why, strlen(why)), "%s", out.p);
        buf_reset(&out);
    }
    feed_free(f);
    arena_reset(&a);
}

int main(void)
{
    test_reference();
    test_demo();
    test_test_message();
    test_terminal();
    test_many();
    test_member_names();
    test_refused();
    return check_end();
}
