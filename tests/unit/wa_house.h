/* Everything around the send and track steps: loop, clock, memory store, HTTP client, sandbox. */
#ifndef WA_HOUSE_H
#define WA_HOUSE_H

#include "flaky_store.h"
#include "sandbox/sandbox.h"
#include "send/send.h"
#include "store/queue.h"
#include "temp_folder.h"
#include "track/track.h"

#define HOUSE_PHONE_ID "106540352242922"
#define HOUSE_SECRET   "the app's secret"
#define HOUSE_TO       "+12015550123"

struct house {
    uv_loop_t loop;
    struct str log; /* of the notices to come; absent: none */
    bool asks;      /* the notices to come have quick replies, confirm and change */
    void (*spoil)(
        struct notice *n); /* changes what was approved, before it is stored; NULL: nothing */
    _Atomic uint64_t blocked;
    struct clock clock; /* stands still; see house_advance() */
    int64_t now_ms;
    struct random_source random; /* counts, so that every run is the same */
    uint64_t drawn;
    struct seal *seal;
    struct flaky flaky;
    struct store_ops ops;             /* flaky's, but for begin_attempts() and find_attempt() */
    char echoes[256][ECHO_BYTES + 1]; /* of the last attempt of each notice */
    int64_t damaged_id; /* a notice that the store finds damaged from now on; 0: none */
    int damaged_hits;   /* how often it was */
    struct store_queue *queue;
    struct http_client *http;
    struct sandbox *sandbox;
    struct temp_folder folder;
    char token_file[512], graph[128];
    struct send *send;
    struct track *track;
    int64_t alarm_ms;
    int plan_rings, n_notices;
    uv_timer_t watch;
    bool late;
    int closed;
    struct arena arena;
};

struct house_settings {
    size_t in_flight;
    int64_t timeout_ms; /* real milliseconds of one POST */
    int graph_port;     /* 0: the sandbox */
    bool no_webhooks;
};

void house_open(struct house *h, const struct house_settings *set);
/* Closes steps, sandbox, store and loop; fails the test when a handle is left. */
void house_close(struct house *h);

/* A ready notice about a unit of its own; returns its id. */
int64_t house_notice(struct house *h, const char *to, const char *text);
/* About the one unit of the house; not sent after `expires_ms`, 0: always. */
int64_t house_unit_notice(struct house *h, const char *to, const char *text, int64_t expires_ms);
void house_ring(struct house *h);
/* Moves the clock, rings send when its alarm is due. */
void house_advance(struct house *h, int64_t ms);
/* Runs the loop until pred() or 20 real seconds; false then. */
bool house_until(struct house *h, bool (*pred)(struct house *h));
/* Nothing in flight at send and no webhook open. */
bool house_quiet(struct house *h);
/* A store job, waited for. */
void house_do(struct house *h, bool (*run)(struct store *s, void *ctx, struct err *e), void *ctx);

/* Runs the loop until the sandbox has accepted `n`; false after 20 real seconds. */
bool house_accepted(struct house *h, size_t n);

/* As stored, by the last attempt of the notice; it must have one. */
struct notice house_read(struct house *h, int64_t notice_id);
struct attempt house_attempt(struct house *h, int64_t notice_id);
void house_write_token(struct house *h, const char *text);

#endif
