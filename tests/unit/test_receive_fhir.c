/* The FHIR receiver over real sockets, a memory store behind the store thread: what is taken, what is
 * refused and how, repeats, a store that fails, the end. */
#include <sys/wait.h>

#include "base/container_of.h"
#include "fhir_house.h"

#define FJ "application/fhir+json"
#define APPOINTMENT                                                                                \
    "{\"resourceType\":\"Appointment\",\"id\":\"a1\",\"status\":\"booked\",\"participant\":["      \
    "{\"actor\":{\"reference\":\"Patient/p1\"},\"status\":\"accepted\"}]}"
#define PATIENT "{\"resourceType\":\"Patient\",\"id\":\"p1\",\"name\":[{\"family\":\"CANARY\"}]}"
#define REPORT                                                                                     \
    "{\"resourceType\":\"DiagnosticReport\",\"id\":\"d1\",\"status\":\"final\",\"code\":{"         \
    "\"text\":\"x\"}}"
#define ENTRY(method, url, resource)                                                               \
    "{\"resource\":" resource ",\"request\":{\"method\":\"" method "\",\"url\":\"" url "\"}}"
#define BUNDLE(type, entries)                                                                      \
    "{\"resourceType\":\"Bundle\",\"type\":\"" type "\",\"entry\":[" entries "]}"

static const struct {
    const char *head, *type, *body;
    int status;
    const char *kind; /* resourceType or Bundle.type of the answer */
} taken[] = {
    {"POST /fhir/Appointment", FJ, APPOINTMENT, 201, "OperationOutcome"},
    {"POST /fhir/Patient", "application/json", PATIENT, 201, "OperationOutcome"},
    {"POST /fhir/DiagnosticReport", "application/json+fhir; charset=UTF-8", REPORT, 201,
     "OperationOutcome"},
    {"PUT /fhir/Appointment/a1", FJ "; fhirVersion=4.0; charset=\"utf-8\"", APPOINTMENT, 200,
     "OperationOutcome"},
    {"PUT /fhir/Patient/p1", "Application/FHIR+JSON", "\xEF\xBB\xBF" PATIENT, 200,
     "OperationOutcome"},
    {"POST /fhir", FJ,
     BUNDLE("transaction",
            ENTRY("PUT", "Patient/p1", PATIENT) "," ENTRY("POST", "Appointment", APPOINTMENT)),
     200, "transaction-response"},
    {"POST /fhir/Bundle", FJ, BUNDLE("batch", ENTRY("PUT", "Patient?identifier=x", PATIENT)), 200,
     "batch-response"},
    {"POST /fhir", FJ, BUNDLE("transaction", ""), 200, "transaction-response"},
    {"POST /fhir", FJ, BUNDLE("collection", "{\"resource\":" PATIENT "}"), 201, "OperationOutcome"},
    {"POST /fhir/Bundle", FJ, BUNDLE("message", "{\"resource\":" APPOINTMENT "}"), 201,
     "OperationOutcome"},
    {"POST /fhir", FJ,
     BUNDLE("history", "{\"request\":{\"method\":\"DELETE\",\"url\":\"Patient/p1\"}}"), 201,
     "OperationOutcome"},
};

static void test_taken(void)
{
    struct house h;
    struct fhir_receiver_counts c;

    house_open(&h, 0);
    for
        EACH (i, taken) {
            struct str heard = ask(&h, taken[i].head, taken[i].type, str_of(taken[i].body));
            struct json_node *root = json_of(&h, heard);
            struct str kind = json_member_text(root, "resourceType");

            CHECK(status_of(heard) == taken[i].status, "%s: %s", taken[i].head, heard.p);
            if (str_eq(kind, STR("Bundle")))
                kind = json_member_text(root, "type");
            CHECK(str_eq(kind, str_of(taken[i].kind)), "%s: " STR_FMT, taken[i].head,
                  STR_ARG(kind));
            CHECK((taken[i].status == 201) == (field_of(heard, "Location: ").n > 0), "%s", heard.p);
            CHECK(str_starts(field_of(heard, "Content-Type: "), STR(FJ)), "%s", heard.p);
            CHECK(!strstr(heard.p, "CANARY") && !strstr(heard.p, "p1"), "%s", heard.p);
            CHECK(h.rung == (int)i + 1, "%s: the bell rang %d times", taken[i].head, h.rung);
        }
    c = fhir_receiver_counts(h.receiver);
    CHECK(c.stored == 11 && !c.duplicates && !c.refused && !c.busy, "%lld stored",
          (long long)c.stored);
    house_end(&h);
}

