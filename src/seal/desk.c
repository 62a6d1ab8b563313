/* Desks: what sealing needs besides the keys. There are as many as callers at the same moment (two: the
 * loop and the store thread), found by exchange of a pointer, without a lock. */
#include <openssl/core_names.h>
#include <openssl/rand.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "seal_impl.h"

enum { DESKS = 4 /* kept; a fifth caller at once gets one that is thrown away after it */ };

struct seal_desks {
    _Atomic(struct seal_desk *) free[DESKS];
};

bool seal_desks_init(struct seal *s)
{
    s->desks = calloc(1, sizeof *s->desks);
    return s->desks != NULL;
}

static void desk_free(struct seal_desk *d)
{
    if (!d)
        return;
    EVP_MAC_CTX_free(d->salted);
    EVP_CIPHER_CTX_free(d->unwrap);
    EVP_CIPHER_CTX_free(d->encrypt);
    EVP_CIPHER_CTX_free(d->decrypt);
    for (size_t i = 0; i < d->n_fields; i++)
        EVP_MAC_CTX_free(d->fields[i].mac);
    seal_wipe(d, sizeof *d);
    free(d);
}

void seal_desks_free(struct seal *s)
{
    for (int i = 0; s->desks && i < DESKS; i++)
        desk_free(atomic_exchange(&s->desks->free[i], NULL));
    free(s->desks);
}

static EVP_CIPHER_CTX *gcm_context(const struct seal *s, bool encrypt)
{
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();

    if (ctx && EVP_CipherInit_ex2(ctx, s->gcm, NULL, NULL, encrypt, NULL) == 1)
        return ctx;
    EVP_CIPHER_CTX_free(ctx);
    return NULL;
}

static EVP_MAC_CTX *keyed(const struct seal *s, const uint8_t key[SEAL_KEY_BYTES])
{
    char hash[] = "SHA256";
    const OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, hash, 0),
        OSSL_PARAM_construct_end(),
    };
    EVP_MAC_CTX *ctx = EVP_MAC_CTX_new(s->hmac);

    if (ctx && EVP_MAC_init(ctx, key, SEAL_KEY_BYTES, params) == 1)
        return ctx;
    EVP_MAC_CTX_free(ctx);
    return NULL;
}

static struct seal_desk *desk_new(const struct seal *s)
{
    struct seal_desk *d = calloc(1, sizeof *d);

    if (!d)
        return NULL;
    d->salted = keyed(s, s->salted);
    d->encrypt = gcm_context(s, true);
    d->decrypt = gcm_context(s, false);
    if (d->salted && d->encrypt && d->decrypt)
        return d;
    desk_free(d);
    return NULL;
}

struct seal_desk *seal_desk_take(const struct seal *s)
{
    for (int i = 0; i < DESKS; i++) {
        struct seal_desk *d = atomic_exchange(&s->desks->free[i], NULL);

        if (d)
            return d;
    }
    return desk_new(s);
}

void seal_desk_give(const struct seal *s, struct seal_desk *d, bool sound)
{
    for (int i = 0; sound && i < DESKS; i++) {
        struct seal_desk *none = NULL;

        if (atomic_compare_exchange_strong(&s->desks->free[i], &none, d))
            return;
    }
    desk_free(d);
}

EVP_CIPHER_CTX *seal_desk_unwrap(const struct seal *s, struct seal_desk *d)
{
    EVP_CIPHER_CTX *ctx = d->unwrap ? NULL : EVP_CIPHER_CTX_new();

    if (!ctx)
        return d->unwrap;
    EVP_CIPHER_CTX_set_flags(ctx, EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
    if (EVP_DecryptInit_ex2(ctx, s->key_wrap, s->wrap, NULL, NULL) == 1)
        d->unwrap = ctx;
    else
        EVP_CIPHER_CTX_free(ctx);
    return d->unwrap;
}

bool seal_desk_random(struct seal_desk *d, uint8_t *out, size_t n)
{
    uint8_t *from;

    if (d->n_random < n) {
        if (RAND_priv_bytes(d->random, sizeof d->random) != 1)
            return false;
        d->n_random = sizeof d->random;
    }
    from = d->random + sizeof d->random - d->n_random;
    memcpy(out, from, n);
    seal_wipe(from, n);
    d->n_random -= n;
    return true;
}

/* The key of a field: HMAC of its name under the parent of them all. */
static EVP_MAC_CTX *field_context(const struct seal *s, const char *field)
{
    const struct str name = str_of(field);
    uint8_t key[SEAL_HASH_BYTES];
    EVP_MAC_CTX *parent = keyed(s, s->index), *ctx = NULL;

    if (parent && seal_mac(parent, &name, 1, key))
        ctx = keyed(s, key);
    EVP_MAC_CTX_free(parent);
    seal_wipe(key, sizeof key);
    return ctx;
}

EVP_MAC_CTX *seal_desk_field(const struct seal *s, struct seal_desk *d, const char *field)
{
    size_t i = 0;
    size_t n = strlen(field);

    while (i < d->n_fields && strcmp(d->fields[i].name, field) != 0)
        i++;
    if (i < d->n_fields) /* without a key: the one it has, from the start */
        return EVP_MAC_init(d->fields[i].mac, NULL, 0, NULL) == 1 ? d->fields[i].mac : NULL;
    if (n >= sizeof d->fields[i].name)
        abort(); /* names are ours and short */
    i = d->n_fields < DESK_FIELDS ? d->n_fields
                                  : DESK_FIELDS - 1; /* the last place is for the rest */
    if (i < d->n_fields)
        EVP_MAC_CTX_free(d->fields[i].mac);
    d->n_fields = i; /* should this one fail, it is not there */
    memcpy(d->fields[i].name, field, n + 1);
    d->fields[i].mac = field_context(s, field);
    d->n_fields += d->fields[i].mac != NULL;
    return d->fields[i].mac;
}
