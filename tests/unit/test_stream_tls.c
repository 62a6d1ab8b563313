/* A TLS stream behaves like a TCP one: every split, back-pressure, half-close, the peer that goes. */
#include <openssl/err.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "check.h"
#include "tls_house.h"

enum { MUCH = 1 << 20, RECORD_ROOM = 4096 };

static const struct tls_raw_settings client = {.identity = "client"};

/* Handshake done, the stream taken and reading. */
static struct tls_raw join(struct tls_house *h, const struct tls_raw_settings *set)
{
    struct tls_raw r;

    tls_house_listen(h, "ca.pem", 60000);
    r = tls_raw_dial(h, set);
    CHECK(tls_raw_join(&r) && h->s, "%s", h->seen.why);
    if (!h->s)
        exit(check_end());
    stream_read(h->s, true);
    return r;
}

static void leave(struct tls_house *h, struct tls_raw *r)
{
    tls_raw_close(r);
    tls_house_unlisten(h);
}

static void wait_for(struct tls_house *h, const int *count, int n)
{
    for (int i = 0; i < 20000 && *count < n; i++)
        tls_house_turn(h);
    CHECK(*count >= n, "it never came");
}

static void wait_bytes(struct tls_house *h, size_t n)
{
    for (int i = 0; i < 20000 && h->seen.got.n < n; i++)
        tls_house_turn(h);
    CHECK(h->seen.got.n == n, "%zu of %zu bytes", h->seen.got.n, n);
}

static struct buf noise(size_t n)
{
    struct buf b = buf_new(n);
    unsigned x = 1;

    for (size_t i = 0; i < n; i++) {
        x = x * 1103515245u + 12345u;
        buf_add_char(&b, (char)(x >> 16));
    }
    return b;
}

/* One byte of the client's at a time, from the first of the handshake on. */
static void test_each_byte_alone(struct tls_house *h, int version)
{
    const struct tls_raw_settings set = {.identity = "client", .version = version};
    struct tls_raw r;
    BIO *out = BIO_new(BIO_s_mem());
    char byte;

    tls_house_listen(h, "ca.pem", 60000);
    r = tls_raw_dial(h, &set);
    SSL_set0_wbio(r.ssl, out);
    for (int i = 0; i < 20000 && !h->s; i++) {
        (void)SSL_do_handshake(r.ssl);
        if (BIO_read(out, &byte, 1) == 1)
            CHECK(send(r.fd, &byte, 1, 0) == 1, "socket");
        tls_house_turn(h);
    }
    CHECK(h->s, "%s", h->seen.why);
    if (h->s) {
        stream_read(h->s, true);
        CHECK(SSL_write(r.ssl, "MSH|", 4) == 4, "write");
        while (BIO_read(out, &byte, 1) == 1) {
            CHECK(send(r.fd, &byte, 1, 0) == 1, "socket");
            tls_house_turn(h);
        }
        wait_bytes(h, 4);
        CHECK(memcmp(h->seen.got.p, "MSH|", 4) == 0, "bytes");
    }
    leave(h, &r);
}

/* Three records in two pieces, cut at every place. */
static void test_every_split(struct tls_house *h)
{
    static const char *const words[] = {"one", "and two", "x"};
    struct tls_raw r = join(h, &client);
    BIO *out = BIO_new(BIO_s_mem());
    char bytes[RECORD_ROOM];
    size_t total = 0;
    int n = 1;

    SSL_set0_wbio(r.ssl, out);
    for (int cut = 0; cut < n; cut++) {
        for
            EACH (i, words)
                CHECK(SSL_write(r.ssl, words[i], (int)strlen(words[i])) > 0, "write");
        n = BIO_read(out, bytes, sizeof bytes);
        CHECK(send(r.fd, bytes, (size_t)cut, 0) == cut, "socket");
        for (int i = 0; i < 3; i++)
            tls_house_turn(h);
        CHECK(send(r.fd, bytes + cut, (size_t)(n - cut), 0) == n - cut, "socket");
        total += 11;
        wait_bytes(h, total);
    }
    CHECK(n > 60 && h->seen.n_end == 0, "%d", n);
    for (size_t i = 0; i < h->seen.got.n; i += 11)
        CHECK(memcmp(h->seen.got.p + i, "oneand twox", 11) == 0, "at %zu", i);
    leave(h, &r);
}

