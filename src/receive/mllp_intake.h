/* One judged message into the store: the work of its transaction. */
#ifndef RECEIVE_MLLP_INTAKE_H
#define RECEIVE_MLLP_INTAKE_H

#include "mllp_unit.h"
#include "store/store.h"

/* Store thread, inside a transaction; repeatable. Stores u->message with its answer, sequence numbers and
 * parts included. The commit may find that the message is refused after all: u->condition is then not
 * HL7_COMMITTED, u->ack says so, and out->id is 0.
 *
 * a  gets what the store hands out */
bool mllp_intake(struct mllp_unit *u, const struct mllp_receiver_settings *set, struct store *s,
                 struct arena *a, struct intake *out, struct err *e) MUST_USE;

/* A message that is a part: stored as one; the last part of its chain as the whole message. Like
 * mllp_intake(); m: u->message with its answer. */
bool mllp_parts_take(struct mllp_unit *u, const struct mllp_receiver_settings *set,
                     struct message *m, struct store *s, struct arena *a, struct intake *out,
                     struct err *e) MUST_USE;

#endif
