/* Keys derived from the root:
 *
 *   root -- HKDF "salted"         HMAC under it makes data keys from salts (record.c)
 *        -- HKDF "wrap"           wrapped the data keys of suite 1
 *        -- HKDF "index" -- HMAC  one key a field of a blind index (index.c)
 *        -- HKDF "key id"         first field of every record
 *        -- HKDF "use:" + label   seal_derive() */
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/kdf.h>
#include <stdlib.h>

#include "seal_impl.h"

void seal_wipe(void *p, size_t n)
{
    OPENSSL_cleanse(p, n);
}

bool seal_equal(const void *a, const void *b, size_t n)
{
    return CRYPTO_memcmp(a, b, n) == 0;
}

bool seal_hkdf(const struct seal *s, const char *purpose, const char *label, uint8_t *out, size_t n)
{
    char salt[] = "tidings/1", hash[] = "SHA256";
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, hash, 0),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, (void *)(uintptr_t)s->root,
                                          sizeof s->root),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, salt, strlen(salt)),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, (void *)(uintptr_t)purpose,
                                          strlen(purpose)),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, (void *)(uintptr_t)label,
                                          strlen(label)),
        OSSL_PARAM_construct_end(),
    };
    EVP_KDF_CTX *ctx = EVP_KDF_CTX_new(s->hkdf);
    bool ok = ctx && EVP_KDF_derive(ctx, out, n, params) == 1;

    EVP_KDF_CTX_free(ctx);
    return ok;
}

static bool derive_all(struct seal *s)
{
    s->gcm = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
    s->key_wrap = EVP_CIPHER_fetch(NULL, "AES-256-WRAP", NULL);
    s->hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    s->hkdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
    return s->gcm && s->key_wrap && s->hmac && s->hkdf &&
           seal_hkdf(s, "salted", "", s->salted, sizeof s->salted) &&
           seal_hkdf(s, "wrap", "", s->wrap, sizeof s->wrap) &&
           seal_hkdf(s, "index", "", s->index, sizeof s->index) &&
           seal_hkdf(s, "key id", "", s->key_id, sizeof s->key_id);
}

struct seal *seal_from_root(const uint8_t root[SEAL_KEY_BYTES])
{
    struct seal *s = calloc(1, sizeof *s);

    if (!s)
        abort(); /* the same policy as the arena's */
    memcpy(s->root, root, SEAL_KEY_BYTES);
    if (!derive_all(s) || !seal_desks_init(s))
        abort(); /* an OpenSSL without AES, HMAC or HKDF: nothing here can work */
    return s;
}

void seal_close(struct seal *s)
{
    if (!s)
        return;
    seal_desks_free(s);
    EVP_CIPHER_free(s->gcm);
    EVP_CIPHER_free(s->key_wrap);
    EVP_MAC_free(s->hmac);
    EVP_KDF_free(s->hkdf);
    seal_wipe(s, sizeof *s);
    free(s);
}

void seal_derive(const struct seal *s, const char *label, uint8_t out[SEAL_KEY_BYTES])
{
    if (!seal_hkdf(s, "use:", label, out, SEAL_KEY_BYTES))
        abort(); /* a key of unknown bytes must never be used */
}
