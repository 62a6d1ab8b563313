/* What the files of the send step share. */
#ifndef SEND_SEND_IMPL_H
#define SEND_SEND_IMPL_H

#include "base/buf.h"
#include "send/send.h"
#include "whatsapp/graph_error.h"
#include "whatsapp/proof.h"

/* How one attempt ended, and what the store made of it. */
struct outcome {
    enum attempt_state state;
    int32_t code;
    const struct graph_error *error; /* NULL: no Graph error object */
    bool ours;                       /* refused by our own grammar: it never left */
    bool blocked;                    /* ours, and not what was approved: its feed is paused */
    bool has_wamid;
    uint8_t wamid[INDEX_BYTES];
    int64_t ended_ms;

    /* set by outcome_store() */
    enum notice_state notice;
    bool damaged; /* the notice does not open any more: the store holds it */
    bool echo_first;
    enum proof_conflict conflict;
};

enum seat_state {
    SEAT_FREE,
    SEAT_POSTING, /* the request may be on the wire */
    SEAT_STORING, /* its outcome is with the store */
    SEAT_BUSY,    /* the store was busy: its outcome is submitted again at again_ms */
};

struct seat {
    struct send *send;
    enum seat_state state;
    int64_t notice_id, again_ms;
    char echo[ECHO_BYTES + 1];
    char site[SEND_SITE_TEXT + 1]; /* empty: not for the log */
    char feed[64 + 1];             /* as much of its name as a log takes */
    struct buf body;
    struct http_call call;
    struct outcome outcome;
    struct store_job job;
    struct arena arena; /* of the job's run */
};

struct send {
    struct send_settings set;
    char *url, *probe_url;
    struct arena arena; /* tokens that were read */
    const char *bearer;
    struct seat *seats; /* set.in_flight of them */

    bool wanted; /* ready notices may be waiting */
    bool beginning;
    struct store_job begin;
    struct arena begin_arena;
    char (*echoes)[ECHO_BYTES + 1];
    size_t most;
    int64_t begin_ms;
    struct flight_list flights;

    int64_t rest_until_ms; /* nothing is begun before */
    int64_t trouble_ms;    /* last rest after a request that got no answer; 0: all is well */
    bool stopped, must_probe;
    bool probing;
    struct http_call probe;

    bool closing;
    int64_t close_ms; /* until then answers are waited for */
    void (*on_closed)(void *ctx);
    void *on_closed_ctx;
    struct send_counts counts;
    struct send_site sites[SEND_SITES_MOST];
    size_t n_sites;
};

/* site.c */
/* The site code of a notice as it may stand in a log; empty when there is none, or it is not one. */
void site_read(struct str log, char out[SEND_SITE_TEXT + 1]);
void site_count(struct send *s, const char *code);

/* Begins what can be begun, sets the alarm, ends the step once it is closing and idle. */
void send_pump(struct send *s);
int64_t send_now(const struct send *s);
/* Nothing is begun before that time. */
void send_rest(struct send *s, int64_t until_ms);

/* Fills a free seat from a flight whose attempt row is committed, and posts it. */
void seat_take(struct seat *seat, const struct flight *f);
/* Submits the outcome again. */
void seat_again(struct seat *seat);

/* Store thread: writes the outcome of `echo` into attempt and notice. Repeatable. */
bool outcome_store(struct outcome *o, struct str echo, const struct retry_policy *retry,
                   struct arena *a, struct store *s, struct err *e) MUST_USE;
/* What the answer of a POST means. */
void outcome_read(struct outcome *o, const struct http_call *c, const struct seal *seal);

/* Rests the sender as far as the outcome asks for it: a refusal's class, or a lost answer. */
void stop_after(struct send *s, const struct outcome *o, int64_t retry_after_s);
/* Stopped for a fault of ours: asks Graph for the phone number, with the token file read anew. */
void stop_probe(struct send *s);
bool stop_read_token(struct send *s, struct err *e) MUST_USE;

#endif
