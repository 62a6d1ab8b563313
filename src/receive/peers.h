/* Peer notes on their way to the store: collected in memory, written together every peers_ms. */
#ifndef RECEIVE_PEERS_H
#define RECEIVE_PEERS_H

#include <uv.h>

#include "hl7/ack.h"
#include "store/queue.h"

enum { PEER_NAME_BYTES = 20, PEER_ADDRESS_BYTES = 64 };

/* Who did it. */
struct peer_who {
    char address[PEER_ADDRESS_BYTES];
    char application[PEER_NAME_BYTES + 1],
        facility[PEER_NAME_BYTES + 1]; /* as listed; empty: nobody listed, or any */
};
/* The application or facility of a listed sender (NULL: any, empty), cut to PEER_NAME_BYTES. */
void peer_name(const char *listed, char out[PEER_NAME_BYTES + 1]);
/* "HL7_BAD_TYPE": the public name of a refusal. */
const char *peer_refusal_name(enum hl7_condition c);

struct peer_row;
struct mllp_peers {
    const char *listener;
    const struct clock *clock;
    struct store_queue *queue;
    size_t most;
    struct peer_row *rows, *flying; /* flying: with the store */
    uint16_t *slots;                /* of `rows`, by hash; 0: free, else 1 + its place */
    size_t n, n_flying;
    struct peer_note *notes; /* the flying ones in the store's words */
    struct store_job job;
    bool busy, ending;
    void (*on_ended)(void *ctx);
    void *ctx;
};

struct mllp_receiver_settings;
void mllp_peers_init(struct mllp_peers *p, const struct mllp_receiver_settings *set);
/* It was seen n times more, `code` is one of our own names. Who and what is too much to be told apart
 * goes to "(other)". */
void mllp_peers_add(struct mllp_peers *p, const struct peer_who *who, const char *code, uint64_t n,
                    uint64_t offset);
/* Writes what there is; nothing while a write is under way. */
void mllp_peers_flush(struct mllp_peers *p);
/* Writes the rest, then gives the memory back and calls on_ended, perhaps at once. */
void mllp_peers_end(struct mllp_peers *p, void (*on_ended)(void *ctx), void *ctx);

#endif
