/* The lane of a FHIR message: its patient, as nobody can read it. */
#ifndef RECEIVE_FHIR_LANE_H
#define RECEIVE_FHIR_LANE_H

#include <stdint.h>

#include "fhir/resource.h"
#include "seal/seal.h"

/* 64 bits of the blind index of the first patient that the body names: a Patient itself, or what subject,
 * patient or participant.actor refers to; by its id, else by its identifier. 0: none is named. */
uint64_t fhir_lane(const struct fhir_body *body, const struct seal *seal);

#endif
