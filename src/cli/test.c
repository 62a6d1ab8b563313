#include "commands.h"

#include "app/feeds.h"
#include "feed/test.h"
#include "net/clock.h"

enum { DEFAULT_PATHS = 1 };
static const char *const here[DEFAULT_PATHS] = {"."};

struct tally {
    size_t feeds, errors, warnings;
    int passed, failed;
};

/* Finds, loads and tests what is at `path`. */
static bool test_path(const char *path, FILE *test_to, struct tally *t, struct err *e)
{
    struct feed_set set;
    struct arena a = {0};
    bool ok = feeds_load(path, &clock_system, &a, stdout, &set, e);

    for (size_t i = 0; ok && i < set.n; i++) {
        struct feed_test_count count = {0, 0};

        feed_test_run(set.items[i], test_to, &count);
        if (!test_to)
            (void)printf("%s: %s    feed %s, %d of %d tests passed\n", feed_path(set.items[i]),
                         count.failed ? "FAIL" : "ok", feed_name(set.items[i]), count.passed,
                         count.passed + count.failed);
        t->passed += count.passed;
        t->failed += count.failed;
    }
    if (ok) {
        t->feeds += set.n;
        t->errors += set.n_errors;
        t->warnings += set.n_warnings;
        feeds_free(&set);
    }
    arena_reset(&a);
    return ok;
}

static bool test_all(const struct cli_args *args, FILE *test_to, struct tally *t)
{
    const char *const *paths = args->n_words ? (const char *const *)args->words : here;
    int n = args->n_words ? args->n_words : DEFAULT_PATHS;
    struct err e = {0};

    for (int i = 0; i < n; i++) {
        if (!test_path(paths[i], test_to, t, &e)) {
            (void)fprintf(stderr, "%s\n", e.text);
            return false;
        }
    }
    return true;
}

int cli_test(const struct cli_args *args)
{
    struct tally t = {0};

    if (!test_all(args, stdout, &t))
        return EXIT_USAGE;
    if (t.feeds > 1) /* each feed has a line of its own already */
        (void)printf("%d passed, %d failed\n", t.passed, t.failed);
    return t.errors || t.failed ? EXIT_NO : EXIT_YES;
}
