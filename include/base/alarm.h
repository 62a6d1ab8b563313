/* "Wake me then": how a step without a loop of its own asks for its next ring. Loop thread only. */
#ifndef BASE_ALARM_H
#define BASE_ALARM_H

#include <stdint.h>

struct alarm {
    /* Ring this step at `at_ms` (Unix time) or soon after; replaces an earlier time; 0 switches it
     * off. */
    void (*set)(void *ctx, int64_t at_ms);
    void *ctx;
};

static inline void alarm_set(const struct alarm *a, int64_t at_ms)
{
    if (a->set)
        a->set(a->ctx, at_ms);
}

#endif
