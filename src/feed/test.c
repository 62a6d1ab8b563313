/* The runner of the tests inside a feed: samples, changes, one empty store a test, expectations. */
#include "feed/test.h"

#include <glob.h>
#include <stdlib.h>

#include "fhir/edit.h"
#include "files.h"
#include "hl7/edit.h"
#include "test_match.h"

/* 2025-01-01: tests look at no clock, and age plays no part in them. */
static const int64_t received_ms = 1735689600000;

enum { UNITS_MOST = 1000 };

struct memory { /* the latest event of each unit, as the store would have it */
    struct event *events[UNITS_MOST];
    size_t n;
};

struct running {
    const struct feed *f;
    const struct test_case *test;
    struct arena *a;
    struct memory memory;
    const struct yaml_node *at; /* where it failed */
    const char *why;
    const char *got;
};

static bool memory_find(void *ctx, struct str event_type, struct str unit_key, struct arena *a,
                        struct event *out, bool *found, struct err *e)
{
    const struct memory *m = ctx;

    (void)a, (void)e;
    *found = false;
    for (size_t i = 0; i < m->n && !*found; i++) {
        const struct event *ev = m->events[i];

        *found = str_eq(ev->type, event_type) && str_eq(ev->unit_key, unit_key);
        if (*found)
            *out = *ev;
    }
    return true;
}

static void memory_keep(struct memory *m, struct event *ev)
{
    for (size_t i = 0; i < m->n; i++)
        if (str_eq(m->events[i]->type, ev->type) && str_eq(m->events[i]->unit_key, ev->unit_key)) {
            m->events[i] = ev;
            return;
        }
    if (m->n < UNITS_MOST)
        m->events[m->n++] = ev;
}

static bool fail(struct running *t, const struct yaml_node *at, const char *why)
{
    t->at = at;
    t->why = why;
    return false;
}

static bool cannot_run(struct running *t, const struct yaml_node *at, const char *why)
{
    return fail(t, at, arena_printf(t->a, "error[E903]: %s", why).p);
}

static bool is_json(struct str body)
{
    struct str s = str_trim(body);

    return s.n && s.p[0] == '{';
}

static bool change_hl7(struct running *t, const struct yaml_pair *pair, struct str *body)
{
    struct hl7_path path;
    struct err e = {0};
    size_t at;

    if (!hl7_path_parse(pair->key->text, t->a, &path, &at, &e))
        return cannot_run(t, pair->key, "this is not an HL7 path");
    if (!hl7_edit_set(*body, &path, pair->value->text, t->a, body, &e))
        return cannot_run(t, pair->key, arena_copy(t->a, str_of(e.text)).p);
    return true;
}

static bool change_fhir(struct running *t, const struct yaml_pair *pair, struct str *body)
{
    struct err e = {0};

    if (!fhir_edit(*body, pair->key->text, pair->value->text, t->a, body, &e))
        return cannot_run(t, pair->key, arena_copy(t->a, str_of(e.text)).p);
    return true;
}

/* A sample that a test changes is UTF-8: hl7/edit.h works on decoded text. */
static bool change(struct running *t, struct str *body)
{
    const struct yaml_node *changes = yaml_get(t->test->node, "change");
    const struct yaml_node *adds = yaml_get(t->test->node, "add");
    bool fhir = is_json(*body);
    struct err e = {0};

    for (size_t i = 0; changes && i < changes->n; i++) {
        const struct yaml_pair *pair = &changes->pairs[i];

        if (!(fhir ? change_fhir(t, pair, body) : change_hl7(t, pair, body)))
            return false;
    }
    for (size_t i = 0; adds && i < adds->n; i++) {
        if (fhir)
            return cannot_run(t, adds->items[i], "`add` is for HL7 samples");
        if (!hl7_edit_append(*body, adds->items[i]->text, t->a, body, &e))
            return cannot_run(t, adds->items[i], arena_copy(t->a, str_of(e.text)).p);
    }
    return true;
}

static bool evaluate(struct running *t, const char *sample, const struct yaml_node *at, bool last,
                     struct feed_result *out)
{
    const struct feed_memory memory = {memory_find, &t->memory};
    struct feed_input in = {
        .received_ms = received_ms, .key = STR("tidings-test-key"), .memory = &memory};
    struct err e = {0};

