/* Certificates of a small world, a TLS listener, and peers that are OpenSSL on plain sockets: what
 * judges our side is not our code. */
#ifndef TLS_HOUSE_H
#define TLS_HOUSE_H

#include "base/buf.h"
#include "certificates.h"
#include "net/stream.h"

/* Files of tls_house.folder: ca and others sign. server, client, old (expired) and later (not valid
 * yet) are signed by ca; stranger by others; elsewhere is a server's with another name. */
struct tls_house {
    struct temp_folder folder;
    uv_loop_t loop;
    struct tls *tls; /* the listener's */
    struct listener *listener;
    int max_handshakes;                        /* of the next listener; 0: the default */
    struct stream *s;                          /* the one that was taken */
    bool inside;                               /* stream_write() */
    bool refuse, pause_in_data, close_in_data; /* what the owner does */
    struct tls_seen {
        struct buf got;
        int n_taken, n_end, n_written, n_failed, n_closed, n_refused;
        int n_alerts; /* fatal ones that the peer heard */
        enum err_kind end_kind;
        char end_text[400];
        enum listener_refusal refusal;
        char why[64];
    } seen;
};

/* The files and the loop; ends the program when it cannot. */
void tls_house_open(struct tls_house *h);
/* A listener: with client certificates, or without (NULL). handshake_ms as in the settings. */
void tls_house_listen(struct tls_house *h, const char *ca, int64_t handshake_ms);
void tls_house_unlisten(struct tls_house *h); /* and forgets what happened */
void tls_house_close(struct tls_house *h);
const char *tls_house_file(const struct tls_house *h, const char *name, char out[512]);
void tls_house_turn(struct tls_house *h);
void tls_house_write(struct tls_house *h, struct str data);

/* As listener_settings.on_refused; ctx is the house. */
void tls_house_refused(void *ctx, enum listener_refusal r, const char *peer, const char *why);

/* A peer with a non-blocking socket. */
struct tls_raw {
    struct tls_house *house;
    int fd;
    SSL_CTX *ctx;
    SSL *ssl;
};

struct tls_raw_settings {
    const char *identity; /* "client": its .pem and .key are shown; NULL: none */
    int version;          /* both lowest and highest; 0: any */
    const char *ciphers;  /* of TLS 1.2 and before; NULL: any */
    bool distrusts;       /* us */
    int port;             /* 0: the house's listener */
};
struct tls_raw tls_raw_dial(struct tls_house *h, const struct tls_raw_settings *set);
/* The server's end of a socket that is connected. */
struct tls_raw tls_raw_serve(struct tls_house *h, int fd, const char *identity);
/* Turns both sides until the peer's handshake is over; true when it came through. */
bool tls_raw_shake(struct tls_raw *r);
/* The same, and until our side has taken the stream or refused it. */
bool tls_raw_join(struct tls_raw *r);
void tls_raw_send(struct tls_raw *r, struct str data); /* all of it, turning the loop */
/* Reads until `n` bytes are there or the connection is over: SSL_ERROR_NONE, _ZERO_RETURN, ... */
int tls_raw_read(struct tls_raw *r, struct buf *to, size_t n);
void tls_raw_close(struct tls_raw *r); /* the socket, without close_notify */
void tls_raw_reset(struct tls_raw *r); /* RST */

#endif