static void test_responses(void)
{
    struct house h;
    struct str heard, type;
    struct json_node *entry;

    house_open(&h, 0);
    heard = ask(&h, taken[5].head, FJ, str_of(taken[5].body));
    entry = json_member(json_of(&h, heard), STR("entry"));
    CHECK(entry && entry->n == 2, "an entry an entry: %s", heard.p);
    CHECK(str_eq(json_member_text(json_member(entry->first, STR("response")), "status"),
                 STR("200 OK")) &&
              str_eq(json_member_text(json_member(entry->first->next, STR("response")), "status"),
                     STR("201 Created")),
          "%s", heard.p);
    CHECK(str_starts(json_member_text(json_member(entry->first->next, STR("response")), "location"),
                     STR("/fhir/Appointment/")),
          "%s", heard.p);
    heard = ask(&h, "GET /fhir/metadata", NULL, STR(""));
    type = json_member_text(json_of(&h, heard), "resourceType");
    CHECK(status_of(heard) == 200 && str_eq(type, STR("CapabilityStatement")), "%s", heard.p);
    CHECK(h.rung == 1, "metadata is no message");
    house_end(&h);
}

#define DEEP8 "[[[[[[[["
static const struct {
    const char *head, *type, *body;
    int status;
    const char *code, *expression;
} refused[] = {
    {"POST /fhir/Appointment", FJ, "", 400, "required", "Appointment"},
    {"POST /fhir/Appointment", FJ, " \r\n", 400, "required", "Appointment"},
    {"POST /fhir/Appointment", FJ, "{", 400, "structure", "Appointment"},
    {"POST /fhir/Appointment", FJ, "MSH|^~\\&|", 400, "structure", "Appointment"},
    {"POST /fhir/Appointment", FJ, "<Appointment/>", 400, "structure", "Appointment"},
    {"POST /fhir/Appointment", FJ, "[]", 400, "structure", "Appointment"},
    {"POST /fhir/Appointment", FJ, "{}", 400, "structure", "Appointment"},
    {"POST /fhir/Patient", FJ, "{\"a\":\"\xff\"}", 400, "structure", "Patient"},
    {"POST /fhir/Patient", FJ, "{\"resourceType\":\"Patient\",\"id\":\"1\",\"id\":\"2\"}", 400,
     "structure", "Patient"},
    {"POST /fhir/Patient", FJ,
     "{\"resourceType\":\"Patient\",\"name\":[{\"family\":\"a\\u0000\"}]}", 400, "structure",
     "Patient.name[0]"},
    {"POST /fhir/Patient", FJ, DEEP8 DEEP8 DEEP8 DEEP8 DEEP8 DEEP8 DEEP8 DEEP8 "[", 400,
     "structure", "Patient"},
    {"POST /fhir/Patient", FJ, "{\"resourceType\":\"Banana\"}", 422, "not-supported", "Patient"},
    {"POST /fhir/Patient", FJ, APPOINTMENT, 400, "invalid", "Appointment.resourceType"},
    {"POST /fhir/Appointment", FJ, BUNDLE("transaction", ""), 400, "invalid",
     "Bundle.resourceType"},
    {"POST /fhir", FJ, APPOINTMENT, 400, "invalid", "Appointment"},
    {"POST /fhir/Bundle", FJ, APPOINTMENT, 400, "invalid", "Appointment.resourceType"},
    {"POST /fhir/Observation", FJ, "{\"resourceType\":\"Observation\"}", 404, "not-supported",
     "Observation"},
    {"POST /fhir/Banana", FJ, "{}", 404, "not-supported", "Resource"},
    {"PUT /fhir/Bundle/b1", FJ, BUNDLE("batch", ""), 404, "not-supported", "Bundle"},
    {"PUT /fhir/Patient/p_1", FJ, PATIENT, 400, "value", "Patient"},
    {"PUT /fhir/Patient/p2", FJ, PATIENT, 400, "invalid", "Patient.id"},
    {"PUT /fhir/Patient/p1", FJ, "{\"resourceType\":\"Patient\"}", 400, "required", "Patient.id"},
    {"PUT /fhir/Patient/p1", FJ, "{\"resourceType\":\"Patient\",\"id\":\"p 1\"}", 400, "value",
     "Patient.id"},
    {"POST /fhir/Appointment", FJ, "{\"resourceType\":\"Appointment\",\"participant\":[{}]}", 422,
     "required", "Appointment.status"},
    {"POST /fhir/Appointment", FJ, "{\"resourceType\":\"Appointment\",\"status\":\"booked\"}", 422,
     "required", "Appointment.participant"},
    {"POST /fhir/Appointment", FJ,
     "{\"resourceType\":\"Appointment\",\"status\":\"booked\",\"participant\":[]}", 422, "required",
     "Appointment.participant"},
    {"POST /fhir/Appointment", FJ,
     "{\"resourceType\":\"Appointment\",\"status\":7,\"participant\":[{}]}", 422, "structure",
     "Appointment.status"},
    {"POST /fhir/Appointment", FJ,
     "{\"resourceType\":\"Appointment\",\"status\":\"booked\",\"participant\":{\"a\":1}}", 422,
     "structure", "Appointment.participant"},
    {"POST /fhir/Appointment", FJ,
     "{\"resourceType\":\"Appointment\",\"status\":\"booked\",\"participant\":[{},{\"actor\":{"
     "\"reference\":"
     "\"Observation/1\"}}]}",
     422, "value", "Appointment.participant[1].actor.reference"},
    {"POST /fhir/Appointment", FJ,
     "{\"resourceType\":\"Appointment\",\"status\":\"booked\",\"participant\":[{\"actor\":{"
     "\"reference\":"
     "\"Patient/a b\"}}]}",
     422, "value", "Appointment.participant[0].actor.reference"},
    {"POST /fhir/Appointment", FJ,
     "{\"resourceType\":\"Appointment\",\"status\":\"booked\",\"participant\":[{\"actor\":{"
     "\"reference\":7}}]}",
     422, "structure", "Appointment.participant[0].actor.reference"},
    {"POST /fhir/DiagnosticReport", FJ,
     "{\"resourceType\":\"DiagnosticReport\",\"code\":{\"text\":\"x\"}}", 422, "required",
     "DiagnosticReport.status"},
    {"POST /fhir/DiagnosticReport", FJ,
     "{\"resourceType\":\"DiagnosticReport\",\"status\":\"final\"}", 422, "required",
     "DiagnosticReport.code"},
    {"POST /fhir/DiagnosticReport", FJ,
     "{\"resourceType\":\"DiagnosticReport\",\"status\":\"final\",\"code\":{\"text\":\"x\"},"
     "\"subject\":"
     "{\"reference\":\"Wang/1\"}}",
     422, "value", "DiagnosticReport.subject.reference"},
    {"POST /fhir", FJ, "{\"resourceType\":\"Bundle\"}", 422, "required", "Bundle.type"},
    {"POST /fhir", FJ, BUNDLE("searchset", ""), 422, "not-supported", "Bundle.type"},
    {"POST /fhir", FJ, BUNDLE("batch", "{},{},{},{}"), 413, "too-costly", "Bundle.entry"},
    {"POST /fhir", FJ, BUNDLE("batch", "{\"resource\":" PATIENT "}"), 422, "required",
     "Bundle.entry[0].request"},
    {"POST /fhir", FJ, BUNDLE("transaction", ENTRY("DELETE", "Patient/p1", PATIENT)), 422,
     "not-supported", "Bundle.entry[0].request.method"},
    {"POST /fhir", FJ, BUNDLE("transaction", ENTRY("PUT", "Patient/p2", PATIENT)), 422, "invalid",
     "Bundle.entry[0].request.url"},
    {"POST /fhir", FJ, BUNDLE("transaction", ENTRY("POST", "Appointment", PATIENT)), 422, "invalid",
     "Bundle.entry[0].request.url"},
    {"POST /fhir", FJ,
     BUNDLE("transaction", "{\"request\":{\"method\":\"PUT\",\"url\":\"Patient/p1\"}}"), 422,
     "required", "Bundle.entry[0].resource"},
    {"POST /fhir", FJ, BUNDLE("collection", "{},{\"resource\":{\"resourceType\":\"Appointment\"}}"),
     422, "required", "Bundle.entry[1].resource.status"},
    {"POST /fhir/Patient", "text/plain", PATIENT, 415, "not-supported", "Patient"},
    {"POST /fhir/Patient", "application/fhir+xml", PATIENT, 415, "not-supported", "Patient"},
    {"POST /fhir/Patient", FJ "; charset=iso-8859-1", PATIENT, 415, "not-supported", "Patient"},
    {"POST /fhir/Patient", NULL, PATIENT, 415, "not-supported", "Patient"},
    {"POST /fhir/Patient\nContent-Encoding: gzip", FJ, PATIENT, 415, "not-supported", "Patient"},
    /* by the HTTP server itself */
    {"GET /fhir/Patient/p1", NULL, "", 405, "not-supported", "Resource"},
    {"GET /fhir/Patient", NULL, "", 405, "not-supported", "Resource"},
    {"DELETE /fhir/Patient/p1", NULL, "", 405, "not-supported", "Resource"},
    {"GET /elsewhere", NULL, "", 404, "not-found", "Resource"},
    {"POST /fhir/Patient/p1/more", FJ, PATIENT, 404, "not-found", "Resource"},
};

