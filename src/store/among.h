#ifndef STORE_AMONG_H
#define STORE_AMONG_H

#include "base/str.h"

static inline bool among(struct str name, const struct str *all, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (str_eq(name, all[i]))
            return true;
    }
    return false;
}

#endif
