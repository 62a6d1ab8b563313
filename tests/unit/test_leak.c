/* The second line of defence (docs/feed-language.md, section 13.5): feeds are loaded sound and then compiled
 * wrongly on purpose, so that paths lead to what must not be shown while every class says that all is well, or
 * classes are wrong while the paths are right. Nothing of it may leave. */
#include <stdlib.h>

#include "../../src/feed/model.h"
#include "check.h"
#include "leak_feed.h"

enum { RECEIVED_MS = 1740788100 };

static int n_faults, n_blocked, n_open;

/* ---- breaking a loaded feed ---- */

static struct feed *load(const struct tenant *t, const struct mutant *m)
{
    struct arena a = {0};
    struct findings all;
    struct feed *f;

    leak_write(t, m);
    f = feed_load(t->feed, &a, &all);
    for (size_t i = 0; !f && i < all.n; i++)
        finding_print(&all.items[i], stdout);
    CHECK(f != NULL, "the sound feed does not load");
    arena_reset(&a);
    if (!f)
        exit(1);
    return f;
}

static struct value *value_named(struct map *m, const char *name)
{
    for (size_t k = 0; k < m->n_values; k++)
        if (str_eq(m->values[k].name, str_of(name)))
            return &m->values[k];
    CHECK(false, "no value %s", name);
    exit(1);
}

/* Points the value at another place, in the plain map and under the overlay; classes stay as they were. */
static void point(struct feed *f, const char *name, int side, const char *at)
{
    for (size_t k = 0; k < f->n_maps; k++) {
        struct branch *b = &value_named(&f->maps[k], name)->branch[side];
        struct fhirpath_fault fault;
        struct err e;
        size_t where;

        b->n_sources = 1;
        b->sources[0].text = str_of(at);
        CHECK(side ? fhirpath_compile(str_of(at), &f->arena, &b->sources[0].expr, &fault)
                   : hl7_path_parse(str_of(at), &f->arena, &b->sources[0].path, &where, &e),
              "%s", at);
    }
}

static void reclass(struct feed *f, const char *name, enum sensitivity class)
{
    for (size_t k = 0; k < f->n_maps; k++)
        for (int side = 0; side < SIDES; side++) {
            struct value *v = value_named(&f->maps[k], name);

            v->class = v->branch[side].class = class;
            for (size_t s = 0; s < v->branch[side].n_sources; s++)
                v->branch[side].sources[s].class = class;
        }
}

static void shows(struct feed *f, enum sensitivity class)
{
    for (size_t k = 0; k < f->templates.n; k++)
        f->templates.items[k].shows = class;
}

/* ---- what comes of it ---- */

static void run(const struct feed *f, int side, struct str body, struct arena *a,
                struct feed_result *r)
{
    const struct feed_input in = {.kind = side ? MESSAGE_FHIR : MESSAGE_HL7,
                                  .body = body,
                                  .received_ms = INT64_C(1000) * RECEIVED_MS,
                                  .key = STR("tidings-test-key")};
    struct err e = {0};

    CHECK(feed_eval(f, &in, a, r, &e), "%s", e.text);
    CHECK(r->n > 0, "nothing comes of the message");
}

/* Held with a leak that says where, or sent. */
static void expect(const struct feed_outcome *o, bool blocked, const char *way, const char *what)
{
    n_faults++;
    if (blocked) {
        n_blocked++;
        CHECK(o->kind == FEED_HOLD && o->leak != NULL && !o->emits, "%s, %s: kind %d, " STR_FMT,
              way, what, o->kind, STR_ARG(o->reason));
        CHECK(o->reason.n > 0 && o->reason.n <= 60, "%s, %s: reason", way, what);
    } else {
        n_open++;
        CHECK(o->kind == FEED_SEND && !o->leak, "%s, %s: kind %d, " STR_FMT, way, what, o->kind,
              STR_ARG(o->reason));
    }
}

/* ---- the comparison: every place of a secret, in every slot that can be shown ---- */

