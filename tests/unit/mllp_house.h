/* A whole MLLP receiver for tests: real sockets, a memory store that may fail, a clock and randomness
 * of its own; and a peer that says bytes in pieces and writes down the answers. */
#ifndef MLLP_HOUSE_H
#define MLLP_HOUSE_H

#include "flaky_store.h"
#include "receive/mllp.h"

struct house {
    uv_loop_t loop;
    struct clock clock;
    struct random_source random;
    uint8_t counter; /* what `random` gives */
    bool no_random;
    struct seal *seal;
    struct flaky flaky;
    int at; /* from house_open() on */
    struct store_queue *queue;
    struct mllp_receiver_settings set; /* change it between house_build() and house_open() */
    struct mllp_receiver *receiver;
    int rings;
    int fatal;
    bool told_close, closed;
    bool *closed_too;
};

/* Store, queue and settings; at: which call of the store fails, 0 none. */
void house_build(struct house *h, int at);
/* The same over that backend, its database in the folder `where`. */
void house_build_on(struct house *h, int at, const struct store_ops *ops, const char *where);
void house_open(struct house *h);
/* Tells the receiver to close; *closed once it has. */
void house_close(struct house *h, bool *closed);
/* Closes the receiver and waits until it is gone; the store is still there. */
void house_end_receiver(struct house *h);
/* Closes the receiver, unless it was told to, and runs the loop until it is gone, then everything else. */
void house_end(struct house *h);
/* One turn of the loop, and a moment for the store's thread. */
void house_turn(struct house *h);
/* Does something with the store, on its thread. Runs the loop until that is done. */
void house_ask(struct house *h, bool (*run)(void *ctx, struct store *s, struct err *e), void *ctx);
/* Messages in the store, duplicates not counted. Runs the loop. */
int64_t house_stored(struct house *h);
/* Maps what is stored: each message ends like that, and the receiver hears of it. */
void house_map(struct house *h, enum standing standing);
struct ledger house_ledger(struct house *h);

struct peer {
    int fd;
    bool eof; /* the receiver closed */
    struct buf heard;
};

void peer_open(struct house *h, struct peer *p);
void peer_end(struct peer *p);
/* Says all of it in pieces of `piece` bytes (0: at once), a turn of the loop after each; stops when the
 * receiver takes no more and has closed. */
void peer_say(struct house *h, struct peer *p, struct str bytes, size_t piece);
void peer_half_close(struct peer *p);
/* Runs the loop until the receiver closed; false after ten seconds. */
bool peer_hear_end(struct house *h, struct peer *p);
/* Runs the loop until n answers are heard; false after ten seconds or at the end. */
bool peer_hear(struct house *h, struct peer *p, size_t n);
size_t peer_count(const struct peer *p);
/* "AA:A1 AE:A2 " from what was heard; "?" for what is no sound answer. In `out`. */
void peer_answers(const struct peer *p, struct buf *out);

#endif
