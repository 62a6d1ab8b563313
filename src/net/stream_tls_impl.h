/* A TLS stream, shared by its two halves: stream_tls.c takes in, stream_tls_out.c gives out. */
#ifndef STREAM_TLS_IMPL_H
#define STREAM_TLS_IMPL_H

#include "base/container_of.h"
#include "stream_tls.h"
#include "tls_context.h"
#include "turn.h"

enum tls_state { SHAKING, OPEN, FAILED };

struct stream_tls {
    struct stream stream;
    struct stream_tls_settings set;
    SSL *ssl;
    struct tls_pipe pipe;
    struct buf flying;  /* encrypted, with the stream below; pipe.out comes after it */
    struct buf kept;    /* encrypted, not read by the owner yet */
    struct str writing; /* the owner's bytes that are not encrypted yet */
    struct tls_peer *peer;
    struct turn *resume; /* takes `kept` in */
    struct turn *told;   /* on_written() */
    enum tls_state state;
    bool seen;          /* the first byte */
    bool reading;       /* the owner wants bytes */
    bool under_reading; /* the stream below was told to read */
    bool working;       /* inside work() */
    bool ended;         /* on_end() was called */
    bool pending;       /* the owner waits for on_written() */
    bool broken;        /* nothing can be written any more */
    bool last;          /* the owner wants to write no more */
    bool notified;      /* close_notify or an alert is the last of pipe.out */
    bool fin;           /* FIN was asked for */
    bool closing;
};

static inline struct stream_tls *of(struct stream *s)
{
    return container_of(s, struct stream_tls, stream);
}

/* stream_tls_out.c. Gives OpenSSL's bytes to the stream below, which takes one write at a time. */
void stream_tls_flush(struct stream_tls *t);
/* close_notify is the last that is written. Flush then. */
void stream_tls_say_goodbye(struct stream_tls *t);
/* A write of the stream below has ended. */
void stream_tls_on_under_written(void *ctx, bool ok);
/* The write that the owner waits for will never be: it is told. */
void stream_tls_abandon(struct stream_tls *t);
void stream_tls_write(struct stream *s, struct str data);
void stream_tls_shutdown(struct stream *s);

#endif
