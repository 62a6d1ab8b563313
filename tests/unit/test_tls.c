/* Who gets through a handshake and who does not, on both sides; what files are refused; who a peer is. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "net/http_server.h"
#include "net/tls.h"
#include "tls_house.h"

static void wait_for(struct tls_house *h, const int *count, int n)
{
    for (int i = 0; i < 20000 && *count < n; i++)
        tls_house_turn(h);
    CHECK(*count >= n, "it never came");
}

/* Files that only this test wants: an encrypted key, keys that others may read, no PEM. */
static void spoil_files(const struct tls_house *h)
{
    char path[512];
    FILE *f = fopen(tls_house_file(h, "client.key", path), "r");
    EVP_PKEY *key = f ? PEM_read_PrivateKey(f, NULL, NULL, NULL) : NULL;
    FILE *locked = fopen(tls_house_file(h, "locked.key", path), "w");
    FILE *empty = fopen(tls_house_file(h, "empty.pem", path), "w");
    FILE *open_key = fopen(tls_house_file(h, "open.key", path), "w");

    if (!key || !locked || !empty || !open_key)
        abort();
    PEM_write_PrivateKey(locked, key, EVP_aes_256_cbc(), (const unsigned char *)"pass", 4, NULL,
                         NULL);
    PEM_write_PrivateKey(open_key, key, NULL, NULL, 0, NULL, NULL);
    chmod(tls_house_file(h, "locked.key", path), 0600);
    chmod(tls_house_file(h, "empty.pem", path), 0600);
    chmod(tls_house_file(h, "open.key", path), 0640);
    mkfifo(tls_house_file(h, "fifo.key", path), 0600);
    EVP_PKEY_free(key);
    fclose(f);
    fclose(locked);
    fclose(empty);
    fclose(open_key);
}

static void test_open(struct tls_house *h)
{
    static const struct {
        bool server;
        const char *certificate, *key, *ca, *error; /* error NULL: fine */
    } rows[] = {
        {true, "server.pem", "server.key", "ca.pem", NULL},
        {true, "server.pem", "server.key", NULL, NULL},
        {false, "client.pem", "client.key", "ca.pem", NULL},
        {false, NULL, NULL, "ca.pem", NULL},
        {false, NULL, NULL, NULL, NULL},
        {true, NULL, NULL, "ca.pem", "needs a certificate"},
        {true, "none.pem", "server.key", NULL, "none.pem: No such file"},
        {true, "server.pem", "none.key", NULL, "none.key: No such file"},
        {true, "server.pem", NULL, NULL, "without its key"},
        {true, "server.pem", "client.key", NULL, "not the key of"},
        {true, "client.pem", "open.key", NULL, "mode is 0640"},
        {true, "client.pem", "locked.key", NULL, "wants a password"},
        {true, "client.pem", "fifo.key", NULL, "not a regular file"},
        {true, "client.pem", "empty.pem", NULL, "no private key in PEM"},
        {true, "empty.pem", "client.key", NULL, "no certificate in PEM"},
        {true, "old.pem", "old.key", NULL, "old.pem: the certificate has expired"},
        {false, "old.pem", "old.key", "ca.pem", "has expired"},
        {true, "later.pem", "later.key", NULL, "is not valid yet"},
        {true, "server.pem", "server.key", "none.pem", "none.pem: No such file"},
        {true, "server.pem", "server.key", "empty.pem", "empty.pem: no certificate"},
        {false, NULL, NULL, "empty.pem", "empty.pem: no certificate"},
    };
    char paths[3][512];

    for
        EACH (i, rows) {
            const char *names[3] = {rows[i].certificate, rows[i].key, rows[i].ca};
            struct tls_settings set = {.server = rows[i].server};
            const char **into[3] = {&set.certificate, &set.key, &set.ca};
            struct tls *t = NULL;
            struct err e = {0};
            bool ok;

            for (int k = 0; k < 3; k++)
                *into[k] = names[k] ? tls_house_file(h, names[k], paths[k]) : NULL;
            ok = tls_open(&set, &t, &e);
            CHECK(ok == !rows[i].error, "row %zu: %s", i, e.text);
            CHECK(ok || (e.kind == ERR_CONFIG && strstr(e.text, rows[i].error)), "row %zu: %s", i,
                  e.text);
            CHECK(ERR_peek_error() == 0, "row %zu leaves an error behind", i);
            tls_close(t);
        }
}

