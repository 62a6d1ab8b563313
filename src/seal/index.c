#include <openssl/core_names.h>
#include <openssl/sha.h>
#include <stdlib.h>

#include "seal_impl.h"

static bool mac_part(EVP_MAC_CTX *ctx, struct str part)
{
    uint8_t length[8];

    for (size_t i = 0; i < sizeof length; i++)
        length[i] = (uint8_t)((uint64_t)part.n >> (56 - 8 * i));
    return EVP_MAC_update(ctx, length, sizeof length) == 1 &&
           (part.n == 0 || EVP_MAC_update(ctx, (const uint8_t *)part.p, part.n) == 1);
}

bool seal_mac(const struct seal *s, const uint8_t *key, const struct str *parts, size_t n,
              uint8_t out[SEAL_HASH_BYTES])
{
    char hash[] = "SHA256";
    const OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, hash, 0),
        OSSL_PARAM_construct_end(),
    };
    EVP_MAC_CTX *ctx = EVP_MAC_CTX_new(s->hmac);
    bool ok = ctx && EVP_MAC_init(ctx, key, SEAL_KEY_BYTES, params) == 1;

    for (size_t i = 0; ok && i < n; i++)
        ok = mac_part(ctx, parts[i]);
    ok = ok && EVP_MAC_final(ctx, out, NULL, SEAL_HASH_BYTES) == 1;
    EVP_MAC_CTX_free(ctx);
    return ok;
}

void seal_index(const struct seal *s, const char *field, const struct str *parts, size_t n,
                uint8_t out[SEAL_INDEX_BYTES])
{
    uint8_t key[SEAL_HASH_BYTES], full[SEAL_HASH_BYTES];
    const struct str name = str_of(field);

    if (!seal_mac(s, s->index, &name, 1, key) || !seal_mac(s, key, parts, n, full))
        abort(); /* an index of unknown bytes would tie strangers together */
    memcpy(out, full, SEAL_INDEX_BYTES);
    seal_wipe(key, sizeof key);
}

void seal_sha256(struct str in, uint8_t out[SEAL_HASH_BYTES])
{
    if (!SHA256((const uint8_t *)(in.n ? in.p : ""), in.n, out))
        abort();
}

void seal_hmac_sha256(struct str key, struct str in, uint8_t out[SEAL_HASH_BYTES])
{
    if (!EVP_Q_mac(NULL, "HMAC", NULL, "SHA256", NULL, key.n ? key.p : "", key.n,
                   (const uint8_t *)(in.n ? in.p : ""), in.n, out, SEAL_HASH_BYTES, NULL))
        abort();
}
