/* Link: the page behind the button, and the hand-off to the patient portal.
 *
 *   GET, HEAD /l/{token}      one constant page whatever the token is; nothing is looked up or changed
 *   /en/l/…, /zh-TW/l/…       the same in that language; ?lang= goes first
 *   POST      /l/{token}      303 to the portal with ?code=… for a live token, once;
 *                             404 for anything else: one page, the portal's own sign-in, or call;
 *                             429 instead, the same page, past the network's misses a minute;
 *                             503, the same page, when the store is busy
 *   POST      /links/redeem   the portal itself: {"code":"…"} with Authorization: Bearer <redeem token>
 *                             200 {"patient":{"key","identifier"},
 *                                  "resource":{"type","key","identifier"}, "purpose"};
 *                                  identifiers may be null
 *                             400 not that JSON    401 not that token    415 not JSON
 *                             404 a code unknown, used or expired; as many as it likes
 *                             429 instead of 401 past the network's misses a minute
 *                             503 the store is busy
 *
 * The token locates, it does not authenticate: the portal still signs the patient in. A live token
 * and the right bearer always pass, whoever guessed before: the limit changes only how a miss is
 * answered, after the same look-up. A network is an IPv4 /24 or an IPv6 /48 of the peer, or of the
 * last X-Forwarded-For address when the peer is loopback (the proxy that ends TLS). */
#ifndef LINK_LINK_H
#define LINK_LINK_H

#include "base/clock.h"
#include "net/http_server.h"
#include "store/queue.h"

struct link;

enum { LINK_CODE_MOST_MS = 60000 };

struct link_settings {
    struct http_settings http; /* loop, address, limits; routes and dress are filled in here */
    struct store_queue *queue;
    const struct clock *clock;
    const struct random_source *random;
    const char *portal;        /* "https://portal.example.org/open"; http on loopback only */
    const char *language;      /* of /l/{token}: "zh-TW" or "en"; NULL: "zh-TW" */
    struct str redeem_token;   /* secret; at least 16 characters */
    int64_t code_ttl_ms;       /* 1 to LINK_CODE_MOST_MS */
    int64_t misses_per_minute; /* wrong tokens and bearers a network until the next get 429 */
};

/* For metrics. Counts since open. */
struct link_counts {
    uint64_t fetched;   /* pages shown for GET and HEAD: people, previews, scanners */
    uint64_t opened;    /* live tokens handed to the portal */
    uint64_t redeemed;  /* codes exchanged by the portal */
    uint64_t refused;   /* dead tokens, dead codes, wrong bearers: 404, 401 */
    uint64_t throttled; /* dead tokens, wrong bearers: 429 */
    uint64_t busy;      /* answered 503 */
};

/* Copies portal and redeem token. ERR_CONFIG names the setting that is wrong, or the address. */
bool link_open(const struct link_settings *set, struct link **out, struct err *e) MUST_USE;
int link_port(const struct link *l);
struct link_counts link_counts(const struct link *l);
/* Requests in flight are finished within grace_ms; on_closed(ctx) once nothing is left. The store
 * queue and the clock must live until then. */
void link_close(struct link *l, int64_t grace_ms, void (*on_closed)(void *ctx), void *ctx);

#endif
