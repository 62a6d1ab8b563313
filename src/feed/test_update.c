/* New expectations for tests that fail: what came instead, written into the file. */
#include "feed/test_update.h"

#include "test_match.h"
#include "testing.h"
#include "yaml_edit.h"

struct updating {
    const struct feed *f;
    struct arena *a;
    struct str text;
    struct yaml_edits edits;
    struct feed_rewrite *out;
    struct err *e;
};

static struct str members_text(const struct happening *h, struct arena *a)
{
    const struct event *ev = &h->o->event;
    struct str text = {"", 0};

    for (size_t i = 0; h->kind == HAPPENS_EVENT && i < ev->n_slots; i++)
        if (!str_starts(ev->slots[i].value, STR("pk_")))
            text = arena_printf(a, STR_FMT "%s" STR_FMT ": " STR_FMT, STR_ARG(text),
                                text.n ? ", " : "", STR_ARG(ev->slots[i].name),
                                STR_ARG(yaml_edit_quote(ev->slots[i].value, a)));
    if (h->kind == HAPPENS_SEND)
        return arena_printf(a, "template: %s, language: " STR_FMT, h->o->template->key,
                            STR_ARG(yaml_edit_quote(h->o->language, a)));
    if (h->kind == HAPPENS_REMIND)
        return arena_printf(a, "template: %s, before: " STR_FMT, h->reminder->template->key,
                            STR_ARG(happening_member(h, STR("before"), a)));
    return text;
}

/* "{drop: no usable phone}", "{send: {template: visit, language: zh_TW}}" */
static struct str expectation_text(const struct happening *h, struct arena *a)
{
    if (h->kind == HAPPENS_STOP || h->kind == HAPPENS_WARN)
        return arena_printf(a, "{" STR_FMT ": " STR_FMT "}", STR_ARG(h->key),
                            STR_ARG(yaml_edit_quote(h->text, a)));
    return arena_printf(a, "{" STR_FMT ": {" STR_FMT "}}", STR_ARG(h->key),
                        STR_ARG(members_text(h, a)));
}

static void replace(struct updating *u, const struct yaml_node *n, struct str text)
{
    yaml_edit_add(&u->edits, yaml_edit_start(u->text, n), yaml_edit_end(u->text, n), text);
}

/* Only the texts that differ. */
static void correct(struct updating *u, const struct yaml_pair *want, const struct happening *h)
{
    if (h->kind == HAPPENS_STOP || h->kind == HAPPENS_WARN) {
        replace(u, want->value, yaml_edit_quote(h->text, u->a));
        return;
    }
    for (size_t i = 0; i < want->value->n; i++) {
        const struct yaml_pair *member = &want->value->pairs[i];

        if (!happening_has(h, member, u->a))
            replace(u, member->value,
                    yaml_edit_quote(happening_member(h, member->key->text, u->a), u->a));
    }
}

static size_t line_start(struct str text, size_t at)
{
    while (at > 0 && text.p[at - 1] != '\n')
        at--;
    return at;
}

/* In a block the whole lines of the item go, from its dash on; in brackets its comma goes with it. */
static void drop_item(struct updating *u, const struct yaml_node *list, size_t i)
{
    size_t from = yaml_edit_start(u->text, list->items[i]);
    size_t to = yaml_edit_end(u->text, list->items[i]);

    if (!yaml_edit_is_flow(u->text, list)) {
        from = line_start(u->text, from);
        while (to < u->text.n && u->text.p[to++] != '\n')
            ;
    } else if (i + 1 < list->n) {
        to = yaml_edit_start(u->text, list->items[i + 1]);
    } else if (i > 0) {
        from = yaml_edit_end(u->text, list->items[i - 1]);
    }
    yaml_edit_add(&u->edits, from, to, STR(""));
}

/* What is expected nowhere, behind the last item: in brackets after a comma, in a block on a line of its own
 * under the dash of the first. */
