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
#include "store/peer.h"

struct store;

struct store_settings {
    const char *where;       /* the folder for the database; ignored by the memory store */
    const struct seal *seal; /* borrowed until close */
    bool read_only;          /* `tidings ledger` beside a running daemon: no migration, no write */
    int64_t duplicate_ms;    /* how long a resend is recognised; default 14 days */
    size_t key_segment; /* ids in one segment of the key index, a power of two; 0: the usual one */
    int wal_pages; /* the log's limit, above which commits wait for a checkpoint; 0: the usual one */
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
/* So many chains end in one call of expire_parts() at most. */
enum { EXPIRE_MOST = 256 };

struct message_list {
    struct message *items;
    size_t n;
    bool more; /* the limit was reached: ask again */
};

/* A message that is to go out some time before what the event is about. */
struct reminder {
    struct str template, language; /* as in struct instance */
    bool named, button;
    uint8_t replies;
    struct param *params; /* sealed at rest */
    size_t n_params;
    int64_t before_ms, due_ms, expires_ms, ttl_ms;
    uint8_t approval[INDEX_BYTES]; /* store/approval.h: to the number that the event names */
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
    uint8_t replies;     /* enum quick_reply */
    int64_t ttl_ms;      /* the notice is of no use so long after it was due; 0: as stale_ms says */
    int64_t resend_ms;   /* as in struct notice */
    struct reminder *reminders; /* set whether it notifies or not; in order of due_ms */
    size_t n_reminders;
    struct str log; /* site code, where the policy wants it in the log; else absent */
    uint8_t approval[INDEX_BYTES]; /* store/approval.h: to the number that the event names */
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

/* The sequence number protocol of one sender (MSH-13; HL7 v2.9.1 §2.9.5). */
struct sequence {
    bool known;   /* a number was accepted before */
    int64_t last; /* that number */
    bool frozen;  /* an unexpected number came; only a restart (0, -1) or a person ends this */
};

/* An open chain of parts, as find_parts() met it. */
struct part_chain {
    int64_t first; /* message id of the first part */
    size_t n, bytes;
};

/* An HL7 message that we send: an application acknowledgement now. */
enum outgoing_state {
    OUTGOING_WAITING = 1, /* to be sent at due_ms or later */
    OUTGOING_FLYING,      /* written, not answered */
    OUTGOING_ACCEPTED,    /* AA or CA, or no answer was asked for */
    OUTGOING_REFUSED,     /* AR, CR, or AE and CE too often: final */
    OUTGOING_GONE, /* its channel is no longer configured: final; or its connection is gone, until a
                      copy of the message asks for it */
};
struct outgoing {
    int64_t id, message_id; /* message_id: what it answers */
    struct str channel;     /* absent: the connection the message came on */
    struct str code;        /* MSA-1: "AA", "AE", "AR" */
    struct str reason;      /* why it is where it is, our words; absent: none */
    enum outgoing_state state;
    int64_t due_ms;
    int32_t tries;
    struct str control_id; /* our MSH-10; absent until it is written */
    struct str body; /* absent until it is written; the same bytes at each try. Sealed at rest */
};
struct outgoing_list {
    struct outgoing *items;
    size_t n;
    int64_t next_ms; /* the earliest due time of the waiting ones that are not listed; 0: none */
    int64_t *none;   /* find_replies: messages to which none is there and none will come */
    size_t n_none;
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

    /* receive: continued messages. The open chain whose next part is `pointer` and whose first part
     * came at since_ms or later. */
    bool (*find_parts)(struct store *s, const uint8_t pointer[INDEX_BYTES], int64_t since_ms,
                       struct part_chain *out, bool *found, struct err *e);
    /* Its parts in order of intake, with bodies. None when one no longer opens: the chain is held then,
     * "damaged on disk". */
    bool (*read_parts)(struct store *s, int64_t first, struct arena *a, struct message_list *out,
                       struct err *e);
    /* Ends an open chain: all its parts get that standing and reason, and count as mapped. */
    bool (*end_parts)(struct store *s, int64_t first, enum standing standing, struct str reason,
                      struct err *e);
    /* Holds the chains begun before before_ms, "the rest never came", EXPIRE_MOST of them at most. *n: how
     * many chains; *next_ms: when the oldest of the others began (before before_ms: call again), 0: none.
     * Parts that damage has left without a chain, and a chain without parts, end here, too. */
    bool (*expire_parts)(struct store *s, int64_t before_ms, size_t *n, int64_t *next_ms,
                         struct err *e);
    /* receive: sequence numbers. key: blind index of the sender. */
    bool (*get_sequence)(struct store *s, const uint8_t key[INDEX_BYTES], struct sequence *out,
                         struct err *e);
    bool (*put_sequence)(struct store *s, const uint8_t key[INDEX_BYTES], const struct sequence *in,
                         struct err *e);
    /* receive: what senders do. Adds to what is there; at most `most` rows are kept, the least recent
     * make room. */
    bool (*add_peer_notes)(struct store *s, const struct peer_note *all, size_t n, size_t most,
                           struct err *e);
    /* Keeps `most`: where there are more, first what an address has beyond a quarter of them makes room,
     * then the oldest. */
    bool (*put_recording)(struct store *s, struct recording *r, size_t most, struct err *e);