    switch (file_read(t->f->folder, sample, FEED_MAX_FILE, t->a, &in.body)) {
    case FILE_READ:
        break;
    case FILE_MISSING:
        return cannot_run(t, at, "this sample cannot be read");
    case FILE_OUTSIDE:
        return cannot_run(t, at, "this sample is outside the tenant folder");
    case FILE_TOO_LARGE:
        return cannot_run(t, at, "this sample is too large");
    }
    if (last && !change(t, &in.body))
        return false;
    in.kind = is_json(in.body) ? MESSAGE_FHIR : MESSAGE_HL7;
    if (!feed_eval(t->f, &in, t->a, out, &e))
        return cannot_run(t, at, arena_printf(t->a, "this sample cannot be read: %s", e.text).p);
    for (size_t i = 0; i < out->n; i++)
        if (out->outcomes[i].emits)
            memory_keep(&t->memory, &out->outcomes[i].event);
    return true;
}

static bool expect(struct running *t, const struct feed_result *r)
{
    const struct yaml_node *at;
    const char *why = test_match(yaml_get(t->test->node, "expect"), r, t->a, &at);

    if (!why)
        return true;
    t->got = test_got(r, t->a);
    return fail(t, at, why);
}

static bool run_given(struct running *t, const struct yaml_node *given)
{
    struct feed_result r = {0};

    if (given->kind == YAML_SCALAR)
        return evaluate(t, given->text.p, given, true, &r) && expect(t, &r);
    for (size_t i = 0; i < given->n; i++)
        if (!evaluate(t, given->items[i]->text.p, given->items[i], i + 1 == given->n, &r))
            return false;
    return expect(t, &r);
}

/* Every file that the pattern names, each against its own empty store. */
static bool run_glob(struct running *t, const struct yaml_node *pattern)
{
    const char *full = arena_printf(t->a, "%s/" STR_FMT, t->f->folder, STR_ARG(pattern->text)).p;
    size_t head = strlen(t->f->folder) + 1;
    bool good = true;
    glob_t found;

    if (path_climbs_out(pattern->text))
        return cannot_run(t, pattern, "this pattern leads outside the tenant folder");
    if (glob(full, 0, NULL, &found) != 0)
        return cannot_run(t, pattern, "no sample matches");
    for (size_t i = 0; good && i < found.gl_pathc; i++) {
        struct feed_result r = {0};

        t->memory.n = 0;
        good =
            evaluate(t, arena_copy(t->a, str_of(found.gl_pathv[i] + head)).p, pattern, true, &r) &&
            expect(t, &r);
    }
    globfree(&found);
    return good;
}

static void print_failure(const struct running *t, FILE *to)
{
    fprintf(to, "      %s:%d:%d: %s\n", t->at->file, t->at->line, t->at->column, t->why);
    if (t->got)
        fputs(t->got, to);
}

static bool run_test(const struct feed *f, const struct test_case *test, FILE *to)
{
    struct arena a = {0};
    struct running *t = NEW(&a, struct running);
    const struct yaml_node *given = yaml_get(test->node, "given");
    bool passed;

    *t = (struct running){.f = f, .test = test, .a = &a};
    passed = given ? run_given(t, given) : run_glob(t, yaml_get(test->node, "for_each_sample"));
    if (to)
        fprintf(to, "%s" STR_FMT "\n", passed ? "ok    " : "FAIL  ", STR_ARG(test->name));
    if (to && !passed)
        print_failure(t, to);
    arena_reset(&a);
    return passed;
}

void feed_test_run(const struct feed *f, FILE *to, struct feed_test_count *out)
{
    *out = (struct feed_test_count){0};
    for (size_t g = 0; g < f->n_groups; g++) {
        const struct test_group *group = &f->groups[g];
        int passed = 0, failed = 0;

        for (size_t i = 0; i < group->n; i++) {
            if (run_test(f, &group->tests[i], to))
                passed++;
            else
                failed++;
        }
        if (to)
            fprintf(to, "%d passed, %d failed\n", passed, failed);
        out->passed += passed;
        out->failed += failed;
    }
}