static void append_rest(struct updating *u, const struct yaml_node *list,
                        const struct test_pairing *p)
{
    const struct yaml_node *last = list->n ? list->items[list->n - 1] : NULL;
    bool flow = yaml_edit_is_flow(u->text, list);
    size_t start = yaml_edit_start(u->text, list), line = line_start(u->text, start);
    size_t at = last ? yaml_edit_end(u->text, last) : start + 1;
    struct str all = {"", 0};

    for (size_t h = 0; h < p->n; h++) {
        struct str one;

        if (p->items[h].used || p->items[h].kind == HAPPENS_WARN)
            continue;
        one = expectation_text(&p->items[h], u->a);
        all = flow ? arena_printf(u->a, STR_FMT "%s" STR_FMT, STR_ARG(all),
                                  last || all.n ? ", " : "", STR_ARG(one))
                   : arena_printf(u->a, STR_FMT "\n%.*s- " STR_FMT, STR_ARG(all),
                                  (int)(start - line), u->text.p + line, STR_ARG(one));
    }
    while (!flow && at < u->text.n && u->text.p[at] != '\n')
        at++;
    if (all.n)
        yaml_edit_add(&u->edits, at, at, all);
}

/* What nothing matches gives way to the nearest outcome, else to any that is left. */
static void rewrite_items(struct updating *u, const struct yaml_node *list, struct test_pairing *p)
{
    size_t kept = 0;

    for (size_t i = 0; i < list->n; i++) {
        int near;

        kept += p->of[i] != NO_HAPPENING;
        if (p->of[i] != NO_HAPPENING)
            continue;
        near = test_nearest(p, &list->items[i]->pairs[0], u->a);
        if (near == NO_HAPPENING)
            continue;
        correct(u, &list->items[i]->pairs[0], &p->items[near]);
        p->items[near].used = true;
        p->of[i] = near;
        kept++;
    }
    for (size_t i = 0, h = 0; i < list->n; i++) {
        if (p->of[i] != NO_HAPPENING)
            continue;
        while (h < p->n && (p->items[h].used || p->items[h].kind == HAPPENS_WARN))
            h++;
        if (h < p->n) {
            replace(u, list->items[i], expectation_text(&p->items[h], u->a));
            p->items[h].used = true;
            kept++;
        } else if (kept) {
            drop_item(u, list, i);
        }
    }
    if (!kept && list->n)
        replace(u, list, STR("[]"));
    append_rest(u, list, p);
}

/* Every file of a `for_each_sample` must come to the same, or one text cannot fit them. */
static bool same_results(const struct test_results *all, struct arena *a)
{
    struct str first = str_of(test_got(&all->items[0], a));

    for (size_t i = 1; i < all->n; i++)
        if (!str_eq(first, str_of(test_got(&all->items[i], a))))
            return false;
    return true;
}

static bool update_test(struct updating *u, const struct test_case *test,
                        const struct test_results *results)
{
    const struct yaml_node *expect = yaml_get(test->node, "expect");
    struct test_pairing p;

    if (!same_results(results, u->a))
        return err_set(u->e, ERR_INPUT, 0,
                       "%s:%d: the samples of this test differ; it must be split", test->node->file,
                       test->node->line);
    test_pair(expect, &results->items[0], u->a, &p);
    rewrite_items(u, expect, &p);
    u->out->n_tests++;
    return true;
}

static void ignore_fault(void *ctx, const char *code, int line, int column, const char *text,
                         const char *hint)
{
    (void)ctx, (void)code, (void)line, (void)column, (void)text, (void)hint;
}

/* The same tree at the same lines: the file is the one that was loaded. */
static bool is_same(const struct yaml_node *x, const struct yaml_node *y)
{
    bool same = x->kind == y->kind && x->n == y->n && x->line == y->line &&
                x->column == y->column && str_eq(x->text, y->text);

    for (size_t i = 0; same && i < x->n; i++)
        same = x->kind == YAML_MAP ? str_eq(x->pairs[i].key->text, y->pairs[i].key->text) &&
                                         is_same(x->pairs[i].value, y->pairs[i].value)
                                   : is_same(x->items[i], y->items[i]);
    return same;
}

