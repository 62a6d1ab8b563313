/* X-Hub-Signature-256: "sha256=" and 64 lower-case hex digits, HMAC-SHA-256 over the raw body. */
#ifndef WHATSAPP_SIGNATURE_H
#define WHATSAPP_SIGNATURE_H

#include "base/str.h"

enum { WHATSAPP_SIGNATURE_TEXT = 71 };

/* The header value of `body` under an app secret, with a NUL. */
void whatsapp_sign(struct str secret, struct str body, char out[WHATSAPP_SIGNATURE_TEXT + 1]);

/* True when `header` fits one of the secrets (two while one is being replaced). Every secret is tried,
 * compared in constant time; empty secrets never fit. */
bool whatsapp_signature_ok(struct str header, struct str body, const struct str *secrets, size_t n);

#endif
