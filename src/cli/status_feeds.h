/* The feeds in service, as the running daemon says: for `status`. */
#ifndef CLI_STATUS_FEEDS_H
#define CLI_STATUS_FEEDS_H

#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"

struct status_feeds {
    struct str hash; /* of the configuration; absent: the daemon did not say */
    int64_t policy_expired;
    struct status_feed {
        struct str name, version;
        int64_t since_ms;
        int64_t tests; /* passed; -1: not run */
    } * items;
    size_t n;
    int64_t reload_ms; /* of the last one; 0: none since it started */
    bool refused;
    struct str said;   /* of it */
    struct str silent; /* why the daemon did not say; absent: it did */
};

/* Asks the daemon of that state folder. */
void status_feeds_ask(const char *state, struct arena *a, struct status_feeds *out);
void status_feeds_text(const struct status_feeds *f, struct buf *out);
/* Members of an object, each with a comma before it. */
void status_feeds_json(const struct status_feeds *f, struct buf *out);

#endif
