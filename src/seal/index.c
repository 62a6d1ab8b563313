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

bool seal_mac(EVP_MAC_CTX *ctx, const struct str *parts, size_t n, uint8_t out[SEAL_HASH_BYTES])
{
    bool ok = true;

    for (size_t i = 0; ok && i < n; i++)
        ok = mac_part(ctx, parts[i]);
    return ok && EVP_MAC_final(ctx, out, NULL, SEAL_HASH_BYTES) == 1;
}

void seal_index(const struct seal *s, const char *field, const struct str *parts, size_t n,
                uint8_t out[SEAL_INDEX_BYTES])
{
    struct seal_desk *d = seal_desk_take(s);
    EVP_MAC_CTX *ctx = d ? seal_desk_field(s, d, field) : NULL;
    uint8_t full[SEAL_HASH_BYTES];

    if (!ctx || !seal_mac(ctx, parts, n, full))
        abort(); /* an index of unknown bytes would tie strangers together */
    seal_desk_give(s, d, true);
    memcpy(out, full, SEAL_INDEX_BYTES);
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
