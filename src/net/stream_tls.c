/* TLS over a stream.
 *
 *              handshake done
 *   SHAKING -----------------> OPEN     records in: on_data(); the owner's bytes out, a piece at a time
 *      |
 *      +---- anything else --> FAILED   the alert and FIN are sent, what comes in is dropped
 *
 * Bytes that came while the owner does not read are kept encrypted (at most one read of the stream
 * below, which is held back then too). An idle connection owns no buffer at all. */
#include "stream_tls_impl.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

enum { KEPT_MOST = 1 << 20 };

static void steer(struct stream_tls *t)
{
    bool want = !t->closing && !t->ended && (t->state != OPEN || t->reading) && !t->kept.n;

    if (want == t->under_reading || t->closing)
        return;
    t->under_reading = want;
    stream_read(t->set.under, want);
}

static void end(struct stream_tls *t, const struct err *why)
{
    t->ended = true;
    t->stream.on.on_end(t->stream.ctx, why);
}

/* OpenSSL can go on no more; its alert is in pipe.out. */
static void end_broken(struct stream_tls *t)
{
    int reason = ERR_GET_REASON(ERR_peek_error());
    const char *text = ERR_reason_error_string(ERR_peek_error()); /* OpenSSL's own words */
    struct err why = {0};

    if (t->pipe.out.over)
        text = "the peer asks for answers and does not read them";
    err_set(&why, ERR_BUSY, reason, "TLS broken: %s", text ? text : "other");
    stream_tls_flush(t);
    t->broken = true;
    end(t, &why);
}

/* Gives the owner one record. False when there is none. */
static bool take_record(struct stream_tls *t)
{
    struct err none = {0};
    int n;

    ERR_clear_error();
    n = SSL_read(t->ssl, t->set.tls->room, sizeof t->set.tls->room);
    if (n > 0) {
        t->stream.on.on_data(t->stream.ctx, (struct str){t->set.tls->room, (size_t)n});
        return true;
    }
    switch (SSL_get_error(t->ssl, n)) {
    case SSL_ERROR_WANT_READ:
        break;
    case SSL_ERROR_ZERO_RETURN:
        end(t, &none);
        break;
    default:
        end_broken(t);
    }
    return false;
}

static void fail(struct stream_tls *t, const char *why)
{
    t->state = FAILED;
    t->notified = true; /* OpenSSL has written the alert, if there is one for it */
    stream_tls_flush(t);
    t->set.done(t->set.ctx, why);
}

static void open_up(struct stream_tls *t)
{
    const X509 *certificate = SSL_get0_peer_certificate(t->ssl);

    t->state = OPEN;
    if (certificate && SSL_get_verify_mode(t->ssl) != SSL_VERIFY_NONE)
        t->stream.certificate = t->peer = tls_peer_read(certificate);
    stream_tls_flush(t);
    t->set.done(t->set.ctx, NULL);
}

static void shake(struct stream_tls *t)
{
    const char *why = NULL;
    int rc;

    if (t->pipe.in.n && !t->seen) {
        t->seen = true;
        why = tls_why_first((unsigned char)t->pipe.in.p[0]);
    }
    if (why) {
        fail(t, why);
        return;
    }
    ERR_clear_error();
    rc = SSL_do_handshake(t->ssl);
    if (rc == 1)
        open_up(t);
    else if (SSL_get_error(t->ssl, rc) != SSL_ERROR_WANT_READ)
        fail(t, tls_why(t->ssl));
}

/* What is left of pipe.in waits until the owner reads again. */
static void keep(struct stream_tls *t, bool from_kept)
{
    struct str left = t->pipe.in;

    t->pipe.in = (struct str){0};
    if (left.n == 0 || t->state != OPEN || t->ended || t->closing)
        buf_reset(&t->kept);
    else if (from_kept)
        buf_drop(&t->kept, t->kept.n - left.n);
    else
        (void)buf_add(&t->kept, left); /* a read of the stream below is smaller than its limit */
}

static void work(struct stream_tls *t, struct str in, bool from_kept)
{
    t->working = true;
    t->pipe.in = in;
    if (t->state == SHAKING)
        shake(t);
    while (t->state == OPEN && t->reading && !t->ended && !t->closing && take_record(t))
        ;
    t->working = false;
    keep(t, from_kept);
    if (t->closing)
        return;
    stream_tls_flush(t);
    steer(t);
}