static void test_peer_is(void)
{
    char names[][TLS_NAME_MOST] = {"Epic.Hospital.example", "urn:oid:1.2.3", "sha256:00"};
    struct tls_peer p = {.names = names, .n_names = 3};
    static const struct {
        const char *name;
        bool is;
    } rows[] = {
        {"epic.hospital.EXAMPLE", true},
        {"epic.hospital.example.", false},
        {"epic.hospital.exampl", false},
        {"*.hospital.example", false},
        {"", false},
        {"urn:oid:1.2.3", true},
        {"URN:oid:1.2.3", false},
        {"sha256:00", false}, /* a name that reads like a fingerprint is none */
        {"sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", true},
        {"sha256:0123456789ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef", true},
        {"sha256:01:23:45:67:89:AB:CD:EF:01:23:45:67:89:ab:cd:ef:01:23:45:67:89:ab:cd:ef:01:23:45:"
         "67:89:ab:cd:ef",
         true},
        {"sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde", false},
        {"sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0", false},
        {"sha256:1123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", false},
        {"sha256:", false},
        {"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", false},
    };

    memcpy(p.fingerprint, "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", 65);
    for
        EACH (i, rows)
            CHECK(tls_peer_is(&p, rows[i].name) == rows[i].is, "%s", rows[i].name);
}

static void test_shaking(struct tls_house *h)
{
    static const struct {
        const char *ca; /* of the listener */
        const char *identity;
        int version;
        const char *ciphers;
        bool distrusts;
        const char *why; /* NULL: taken */
    } rows[] = {
        {"ca.pem", "client", 0, NULL, false, NULL},
        {"ca.pem", "client", TLS1_3_VERSION, NULL, false, NULL},
        {"ca.pem", "client", TLS1_2_VERSION, NULL, false, NULL},
        {"ca.pem", "client", TLS1_2_VERSION, "ECDHE-ECDSA-CHACHA20-POLY1305", false, NULL},
        {NULL, NULL, 0, NULL, false, NULL},
        {"ca.pem", "client", TLS1_1_VERSION, NULL, false, "version too old"},
        {"ca.pem", "client", TLS1_VERSION, NULL, false, "version too old"},
        {"ca.pem", "client", TLS1_2_VERSION, "ECDHE-ECDSA-AES128-SHA", false,
         "no cipher in common"},
        {"ca.pem", "client", TLS1_2_VERSION, "ECDHE-ECDSA-AES128-SHA256", false,
         "no cipher in common"},
        {"ca.pem", "client", TLS1_2_VERSION, "AES128-GCM-SHA256", false, "no cipher in common"},
        {"ca.pem", "client", TLS1_2_VERSION, "aNULL", false, "no cipher in common"},
        {"ca.pem", NULL, 0, NULL, false, "no client certificate"},
        {"ca.pem", NULL, TLS1_2_VERSION, NULL, false, "no client certificate"},
        {"ca.pem", "stranger", 0, NULL, false, "unknown authority"},
        {"ca.pem", "stranger", TLS1_2_VERSION, NULL, false, "unknown authority"},
        {"others.pem", "client", 0, NULL, false, "unknown authority"},
        {"ca.pem", "old", 0, NULL, false, "certificate expired"},
        {"ca.pem", "later", 0, NULL, false, "certificate not valid yet"},
        {"ca.pem", "client", 0, NULL, true, "the peer refuses our certificate"},
        {"ca.pem", "client", TLS1_2_VERSION, NULL, true, "the peer refuses our certificate"},
    };
    struct buf got = buf_new(1 << 20);

    for
        EACH (i, rows) {
            struct tls_raw r;

            tls_house_listen(h, rows[i].ca, 60000);
            r = tls_raw_dial(h, &(struct tls_raw_settings){.identity = rows[i].identity,
                                                           .version = rows[i].version,
                                                           .ciphers = rows[i].ciphers,
                                                           .distrusts = rows[i].distrusts});
            (void)tls_raw_join(&r);
            if (!rows[i].why) {
                CHECK(h->seen.n_taken == 1 && h->seen.n_refused == 0, "row %zu: %s", i,
                      h->seen.why);
                CHECK(!h->s->certificate == !rows[i].ca, "row %zu: certificate", i);
                CHECK(!SSL_SESSION_is_resumable(SSL_get0_session(r.ssl)), "row %zu: a ticket", i);
            } else {
                CHECK(h->seen.n_taken == 0 && h->seen.n_refused == 1, "row %zu is taken", i);
                CHECK(h->seen.refusal == LISTENER_HANDSHAKE, "row %zu", i);
                CHECK(strcmp(h->seen.why, rows[i].why) == 0, "row %zu: %s", i, h->seen.why);
                (void)tls_raw_read(&r, &got, 1);
                CHECK(h->seen.n_alerts == !rows[i].distrusts, "row %zu: %d alerts", i,
                      h->seen.n_alerts); /* it is told, not just left alone */
            }
            ERR_clear_error();
            tls_raw_close(&r);
            tls_house_unlisten(h);
            CHECK(h->seen.n_refused == 0, "row %zu: told twice", i);
        }
    buf_reset(&got);
}

