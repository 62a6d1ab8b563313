/* How long to wait before the next try: doubled each time, and never twice the same. */
#ifndef OUTBOUND_BACKOFF_H
#define OUTBOUND_BACKOFF_H

#include <stdint.h>

#include "seal/seal.h"

/* ms before the next try. failures: how many in a row, 1 or more. Between a half and the whole of
 * first_ms * 2^(failures - 1), which is cut at most_ms; the whole when there is no randomness. */
int64_t backoff_ms(int64_t first_ms, int64_t most_ms, unsigned failures,
                   const struct random_source *random);

#endif
