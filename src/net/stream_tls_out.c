/* What a TLS stream gives out: the owner's bytes a piece at a time, OpenSSL's own in between, the
 * goodbye last. */
#include <openssl/err.h>

#include "stream_tls_impl.h"

enum { PIECE = 4 * SSL3_RT_MAX_PLAIN_LENGTH };

void stream_tls_flush(struct stream_tls *t)
{
    if (t->broken || t->fin)
        buf_reset(&t->pipe.out);
    if (t->pipe.out.n && !t->flying.n) {
        t->flying = t->pipe.out;
        t->pipe.out = buf_new(TLS_PIPE_MOST);
        stream_write(t->set.under, buf_str(&t->flying));
    }
    if (t->notified && !t->fin && !t->pipe.out.n) {
        t->fin = true;
        stream_shutdown(t->set.under);
    }
}

static void tell_written(void *ctx)
{
    struct stream_tls *t = ctx;

    t->told = NULL;
    t->pending = false;
    t->stream.on.on_written(t->stream.ctx, !t->broken);
}

static void tell_later(struct stream_tls *t)
{
    if (!t->told)
        t->told = turn_start(t->set.loop, tell_written, t);
}

/* Encrypts the next piece of what the owner writes. */
static void encrypt(struct stream_tls *t)
{
    size_t n = t->writing.n < PIECE ? t->writing.n : PIECE;

    ERR_clear_error();
    if (SSL_write(t->ssl, t->writing.p, (int)n) != (int)n) {
        t->broken = true;
        t->writing.n = 0;
        tell_later(t);
        return;
    }
    t->writing = (struct str){t->writing.p + n, t->writing.n - n};
}

void stream_tls_say_goodbye(struct stream_tls *t)
{
    if (t->notified || t->broken)
        return;
    t->notified = true;
    ERR_clear_error();
    (void)SSL_shutdown(t->ssl); /* 0: the peer has not said goodbye yet */
}

void stream_tls_on_under_written(void *ctx, bool ok)
{
    struct stream_tls *t = ctx;

    buf_reset(&t->flying);
    if (t->closing)
        return; /* on_under_closed() tells the owner */
    t->broken = t->broken || !ok;
    if (!t->broken && t->writing.n && !t->pipe.out.n)
        encrypt(t);
    stream_tls_flush(t);
    if (t->flying.n || !t->pending || t->told)
        return;
    tell_written(t);
    if (!t->closing && t->last && !t->pending) {
        stream_tls_say_goodbye(t);
        stream_tls_flush(t);
    }
}

void stream_tls_write(struct stream *s, struct str data)
{
    struct stream_tls *t = of(s);

    t->pending = true;
    t->writing = data;
    if (t->broken || t->fin || data.n == 0) {
        t->broken = t->broken || t->fin;
        t->writing.n = 0;
        tell_later(t);
        return;
    }
    if (!t->flying.n)
        encrypt(t); /* else when that is written */
    stream_tls_flush(t);
}

void stream_tls_shutdown(struct stream *s)
{
    struct stream_tls *t = of(s);

    t->last = true;
    if (t->pending)
        return; /* once that is written */
    stream_tls_say_goodbye(t);
    stream_tls_flush(t);
}

void stream_tls_abandon(struct stream_tls *t)
{
    if (!t->pending)
        return;
    t->broken = true;
    tell_written(t);
}
