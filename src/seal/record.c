/* Sealed records (layout in seal.h).
 *
 * The data key is fresh for each record, so a nonce can never meet the same key twice and the limit
 * of 2^32 calls a key (NIST SP 800-38D, 8.3) is out of reach. AES key wrap (RFC 3394) needs no
 * nonce and refuses an altered or foreign wrapped key by itself. */
#include <openssl/rand.h>
#include <stdlib.h>

#include "seal_impl.h"

enum {
    VERSION = 1,
    SUITE_A256KW_A256GCM = 1,
    HEAD_BYTES = 2 + KEY_ID_BYTES,
    WRAPPED_BYTES = SEAL_KEY_BYTES + 8,
    NONCE_BYTES = 12,
    TAG_BYTES = 16,
    MAX_PLAIN = 64 << 20, /* far above any limit on what comes in */
};

_Static_assert(HEAD_BYTES + WRAPPED_BYTES + NONCE_BYTES + TAG_BYTES == SEAL_OVERHEAD, "seal.h");

/* Trouble of our own (no memory, no context) must never look like a damaged record. */
enum verdict { FAILED, ALTERED, SOUND };

static void put_head(const struct seal *s, uint8_t out[HEAD_BYTES])
{
    out[0] = VERSION;
    out[1] = SUITE_A256KW_A256GCM;
    memcpy(out + 2, s->key_id, KEY_ID_BYTES);
}

/* Only the step that checks can say ALTERED. */
static enum verdict wrap_key(const struct seal *s, bool wrap, const uint8_t *in, int n,
                             uint8_t *out)
{
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    uint8_t wide[WRAPPED_BYTES + 8]; /* EVP may write one block more than it reports */
    enum verdict v = FAILED;
    int written = 0;

    if (!ctx)
        return FAILED;
    EVP_CIPHER_CTX_set_flags(ctx, EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
    if (EVP_CipherInit_ex2(ctx, s->key_wrap, s->wrap, NULL, wrap, NULL) == 1) {
        bool ok = EVP_CipherUpdate(ctx, wide, &written, in, n) == 1 &&
                  written == (wrap ? WRAPPED_BYTES : SEAL_KEY_BYTES);

        v = ok ? SOUND : ALTERED;
    }
    if (v == SOUND)
        memcpy(out, wide, (size_t)written);
    seal_wipe(wide, sizeof wide);
    EVP_CIPHER_CTX_free(ctx);
    return v;
}

/* The additional data: head, then table, row and column, each name behind its length. */
static bool bind_place(EVP_CIPHER_CTX *ctx, const uint8_t *head, struct seal_place at)
{
    const struct str names[] = {str_of(at.table), str_of(at.column)};
    uint8_t number[8];
    int ignored;

    if (EVP_CipherUpdate(ctx, NULL, &ignored, head, HEAD_BYTES) != 1)
        return false;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const uint8_t length = (uint8_t)names[i].n; /* names are ours and short */

        if (EVP_CipherUpdate(ctx, NULL, &ignored, &length, 1) != 1 ||
            EVP_CipherUpdate(ctx, NULL, &ignored, (const uint8_t *)names[i].p, length) != 1)
            return false;
    }
    for (size_t i = 0; i < sizeof number; i++)
        number[i] = (uint8_t)((uint64_t)at.row >> (56 - 8 * i));
    return EVP_CipherUpdate(ctx, NULL, &ignored, number, sizeof number) == 1;
}

static bool encrypt(const struct seal *s, struct seal_place at, struct str plain, uint8_t *record)
{
    uint8_t *wrapped = record + HEAD_BYTES, *nonce = wrapped + WRAPPED_BYTES;
    uint8_t *text = nonce + NONCE_BYTES, *tag = text + plain.n;
    uint8_t key[SEAL_KEY_BYTES];
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    int n = 0, rest = 0;
    bool ok;

    put_head(s, record);
    ok = ctx && RAND_priv_bytes(key, sizeof key) == 1 && RAND_bytes(nonce, NONCE_BYTES) == 1 &&
         wrap_key(s, true, key, sizeof key, wrapped) == SOUND &&
         EVP_EncryptInit_ex2(ctx, s->gcm, key, nonce, NULL) == 1 && bind_place(ctx, record, at) &&
         EVP_EncryptUpdate(ctx, text, &n, (const uint8_t *)plain.p, (int)plain.n) == 1 &&
         EVP_EncryptFinal_ex(ctx, text + n, &rest) == 1 &&
         EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, TAG_BYTES, tag) == 1;
    EVP_CIPHER_CTX_free(ctx);
    seal_wipe(key, sizeof key);
    return ok;
}

