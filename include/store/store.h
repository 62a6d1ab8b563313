/* The durable store, in the words of our own job; SQL stays behind it.
 *
 * A backend is plain blocking code used by one thread (queue.h owns that thread), so it needs no
 * callbacks, no locks and no event loop. It seals what model/ marks as sealed. Everything it hands
 * out lives in the arena it was given. Every operation works inside begin … commit. */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "base/arena.h"
#include "base/err.h"
#include "model/event.h"
#include "model/ledger.h"
#include "model/message.h"
#include "model/notice.h"
#include "seal/seal.h"

struct store;

struct store_settings {
    const char *where;       /* the folder for the database; ignored by the memory store */
    const struct seal *seal; /* borrowed until close */
    bool read_only;          /* `tidings ledger` beside a running daemon: no migration, no write */
    int64_t duplicate_ms;    /* how long a resend is recognised; default 14 days */
};

/* What put_message() found. */
struct intake {
    int64_t id;
    bool seen;      /* same key, same digest: no new unit; ack holds the first answer */
    bool id_reused; /* same key, other digest: a new unit, to be flagged (HL7_ID_REUSED) */
    struct str ack; /* seen: the stored bytes, absent when they no longer open; else absent */
};

/* A list of messages ends after so many bytes of bodies, and says that there is more. */
enum { STORE_LIST_BYTES = 16 << 20 };

struct message_list {
    struct message *items;
    size_t n;
    bool more; /* the limit was reached: ask again */
};

/* One instance of a mapped message, as the feed decided it. */
struct instance {
    int64_t id; /* set by the store */
    int64_t message_id;
    int64_t received_ms; /* of its message (take_mapped sets it) */
    int64_t message_ms;  /* MSH-7 or meta.lastUpdated; received_ms when there is none */
    bool test;           /* MSH-11.1 T or D */
    struct str feed;
    struct str rule; /* label of the rule; absent when no rule reads the message */
    enum standing standing;
    struct str reason;   /* absent when none */
    struct str warnings; /* our own words, "; " between them; absent when none */
    bool emits;          /* event is set */
    struct event event;  /* slots sealed at rest */
    bool notifies;       /* the fields below are set */
    struct str template; /* as registered at Meta */
    struct str language; /* WhatsApp code */
    bool named, button;
    struct param *params; /* sealed at rest */
    size_t n_params;
    int64_t coalesce_ms; /* 0: none */
    struct str coalesce; /* rule and key value */
    int64_t stale_ms;    /* the event is stale at this time; 0: never */
};

struct instance_list {
    struct instance *items;
    size_t n;
    bool more;
};

/* What is known of one unit (an appointment, a result …). */
struct unit {
    struct event event;        /* latest event, carried slots filled in */
    uint8_t news[INDEX_BYTES]; /* what a patient last heard, or would have; all zero: nothing yet */
    bool told;                 /* a notice about it was on the wire (begin_attempts) */
};

struct notice_list {
    struct notice *items;
    size_t n;
};

/* One notice with the attempt that begin_attempts() opened for it. */
struct flight {
    struct notice notice;
    struct attempt attempt;
};
struct flight_list {
    struct flight *items;
    size_t n;
    bool more;
};

struct status_list {
    struct status *items;
    size_t n;
};

/* A link to be stored with its notice. */
struct link_new {
    uint8_t token_hash[SEAL_HASH_BYTES];
    int64_t notice_id;
    struct str event_type, unit_key, patient_key;
    struct str patient;  /* the record number the portal knows. Sealed at rest; may be absent */
    struct str resource; /* the appointment or order number. Sealed at rest; may be absent   */
    int64_t expires_ms;
};

/* What the portal gets for a one-time code. */
struct link_target {
    struct str event_type, unit_key, patient_key, patient, resource;
};

/* A row for `status` and the list pages: no patient data. */
struct trace {
    int64_t message_id, received_ms;
    struct str feed, type, rule, reason, template, language;
    enum standing standing;
};
struct trace_list {
    struct trace *items;
    size_t n;
};

struct store_ops {
    const char *name; /* as written in `store:`: "sqlite" */

    /* ERR_CONFIG: not writable, newer schema, synchronous is not FULL, another daemon has it (its
     * pid is in the text), begun under another key file. Makes the folder, not those above it. */
    bool (*open)(const struct store_settings *set, struct store **out, struct err *e);
    void (*close)(struct store *s);

    bool (*begin)(struct store *s, struct err *e);
    bool (*commit)(struct store *s, struct err *e); /* ERR_UNCERTAIN: it may be on disk */
    void (*rollback)(struct store *s);

    /* receive. A resend inside the window adds one to the duplicates. ERR_BUSY: disk full. */
    bool (*put_message)(struct store *s, const struct message *m, struct arena *a,
                        struct intake *out, struct err *e);

    /* map. Oldest first, state stored, at most `most`, without their ACKs. Here and in the other
     * lists a row whose sealed bytes no longer open is left out and held, "damaged on disk". */
    bool (*take_stored)(struct store *s, size_t most, struct arena *a, struct message_list *out,
                        struct err *e);
    /* ERR_INPUT: the unit's sealed bytes no longer open. */
    bool (*find_unit)(struct store *s, struct str event_type, struct str unit_key, struct arena *a,
                      struct unit *out, bool *found, struct err *e);
    /* Marks the message mapped, writes its instances (n may be 0: dropped, "no rule") and, for those
     * that emit and are no test, the unit's latest event. feed_version: hex digest of the feed. */
    bool (*put_mapped)(struct store *s, int64_t message_id, struct str feed_version,
                       struct instance *all, size_t n, struct err *e);

