/* What an open seal holds. Nothing of it changes after seal_from_root(), so both threads use it. */
#ifndef SEAL_IMPL_H
#define SEAL_IMPL_H

#include <openssl/evp.h>

#include "seal/seal.h"

enum { KEY_ID_BYTES = 8 };

struct seal {
    uint8_t root[SEAL_KEY_BYTES];
    uint8_t wrap[SEAL_KEY_BYTES];  /* wraps the data key of each record */
    uint8_t index[SEAL_KEY_BYTES]; /* parent of the keys of the blind indexes */
    uint8_t key_id[KEY_ID_BYTES];  /* names the root without telling anything of it */

    /* Fetched once: fetching at each call costs more than sealing a message does. */
    EVP_CIPHER *gcm, *key_wrap;
    EVP_MAC *hmac;
    EVP_KDF *hkdf;
};

/* HKDF-SHA-256 (RFC 5869) of the root; salt "tidings/1", info `purpose` and `label` run together.
 * False only when OpenSSL fails. */
bool seal_hkdf(const struct seal *s, const char *purpose, const char *label, uint8_t *out,
               size_t n);
/* HMAC-SHA-256 with a key of SEAL_KEY_BYTES over the parts, each behind its length (8 bytes). */
bool seal_mac(const struct seal *s, const uint8_t *key, const struct str *parts, size_t n,
              uint8_t out[SEAL_HASH_BYTES]);

#endif
