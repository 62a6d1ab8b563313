/* A feed of any bytes (tenant_bytes.h; without a mark the sound one) and any message in front of it: it ends
 * within its steps, says the same a second time and while `explain` looks on, sends nothing but a template's
 * own words around its parameters, and nothing that the second line of defence has to stop. */
#include <stdint.h>
#include <stdlib.h>

#include "../../src/feed/model.h"
#include "../../src/feed/trace.h"
#include "tenant_bytes.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static struct tenant_bytes tenant;
static struct feed *sound;

static void need(bool good)
{
    if (!good)
        abort();
}

static void leave(void)
{
    feed_free(sound);
}

static void load_sound(void)
{
    struct arena a = {0};
    struct findings all;

    tenant_bytes_make(&tenant);
    sound = feed_load(tenant.at.feed, &a, &all);
    need(sound != NULL);
    arena_reset(&a);
    atexit(leave);
}

/* The only things a parameter of the sound feed may say. */
static bool is_clinic(struct str s)
{
    return str_eq(s, STR("北院門診")) || str_eq(s, STR("North")) || str_eq(s, STR("獅城診所")) ||
           str_eq(s, STR("Lion"));
}

/* The body with each {{name}} replaced, in order. */
static struct str filled(struct str body, const struct param *params, size_t n, struct arena *a)
{
    struct str out = {"", 0};
    size_t at = 0;

    while (body.n) {
        const char *open = memmem(body.p, body.n, "{{", 2);
        struct str own = {body.p, open ? (size_t)(open - body.p) : body.n};

        out = arena_printf(a, STR_FMT STR_FMT, STR_ARG(out), STR_ARG(own));
        if (!open)
            break;
        need(at < n);
        out = arena_printf(a, STR_FMT STR_FMT, STR_ARG(out), STR_ARG(params[at].text));
        at++;
        body = (struct str){open, body.n - own.n};
        while (body.n && !str_starts(body, STR("}}")))
            body = (struct str){body.p + 1, body.n - 1};
        need(body.n >= 2);
        body = (struct str){body.p + 2, body.n - 2};
    }
    need(at == n);
    return out;
}

static void check_words(const struct feed_template *t, struct str language,
                        const struct param *params, size_t n, struct str text, struct arena *a)
{
    const struct feed_body *body = NULL;

    need(t && n == t->n_params);
    for (size_t i = 0; i < t->n_bodies; i++)
        if (str_eq(language, str_of(t->bodies[i].language)))
            body = &t->bodies[i];
    need(body && str_eq(text, filled(str_of(body->text), params, n, a)));
}

static void check_outcome(const struct feed *f, const struct feed_outcome *o, struct arena *a)
{
    need(o->kind >= FEED_SEND && o->kind <= FEED_REJECT);
    need(!o->leak);
    need(o->emits == (o->kind <= FEED_RECORDED));
    for (size_t i = 0; i < o->n_reminders; i++) {
        const struct feed_reminder *r = &o->reminders[i];

        check_words(r->template, r->language, r->params, r->n_params, r->text, a);
        need(r->due_ms <= r->expires_ms && (i == 0 || r[-1].due_ms <= r->due_ms));
    }
    if (o->kind != FEED_SEND)
        return;
    need(o->to.n >= 8 && o->to.p[0] == '+');
    check_words(o->template, o->language, o->params, o->n_params, o->text, a);
    for (size_t i = 0; f == sound && i < o->n_params; i++)
        need(is_clinic(o->params[i].text));
}

static void check_params(const struct param *x, size_t n, const struct param *y, size_t m)
{
    need(n == m);
    for (size_t i = 0; i < n; i++)
        need(str_eq(x[i].name, y[i].name) && str_eq(x[i].text, y[i].text));
}

static void check_event(const struct event *x, const struct event *y)
{
    need(str_eq(x->type, y->type) && str_eq(x->unit_key, y->unit_key) && x->n_slots == y->n_slots);
    for (size_t i = 0; i < x->n_slots; i++) {
        need(str_eq(x->slots[i].name, y->slots[i].name));
        need(str_eq(x->slots[i].value, y->slots[i].value));
        need(x->slots[i].class == y->slots[i].class);
    }
}

static void check_same(const struct feed_outcome *x, const struct feed_outcome *y)
{
    need(x->kind == y->kind && str_eq(x->rule, y->rule) && str_eq(x->reason, y->reason));
    need(x->n_warnings == y->n_warnings && x->n_reminders == y->n_reminders);
    need(x->emits == y->emits && x->template == y->template && str_eq(x->to, y->to));
    need(str_eq(x->language, y->language) && str_eq(x->text, y->text));
    need(x->stale_ms == y->stale_ms && x->phone_ms == y->phone_ms);
    check_params(x->params, x->n_params, y->params, y->n_params);
    if (x->emits)
        check_event(&x->event, &y->event);
    for (size_t i = 0; i < x->n_reminders; i++)
        need(x->reminders[i].due_ms == y->reminders[i].due_ms &&
             str_eq(x->reminders[i].text, y->reminders[i].text));
}

static bool evaluate(const struct feed *f, struct str body, struct feed_trace *trace,
                     struct arena *a, struct feed_result *r)
{
    const struct feed_input in = {.kind = body.n && body.p[0] == '{' ? MESSAGE_FHIR : MESSAGE_HL7,
                                  .body = body,
                                  .received_ms = 1735689600000,
                                  .key = STR("tidings-test-key"),
                                  .trace = trace};
    struct err e;

    return feed_eval(f, &in, a, r, &e);
}

static void check(const struct feed *f, struct str body)
{
    struct feed_trace trace = {0};
    struct feed_result r, again, seen;
    struct arena a = {0};
    bool good = evaluate(f, body, NULL, &a, &r);

    need(evaluate(f, body, NULL, &a, &again) == good);
    need(evaluate(f, body, &trace, &a, &seen) == good);
    if (good) {
        need(r.n == again.n && r.n == seen.n && r.steps == again.steps);
        need(r.steps <= FEED_MAX_STEPS);
    }
    for (size_t i = 0; good && i < r.n; i++) {
        check_outcome(f, &r.outcomes[i], &a);
        check_same(&r.outcomes[i], &again.outcomes[i]);
        check_same(&r.outcomes[i], &seen.outcomes[i]);
    }
    arena_reset(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct str bytes = {n ? (const char *)data : "", n};
    struct arena a = {0};
    struct findings all;
    struct feed *own;

    if (!sound)
        load_sound();
    if (!tenant_bytes_write(&tenant, bytes)) {
        check(sound, bytes);
        return 0;
    }
    own = feed_load(tenant.at.feed, &a, &all);
    if (own)
        check(own, tenant.rest);
    feed_free(own);
    arena_reset(&a);
    return 0;
}
