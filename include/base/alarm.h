/* "Ring me at that time": how a step that has no event loop asks to be woken.
 *
 * A step has one alarm. Setting it again replaces the time; 0 takes it back. When the time has come the
 * owner calls the step's ring function, from the loop, never inside alarm_set(). */
#ifndef BASE_ALARM_H
#define BASE_ALARM_H

#include <stdint.h>

struct alarm {
    void (*set)(void *ctx, int64_t at_ms); /* Unix ms; NULL: nobody keeps time */
    void *ctx;
};

/* Asks to be woken once at that time; a later call replaces an earlier one. */
static inline void alarm_set(const struct alarm *a, int64_t at_ms)
{
    if (a->set)
        a->set(a->ctx, at_ms);
}

#endif