    /* map. Oldest first, state stored, at most `most`, without their ACKs, without parts, and none of
     * the lanes given (n_stuck of them); a message without a lane is one of its own, called by its
     * id. Here and in the other lists a row whose sealed bytes no longer open is left out and held
     * (what we send: refused), "damaged on disk". */
    bool (*take_stored)(struct store *s, size_t most, const uint64_t *stuck, size_t n_stuck,
                        struct arena *a, struct message_list *out, struct err *e);
    /* Record numbers that were merged away are followed: for patient/1 in unit_key, for others in what the
     * event says. ERR_INPUT: the unit's sealed bytes no longer open. */
    bool (*find_unit)(struct store *s, struct str event_type, struct str unit_key, struct arena *a,
                      struct unit *out, bool *found, struct err *e);
    /* Marks the message mapped, writes its instances (n may be 0: dropped, "no rule") and, for those
     * that emit and are no test, the unit's latest event. feed_version: hex digest of the feed.
     * A reply that the message wants (reply, channel) becomes an outgoing row, WAITING and due at once:
     * AE when an instance is held, else AR when one is rejected, else AA. */
    bool (*put_mapped)(struct store *s, int64_t message_id, struct str feed_version,
                       struct instance *all, size_t n, struct err *e);

    /* plan. Instances that are pending and have no notice yet, oldest first. */
    bool (*take_mapped)(struct store *s, size_t most, struct arena *a, struct instance_list *out,
                        struct err *e);
    /* Ends an instance without a notice, or after one was withdrawn. */
    bool (*settle)(struct store *s, int64_t instance_id, enum standing standing, struct str reason,
                   struct err *e);
    /* Writes the unit's latest event anew. ERR_INPUT: no such unit. */
    bool (*save_event)(struct store *s, const struct event *ev, struct err *e);
    bool (*save_news)(struct store *s, struct str event_type, struct str unit_key,
                      const uint8_t news[INDEX_BYTES], struct err *e);
    /* Sets n->id; with a link when `link` is not NULL (link->notice_id is filled in). */
    bool (*put_notice)(struct store *s, struct notice *n, struct link_new *link, struct err *e);
    /* Notices of one unit that may still leave (waiting, ready, merged, flying, checking); or the waiting
     * ones of one open coalescing window (merged ones follow their carrier). */
    bool (*find_open)(struct store *s, struct str event_type, struct str unit_key, struct arena *a,
                      struct notice_list *out, struct err *e);
    bool (*find_window)(struct store *s, struct str coalesce, struct arena *a,
                        struct notice_list *out, struct err *e);
    /* Those of one patient that may still leave, oldest first: open, flying, checking. */
    bool (*find_patient)(struct store *s, struct str patient_key, struct arena *a,
                         struct notice_list *out, struct err *e);
    /* Writes state, reason, due_ms, expires_ms, tries, coalesce, carrier, resend_ms, and the instance's
     * standing: the first that any of its notices is in (notice_standing()), with that one's reason. In the same breath:
     *   merged    what was merged into it follows it to its carrier
     *   accepted  what was merged into it is withdrawn, "merged into a later notice"; links of older
     *             notices of its unit are revoked: the patient holds the newer one
     *   held      what was merged into it is held, too, for the same reason
     *   withdrawn of what was merged into it the newest waits again, with its due_ms, and carries the rest
     *   notice_forgets()  the unit's news is forgotten, unless a later notice has told other news
     * The token is forgotten once the state is final: accepted, held, withdrawn. */
    bool (*save_notice)(struct store *s, const struct notice *n, struct err *e);
    /* Reminders that wait and are due, in order of their times. */
    bool (*find_due)(struct store *s, int64_t now_ms, size_t most, struct arena *a,
                     struct notice_list *out, struct err *e);
    /* Whom it goes to when it leaves the next time (absent: nobody), with the approval: approval_readdress(). */
    bool (*save_recipient)(struct store *s, const struct notice *n, struct err *e);
    /* `previous` is `key` from now on (patient/1 change merge, written at at_ms): who asks for the record of
     * `previous` gets that of `key`, events name `key`, and so do notices that may still leave and links
     * that may still be used; those get `raw`, too. The other way round, as one that came earlier may have
     * said, ends. *merged false: the same key, or a later merge has said otherwise. */
    bool (*merge_patients)(struct store *s, struct str previous, struct str key, struct str raw,
                           int64_t at_ms, bool *merged, struct err *e);
    /* Waiting and due become ready, but for reminders; *next_ms is the next due time of the others, 0: none. */
    bool (*release_due)(struct store *s, int64_t now_ms, size_t *n, int64_t *next_ms,
                        struct err *e);
    /* Notices in CHECKING, oldest first, each with its last attempt. */
    bool (*find_checking)(struct store *s, size_t most, struct arena *a, struct flight_list *out,
                          struct err *e);
    /* Every link of the unit that is out already. */
    bool (*revoke_links)(struct store *s, struct str event_type, struct str unit_key,
                         int64_t now_ms, struct err *e);
    /* *later: a notice of the same unit was planned after `n` for another instance, whatever became of
     * it. */
    bool (*find_later)(struct store *s, const struct notice *n, bool *later, struct err *e);

