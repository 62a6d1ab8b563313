/* A notice to one patient, and its attempts on the wire. The tables of states; all pure.
 *
 *  notice:
 *              due            begin           2xx + wamid
 *   WAITING ------> READY ------> FLYING ---------------------> ACCEPTED
 *   ^  ^  |           |            | | |  echo, late answer         ^ |
 *   |  |  |           |            | | +--> CHECKING ---------------+ | failed webhook
 *   |  |  |           |            | |        | deadline              v (rank < delivered)
 *   |  |  +-----------+-> WITHDRAWN| +--------+---------------------> HELD
 *   |  |    superseded               |   final rejection, unknown past its deadline
 *   |  +-----------------------------+
 *   |    proven unsent, or temporary Graph error
 *   MERGED  a later notice (its carrier) tells it too; waits again when the carrier is withdrawn
 *
 *  CHECKING never leads back to READY by itself: an answer that was lost is looked up, not repeated. The
 *  one exception is declared, once a notice: resend_ms after the attempt it WAITS again (notice_resend()).
 *  A status that contradicts a refusal moves WAITING and READY to ACCEPTED, too: it left once.
 */
#ifndef MODEL_NOTICE_H
#define MODEL_NOTICE_H

#include <stdint.h>

#include "base/str.h"
#include "model/ledger.h"
#include "model/message.h"

/* Quick replies of a template, as bits. */
enum quick_reply { QUICK_CONFIRM = 1, QUICK_CHANGE = 2, QUICK_CANCEL = 4 };
enum { QUICK_REPLIES = 3 };
/* "confirm", "change", "cancel", by the number of the bit. */
const char *quick_reply_name(int bit);

enum notice_state {
    NOTICE_WAITING = 1, /* for its due time: coalescing, back-off               */
    NOTICE_READY,       /* to be sent now                                       */
    NOTICE_FLYING,      /* an attempt row is committed; a POST may be on the wire */
    NOTICE_CHECKING,    /* the answer was lost: unknown until an echo or a deadline */
    NOTICE_ACCEPTED,    /* WhatsApp has it                                      */
    NOTICE_HELD,        /* a person decides: refused for good, failed, unknown too long */
    NOTICE_WITHDRAWN,   /* a later event made it pointless before it left       */
    NOTICE_MERGED,      /* one message tells several: its carrier's, see notice.carrier */
};

struct param {
    struct str name; /* NAME of templates.yaml */
    struct str text; /* what is shown */
};

struct notice {
    int64_t id;
    int64_t instance_id;
    enum notice_state state;
    struct str reason; /* our own words, at most 60 characters; absent while all is well */

    struct str feed;
    struct str event_type;  /* "appointment/1" */
    struct str unit_key;    /* "pk_…" */
    struct str patient_key; /* "pk_…", absent when the event has none */
    struct str coalesce;    /* rule and key value of an open window; absent outside one */

    struct str template;  /* as registered at Meta */
    struct str language;  /* WhatsApp code, "zh_TW" */
    bool named;           /* parameter format NAMED, else POSITIONAL */
    struct param *params; /* sealed at rest */
    size_t n_params;
    struct str to;    /* E.164 with "+". Sealed at rest */
    struct str token; /* link token, 43 characters; absent without a button. Sealed at rest */

    int64_t due_ms;     /* not before */
    int64_t expires_ms; /* not after: stale, or notice_overtaken(); 0: never */
    int32_t tries;      /* attempts that ended */
    int64_t carrier;    /* MERGED: id of the notice that tells this one too; else 0 */
    int64_t before_ms;  /* a reminder: so long before the time of the event; else 0 */
    int64_t resend_ms;  /* sent once more when its answer stays lost so long; 0: never, or done */
    uint8_t replies;    /* enum quick_reply */
    struct str log;     /* site code, where the policy wants it in the log; else absent */
    uint8_t approval[INDEX_BYTES]; /* of what it says, and to whom: store/approval.h; zeros: none */
};

enum attempt_state {
    ATTEMPT_FLYING = 1,
    ATTEMPT_ACCEPTED, /* Graph answered with a wamid, or an echo proved it */
    ATTEMPT_REJECTED, /* a Graph error object */
    ATTEMPT_UNSENT,   /* proven that no byte left */
    ATTEMPT_UNKNOWN,  /* anything else: it may have been accepted */
};

