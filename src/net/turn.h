/* One call on the loop's next turn: for what a function may not call before it has returned. */
#ifndef TURN_H
#define TURN_H

#include <uv.h>

struct turn;

/* fn(ctx) once, from the loop; the turn is gone then. Out of memory ends the process. */
struct turn *turn_start(uv_loop_t *loop, void (*fn)(void *ctx), void *ctx);
/* It will not be called; NULL is fine. */
void turn_cancel(struct turn *t);

#endif