static void test_names(struct tls_house *h)
{
    struct tls_raw r;

    tls_house_listen(h, "ca.pem", 60000);
    r = tls_raw_dial(h, &(struct tls_raw_settings){.identity = "client"});
    CHECK(tls_raw_join(&r), "%s", h->seen.why);
    CHECK(tls_peer_is(h->s->certificate, "epic.hospital.example"), "dNSName");
    CHECK(tls_peer_is(h->s->certificate, "urn:oid:1.2.3"), "URI");
    CHECK(!tls_peer_is(h->s->certificate, "client"), "CN beside alternative names");
    CHECK(strlen(h->s->certificate->fingerprint) == 64, "fingerprint");
    tls_raw_close(&r);
    tls_house_unlisten(h);

    tls_house_listen(h, "ca.pem", 60000);
    r = tls_raw_dial(h, &(struct tls_raw_settings){.identity = "named"});
    CHECK(tls_raw_join(&r), "%s", h->seen.why);
    CHECK(tls_peer_is(h->s->certificate, "named") && h->s->certificate->n_names == 1, "CN");
    tls_raw_close(&r);
    tls_house_unlisten(h);
}

/* TLS 1.2: the client asks to shake hands again and is refused. */
static void test_renegotiation(struct tls_house *h)
{
    struct tls_raw r;

    tls_house_listen(h, "ca.pem", 60000);
    r = tls_raw_dial(h,
                     &(struct tls_raw_settings){.identity = "client", .version = TLS1_2_VERSION});
    CHECK(tls_raw_join(&r), "%s", h->seen.why);
    stream_read(h->s, true);
    CHECK(SSL_renegotiate(r.ssl) == 1, "renegotiate");
    CHECK(!tls_raw_shake(&r), "a second handshake");
    CHECK(ERR_GET_REASON(ERR_peek_error()) == SSL_R_NO_RENEGOTIATION, "%d",
          ERR_GET_REASON(ERR_peek_error()));
    ERR_clear_error();
    tls_raw_close(&r);
    tls_house_unlisten(h);
}