/* Ranks of the status webhooks; `failed` stands beside them. */
enum delivery { DELIVERY_NONE, DELIVERY_SENT, DELIVERY_DELIVERED, DELIVERY_READ, DELIVERY_PLAYED };

enum { ECHO_BYTES = 29 }; /* "a1:" and a ULID */

struct attempt {
    int64_t id;
    int64_t notice_id;
    char echo[ECHO_BYTES + 1]; /* biz_opaque_callback_data: "a1:01JD3ZK8Q4T0N6W7X8Y9ZABCDE" */
    enum attempt_state state;
    int64_t started_ms, ended_ms; /* ended_ms 0: not yet */
    int32_t code;                 /* Graph error code, or libcurl's when no answer came; 0: none */
    bool has_wamid;
    uint8_t wamid[INDEX_BYTES]; /* blind index: a wamid holds the phone number in base64 */
    enum delivery delivery;     /* highest status seen */
    int32_t failed_code;        /* error code of a `failed` status; 0: none; -1: without a code */
};

/* One status of one webhook, as it is kept. Unique on (wamid, status, participant). */
struct status {
    uint8_t wamid[INDEX_BYTES];
    struct str echo;    /* biz_opaque_callback_data; absent when there was none */
    struct str name;    /* "sent", "delivered", "read", "failed", "played", or what came */
    int32_t error_code; /* of errors[0]; 0: none */
    int64_t at_ms;      /* the provider's time */
    int64_t received_ms;
};

struct retry_policy {
    int64_t first_ms, most_ms; /* wait after the first failure, doubled up to most_ms */
    int32_t max_tries;         /* attempts in all */
    int64_t unknown_ms;        /* how long an unknown attempt may wait for its echo */
};

/* "waiting", "ready", … and "flying", "accepted", …; stored as these words' numbers. */
const char *notice_state_name(enum notice_state s);
const char *attempt_state_name(enum attempt_state s);
bool notice_may_become(enum notice_state from, enum notice_state to);

/* What the ledger says of a notice's instance in that state. */
enum standing notice_standing(enum notice_state s);

/* Moves `n` on after its attempt `a` ended (a->state, a->code set; never ATTEMPT_FLYING).
 * temporary: a Graph error of class "retry" (130429, 131056, 4, 80007 …), WhatsApp §4. */
void notice_attempt_ended(struct notice *n, const struct attempt *a, bool temporary,
                          const struct retry_policy *p, int64_t now_ms);

/* Folds a set of statuses, in any order and any multiplicity, into a->delivery and a->failed_code
 * (WhatsApp §9: rank = max; `failed` counts only while the rank is below delivered). */
void attempt_fold(struct attempt *a, const struct status *all, size_t n);

/* Moves `n` after attempt_fold(): an echo proves acceptance, a failure holds it. */
void notice_tracked(struct notice *n, const struct attempt *a);

/* A notice that goes back to WAITING although a later one of its unit exists is withdrawn: what it
 * says is no longer true. Call after notice_attempt_ended() when there is a later one. */
void notice_superseded(struct notice *n);

/* FLYING or CHECKING: it may be with the patient. MERGED and the like are not. */
bool notice_on_the_wire(const struct notice *n);

/* A later event made a notice on the wire pointless, and may tell nobody of it. It still becomes ACCEPTED or
 * HELD, but never leaves again: where it would wait once more it is withdrawn. */
void notice_overtaken(struct notice *n);

/* One that went back to WAITING while its patient came to be told nothing is withdrawn. */
void notice_stopped(struct notice *n, struct str why);

/* True for a notice that ended without having told anybody: refused, given up, stale. The same facts
 * are news again when the sender repeats them. Not for an answer that stayed lost. */
bool notice_forgets(const struct notice *n);

/* CHECKING for resend_ms becomes WAITING, due at once, for the one time that is declared. True when it
 * did. Not past its expiry. alive: a webhook was stored after the attempt had ended, so that a proof would
 * have come. */
bool notice_resend(struct notice *n, const struct attempt *a, bool alive, int64_t now_ms);

/* CHECKING past its deadline becomes HELD. True when it did. One that may be sent again has until then and
 * the deadline more. */
bool notice_gave_up(struct notice *n, const struct attempt *a, const struct retry_policy *p,
                    int64_t now_ms);

#endif
