#include "whatsapp/signature.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/encode.h"

enum { MAC_BYTES = 32, PREFIX_BYTES = 7 };

void whatsapp_sign(struct str secret, struct str body, char out[WHATSAPP_SIGNATURE_TEXT + 1])
{
    uint8_t mac[MAC_BYTES];

    /* fails only without memory, which ends the process everywhere here */
    if (!HMAC(EVP_sha256(), secret.p, (int)secret.n, (const uint8_t *)body.p, body.n, mac, NULL))
        abort();
    memcpy(out, "sha256=", PREFIX_BYTES);
    hex_encode(mac, sizeof mac, out + PREFIX_BYTES);
}

bool whatsapp_signature_ok(struct str header, struct str body, const struct str *secrets, size_t n)
{
    char want[WHATSAPP_SIGNATURE_TEXT + 1];
    bool ok = false;

    if (header.n != WHATSAPP_SIGNATURE_TEXT)
        return false;
    for (size_t i = 0; i < n; i++) {
        if (secrets[i].n == 0)
            continue;
        whatsapp_sign(secrets[i], body, want);
        if (CRYPTO_memcmp(want, header.p, WHATSAPP_SIGNATURE_TEXT) == 0)
            ok = true;
    }
    OPENSSL_cleanse(want, sizeof want);
    return ok;
}