/* Peers that speak no TLS, or nothing, or leave in the middle. */
static void test_strange_peers(struct tls_house *h)
{
    static const struct {
        const char *sent;
        size_t n;
        char how; /* 'f' FIN, 'r' RST, 's' silence */
        const char *why;
    } rows[] = {
        {"\x0bMSH|^~\\&|", 10, 's', "no TLS"},
        {"GET / HTTP/1.1\r\n\r\n", 18, 's', "no TLS"},
        {"P", 1, 's', "no TLS"},
        {"\x80\x2e\x01\x03\x01", 5, 's', "version too old"},
        {"", 0, 's', "no answer in time"},
        {"\x16\x03\x01", 3, 's', "no answer in time"},
        {"", 0, 'f', "the peer left"},
        {"\x16\x03\x01\x02", 4, 'f', "the peer left"},
        {"\x16\x03\x01\x02", 4, 'r', "the peer left"},
        {"\x15\x03\x01\x00\x02\x02\x28", 7, 's', "other"},
        {"\x16\x03\x01\x00\x04\x01\x00\xff\xff", 9, 's',
         "no answer in time"}, /* a hello of 65,535 bytes */
        {"\x16\x03\x01\x00\x06\x01\x00\x00\x02\x03\x03", 11, 's', "other"},
    };

    for
        EACH (i, rows) {
            struct tls_raw r;
            bool slow = strcmp(rows[i].why, "no answer in time") == 0;

            tls_house_listen(h, "ca.pem", slow ? 30 : 60000);
            r = tls_raw_dial(h, &(struct tls_raw_settings){0});
            CHECK(send(r.fd, rows[i].sent, rows[i].n, 0) == (ssize_t)rows[i].n, "row %zu", i);
            while (!listener_connections(h->listener) && !h->seen.n_refused)
                tls_house_turn(h);
            if (rows[i].how == 'f')
                shutdown(r.fd, SHUT_WR);
            if (rows[i].how == 'r')
                tls_raw_reset(&r);
            wait_for(h, &h->seen.n_refused, 1);
            CHECK(h->seen.n_taken == 0 && h->seen.refusal == LISTENER_HANDSHAKE, "row %zu", i);
            CHECK(strcmp(h->seen.why, rows[i].why) == 0, "row %zu: %s", i, h->seen.why);
            if (rows[i].how != 'r')
                tls_raw_close(&r);
            for (int k = 0; k < 20000 && listener_connections(h->listener); k++)
                tls_house_turn(h);
            CHECK(listener_connections(h->listener) == 0, "row %zu is still open", i);
            tls_house_unlisten(h);
        }
}

/* A client that never reads its alert is not waited for longer than a second. */
static void test_linger(struct tls_house *h)
{
    struct tls_raw r[4];

    tls_house_listen(h, "ca.pem", 60000);
    for
        EACH (i, r)
            r[i] = tls_raw_dial(h, &(struct tls_raw_settings){0});
    for (int k = 0; k < 20000 && listener_connections(h->listener) < 4; k++)
        tls_house_turn(h);
    CHECK(send(r[0].fd, "no", 2, 0) == 2, "send");
    wait_for(h, &h->seen.n_refused, 1);
    for (int k = 0; k < 40000 && listener_connections(h->listener) == 4; k++)
        tls_house_turn(h);
    CHECK(listener_connections(h->listener) == 3, "%d", listener_connections(h->listener));
    tls_house_unlisten(h); /* the others still shake hands */
    for
        EACH (i, r)
            tls_raw_close(&r[i]);
}

struct dial {
    struct stream_connect c;
    struct stream *s;
    int n_done, n_end;
    struct err e;
};

static void on_dialed(struct stream_connect *c, struct stream *s, const struct err *e)
{
    struct dial *d = (struct dial *)(void *)c;

    d->n_done++;
    d->s = s;
    d->e = *e;
}

