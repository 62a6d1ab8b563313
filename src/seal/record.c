/* Sealed records (layout in seal.h).
 *
 * The data key is fresh for each record, so a nonce can never meet the same key twice and the limit
 * of 2^32 calls a key (NIST SP 800-38D, 8.3) is out of reach. AES key wrap (RFC 3394) needs no
 * nonce and refuses an altered or foreign wrapped key by itself. */
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
static enum verdict wrap_key(EVP_CIPHER_CTX *ctx, const uint8_t *in, int n, int n_out, uint8_t *out)
{
    uint8_t wide[WRAPPED_BYTES + 8]; /* EVP may write one block more than it reports */
    int written = 0;
    bool ok = EVP_CipherUpdate(ctx, wide, &written, in, n) == 1 && written == n_out;

    if (ok)
        memcpy(out, wide, (size_t)n_out);
    seal_wipe(wide, sizeof wide);
    return ok ? SOUND : ALTERED;
}

/* The additional data: head, then table, row and column, each name behind its length. */
static bool bind_place(EVP_CIPHER_CTX *ctx, const uint8_t *head, struct seal_place at)
{
    const struct str names[] = {str_of(at.table), str_of(at.column)};
    uint8_t all[HEAD_BYTES + 2 * (1 + UINT8_MAX) + 8];
    size_t n = HEAD_BYTES;
    int ignored;

    memcpy(all, head, HEAD_BYTES);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const uint8_t length = (uint8_t)names[i].n; /* names are ours and short */

        all[n++] = length;
        memcpy(all + n, names[i].p, length);
        n += length;
    }
    for (size_t i = 0; i < 8; i++)
        all[n++] = (uint8_t)((uint64_t)at.row >> (56 - 8 * i));
    return EVP_CipherUpdate(ctx, NULL, &ignored, all, (int)n) == 1;
}

/* `fresh`: a data key and a nonce. */
static bool encrypt(struct seal_desk *d, const uint8_t *fresh, struct seal_place at,
                    struct str plain, uint8_t *record)
{
    uint8_t *wrapped = record + HEAD_BYTES, *nonce = wrapped + WRAPPED_BYTES;
    uint8_t *text = nonce + NONCE_BYTES, *tag = text + plain.n;
    EVP_CIPHER_CTX *ctx = d->encrypt;
    int n = 0, rest = 0;

    memcpy(nonce, fresh + SEAL_KEY_BYTES, NONCE_BYTES);
    return wrap_key(d->wrap, fresh, SEAL_KEY_BYTES, WRAPPED_BYTES, wrapped) == SOUND &&
           EVP_EncryptInit_ex2(ctx, NULL, fresh, nonce, NULL) == 1 && bind_place(ctx, record, at) &&
           EVP_EncryptUpdate(ctx, text, &n, (const uint8_t *)plain.p, (int)plain.n) == 1 &&
           EVP_EncryptFinal_ex(ctx, text + n, &rest) == 1 &&
           EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, TAG_BYTES, tag) == 1;
}

bool seal_put(const struct seal *s, struct seal_place at, struct str plain, struct arena *a,
              struct str *sealed, struct err *e)
{
    uint8_t fresh[SEAL_KEY_BYTES + NONCE_BYTES], *record;
    struct seal_desk *d;
    bool ok;

    if (plain.n > MAX_PLAIN)
        return err_set(e, ERR_INPUT, 0, "seal: %zu bytes are more than %d", plain.n, MAX_PLAIN);
    if (!plain.n)
        plain = STR("");
    record = arena_get(a, plain.n + SEAL_OVERHEAD, 1);
    put_head(s, record);
    d = seal_desk_take(s);
    ok = d && seal_desk_random(d, fresh, sizeof fresh) && encrypt(d, fresh, at, plain, record);
    seal_desk_give(s, d, ok);
    seal_wipe(fresh, sizeof fresh);
    if (!ok)
        return err_set(e, ERR_BUSY, 0, "seal: OpenSSL gave no record");
    *sealed = (struct str){(const char *)record, plain.n + SEAL_OVERHEAD};
    return true;
}

/* `key` is sound: what fails before the tag is compared is our own trouble. */
static enum verdict decrypt_text(EVP_CIPHER_CTX *ctx, struct seal_place at, const uint8_t *record,
                                 size_t n_text, const uint8_t *key, uint8_t *out)
{
    const uint8_t *nonce = record + HEAD_BYTES + WRAPPED_BYTES, *text = nonce + NONCE_BYTES;
    uint8_t tag[TAG_BYTES];
    int n = 0, rest = 0;

    memcpy(tag, text + n_text, TAG_BYTES);
    if (EVP_DecryptInit_ex2(ctx, NULL, key, nonce, NULL) != 1 || !bind_place(ctx, record, at) ||
        EVP_DecryptUpdate(ctx, out, &n, text, (int)n_text) != 1 ||
        EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, TAG_BYTES, tag) != 1)
        return FAILED;
    return EVP_DecryptFinal_ex(ctx, out + n, &rest) == 1 ? SOUND : ALTERED;
}

static enum verdict decrypt(const struct seal *s, struct seal_place at, const uint8_t *record,
                            size_t n_text, uint8_t *out)
{
    struct seal_desk *d = seal_desk_take(s);
    uint8_t key[SEAL_KEY_BYTES];
    enum verdict v = FAILED;

    if (d)
        v = wrap_key(d->unwrap, record + HEAD_BYTES, WRAPPED_BYTES, SEAL_KEY_BYTES, key);
    if (v == SOUND)
        v = decrypt_text(d->decrypt, at, record, n_text, key, out);
    seal_desk_give(s, d, v == SOUND);
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