static void check_refusal(struct house *h, size_t i, struct str heard)
{
    struct json_node *root = json_of(h, heard), *issues = json_member(root, STR("issue"));
    const struct json_node *issue = json_single(issues);
    const struct json_node *place = json_single(json_member(issue, STR("expression")));

    CHECK(status_of(heard) == refused[i].status, "%zu %s: %s", i, refused[i].head, heard.p);
    CHECK(str_eq(json_member_text(root, "resourceType"), STR("OperationOutcome")), "%zu: %s", i,
          heard.p);
    CHECK(str_eq(json_member_text(issue, "severity"), STR("error")), "%zu: %s", i, heard.p);
    CHECK(str_eq(json_member_text(issue, "code"), str_of(refused[i].code)), "%zu: %s", i, heard.p);
    CHECK(place && str_eq(place->text, str_of(refused[i].expression)), "%zu: %s", i, heard.p);
    CHECK(!strstr(heard.p, "CANARY") && !strstr(heard.p, "Wang"), "%zu: %s", i, heard.p);
}

static void test_refused(void)
{
    struct house h;
    struct buf big = buf_new(1 << 20);
    struct str heard;

    house_open(&h, 0);
    for
        EACH (i, refused)
            check_refusal(&h, i,
                          ask(&h, refused[i].head, refused[i].type, str_of(refused[i].body)));
    CHECK(h.rung == 0 && h.flaky.calls == 0, "the store heard nothing: %d calls", h.flaky.calls);
    while (big.n <= 100000)
        buf_add(&big, STR("                                "));
    heard = ask(&h, "POST /fhir/Patient", FJ, buf_str(&big));
    CHECK(status_of(heard) == 413 && strstr(body_of(heard).p, "too-long"), "%s", heard.p);
    buf_reset(&big);
    house_end(&h);
}