static const struct yaml_node *tests_of(struct str text, struct arena *a)
{
    const struct yaml_report silent = {ignore_fault, NULL};

    return yaml_get(yaml_parse(text, "", &yaml_limits_standard, a, &silent), "tests");
}

static bool is_loaded_text(const struct test_group *g, struct str text, struct arena *a)
{
    const struct yaml_node *tests = tests_of(text, a);

    if (!tests || tests->kind != YAML_LIST || tests->n != g->n)
        return false;
    for (size_t i = 0; i < g->n; i++)
        if (!is_same(tests->items[i], g->tests[i].node))
            return false;
    return true;
}

struct proof { /* the results that the new expectations must fit */
    size_t test;
    struct test_results results;
};

static bool fits(const struct updating *u, const struct proof *all, size_t n, size_t n_tests)
{
    const struct yaml_node *tests = tests_of(u->out->after, u->a), *at;

    if (!tests || tests->kind != YAML_LIST || tests->n != n_tests)
        return false;
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < all[i].results.n; k++) {
            const struct yaml_node *expect = yaml_get(tests->items[all[i].test], "expect");

            if (!expect || expect->kind != YAML_LIST ||
                test_match(expect, &all[i].results.items[k], u->a, &at))
                return false;
        }
    return true;
}

static bool update_group(struct updating *u, struct testing *testing, const struct test_group *g,
                         const char *only)
{
    struct proof *proofs = NEW_ARRAY(u->a, struct proof, g->n + 1);
    size_t n = 0;

    if (!is_loaded_text(g, u->text, u->a))
        return err_set(u->e, ERR_BUSY, 0, "%s: has changed while it was tested", u->out->path);
    u->out->before = u->text;
    for (size_t i = 0; i < g->n; i++) {
        const struct test_case *test = &g->tests[i];
        struct test_results results = {NULL, 0, 0};
        struct test_verdict v;

        if (only && only[0] && !memmem(test->name.p, test->name.n, only, strlen(only)))
            continue;
        test_run(testing, test, u->a, &results, &v);
        if (!v.code[0])
            continue;
        if (strcmp(v.code, "E901") != 0)
            return err_set(u->e, ERR_INPUT, 0, "%s:%d:%d: %s: nothing is rewritten", v.at->file,
                           v.at->line, v.at->column, v.code);
        if (!update_test(u, test, &results))
            return false;
        proofs[n++] = (struct proof){i, results};
    }
    u->out->after = yaml_edit_apply(&u->edits);
    u->out->diff = yaml_edit_diff(&u->edits);
    return fits(u, proofs, n, g->n) ||
           err_set(u->e, ERR_INPUT, 0, "%s: expectations of this form cannot be rewritten",
                   u->out->path);
}

static const char *name_in_folder(const struct feed *f, size_t group)
{
    const char *slash = strrchr(f->path, '/');

    if (group)
        return f->groups[group].file;
    return slash ? slash + 1 : f->path;
}

bool feed_test_update(const struct feed *f, const char *only, struct arena *a,
                      struct feed_rewrite **out, size_t *n, struct err *e)
{
    struct testing testing;

    testing_begin(&testing, f, a);
    *out = NEW_ARRAY(a, struct feed_rewrite, f->n_groups + 1);
    *n = 0;
    for (size_t g = 0; g < f->n_groups; g++) {
        struct updating u = {.f = f, .a = a, .out = &(*out)[*n], .e = e};
        const char *name = name_in_folder(f, g);

        if (!f->groups[g].n)
            continue;
        u.out->path = strcmp(f->folder, ".") == 0 && f->path[0] != '.'
                          ? name
                          : arena_printf(a, "%s/%s", f->folder, name).p;
        if (file_read(f->folder, name, FEED_MAX_FILE, a, &u.text) != FILE_READ)
            return err_set(e, ERR_BUSY, 0, "%s: cannot be read again", u.out->path);
        u.edits = (struct yaml_edits){.before = u.text, .a = a};
        if (!update_group(&u, &testing, &f->groups[g], only))
            return false;
        *n += u.out->n_tests > 0;
    }
    return true;
}