static const char *const hl7_places[] = {
    "PID-3(5=XX).1", "PID-5.1", "PID-7",  "PID-8",    "PID-10.2", "PID-11.3", "PID-13(3=PH).1",
    "PID-19",        "PV1-19",  "PV1-46", "ORC-2.1",  "OBR-2.1",  "OBR-4.1",  "OBR-4.2",
    "OBR-13",        "OBX-3.1", "OBX-5",  "OBX-5(2)", "OBX-6.1",  "DG1-3.1",  "DG1-4",
    "NTE-3",         "AL1-3.2", "IN1-36", "SCH-7.2",  "ZPI-4",    "ZZZ-1.2",
};
static const char *const fhir_places[] = {
    "Patient.identifier.where(type.coding.code='XX').value",
    "Patient.name.family",
    "Patient.birthDate",
    "Patient.gender",
    "Patient.address.city",
    "Patient.telecom.where(system='email').value",
    "Patient.contact.name.family",
    "Patient.deceasedDateTime",
    "Patient.extension('urn:secret').valueString",
    "Patient.birthDate.extension('urn:secret').valueString",
    "Observation.valueString",
    "Observation.code.coding.code",
    "Observation.note.text",
    "Observation.identifier.value",
    "Observation.component.valueString",
    "Observation.extension('urn:secret').valueString",
    "DiagnosticReport.conclusion",
    "DiagnosticReport.code.coding.display",
    "DiagnosticReport.subject.display",
    "Appointment.description",
    "Appointment.reasonCode.text",
};

static const struct feed_outcome *blocked_one(const struct feed_result *r)
{
    for (size_t i = 0; i < r->n; i++)
        if (r->outcomes[i].leak)
            return &r->outcomes[i];
    return &r->outcomes[0];
}

static void test_places(const struct tenant *t, int side, const char *const *places, size_t n)
{
    for
        EACH (s, leak_slots) {
            const struct mutant m = {.of = &leak_slots[s]};
            struct buf body = buf_new(LEAK_TEXT_MOST);
            struct feed *f = load(t, &m);
            struct arena a = {0};
            struct feed_result r;

            leak_message(m.of, side, &body);
            run(f, side, buf_str(&body), &a, &r);
            expect(&r.outcomes[0], false, "sound", m.of->slot);
            for (size_t k = 0; k < n; k++) {
                point(f, "probe", side, places[k]);
                run(f, side, buf_str(&body), &a, &r);
                expect(blocked_one(&r), true, places[k], m.of->slot);
                if (blocked_one(&r)->leak)
                    CHECK(blocked_one(&r)->leak->found && blocked_one(&r)->leak->place > 0 &&
                              blocked_one(&r)->leak->class > CLASS_LOGISTICS,
                          "%s, %s: the place is not said", places[k], m.of->slot);
                arena_reset(&a);
            }
            feed_free(f);
            buf_reset(&body);
        }
}

/* ---- the comparison: each class against each ceiling ---- */

/* Each field has a ticket of its own; the class is the field's. */
static const char ladder[] =
    "MSH|^~\\&|E|KH|||20250301081500+0800||ZAD^A10|PU11111|P|2.5.1\n"
    "PID|1||M1^^^^MR~IX66666^^^^XX||||||||||CO55555^^PH~0912345678^^CP||eng^PR33333\n"
    "PV1|1||DI22222\nPV2||||||||LO44444\nOBX|1|ST|1||CL77777\nZPI|1||||||||KB12345\n";

static const struct {
    const char *path;
    enum sensitivity class;
} rungs[] = {
    {"MSH-10", CLASS_PUBLIC},          {"PV1-3", CLASS_DIRECTORY},
    {"PID-15.2", CLASS_PREFERENCE},    {"PV2-8", CLASS_LOGISTICS},
    {"PID-13(3=PH).1", CLASS_CONTACT}, {"PID-3(5=XX).1", CLASS_IDENTIFIER},
    {"OBX-5", CLASS_CLINICAL},
};

static void test_ladder(const struct tenant *t)
{
    const struct mutant m = {.of = &leak_slots[0]};
    struct feed *f = load(t, &m);

    for
        EACH (k, rungs)
            for (enum sensitivity c = CLASS_DIRECTORY; c <= CLASS_LOGISTICS; c++) {
                struct arena a = {0};
                struct feed_result r;
                char way[64];

                point(f, "probe", 0, rungs[k].path);
                shows(f, c);
                run(f, 0, str_of(ladder), &a, &r);
                (void)snprintf(way, sizeof way, "a template may show %s", class_name(c));
                expect(&r.outcomes[0], rungs[k].class > c, way, rungs[k].path);
                arena_reset(&a);
            }
    feed_free(f);
}

