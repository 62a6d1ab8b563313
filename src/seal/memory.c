#include "seal/memory.h"

#include <openssl/evp.h>
#include <stdlib.h>

enum { COUNTER_BYTES = 8, NONCE_BYTES = 12, TAG_BYTES = 16 };

_Static_assert(COUNTER_BYTES + TAG_BYTES == SEAL_MEMORY_OVERHEAD, "memory.h");

struct seal_memory {
    EVP_CIPHER_CTX *in, *out; /* hold the key; in: encrypts */
    uint64_t used;            /* nonces */
};

struct seal_memory *seal_memory_new(const struct random_source *r)
{
    struct seal_memory *m = calloc(1, sizeof *m);
    uint8_t key[SEAL_KEY_BYTES];
    bool ok;

    if (!m)
        abort();
    m->in = EVP_CIPHER_CTX_new();
    m->out = EVP_CIPHER_CTX_new();
    ok = m->in && m->out && r->get(r, key, sizeof key) &&
         EVP_EncryptInit_ex2(m->in, EVP_aes_256_gcm(), key, NULL, NULL) == 1 &&
         EVP_DecryptInit_ex2(m->out, EVP_aes_256_gcm(), key, NULL, NULL) == 1;
    seal_wipe(key, sizeof key);
    if (ok)
        return m;
    seal_memory_free(m);
    return NULL;
}

void seal_memory_free(struct seal_memory *m)
{
    if (!m)
        return;
    EVP_CIPHER_CTX_free(m->in);
    EVP_CIPHER_CTX_free(m->out);
    free(m);
}

bool seal_memory_put(struct seal_memory *m, struct str plain, void *out)
{
    uint8_t *counter = out, *text = counter + COUNTER_BYTES, nonce[NONCE_BYTES] = {0};
    int n = 0, rest = 0;

    m->used++;
    memcpy(counter, &m->used, COUNTER_BYTES);
    memcpy(nonce, counter, COUNTER_BYTES);
    if (EVP_EncryptInit_ex2(m->in, NULL, NULL, nonce, NULL) == 1 &&
        EVP_EncryptUpdate(m->in, text, &n, (const uint8_t *)plain.p, (int)plain.n) == 1 &&
        EVP_EncryptFinal_ex(m->in, text + n, &rest) == 1 &&
        EVP_CIPHER_CTX_ctrl(m->in, EVP_CTRL_AEAD_GET_TAG, TAG_BYTES, text + plain.n) == 1)
        return true;
    seal_wipe(out, plain.n + SEAL_MEMORY_OVERHEAD);
    return false;
}

bool seal_memory_get(struct seal_memory *m, struct str sealed, void *out)
{
    const uint8_t *counter = (const uint8_t *)sealed.p, *text = counter + COUNTER_BYTES;
    uint8_t nonce[NONCE_BYTES] = {0}, tag[TAG_BYTES];
    size_t bytes;
    int n = 0, rest = 0;

    if (sealed.n < SEAL_MEMORY_OVERHEAD)
        return false;
    bytes = sealed.n - SEAL_MEMORY_OVERHEAD;
    memcpy(nonce, counter, COUNTER_BYTES);
    memcpy(tag, text + bytes, TAG_BYTES);
    if (EVP_DecryptInit_ex2(m->out, NULL, NULL, nonce, NULL) == 1 &&
        EVP_DecryptUpdate(m->out, out, &n, text, (int)bytes) == 1 &&
        EVP_CIPHER_CTX_ctrl(m->out, EVP_CTRL_AEAD_SET_TAG, TAG_BYTES, tag) == 1 &&
        EVP_DecryptFinal_ex(m->out, (uint8_t *)out + n, &rest) == 1)
        return true;
    seal_wipe(out, bytes);
    return false;
}
