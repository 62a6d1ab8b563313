#include "duration.h"

enum { DIGITS = 7, UNITS = 4 };

static const struct {
    char name;
    int64_t ms;
} units[UNITS] = {{'s', 1000}, {'m', 60000}, {'h', 3600000}, {'d', 86400000}};

bool duration_read(struct str text, int64_t *ms)
{
    int64_t number = 0;
    size_t i = 0;

    for (; i < text.n && i < DIGITS && text.p[i] >= '0' && text.p[i] <= '9'; i++)
        number = 10 * number + (text.p[i] - '0');
    for (size_t u = 0; i && i + 1 == text.n && u < UNITS; u++)
        if (text.p[i] == units[u].name) {
            *ms = number * units[u].ms;
            return true;
        }
    return false;
}

struct str duration_write(int64_t ms, struct arena *a)
{
    size_t u = UNITS - 1;

    while (u && (ms % units[u].ms || ms < (u == UNITS - 1 ? 2 : 1) * units[u].ms))
        u--;
    return arena_printf(a, "%lld%c", (long long)(ms / units[u].ms), units[u].name);
}
