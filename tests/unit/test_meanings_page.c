/* docs/message-meanings.md is what the table of meanings makes of it. */
#include <stdlib.h>

#include "../../src/cli/meanings.h"
#include "check.h"

int main(void)
{
    char *made = NULL, page[65536];
    size_t n = 0, n_page = 0;
    FILE *to = open_memstream(&made, &n), *from = fopen("docs/message-meanings.md", "rb");

    meanings_write(to);
    fclose(to);
    CHECK(from != NULL, "docs/message-meanings.md is not there");
    if (from) {
        n_page = fread(page, 1, sizeof page, from);
        fclose(from);
    }
    CHECK(n > 0 && n_page == n && memcmp(page, made, n) == 0,
          "docs/message-meanings.md is stale: tidings meanings > docs/message-meanings.md");
    free(made);
    return check_end();
}
