/* The lane of a message: its patient, as nobody can read it. */
#ifndef RECEIVE_MLLP_LANE_H
#define RECEIVE_MLLP_LANE_H

#include <stdint.h>

#include "hl7/message.h"
#include "seal/seal.h"

/* 64 bits of the blind index of the patient's first identifier: id, who assigned it (MSH-4 when it does
 * not say), its type. PID-3, else PID-2, PID-4, the account in PID-18, the visit in PV1-19. A merge
 * (MRG) is of the patient who survives, PID-3. 0: no patient is named. */
uint64_t mllp_lane(const struct hl7_message *m, const struct seal *seal);

#endif
