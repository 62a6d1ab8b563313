/* Sealed records (layout in seal.h).
 *
 * The data key is fresh for each record, so a nonce can never meet the same key twice and the limit
 * of 2^32 calls a key (NIST SP 800-38D, 8.3) is out of reach. Suite 2 derives it from a random salt; suite 1,
 * of older records, wrapped it by AES key wrap (RFC 3394). Decision 028. */
#include <stdlib.h>

#include "seal_impl.h"

enum {
    VERSION = 1,
    SUITE_A256KW_A256GCM = 1,
    SUITE_HMAC_A256GCM = 2,
    HEAD_BYTES = 2 + KEY_ID_BYTES,
    WRAPPED_BYTES = SEAL_KEY_BYTES + 8, /* suite 1 */
    SALT_BYTES = 32,                    /* suite 2, in its place */
    NONCE_BYTES = 12,
    TAG_BYTES = 16,
    MAX_PLAIN = 64 << 20, /* far above any limit on what comes in */
};

_Static_assert(HEAD_BYTES + SALT_BYTES + NONCE_BYTES + TAG_BYTES == SEAL_OVERHEAD, "seal.h");

/* Trouble of our own (no memory, no context) must never look like a damaged record. */
enum verdict { FAILED, ALTERED, SOUND };

static void put_head(const struct seal *s, uint8_t suite, uint8_t out[HEAD_BYTES])
{
    out[0] = VERSION;
    out[1] = suite;
    memcpy(out + 2, s->key_id, KEY_ID_BYTES);
}

/* Only the step that checks can say ALTERED. */
static enum verdict unwrap_key(EVP_CIPHER_CTX *ctx, const uint8_t *wrapped, uint8_t *key)
{
    uint8_t wide[WRAPPED_BYTES + 8]; /* EVP may write one block more than it reports */
    int written = 0;
    bool ok = ctx && EVP_CipherUpdate(ctx, wide, &written, wrapped, WRAPPED_BYTES) == 1 &&
              written == SEAL_KEY_BYTES;

    if (ok)
        memcpy(key, wide, SEAL_KEY_BYTES);
    seal_wipe(wide, sizeof wide);
    return ok ? SOUND : ALTERED;
}

static bool salted_key(EVP_MAC_CTX *mac, const uint8_t *salt, uint8_t key[SEAL_KEY_BYTES])
{
    return EVP_MAC_init(mac, NULL, 0, NULL) == 1 && EVP_MAC_update(mac, salt, SALT_BYTES) == 1 &&
           EVP_MAC_final(mac, key, NULL, SEAL_KEY_BYTES) == 1;
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

/* `record` has its head, its salt and its nonce. */
static bool encrypt(struct seal_desk *d, const uint8_t *key, struct seal_place at, struct str plain,
                    uint8_t *record)
{
    const uint8_t *nonce = record + HEAD_BYTES + SALT_BYTES;
    uint8_t *text = record + HEAD_BYTES + SALT_BYTES + NONCE_BYTES, *tag = text + plain.n;
    EVP_CIPHER_CTX *ctx = d->encrypt;
    int n = 0, rest = 0;

    return EVP_EncryptInit_ex2(ctx, NULL, key, nonce, NULL) == 1 && bind_place(ctx, record, at) &&
           EVP_EncryptUpdate(ctx, text, &n, (const uint8_t *)plain.p, (int)plain.n) == 1 &&
           EVP_EncryptFinal_ex(ctx, text + n, &rest) == 1 &&
           EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, TAG_BYTES, tag) == 1;
}

bool seal_put(const struct seal *s, struct seal_place at, struct str plain, struct arena *a,
              struct str *sealed, struct err *e)
{
    uint8_t key[SEAL_KEY_BYTES], *record;
    struct seal_desk *d;
    bool ok;

    if (plain.n > MAX_PLAIN)
        return err_set(e, ERR_INPUT, 0, "seal: %zu bytes are more than %d", plain.n, MAX_PLAIN);
    if (!plain.n)
        plain = STR("");
    record = arena_get(a, plain.n + SEAL_OVERHEAD, 1);
    put_head(s, SUITE_HMAC_A256GCM, record);
    d = seal_desk_take(s);
    ok = d && seal_desk_random(d, record + HEAD_BYTES, SALT_BYTES + NONCE_BYTES) &&
         salted_key(d->salted, record + HEAD_BYTES, key) && encrypt(d, key, at, plain, record);
    seal_desk_give(s, d, ok);
    seal_wipe(key, sizeof key);
    if (!ok)
        return err_set(e, ERR_BUSY, 0, "seal: OpenSSL gave no record");
    *sealed = (struct str){(const char *)record, plain.n + SEAL_OVERHEAD};
    return true;
}