static void on_under_data(void *ctx, struct str data)
{
    struct stream_tls *t = ctx;

    if (t->state != FAILED)
        work(t, data, false);
}

static void on_resume(void *ctx)
{
    struct stream_tls *t = ctx;

    t->resume = NULL;
    work(t, buf_str(&t->kept), true);
}

static void tls_read(struct stream *s, bool on)
{
    struct stream_tls *t = of(s);

    t->reading = on;
    if (t->working)
        return; /* it looks again before it returns */
    if (on && t->kept.n && !t->resume)
        t->resume = turn_start(t->set.loop, on_resume, t);
    steer(t);
}

static void on_under_end(void *ctx, const struct err *why)
{
    struct stream_tls *t = ctx;
    struct err mine = *why;

    t->under_reading = false;
    if (t->state == SHAKING) {
        t->broken = true;
        fail(t, "the peer left");
    }
    if (t->ended || t->closing || (t->state == FAILED && !t->stream.on.on_end))
        return;
    if (mine.kind == ERR_NONE)
        (void)snprintf(mine.text, sizeof mine.text, "TLS ended without close_notify");
    end(t, &mine);
}

static void on_under_closed(void *ctx)
{
    struct stream_tls *t = ctx;

    stream_tls_abandon(t);
    if (t->stream.on.on_closed)
        t->stream.on.on_closed(t->stream.ctx);
    SSL_free(t->ssl); /* and the BIO */
    buf_reset(&t->pipe.out);
    buf_reset(&t->flying);
    buf_reset(&t->kept);
    tls_peer_free(t->peer);
    tls_leave(t->set.tls);
    free(t);
}

static void tls_close_(struct stream *s)
{
    struct stream_tls *t = of(s);

    if (t->closing)
        return;
    if (t->state == OPEN && !t->pending && !t->flying.n) {
        stream_tls_say_goodbye(t);
        stream_tls_flush(t);
    }
    t->closing = true;
    turn_cancel(t->resume);
    turn_cancel(t->told);
    t->told = NULL;
    stream_close(t->set.under);
}

/* No write_now: a record that the kernel took half of cannot be taken back. */
static const struct stream_ops tls_ops = {.read = tls_read,
                                          .write = stream_tls_write,
                                          .shutdown = stream_tls_shutdown,
                                          .close = tls_close_};

/* The name that the server's certificate must have; a numeric address is none to ask for (RFC 6066). */
static bool expect(SSL *ssl, const char *host)
{
    X509_VERIFY_PARAM *param = SSL_get0_param(ssl);

    if (X509_VERIFY_PARAM_set1_ip_asc(param, host) == 1)
        return true;
    X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    return SSL_set1_host(ssl, host) == 1 && SSL_set_tlsext_host_name(ssl, host) == 1;
}

struct stream *stream_tls_start(const struct stream_tls_settings *set)
{
    struct stream_tls *t = calloc(1, sizeof *t);
    BIO *bio;

    if (!t)
        abort();
    t->set = *set;
    t->set.host = NULL;
    t->set.tls->users++;
    t->pipe.out = buf_new(TLS_PIPE_MOST);
    t->kept = buf_new(KEPT_MOST);
    t->stream.ops = &tls_ops;
    memcpy(t->stream.peer, set->under->peer, sizeof t->stream.peer);
    bio = tls_pipe_bio(set->tls->pipe, &t->pipe);
    t->ssl = SSL_new(set->tls->ctx);
    if (!t->ssl || (set->host && !expect(t->ssl, set->host)))
        abort();
    SSL_set_bio(t->ssl, bio, bio);
    set->under->on = (struct stream_events){on_under_data, on_under_end,
                                            stream_tls_on_under_written, on_under_closed};
    set->under->ctx = t;
    if (set->tls->server) {
        SSL_set_accept_state(t->ssl);
    } else {
        SSL_set_connect_state(t->ssl);
        t->resume = turn_start(set->loop, on_resume, t); /* the client speaks first */
    }
    steer(t);
    return &t->stream;
}