struct count_job {
    struct store_job job;
    struct ledger ledger;
    bool done;
};

static bool run_count(struct store_job *j, struct store *s, struct err *e)
{
    return s->ops->ledger(s, &container_of(j, struct count_job, job)->ledger, e);
}

static void count_done(struct store_job *j)
{
    container_of(j, struct count_job, job)->done = true;
}

static struct ledger ledger_of(struct house *h)
{
    struct count_job c = {.job = {.run = run_count, .done = count_done}};

    store_queue_submit(h->queue, &c.job);
    while (!c.done)
        turn(h);
    CHECK(c.job.ok, "%s", c.job.err.text);
    return c.ledger;
}

/* Two requests, and whether the second is a repeat of the first. */
static const struct {
    const char *name, *head1, *body1, *head2, *body2;
    bool repeat;
} pairs[] = {
    {"the same bytes", "POST /fhir/Patient", PATIENT, "POST /fhir/Patient", PATIENT, true},
    {"other bytes", "POST /fhir/Patient", PATIENT, "POST /fhir/Patient", PATIENT " ", false},
    {"other method", "POST /fhir/Patient", PATIENT, "PUT /fhir/Patient/p1", PATIENT, false},
    {"same version, same bytes", "PUT /fhir/Patient/p1",
     "{\"resourceType\":\"Patient\",\"id\":\"p1\",\"meta\":{\"versionId\":\"3\"}}",
     "PUT /fhir/Patient/p1",
     "{\"resourceType\":\"Patient\",\"id\":\"p1\",\"meta\":{\"versionId\":\"3\"}}", true},
    {"same version, other bytes: kept, flagged", "PUT /fhir/Patient/p1",
     "{\"resourceType\":\"Patient\",\"id\":\"p1\",\"meta\":{\"versionId\":\"3\"}}",
     "PUT /fhir/Patient/p1",
     "{\"resourceType\":\"Patient\",\"id\":\"p1\",\"meta\":{\"versionId\":\"3\"},\"active\":true}",
     false},
    {"next version", "PUT /fhir/Patient/p1",
     "{\"resourceType\":\"Patient\",\"id\":\"p1\",\"meta\":{\"versionId\":\"3\"}}",
     "PUT /fhir/Patient/p1",
     "{\"resourceType\":\"Patient\",\"id\":\"p1\",\"meta\":{\"versionId\":\"4\"}}", false},
    {"If-None-Exist", "POST /fhir/Patient\nIf-None-Exist: identifier=a|1", PATIENT,
     "POST /fhir/Patient\nIf-None-Exist: identifier=a|1", PATIENT, true},
    {"other If-None-Exist", "POST /fhir/Patient\nIf-None-Exist: identifier=a|1", PATIENT,
     "POST /fhir/Patient\nIf-None-Exist: identifier=a|2", PATIENT, false},
    {"Bundle.identifier", "POST /fhir",
     "{\"resourceType\":\"Bundle\",\"type\":\"batch\",\"identifier\":{\"value\":\"7\"}}",
     "POST /fhir",
     "{\"resourceType\":\"Bundle\",\"type\":\"batch\",\"identifier\":{\"value\":\"7\"}}", true},
};

