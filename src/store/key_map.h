/* The newest messages by their keys, in memory: a ring of entries, and two tables of chains through it,
 * newest first (the match finder of Deflate does it so). Nothing is ever taken out of a chain: what is
 * older than `base` is not seen, and the newest entries leave in the order opposite to the one they came
 * in, which is all that a rollback needs. */
#ifndef STORE_KEY_MAP_H
#define STORE_KEY_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a message is looked up by: 64 bits of its keyed hashes. What they find is compared in full. */
struct key_print {
    uint64_t key;  /* of message.key */
    uint64_t pair; /* of message.key and message.digest */
};

struct key_entry {
    int64_t id, received_ms;
    struct key_print print;
    uint32_t back_key, back_pair; /* how many ids back its chain goes on; 0: it ends */
};

struct key_map {
    size_t size;    /* of the ring; a power of two */
    size_t buckets; /* of each table; a power of two, 256 or more */
    int bits;       /* log2 of it */
    struct key_entry *ring;
    int64_t *by_key, *by_pair; /* the newest id of each chain; 0: none */
    int64_t newest;            /* id */
    int64_t base;              /* ids up to here are not seen any more */
};

enum key_chain { KEY_CHAIN, PAIR_CHAIN };

/* size, buckets: powers of two. False: no memory. */
bool key_map_init(struct key_map *m, size_t size, size_t buckets);
void key_map_free(struct key_map *m);

/* An id above every other one. False: the entry that it would replace is still seen. */
bool key_map_add(struct key_map *m, int64_t id, struct key_print print, int64_t received_ms);
/* Takes out the entries above `newest`. */
void key_map_undo(struct key_map *m, int64_t newest);

/* Entries with that print, newest first: from NULL to NULL. */
const struct key_entry *key_map_next(const struct key_map *m, enum key_chain chain,
                                     struct key_print print, const struct key_entry *from);
/* All entries of one bucket of the table by key, newest first: from NULL to NULL. Buckets ascend with
 * the key. */
const struct key_entry *key_map_walk(const struct key_map *m, size_t bucket,
                                     const struct key_entry *from);

#endif
