#include "mllp_ring.h"

#include <stdlib.h>

struct ring_chunk {
    struct ring_chunk *next;
    uint8_t sealed[RING_CHUNK + SEAL_MEMORY_OVERHEAD];
};

static struct ring_chunk *take_oldest(struct mllp_ring *ring)
{
    struct ring_chunk *c = ring->oldest;

    ring->oldest = c->next;
    if (!ring->oldest)
        ring->newest = NULL;
    ring->n--;
    return c;
}

static void drop_sealed(struct mllp_ring *ring)
{
    while (ring->oldest)
        free(take_oldest(ring));
}

/* The open chunk is full. One that cannot be sealed is not kept, nor is anything before it: what is
 * shown has no hole. */
static void seal_open_chunk(struct mllp_ring *ring, struct seal_memory *seal, size_t most)
{
    struct ring_chunk *c =
        ring->n && ring->n * RING_CHUNK >= most ? take_oldest(ring) : malloc(sizeof *c);

    if (!c)
        abort();
    c->next = NULL;
    ring->n_open = 0;
    if (!seal_memory_put(seal, (struct str){ring->open, RING_CHUNK}, c->sealed)) {
        free(c);
        drop_sealed(ring);
        return;
    }
    if (ring->newest)
        ring->newest->next = c;
    else
        ring->oldest = c;
    ring->newest = c;
    ring->n++;
}

void mllp_ring_add(struct mllp_ring *ring, struct seal_memory *seal, struct str bytes, size_t most)
{
    if (!ring->open)
        ring->open = malloc(RING_CHUNK);
    if (!ring->open)
        abort();
    ring->at += bytes.n;
    if (bytes.n > most + RING_CHUNK) { /* no byte of before stays */
        size_t skipped = bytes.n - most - RING_CHUNK;

        drop_sealed(ring);
        ring->n_open = 0;
        bytes = (struct str){bytes.p + skipped, bytes.n - skipped};
    }
    while (bytes.n) {
        size_t n = RING_CHUNK - ring->n_open;

        n = n < bytes.n ? n : bytes.n;
        memcpy(ring->open + ring->n_open, bytes.p, n);
        ring->n_open += n;
        bytes = (struct str){bytes.p + n, bytes.n - n};
        if (ring->n_open == RING_CHUNK)
            seal_open_chunk(ring, seal, most);
    }
}

void mllp_ring_read(const struct mllp_ring *ring, struct seal_memory *seal, struct buf *out,
                    uint64_t *offset)
{
    size_t before = out->n;

    for (const struct ring_chunk *c = ring->oldest; c; c = c->next) {
        if (!buf_room(out, RING_CHUNK))
            break;
        if (seal_memory_get(seal, (struct str){(const char *)c->sealed, sizeof c->sealed},
                            out->p + out->n))
            out->n += RING_CHUNK;
        else
            out->n = before; /* what is shown has no hole */
    }
    buf_add(out, (struct str){ring->open, ring->n_open});
    *offset = ring->at - (out->n - before);
}

void mllp_ring_end(struct mllp_ring *ring)
{
    drop_sealed(ring);
    if (ring->open)
        seal_wipe(ring->open, RING_CHUNK);
    free(ring->open);
    *ring = (struct mllp_ring){0};
}