/* Our client and OpenSSL's server. */
static void test_connect(struct tls_house *h)
{
    static const struct {
        const char *host, *server, *ca, *why; /* server NULL: says "hello" without TLS */
    } rows[] = {
        {"127.0.0.1", "server", "ca.pem", NULL},
        {"localhost", "server", "ca.pem", NULL},
        {"127.0.0.1", "elsewhere", "ca.pem", "the certificate is for another address"},
        {"localhost", "elsewhere", "ca.pem", "the certificate is for another name"},
        {"localhost", "stranger", "ca.pem", "unknown authority"},
        {"localhost", "old", "ca.pem", "certificate expired"},
        {"localhost", "server", "others.pem", "unknown authority"},
        {"localhost", "server", NULL, "unknown authority"}, /* the system's */
        {"localhost", NULL, "ca.pem", "no TLS"},
    };
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof at;
    int door = socket(AF_INET, SOCK_STREAM, 0);
    char paths[3][512];

    CHECK(bind(door, (struct sockaddr *)&at, sizeof at) == 0 && listen(door, 8) == 0 &&
              getsockname(door, (struct sockaddr *)&at, &size) == 0,
          "socket");
    for
        EACH (i, rows) {
            struct tls_settings set = {.certificate = tls_house_file(h, "client.pem", paths[0]),
                                       .key = tls_house_file(h, "client.key", paths[1]),
                                       .ca = rows[i].ca ? tls_house_file(h, rows[i].ca, paths[2])
                                                        : NULL};
            struct dial d = {.c = {.host = rows[i].host,
                                   .port = ntohs(at.sin_port),
                                   .timeout_ms = 60000,
                                   .keepalive_s = 60,
                                   .done = on_dialed}};
            struct tls_raw r;
            struct err e = {0};
            int fd;

            CHECK(tls_open(&set, &d.c.tls, &e), "%s", e.text);
            CHECK(stream_connect_start(&h->loop, &d.c, &e) && d.n_done == 0, "%s", e.text);
            fcntl(door, F_SETFL, O_NONBLOCK);
            while ((fd = accept(door, NULL, NULL)) < 0)
                tls_house_turn(h);
            r = tls_raw_serve(h, fd, rows[i].server);
            if (rows[i].server)
                (void)tls_raw_shake(&r);
            else
                CHECK(send(fd, "hello", 5, 0) == 5, "send");
            wait_for(h, &d.n_done, 1);
            CHECK(!d.s == !!rows[i].why, "row %zu: %s", i, d.e.text);
            CHECK(!rows[i].why || (d.e.kind == ERR_BUSY && strstr(d.e.text, rows[i].why)),
                  "row %zu: %s", i, d.e.text);
            if (d.s) {
                CHECK(tls_peer_is(d.s->certificate, "localhost"), "row %zu", i);
                CHECK(strcmp(d.s->peer, "127.0.0.1") == 0, "%s", d.s->peer);
                CHECK(!strchr(rows[i].host, 'l') == !SSL_get_servername(r.ssl, 0), "row %zu: SNI",
                      i);
                stream_close(d.s);
            }
            tls_close(d.c.tls);
            uv_run(&h->loop, UV_RUN_DEFAULT);
            CHECK(d.n_done == 1, "row %zu: done %d times", i, d.n_done);
            ERR_clear_error();
            tls_raw_close(&r);
        }
    close(door);
}

/* A server that takes the connection and says nothing; a name that nobody has. */
static void test_connect_late(struct tls_house *h)
{
    static const char long_label[] =
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.example";
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof at;
    int door = socket(AF_INET, SOCK_STREAM, 0);
    struct tls_settings set = {0};
    struct dial d = {.c = {.host = "localhost", .timeout_ms = 30, .done = on_dialed}};
    struct err e = {0};

    CHECK(bind(door, (struct sockaddr *)&at, sizeof at) == 0 && listen(door, 8) == 0 &&
              getsockname(door, (struct sockaddr *)&at, &size) == 0,
          "socket");
    d.c.port = ntohs(at.sin_port);
    CHECK(tls_open(&set, &d.c.tls, &e), "%s", e.text);
    CHECK(stream_connect_start(&h->loop, &d.c, &e), "%s", e.text);
    wait_for(h, &d.n_done, 1);
    CHECK(!d.s && strstr(d.e.text, "no answer in time"), "%s", d.e.text);
    uv_run(&h->loop, UV_RUN_DEFAULT);
    d.c.host = long_label;
    d.c.timeout_ms = 60000;
    CHECK(stream_connect_start(&h->loop, &d.c, &e), "%s", e.text);
    wait_for(h, &d.n_done, 2);
    CHECK(!d.s && d.e.kind == ERR_BUSY && strstr(d.e.text, "not found"), "%s", d.e.text);
    CHECK(!strstr(d.e.text, "example"), "%s", d.e.text);
    uv_run(&h->loop, UV_RUN_DEFAULT);
    CHECK(d.n_done == 2, "%d", d.n_done);
    tls_close(d.c.tls);
    close(door);
}

static void on_server_gone(void *ctx)
{
    *(bool *)ctx = true;
}

