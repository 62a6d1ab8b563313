/* Which message had that key before? Asked at each intake; answered without random pages of a B-tree, of
 * which every new key would dirty one.
 *
 *   newest ids   key_map: in memory, at most 4 segments
 *   older ids    segments of KEY_SEGMENT ids each, in table key_block: 256 blocks a segment, by the first
 *                byte of the print, each block sorted, all written in ascending order
 *   in between   one filter a group of 32 segments: a new key asks no block at all
 *
 * The map is itself the sorter of the segment that it gives up, a few buckets for each message that comes
 * in, so no commit pays for a whole segment. What was not written at a crash is read from the messages
 * again at open.
 *
 * A wrong "not seen" is a second notice to a patient, so nothing here is taken at its word: each block,
 * segment and filter has a keyed proof, checked when it is read. One that is missing or altered is made anew
 * from the messages. */
#ifndef STORE_SQLITE_KEY_H
#define STORE_SQLITE_KEY_H

#include "key_map.h"
#include "store/store.h"

struct sqlite;

enum { KEY_SEGMENT = 32768, KEY_GROUP = 32 /* segments */, KEY_BLOCKS = 256 };

/* Where writing stands; put back by a rollback. */
struct key_progress {
    int64_t segment; /* the next one to be written, or being written; all before it are */
    size_t block;    /* of it, the next one */
    size_t credit;   /* what the messages of late have earned; a block costs one segment's size */
    int64_t newest;  /* id in the map */
    int64_t segment_ms; /* newest received_ms of what is written of the segment */
};

struct key_group {
    uint8_t *filter; /* NULL: it is in table key_group */
    int64_t newest_ms;
};

struct key_index {
    size_t segment; /* ids in each; a power of two */
    struct key_map map;
    struct key_progress now, committed;
    struct key_group *groups;
    size_t n_groups;
    bool said_damaged; /* once is enough */
};

/* Reads what was written and, from the messages, what was not; writes what is due. segment 0:
 * KEY_SEGMENT. Outside of a transaction. */
bool key_open(struct sqlite *q, size_t segment, struct err *e) MUST_USE;
void key_close(struct sqlite *q);

/* The newest message with that key and digest that was received at since_ms or later. */
bool key_find_same(struct sqlite *q, const struct message *m, int64_t since_ms, int64_t *id,
                   bool *found, struct err *e) MUST_USE;
/* The newest message with that key received at since_ms or later; for newest_only of m's kind, too.
 * *same: its digest is m's, too. */
bool key_find_newest(struct sqlite *q, const struct message *m, int64_t since_ms, int64_t *id,
                     bool *same, bool *found, struct err *e) MUST_USE;
/* Message `id` was written in this transaction. */
bool key_put(struct sqlite *q, const struct message *m, int64_t id, struct err *e) MUST_USE;
void key_commit(struct sqlite *q);
void key_rollback(struct sqlite *q);

/* ---- between sqlite_key.c, sqlite_key_write.c, sqlite_key_open.c and sqlite_key_proof.c ---- */

/* One entry of a block, as stored: key, pair (8 bytes each), id less that of the segment's first (4);
 * numbers big-endian; in order of key, then id. */
enum { KEY_RECORD = 20 };

struct key_print key_print_of(const uint8_t key[INDEX_BYTES], const uint8_t digest[INDEX_BYTES]);
uint64_t key_load(const char *p, size_t n); /* n bytes, big-endian */
void key_store(char *p, uint64_t v, size_t n);
/* Into the map and its group's filter. */
bool key_place(struct sqlite *q, int64_t id, struct key_print print, int64_t received_ms,
               struct err *e) MUST_USE;
/* Writes blocks as far as the credit goes. */
bool key_write(struct sqlite *q, struct err *e) MUST_USE;
/* The filter of a group, read when it is only on disk. */
bool key_filter_of(struct sqlite *q, size_t group, uint8_t **out, struct err *e) MUST_USE;
/* Gives its memory back when it is on disk. */
void key_filter_drop(struct key_index *k, size_t group);
size_t key_filter_lines(const struct key_index *k);

struct rows;

/* 128 bits of a keyed hash of the row `id` of one of the tables. */
void key_prove(const struct sqlite *q, const char *table, int64_t id, struct str bytes,
               uint8_t out[INDEX_BYTES]);
void key_prove_segment(const struct sqlite *q, int64_t segment, int64_t newest_ms,
                       uint8_t out[INDEX_BYTES]);
/* column: of its proof. */
bool key_is_proven(const struct sqlite *q, const char *table, int64_t id, struct str bytes,
                   const struct rows *r, int column) MUST_USE;
void key_say_damaged(struct sqlite *q, const char *what, int64_t id);
/* The entries of a block, sound. */
bool key_read_block(struct sqlite *q, int64_t segment, size_t block, struct arena *a,
                    struct str *out, struct err *e) MUST_USE;
/* Sorts `entries` and writes them as that block. */
bool key_put_block(struct sqlite *q, int64_t segment, size_t block,
                   const struct key_entry **entries, size_t n, struct err *e) MUST_USE;
bool key_put_filter(struct sqlite *q, size_t group, const uint8_t *filter, struct err *e) MUST_USE;
bool key_mend_filter(struct sqlite *q, size_t group, uint8_t *filter, struct err *e) MUST_USE;

/* The group of that segment; made when it is the first of it. NULL: no memory. */
struct key_group *key_group_of(struct key_index *k, int64_t segment);

#endif
