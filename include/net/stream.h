/* A connected byte stream on the loop: TCP, or TLS over it with the same words.
 *
 * The owner embeds nothing: a stream is opened by a listener (or stream_connect) and freed in its
 * close callback. One read callback, one write at a time. */
#ifndef NET_STREAM_H
#define NET_STREAM_H

#include <uv.h>

#include "base/err.h"
#include "base/str.h"
#include "net/range.h"
#include "net/tls.h"

struct stream;

struct stream_events {
    /* Bytes from the peer; they live until the callback returns. */
    void (*on_data)(void *ctx, struct str data);
    /* The peer sent FIN, or TLS's close_notify (why->kind is NONE), or the connection broke. At most
     * once; reading has ended. Writing may go on after a FIN. why->text is empty unless TLS ended
     * without close_notify: what came last may have been cut off on the way. */
    void (*on_end)(void *ctx, const struct err *why);
    /* The bytes of stream_write() are with the kernel (ok) or never will be. Exactly once a write. */
    void (*on_written)(void *ctx, bool ok);
    /* After stream_close(): nothing more will be called; free the owner here. Exactly once. */
    void (*on_closed)(void *ctx);
};

struct stream_ops {
    void (*read)(struct stream *s, bool on); /* start or stop taking bytes: back-pressure */
    void (*write)(struct stream *s, struct str data);
    void (*shutdown)(struct stream *s); /* FIN after what is being written */
    void (*close)(struct stream *s);
    size_t (*write_now)(struct stream *s, struct str data); /* NULL: cannot */
};

struct stream {
    const struct stream_ops *ops;
    struct stream_events on;
    void *ctx;                          /* the owner's, for every callback */
    char peer[64];                      /* "127.0.0.1", for limits and logs */
    const struct tls_peer *certificate; /* of the peer, verified; NULL: plain, or it showed none */
};

/* Owner's side. A new stream does not read until told to. */
static inline void stream_read(struct stream *s, bool on)
{
    s->ops->read(s, on);
}
/* `data` is borrowed until on_written(); one write at a time. */
static inline void stream_write(struct stream *s, struct str data)
{
    s->ops->write(s, data);
}
/* How much of `data` the kernel took at once; there is no on_written() for it, and the rest is for
 * stream_write(). Saves a turn of the loop. Not while a write is under way. */
static inline size_t stream_write_now(struct stream *s, struct str data)
{
    return s->ops->write_now ? s->ops->write_now(s, data) : 0;
}
static inline void stream_shutdown(struct stream *s)
{
    s->ops->shutdown(s);
}
/* Abandons a write in flight (its on_written(false) comes first). Call once. */
static inline void stream_close(struct stream *s)
{
    s->ops->close(s);
}

struct listener;

/* Why a newcomer was turned away. */
enum listener_refusal {
    LISTENER_FULL,
    LISTENER_ADDRESS,
    LISTENER_HANDSHAKE,
    LISTENER_REFUSALS /* how many */
};
const char *listener_refusal_name(enum listener_refusal r); /* "too many connections" ... */

enum { LISTENER_HANDSHAKES_MOST = 256 };

struct listener_settings {
    uv_loop_t *loop;
    const char *host; /* numeric address */
    int port;         /* 0: the system picks one; see listener_port() */
    int fd;           /* a socket that listens already (socket activation), taken over; 0: none */
    int backlog;
    int max_connections; /* handshakes not counted; past it a newcomer is closed at once */
    /* TLS handshakes at one time; past it, or past a quarter of it for one address, the oldest one is
     * dropped (LISTENER_HANDSHAKE). 0: LISTENER_HANDSHAKES_MOST. */
    int max_handshakes;
    const struct net_range *allow; /* who may connect, asked before TLS; empty: everybody */
    size_t n_allow;
    struct tls *tls;      /* NULL: plain. Borrowed until closed */
    int64_t handshake_ms; /* for all of the TLS handshake */
    int keepalive_s;      /* TCP keep-alive after so much silence, 3 probes; 0: off */
    /* Take it: set on and ctx, then read. Returning false closes it. With TLS it is called once the
     * handshake is done. */
    bool (*on_stream)(void *ctx, struct stream *s);
    /* May be NULL. peer: the numeric address; why: our words for a failed handshake, else "". */
    void (*on_refused)(void *ctx, enum listener_refusal r, const char *peer, const char *why);
    void *ctx;
};

/* ERR_CONFIG when the address cannot be listened on (occupied, not ours, not numeric). */
bool listener_open(const struct listener_settings *set, struct listener **out,
                   struct err *e) MUST_USE;
int listener_port(const struct listener *l);
int listener_connections(const struct listener *l); /* open now, those that shake hands too */
/* No new connections; streams already open stay their owners'. Freed once the last is closed. */
void listener_close(struct listener *l);

/* Opens a connection. `done` exactly once, never inside the call: `s` is NULL and err says why, or the
 * stream is the caller's. */
struct stream_connect {
    const char *host; /* numeric, or a name to be looked up */
    int port;
    int64_t timeout_ms; /* for lookup, connection and handshake together */
    struct tls *tls;    /* NULL: plain. The peer's certificate must be valid for `host` */
    int keepalive_s;    /* as in listener_settings */
    void (*done)(struct stream_connect *c, struct stream *s, const struct err *e);
};
bool stream_connect_start(uv_loop_t *loop, struct stream_connect *c, struct err *e) MUST_USE;

#endif