/* ---- the comparison: the recipient ---- */

static void test_recipient(const struct tenant *t)
{
    static const struct {
        const char *path, *segment;
        bool blocked;
    } cases[] = {
        {"PID-14.1", "PID|1||M1^^^^MR||||||||||0912345678^^CP|0912345679||eng\n", false},
        {"PID-3(5=XX).1", "PID|1||M1^^^^MR~0912345679^^^^XX||||||||||||eng\n", true},
        {"PID-19", "PID|1||M1^^^^MR||||||||||||eng||||886912345679\n", true},
        {"NTE-3", "PID|1||M1^^^^MR||||||||||||eng\nNTE|1||0912345679\n", true},
        {"OBX-5", "PID|1||M1^^^^MR||||||||||||eng\nOBX|1|ST|1||+886912345679\n", true},
        {"ZZZ-1", "PID|1||M1^^^^MR||||||||||||eng\nZZZ|0912345679\n", true},
        {"OBX-5", "PID|1||M1^^^^MR||||||||||0912345679^^CP||eng\nOBX|1|ST|1||+886912345679\n",
         false}, /* the patient's own number all the same */
    };
    const struct mutant m = {.of = &leak_slots[0]};
    struct feed *f = load(t, &m);

    for
        EACH (k, cases) {
            struct arena a = {0};
            struct feed_result r;
            struct str body = arena_printf(
                &a,
                "MSH|^~\\&|E|KH|||20250301081500+0800||ZAD^A10|M|P|2.5.1\n%sZPI|1||||||||KB12345\n",
                cases[k].segment);

            point(f, "phone", 0, cases[k].path);
            run(f, 0, body, &a, &r);
            expect(&r.outcomes[0], cases[k].blocked, "recipient", cases[k].path);
            if (cases[k].blocked && r.outcomes[0].leak)
                CHECK(r.outcomes[0].leak->sink == LEAK_RECIPIENT, "%s: %s", cases[k].path,
                      leak_sink_name(r.outcomes[0].leak->sink));
            arena_reset(&a);
        }
    feed_free(f);
}

/* ---- the carried classes: each class at each sink ---- */

static void test_classes(const struct tenant *t)
{
    static const struct {
        const char *value;
        enum leak_sink sink;
        enum sensitivity ceiling;
    } sinks[] = {
        {"probe", LEAK_PARAMETER, CLASS_DIRECTORY},   {"phone", LEAK_SLOT, CLASS_CONTACT},
        {"language", LEAK_SLOT, CLASS_PREFERENCE},    {"site", LEAK_SLOT, CLASS_DIRECTORY},
        {"patient_key", LEAK_SLOT, CLASS_IDENTIFIER},
    };
    const struct mutant m = {.of = &leak_slots[0]};
    struct buf body = buf_new(LEAK_TEXT_MOST);

    leak_message(m.of, 0, &body);
    for
        EACH (k, sinks) {
            struct feed *f = load(t, &m);

            for (enum sensitivity c = CLASS_PUBLIC; c <= CLASS_CLINICAL; c++) {
                struct arena a = {0};
                struct feed_result r;

                reclass(f, sinks[k].value, c);
                run(f, 0, buf_str(&body), &a, &r);
                expect(&r.outcomes[0], c > sinks[k].ceiling, sinks[k].value, class_name(c));
                if (r.outcomes[0].leak)
                    CHECK(r.outcomes[0].leak->by_class && r.outcomes[0].leak->class == c, "%s: %s",
                          sinks[k].value, class_name(c));
                arena_reset(&a);
            }
            feed_free(f);
        }
    buf_reset(&body);
}

