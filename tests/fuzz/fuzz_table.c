/* Code tables: each row is found again under its `from`, faults are in order and in the text. */
#include <stdlib.h>

#include "feed/table.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

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
    for (size_t i = 0; i < faults.n; i++)
        if (faults.items[i].line < (i ? faults.items[i - 1].line : 1) ||
            faults.items[i].line > lines || faults.items[i].column < 1)
            abort();
    arena_reset(&a);
    return 0;
}