/* An HTTP server is served over it too, and tells whom it refused. */
static void test_http(struct tls_house *h)
{
    static const char request[] = "GET /none HTTP/1.1\r\nHost: localhost\r\n\r\n";
    char paths[3][512];
    struct tls_settings tls = {.server = true,
                               .certificate = tls_house_file(h, "server.pem", paths[0]),
                               .key = tls_house_file(h, "server.key", paths[1]),
                               .ca = tls_house_file(h, "ca.pem", paths[2])};
    struct http_settings set = http_settings_default(&h->loop, "127.0.0.1", 0);
    struct tls_raw_settings client = {.identity = "client"};
    struct http_server *server = NULL;
    struct buf got = buf_new(1 << 20);
    bool gone = false;
    struct tls_raw r;
    struct err e;

    CHECK(tls_open(&tls, &set.tls, &e), "%s", e.text);
    set.on_refused = tls_house_refused;
    set.refused_ctx = h;
    CHECK(http_server_open(&set, &server, &e), "%s", e.text);
    client.port = http_server_port(server);
    r = tls_raw_dial(h, &client);
    CHECK(tls_raw_shake(&r), "handshake");
    tls_raw_send(&r, str_of(request));
    CHECK(tls_raw_read(&r, &got, 12) == SSL_ERROR_NONE, "read");
    CHECK(str_starts(buf_str(&got), STR("HTTP/1.1 404")), "%zu bytes", got.n);
    tls_raw_close(&r);
    client.identity = NULL;
    r = tls_raw_dial(h, &client);
    (void)tls_raw_shake(&r);
    wait_for(h, &h->seen.n_refused, 1);
    CHECK(strcmp(h->seen.why, "no client certificate") == 0, "%s", h->seen.why);
    ERR_clear_error();
    tls_raw_close(&r);
    http_server_close(server, 0, on_server_gone, &gone);
    uv_run(&h->loop, UV_RUN_DEFAULT);
    CHECK(gone, "the server does not end");
    tls_close(set.tls);
    buf_reset(&got);
    h->seen = (struct tls_seen){.got = h->seen.got};
}

/* `openssl s_client` as a judge of ours: it says a line and prints what it hears. */
static void test_s_client(struct tls_house *h)
{
    char certificate[512], key[512], ca[512], command[2600], line[256] = "";
    FILE *judge;
    int status;

    if (system("openssl version >/dev/null 2>&1") != 0) {
        printf("skipped: openssl s_client: no openssl program\n");
        return;
    }
    tls_house_listen(h, "ca.pem", 60000);
    (void)snprintf(command, sizeof command,
                   "(echo MSH; sleep 0.3) | openssl s_client -connect 127.0.0.1:%d -quiet "
                   "-verify_return_error -verify_ip 127.0.0.1 -CAfile '%s' -cert '%s' -key '%s' "
                   "2>/dev/null",
                   listener_port(h->listener), tls_house_file(h, "ca.pem", ca),
                   tls_house_file(h, "client.pem", certificate),
                   tls_house_file(h, "client.key", key));
    judge = popen(command, "r");
    wait_for(h, &h->seen.n_taken, 1);
    if (h->s) {
        stream_read(h->s, true);
        for (int i = 0; i < 20000 && h->seen.got.n < 4; i++)
            tls_house_turn(h);
        CHECK(str_eq(buf_str(&h->seen.got), STR("MSH\n")), "%zu bytes", h->seen.got.n);
        tls_house_write(h, STR("MSA\n"));
        wait_for(h, &h->seen.n_written, 1);
        stream_shutdown(h->s);
        for (int i = 0; i < 20; i++)
            tls_house_turn(h);
    }
    CHECK(fgets(line, sizeof line, judge) && strcmp(line, "MSA\n") == 0, "%s", line);
    wait_for(h, &h->seen.n_end, 1);
    status = pclose(judge);
    CHECK(status == 0, "openssl says %d", WEXITSTATUS(status));
    tls_house_unlisten(h);
}

/* A silent socket from 127.0.0.x. */
static int dial_from(struct tls_house *h, int x)
{
    struct sockaddr_in from = {.sin_family = AF_INET,
                               .sin_addr = {htonl(0x7F000000 + (uint32_t)x)}};
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)listener_port(h->listener)),
                             .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    if (fd < 0 || bind(fd, (struct sockaddr *)&from, sizeof from) != 0 ||
        connect(fd, (struct sockaddr *)&to, sizeof to) != 0)
        abort();
    return fd;
}

