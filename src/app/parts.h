/* What the daemon is made of. Only src/app sees it. */
#ifndef APP_PARTS_H
#define APP_PARTS_H

#include "admin/admin.h"
#include "app/app.h"
#include "link/link.h"
#include "live.h"
#include "map/map.h"
#include "net/control.h"
#include "net/http_client.h"
#include "outbound/outbound.h"
#include "peers.h"
#include "plan/plan.h"
#include "receive/fhir.h"
#include "receive/mllp.h"
#include "reload.h"
#include "send/send.h"
#include "track/track.h"
#include "wake.h"

enum { MOST_LISTENERS = 64, RETRY_MS = 1000 };

/* One entry of `listen:`, open. */
struct listening {
    const struct listen *set;
    uv_loop_t *loop;
    uint64_t said_second; /* of the loop's clock; refused connections in it: */
    int said;
    char name[80];   /* "mllp 127.0.0.1:2575 feed demo", as configured: part of the duplicate key */
    int fd;          /* a socket that was handed to us; 0: none */
    struct tls *tls; /* NULL: plain */
    struct net_range *allow; /* in the app's arena */
    size_t n_allow;
    struct mllp_receiver *mllp;
    struct fhir_receiver *fhir;
    struct track *track;
    struct link *link;
    struct admin *admin;
};

enum { WAKE_MAP, WAKE_PLAN, WAKE_SEND, WAKE_OUTBOUND, WAKE_POLICY, WAKES };

struct app {
    struct app_settings set;
    struct arena arena; /* secrets and names, for as long as the app lives */
    bool ready, stopping;

    struct seal *seal;
    struct random_pool ids; /* of the loop thread */
    struct store_queue *queue;
    struct http_client *client;
    struct wake wakes[WAKES];

    struct live *live;
    struct reload *reload;
    struct control *control;
    size_t policy_expired;  /* entries of the feeds in service */
    int64_t policy_seen_ms; /* when that was found out */

    _Atomic uint64_t blocked; /* map_settings.blocked, send_settings.blocked */
    struct map *map;
    struct plan *plan;
    struct send *send;
    struct peers peers;
    struct mllp_room room; /* of all MLLP listeners */
    struct outbound *outbound;
    struct listening listening[MOST_LISTENERS];
    size_t n_listening;

    int closing;                  /* closes that have been asked for and not come back */
    void (*stage)(struct app *a); /* what follows once they have */
    void (*on_stopped)(void *ctx);
    void *stopped_ctx;
};

/* listeners.c: opens listen[i], logs its port. */
bool listening_open(struct app *a, const struct listen *set, struct err *e) MUST_USE;
void listening_close(struct app *a, struct listening *l, void (*on_closed)(void *app));
int listening_port(const struct listening *l);

/* The sender and the webhooks ring the planner through the app: they are opened before it. */
void app_ring_plan(void *app);
/* Messages were mapped: for the planner, and for those who answer their senders. */
void app_ring_mapped(void *app);

/* operator.c: reload and the control socket. */
bool operator_open(struct app *a, struct err *e) MUST_USE;
/* Looks which policy entries have ended, and sets the alarm for the next. For a bell. */
void operator_policy(void *app);

/* steps.c: opens keys, store and steps, and connects their bells. */
bool steps_open(struct app *a, struct err *e) MUST_USE;

/* metrics.c */
void metrics_write(void *app, struct buf *out);

#endif
