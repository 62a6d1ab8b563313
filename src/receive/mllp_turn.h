/* Turns: a frame may hold a hundred thousand messages that are refused without the store. A connection
 * handles some of them, then the other connections come first. */
#ifndef RECEIVE_MLLP_TURN_H
#define RECEIVE_MLLP_TURN_H

#include <uv.h>

struct mllp_conn;
struct mllp_receiver;

void mllp_turn_open(struct mllp_receiver *r);
void mllp_turn_close(struct mllp_receiver *r); /* no connection is left */
/* YIELDED: it goes on in the loop's next turn. */
void mllp_turn_later(struct mllp_conn *c);

#endif
