/* What the files of this module share. */
#ifndef HOUSE_H
#define HOUSE_H

#include "link/link.h"
#include "misses.h"
#include "pages.h"

enum { LINK_ROUTES = 7 };

/* One way in: /l/, /zh-TW/l/, /en/l/. */
struct door {
    struct link *link;
    enum language language;
};

struct link {
    struct http_server *server;
    struct store_queue *queue;
    const struct clock *clock;
    const struct random_source *random;
    int64_t code_ttl_ms;
    uint8_t redeem_hash[SEAL_HASH_BYTES]; /* of the portal's secret */
    struct pages pages;
    struct misses misses;
    struct link_counts counts;
    struct door doors[LANGUAGES + 1]; /* the last one: without a language */
    struct http_route routes[LINK_ROUTES];
    struct arena arena;
    void (*on_closed)(void *ctx);
    void *ctx;
};

struct network link_network(const struct http_exchange *x);
/* Counts a miss and logs it as `what`; once misses are many, one line says so and the rest of the
 * minute is silent. The status to answer: usual, or 429 past the network's limit. */
int link_missed(struct link *l, struct network from, const char *what, int usual);
/* The portal's side: POST /links/redeem. */
void link_on_redeem(struct http_exchange *x);

#endif
