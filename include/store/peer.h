/* What is kept about senders: their deviations, and the last bytes of connections where something was wrong. */
#ifndef STORE_PEER_H
#define STORE_PEER_H

#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

/* What a sender was seen to do: a tolerated or refused deviation, or a refusal at the door. Never holds
 * content. listener and address say where; application and facility are those of a listed sender, as the
 * settings write them, or empty; code is a public name ("MLLP_LF_AFTER_FS"). */
struct peer_note {
    struct str listener, address, application, facility, code;
    uint64_t n;      /* add_peer_notes: how many more; list_peers: all */
    uint64_t offset; /* of the latest, in its connection's stream */
    int64_t first_ms, last_ms;
};
struct peer_list {
    struct peer_note *items;
    size_t n;
};

/* The last raw bytes of one connection, kept because something was wrong. */
struct recording {
    int64_t id; /* set by the store */
    struct str listener, address, code;
    int64_t opened_ms, saved_ms;
    uint64_t offset;  /* of bytes.p[0] in the connection's stream */
    struct str bytes; /* Sealed at rest; absent in list_recordings() */
};
struct recording_list {
    struct recording *items;
    size_t n;
};

/* A feed that sends nothing until a person acts, and why: our own words. */
struct pause {
    struct str feed, reason;
};
struct pause_list {
    struct pause *items;
    size_t n;
};

#endif
