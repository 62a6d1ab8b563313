/* A step's alarm on the loop: rings it at the time it asked for. */
#ifndef APP_WAKE_H
#define APP_WAKE_H

#include <uv.h>

#include "base/alarm.h"
#include "base/bell.h"
#include "base/clock.h"

struct wake {
    uv_timer_t timer;
    const struct clock *clock;
    struct bell bell; /* set before the first alarm */
};

void wake_init(struct wake *w, uv_loop_t *loop, const struct clock *clock);
struct alarm wake_alarm(struct wake *w);
void wake_close(struct wake *w, uv_close_cb on_closed);

#endif
