#include <openssl/rand.h>

#include "base/container_of.h"
#include "base/encode.h"
#include "seal/seal.h"

enum { TOKEN_BYTES = 32, ULID_RANDOM_BYTES = 10, ULID_TEXT = 26 };

static bool system_get(const struct random_source *r, void *out, size_t n)
{
    (void)r;
    return RAND_bytes_ex(NULL, out, n, 0) == 1;
}

const struct random_source seal_random_system = {.get = system_get};

static bool pool_get(const struct random_source *r, void *out, size_t n)
{
    struct random_pool *p = container_of((struct random_source *)(uintptr_t)r, struct random_pool,
                                         source); /* pools are never constants */
    uint8_t *from;

    if (n > sizeof p->bytes)
        return p->from->get(p->from, out, n);
    if (p->left < n) {
        p->left = 0;
        if (!p->from->get(p->from, p->bytes, sizeof p->bytes))
            return false;
        p->left = sizeof p->bytes;
    }
    from = p->bytes + sizeof p->bytes - p->left;
    memcpy(out, from, n);
    seal_wipe(from, n);
    p->left -= n;
    return true;
}

void random_pool_init(struct random_pool *p, const struct random_source *from)
{
    *p = (struct random_pool){.source = {pool_get}, .from = from};
}

bool token_new(const struct random_source *r, char out[TOKEN_TEXT + 1], struct err *e)
{
    uint8_t bytes[TOKEN_BYTES];

    if (!r->get(r, bytes, sizeof bytes))
        return err_set(e, ERR_BUSY, 0, "token: no randomness to be had");
    base64url_encode(bytes, sizeof bytes, out);
    seal_wipe(bytes, sizeof bytes);
    return true;
}

void token_hash(struct str token, uint8_t out[SEAL_HASH_BYTES])
{
    seal_sha256(token, out);
}

/* 128 bits as 26 digits of 5 bits, the first one holding only 3: the text sorts as the bytes do
 * (https://github.com/ulid/spec). */
static void crockford(const uint8_t bytes[16], char out[ULID_TEXT + 1])
{
    static const char digits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    unsigned held = 0, n_held = 2; /* two zero bits in front make 130 */
    size_t at = 0;

    for (size_t i = 0; i < 16; i++) {
        held = held << 8 | bytes[i];
        n_held += 8;
        for (; n_held >= 5; n_held -= 5)
            out[at++] = digits[held >> (n_held - 5) & 31];
        held &= (1u << n_held) - 1;
    }
    out[at] = '\0';
}

bool ulid_new(const struct random_source *r, int64_t now_ms, char out[27], struct err *e)
{
    uint8_t bytes[6 + ULID_RANDOM_BYTES];

    for (size_t i = 0; i < 6; i++)
        bytes[i] = (uint8_t)((uint64_t)now_ms >> (40 - 8 * i));
    if (!r->get(r, bytes + 6, ULID_RANDOM_BYTES))
        return err_set(e, ERR_BUSY, 0, "ulid: no randomness to be had");
    crockford(bytes, out);
    return true;
}
