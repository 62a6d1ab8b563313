/* What the files of the SQLite backend share. One file a noun:
 *
 *   sqlite.c         open, close, begin, commit, rollback
 *   sqlite_folder.c  the state folder: modes, the lock against a second daemon
 *   sqlite_schema.c  tables and migrations
 *   sqlite_query.c   statements, arguments, rows, errors
 *   sqlite_key.c     looking up keys; sqlite_key_write.c, sqlite_key_open.c: how they get
 *                    to disk; sqlite_key_proof.c: that they are still what they were
 *   sqlite_wal.c     the log and its checkpoints
 *   sqlite_content.c bodies and ACKs
 *   sqlite_intake.c  messages        sqlite_map.c     instances and units
 *   sqlite_part.c    parts           sqlite_sequence.c sequence numbers
 *   sqlite_outgoing.c what we send   sqlite_peer.c    what senders do, recordings
 *   sqlite_notice.c  notices         sqlite_save.c    where a notice moves
 *   sqlite_attempt.c attempts and flights
 *   sqlite_status.c  webhooks        sqlite_link.c    links
 *   sqlite_merge.c   record numbers that became one
 *   sqlite_people.c  ledger and lists */
#ifndef STORE_SQLITE_STORE_H
#define STORE_SQLITE_STORE_H

#include <sqlite3.h>

#include "sqlite_key.h"
#include "sqlite_wal.h"
#include "store/store.h"

/* Tables whose ids we give out ourselves: a row is sealed before it is written, and the seal binds
 * its id. */
enum table {
    T_MESSAGE,
    T_INSTANCE,
    T_UNIT,
    T_NOTICE,
    T_ATTEMPT,
    T_LINK,
    T_OUTGOING,
    T_RECORDING,
    TABLES
};

/* Lines of the tally; 1 … 6 are enum standing. */
enum { LINE_ACKED = 0, LINE_DUPLICATE = 7, LINES = 8 };

enum { QUERIES_MOST = 176 };

struct sqlite {
    struct store store;
    sqlite3 *db;
    const struct seal *seal;
    int64_t duplicate_ms;
    int lock; /* descriptor of tidings.lock; -1: none */
    bool read_only;
    bool failed;     /* a write or a sync went wrong for good: nothing may be committed any more */
    struct wal *wal; /* NULL: only read */
    int64_t last_id[TABLES]; /* 0: ask the table */
    int64_t change[LINES];   /* of the tally, in this transaction; written by its commit */
    struct key_index keys;
    struct arena scratch; /* sealed bytes on their way in; emptied at the end of a transaction */
    struct prepared {
        const struct query *query;
        sqlite3_stmt *st;
    } prepared[QUERIES_MOST];
    size_t n_prepared;
};

/* ---- statements (sqlite_query.c) ---- */

struct query {
    const char *doing; /* for the error: "put message" */
    const char *sql;
};

struct arg {
    enum { ARG_NULL, ARG_INT, ARG_TEXT, ARG_BLOB } kind;
    int64_t i;
    struct str s;
};

#define INT(v)      ((struct arg){ARG_INT, (int64_t)(v), {NULL, 0}})
#define TEXT(v)     text_arg(v)
#define BLOB(v)     blob_arg(v)
#define BYTES(p, n) ((struct arg){ARG_BLOB, 0, {(const char *)(p), (n)}})
#define ARGS(...)                                                                                  \
    (const struct arg[]){__VA_ARGS__},                                                             \
        sizeof((const struct arg[]){__VA_ARGS__}) / sizeof(struct arg)

static inline struct arg text_arg(struct str s) /* absent: NULL */
{
    return (struct arg){s.p ? ARG_TEXT : ARG_NULL, 0, s};
}

static inline struct arg blob_arg(struct str s)
{
    return (struct arg){s.p ? ARG_BLOB : ARG_NULL, 0, s};
}

struct rows {
    struct sqlite *q;
    const struct query *query;
    sqlite3_stmt *st;
};

/* Runs a statement that gives no rows. *changed (NULL: not wanted) is how many it touched. */
bool sql_do(struct sqlite *q, const struct query *query, const struct arg *args, size_t n,
            int64_t *changed, struct err *e) MUST_USE;
/* Rows of a query: open, then next until *more is false, or close before that. */
bool rows_open(struct rows *r, struct sqlite *q, const struct query *query, const struct arg *args,
               size_t n, struct err *e) MUST_USE;