/* The owner stops at each piece and goes on turns later: nothing comes between, nothing is lost. */
static void test_back_pressure(struct tls_house *h)
{
    struct tls_raw r = join(h, &client);
    struct buf all = noise(MUCH);
    size_t sent = 0, seen = 0;
    int n_paused = 0;

    SSL_set_mode(r.ssl, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    h->pause_in_data = true;
    for (int i = 0; i < 100000 && h->seen.got.n < MUCH; i++) {
        size_t n = 0;

        ERR_clear_error();
        if (sent < MUCH && SSL_write_ex(r.ssl, all.p + sent, MUCH - sent, &n))
            sent += n;
        uv_run(&h->loop, UV_RUN_NOWAIT);
        if (h->seen.got.n == seen) {
            usleep(50); /* a machine with other work to do */
            continue;
        }
        CHECK(h->seen.got.n - seen <= 16384, "more than one record after the pause");
        seen = h->seen.got.n;
        uv_run(&h->loop, UV_RUN_NOWAIT);
        CHECK(h->seen.got.n == seen, "data while paused");
        n_paused++;
        stream_read(h->s, true);
        CHECK(h->seen.got.n == seen, "on_data() inside stream_read()");
    }
    CHECK(n_paused >= MUCH / 16384, "paused %d times", n_paused);
    CHECK(str_eq(buf_str(&h->seen.got), buf_str(&all)), "%zu bytes", h->seen.got.n);
    buf_reset(&all);
    leave(h, &r);
}

/* A write of 1 MB to a peer that reads only later; then what fits into one record. */
static void test_write_much(struct tls_house *h)
{
    struct tls_raw r = join(h, &client);
    struct buf all = noise(4 * MUCH), got = buf_new(5 * MUCH);

    tls_house_write(h, buf_str(&all));
    for (int i = 0; i < 50; i++)
        tls_house_turn(h);
    CHECK(tls_raw_read(&r, &got, all.n) == SSL_ERROR_NONE, "read");
    CHECK(str_eq(buf_str(&got), buf_str(&all)), "%zu bytes", got.n);
    wait_for(h, &h->seen.n_written, 1);
    for (int i = 2; i < 12; i++) {
        buf_reset(&got);
        tls_house_write(h, STR("MSA|AA|1"));
        CHECK(tls_raw_read(&r, &got, 8) == SSL_ERROR_NONE, "read");
        CHECK(str_eq(buf_str(&got), STR("MSA|AA|1")), "%zu bytes", got.n);
        wait_for(h, &h->seen.n_written, i);
    }
    tls_house_write(h, STR("")); /* nothing is written at once, and told later */
    wait_for(h, &h->seen.n_written, 12);
    CHECK(h->seen.n_written == 12 && h->seen.n_failed == 0, "%d, %d failed", h->seen.n_written,
          h->seen.n_failed);
    buf_reset(&all);
    buf_reset(&got);
    leave(h, &r);
}

/* close_notify each way ends that way alone. */
static void test_half_close(struct tls_house *h, int version)
{
    const struct tls_raw_settings set = {.identity = "client", .version = version};
    struct tls_raw r = join(h, &set);
    struct buf got = buf_new(MUCH);

    tls_raw_send(&r, STR("last"));
    CHECK(SSL_shutdown(r.ssl) == 0, "close_notify");
    wait_for(h, &h->seen.n_end, 1);
    CHECK(str_eq(buf_str(&h->seen.got), STR("last")), "%zu", h->seen.got.n);
    CHECK(h->seen.end_kind == ERR_NONE && !h->seen.end_text[0], "%s", h->seen.end_text);
    tls_house_write(h, STR("answer"));
    stream_shutdown(h->s); /* after what is being written */
    CHECK(tls_raw_read(&r, &got, 100) == SSL_ERROR_ZERO_RETURN, "no close_notify");
    CHECK(str_eq(buf_str(&got), STR("answer")), "%zu", got.n);
    wait_for(h, &h->seen.n_written, 1);
    CHECK(h->seen.n_failed == 0 && h->seen.n_end == 1, "%d", h->seen.n_end);
    buf_reset(&got);
    leave(h, &r);
}

/* We say goodbye first; the peer goes on and is read. */
static void test_half_close_ours(struct tls_house *h)
{
    struct tls_raw r = join(h, &client);
    struct buf got = buf_new(MUCH);
    char byte;

    stream_shutdown(h->s);
    CHECK(tls_raw_read(&r, &got, 1) == SSL_ERROR_ZERO_RETURN, "no close_notify");
    for (int i = 0; i < 20000 && recv(r.fd, &byte, 1, 0) != 0; i++)
        tls_house_turn(h);
    CHECK(recv(r.fd, &byte, 1, 0) == 0, "no FIN");
    tls_raw_send(&r, STR("more"));
    wait_bytes(h, 4);
    tls_house_write(h, STR("too late"));
    wait_for(h, &h->seen.n_written, 1);
    CHECK(h->seen.n_failed == 1 && h->seen.n_end == 0, "%d", h->seen.n_failed);
    buf_reset(&got);
    leave(h, &r);
}

static void test_ends(struct tls_house *h)
{
    struct tls_raw r = join(h, &client);

    tls_raw_send(&r, STR("cut"));
    tls_raw_close(&r); /* FIN alone */
    wait_for(h, &h->seen.n_end, 1);
    CHECK(h->seen.end_kind == ERR_NONE, "%s", h->seen.end_text);
    CHECK(strcmp(h->seen.end_text, "TLS ended without close_notify") == 0, "%s", h->seen.end_text);
    CHECK(str_eq(buf_str(&h->seen.got), STR("cut")), "%zu", h->seen.got.n);
    tls_house_unlisten(h);

    r = join(h, &client);
    tls_raw_reset(&r);
    wait_for(h, &h->seen.n_end, 1);
    CHECK(h->seen.end_kind == ERR_BUSY, "%s", h->seen.end_text);
    for (int i = 1; i < 3; i++) {
        tls_house_write(h, STR("answer")); /* after a reset that reading has seen */
        wait_for(h, &h->seen.n_written, i);
        CHECK(h->seen.n_failed == i, "%d", h->seen.n_failed);
    }
    tls_house_unlisten(h);

    r = join(h, &client);
    CHECK(send(r.fd, "\x17\x03\x03\x00\x20 this is no record at all, none", 37, 0) == 37, "send");
    wait_for(h, &h->seen.n_end, 1);
    CHECK(h->seen.end_kind == ERR_BUSY && strncmp(h->seen.end_text, "TLS broken: ", 12) == 0, "%s",
          h->seen.end_text);
    tls_house_write(h, STR("answer"));
    wait_for(h, &h->seen.n_written, 1);
    CHECK(h->seen.n_failed == 1, "%d", h->seen.n_failed);
    leave(h, &r);
}

/* A write that is in flight when the owner closes is told before the end. */
static void test_close(struct tls_house *h)
{
    struct tls_raw r = join(h, &client);
    struct buf all = noise(8 * MUCH);
    struct buf got = buf_new(MUCH);

    tls_house_write(h, buf_str(&all));
    tls_house_turn(h);
    stream_close(h->s);
    wait_for(h, &h->seen.n_closed, 1);
    CHECK(h->seen.n_written == 1 && h->seen.n_failed == 1, "%d", h->seen.n_written);
    buf_reset(&all);
    leave(h, &r);

    r = join(h, &client);
    h->close_in_data = true;
    tls_raw_send(&r, STR("bye"));
    tls_raw_send(&r, STR("bye"));
    wait_for(h, &h->seen.n_closed, 1);
    CHECK(h->seen.got.n == 3, "data after stream_close()");
    CHECK(tls_raw_read(&r, &got, 1) == SSL_ERROR_ZERO_RETURN, "closed without close_notify");
    leave(h, &r);

    r = join(h, &client);
    h->pause_in_data = true;
    tls_raw_send(&r, STR("one"));
    tls_raw_send(&r, STR("two"));
    wait_bytes(h, 3);
    stream_read(h->s, true); /* and close before the turn */
    stream_close(h->s);
    wait_for(h, &h->seen.n_closed, 1);
    CHECK(h->seen.got.n == 3, "data after stream_close()");
    buf_reset(&got);
    leave(h, &r);
}

/* TLS 1.3 lets the peer ask for new keys: each is answered, but not without end. */
static void test_key_updates(struct tls_house *h)
{
    struct tls_raw r = join(h, &client);
    struct buf got = buf_new(MUCH), all = noise(16 * MUCH);
    int n = 0;

    CHECK(SSL_key_update(r.ssl, SSL_KEY_UPDATE_REQUESTED) == 1, "key update");
    tls_raw_send(&r, STR("new key"));
    wait_bytes(h, 7);
    tls_house_write(h, STR("mine too"));
    CHECK(tls_raw_read(&r, &got, 8) == SSL_ERROR_NONE, "read");
    tls_house_write(h, buf_str(&all)); /* the kernel is full of it */
    for (int i = 0; i < 50; i++)
        tls_house_turn(h);
    while (n < 100000 && h->seen.n_end == 0) {
        if (SSL_key_update(r.ssl, SSL_KEY_UPDATE_REQUESTED) != 1 || SSL_do_handshake(r.ssl) != 1) {
            ERR_clear_error();
            uv_run(&h->loop, UV_RUN_NOWAIT);
        }
        if (n++ % 64 == 0)
            uv_run(&h->loop, UV_RUN_NOWAIT);
    }
    CHECK(h->seen.n_end == 1 && strstr(h->seen.end_text, "does not read"), "%d updates: %s", n,
          h->seen.end_text);
    buf_reset(&got);
    leave(h, &r);
    buf_reset(&all);
}

int main(void)
{
    static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
    struct tls_house h;

    signal(SIGPIPE, SIG_IGN);
    tls_house_open(&h);
    for
        EACH (i, versions) {
            test_each_byte_alone(&h, versions[i]);
            test_half_close(&h, versions[i]);
        }
    test_every_split(&h);
    test_back_pressure(&h);
    test_write_much(&h);
    test_half_close_ours(&h);
    test_ends(&h);
    test_close(&h);
    test_key_updates(&h);
    tls_house_close(&h);
    return check_end();
}