static void test_repeats(void)
{
    for
        EACH (i, pairs) {
            struct house h;
            struct str first, second;
            struct fhir_receiver_counts c;
            struct ledger l;

            house_open(&h, 0);
            first = ask(&h, pairs[i].head1, FJ, str_of(pairs[i].body1));
            second = ask(&h, pairs[i].head2, FJ, str_of(pairs[i].body2));
            CHECK(status_of(first) < 300 && status_of(second) < 300, "%s: %s", pairs[i].name,
                  second.p);
            if (pairs[i].repeat)
                CHECK(status_of(first) == status_of(second) &&
                          str_eq(body_of(first), body_of(second)) &&
                          str_eq(field_of(first, "Location: "), field_of(second, "Location: ")),
                      "%s: not the same answer", pairs[i].name);
            c = fhir_receiver_counts(h.receiver);
            CHECK(c.stored == 2 - pairs[i].repeat && c.duplicates == pairs[i].repeat, "%s",
                  pairs[i].name);
            CHECK(h.rung == 2 - pairs[i].repeat, "%s: %d rings", pairs[i].name, h.rung);
            l = ledger_of(&h);
            CHECK(l.acked == 2 && l.duplicate == pairs[i].repeat && ledger_balances(&l),
                  "%s: %lld acked", pairs[i].name, (long long)l.acked);
            house_end(&h);
        }
}