    /* plan. Instances that are pending and have no notice yet, oldest first. */
    bool (*take_mapped)(struct store *s, size_t most, struct arena *a, struct instance_list *out,
                        struct err *e);
    /* Ends an instance without a notice, or after one was withdrawn. */
    bool (*settle)(struct store *s, int64_t instance_id, enum standing standing, struct str reason,
                   struct err *e);
    bool (*save_news)(struct store *s, struct str event_type, struct str unit_key,
                      const uint8_t news[INDEX_BYTES], struct err *e);
    /* Sets n->id; with a link when `link` is not NULL (link->notice_id is filled in). */
    bool (*put_notice)(struct store *s, struct notice *n, struct link_new *link, struct err *e);
    /* Notices not yet flying of one unit (waiting, ready, merged); or the waiting ones of one open
     * coalescing window (merged ones follow their carrier). */
    bool (*find_open)(struct store *s, struct str event_type, struct str unit_key, struct arena *a,
                      struct notice_list *out, struct err *e);
    bool (*find_window)(struct store *s, struct str coalesce, struct arena *a,
                        struct notice_list *out, struct err *e);
    /* Writes state, reason, due_ms, tries, coalesce, carrier, and the instance's standing
     * (notice_standing()) and reason. In the same breath:
     *   merged    what was merged into it follows it to its carrier
     *   accepted  what was merged into it is withdrawn, "merged into a later notice"; links of older
     *             notices of its unit are revoked: the patient holds the newer one
     *   held      what was merged into it is held, too, for the same reason
     *   withdrawn of what was merged into it the newest waits again, with its due_ms, and carries the rest
     *   notice_forgets()  the unit's news is forgotten, unless a later notice has told other news
     * The token is forgotten once the state is final: accepted, held, withdrawn. */
    bool (*save_notice)(struct store *s, const struct notice *n, struct err *e);
    /* Waiting and due become ready; *next_ms is the next due time of the others, 0: none. */
    bool (*release_due)(struct store *s, int64_t now_ms, size_t *n, int64_t *next_ms,
                        struct err *e);
    /* Notices in CHECKING, oldest first, each with its last attempt. */
    bool (*find_checking)(struct store *s, size_t most, struct arena *a, struct flight_list *out,
                          struct err *e);
    /* Every link of the unit that is out already. */
    bool (*revoke_links)(struct store *s, struct str event_type, struct str unit_key,
                         int64_t now_ms, struct err *e);
    /* *later: a notice of the same unit was planned after `n`, whatever became of it. */
    bool (*find_later)(struct store *s, const struct notice *n, bool *later, struct err *e);

    /* send. Ready becomes flying, one attempt row each (echoes[i]: "a1:<ULID>", `most` of them); its
     * unit is told, and those of what was merged into it. Oldest first, one a recipient: none while
     * an earlier notice to the same number is flying, or waits to be tried again. A ready notice
     * with expires_ms < now_ms is withdrawn instead, reason "stale". */
    bool (*begin_attempts)(struct store *s, size_t most, const char (*echoes)[ECHO_BYTES + 1],
                           int64_t now_ms, struct arena *a, struct flight_list *out, struct err *e);
    bool (*save_attempt)(struct store *s, const struct attempt *at, struct err *e);
    /* On start, before anything is sent: every flying attempt becomes unknown, its notice checking. */
    bool (*recover)(struct store *s, int64_t now_ms, size_t *n, struct err *e);

    /* track. *fresh is false when that status is already there. */
    bool (*put_status)(struct store *s, const struct status *st, bool *fresh, struct err *e);
    /* By echo when it is set, else by wamid. A notice whose sealed bytes no longer open is held,
     * reason "damaged on disk", its attempt unknown, and not found; one that was final comes without
     * those bytes. */
    bool (*find_attempt)(struct store *s, struct str echo, const uint8_t wamid[INDEX_BYTES],
                         struct arena *a, struct flight *out, bool *found, struct err *e);
    bool (*find_statuses)(struct store *s, const uint8_t wamid[INDEX_BYTES], struct str echo,
                          struct arena *a, struct status_list *out, struct err *e);

    /* link. A live token becomes redeemed and gets a one-time code; *ok false for every other. */
    bool (*open_link)(struct store *s, const uint8_t token_hash[SEAL_HASH_BYTES], int64_t now_ms,
                      const uint8_t code_hash[SEAL_HASH_BYTES], int64_t code_expires_ms, bool *ok,
                      struct err *e);
    /* A live code is used up; *ok false for an unknown, used or expired one. */
    bool (*use_code)(struct store *s, const uint8_t code_hash[SEAL_HASH_BYTES], int64_t now_ms,
                     struct arena *a, struct link_target *out, bool *ok, struct err *e);

    /* people. Works on a read-only store too. */
    bool (*ledger)(struct store *s, struct ledger *out, struct err *e);
    bool (*list_recent)(struct store *s, size_t most, struct arena *a, struct trace_list *out,
                        struct err *e);
    /* ERR_INPUT when there is no such message. */
    bool (*read_message)(struct store *s, int64_t id, struct arena *a, struct message *out,
                         struct err *e);
};

struct store {
    const struct store_ops *ops;
}; /* first member of every backend's own struct */

extern const struct store_ops store_sqlite, store_memory;

#endif
