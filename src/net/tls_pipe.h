/* Where OpenSSL's bytes come from and go to: a BIO that lends from a slice and adds to a buffer. Unlike
 * BIO_s_mem() it copies nothing on the way in and owns nothing while it is idle. */
#ifndef TLS_PIPE_H
#define TLS_PIPE_H

#include <openssl/bio.h>

#include "base/buf.h"

enum { TLS_PIPE_MOST = 128 << 10 }; /* bytes in `out` */

struct tls_pipe {
    struct str in; /* what the peer sent and OpenSSL has not taken */
    struct buf out;
};

/* Free with BIO_meth_free(), after the BIOs. Out of memory ends the process. */
BIO_METHOD *tls_pipe_method(void);
/* Borrows the pipe. The same holds. */
BIO *tls_pipe_bio(const BIO_METHOD *method, struct tls_pipe *pipe);

#endif