/* `key` is sound: what fails before the tag is compared is our own trouble. */
static enum verdict decrypt_text(EVP_CIPHER_CTX *ctx, struct seal_place at, const uint8_t *record,
                                 struct str text, const uint8_t *key, uint8_t *out)
{
    const uint8_t *nonce = (const uint8_t *)text.p - NONCE_BYTES;
    uint8_t tag[TAG_BYTES];
    int n = 0, rest = 0;

    memcpy(tag, text.p + text.n, TAG_BYTES);
    if (EVP_DecryptInit_ex2(ctx, NULL, key, nonce, NULL) != 1 || !bind_place(ctx, record, at) ||
        EVP_DecryptUpdate(ctx, out, &n, (const uint8_t *)text.p, (int)text.n) != 1 ||
        EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, TAG_BYTES, tag) != 1)
        return FAILED;
    return EVP_DecryptFinal_ex(ctx, out + n, &rest) == 1 ? SOUND : ALTERED;
}

static enum verdict data_key(const struct seal *s, struct seal_desk *d, const uint8_t *record,
                             uint8_t key[SEAL_KEY_BYTES])
{
    if (record[1] == SUITE_HMAC_A256GCM)
        return salted_key(d->salted, record + HEAD_BYTES, key) ? SOUND : FAILED;
    return unwrap_key(seal_desk_unwrap(s, d), record + HEAD_BYTES, key);
}

static enum verdict decrypt(const struct seal *s, struct seal_place at, const uint8_t *record,
                            struct str text, uint8_t *out)
{
    struct seal_desk *d = seal_desk_take(s);
    uint8_t key[SEAL_KEY_BYTES];
    enum verdict v = FAILED;

    if (d)
        v = data_key(s, d, record, key);
    if (v == SOUND)
        v = decrypt_text(d->decrypt, at, record, text, key, out);
    seal_desk_give(s, d, v == SOUND);
    seal_wipe(key, sizeof key);
    if (v != SOUND)
        seal_wipe(out, text.n); /* nothing of an altered record is ever seen */
    return v;
}

/* Bytes in front of the ciphertext; 0: sealed in another way or under another key. */
static size_t prefix_of(const struct seal *s, const uint8_t *record)
{
    static const uint8_t own[] = {
        [SUITE_A256KW_A256GCM] = WRAPPED_BYTES, [SUITE_HMAC_A256GCM] = SALT_BYTES};
    const uint8_t suite = record[1];
    uint8_t head[HEAD_BYTES];

    put_head(s, suite, head);
    if (suite >= sizeof own || !own[suite] || memcmp(record, head, sizeof head) != 0)
        return 0;
    return (size_t)HEAD_BYTES + own[suite] + NONCE_BYTES;
}

bool seal_get(const struct seal *s, struct seal_place at, struct str sealed, struct arena *a,
              struct str *plain, struct err *e)
{
    const uint8_t *record = (const uint8_t *)sealed.p;
    size_t prefix;
    struct str text;
    uint8_t *out;

    if (sealed.n < SEAL_OVERHEAD || sealed.n - SEAL_OVERHEAD > MAX_PLAIN)
        return err_set(e, ERR_INPUT, 0, "%s %lld, %s: not a sealed record (%zu bytes)", at.table,
                       (long long)at.row, at.column, sealed.n);
    prefix = prefix_of(s, record);
    if (!prefix || sealed.n < prefix + TAG_BYTES)
        return err_set(e, ERR_INPUT, 0, "%s %lld, %s: sealed in another way or under another key",
                       at.table, (long long)at.row, at.column);
    text = (struct str){sealed.p + prefix, sealed.n - prefix - TAG_BYTES};
    out = arena_get(a, text.n + 1, 1);
    switch (decrypt(s, at, record, text, out)) {
    case FAILED:
        return err_set(e, ERR_BUSY, 0, "%s %lld, %s: OpenSSL cannot open it now", at.table,
                       (long long)at.row, at.column);
    case ALTERED:
        return err_set(e, ERR_INPUT, 0, "%s %lld, %s: altered, or moved here from another place",
                       at.table, (long long)at.row, at.column);
    case SOUND:
        break;
    }
    *plain = (struct str){(const char *)out, text.n};
    return true;
}
