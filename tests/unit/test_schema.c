/* The schemas of mappings/schema are what the tables make of them, and every key stands in one. */
#include <stdio.h>
#include <stdlib.h>

#include "check.h"
#include "feed/key.h"
#include "feed/schema.h"

enum { MOST = 1 << 20 };

static void check_kind(const char *kind, struct buf *all)
{
    char path[80];
    char *page = malloc(MOST);
    struct buf made = buf_new(MOST), small = buf_new(1000);
    size_t n = 0;
    FILE *from;

    CHECK(feed_schema_write(kind, &made), "%s is not written", kind);
    CHECK(!feed_schema_write(kind, &small), "%s fits into 1,000 bytes", kind);
    (void)snprintf(path, sizeof path, "mappings/schema/%s.json", kind);
    from = fopen(path, "rb");
    CHECK(from != NULL, "%s is not there", path);
    if (from) {
        n = fread(page, 1, MOST, from);
        fclose(from);
    }
    CHECK(str_eq(buf_str(&made), (struct str){page, n}),
          "%s is stale: tidings schema --out mappings/schema", path);
    buf_add(all, buf_str(&made));
    buf_reset(&made);
    buf_reset(&small);
    free(page);
}

static void check_keys(const struct buf *all)
{
    for (int b = 0; b < BLOCKS; b++) {
        const struct block_type *block = key_block_at((enum key_block)b);

        for (size_t i = 0; i < block->n_keys; i++) {
            CHECK(strstr(all->p, block->keys[i].meaning) != NULL, "%s.%s is in no schema",
                  block->name, block->keys[i].name);
            CHECK(key_find((enum key_block)b, block->keys[i].name) == &block->keys[i],
                  "%s.%s stands twice", block->name, block->keys[i].name);
        }
    }
}

int main(void)
{
    struct buf all = buf_new(MOST), none = buf_new(MOST);
    size_t n = 0;

    for (; feed_schema_kind(n); n++)
        check_kind(feed_schema_kind(n), &all);
    CHECK(n == 5, "%zu kinds", n);
    CHECK(!feed_schema_write("table", &none), "there is a schema of tables");
    check_keys(&all);
    buf_reset(&all);
    buf_reset(&none);
    return check_end();
}
