/* What the files of the memory store share.
 *
 * Rows live in an arena until close and never move; a table is an array of their addresses. A
 * transaction keeps the tables as they were (rows are only ever added at the end) and the old bytes
 * of each row it changes, so that rollback puts everything back. */
#ifndef STORE_MEMORY_STORE_H
#define STORE_MEMORY_STORE_H

#include "store/store.h"

struct m_message {
    struct message m;
    bool mapped;
    bool waiting; /* a part whose chain is open: not to be mapped */
    int64_t duplicates;
};

struct m_chain {
    int64_t first, began_ms;
    uint8_t next_part[INDEX_BYTES];
    size_t n, bytes;
    bool open;
};

struct m_sequence {
    uint8_t key[INDEX_BYTES];
    struct sequence s;
};

/* Rows stay where they are, so what made room is marked. */
struct m_peer {
    struct peer_note note;
    bool gone;
};
struct m_recording {
    struct recording r;
    bool gone;
};

struct m_pause {
    struct pause p;
    bool on;
};

struct m_instance {
    struct instance in;
    bool planned;
};

struct m_link {
    struct link_new l;
    bool revoked;
    int64_t redeemed_ms, used_ms; /* 0: not yet */
    uint8_t code_hash[SEAL_HASH_BYTES];
    int64_t code_expires_ms;
};

struct m_merge {
    struct str previous, key;
    int64_t at_ms;
    bool lifted; /* the patients were merged the other way round since */
};

#define TABLE_OF(type)                                                                             \
    struct {                                                                                       \
        type **items;                                                                              \
        size_t n;                                                                                  \
    }

struct tables {
    TABLE_OF(struct m_message) messages; /* row i has id i + 1, here and below */
    TABLE_OF(struct m_instance) instances;
    TABLE_OF(struct unit) units;
    TABLE_OF(struct notice) notices;
    TABLE_OF(struct attempt) attempts;
    TABLE_OF(struct status) statuses;
    TABLE_OF(struct m_link) links;
    TABLE_OF(struct m_chain) chains;
    TABLE_OF(struct m_sequence) sequences;
    TABLE_OF(struct outgoing) outgoing;
    TABLE_OF(struct m_peer) peers;
    TABLE_OF(struct m_recording) recordings;
    TABLE_OF(struct m_pause) pauses;
    TABLE_OF(struct m_merge) merges;
};

struct undo {
    struct undo *next; /* the change before this one */
    void *row;
    size_t size;
    void *was;
};

struct memory {
    struct store store;
    struct arena arena; /* rows and what they point to */
    int64_t duplicate_ms;
    struct tables t, before;
    struct undo *undo; /* newest first */
    struct arena undo_arena;
};

/* A new zeroed row at the end of a table. */
#define ADD(m, table)                                                                              \
    ((table)->items = growing_room(&(m)->arena, (table)->items, (table)->n, sizeof(void *)),       \
     (table)->items[(table)->n++] = arena_get(&(m)->arena, 1, sizeof **(table)->items))

/* The row of that id, or NULL. */
#define ROW(table, id)                                                                             \
    ((id) > 0 && (size_t)(id) <= (table)->n ? (table)->items[(size_t)(id)-1] : NULL)

/* Call before each change of a row that may be older than the transaction. */
void memory_touch(struct memory *m, void *row, size_t size);

/* Deep copies. */
struct str copy_text(struct arena *a, struct str s); /* absent stays absent */
struct message copy_message(struct arena *a, const struct message *m);
struct event copy_event(struct arena *a, const struct event *ev);
struct instance copy_instance(struct arena *a, const struct instance *in);
struct notice copy_notice(struct arena *a, const struct notice *n);

/* Message `id` is a part: it opens a chain, or is the next of one. */
bool memory_part_put(struct memory *m, const struct message *msg, int64_t id,
                     struct err *e) MUST_USE;
/* The reply to a mapped message, WAITING. */
void memory_outgoing_put(struct memory *m, const struct message *msg, struct str code);

/* The unit of that key, or NULL. */
struct unit *memory_unit(struct memory *m, struct str event_type, struct str unit_key);

/* The number that stands for `key` now. */
struct str memory_survivor(struct memory *m, struct str key);
/* The event names the patient as of now. */
void memory_present(struct memory *m, struct event *ev);

bool memory_put_message(struct store *s, const struct message *msg, struct arena *a,
                        struct intake *out, struct err *e);
bool memory_take_stored(struct store *s, size_t most, const uint64_t *stuck, size_t n_stuck,
                        struct arena *a, struct message_list *out, struct err *e);
bool memory_find_parts(struct store *s, const uint8_t pointer[INDEX_BYTES], int64_t since_ms,
                       struct part_chain *out, bool *found, struct err *e);
bool memory_read_parts(struct store *s, int64_t first, struct arena *a, struct message_list *out,
                       struct err *e);
bool memory_end_parts(struct store *s, int64_t first, enum standing standing, struct str reason,
                      struct err *e);
bool memory_expire_parts(struct store *s, int64_t before_ms, size_t *n, int64_t *next_ms,
                         struct err *e);
bool memory_get_sequence(struct store *s, const uint8_t key[INDEX_BYTES], struct sequence *out,
                         struct err *e);
bool memory_put_sequence(struct store *s, const uint8_t key[INDEX_BYTES], const struct sequence *in,
                         struct err *e);
