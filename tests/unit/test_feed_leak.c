/* Mutants: a sound feed whose one shown slot is pointed at everything that must never be shown, in every
 * way the language has. Each must be stopped at load for the right reason, or, where the language allows
 * the reading (guards), must not show what it read. docs/feed-language.md, section 13. */
#include <stdlib.h>

#include "check.h"
#include "feed/feed.h"
#include "leak_feed.h"

/* ---- what leaks: every one of these holds the secret in the messages below ---- */

struct origin {
    const char *path; /* NULL: the end */
    bool local;       /* a Z-segment or an extension: a policy may declare it */
};

static const struct origin hl7[] = {
    {"PID-3(5=XX).1", false},  {"PID-5.1", false},  {"PID-7", false},
    {"PID-8", false},          {"PID-10.2", false}, {"PID-11.3", false},
    {"PID-13(3=PH).1", false}, {"PID-19", false},   {"PV1-19.1", false},
    {"PV1-46", false},         {"ORC-2.1", false},  {"OBR-2.1", false},
    {"OBR-4.1", false},        {"OBR-4.2", false},  {"OBR-13", false},
    {"OBX-3.1", false},        {"OBX-5", false},    {"OBX-5.1.1", false},
    {"OBX-5(2)", false},       {"OBX-6.1", false},  {"DG1-3.1", false},
    {"DG1-4", false},          {"NTE-3", false},    {"AL1-3.2", false},
    {"IN1-36", false},         {"SCH-7.2", false},  {"ZPI-4", true},
    {"ZZZ-1.2", true},         {NULL, false},
};

static const struct origin fhir[] = {
    {"Patient.identifier.where(type.coding.code='XX').value", false},
    {"Patient.name.family", false},
    {"Patient.name.given", false},
    {"Patient.birthDate", false},
    {"Patient.gender", false},
    {"Patient.address.city", false},
    {"Patient.telecom.where(system='email').value", false},
    {"Patient.contact.name.family", false},
    {"Patient.deceasedDateTime", false},
    {"Patient.text.status", false},
    {"Patient.extension('urn:secret').valueString", true},
    {"Patient.birthDate.extension('urn:secret').valueString", true},
    {"Observation.valueString", false},
    {"Observation.code.coding.code", false},
    {"Observation.code.text", false},
    {"Observation.note.text", false},
    {"Observation.identifier.value", false},
    {"Observation.component.valueString", false},
    {"Observation.interpretation.text", false},
    {"Observation.extension('urn:secret').valueString", true},
    {"DiagnosticReport.conclusion", false},
    {"DiagnosticReport.conclusionCode.text", false},
    {"DiagnosticReport.code.coding.display", false},
    {"DiagnosticReport.identifier.value", false},
    {"DiagnosticReport.subject.display", false},
    {"Appointment.description", false},
    {"Appointment.comment", false},
    {"Appointment.reasonCode.text", false},
    {NULL, false},
};

/* ---- what becomes of it ---- */

struct count {
    int mutants, stopped, ran;
};

static bool holds(struct str text, const char *mark)
{
    return text.n && memmem(text.p, text.n, mark, strlen(mark)) != NULL;
}

/* Runs both messages: no outcome may show the secret. sends: one at least shows the open value. */
static void run_both(const struct feed *f, const struct mutant *m, bool sends, const char *name)
{
    for (int side = 0; side < 2; side++) {
        struct buf body = buf_new(LEAK_TEXT_MOST);
        struct feed_input in = {.kind = side ? MESSAGE_FHIR : MESSAGE_HL7,
                                .received_ms = 1740788100000,
                                .key = STR("tidings-test-key")};
        struct arena a = {0};
        struct feed_result r = {0};
        struct err e = {0};
        int sent = 0;

        leak_message(m->of, side, &body);
        in.body = buf_str(&body);
        CHECK(feed_eval(f, &in, &a, &r, &e), "%s: %s", name, e.text);
        CHECK(r.n == (side ? 3u : 1u), "%s: %zu outcomes", name, r.n);
        for (size_t i = 0; i < r.n; i++) {
            const struct feed_outcome *o = &r.outcomes[i];

            sent += o->kind == FEED_SEND && holds(o->text, m->of->open_mark);
            CHECK(!holds(o->text, m->of->mark), "%s shows " STR_FMT, name, STR_ARG(o->text));
            for (size_t k = 0; k < o->n_params; k++)
                CHECK(!holds(o->params[k].text, m->of->mark), "%s: parameter", name);
            for (size_t k = 0; k < o->n_warnings; k++)
                CHECK(!holds(o->warnings[k], m->of->mark), "%s: warning", name);
            CHECK(!holds(o->language, m->of->mark) && !holds(o->reason, m->of->mark), "%s", name);
        }
        CHECK(sent > 0 || !sends, "%s: nothing is sent, side %d", name, side);
        arena_reset(&a);
        buf_reset(&body);
    }
}

