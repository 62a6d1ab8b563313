/* The receiver behind TLS: who is bound to a certificate, who comes back, who is turned away. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "certificates.h"
#include "check.h"
#include "mllp_house.h"

#define SB         "\x0b"
#define FS         "\x1c"
#define ONE(a, id) SB "MSH|^~\\&|" a "|FAC|TID|CLIN|2026||SIU^S12|" id "|P|2.5.1\rSCH|1\r" FS "\r"

enum { PATIENCE = 20000 /* turns */ };

struct world {
    struct temp_folder folder;
    struct tls *tls;
    struct house house;
};

/* A client with the certificate `identity`.pem; NULL: it shows none. */
struct client {
    struct world *w;
    int fd;
    SSL_CTX *ctx;
    SSL *ssl;
    bool over; /* refused, or closed by the receiver */
    size_t answers;
};

static void save(struct world *w, const struct certified *by, const char *name, const char *names)
{
    struct certificate_wish wish = {name, names, by, -1, 30, false};
    struct certified c = certificate_make(&wish);

    certificate_save(&c, &w->folder, name);
    certificate_free(&c);
}

static void world_open(struct world *w)
{
    struct certificate_wish authority = {"authority", NULL, NULL, -1, 30, true};
    struct certified ca, other;
    char a[512], b[512], c[512];
    struct tls_settings set;
    struct err e = {0};

    temp_folder_make(&w->folder);
    ca = certificate_make(&authority);
    other = certificate_make(&authority);
    certificate_save(&ca, &w->folder, "ca");
    save(w, &ca, "server", "DNS:tidings.example,IP:127.0.0.1");
    save(w, &ca, "lab", "DNS:lab.hospital.example");
    save(w, &ca, "ward", "DNS:ward.hospital.example");
    save(w, &other, "stranger", "DNS:lab.hospital.example");
    certificate_free(&ca);
    certificate_free(&other);
    set = (struct tls_settings){true, temp_folder_file(&w->folder, "server.pem", a),
                                temp_folder_file(&w->folder, "server.key", b),
                                temp_folder_file(&w->folder, "ca.pem", c)};
    CHECK(tls_open(&set, &w->tls, &e), "%s", e.text);
    house_build(&w->house, 0);
    w->house.set.tls = w->tls;
}

static void world_close(struct world *w)
{
    house_end(&w->house);
    tls_close(w->tls);
    temp_folder_remove(&w->folder);
}

static void client_open(struct world *w, struct client *c, const char *identity)
{
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)mllp_receiver_port(w->house.receiver)),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    char name[64], path[512];

    *c = (struct client){.w = w, .fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    CHECK(connect(c->fd, (struct sockaddr *)&at, sizeof at) == 0, "connected");
    (void)fcntl(c->fd, F_SETFL, O_NONBLOCK);
    c->ctx = SSL_CTX_new(TLS_client_method());
    if (identity) {
        (void)snprintf(name, sizeof name, "%s.pem", identity);
        CHECK(SSL_CTX_use_certificate_file(c->ctx, temp_folder_file(&w->folder, name, path),
                                           SSL_FILETYPE_PEM) == 1,
              "%s", name);
        (void)snprintf(name, sizeof name, "%s.key", identity);
        CHECK(SSL_CTX_use_PrivateKey_file(c->ctx, temp_folder_file(&w->folder, name, path),
                                          SSL_FILETYPE_PEM) == 1,
              "%s", name);
    }
    c->ssl = SSL_new(c->ctx);
    SSL_set_fd(c->ssl, c->fd);
    SSL_set_connect_state(c->ssl);
}

static void client_end(struct client *c)
{
    SSL_free(c->ssl);
    SSL_CTX_free(c->ctx);
    close(c->fd);
}

static bool is_over(const struct client *c, int rc)
{
    return rc <= 0 && SSL_get_error(c->ssl, rc) != SSL_ERROR_WANT_READ;
}

static bool client_shake(struct client *c)
{
    int rc = 0;

    for (int i = 0; i < PATIENCE && rc != 1 && !c->over; i++) {
        house_turn(&c->w->house);
        rc = SSL_do_handshake(c->ssl);
        c->over = is_over(c, rc);
    }
    return rc == 1;
}

static void client_turn(struct client *c)
{
    char bytes[4096];
    int n;

    house_turn(&c->w->house);
    n = c->over ? 0 : SSL_read(c->ssl, bytes, sizeof bytes);
    c->over = c->over || is_over(c, n);
    for (int i = 0; i < n; i++)
        c->answers += bytes[i] == '\x1c';
}

