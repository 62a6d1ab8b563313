/* TLS over another stream, with a stream's own words. */
#ifndef STREAM_TLS_H
#define STREAM_TLS_H

#include "net/stream.h"

struct stream_tls_settings {
    uv_loop_t *loop;
    struct tls *tls;
    struct stream *under; /* connected; taken over, and closed with it */
    const char *host;     /* a client's: whom the certificate must be valid for; copied */
    /* Once, never inside stream_tls_start(). why NULL: the stream is open and waits for its owner.
     * Else why it is not; what is left to do then is stream_close(), best after on_end(), so that the
     * peer has time to read the alert. */
    void (*done)(void *ctx, const char *why);
    void *ctx;
};

/* Shakes hands: as a client or a server, as `tls` was opened. Until done() only stream_close() is
 * allowed. Out of memory ends the process. */
struct stream *stream_tls_start(const struct stream_tls_settings *set);

#endif