bool rows_next(struct rows *r, bool *more, struct err *e) MUST_USE;
void rows_close(struct rows *r);
/* The first row, left open when there is one. */
bool rows_one(struct rows *r, struct sqlite *q, const struct query *query, const struct arg *args,
              size_t n, bool *found, struct err *e) MUST_USE;

int64_t row_int(const struct rows *r, int column);                        /* NULL: 0 */
struct str row_text(const struct rows *r, int column, struct arena *a);   /* NULL: absent */
void row_bytes(const struct rows *r, int column, uint8_t *out, size_t n); /* NULL: zeros */
/* Opens what was sealed at `at`; NULL: absent. */
bool row_sealed(const struct rows *r, int column, struct seal_place at, struct arena *a,
                struct str *out, struct err *e) MUST_USE;

/* `plain` sealed for that place, as an argument; absent: NULL. */
bool sealed_arg(struct sqlite *q, struct seal_place at, struct str plain, struct arg *out,
                struct err *e) MUST_USE;
/* A full disk is not damage. */
bool sql_is_full(sqlite3 *db, int rc);
/* The connection's last error as ours. Damage and failed writes are ERR_UNCERTAIN and end all work
 * with this store. */
bool sql_fail(struct sqlite *q, const char *doing, struct err *e);
bool next_id(struct sqlite *q, enum table t, int64_t *id, struct err *e) MUST_USE;

/* ---- the folder and the schema ---- */

/* Makes `where` (0700) and the database file (0600) when they are missing; takes the lock unless
 * read_only. ERR_CONFIG with the reason. */
bool folder_open(struct sqlite *q, const char *where, char *path, size_t path_size,
                 struct err *e) MUST_USE;
/* Approves what was planned and mapped before there were approvals (sqlite_approve.c). */
bool approve_older(struct sqlite *q, struct err *e) MUST_USE;
/* Brings the tables up to date; ERR_CONFIG for a newer schema, or for another key. */
bool schema_open(struct sqlite *q, struct err *e) MUST_USE;

/* ---- rows that more than one file handles ---- */

/* Body and ACK of a message: one sealed record. m->ack may be absent. */
bool content_put(struct sqlite *q, const struct message *m, int64_t id, struct err *e) MUST_USE;
/* CONTENT_COLUMNS from column `at` on. body, ack: NULL when not wanted; both are absent when the row is
 * missing. ERR_INPUT: it does not open. */
#define CONTENT_COLUMNS "c.joined, c.body, c.ack"
bool content_row(const struct rows *r, int at, int64_t id, struct arena *a, struct str *body,
                 struct str *ack, struct err *e) MUST_USE;
/* The ACK alone; absent when it is missing. ERR_INPUT: it does not open. */
bool content_ack(struct sqlite *q, int64_t id, struct arena *a, struct str *ack,
                 struct err *e) MUST_USE;

/* Rows whose sealed bytes do not open: storage has altered them. They were acknowledged, so they may
 * not vanish, and they may not stop what is behind them: they are left out of the list that is being
 * read and held for a person (I4, I7), with this reason. */
struct id_list {
    int64_t *items;
    size_t n;
};
#define DAMAGED STR("damaged on disk")

/* Writes the standing and reason of an instance, then its message's, then the tally. */
bool instance_stand(struct sqlite *q, int64_t instance_id, enum standing standing,
                    struct str reason, struct err *e) MUST_USE;

/* message.mapped of a part whose chain is open; else 0 and 1 */
enum { MAPPED_PART = 2 };

/* A row of MESSAGE_COLUMNS, with its ACK or without. ERR_INPUT: its sealed bytes do not open. */
#define MESSAGE_COLUMNS                                                                            \
    "m.id, m.kind, m.feed, m.type, m.key, m.digest, m.received_ms, m.test, m.lane, m.reply,"       \
    " m.channel, m.first_part, m.charset, m.fallback, " CONTENT_COLUMNS
bool message_row(const struct rows *r, bool wants_ack, struct arena *a, struct message *m,
                 struct err *e) MUST_USE;

/* The stored message `id` is a part: it opens a chain, or is the next of one. */
bool part_put(struct sqlite *q, const struct message *m, int64_t id, struct err *e) MUST_USE;

/* The reply to a mapped message, WAITING. channel: as in struct outgoing. */
bool outgoing_put(struct sqlite *q, int64_t message_id, struct str channel, struct str code,
                  int64_t due_ms, struct err *e) MUST_USE;

