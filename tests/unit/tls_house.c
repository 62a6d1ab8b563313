#include "tls_house.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "check.h"

enum { GOT_MOST = 16 << 20, TURNS = 20000 };

static void save(const struct tls_house *h, const struct certificate_wish *wish)
{
    struct certified c = certificate_make(wish);

    certificate_save(&c, &h->folder, wish->name);
    certificate_free(&c);
}

static void make_files(const struct tls_house *h)
{
    struct certificate_wish authority = {"ca", NULL, NULL, -10, 10, true};
    struct certified ca = certificate_make(&authority), others;
    const struct certificate_wish leaves[] = {
        {"server", "DNS:localhost,IP:127.0.0.1", &ca, -1, 10, false},
        {"elsewhere", "DNS:elsewhere.example,IP:192.0.2.1", &ca, -1, 10, false},
        {"client", "DNS:Epic.hospital.example,URI:urn:oid:1.2.3", &ca, -1, 10, false},
        {"old", "DNS:localhost,IP:127.0.0.1", &ca, -9, -1, false},
        {"later", NULL, &ca, 2, 9, false},
        {"named", NULL, &ca, -1, 9, false},
    };

    authority.name = "others";
    others = certificate_make(&authority);
    certificate_save(&ca, &h->folder, "ca");
    certificate_save(&others, &h->folder, "others");
    for
        EACH (i, leaves)
            save(h, &leaves[i]);
    save(h, &(struct certificate_wish){"stranger", "DNS:localhost,IP:127.0.0.1", &others, -1, 10,
                                       false});
    certificate_free(&ca);
    certificate_free(&others);
}

const char *tls_house_file(const struct tls_house *h, const char *name, char out[512])
{
    return temp_folder_file(&h->folder, name, out);
}

void tls_house_open(struct tls_house *h)
{
    memset(h, 0, sizeof *h);
    h->seen.got = buf_new(GOT_MOST);
    temp_folder_make(&h->folder);
    make_files(h);
    uv_loop_init(&h->loop);
}

static void on_data(void *ctx, struct str data)
{
    struct tls_house *h = ctx;

    CHECK(h->seen.n_end == 0 && h->seen.n_closed == 0, "data after the end");
    CHECK(data.n > 0, "no data");
    buf_add(&h->seen.got, data);
    if (h->pause_in_data)
        stream_read(h->s, false);
    if (h->close_in_data)
        stream_close(h->s);
}

static void on_end(void *ctx, const struct err *why)
{
    struct tls_house *h = ctx;

    h->seen.n_end++;
    h->seen.end_kind = why->kind;
    memcpy(h->seen.end_text, why->text, sizeof h->seen.end_text);
}

static void on_written(void *ctx, bool ok)
{
    struct tls_house *h = ctx;

    CHECK(!h->inside, "on_written() inside stream_write()");
    CHECK(h->seen.n_closed == 0, "on_written() after on_closed()");
    h->seen.n_written++;
    h->seen.n_failed += !ok;
}

static void on_closed(void *ctx)
{
    struct tls_house *h = ctx;

    h->seen.n_closed++;
    h->s = NULL;
}

static bool on_stream(void *ctx, struct stream *s)
{
    struct tls_house *h = ctx;

    h->seen.n_taken++;
    if (h->refuse)
        return false;
    s->on = (struct stream_events){on_data, on_end, on_written, on_closed};
    s->ctx = h;
    h->s = s;
    return true;
}

void tls_house_refused(void *ctx, enum listener_refusal r, const char *peer, const char *why)
{
    struct tls_house *h = ctx;

    CHECK(strncmp(peer, "127.0.0.", 8) == 0, "%s", peer);
    h->seen.n_refused++;
    h->seen.refusal = r;
    (void)snprintf(h->seen.why, sizeof h->seen.why, "%s", why);
}

void tls_house_listen(struct tls_house *h, const char *ca, int64_t handshake_ms)
{
    char certificate[512], key[512], authorities[512];
    struct tls_settings tls = {.server = true,
                               .certificate = tls_house_file(h, "server.pem", certificate),
                               .key = tls_house_file(h, "server.key", key),
                               .ca = ca ? tls_house_file(h, ca, authorities) : NULL};
    struct listener_settings set = {.loop = &h->loop,
                                    .host = "127.0.0.1",
                                    .max_connections = 4,
                                    .handshake_ms = handshake_ms,
                                    .max_handshakes = h->max_handshakes,
                                    .keepalive_s = 60,
                                    .on_stream = on_stream,
                                    .on_refused = tls_house_refused,
                                    .ctx = h};
    struct err e;

    if (!tls_open(&tls, &h->tls, &e)) {
        printf("%s\n", e.text);
        exit(1);
    }
    set.tls = h->tls;
    if (!listener_open(&set, &h->listener, &e)) {
        printf("%s\n", e.text);
        exit(1);
    }
}

void tls_house_unlisten(struct tls_house *h)
{
    tls_close(h->tls); /* before what uses it: streams keep their share */
    if (h->s)
        stream_close(h->s);
    listener_close(h->listener);
    uv_run(&h->loop, UV_RUN_DEFAULT);
    CHECK(h->seen.n_closed == (h->refuse ? 0 : h->seen.n_taken), "on_closed() %d times",
          h->seen.n_closed);
    buf_reset(&h->seen.got);
    h->seen = (struct tls_seen){.got = buf_new(GOT_MOST)};
    h->refuse = h->pause_in_data = h->close_in_data = false;
}

