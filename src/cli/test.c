#include "commands.h"

#include "app/feeds.h"
#include "feed/test_update.h"
#include "net/clock.h"
#include "rewrite.h"

struct tally {
    size_t feeds, errors;
    int passed, failed;
};

/* Prints what changes, then writes it. */
static bool update(const struct feed *f, const char *only, struct arena *a, struct err *e)
{
    struct feed_rewrite *all;
    size_t n;

    if (!feed_test_update(f, only, a, &all, &n, e))
        return false;
    for (size_t i = 0; i < n; i++) {
        (void)printf("--- %s\n+++ %s\n" STR_FMT, all[i].path, all[i].path, STR_ARG(all[i].diff));
        if (!rewrite_file(all[i].path, all[i].before, all[i].after, e))
            return false;
        (void)printf("%s: expectations of %zu test%s rewritten\n", all[i].path, all[i].n_tests,
                     all[i].n_tests == 1 ? "" : "s");
    }
    return true;
}

static void test_feed(const struct cli_args *args, const struct feed *f, struct arena *a,
                      struct tally *t)
{
    const struct feed_test_asked asked = {.to = stdout, .only = args->option[OPT_ONLY]};
    struct findings found = {0}; /* printed with the tests already */
    struct feed_test_count count;

    feed_test_check(f, &asked, a, &found, &count);
    t->passed += count.passed;
    t->failed += count.failed;
}

/* Finds, loads and tests what is at `path`. A rewritten file is loaded anew. */
static bool test_path(const struct cli_args *args, const char *path, struct tally *t, struct err *e)
{
    struct feed_set set = {0};
    struct arena a = {0};
    bool ok = feeds_load(path, &clock_system, &a, stdout, &set, e);

    if (ok && args->option[OPT_UPDATE]) {
        if (set.n_errors)
            ok = err_set(e, ERR_CONFIG, 0, "%s: has errors; nothing is rewritten", path);
        for (size_t i = 0; ok && i < set.n; i++)
            ok = update(set.items[i], args->option[OPT_ONLY], &a, e);
        feeds_free(&set);
        ok = ok && feeds_load(path, &clock_system, &a, stdout, &set, e);
    }
    for (size_t i = 0; ok && i < set.n; i++)
        test_feed(args, set.items[i], &a, t);
    if (ok) {
        t->feeds += set.n;
        t->errors += set.n_errors;
    }
    feeds_free(&set);
    arena_reset(&a);
    return ok;
}

static bool test_all(const struct cli_args *args, struct tally *t)
{
    const int n = args->n_words ? args->n_words : 1;
    struct err e = {0};

    for (int i = 0; i < n; i++) {
        if (!test_path(args, args->n_words ? args->words[i] : ".", t, &e)) {
            (void)fprintf(stderr, "%s\n", e.text);
            return false;
        }
    }
    return true;
}

int cli_test(const struct cli_args *args)
{
    struct tally t = {0};

    if (!test_all(args, &t))
        return EXIT_USAGE;
    if (t.feeds > 1) /* each feed has a line of its own already */
        (void)printf("%d passed, %d failed\n", t.passed, t.failed);
    if (args->option[OPT_ONLY] && !t.passed && !t.failed && !t.errors) {
        (void)fprintf(stderr, "no test has a name that contains \"%s\"\n", args->option[OPT_ONLY]);
        return EXIT_USAGE;
    }
    return t.errors || t.failed ? EXIT_NO : EXIT_YES;
}
