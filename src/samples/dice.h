/* A stream of numbers that a key and a text decide: HMAC-SHA-256 of them, then of a counter
 * under that. */
#ifndef SAMPLES_DICE_H
#define SAMPLES_DICE_H

#include "samples/fake.h"
#include "seal/seal.h"

struct dice {
    uint8_t seed[SEAL_HASH_BYTES], bytes[SEAL_HASH_BYTES];
    uint32_t round;
    size_t at;
};

/* domain: what it is for ("id", "word"); roll: another stream for the same text. */
void dice_init(struct dice *d, const struct fake *f, const char *domain, struct str text,
               unsigned roll);
/* Of [0, n). */
uint32_t dice_of(struct dice *d, uint32_t n);

#endif
