/* The framer's events: what a whole, damaged or oversized frame becomes. */
#ifndef HL7_MLLP_FRAME_H
#define HL7_MLLP_FRAME_H

#include "hl7/mllp.h"

enum framer_state { BETWEEN, IN_FRAME, SB_INSIDE, SEEN_FS, RESYNC, CLOSED };

void framer_push(struct mllp_framer *f, enum mllp_step step, enum hl7_code code, uint64_t offset,
                 uint64_t count);
void framer_note(struct mllp_framer *f, enum hl7_code code, uint64_t offset, uint64_t count);
/* The frame is whole: what it holds decides what comes of it. */
void framer_deliver(struct mllp_framer *f);
/* Refuses what was read so far; `last`: and nothing follows. */
void framer_refuse(struct mllp_framer *f, enum hl7_code code, uint64_t offset, bool last);
/* Adds content; false once it passes the cap, and the frame is refused. */
bool framer_add(struct mllp_framer *f, struct str s);

#endif
