/* A TLS server stream and OpenSSL's client, with the input as the hand that moves both: bytes arrive in
 * any pieces, reading stops and goes on, either side ends at any time, junk comes in between. Whatever
 * happens, each side has read a prefix of what the other wrote, every write and the close are told
 * once, and nothing is left. */
#include <openssl/err.h>

#include "../../src/net/stream_tls.h"
#include "../unit/certificates.h"
#include "../unit/stream_loop.h"

enum { MOST = 4096, SENT_MOST = 1 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct world {
    struct tls *tls;
    SSL_CTX *client;
};

struct talk {
    uv_loop_t loop;
    struct stream_loop under;
    struct stream *s;
    SSL *client;
    BIO *to_client, *from_client;
    size_t heard;             /* bytes of under.heard that the client has */
    size_t said, got;         /* by the client, by us */
    size_t written, answered; /* by us, by the client */
    int n_done, n_end, n_closed;
    bool open, paused, pending, closed, junk, last, goodbye;
};

static void need(bool ok)
{
    if (!ok)
        abort();
}

static char pattern(size_t i)
{
    return (char)(i * 31 + i / 251);
}

static void need_pattern(const char *p, size_t n, size_t from)
{
    for (size_t i = 0; i < n; i++)
        need(p[i] == pattern(from + i));
}

static struct world world_new(void)
{
    const struct certificate_wish wish = {"fuzz", "DNS:localhost", NULL, -1, 10, false};
    struct certified c = certificate_make(&wish);
    struct world w = {.client = SSL_CTX_new(TLS_client_method())};
    char certificate[512], key[512];
    struct temp_folder folder;
    struct tls_settings set = {.server = true, .certificate = certificate, .key = key};
    struct err e;

