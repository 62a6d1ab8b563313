#include "base/closest.h"

#include <string.h>

enum { MOST = 64 };

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Three rows of the classic table: the transposition looks two rows back. */
static size_t distance(const char *a, const char *b)
{
    size_t rows[3][MOST + 1], n = strlen(a), m = strlen(b);

    if (n > MOST || m > MOST)
        return MOST;
    for (size_t j = 0; j <= m; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= n; i++) {
        size_t *now = rows[i % 3], *last = rows[(i - 1) % 3], *before = rows[(i + 1) % 3];

        now[0] = i;
        for (size_t j = 1; j <= m; j++) {
            size_t swap = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]
                              ? before[j - 2] + 1
                              : MOST;

            now[j] = least(last[j - 1] + (a[i - 1] != b[j - 1]), least(last[j], now[j - 1]) + 1);
            now[j] = least(now[j], swap);
        }
    }
    return rows[n % 3][m];
}

const char *closest(const char *word, const char *const *names, size_t n)
{
    size_t most = least(2, strlen(word) / 3), found = most + 1;
    const char *best = NULL;

    for (size_t i = 0; i < n; i++) {
        size_t d = distance(word, names[i]);

        if (d < found || (d == found && best && strcmp(names[i], best) < 0)) {
            found = d;
            best = names[i];
        }
    }
    return best;
}
