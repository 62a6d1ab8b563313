/* The runner of one test: its samples, its changes, one empty store, its expectations. */
#include <glob.h>

#include "feed/memory.h"
#include "fhir/edit.h"
#include "hl7/edit.h"
#include "test_match.h"
#include "testing.h"

/* 2025-01-01: tests look at no clock, and age plays no part in them. */
static const int64_t received_ms = 1735689600000;

enum { DIGITS_OF_A_NUMBER = 7 };

struct running {
    struct testing *all;
    const struct test_case *test;
    struct arena *a;
    struct feed_events memory;
    struct test_results *results;
    struct test_verdict *out;
};

static bool fail(struct running *t, const char *code, const struct yaml_node *at, const char *why)
{
    memcpy(t->out->code, code, sizeof t->out->code);
    t->out->at = at;
    t->out->why = why;
    return false;
}

static bool cannot_run(struct running *t, const struct yaml_node *at, const char *why)
{
    return fail(t, "E903", at, why);
}

/* ---- changes ---- */

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

/* Looks for real numbers behind a change only where its text could be one: that is all but free. */
static bool is_invented(struct running *t, const struct yaml_node *text, enum message_kind kind,
                        struct str body)
{
    const char *real;
    size_t digits = 0;

    for (size_t i = 0; i < text->text.n; i++)
        digits += text->text.p[i] >= '0' && text->text.p[i] <= '9';
    if (digits < DIGITS_OF_A_NUMBER)
        return true;
    real = testing_real(t->all, kind, body, t->a);
    return !real || fail(t, "E902", text,
                         arena_printf(t->a, "this text makes the sample look real: %s", real).p);
}

/* A time is the usual long number, and never in the way of a person's. */
static bool may_be_personal(struct str path)
{
    static const char *const heads[] = {"PID-", "MRG-", "NK1-", "GT1-", "IN2-", "Z"};
    static const char *const elements[] = {"Patient.", "Person.", "RelatedPerson."};

    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++)
        if (str_starts(path, str_of(heads[i])))
            return true;
    for (size_t i = 0; i < sizeof elements / sizeof elements[0]; i++)
        if (str_starts(path, str_of(elements[i])))
            return true;
    return false;
}

/* A sample that a test changes is UTF-8: hl7/edit.h works on decoded text. */
static bool change(struct running *t, enum message_kind kind, struct str *body)
{
    const struct yaml_node *changes = yaml_get(t->test->node, "change");
    const struct yaml_node *adds = yaml_get(t->test->node, "add");
    bool fhir = kind == MESSAGE_FHIR;
    struct err e = {0};

    for (size_t i = 0; changes && i < changes->n; i++) {
        const struct yaml_pair *pair = &changes->pairs[i];

        if (!(fhir ? change_fhir(t, pair, body) : change_hl7(t, pair, body)))
            return false;
        if (may_be_personal(pair->key->text) && !is_invented(t, pair->value, kind, *body))
            return false;
    }
    for (size_t i = 0; adds && i < adds->n; i++) {
        if (fhir)
            return cannot_run(t, adds->items[i], "`add` is for HL7 samples");
        if (!hl7_edit_append(*body, adds->items[i]->text, t->a, body, &e))
            return cannot_run(t, adds->items[i], arena_copy(t->a, str_of(e.text)).p);
        if (!is_invented(t, adds->items[i], kind, *body))
            return false;
    }
    return true;
}

/* ---- running ---- */

static bool take_sample(struct running *t, const char *name, const struct yaml_node *at,
                        struct test_sample **out)
{
    struct test_sample *s = testing_sample(t->all, name, at);

    *out = s;
    switch (s->state) {
    case FILE_READ:
        break;
    case FILE_MISSING:
        return cannot_run(t, at, arena_printf(t->a, "sample `%s` cannot be read", name).p);
    case FILE_OUTSIDE:
        return cannot_run(t, at,
                          arena_printf(t->a, "sample `%s` is outside the tenant folder", name).p);
    case FILE_TOO_LARGE:
        return cannot_run(t, at, arena_printf(t->a, "sample `%s` is too large", name).p);
    }
    if (!s->real || s->told)
        return true;
    s->told = true;
    return fail(t, "E902", at, arena_printf(t->a, "sample `%s` looks real: %s", name, s->real).p);
}