static bool has_code(const struct findings *all, const char *codes)
{
    for (size_t i = 0; i < all->n; i++)
        if (all->items[i].severity == FINDING_ERROR && strstr(codes, all->items[i].code))
            return true;
    return false;
}

/* codes: it must be stopped by one of them; NULL: it loads, sends, and does not show the secret. */
static void try(const struct tenant *t, const struct mutant *m, const char *codes, const char *way,
                const char *path, struct count *n)
{
    struct arena a = {0};
    struct findings all;
    struct feed *f;
    char name[256];

    snprintf(name, sizeof name, "%s, %s, %s", way, m->of->slot, path);
    leak_write(t, m);
    f = feed_load(t->feed, &a, &all);
    n->mutants++;
    if (codes) {
        CHECK(!f, "%s loads", name);
        CHECK(has_code(&all, codes), "%s: not %s", name, codes);
        n->stopped += !f;
    } else {
        CHECK(f != NULL, "%s does not load", name);
    }
    if ((!f && !codes) || (!f && !has_code(&all, codes)))
        for (size_t i = 0; i < all.n; i++)
            finding_print(&all.items[i], stdout);
    if (f) {
        run_both(f, m, !codes, name);
        n->ran++;
    }
    feed_free(f);
    arena_reset(&a);
}

/* ---- the ways ---- */

#define FLOW "E601 E605 E801"

/* Puts the source, written by `format`, into one place of the mutant, tries it, takes it out again. */
static void with(const struct tenant *t, struct mutant *m, const char **place, const char *format,
                 const char *path, const char *codes, const char *way, struct count *n)
{
    const char *before = *place;
    struct buf b = buf_new(LEAK_TEXT_MOST);

    for (const char *c = format; *c; c++) {
        if (*c == '@')
            buf_add(&b, str_of(path));
        else
            buf_add_char(&b, *c);
    }
    *place = b.p;
    try(t, m, codes, way, path, n);
    *place = before;
    buf_reset(&b);
}

/* The ways that read the source into the shown slot, on one side. */
static void into_slot(const struct tenant *t, const struct shown *of, const struct origin *o,
                      bool is_fhir, struct count *n)
{
    struct mutant m = {.of = of};
    const char **branch = is_fhir ? &m.fhir : &m.hl7;
    const char *own = is_fhir ? OPEN_FHIR : OPEN_HL7;
    char text[512];

    with(t, &m, branch, "\"@\"", o->path, FLOW, "branch", n);
    snprintf(text, sizeof text, "[\"%s\", \"@\"]", own);
    with(t, &m, branch, text, o->path, FLOW, "second candidate", n);
    with(t, &m, &m.overlay, is_fhir ? "probe: {fhir: \"@\"}" : "probe: {hl7: \"@\"}", o->path, FLOW,
         "overlay", n);
    m.ceiling = m.shows = "logistics";
    with(t, &m, branch, "\"@\"", o->path, FLOW, "ceiling raised", n);
    m.ceiling = m.shows = NULL;
    if (strcmp(of->as, "text") == 0) {
        m.table = "    table: number\n";
        with(t, &m, branch, "\"@\"", o->path, FLOW, "table", n);
    }
}

/* The ways that do not depend on the slot's type. */
static void elsewhere(const struct tenant *t, const struct origin *o, bool is_fhir, struct count *n)
{
    struct mutant m = {.of = &leak_slots[0]};

    with(t, &m, &m.otherwise, "\"@\"", o->path, "E402", "else", n);
    with(t, &m, &m.param, "\"@\"", o->path, "E704", "parameter", n);
    with(t, &m, &m.when, "when: \"@ in (x)\",", o->path, "E104 E503", "notify.when on a path", n);
    m.when = "when: state in (called),";
    with(t, &m, &m.state,
         is_fhir ? "state: {hl7: none, fhir: {key: \"@\", table: state}, else: hold(no state)}"
                 : "state: {hl7: {key: \"@\", table: state}, fhir: none, else: hold(no state)}",
         o->path, "E601 E605 E802", "notify.when on a slot", n);
    m.when = NULL;
    /* It holds only where the secret stands, so it also proves that the source reads it. */
    with(t, &m, &m.only_if,
         is_fhir ? "    only_if: {hl7: none, fhir: \"@.exists()\", else: drop(no)}\n"
                 : "    only_if: {hl7: \"any(@) in (XQ90317)\", fhir: none, else: drop(no)}\n",
         o->path, NULL, "guard", n);
    m.ceiling = m.shows = "clinical";
    with(t, &m, is_fhir ? &m.fhir : &m.hl7, "\"@\"", o->path, "E805", "ceiling too high", n);
    m.ceiling = NULL;
    with(t, &m, is_fhir ? &m.fhir : &m.hl7, "\"@\"", o->path, "E805", "shows without a ceiling", n);
    m.shows = NULL;
    m.bound = "again";
    with(t, &m, &m.values,
         is_fhir ? "  again: values.secret\n  secret: {hl7: none, fhir: \"@\", else: none}\n"
                 : "  again: values.secret\n  secret: {hl7: \"@\", fhir: none, else: none}\n",
         o->path, FLOW, "a value under another name", n);
}

