#include "feed/checked.h"

size_t checked_errors(const struct checked_run *run)
{
    size_t n = 0;

    for (size_t i = 0; i < run->n; i++)
        n += run->items[i].findings.n_errors;
    return n;
}

size_t checked_warnings(const struct checked_run *run)
{
    size_t n = 0;

    for (size_t i = 0; i < run->n; i++)
        n += run->items[i].findings.n_warnings;
    return n;
}

bool checked_clean(const struct checked_run *run)
{
    for (size_t i = 0; i < run->n; i++)
        if (run->items[i].tests.failed)
            return false;
    return !checked_errors(run) && !(run->strict && checked_warnings(run));
}

static bool uses(const struct findings *all, const char *name)
{
    for (size_t i = 0; i < all->n_used; i++)
        if (strcmp(all->used[i], name) == 0)
            return true;
    return false;
}

static bool used_elsewhere(const struct checked_run *run, size_t but, const char *name)
{
    for (size_t i = 0; i < run->n; i++)
        if (i != but && uses(&run->items[i].findings, name))
            return true;
    return false;
}

void checked_unused(struct checked_run *run)
{
    for (size_t i = 0; i < run->n; i++) {
        struct findings *all = &run->items[i].findings;
        size_t kept = 0;

        for (size_t k = 0; k < all->n; k++) {
            const char *unused = all->items[k].unused;

            if (unused && used_elsewhere(run, i, unused))
                all->n_warnings--;
            else
                all->items[kept++] = all->items[k];
        }
        all->n = kept;
    }
}