static void client_say(struct client *c, struct str bytes)
{
    CHECK(SSL_write(c->ssl, bytes.p, (int)bytes.n) == (int)bytes.n, "said");
}

static bool client_hear(struct client *c, size_t answers)
{
    for (int i = 0; i < PATIENCE && c->answers < answers && !c->over; i++)
        client_turn(c);
    return c->answers == answers;
}

static bool client_hear_end(struct client *c)
{
    for (int i = 0; i < PATIENCE && !c->over; i++)
        client_turn(c);
    return c->over;
}

static void test_bound(void)
{
    static const char *const lab[] = {"lab.hospital.example"};
    static const struct mllp_sender senders[] = {
        {.name = "lab", .application = "LAB", .certificates = lab, .n_certificates = 1}};
    const struct mllp_counts *counts;
    struct client a, b;
    struct world w;

    world_open(&w);
    w.house.set.senders = senders;
    w.house.set.n_senders = 1;
    house_open(&w.house);
    counts = mllp_receiver_counts(w.house.receiver);
    client_open(&w, &a, "lab");
    client_open(&w, &b, "ward");
    CHECK(client_shake(&a) && client_shake(&b), "both are known");
    client_say(&a, STR(ONE("LAB", "A1")));
    CHECK(client_hear(&a, 1) && counts->acks[HL7_AA] == 1 && counts->foreign == 0, "its own");
    client_say(&b, STR(ONE("LAB", "B1")));
    CHECK(client_hear(&b, 1) && counts->acks[HL7_AR] == 1 && counts->foreign == 1, "foreign");
    client_say(&b, STR(ONE("WARD", "B2")));
    CHECK(client_hear(&b, 2) && counts->acks[HL7_AA] == 2, "another name");
    CHECK(house_stored(&w.house) == 2, "and only those are stored");
    client_end(&a);
    client_end(&b);
    world_close(&w);
}

static void test_turned_away(void)
{
    static const char *const identities[] = {NULL, "stranger"};
    struct world w;

    world_open(&w);
    house_open(&w.house);
    for
        EACH (i, identities) {
            struct client c;

            client_open(&w, &c, identities[i]);
            (void)client_shake(&c); /* TLS 1.3: our side is done before the server has judged */
            CHECK(client_hear_end(&c) && c.answers == 0, "closed");
            CHECK(mllp_receiver_counts(w.house.receiver)->refused[LISTENER_HANDSHAKE] == i + 1,
                  "counted");
            client_end(&c);
        }
    CHECK(mllp_receiver_counts(w.house.receiver)->connections == 0, "none came in");
    world_close(&w);
}

/* All places are taken: a peer that comes again takes that of its own oldest silent connection, and of
 * nobody else's; one that is in the midst of a frame is not silent. */
static void test_comes_back(void)
{
    struct client first, second, ward, again, more;
    const struct mllp_counts *counts;
    struct world w;

    world_open(&w);
    w.house.set.max_connections = 3;
    house_open(&w.house);
    counts = mllp_receiver_counts(w.house.receiver);
    client_open(&w, &ward, "ward");
    CHECK(client_shake(&ward), "ward");
    client_say(&ward, STR(ONE("W", "1")));
    CHECK(client_hear(&ward, 1), "the longest silence of all");
    client_open(&w, &first, "lab");
    CHECK(client_shake(&first), "first");
    client_say(&first, STR(ONE("A", "1") SB "MSH"));
    CHECK(client_hear(&first, 1), "busy");
    client_open(&w, &second, "lab");
    CHECK(client_shake(&second), "second");
    client_say(&second, STR(ONE("A", "2")));
    CHECK(client_hear(&second, 1), "silent");
    client_open(&w, &again, "lab");
    CHECK(client_shake(&again), "again");
    client_say(&again, STR(ONE("A", "3")));
    CHECK(client_hear(&again, 1), "is served");
    CHECK(client_hear_end(&second) && !first.over && !ward.over, "the silent one had to go");
    client_say(&again, STR(SB "MSH"));
    for (int i = 0; i < 100; i++)
        client_turn(&again);
    client_open(&w, &more, "lab");
    (void)client_shake(&more);
    CHECK(client_hear_end(&more) && counts->refused[LISTENER_FULL] == 1, "nobody is silent now");
    CHECK(mllp_receiver_connections(w.house.receiver) == 3, "three");
    client_end(&first);
    client_end(&second);
    client_end(&ward);
    client_end(&again);
    client_end(&more);
    world_close(&w);
}

int main(void)
{
    test_bound();
    test_turned_away();
    test_comes_back();
    return check_end();
}
