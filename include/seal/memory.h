/* Bytes sealed in our own memory, so that a core file or a swapped page shows nothing of them.
 *
 * AES-256-GCM under a random key that is never written anywhere; the nonce is a counter, so one key and
 * one thread go together. One call costs a third of a sealed record's: no key is made. */
#ifndef SEAL_MEMORY_H
#define SEAL_MEMORY_H

#include "seal/seal.h"

struct seal_memory;

enum { SEAL_MEMORY_OVERHEAD = 24 }; /* counter(8) ciphertext tag(16) */

/* NULL: no randomness, or OpenSSL fails. */
struct seal_memory *seal_memory_new(const struct random_source *r);
void seal_memory_free(struct seal_memory *m); /* wipes; NULL is fine */

/* out: plain.n + SEAL_MEMORY_OVERHEAD bytes. False: OpenSSL fails, and out holds nothing of `plain`. */
bool seal_memory_put(struct seal_memory *m, struct str plain, void *out) MUST_USE;
/* out: sealed.n - SEAL_MEMORY_OVERHEAD bytes. False: altered, or OpenSSL fails; out is wiped. */
bool seal_memory_get(struct seal_memory *m, struct str sealed, void *out) MUST_USE;

#endif