/* The policy's word for the source, beside the reading of it. */
static void declared(const struct tenant *t, const struct origin *o, bool is_fhir, struct count *n)
{
    struct mutant m = {.of = &leak_slots[0]};

    if (o->local) /* what the tenant itself says of its own fields holds */
        return;
    with(t, &m, &m.declare, "@", o->path, "E804", "declared", n);
    m.declare = o->path;
    with(t, &m, is_fhir ? &m.fhir : &m.hl7, "\"@\"", o->path, "E804", "declared and shown", n);
}

/* Expressions that touch more than the element they end in, and paths that test one. */
static void inside(const struct tenant *t, const struct origin *o, bool is_fhir, struct count *n)
{
    struct mutant m = {.of = &leak_slots[0]};

    if (!is_fhir)
        return;
    with(t, &m, &m.fhir, "\"" OPEN_FHIR " | @\"", o->path, FLOW, "union", n);
    with(t, &m, &m.fhir, "\"@.select($this)\"", o->path, FLOW, "select", n);
    with(t, &m, &m.fhir, "\"@.where($this.startsWith('X')).first()\"", o->path, FLOW, "where", n);
    with(t, &m, &m.fhir, "\"" OPEN_FHIR ".startsWith(@)\"", o->path, FLOW, "argument", n);
    with(t, &m, &m.fhir, "\"" OPEN_FHIR ".where($this = @)\"", o->path, "E213", "filter", n);
}

/* The parameter pointed at each slot of each event, whatever its type. */
static void each_slot(const struct tenant *t, struct count *n)
{
    static const char *const slots[] = {"patient_key", "phone", "language", "site", "state"};
    static const char *const when[] = {"phone", "patient_key", "ticket"};
    struct mutant m = {0};

    for
        EACH (i, leak_slots) {
            m.of = &leak_slots[i];
            for
                EACH (k, slots)
                    with(t, &m, &m.param, "@", slots[k], "E704 E801", "parameter", n);
            with(t, &m, &m.param, "@", m.of->key, "E801", "parameter", n);
        }
    m.of = &leak_slots[0];
    for
        EACH (k, when)
            with(t, &m, &m.when, "when: \"@ in (KB22222)\",", when[k], "E802 E304", "notify.when",
                 n);
}

static void each_origin(const struct tenant *t, const struct origin *all, bool is_fhir,
                        struct count *n)
{
    for (const struct origin *o = all; o->path; o++) {
        for
            EACH (i, leak_slots)
                into_slot(t, &leak_slots[i], o, is_fhir, n);
        elsewhere(t, o, is_fhir, n);
        declared(t, o, is_fhir, n);
        inside(t, o, is_fhir, n);
    }
}

/* The sound feed loads and shows what the policy lets it show: the look for marks can find one. */
static void test_sound(const struct tenant *t)
{
    struct count n = {0};

    for
        EACH (i, leak_slots) {
            struct mutant m = {.of = &leak_slots[i]};

            try(t, &m, NULL, "sound", "-", &n);
        }
    CHECK(n.ran == 4 && n.stopped == 0, "%d ran", n.ran);
}

int main(void)
{
    struct count n = {0};
    struct tenant t;

    tenant_make(&t);
    leak_tables(&t);
    test_sound(&t);
    each_origin(&t, hl7, false, &n);
    each_origin(&t, fhir, true, &n);
    each_slot(&t, &n);
    printf("%d mutants: %d stopped at load, %d ran\n", n.mutants, n.stopped, n.ran);
    CHECK(n.mutants >= 300 && n.mutants == n.stopped + n.ran, "%d mutants", n.mutants);
    tenant_remove(&t);
    return check_end();
}
