#include "reply.h"

static bool any(const struct instance *all, size_t n, enum standing standing)
{
    for (size_t i = 0; i < n; i++) {
        if (all[i].standing == standing)
            return true;
    }
    return false;
}

struct str reply_code(enum reply_wanted wanted, const struct instance *all, size_t n)
{
    const bool held = any(all, n, STANDING_HELD), rejected = any(all, n, STANDING_REJECTED);
    const enum reply_wanted fits = held || rejected ? REPLY_ON_ERROR : REPLY_ON_SUCCESS;

    if (wanted != REPLY_ALWAYS && wanted != fits)
        return (struct str){NULL, 0};
    if (held)
        return STR("AE");
    return rejected ? STR("AR") : STR("AA");
}