void tls_house_close(struct tls_house *h)
{
    uv_run(&h->loop, UV_RUN_DEFAULT);
    CHECK(uv_loop_close(&h->loop) == 0, "a handle is still open");
    temp_folder_remove(&h->folder);
}

void tls_house_turn(struct tls_house *h)
{
    uv_run(&h->loop, UV_RUN_NOWAIT);
    usleep(100);
}

void tls_house_write(struct tls_house *h, struct str data)
{
    h->inside = true;
    stream_write(h->s, data);
    h->inside = false;
}

static void on_info(const SSL *ssl, int where, int what)
{
    struct tls_house *h = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));

    if (where == SSL_CB_READ_ALERT && what >> 8 == SSL3_AL_FATAL)
        h->seen.n_alerts++;
}

static struct tls_raw raw_new(struct tls_house *h, int fd, const char *identity)
{
    struct tls_raw r = {.house = h, .fd = fd, .ctx = SSL_CTX_new(TLS_method())};
    char name[64], path[512];

    SSL_CTX_set_app_data(r.ctx, h);
    SSL_CTX_set_info_callback(r.ctx, on_info);
    SSL_CTX_set_security_level(r.ctx, 0);
    SSL_CTX_set_min_proto_version(r.ctx, TLS1_VERSION);
    if (identity) {
        (void)snprintf(name, sizeof name, "%s.pem", identity);
        SSL_CTX_use_certificate_file(r.ctx, tls_house_file(h, name, path), SSL_FILETYPE_PEM);
        (void)snprintf(name, sizeof name, "%s.key", identity);
        SSL_CTX_use_PrivateKey_file(r.ctx, tls_house_file(h, name, path), SSL_FILETYPE_PEM);
    }
    fcntl(fd, F_SETFL, O_NONBLOCK);
    return r;
}

static void raw_start(struct tls_raw *r)
{
    r->ssl = SSL_new(r->ctx);
    if (!r->ssl || !SSL_set_fd(r->ssl, r->fd))
        abort();
}

struct tls_raw tls_raw_dial(struct tls_house *h, const struct tls_raw_settings *set)
{
    int port = set->port ? set->port : listener_port(h->listener);
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)port),
                             .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    struct tls_raw r;

    if (fd < 0 || connect(fd, (struct sockaddr *)&at, sizeof at) != 0)
        abort();
    r = raw_new(h, fd, set->identity);
    if (set->version) {
        SSL_CTX_set_min_proto_version(r.ctx, set->version);
        SSL_CTX_set_max_proto_version(r.ctx, set->version);
    }
    if (set->ciphers && !SSL_CTX_set_cipher_list(r.ctx, set->ciphers))
        abort();
    if (set->distrusts)
        SSL_CTX_set_verify(r.ctx, SSL_VERIFY_PEER, NULL);
    raw_start(&r);
    SSL_set_connect_state(r.ssl);
    return r;
}

struct tls_raw tls_raw_serve(struct tls_house *h, int fd, const char *identity)
{
    struct tls_raw r = raw_new(h, fd, identity);

    raw_start(&r);
    SSL_set_accept_state(r.ssl);
    return r;
}

static bool is_waiting(int error)
{
    return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE;
}

bool tls_raw_shake(struct tls_raw *r)
{
    for (int i = 0; i < TURNS; i++) {
        int rc;

        ERR_clear_error();
        rc = SSL_do_handshake(r->ssl);
        if (rc == 1)
            return true;
        if (!is_waiting(SSL_get_error(r->ssl, rc)))
            return false;
        tls_house_turn(r->house);
    }
    CHECK(false, "the handshake hangs");
    return false;
}

bool tls_raw_join(struct tls_raw *r)
{
    bool ok = tls_raw_shake(r);
    int seen = 0;

    while (seen++ < TURNS && !r->house->seen.n_taken && !r->house->seen.n_refused)
        tls_house_turn(r->house);
    return ok;
}

void tls_raw_send(struct tls_raw *r, struct str data)
{
    size_t at = 0;

    for (int idle = 0; at < data.n && idle < TURNS; idle++) {
        size_t n = 0;

        ERR_clear_error();
        SSL_set_mode(r->ssl, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
        if (SSL_write_ex(r->ssl, data.p + at, data.n - at, &n) == 1) {
            at += n;
            idle = 0;
        }
        tls_house_turn(r->house);
    }
    CHECK(at == data.n, "sent %zu of %zu", at, data.n);
}

int tls_raw_read(struct tls_raw *r, struct buf *to, size_t n)
{
    for (int idle = 0; to->n < n && idle < TURNS; idle++) {
        size_t got = 0;
        int rc;

        if (!buf_room(to, 16384))
            abort();
        ERR_clear_error();
        rc = SSL_read_ex(r->ssl, to->p + to->n, 16384, &got);
        if (rc == 1) {
            to->n += got;
            idle = 0;
        } else if (!is_waiting(SSL_get_error(r->ssl, rc))) {
            return SSL_get_error(r->ssl, rc);
        }
        tls_house_turn(r->house);
    }
    CHECK(to->n >= n, "%zu of %zu bytes", to->n, n);
    return SSL_ERROR_NONE;
}

void tls_raw_close(struct tls_raw *r)
{
    SSL_free(r->ssl);
    SSL_CTX_free(r->ctx);
    close(r->fd);
}

void tls_raw_reset(struct tls_raw *r)
{
    struct linger now = {1, 0};

    setsockopt(r->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    tls_raw_close(r);
}