/* A row of INSTANCE_COLUMNS. ERR_INPUT: its sealed bytes do not open; its id is read. */
#define INSTANCE_COLUMNS                                                                           \
    "id, message_id, received_ms, message_ms, test, feed, rule, standing, reason, warnings,"       \
    " emits, event, notifies, template, language, named, button, params, coalesce_ms,"             \
    " coalesce_key, stale_ms, replies, ttl_ms, resend_ms, reminders, log, approval"
bool instance_row(const struct rows *r, struct arena *a, struct instance *in,
                  struct err *e) MUST_USE;

#define NOTICE_COLUMNS                                                                             \
    "id, instance_id, state, reason, feed, event_type, unit_key, patient_key, coalesce_key, "      \
    "template, language, named, params, recipient, token, due_ms, expires_ms, tries, carrier, "    \
    "before_ms, resend_ms, replies, log, approval"
bool notice_row(const struct rows *r, struct arena *a, struct notice *out, struct err *e) MUST_USE;
/* The rest of the rows, which have NOTICE_COLUMNS; closes them. Damaged ones are held; *n (NULL: not
 * wanted) counts them, too. */
bool notice_list_of(struct rows *r, struct arena *a, struct notice_list *out, size_t *n,
                    struct err *e) MUST_USE;
/* n  its id, state, due_ms and tries are read; its sealed fields did not open */
bool notice_hold_damaged(struct sqlite *q, const struct notice *n, struct err *e) MUST_USE;
/* Nothing will be sent any more, so the token need not be known any more. */
bool notice_is_final(enum notice_state state);
bool notice_read(struct sqlite *q, int64_t id, struct arena *a, struct notice *out,
                 struct err *e) MUST_USE;
/* The number that stands for `key` now; `key` itself when it was never merged away. */
bool merge_survivor(struct sqlite *q, struct str key, struct arena *a, struct str *out,
                    struct err *e) MUST_USE;
/* The event names the patient as of now. */
bool merge_present(struct sqlite *q, struct event *ev, struct arena *a, struct err *e) MUST_USE;
bool link_put(struct sqlite *q, const struct link_new *link, struct err *e) MUST_USE;
/* The patient holds the link of that notice: those of older notices of its unit are revoked. */
bool links_replace(struct sqlite *q, int64_t notice_id, struct str event_type, struct str unit_key,
                   struct err *e) MUST_USE;

/* ---- the operations ---- */

bool sqlite_put_message(struct store *s, const struct message *m, struct arena *a,
                        struct intake *out, struct err *e);
bool sqlite_take_stored(struct store *s, size_t most, const uint64_t *stuck, size_t n_stuck,
                        struct arena *a, struct message_list *out, struct err *e);
bool sqlite_find_parts(struct store *s, const uint8_t pointer[INDEX_BYTES], int64_t since_ms,
                       struct part_chain *out, bool *found, struct err *e);
bool sqlite_read_parts(struct store *s, int64_t first, struct arena *a, struct message_list *out,
                       struct err *e);
bool sqlite_end_parts(struct store *s, int64_t first, enum standing standing, struct str reason,
                      struct err *e);
bool sqlite_expire_parts(struct store *s, int64_t before_ms, size_t *n, int64_t *next_ms,
                         struct err *e);
bool sqlite_get_sequence(struct store *s, const uint8_t key[INDEX_BYTES], struct sequence *out,
                         struct err *e);
bool sqlite_put_sequence(struct store *s, const uint8_t key[INDEX_BYTES], const struct sequence *in,
                         struct err *e);
bool sqlite_add_peer_notes(struct store *s, const struct peer_note *all, size_t n, size_t most,
                           struct err *e);
bool sqlite_put_recording(struct store *s, struct recording *r, size_t most, struct err *e);
bool sqlite_read_message(struct store *s, int64_t id, struct arena *a, struct message *out,
                         struct err *e);
bool sqlite_find_unit(struct store *s, struct str event_type, struct str unit_key, struct arena *a,
                      struct unit *out, bool *found, struct err *e);
bool sqlite_put_mapped(struct store *s, int64_t message_id, struct str feed_version,
                       struct instance *all, size_t n, struct err *e);
bool sqlite_take_mapped(struct store *s, size_t most, struct arena *a, struct instance_list *out,
                        struct err *e);
bool sqlite_settle(struct store *s, int64_t instance_id, enum standing standing, struct str reason,
                   struct err *e);
bool sqlite_save_event(struct store *s, const struct event *ev, struct err *e);
bool sqlite_save_news(struct store *s, struct str event_type, struct str unit_key,
                      const uint8_t news[INDEX_BYTES], struct err *e);
