/* A tenant of any bytes (tenant_bytes.h; without a mark they are its feed file): it loads, or there is an
 * error. Every finding has a code of the table and a place inside its file, two loads say the same, what
 * tools read is JSON, and a test that --update has rewritten passes. */
#include <stdint.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "feed/checked.h"
#include "feed/code.h"
#include "feed/test_update.h"
#include "fhir/json.h"
#include "tenant_bytes.h"
#include "yaml/yaml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

enum { JSON_MOST = 16 << 20 };

static const int64_t now_ms = 1795305600000; /* 2026-11-22 */

static struct tenant_bytes tenant;
static FILE *nowhere;

static void need(bool good)
{
    if (!good)
        abort();
}

/* Columns are of code points; the one behind the last is a place, too. */
static void check_inside(struct str text, int line, int column)
{
    struct str at = yaml_line(text, line);
    int columns = 1;

    need(line > 0 && column > 0 && at.p);
    for (; at.n; columns++)
        utf8_next(&at);
    need(column <= columns);
}

static void check_place(const struct finding *f)
{
    struct str text = tenant_bytes_text(&tenant, f->file);

    need(f->end_line > f->line || (f->end_line == f->line && f->end_column >= f->column));
    if (!text.p) { /* a file that could not be read, or one of the sound tenant */
        need(f->line > 0 && f->column > 0);
        return;
    }
    if (str_starts(text, STR("\xEF\xBB\xBF")))
        text = (struct str){text.p + 3, text.n - 3};
    check_inside(text, f->line, f->column);
    check_inside(text, f->end_line, f->end_column);
}

static void check_findings(const struct findings *all)
{
    size_t errors = 0, warnings = 0;

    for (size_t i = 0; i < all->n; i++) {
        const struct finding *f = &all->items[i];
        int order = i ? strcmp(f[-1].file, f->file) : -1;

        need(code_find(f->code) && code_severity(f->code) == f->severity);
        need(f->text[0] && (!f->hint || f->hint[0]));
        need(order < 0 || (order == 0 && f[-1].line <= f->line));
        need(f->n_paths <= f->n_flow);
        check_place(f);
        finding_print(f, nowhere);
        errors += f->severity == FINDING_ERROR;
        warnings += f->severity == FINDING_WARNING;
    }
    need(errors == all->n_errors && warnings == all->n_warnings);
}

static bool same(const char *x, const char *y)
{
    return (!x && !y) || (x && y && strcmp(x, y) == 0);
}

static void check_equal(const struct findings *x, const struct findings *y)
{
    need(x->n == y->n && x->n_used == y->n_used);
    for (size_t i = 0; i < x->n; i++) {
        const struct finding *a = &x->items[i], *b = &y->items[i];

        need(same(a->file, b->file) && a->line == b->line && a->column == b->column);
        need(a->end_line == b->end_line && a->end_column == b->end_column);
        need(same(a->code, b->code) && same(a->text, b->text) && same(a->hint, b->hint));
        need(same(a->source, b->source) && same(a->unused, b->unused) && a->n_flow == b->n_flow);
    }
    for (size_t i = 0; i < x->n_used; i++)
        need(same(x->used[i], y->used[i]));
}

static void check_json(const struct checked *one,
                       void (*write)(const struct checked_run *, struct buf *))
{
    struct checked copy = *one;
    const struct checked_run run = {.items = &copy, .n = 1};
    struct json_limits limits = json_limits_default();
    struct buf out = buf_new(JSON_MOST);
    struct arena a = {0};
    struct json_node *root;
    struct err e;

    write(&run, &out);
    need(!out.over && json_read(buf_str(&out), &limits, &a, &root, NULL, &e));
    arena_reset(&a);
    buf_reset(&out);
}

/* Every failing test can be rewritten or not; once rewritten none fails, and nothing else has changed. */
static void check_update(const struct feed *f, struct arena *a)
{
    struct feed_test_count count;
    struct feed_rewrite *all;
    struct findings found;
    struct feed *again;
    struct err e = {0};
    size_t n;

    if (!feed_test_update(f, NULL, a, &all, &n, &e)) {
        need(e.kind == ERR_INPUT && e.text[0]);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        need(str_eq(all[i].before, tenant_bytes_text(&tenant, all[i].path)) && all[i].n_tests);
        tenant_bytes_put(&tenant, all[i].path, all[i].after);
    }
    again = feed_load_at(tenant.at.feed, now_ms, a, &found);
    need(again);
    feed_test_run(again, NULL, &count);
    need(count.failed == 0);
    feed_free(again);
}

static void check_tests(struct checked *one, struct arena *a)
{
    const struct feed_test_asked asked = {.unread = true};

    feed_test_check(one->feed, &asked, a, &one->findings, &one->tests);
    check_findings(&one->findings);
}

static void check_tenant(struct arena *a)
{
    struct checked one = {.path = tenant.at.feed};
    struct findings again;
    struct feed *second;

    one.feed = feed_load_at(tenant.at.feed, now_ms, a, &one.findings);
    second = feed_load_at(tenant.at.feed, now_ms, a, &again);
    need(!one.feed == (one.findings.n_errors > 0) && !one.feed == !second);
    need(!second || strcmp(feed_version(one.feed), feed_version(second)) == 0);
    feed_free(second);
    check_findings(&one.findings);
    check_equal(&one.findings, &again);
    if (one.feed)
        check_tests(&one, a);
    check_json(&one, checked_json);
    check_json(&one, checked_sarif);
    if (one.feed && one.tests.failed)
        check_update(one.feed, a);
    feed_free(one.feed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct str bytes = {n ? (const char *)data : "", n};
    struct arena a = {0};

    if (!nowhere) {
        tenant_bytes_make(&tenant);
        nowhere = fopen("/dev/null", "w");
        need(nowhere);
    }
    if (!tenant_bytes_write(&tenant, bytes))
        tenant_bytes_feed(&tenant, bytes);
    check_tenant(&a);
    arena_reset(&a);
    return 0;
}
