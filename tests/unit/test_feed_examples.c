/* The worked tenant of the language's own page: loads clean, its tests print exactly the expected lines, and
 * the broken feed gets exactly the expected findings. Skipped where the page's folder is not at hand. */
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "check.h"
#include "feed/feed.h"
#include "feed/test.h"

static char *read_file(const char *name)
{
    FILE *in = fopen(name, "rb");
    char *text = calloc(1, 65536);

    if (!in || !text || fread(text, 1, 65535, in) == 0) {
        printf("%s cannot be read\n", name);
        exit(99);
    }
    fclose(in);
    return text;
}

static void test_north(void)
{
    struct feed_test_count count;
    struct arena a = {0};
    struct findings all;
    struct feed *f = feed_load("north.yaml", &a, &all);
    char *north = read_file("north.test.expected.txt"),
         *hudson = read_file("hudson.test.expected.txt");
    char *wanted = calloc(1, strlen(north) + strlen(hudson) + 1), *got = NULL;
    size_t n = 0;
    FILE *to = open_memstream(&got, &n);

    CHECK(f && all.n == 0, "%zu findings", all.n);
    if (f)
        feed_test_run(f, to, &count);
    fclose(to);
    strcat(strcat(wanted, north), hudson);
    CHECK(f && count.passed == 15 && count.failed == 0, "not all tests pass");
    CHECK(strcmp(got, wanted) == 0, "got\n%s", got);
    feed_free(f);
    arena_reset(&a);
    free(north);
    free(hudson);
    free(wanted);
    free(got);
}

static void test_bad(void)
{
    struct arena a = {0};
    struct findings all;
    char *wanted = read_file("bad.expected.txt"), *got = NULL;
    size_t n = 0;
    FILE *to = open_memstream(&got, &n);

    CHECK(feed_load("bad.yaml", &a, &all) == NULL, "the broken feed loads");
    for (size_t i = 0; i < all.n; i++)
        finding_print(&all.items[i], to);
    fprintf(to, "bad.yaml: %zu error(s), %zu warning(s)\n", all.n_errors, all.n_warnings);
    fclose(to);
    CHECK(strcmp(got, wanted) == 0, "got\n%s", got);
    arena_reset(&a);
    free(wanted);
    free(got);
}

int main(void)
{
    if (chdir("../shared/design/feed-examples") != 0) {
        printf("skipped: ../shared/design/feed-examples is not here\n");
        return 77; /* what meson calls a skip */
    }
    test_north();
    test_bad();
    return check_end();
}