bool sqlite_put_notice(struct store *s, struct notice *n, struct link_new *link, struct err *e);
bool sqlite_find_open(struct store *s, struct str event_type, struct str unit_key, struct arena *a,
                      struct notice_list *out, struct err *e);
bool sqlite_find_patient(struct store *s, struct str patient_key, struct arena *a,
                         struct notice_list *out, struct err *e);
bool sqlite_find_window(struct store *s, struct str coalesce, struct arena *a,
                        struct notice_list *out, struct err *e);
bool sqlite_find_due(struct store *s, int64_t now_ms, size_t most, struct arena *a,
                     struct notice_list *out, struct err *e);
bool sqlite_save_recipient(struct store *s, const struct notice *n, struct err *e);
bool sqlite_merge_patients(struct store *s, struct str previous, struct str key, struct str raw,
                           int64_t at_ms, bool *merged, struct err *e);
bool sqlite_last_status(struct store *s, int64_t *received_ms, struct err *e);
bool sqlite_count_replies(struct store *s, int64_t out[QUICK_REPLIES], struct err *e);
bool sqlite_save_notice(struct store *s, const struct notice *n, struct err *e);
bool sqlite_release_due(struct store *s, int64_t now_ms, size_t *n, int64_t *next_ms,
                        struct err *e);
bool sqlite_find_checking(struct store *s, size_t most, struct arena *a, struct flight_list *out,
                          struct err *e);
bool sqlite_revoke_links(struct store *s, struct str event_type, struct str unit_key,
                         int64_t now_ms, struct err *e);
bool sqlite_find_later(struct store *s, const struct notice *n, bool *later, struct err *e);
bool sqlite_begin_attempts(struct store *s, size_t most, const char (*echoes)[ECHO_BYTES + 1],
                           int64_t now_ms, struct arena *a, struct flight_list *out, struct err *e);
bool sqlite_save_attempt(struct store *s, const struct attempt *at, struct err *e);
bool sqlite_recover(struct store *s, int64_t now_ms, size_t *n, struct err *e);
bool sqlite_put_status(struct store *s, const struct status *st, bool *fresh, struct err *e);
bool sqlite_find_attempt(struct store *s, struct str echo, const uint8_t wamid[INDEX_BYTES],
                         struct arena *a, struct flight *out, bool *found, struct err *e);
bool sqlite_find_statuses(struct store *s, const uint8_t wamid[INDEX_BYTES], struct str echo,
                          struct arena *a, struct status_list *out, struct err *e);
bool sqlite_open_link(struct store *s, const uint8_t token_hash[SEAL_HASH_BYTES], int64_t now_ms,
                      const uint8_t code_hash[SEAL_HASH_BYTES], int64_t code_expires_ms, bool *ok,
                      struct err *e);
bool sqlite_use_code(struct store *s, const uint8_t code_hash[SEAL_HASH_BYTES], int64_t now_ms,
                     struct arena *a, struct link_target *out, bool *ok, struct err *e);
bool sqlite_find_outgoing(struct store *s, struct str channel, int64_t now_ms, size_t most,
                          struct arena *a, struct outgoing_list *out, struct err *e);
bool sqlite_find_replies(struct store *s, const int64_t *message_ids, size_t n, struct arena *a,
                         struct outgoing_list *out, struct err *e);
bool sqlite_save_outgoing(struct store *s, const struct outgoing *o, struct err *e);
bool sqlite_recover_outgoing(struct store *s, int64_t now_ms, struct err *e);
bool sqlite_keep_channels(struct store *s, const struct str *channels, size_t n, struct err *e);
bool sqlite_pause_feed(struct store *s, struct str feed, struct str reason, struct err *e);
bool sqlite_resume_feed(struct store *s, struct str feed, bool *was, struct err *e);
bool sqlite_list_paused(struct store *s, struct arena *a, struct pause_list *out, struct err *e);
bool sqlite_list_peers(struct store *s, struct arena *a, struct peer_list *out, struct err *e);
bool sqlite_list_recordings(struct store *s, size_t most, struct arena *a,
                            struct recording_list *out, struct err *e);
bool sqlite_read_recording(struct store *s, int64_t id, struct arena *a, struct recording *out,
                           struct err *e);
bool sqlite_ledger(struct store *s, struct ledger *out, struct err *e);
bool sqlite_list_recent(struct store *s, size_t most, struct arena *a, struct trace_list *out,
                        struct err *e);

#endif
