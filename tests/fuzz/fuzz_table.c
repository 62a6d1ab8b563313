/* Code tables: each row is found again under its `from` and under no other row's, faults are in order and in
 * the text, and the rows written out in quotes are the same table. */
#include <stdlib.h>

#include "base/buf.h"
#include "feed/table.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { TEXT_MOST = 1 << 20, NAIVE_MOST = 100 };

static void add_quoted(struct str text, struct buf *out)
{
    (void)buf_add_char(out, '"');
    for (size_t i = 0; i < text.n; i++) {
        (void)buf_add_char(out, text.p[i]);
        if (text.p[i] == '"')
            (void)buf_add_char(out, '"');
    }
    (void)buf_add_char(out, '"');
}

static void check_written(const struct table *t, struct arena *a)
{
    struct buf csv = buf_new(TEXT_MOST);
    struct table_faults faults;
    struct table again = {0};

    (void)buf_add(&csv, STR("from,to,note\r\n"));
    for (size_t i = 0; i < t->n; i++) {
        add_quoted(table_row(t, i).from, &csv);
        (void)buf_add_char(&csv, ',');
        add_quoted(table_row(t, i).to, &csv);
        (void)buf_add(&csv, STR(",x\r\n")); /* without a note a row of blanks is a fault */
    }
    if (csv.over || !table_read(buf_str(&csv), a, &again, &faults) || again.n != t->n)
        abort();
    for (size_t i = 0; i < t->n; i++)
        if (!str_eq(table_row(t, i).from, table_row(&again, i).from) ||
            !str_eq(table_row(t, i).to, table_row(&again, i).to))
            abort();
    buf_reset(&csv);
}

/* No two rows have one `from`. */
static void check_distinct(const struct table *t)
{
    for (size_t i = 0; i < t->n && i < NAIVE_MOST; i++)
        for (size_t k = 0; k < i; k++)
            if (str_eq(table_row(t, i).from, table_row(t, k).from))
                abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a = {0};
    struct table t = {0};
    struct table_faults faults;
    int lines = 1;

    for (size_t i = 0; i < size; i++)
        lines += data[i] == '\n';
    if (table_read((struct str){size ? (const char *)data : "", size}, &a, &t, &faults) !=
        (faults.n == 0))
        abort();
    for (size_t i = 0; i < t.n; i++) {
        struct table_row row = table_row(&t, i), found;

        if (!table_find(&t, row.from, &found) || found.from.p != row.from.p ||
            found.to.p != row.to.p || row.to.n == 0 || row.line < 2 || row.line > lines ||
            row.to_column < 1)
            abort();
    }
    check_distinct(&t);
    check_written(&t, &a);
    for (size_t i = 0; i < faults.n; i++)
        if (faults.items[i].line < (i ? faults.items[i - 1].line : 1) ||
            faults.items[i].line > lines || faults.items[i].column < 1)
            abort();
    arena_reset(&a);
    return 0;
}
