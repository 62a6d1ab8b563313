/* Time as an argument: what reads a clock is given one. net/clock.h holds the real one. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

struct clock {
    int64_t (*now_ms)(const struct clock *c); /* Unix time, milliseconds */
};

/* Unix time in milliseconds, by this clock. */
static inline int64_t clock_now_ms(const struct clock *c)
{
    return c->now_ms(c);
}

/* "2026-11-21T10:15:02.113Z", 24 characters and a NUL. */
void clock_text(int64_t unix_ms, char out[25]);

#endif
