/* What the streams of one struct tls share. */
#ifndef TLS_CONTEXT_H
#define TLS_CONTEXT_H

#include <openssl/ssl.h>

#include "net/tls.h"
#include "tls_pipe.h"

struct tls {
    SSL_CTX *ctx;
    BIO_METHOD *pipe; /* outlives every stream's BIO */
    bool server;
    int users;                           /* the opener and each stream; the last one frees it */
    char room[SSL3_RT_MAX_PLAIN_LENGTH]; /* one record, decrypted, until on_data() returns */
};

/* Takes a share of it away. */
void tls_leave(struct tls *t);

/* tls_peer.c: what a verified certificate says. Never NULL; free with tls_peer_free(). */
struct tls_peer *tls_peer_read(const X509 *certificate);
void tls_peer_free(struct tls_peer *p); /* NULL is fine */

/* tls_why.c: our words for why the handshake failed, from OpenSSL's queue of errors. */
const char *tls_why(const SSL *ssl);
/* The same for a first byte that no handshake begins with; NULL when one may. */
const char *tls_why_first(unsigned char byte);

#endif