/* The choice of template: `when` on a code slot. Its slot's ceiling stops it first, as it should. */
static void test_choice(const struct tenant *t)
{
    const struct mutant m = {
        .of = &leak_slots[0],
        .values = "  st: {hl7: {key: PV2-8, table: state}, fhir: none, else: hold(no state)}\n",
        .state = "state: values.st",
        .when = "when: state in (called),"};
    struct feed *f = load(t, &m);

    for (enum sensitivity c = CLASS_PUBLIC; c <= CLASS_CLINICAL; c++) {
        struct arena a = {0};
        struct feed_result r;

        reclass(f, "st", c);
        run(f, 0,
            STR("MSH|^~\\&|E|KH|||20250301081500+0800||ZAD^A10|M|P|2.5.1\n"
                "PID|1||M1^^^^MR||||||||||0912345678^^CP||eng\n"
                "PV2||||||||XQ90317\nZPI|1||||||||KB12345\n"),
            &a, &r);
        expect(&r.outcomes[0], c > CLASS_LOGISTICS, "choice of template", class_name(c));
        arena_reset(&a);
    }
    feed_free(f);
}

/* ---- the closed grammar ---- */

static void with_outcome(const struct feed *f, struct str body, enum leak_sink sink,
                         const char *way)
{
    struct arena a = {0};
    struct feed_result r;

    run(f, 0, body, &a, &r);
    expect(&r.outcomes[0], true, way, "closed");
    if (r.outcomes[0].leak)
        CHECK(r.outcomes[0].leak->sink == sink, "%s: %s", way,
              leak_sink_name(r.outcomes[0].leak->sink));
    arena_reset(&a);
}

static void test_closed(const struct tenant *t)
{
    const struct mutant m = {.of = &leak_slots[0]};
    struct buf body = buf_new(LEAK_TEXT_MOST);
    struct feed *f = load(t, &m);
    struct template other;
    const struct event_type *event = f->notify[0].event;
    struct param_source *p = &f->notify[0].params[0];
    const struct slot_type *ticket = p->slot;

    leak_message(m.of, 0, &body);
    shows(f, CLASS_CLINICAL); /* the carried classes say nothing any more */
    p->slot = event_type_slot(event, STR("phone"));
    with_outcome(f, buf_str(&body), LEAK_PARAMETER, "a parameter shows the phone");
    p->slot = event_type_slot(event, STR("patient_key"));
    with_outcome(f, buf_str(&body), LEAK_PARAMETER, "a parameter shows a key");
    p->slot = event_type_slot(event, STR("state"));
    with_outcome(f, buf_str(&body), LEAK_PARAMETER, "a parameter shows a code");
    p->slot = ticket;
    other = *f->notify[0].template;
    f->notify[0].template = &other;
    with_outcome(f, buf_str(&body), LEAK_TEMPLATE, "a template that is not the feed's");
    feed_free(f);
    buf_reset(&body);
}

/* What is the feed's own is public whatever the message says. */
static void test_constants(const struct tenant *t)
{
    struct buf body = buf_new(LEAK_TEXT_MOST);
    const struct mutant m = {.of = &leak_slots[0], .param = "site.name"};
    struct feed *f = load(t, &m);
    struct arena a = {0};
    struct feed_result r;

    leak_message(m.of, 0, &body);
    run(f, 0, buf_str(&body), &a, &r);
    expect(&r.outcomes[0], false, "site.name", "sound");
    run(f, 0, /* the patient is called like the clinic */
        STR("MSH|^~\\&|E|KH|||20250301081500+0800||ZAD^A10|M|P|2.5.1\n"
            "PID|1||M1^^^^MR||North||||||||0912345678^^CP||eng\nPV1|1||North\nNTE|1||North\n"
            "ZPI|1||||||||KB12345\n"),
        &a, &r);
    expect(&r.outcomes[0], false, "site.name", "a name that the clinic has, too");
    arena_reset(&a);
    buf_reset(&body);
    feed_free(f);
}

int main(void)
{
    struct tenant t;

    tenant_make(&t);
    leak_tables(&t);
    test_places(&t, 0, hl7_places, sizeof hl7_places / sizeof *hl7_places);
    test_places(&t, 1, fhir_places, sizeof fhir_places / sizeof *fhir_places);
    test_ladder(&t);
    test_recipient(&t);
    test_classes(&t);
    test_choice(&t);
    test_closed(&t);
    test_constants(&t);
    printf("%d faults: %d blocked, %d open as they should be\n", n_faults, n_blocked, n_open);
    tenant_remove(&t);
    return check_end();
}