    temp_folder_make(&folder);
    certificate_save(&c, &folder, "fuzz");
    temp_folder_file(&folder, "fuzz.pem", certificate);
    temp_folder_file(&folder, "fuzz.key", key);
    set.ca = certificate;
    need(tls_open(&set, &w.tls, &e));
    need(SSL_CTX_use_certificate(w.client, c.certificate) == 1 &&
         SSL_CTX_use_PrivateKey(w.client, c.key) == 1);
    temp_folder_remove(&folder);
    certificate_free(&c);
    return w;
}

static void on_data(void *ctx, struct str data)
{
    struct talk *t = ctx;

    need(!t->paused && !t->closed && t->n_end == 0 && data.n > 0);
    if (!t->junk)
        need_pattern(data.p, data.n, t->got);
    t->got += data.n;
    t->paused = data.n % 3 == 0;
    if (t->paused)
        stream_read(t->s, false);
}

static void on_end(void *ctx, const struct err *why)
{
    struct talk *t = ctx;

    (void)why;
    need(t->n_end++ == 0);
}

static void on_written(void *ctx, bool ok)
{
    struct talk *t = ctx;

    (void)ok;
    need(t->pending && t->n_closed == 0);
    t->pending = false;
}

static void on_closed(void *ctx)
{
    struct talk *t = ctx;

    need(t->n_closed++ == 0 && !t->pending);
}

static void on_done(void *ctx, const char *why)
{
    struct talk *t = ctx;

    need(t->n_done++ == 0);
    t->open = !why;
    t->s->on = (struct stream_events){on_data, on_end, on_written, on_closed};
    t->s->ctx = t;
    if (t->open)
        stream_read(t->s, true);
}

/* What the server said goes to the client, which takes all it can. */
static void client_step(struct talk *t)
{
    char room[4096];
    size_t n = 0;

    if (t->under.heard.n > t->heard)
        need(BIO_write(t->to_client, t->under.heard.p + t->heard,
                       (int)(t->under.heard.n - t->heard)) > 0);
    t->heard = t->under.heard.n;
    ERR_clear_error();
    (void)SSL_do_handshake(t->client);
    while (SSL_is_init_finished(t->client) && SSL_read_ex(t->client, room, sizeof room, &n)) {
        need_pattern(room, n, t->answered);
        t->answered += n;
    }
    ERR_clear_error();
}

static void client_say(struct talk *t, size_t n)
{
    char bytes[256];

    if (!SSL_is_init_finished(t->client) || t->goodbye)
        return;
    for (size_t i = 0; i < n; i++)
        bytes[i] = pattern(t->said + i);
    ERR_clear_error();
    if (SSL_write_ex(t->client, bytes, n, &n))
        t->said += n;
}

static void deliver(struct talk *t, size_t most)
{
    char bytes[65536];
    size_t n = 0;

    if (!t->under.reading || t->under.closing ||
        !BIO_read_ex(t->from_client, bytes, most < sizeof bytes ? most : sizeof bytes, &n))
        return;
    (void)stream_loop_say(&t->under, (struct str){bytes, n});
}

static void write_some(struct talk *t, char *bytes, size_t n)
{
    if (!t->open || t->pending || t->closed || t->last || t->written + n > SENT_MOST)
        return;
    for (size_t i = 0; i < n; i++)
        bytes[i] = pattern(t->written + i);
    t->pending = true;
    t->written += n;
    stream_write(t->s, (struct str){bytes, n});
}

static void close_ours(struct talk *t)
{
    if (!t->closed)
        stream_close(t->s);
    t->closed = true;
}

static void owner_step(struct talk *t, unsigned what)
{
    if (!t->open || t->closed)
        return;
    if (what == 0)
        stream_shutdown(t->s);
    else
        stream_read(t->s, what == 1);
    t->last = t->last || what == 0;
    t->paused = what == 0 ? t->paused : what != 1;
}

static void pump(struct talk *t)
{
    client_step(t);
    deliver(t, SIZE_MAX);
    (void)stream_loop_turn(&t->under);
    uv_run(&t->loop, UV_RUN_NOWAIT);
}

static void junk(struct talk *t, const uint8_t **data, const uint8_t *end, size_t n)
{
    n = n < (size_t)(end - *data) ? n : (size_t)(end - *data);
    if (n && t->under.reading && !t->under.closing) {
        t->junk = true;
        (void)stream_loop_say(&t->under, (struct str){(const char *)*data, n});
    }
    *data += n;
}

static void client_end(struct talk *t)
{
    if (SSL_is_init_finished(t->client))
        (void)SSL_shutdown(t->client);
    t->goodbye = true;
}

/* One move: the low half of a byte says which, the next byte how much. */
static void move(struct talk *t, const uint8_t **data, const uint8_t *end, char *room)
{
    unsigned what = *(*data)++;
    size_t n = *data < end ? (size_t) * (*data)++ + 1 : 1;

    switch (what % 14) {
    case 0:
        client_step(t);
        break;
    case 1:
        deliver(t, n);
        break;
    case 2:
        client_say(t, n);
        break;
    case 3:
        (void)stream_loop_turn(&t->under);
        break;
    case 4:
        uv_run(&t->loop, UV_RUN_NOWAIT);
        break;
    case 5:
        owner_step(t, (unsigned)n % 3);
        break;
    case 6:
        write_some(t, room, n * n);
        break;
    case 7:
        client_end(t);
        break;
    case 8:
        (void)SSL_key_update(t->client, SSL_KEY_UPDATE_REQUESTED);
        break;
    case 9:
        junk(t, data, end, n);
        break;
    case 10:
        stream_loop_end(&t->under, n % 2 ? ERR_NONE : ERR_BUSY);
        break;
    case 11:
        close_ours(t);
        break;
    default:
        pump(t);
    }
    ERR_clear_error();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct world w; /* certificates take long to make */
    const uint8_t *end = data + size;
    struct stream_tls_settings set = {.done = on_done};
    struct talk t = {0};
    char *room = malloc(256 * 256);

    if (!w.tls)
        w = world_new();
    uv_loop_init(&t.loop);
    stream_loop_init(&t.under);
    t.client = SSL_new(w.client);
    t.to_client = BIO_new(BIO_s_mem());
    t.from_client = BIO_new(BIO_s_mem());
    need(room && t.client && t.to_client && t.from_client);
    SSL_set_bio(t.client, t.to_client, t.from_client);
    SSL_set_connect_state(t.client);
    set.loop = &t.loop;
    set.tls = w.tls;
    set.under = &t.under.stream;
    set.ctx = &t;
    t.s = stream_tls_start(&set);
    t.s->on.on_closed = on_closed;
    t.s->ctx = &t;
    while (size <= MOST && data < end)
        move(&t, &data, end, room);
    close_ours(&t);
    while (stream_loop_turn(&t.under))
        ;
    uv_run(&t.loop, UV_RUN_DEFAULT);
    need(t.n_closed == 1 && uv_loop_close(&t.loop) == 0);
    need(t.got <= t.said || t.junk);
    SSL_free(t.client);
    buf_reset(&t.under.heard);
    free(room);
    return 0;
}
