/* `serve --simulate`: the real daemon, with a look-alike of WhatsApp on this machine to send to.
 *
 *   simulate_open()     before app_open(): the look-alike listens, the settings lead to it
 *   simulate_connect()  after it: webhooks and the phone's buttons lead to the daemon
 *   simulate_end()      when the daemon stops; the loop runs until it is closed
 *   simulate_free()     behind the loop; fine at any time, and for one that was never opened */
#ifndef CLI_SIMULATE_H
#define CLI_SIMULATE_H

#include <uv.h>

#include "app/app.h"
#include "sandbox/sandbox.h"
#include "scratch.h"

struct simulate {
    struct arena arena;
    struct scratch scratch; /* the secrets of the look-alike */
    struct feed_set feeds;  /* its own: a reload does not change what Meta has approved */
    const struct feed_template **templates;
    size_t n_templates;
    struct sandbox *sandbox;
};

/* Changes what *c says of WhatsApp and of the portal. `port` 0: a free one. ERR_CONFIG: the settings
 * name a number that really sends, or nothing can be listened on. */
bool simulate_open(struct simulate *s, uv_loop_t *loop, int port, struct config *c,
                   struct err *e) MUST_USE;
/* Prints where the phone is. */
void simulate_connect(struct simulate *s, const struct app *app);
void simulate_end(struct simulate *s);
void simulate_free(struct simulate *s);

#endif
