/* TLS for streams: TLS 1.2 with ECDHE and AEAD, or 1.3; no renegotiation, compression or early data
 * (BCP 195, IHE ITI-19). OpenSSL memory BIOs under libuv; no socket is OpenSSL's. */
#ifndef NET_TLS_H
#define NET_TLS_H

#include "base/err.h"
#include "base/str.h"

struct tls; /* what all connections of one listener or channel share; one loop's */

struct tls_settings {
    bool server;
    const char *certificate; /* PEM file, leaf first; a client may have none (NULL) */
    const char *key;         /* PEM file, mode 0600 */
    const char *ca; /* PEM file of those that may sign the peer's certificate; server: NULL means
                                no client certificate is asked for, else each client must have one.
                                client: NULL means the system's */
};

/* ERR_CONFIG names the file: unreadable, key and certificate do not belong together, expired, a key
 * that others may read. */
bool tls_open(const struct tls_settings *set, struct tls **out, struct err *e) MUST_USE;
void tls_close(struct tls *t); /* NULL is fine; streams that are open keep what they need */

enum { TLS_NAMES_MOST = 16, TLS_NAME_MOST = 256 };

/* A verified peer certificate. */
struct tls_peer {
    char (*names)
        [TLS_NAME_MOST]; /* SAN dNSName and uniformResourceIdentifier, else the subject's CN */
    size_t n_names;
    char fingerprint[65]; /* SHA-256 of the certificate, hex */
};
/* name: one of its names (dNSName without regard to case), or "sha256:<hex>". */
bool tls_peer_is(const struct tls_peer *p, const char *name);

#endif