/* Rules and overlays that had an instance. */
static void note_reached(struct testing *t, const struct feed_result *r)
{
    const struct map *plain = &t->f->maps[0];

    for (size_t i = 0; i < r->n; i++) {
        for (size_t k = 0; k < plain->n_rules; k++)
            t->rule_seen[k] |= str_eq(plain->rules[k].label, r->outcomes[i].rule);
        for (size_t k = 0; k < t->f->n_maps; k++)
            t->map_seen[k] |= t->f->maps[k].overlay == r->outcomes[i].overlay;
    }
}

static bool evaluate(struct running *t, const char *name, const struct yaml_node *at, bool last,
                     struct feed_result *out)
{
    const struct feed_memory memory = feed_events_memory(&t->memory);
    struct feed_input in = {
        .received_ms = received_ms, .key = STR("tidings-test-key"), .memory = &memory};
    struct test_sample *sample;
    struct err e = {0};

    if (!take_sample(t, name, at, &sample))
        return false;
    in.kind = sample->kind;
    in.body = sample->body;
    if (last && !change(t, in.kind, &in.body))
        return false;
    if (!feed_eval(t->all->f, &in, t->a, out, &e))
        return cannot_run(t, at,
                          arena_printf(t->a, "sample `%s` cannot be read: %s", name, e.text).p);
    note_reached(t->all, out);
    feed_events_keep(&t->memory, out);
    return true;
}

static void keep_result(struct running *t, const struct feed_result *r)
{
    struct test_results *all = t->results;

    if (!all)
        return;
    if (all->n == all->room) {
        size_t room = all->room ? 2 * all->room : 4;
        struct feed_result *more = NEW_ARRAY(t->a, struct feed_result, room);

        if (all->n)
            memcpy(more, all->items, all->n * sizeof(*more));
        all->items = more;
        all->room = room;
    }
    all->items[all->n++] = *r;
}

static bool expect(struct running *t, const struct feed_result *r)
{
    const struct yaml_node *at;
    const char *why = test_match(yaml_get(t->test->node, "expect"), r, t->a, &at);

    keep_result(t, r);
    if (!why)
        return true;
    t->out->got = test_got(r, t->a);
    return fail(t, "E901", at, why);
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
    const char *folder = t->all->f->folder;
    const char *full = arena_printf(t->a, "%s/" STR_FMT, folder, STR_ARG(pattern->text)).p;
    size_t head = strlen(folder) + 1;
    bool good = true;
    glob_t found;

    if (path_climbs_out(pattern->text))
        return cannot_run(t, pattern, "this pattern leads outside the tenant folder");
    if (glob(full, 0, NULL, &found) != 0)
        return cannot_run(t, pattern, "no sample matches");
    for (size_t i = 0; i < found.gl_pathc && (good || t->results); i++) {
        struct feed_result r = {0};

        feed_events_forget(&t->memory);
        good &=
            evaluate(t, arena_copy(t->a, str_of(found.gl_pathv[i] + head)).p, pattern, true, &r) &&
            expect(t, &r);
    }
    globfree(&found);
    return good;
}

void test_run(struct testing *all, const struct test_case *test, struct arena *a,
              struct test_results *results, struct test_verdict *out)
{
    struct running r = {.all = all, .test = test, .a = a, .memory = {.a = a}}, *t = &r;
    const struct yaml_node *given = yaml_get(test->node, "given");

    t->results = results;
    t->out = out;
    *out = (struct test_verdict){.code = ""};
    if (given)
        (void)run_given(t, given);
    else
        (void)run_glob(t, yaml_get(test->node, "for_each_sample"));
}
