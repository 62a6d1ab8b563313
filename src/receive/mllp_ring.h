/* The flight recorder of one connection: its last bytes, sealed in memory but for the newest ones, which
 * lie in the framer's buffer in the clear anyway. */
#ifndef RECEIVE_MLLP_RING_H
#define RECEIVE_MLLP_RING_H

#include <stddef.h>

#include "base/buf.h"
#include "seal/memory.h"

enum { RING_CHUNK = 2048 };

struct ring_chunk;

struct mllp_ring {
    struct ring_chunk *oldest, *newest; /* sealed */
    size_t n;                           /* of them */
    char *open; /* RING_CHUNK bytes, not sealed yet; NULL: none came so far */
    size_t n_open;
    uint64_t at; /* bytes of the stream so far */
};

/* most: bytes to be kept, at least those; memory is taken as they come. */
void mllp_ring_add(struct mllp_ring *ring, struct seal_memory *seal, struct str bytes, size_t most);
/* Appends what is kept, oldest first. *offset: of its first byte in the stream. */
void mllp_ring_read(const struct mllp_ring *ring, struct seal_memory *seal, struct buf *out,
                    uint64_t *offset);
void mllp_ring_end(struct mllp_ring *ring); /* wipes */

#endif