static void close_all(const int *fds, size_t n)
{
    for (size_t i = 0; i < n; i++)
        close(fds[i]);
}

/* The sender gets in, whatever else there is. */
static void check_gets_in(struct tls_house *h)
{
    struct tls_raw r = tls_raw_dial(h, &(struct tls_raw_settings){.identity = "client"});

    CHECK(tls_raw_shake(&r), "%s", h->seen.why);
    wait_for(h, &h->seen.n_taken, 1);
    CHECK(h->seen.n_taken == 1, "%s", h->seen.why);
    tls_raw_close(&r);
}

/* Silence of one address, the sender's or another, takes a quarter of the handshakes, and no connection's
 * place: more sockets than there are of either. */
static void test_crowd(struct tls_house *h, int x)
{
    int silent[20];

    h->max_handshakes = 8;
    tls_house_listen(h, "ca.pem", 60000);
    for
        EACH (i, silent)
            silent[i] = dial_from(h, x);
    wait_for(h, &h->seen.n_refused, 18);
    CHECK(h->seen.refusal == LISTENER_HANDSHAKE &&
              strcmp(h->seen.why, "too many handshakes of this address") == 0,
          "%s", h->seen.why);
    for (int k = 0; k < 20000 && listener_connections(h->listener) > 2; k++)
        tls_house_turn(h);
    CHECK(listener_connections(h->listener) == 2, "%d", listener_connections(h->listener));
    check_gets_in(h);
    close_all(silent, 20);
    tls_house_unlisten(h);
    h->max_handshakes = 0;
}

/* Silence of many addresses: the oldest makes room. */
static void test_crowds(struct tls_house *h)
{
    int silent[12];

    h->max_handshakes = 8;
    tls_house_listen(h, "ca.pem", 60000);
    for
        EACH (i, silent)
            silent[i] = dial_from(h, 2 + (int)i);
    wait_for(h, &h->seen.n_refused, 4);
    CHECK(strcmp(h->seen.why, "too many handshakes") == 0, "%s", h->seen.why);
    check_gets_in(h);
    close_all(silent, 12);
    tls_house_unlisten(h);
    h->max_handshakes = 0;
}

/* Those whose handshake is done have the places: one more is told so. */
static void test_full(struct tls_house *h)
{
    struct tls_raw r[5];
    struct stream *s[4];

    tls_house_listen(h, "ca.pem", 60000);
    r[4] = tls_raw_dial(h, &(struct tls_raw_settings){.identity = "client"});
    for
        EACH (i, s) {
            r[i] = tls_raw_dial(h, &(struct tls_raw_settings){.identity = "client"});
            CHECK(tls_raw_shake(&r[i]), "%s", h->seen.why);
            wait_for(h, &h->seen.n_taken, (int)i + 1);
            s[i] = h->s;
        }
    (void)tls_raw_shake(&r[4]); /* it was there before the last place was taken */
    wait_for(h, &h->seen.n_refused, 1);
    CHECK(h->seen.n_taken == 4 && h->seen.refusal == LISTENER_FULL && h->seen.why[0] == '\0', "%s",
          h->seen.why);
    for
        EACH (i, s)
            stream_close(s[i]);
    wait_for(h, &h->seen.n_closed, 4);
    for
        EACH (i, r)
            tls_raw_close(&r[i]);
    tls_house_unlisten(h);
}

int main(void)
{
    struct tls_house h;

    signal(SIGPIPE, SIG_IGN);
    tls_house_open(&h);
    spoil_files(&h);
    test_open(&h);
    test_peer_is();
    test_shaking(&h);
    test_names(&h);
    test_renegotiation(&h);
    test_strange_peers(&h);
    test_linger(&h);
    test_crowd(&h, 1);
    test_crowd(&h, 2);
    test_crowds(&h);
    test_full(&h);
    test_connect(&h);
    test_connect_late(&h);
    test_http(&h);
    test_s_client(&h);
    tls_house_close(&h);
    return check_end();
}
