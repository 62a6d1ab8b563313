/* Application acknowledgements on the connection that their messages came on. hl7v2.md 3.3.
 *
 *   committed -> expected by its connection -> mapped: a row waits -> stored as ACCEPTED with its bytes
 *             -> written between other answers
 *
 * Each connection that a message came on, or a copy of it, hears its reply once, always the same bytes. A
 * connection that is gone takes none: the row becomes GONE, until a copy of the message asks for it. What
 * is expected lives in memory only; what waits for a connection at a start is GONE, too
 * (recover_outgoing). */
#ifndef RECEIVE_MLLP_REPLY_H
#define RECEIVE_MLLP_REPLY_H

#include <stdbool.h>
#include <stdint.h>

struct mllp_conn;

/* Room for one more reply that this connection is to wait for. */
bool mllp_reply_room(const struct mllp_conn *c);
/* A message was committed that wants a reply on this connection. seen: it is a copy. */
void mllp_reply_expect(struct mllp_conn *c, int64_t message_id, bool seen);
/* There is one to be written, and nothing in flight. */
bool mllp_reply_due(const struct mllp_conn *c);
/* Writes it. */
void mllp_reply_write(struct mllp_conn *c);
/* The connection is gone. */
void mllp_reply_forget(struct mllp_conn *c);

#endif
