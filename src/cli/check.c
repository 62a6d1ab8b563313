#include <stdlib.h>
#include <string.h>

#include "app/feeds.h"
#include "base/json_writer.h"
#include "commands.h"
#include "feed/checked.h"
#include "feed/proof.h"
#include "feed/summary.h"
#include "net/clock.h"

enum { CHECK_FEEDS_MOST = 4096, OUTPUT_MOST = 256 << 20 };

enum format { FORMAT_TEXT, FORMAT_JSON, FORMAT_SARIF };

static bool read_format(const struct cli_args *args, enum format *out)
{
    static const char *const names[] = {"text", "json", "sarif"};
    const char *name = args->option[OPT_FORMAT];

    *out = args->option[OPT_JSON] ? FORMAT_JSON : FORMAT_TEXT;
    for (int i = 0; name && i < 3; i++)
        if (strcmp(name, names[i]) == 0) {
            *out = (enum format)i;
            name = NULL;
        }
    if (name)
        (void)fprintf(stderr, "tidings: --format takes text, json or sarif\n");
    else if (args->option[OPT_PROOF] && *out == FORMAT_SARIF)
        (void)fprintf(stderr, "tidings: a proof is text or json\n");
    else
        return true;
    return false;
}

/* A second feed of one name at one path would take the place of the first. */
static bool name_is_free(const struct checked_run *run, size_t first, const struct checked *c)
{
    for (size_t i = first; i + 1 < run->n; i++) {
        const struct feed *other = run->items[i].feed;

        if (other && c->feed && strcmp(feed_name(other), feed_name(c->feed)) == 0) {
            (void)fprintf(stderr, "%s: a second feed is called `%s`\n", c->path,
                          feed_name(c->feed));
            return false;
        }
    }
    return true;
}

/* Loads what is at `path` and, where that is sound, runs its tests. */
static bool check_path(const struct cli_args *args, const char *path, struct arena *a,
                       struct checked_run *run)
{
    const struct feed_test_asked asked = {.unread = args->option[OPT_UNREAD] != NULL};
    const char *const *files = NULL;
    size_t n = 0, first = run->n;
    struct err e = {0};

    if (!feeds_find(path, a, &files, &n, &e)) {
        (void)fprintf(stderr, "%s\n", e.text);
        return false;
    }
    for (size_t i = 0; i < n && run->n < CHECK_FEEDS_MOST; i++) {
        struct checked *c = &run->items[run->n++];

        c->path = files[i];
        c->feed = feed_load_at(files[i], clock_now_ms(&clock_system), a, &c->findings);
        if (!name_is_free(run, first, c))
            return false;
        if (c->feed)
            feed_test_check(c->feed, &asked, a, &c->findings, &c->tests);
    }
    return true;
}

static bool check_all(const struct cli_args *args, struct arena *a, struct checked_run *run)
{
    if (args->n_words == 0)
        return check_path(args, ".", a, run);
    for (int i = 0; i < args->n_words; i++)
        if (!check_path(args, args->words[i], a, run))
            return false;
    return true;
}

static void print_count(size_t n, const char *what)
{
    (void)printf("%zu %s%s", n, what, n == 1 ? "" : "s");
}

static void print_feed(const struct checked *c)
{
    struct feed_counts n = feed_counts(c->feed);
    bool ok = !c->findings.n_errors && !c->tests.failed;

    (void)printf("%s: %s    ", c->path, ok ? "ok" : "FAIL");
    print_count(n.rules, "rule");
    (void)printf(", ");
    print_count(n.values, "value");
    (void)printf(", ");
    print_count(n.notifications, "notification");
    (void)printf(", ");
    print_count(n.tests, "test");
    if (c->tests.failed)
        (void)printf("; %d of %d tests fail: tidings test %s", c->tests.failed,
                     c->tests.passed + c->tests.failed, c->path);
    (void)printf("\n");
    feed_summary_print(c->feed, stdout);
}

static void print_findings(const struct checked *c)
{
    for (size_t i = 0; i < c->findings.n; i++)
        finding_print(&c->findings.items[i], stdout);
    if (c->findings.n_errors || c->findings.n_warnings)
        (void)printf("%s: %zu error(s), %zu warning(s)\n", c->path, c->findings.n_errors,
                     c->findings.n_warnings);
}

static void print_proof(const struct feed *f, struct arena *a)
{
    struct proof p;

    feed_prove(f, a, &p);
    proof_print(f, &p, stdout);
}

static void print_text(const struct checked_run *run, bool proof, struct arena *a)
{
    for (size_t i = 0; i < run->n; i++) {
        const struct checked *c = &run->items[i];

        print_findings(c);
        if (c->feed && proof)
            print_proof(c->feed, a);
        else if (c->feed)
            print_feed(c);
    }
}

/* A feed that does not load is there with its name alone: nothing is proven of it. */
static void put_proofs(const struct checked_run *run, struct arena *a, struct buf *out)
{
    struct json_writer w = {out, 0, true};

    json_enter(&w, NULL, '{');
    json_put(&w, "format", STR("tidings-proof/1"));
    json_enter(&w, "feeds", '[');
    for (size_t i = 0; i < run->n; i++) {
        struct proof p;

        if (run->items[i].feed) {
            feed_prove(run->items[i].feed, a, &p);
            proof_put(&w, run->items[i].feed, &p);
            continue;
        }
        json_enter(&w, NULL, '{');
        json_put(&w, "file", str_of(run->items[i].path));
        json_put_bool(&w, "holds", false);
        json_put_number(&w, "errors", (long long)run->items[i].findings.n_errors);
        json_leave(&w, '}');
    }
    json_leave(&w, ']');
    json_put(&w, "limits", str_of(proof_limits()));
    json_leave(&w, '}');
    buf_add_char(out, '\n');
}

static void print_run(const struct cli_args *args, enum format format, struct arena *a,
                      const struct checked_run *run)
{
    bool proof = args->option[OPT_PROOF] != NULL;
    struct buf out = buf_new(OUTPUT_MOST);

    if (format == FORMAT_TEXT)
        print_text(run, proof, a);
    else if (proof)
        put_proofs(run, a, &out);
    else if (format == FORMAT_JSON)
        checked_json(run, &out);
    else
        checked_sarif(run, &out);
    (void)fwrite(buf_str(&out).p, 1, out.n, stdout);
    buf_reset(&out);
}

int cli_check(const struct cli_args *args)
{
    struct arena a = {0};
    struct checked_run run = {.strict = args->option[OPT_STRICT] != NULL};
    enum format format;
    int code = EXIT_USAGE;

    if (!read_format(args, &format))
        return EXIT_USAGE;
    run.items = NEW_ARRAY(&a, struct checked, CHECK_FEEDS_MOST);
    if (check_all(args, &a, &run)) {
        checked_unused(&run);
        print_run(args, format, &a, &run);
        code = checked_clean(&run) ? EXIT_YES : EXIT_NO;
    }
    for (size_t i = 0; i < run.n; i++)
        feed_free(run.items[i].feed);
    arena_reset(&a);
    return code;
}