bool memory_add_peer_notes(struct store *s, const struct peer_note *all, size_t n, size_t most,
                           struct err *e);
bool memory_put_recording(struct store *s, struct recording *r, size_t most, struct err *e);
bool memory_find_outgoing(struct store *s, struct str channel, int64_t now_ms, size_t most,
                          struct arena *a, struct outgoing_list *out, struct err *e);
bool memory_find_replies(struct store *s, const int64_t *message_ids, size_t n, struct arena *a,
                         struct outgoing_list *out, struct err *e);
bool memory_save_outgoing(struct store *s, const struct outgoing *o, struct err *e);
bool memory_recover_outgoing(struct store *s, int64_t now_ms, struct err *e);
bool memory_keep_channels(struct store *s, const struct str *channels, size_t n, struct err *e);
bool memory_is_paused(const struct memory *m, struct str feed);
bool memory_pause_feed(struct store *s, struct str feed, struct str reason, struct err *e);
bool memory_resume_feed(struct store *s, struct str feed, bool *was, struct err *e);
bool memory_list_paused(struct store *s, struct arena *a, struct pause_list *out, struct err *e);
bool memory_list_peers(struct store *s, struct arena *a, struct peer_list *out, struct err *e);
bool memory_list_recordings(struct store *s, size_t most, struct arena *a,
                            struct recording_list *out, struct err *e);
bool memory_read_recording(struct store *s, int64_t id, struct arena *a, struct recording *out,
                           struct err *e);
bool memory_read_message(struct store *s, int64_t id, struct arena *a, struct message *out,
                         struct err *e);
bool memory_find_unit(struct store *s, struct str event_type, struct str unit_key, struct arena *a,
                      struct unit *out, bool *found, struct err *e);
bool memory_put_mapped(struct store *s, int64_t message_id, struct str feed_version,
                       struct instance *all, size_t n, struct err *e);
bool memory_take_mapped(struct store *s, size_t most, struct arena *a, struct instance_list *out,
                        struct err *e);
bool memory_settle(struct store *s, int64_t instance_id, enum standing standing, struct str reason,
                   struct err *e);
bool memory_save_event(struct store *s, const struct event *ev, struct err *e);
bool memory_save_news(struct store *s, struct str event_type, struct str unit_key,
                      const uint8_t news[INDEX_BYTES], struct err *e);
bool memory_ledger(struct store *s, struct ledger *out, struct err *e);
bool memory_list_recent(struct store *s, size_t most, struct arena *a, struct trace_list *out,
                        struct err *e);
bool memory_put_notice(struct store *s, struct notice *n, struct link_new *link, struct err *e);
bool memory_find_open(struct store *s, struct str event_type, struct str unit_key, struct arena *a,
                      struct notice_list *out, struct err *e);
bool memory_find_patient(struct store *s, struct str patient_key, struct arena *a,
                         struct notice_list *out, struct err *e);
bool memory_find_window(struct store *s, struct str coalesce, struct arena *a,
                        struct notice_list *out, struct err *e);
bool memory_find_due(struct store *s, int64_t now_ms, size_t most, struct arena *a,
                     struct notice_list *out, struct err *e);
bool memory_save_recipient(struct store *s, const struct notice *n, struct err *e);
bool memory_merge_patients(struct store *s, struct str previous, struct str key, struct str raw,
                           int64_t at_ms, bool *merged, struct err *e);
bool memory_last_status(struct store *s, int64_t *received_ms, struct err *e);
bool memory_count_replies(struct store *s, int64_t out[QUICK_REPLIES], struct err *e);
bool memory_save_notice(struct store *s, const struct notice *n, struct err *e);
bool memory_release_due(struct store *s, int64_t now_ms, size_t *n, int64_t *next_ms,
                        struct err *e);
bool memory_revoke_links(struct store *s, struct str event_type, struct str unit_key,
                         int64_t now_ms, struct err *e);
bool memory_find_later(struct store *s, const struct notice *n, bool *later, struct err *e);
bool memory_open_link(struct store *s, const uint8_t token_hash[SEAL_HASH_BYTES], int64_t now_ms,
                      const uint8_t code_hash[SEAL_HASH_BYTES], int64_t code_expires_ms, bool *ok,
                      struct err *e);
bool memory_use_code(struct store *s, const uint8_t code_hash[SEAL_HASH_BYTES], int64_t now_ms,
                     struct arena *a, struct link_target *out, bool *ok, struct err *e);
bool memory_find_checking(struct store *s, size_t most, struct arena *a, struct flight_list *out,
                          struct err *e);
bool memory_begin_attempts(struct store *s, size_t most, const char (*echoes)[ECHO_BYTES + 1],
                           int64_t now_ms, struct arena *a, struct flight_list *out, struct err *e);
bool memory_save_attempt(struct store *s, const struct attempt *at, struct err *e);
bool memory_recover(struct store *s, int64_t now_ms, size_t *n, struct err *e);
bool memory_put_status(struct store *s, const struct status *st, bool *fresh, struct err *e);
bool memory_find_attempt(struct store *s, struct str echo, const uint8_t wamid[INDEX_BYTES],
                         struct arena *a, struct flight *out, bool *found, struct err *e);
bool memory_find_statuses(struct store *s, const uint8_t wamid[INDEX_BYTES], struct str echo,
                          struct arena *a, struct status_list *out, struct err *e);

#endif