/* Without versions: there and back again is three events, and only the last of them can be repeated. */
static void test_back_again(void)
{
    static const char on[] = "{\"resourceType\":\"Patient\",\"id\":\"p1\",\"active\":true}";
    static const char off[] = "{\"resourceType\":\"Patient\",\"id\":\"p1\",\"active\":false}";
    static const char *const bodies[] = {on, off, on, on, off};
    struct fhir_receiver_counts c;
    struct house h;

    house_open(&h, 0);
    for
        EACH (i, bodies) {
            struct str heard = ask(&h, "PUT /fhir/Patient/p1", FJ, str_of(bodies[i]));

            CHECK(status_of(heard) == 200, "%zu: %s", i, heard.p);
        }
    c = fhir_receiver_counts(h.receiver);
    CHECK(c.stored == 4 && c.duplicates == 1, "%lld stored, %lld duplicates", (long long)c.stored,
          (long long)c.duplicates);
    h.flaky.no_acks = true; /* the first answer does not open any more: one is made */
    CHECK(status_of(ask(&h, "PUT /fhir/Patient/p1", FJ, str_of(off))) == 200,
          "answered all the same");
    CHECK(fhir_receiver_counts(h.receiver).duplicates == 2, "and counted");
    house_end(&h);
}

/* Each store call of one request fails once: 503, nothing stored, and the sender's second try is a
 * first one. */
static void test_busy_store(void)
{
    int at = 1;

    for (bool fired = true; fired; at++) {
        struct house h;
        struct str heard;
        struct ledger l;

        house_open(&h, at);
        heard = ask(&h, "POST /fhir/Patient", FJ, STR(PATIENT));
        fired = h.flaky.fired;
        CHECK(status_of(heard) == (fired ? 503 : 201), "call %d: %s", at, heard.p);
        CHECK(fired == (field_of(heard, "Retry-After: ").n > 0), "call %d: %s", at, heard.p);
        CHECK(!fired || strstr(body_of(heard).p, "transient"), "call %d: %s", at, heard.p);
        CHECK(h.rung == !fired, "call %d: %d rings", at, h.rung);
        if (fired) {
            heard = ask(&h, "POST /fhir/Patient", FJ, STR(PATIENT));
            CHECK(status_of(heard) == 201 && h.rung == 1, "call %d: %s", at, heard.p);
            l = ledger_of(&h);
            CHECK(l.acked == 1 && l.pending == 1 && l.duplicate == 0, "call %d: %lld acked", at,
                  (long long)l.acked);
        }
        house_end(&h);
    }
    CHECK(at == 5, "begin, put and commit fail, the fourth is not made: %d", at);
}

/* A commit whose answer was lost: no byte is answered. In a child, because the daemon ends there. */
static void test_uncertain(void)
{
    pid_t child = fork();
    int status;

    if (child == 0) {
        struct house h;
        char byte;
        int fd;

        house_open(&h, 3);
        h.flaky.kind = ERR_UNCERTAIN;
        h.flaky.after = true;
        fd = dial(&h);
        say(&h, fd, request(&h, "POST /fhir/Patient", FJ, STR(PATIENT)));
        while (!h.fatal)
            turn(&h);
        for (int i = 0; i < 20; i++)
            turn(&h);
        _exit(h.flaky.fired && recv(fd, &byte, 1, 0) < 0 && errno == EAGAIN && h.rung == 0 ? 0 : 1);
    }
    CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0,
          "an uncertain commit was answered: %d", status);
}

struct gate_job {
    struct store_job job;
    uv_sem_t sem;
    bool done;
};

static bool run_gate(struct store_job *j, struct store *s, struct err *e)
{
    (void)s;
    (void)e;
    uv_sem_wait(&container_of(j, struct gate_job, job)->sem);
    return true;
}

static void gate_done(struct store_job *j)
{
    container_of(j, struct gate_job, job)->done = true;
}

/* The store is held: two requests wait for it, the third is told to come back; a peer that leaves
 * meanwhile and the end of the receiver wait for what is in flight. */
