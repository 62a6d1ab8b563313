/* The system's clock: the only place that reads it for decisions. */
#ifndef NET_CLOCK_H
#define NET_CLOCK_H

#include "base/clock.h"

extern const struct clock clock_system;

#endif
