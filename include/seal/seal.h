/* Encryption at rest, blind indexes, tokens, digests (OpenSSL 3).
 *
 * One key file (mode 0600) holds the root; every other key is derived from it by HKDF-SHA-256 with a
 * label. A record is sealed under a data key of its own:
 *
 *   version(1) suite(1) key_id(8) salt(32) nonce(12) ciphertext tag(16)
 *
 * by AES-256-GCM; the data key is HMAC-SHA-256 of the salt, under a key derived for that alone. Records of
 * suite 1 are still read: their data key is random and stands wrapped (40 bytes, AES-256-KW, RFC 3394) in
 * place of the salt.
 *
 * The additional data binds key id, table, row and column, so a ciphertext cannot be moved. */
#ifndef SEAL_SEAL_H
#define SEAL_SEAL_H

#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"

enum { SEAL_KEY_BYTES = 32, SEAL_INDEX_BYTES = 16, SEAL_HASH_BYTES = 32, SEAL_OVERHEAD = 70 };

struct seal; /* its keys never change: usable from both threads at once */

/* Writes a new key file, mode 0600, never over an existing one. ERR_CONFIG with the reason. */
bool seal_keys_init(const char *path, struct err *e) MUST_USE;
/* ERR_CONFIG: missing, not a regular file, mode not 0600, owner neither we nor root, malformed. */
bool seal_open(const char *path, struct seal **out, struct err *e) MUST_USE;
/* A root given as bytes: tests, `demo`, `check`. Never fails but for memory. */
struct seal *seal_from_root(const uint8_t root[SEAL_KEY_BYTES]);
void seal_close(struct seal *s); /* wipes; NULL is fine */

/* The place a ciphertext belongs to. */
struct seal_place {
    const char *table, *column;
    int64_t row;
};

/* The sealed record in `a`. ERR_BUSY only when OpenSSL fails. */
bool seal_put(const struct seal *s, struct seal_place at, struct str plain, struct arena *a,
              struct str *sealed, struct err *e) MUST_USE;
/* ERR_INPUT: altered, moved to another place, or sealed under a key we do not hold. ERR_BUSY: OpenSSL
 * fails for another reason (memory), which says nothing about the record. */
bool seal_get(const struct seal *s, struct seal_place at, struct str sealed, struct arena *a,
              struct str *plain, struct err *e) MUST_USE;

/* Blind index: HMAC-SHA-256 under a key derived for `field`, over the length-prefixed parts, cut to
 * 128 bits. Equal inputs give equal indexes; nothing else can be learned without the key. */
void seal_index(const struct seal *s, const char *field, const struct str *parts, size_t n,
                uint8_t out[SEAL_INDEX_BYTES]);
/* A derived key for another use, by its label ("pseudonym"). */
void seal_derive(const struct seal *s, const char *label, uint8_t out[SEAL_KEY_BYTES]);

/* SHA-256 and HMAC-SHA-256 of bytes in memory; they cannot fail. */
void seal_sha256(struct str in, uint8_t out[SEAL_HASH_BYTES]);
void seal_hmac_sha256(struct str key, struct str in, uint8_t out[SEAL_HASH_BYTES]);
bool seal_equal(const void *a, const void *b, size_t n); /* constant time */
void seal_wipe(void *p, size_t n);                       /* not optimised away */

/* Randomness as an argument, so that tests can replay; seal_random_system is the real one. */
struct random_source {
    bool (*get)(const struct random_source *r, void *out, size_t n); /* false: none to be had */
};
extern const struct random_source seal_random_system;

/* Draws from another source a kilobyte at a time: for the ids of one thread, not for keys. What it has given
 * out it does not hold any more. A process that goes on after fork() would give it twice: none does. */
struct random_pool {
    struct random_source source;
    const struct random_source *from;
    uint8_t bytes[1024]; /* the last `left` of them are not used yet */
    size_t left;
};
void random_pool_init(struct random_pool *p, const struct random_source *from);

enum { TOKEN_TEXT = 43 }; /* 256 bits in base64url */
/* A new token as text with a NUL. ERR_BUSY without randomness. */
bool token_new(const struct random_source *r, char out[TOKEN_TEXT + 1], struct err *e) MUST_USE;
/* SHA-256 of a token's text: all that is ever stored of it. */
void token_hash(struct str token, uint8_t out[SEAL_HASH_BYTES]);
/* A ULID: 48 bits of time, 80 random bits, Crockford base32, 26 characters and a NUL. */
bool ulid_new(const struct random_source *r, int64_t now_ms, char out[27], struct err *e) MUST_USE;

/* Reads a secret file into `a`: one line, white space at both ends removed. ERR_CONFIG unless it is a
 * regular file of at most `max` bytes that nobody but its owner can use (mode & 077 == 0), and that is
 * us or root: who owns a file can change it. */
bool secret_read(const char *path, size_t max, struct arena *a, struct str *out,
                 struct err *e) MUST_USE;

#endif
