#include "tls_pipe.h"

#include <stdlib.h>

static int pipe_read(BIO *b, char *to, size_t room, size_t *n)
{
    struct tls_pipe *p = BIO_get_data(b);

    BIO_clear_retry_flags(b);
    *n = room < p->in.n ? room : p->in.n;
    if (*n == 0) {
        BIO_set_retry_read(b);
        return 0;
    }
    memcpy(to, p->in.p, *n);
    p->in = (struct str){p->in.p + *n, p->in.n - *n};
    return 1;
}

static int pipe_write(BIO *b, const char *from, size_t size, size_t *n)
{
    struct tls_pipe *p = BIO_get_data(b);

    BIO_clear_retry_flags(b);
    if (!buf_add(&p->out, (struct str){from, size}))
        return 0; /* a peer that asks and asks, and never reads */
    *n = size;
    return 1;
}

static long pipe_ctrl(BIO *b, int what, long number, void *p)
{
    (void)b;
    (void)number;
    (void)p;
    return what == BIO_CTRL_FLUSH;
}

BIO_METHOD *tls_pipe_method(void)
{
    BIO_METHOD *m = BIO_meth_new(BIO_TYPE_MEM, "tidings");

    if (!m || !BIO_meth_set_read_ex(m, pipe_read) || !BIO_meth_set_write_ex(m, pipe_write) ||
        !BIO_meth_set_ctrl(m, pipe_ctrl))
        abort();
    return m;
}

BIO *tls_pipe_bio(const BIO_METHOD *method, struct tls_pipe *pipe)
{
    BIO *b = BIO_new(method);

    if (!b)
        abort();
    BIO_set_data(b, pipe);
    BIO_set_init(b, 1);
    return b;
}