bool seal_put(const struct seal *s, struct seal_place at, struct str plain, struct arena *a,
              struct str *sealed, struct err *e)
{
    uint8_t *record;

    if (plain.n > MAX_PLAIN)
        return err_set(e, ERR_INPUT, 0, "seal: %zu bytes are more than %d", plain.n, MAX_PLAIN);
    if (!plain.n)
        plain = STR("");
    record = arena_get(a, plain.n + SEAL_OVERHEAD, 1);
    if (!encrypt(s, at, plain, record))
        return err_set(e, ERR_BUSY, 0, "seal: OpenSSL gave no record");
    *sealed = (struct str){(const char *)record, plain.n + SEAL_OVERHEAD};
    return true;
}

/* `key` is sound: what fails before the tag is compared is our own trouble. */
static enum verdict decrypt_text(const struct seal *s, struct seal_place at, const uint8_t *record,
                                 size_t n_text, const uint8_t *key, uint8_t *out)
{
    const uint8_t *nonce = record + HEAD_BYTES + WRAPPED_BYTES, *text = nonce + NONCE_BYTES;
    uint8_t tag[TAG_BYTES];
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    enum verdict v = FAILED;
    int n = 0, rest = 0;

    memcpy(tag, text + n_text, TAG_BYTES);
    if (ctx && EVP_DecryptInit_ex2(ctx, s->gcm, key, nonce, NULL) == 1 &&
        bind_place(ctx, record, at) && EVP_DecryptUpdate(ctx, out, &n, text, (int)n_text) == 1 &&
        EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, TAG_BYTES, tag) == 1)
        v = EVP_DecryptFinal_ex(ctx, out + n, &rest) == 1 ? SOUND : ALTERED;
    EVP_CIPHER_CTX_free(ctx);
    return v;
}

static enum verdict decrypt(const struct seal *s, struct seal_place at, const uint8_t *record,
                            size_t n_text, uint8_t *out)
{
    uint8_t key[SEAL_KEY_BYTES];
    enum verdict v = wrap_key(s, false, record + HEAD_BYTES, WRAPPED_BYTES, key);

    if (v == SOUND)
        v = decrypt_text(s, at, record, n_text, key, out);
    seal_wipe(key, sizeof key);
    if (v != SOUND)
        seal_wipe(out, n_text); /* nothing of an altered record is ever seen */
    return v;
}

bool seal_get(const struct seal *s, struct seal_place at, struct str sealed, struct arena *a,
              struct str *plain, struct err *e)
{
    const uint8_t *record = (const uint8_t *)sealed.p;
    uint8_t head[HEAD_BYTES], *out;
    size_t n;

    if (sealed.n < SEAL_OVERHEAD || sealed.n - SEAL_OVERHEAD > MAX_PLAIN)
        return err_set(e, ERR_INPUT, 0, "%s %lld, %s: not a sealed record (%zu bytes)", at.table,
                       (long long)at.row, at.column, sealed.n);
    put_head(s, head);
    if (memcmp(record, head, sizeof head) != 0)
        return err_set(e, ERR_INPUT, 0, "%s %lld, %s: sealed in another way or under another key",
                       at.table, (long long)at.row, at.column);
    n = sealed.n - SEAL_OVERHEAD;
    out = arena_get(a, n + 1, 1);
    switch (decrypt(s, at, record, n, out)) {
    case FAILED:
        return err_set(e, ERR_BUSY, 0, "%s %lld, %s: OpenSSL cannot open it now", at.table,
                       (long long)at.row, at.column);
    case ALTERED:
        return err_set(e, ERR_INPUT, 0, "%s %lld, %s: altered, or moved here from another place",
                       at.table, (long long)at.row, at.column);
    case SOUND:
        break;
    }
    *plain = (struct str){(const char *)out, n};
    return true;
}
