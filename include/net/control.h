/* The control socket: one Unix socket in the state folder, by which a person at this machine talks to the
 * running daemon. A line comes in, a number and a text go out, the connection ends.
 *
 *     reload LF                ->    1 LF  the text … (end)
 *
 * Only our own user and root are heard: the kernel names the peer (SO_PEERCRED). */
#ifndef NET_CONTROL_H
#define NET_CONTROL_H

#include <uv.h>

#include "base/buf.h"
#include "base/err.h"

enum { CONTROL_WORDS = 64 /* longest line */, CONTROL_DENIED = 9 /* number: not for this user */ };

struct control;
struct control_ask; /* somebody waits for an answer */

struct control_settings {
    uv_loop_t *loop;
    const char *
        folder; /* the socket is FOLDER/tidings.sock, mode 0600; one that lies there is replaced, so
                           hold the folder's lock */
    int64_t read_ms; /* for the line; whoever is slower is closed */
    int most;        /* connections at one time */
    /* A line came, without its end. control_answer(q) exactly once, now or later. */
    void (*on_ask)(void *ctx, struct control_ask *q, const char *words);
    void *ctx;
};

/* ERR_CONFIG when the socket cannot be made. */
bool control_open(const struct control_settings *set, struct control **out, struct err *e) MUST_USE;
/* number: 0 to 8, for the asker's exit code. The text is copied. `q` is gone then. */
void control_answer(struct control_ask *q, int number, struct str text);
/* Takes no more; the connections end. Whoever is asked still answers before: on_closed() waits for it. */
void control_close(struct control *c, void (*on_closed)(void *ctx), void *ctx);

/* The other end, blocking: asks the daemon of that folder and waits for its answer, however long it takes.
 * ERR_BUSY: no daemon there (or it ended without an answer); ERR_CONFIG: it does not hear this user. */
bool control_call(const char *folder, const char *words, int *number, struct buf *text,
                  struct err *e) MUST_USE;

#endif
