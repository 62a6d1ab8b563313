/* What an open seal holds. Its keys do not change after seal_from_root(), and a desk is one caller's while
 * it is lent, so both threads use it. */
#ifndef SEAL_IMPL_H
#define SEAL_IMPL_H

#include <openssl/evp.h>

#include "seal/seal.h"

enum { KEY_ID_BYTES = 8 };

struct seal {
    uint8_t root[SEAL_KEY_BYTES];
    uint8_t salted[SEAL_KEY_BYTES]; /* makes the data key of each record from its salt */
    uint8_t wrap[SEAL_KEY_BYTES];   /* wrapped the data keys of suite 1 */
    uint8_t index[SEAL_KEY_BYTES];  /* parent of the keys of the blind indexes */
    uint8_t key_id[KEY_ID_BYTES];   /* names the root without telling anything of it */

    /* Fetched once: fetching at each call costs more than sealing a message does. */
    EVP_CIPHER *gcm, *key_wrap;
    EVP_MAC *hmac;
    EVP_KDF *hkdf;

    struct seal_desks *desks; /* lent out one caller at a time */
};

enum { DESK_FIELDS = 12, DESK_RANDOM = 44 * 64 /* a salt and a nonce for 64 records */ };

/* Contexts with their key schedules, kept from one call to the next: making them anew costs several
 * times what sealing a message does. */
struct seal_desk {
    EVP_MAC_CTX *salted;
    EVP_CIPHER_CTX *encrypt, *decrypt, *unwrap; /* unwrap: made at the first record of suite 1 */
    struct {
        char name[32];
        EVP_MAC_CTX *mac;
    } fields[DESK_FIELDS]; /* blind indexes met so far, each under its own key */
    size_t n_fields;
    uint8_t random[DESK_RANDOM]; /* the last n_random bytes are not used yet */
    size_t n_random;
};

bool seal_desks_init(struct seal *s);
void seal_desks_free(struct seal *s);
/* A desk for the caller alone, until it is given back. NULL: OpenSSL has no memory. */
struct seal_desk *seal_desk_take(const struct seal *s);
/* sound: no call on it has failed; one that is not is thrown away. */
void seal_desk_give(const struct seal *s, struct seal_desk *d, bool sound);
/* For the data keys of suite 1; it keeps its key schedule. NULL: OpenSSL fails. */
EVP_CIPHER_CTX *seal_desk_unwrap(const struct seal *s, struct seal_desk *d);
/* Random bytes that nobody gets again; n is at most DESK_RANDOM. A process that goes on after fork()
 * would give them twice: nothing here forks without exec. */
bool seal_desk_random(struct seal_desk *d, uint8_t *out, size_t n);
/* A MAC context under the key of that blind index, ready for its parts. NULL: OpenSSL fails. */
EVP_MAC_CTX *seal_desk_field(const struct seal *s, struct seal_desk *d, const char *field);

/* HKDF-SHA-256 (RFC 5869) of the root; salt "tidings/1", info `purpose` and `label` run together.
 * False only when OpenSSL fails. */
bool seal_hkdf(const struct seal *s, const char *purpose, const char *label, uint8_t *out,
               size_t n);
/* HMAC-SHA-256, by a context that has its key, over the parts, each behind its length (8 bytes). */
bool seal_mac(EVP_MAC_CTX *ctx, const struct str *parts, size_t n, uint8_t out[SEAL_HASH_BYTES]);

#endif
