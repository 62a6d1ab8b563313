/* A feed file of any bytes beside sound companions: it loads, or every finding has a place in a file. */
#include <stdint.h>
#include <stdlib.h>

#include "../unit/tenant.h"
#include "feed/feed.h"
#include "feed/test.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static struct tenant tenant;

static void leave(void)
{
    tenant_remove(&tenant);
}

static void need(bool good)
{
    if (!good)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct arena a = {0};
    struct findings all;
    struct feed *f;
    FILE *out;

    if (!tenant.feed[0]) {
        tenant_make(&tenant);
        atexit(leave);
    }
    out = fopen(tenant.feed, "wb");
    need(out && fwrite(data, 1, n, out) == n && fclose(out) == 0);
    f = feed_load(tenant.feed, &a, &all);
    need(!f == (all.n_errors > 0));
    for (size_t i = 0; i < all.n; i++) {
        const struct finding *x = &all.items[i];

        need(x->line > 0 && x->column > 0 && x->text[0] && strlen(x->code) == 4);
        need(i == 0 || strcmp(x[-1].file, x->file) < 0 ||
             (strcmp(x[-1].file, x->file) == 0 && x[-1].line <= x->line));
    }
    if (f) {
        struct feed_test_count count;
        feed_test_run(f, NULL, &count);
    }
    feed_free(f);
    arena_reset(&a);
    return 0;
}