static void test_waiting(void)
{
    struct gate_job gate = {.job = {.run = run_gate, .done = gate_done}};
    struct str heard;
    struct house h;
    struct ledger l;
    int fds[2];

    house_open(&h, 0);
    uv_sem_init(&gate.sem, 0);
    store_queue_submit(h.queue, &gate.job);
    for (int i = 0; i < 2; i++) {
        fds[i] = dial(&h);
        say(&h, fds[i], request(&h, "POST /fhir/Patient", FJ, i ? STR(PATIENT) : STR(PATIENT " ")));
    }
    do {
        heard = ask(&h, "POST /fhir/Patient", FJ, STR("{}"));
    } while (status_of(heard) == 400); /* until both are with the store */
    CHECK(status_of(heard) == 429 && field_of(heard, "Retry-After: ").n, "%s", heard.p);
    CHECK(h.rung == 0, "answered before the commit");
    close(fds[0]);
    fhir_receiver_close(h.receiver, 60000, on_closed, &h);
    for (int i = 0; i < 20; i++)
        turn(&h);
    CHECK(!h.closed, "closed with work in flight");
    uv_sem_post(&gate.sem);
    while (!h.closed)
        turn(&h);
    heard = hear(&h, fds[1]);
    CHECK(status_of(heard) == 201 && h.rung == 2 && gate.done, "%s", heard.p);
    l = ledger_of(&h);
    CHECK(l.acked == 2 && l.pending == 2, "%lld acked", (long long)l.acked);
    store_queue_stop(h.queue);
    uv_run(&h.loop, UV_RUN_DEFAULT);
    CHECK(uv_loop_close(&h.loop) == 0, "a handle is still open");
    uv_sem_destroy(&gate.sem);
    seal_close(h.seal);
    arena_reset(&h.a);
}

/* The end with the grace over while the store still works: cut, and still exactly one on_closed. */
static void test_cut(void)
{
    struct gate_job gate = {.job = {.run = run_gate, .done = gate_done}};
    struct house h;
    int fd;

    house_open(&h, 0);
    uv_sem_init(&gate.sem, 0);
    store_queue_submit(h.queue, &gate.job);
    fd = dial(&h);
    say(&h, fd, request(&h, "POST /fhir/Patient", FJ, STR(PATIENT)));
    for (int i = 0; i < 20; i++)
        turn(&h);
    fhir_receiver_close(h.receiver, 1, on_closed, &h);
    for (int i = 0; i < 50; i++)
        turn(&h);
    CHECK(!h.closed, "closed while the store works");
    uv_sem_post(&gate.sem);
    while (!h.closed)
        turn(&h);
    CHECK(h.rung == 1, "what was committed is told: %d", h.rung);
    close(fd);
    store_queue_stop(h.queue);
    uv_run(&h.loop, UV_RUN_DEFAULT);
    CHECK(uv_loop_close(&h.loop) == 0, "a handle is still open");
    uv_sem_destroy(&gate.sem);
    seal_close(h.seal);
    arena_reset(&h.a);
}

/* The same request in two pieces, cut at every place. */
static void test_cuts(void)
{
    struct house h;
    struct str whole;

    house_open(&h, 0);
    whole = request(&h, "POST /fhir/Patient", FJ, STR("{\"resourceType\":\"Patient\"}"));
    for (size_t n = 1; n < whole.n; n++) {
        int fd = dial(&h);
        struct str heard;

        say(&h, fd, (struct str){whole.p, n});
        turn(&h);
        say(&h, fd, (struct str){whole.p + n, whole.n - n});
        heard = hear(&h, fd);
        CHECK(status_of(heard) == 201, "cut at %zu: %s", n, heard.p);
    }
    CHECK(h.rung == 1, "one message: %d rings", h.rung);
    house_end(&h);
}

int main(void)
{
    test_uncertain();
    test_taken();
    test_responses();
    test_refused();
    test_repeats();
    test_back_again();
    test_busy_store();
    test_waiting();
    test_cut();
    test_cuts();
    return check_end();
}