    /* send. Ready becomes flying, one attempt row each (echoes[i]: "a1:<ULID>", `most` of them); its
     * unit is told, and those of what was merged into it. Oldest first, one a recipient: none while
     * an earlier notice to the same number is flying, or waits to be tried again. A ready notice
     * with expires_ms < now_ms is withdrawn instead, reason "stale". */
    bool (*begin_attempts)(struct store *s, size_t most, const char (*echoes)[ECHO_BYTES + 1],
                           int64_t now_ms, struct arena *a, struct flight_list *out, struct err *e);
    /* begin_attempts() leaves the feed's ready notices alone, across restarts, until it is resumed. A feed
     * that is paused keeps its first reason. *was: it was paused. */
    bool (*pause_feed)(struct store *s, struct str feed, struct str reason, struct err *e);
    bool (*resume_feed)(struct store *s, struct str feed, bool *was, struct err *e);
    /* Works on a read-only store too. */
    bool (*list_paused)(struct store *s, struct arena *a, struct pause_list *out, struct err *e);
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
    /* When the newest of all statuses was received; 0: there is none. */
    bool (*last_status)(struct store *s, int64_t *received_ms, struct err *e);
    /* people. How many messages were answered by each quick reply. */
    bool (*count_replies)(struct store *s, int64_t out[QUICK_REPLIES], struct err *e);

    /* link. A live token becomes redeemed and gets a one-time code; *ok false for every other. */
    bool (*open_link)(struct store *s, const uint8_t token_hash[SEAL_HASH_BYTES], int64_t now_ms,
                      const uint8_t code_hash[SEAL_HASH_BYTES], int64_t code_expires_ms, bool *ok,
                      struct err *e);
    /* A live code is used up; *ok false for an unknown, used or expired one. */
    bool (*use_code)(struct store *s, const uint8_t code_hash[SEAL_HASH_BYTES], int64_t now_ms,
                     struct arena *a, struct link_target *out, bool *ok, struct err *e);

    /* outbound. WAITING and due ones of that channel, due longest first; out->next_ms as said there. */
    bool (*find_outgoing)(struct store *s, struct str channel, int64_t now_ms, size_t most,
                          struct arena *a, struct outgoing_list *out, struct err *e);
    /* Those that answer these messages on the connection they came on: WAITING, and ACCEPTED or GONE,
     * which a copy of the message may ask for again. Nothing tells of a message that is to be mapped. */
    bool (*find_replies)(struct store *s, const int64_t *message_ids, size_t n, struct arena *a,
                         struct outgoing_list *out, struct err *e);
    /* Writes state, reason, due_ms, tries, control_id, body. */
    bool (*save_outgoing)(struct store *s, const struct outgoing *o, struct err *e);
    /* On start: FLYING is WAITING again (the same bytes under the same MSH-10) at its old place, and
     * what waits for a connection is GONE. */
    bool (*recover_outgoing)(struct store *s, int64_t now_ms, struct err *e);
    /* On start: what waits for a channel that is none of these is GONE. */
    bool (*keep_channels)(struct store *s, const struct str *channels, size_t n, struct err *e);

    /* people. Works on a read-only store too. */
    bool (*list_peers)(struct store *s, struct arena *a, struct peer_list *out, struct err *e);
    bool (*list_recordings)(struct store *s, size_t most, struct arena *a,
                            struct recording_list *out, struct err *e);
    /* ERR_INPUT when there is no such recording, or its bytes no longer open. */
    bool (*read_recording)(struct store *s, int64_t id, struct arena *a, struct recording *out,
                           struct err *e);
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
