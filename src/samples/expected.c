#include "expected.h"

#include "fhir/edit.h"
#include "hl7/edit.h"

struct writing {
    const struct feed *feed;
    const struct plan *plan;
    struct buf *out;
    struct arena *arena;
};

static bool run(struct writing *w, const struct chosen *c, struct str body,
                struct feed_result *result)
{
    struct err ignored;
    const struct feed_input in = {
        .kind = c->fhir ? MESSAGE_FHIR : MESSAGE_HL7,
        .body = body,
        .key = STR("tidings-test-key"),
    };

    return feed_eval(w->feed, &in, w->arena, result, &ignored);
}

static void slots(struct writing *w, const struct event *ev)
{
    static const char *const shown[] = {"status",   "state", "change", "site",
                                        "language", "phone", "start"};
    bool any = false;

    (void)buf_printf(w->out, "      - " STR_FMT ": {", STR_ARG(ev->type));
    for (size_t i = 0; i < sizeof shown / sizeof shown[0]; i++) {
        struct str value = event_value(ev, shown[i]);

        if (!value.n || (strcmp(shown[i], "start") == 0 && !w->plan->zone))
            continue;
        (void)buf_printf(w->out, "%s%s: \"" STR_FMT "\"", any ? ", " : "", shown[i],
                         STR_ARG(value));
        any = true;
    }
    (void)buf_printf(w->out, "}\n");
}

static void outcome(struct writing *w, const struct feed_outcome *o)
{
    static const char *const stops[] = {
        [FEED_DROP] = "drop", [FEED_HOLD] = "hold", [FEED_REJECT] = "reject"};

    if (o->emits)
        slots(w, &o->event);
    if (o->kind == FEED_SEND)
        (void)buf_printf(w->out, "      - send: {template: %s, language: " STR_FMT "}\n",
                         o->template->key, STR_ARG(o->language));
    else if (o->kind != FEED_RECORDED)
        (void)buf_printf(w->out, "      - %s: " STR_FMT "\n", stops[o->kind], STR_ARG(o->reason));
}

static void expect(struct writing *w, const struct feed_result *r)
{
    (void)buf_printf(w->out, r->n ? "    expect:\n" : "    expect: []\n");
    for (size_t i = 0; i < r->n; i++)
        outcome(w, &r->outcomes[i]);
}

static void as_it_is(struct writing *w, const struct chosen *c)
{
    struct feed_result r;

    if (!run(w, c, c->body, &r))
        return;
    (void)buf_printf(w->out, "  - test: %s as it is\n    given: samples/%s\n", c->trigger, c->file);
    expect(w, &r);
}

struct change {
    const char *path, *text;
};

static bool apply(struct writing *w, bool fhir, const struct change *c, struct str *body)
{
    struct hl7_path path;
    struct err ignored;
    size_t at;

    if (fhir)
        return fhir_edit(*body, str_of(c->path), str_of(c->text), w->arena, body, &ignored);
    return hl7_path_parse(str_of(c->path), w->arena, &path, &at, &ignored) &&
           hl7_edit_set(*body, &path, str_of(c->text), w->arena, body, &ignored);
}

/* A test of its own when the changes can be made and `reason` comes of it. */
static bool changed(struct writing *w, const struct chosen *c, const char *name,
                    const struct change *changes, size_t n, const char *reason)
{
    struct feed_result r;
    struct str body = c->body;
    size_t hits = 0;

    for (size_t i = 0; i < n; i++)
        if (!apply(w, c->fhir, &changes[i], &body))
            return false;
    if (!run(w, c, body, &r))
        return false;
    for (size_t i = 0; i < r.n; i++)
        hits += str_eq(r.outcomes[i].reason, str_of(reason));
    if (!hits)
        return false;
    (void)buf_printf(w->out, "  - test: %s\n    given: samples/%s\n    change: {", name, c->file);
    for (size_t i = 0; i < n; i++)
        (void)buf_printf(w->out, "%s\"%s\": \"%s\"", i ? ", " : "", changes[i].path,
                         changes[i].text);
    (void)buf_printf(w->out, "}\n");
    expect(w, &r);
    return true;
}

static void no_phone(struct writing *w, const struct chosen_list *samples)
{
    static const struct change fhir[] = {{"Patient.telecom", ""}};
    struct change hl7[PLAN_PATHS];
    size_t n = 0;

    for (size_t i = 0; i < w->plan->n_phones; i++) { /* each field once */
        struct str path = w->plan->phones[i].path, field = str_cut(&path, '(');
        const char *name = arena_copy(w->arena, field).p;
        bool again = false;

        for (size_t k = 0; k < n; k++)
            again |= strcmp(hl7[k].path, name) == 0;
        if (!again)
            hl7[n++] = (struct change){name, ""};
    }
    for (size_t i = 0; i < samples->n; i++) {
        const struct chosen *c = &samples->items[i];

        if (changed(w, c, "no phone, no message", c->fhir ? fhir : hl7, c->fhir ? 1 : n,
                    "no usable phone"))
            return;
    }
}

static void one_change(struct writing *w, const struct chosen_list *samples, const char *name,
                       struct change hl7, struct change fhir, const char *reason)
{
    for (size_t i = 0; i < samples->n; i++) {
        const struct chosen *c = &samples->items[i];
        const struct change *change = c->fhir ? &fhir : &hl7;

        if (change->path && changed(w, c, name, change, 1, reason))
            return;
    }
}

void expected_write(const struct feed *f, const struct plan *p, const struct chosen_list *samples,
                    struct buf *out)
{
    struct writing w = {f, p, out, p->arena};

    for (size_t i = 0; i < samples->n; i++)
        as_it_is(&w, &samples->items[i]);
    no_phone(&w, samples);
    one_change(&w, samples, "an unknown site is held, not guessed",
               (struct change){p->site_path, "NOT-A-SITE"}, (struct change){NULL, NULL},
               "unknown site");
    one_change(&w, samples, "a preliminary result is not announced",
               (struct change){plan_filled(p, "OBR-25") ? "OBR-25" : "OBX-11", "P"},
               (struct change){"DiagnosticReport.status", "preliminary"}, "not final");
    one_change(&w, samples, "an unknown code is treated as sensitive",
               (struct change){"OBR-4.1", "NOT-A-CODE"},
               (struct change){"DiagnosticReport.code.coding.code", "NOT-A-CODE"},
               "needs clinician release");
    one_change(&w, samples, "no patient number, no patient", (struct change){"PID-3", ""},
               (struct change){"Patient.identifier", ""}, "no patient number");
}
