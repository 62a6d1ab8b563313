#include "receive/fhir.h"

#include <stdlib.h>

#include "base/container_of.h"
#include "base/log.h"
#include "fhir/capability.h"
#include "fhir_lane.h"
#include "fhir_reply.h"

enum { ROUTES = 4, BUSY_RETRY_S = 30, WAITING_RETRY_S = 1 };

struct fhir_receiver {
    struct fhir_receiver_settings set;
    struct http_route routes[ROUTES];
    struct http_server *http;
    struct fhir_receiver_counts counts;
    size_t waiting; /* requests with the store */
    int64_t opened_ms;
    bool http_closed;
    void (*on_closed)(void *ctx); /* set while closing */
    void *on_closed_ctx;
};

/*   request --> refused, answered
 *      |
 *      v        store thread           loop
 *   submitted ---- put_message() ----> stored: bell, answer
 *                                      seen before: the first answer again
 *                                      busy: 503      uncertain: no answer, cut */
struct intake_job {
    struct store_job job;
    struct fhir_receiver *r;
    struct http_exchange *x;
    struct message message; /* borrows from the exchange, which lives until it is answered */
    struct arena found;     /* what the store hands out */
    struct intake intake;
};

static bool run_intake(struct store_job *job, struct store *s, struct err *e)
{
    struct intake_job *j = container_of(job, struct intake_job, job);

    arena_reset(&j->found);
    return s->ops->put_message(s, &j->message, &j->found, &j->intake, e);
}

static void maybe_closed(struct fhir_receiver *r)
{
    void (*on_closed)(void *ctx) = r->on_closed;
    void *ctx = r->on_closed_ctx;

    if (!on_closed || !r->http_closed || r->waiting)
        return;
    free(r);
    on_closed(ctx);
}

static void refuse(struct fhir_receiver *r, struct http_exchange *x, const struct fhir_refusal *why,
                   int retry_after_s)
{
    if (why->status == 429 || why->status == 503)
        r->counts.busy++;
    else
        r->counts.refused++;
    fhir_reply_refuse(x, why, retry_after_s);
}

static struct fhir_refusal trouble(int status, const char *code, const char *what)
{
    return (struct fhir_refusal){
        status,
        {.severity = "error", .code = code, .diagnostics = what, .expression = STR("Resource")}};
}

static void answer_stored(struct intake_job *j)
{
    /* the first answer again; lost on disk, the one made now */
    struct str packed = j->intake.ack.p ? j->intake.ack : j->message.ack;
    struct fhir_refusal broken = trouble(500, "exception", "the stored answer cannot be read");
    struct err e = {0};

    if (j->intake.seen)
        j->r->counts.duplicates++;
    else
        j->r->counts.stored++;
    log_event(LOG_INFO, "receive", "fhir message %lld: %s", (long long)j->intake.id,
              j->intake.seen        ? "seen before -> first answer again"
              : j->intake.id_reused ? "stored; its version id was used before for something else"
                                    : "stored");
    if (!fhir_reply_send(j->x, packed, &e)) {
        log_event(LOG_ERROR, "receive", "fhir message %lld: %s", (long long)j->intake.id, e.text);
        fhir_reply_refuse(j->x, &broken, 0);
    }
    if (!j->intake.seen)
        bell_ring(&j->r->set.next);
}

static void answer_failed(struct intake_job *j)
{
    struct fhir_refusal busy = trouble(503, "transient", "nothing was stored; send it again later");
    struct fhir_refusal broken = trouble(500, "exception", "nothing was stored");

    log_event(LOG_ERROR, "receive", "fhir: %s", j->job.err.text);
    switch (j->job.err.kind) {
    case ERR_UNCERTAIN: /* it may be stored: no answer is the only true one */
        http_abort(j->x);
        return;
    case ERR_BUSY:
        refuse(j->r, j->x, &busy, BUSY_RETRY_S);
        return;
    case ERR_NONE:
    case ERR_INPUT:
    case ERR_CONFIG:
        break;
    }
    refuse(j->r, j->x, &broken, 0);
}

static void intake_done(struct store_job *job)
{
    struct intake_job *j = container_of(job, struct intake_job, job);
    struct fhir_receiver *r = j->r;

    if (job->ok)
        answer_stored(j);
    else
        answer_failed(j);
    r->waiting--;
    arena_reset(&j->found);
    free(j);
    maybe_closed(r);
}

/* The key says which event this is, the digest what it says (model/message.h). Without a version the key names
 * the resources, and only their newest message can be repeated: a PUT back to an earlier state is an event. What
 * names nothing at all is known by its body alone. */
static void identify(const struct fhir_receiver *r, const struct http_request *q,
                     const struct fhir_call *call, struct message *m)
{
    struct str none_exist = http_header(q, "If-None-Exist");
    struct str version = call->version.n ? call->version : none_exist;
    struct str body = {(char *)m->digest, INDEX_BYTES};
    const char *name = r->set.name ? r->set.name : r->set.feed;

    seal_index(r->set.seal, "message.digest", &q->body, 1, m->digest);
    m->newest_only = !version.n && call->identity.n;
    seal_index(r->set.seal, "message.key",
               (struct str[]){STR("fhir"), str_of(name), q->method, q->path,
                              version.n ? version : STR(""),
                              version.n        ? STR("")
                              : m->newest_only ? call->identity
                                               : body},
               6, m->key);
}

static void store(struct fhir_receiver *r, struct http_exchange *x, const struct fhir_call *call)
{
    struct intake_job *j = calloc(1, sizeof *j);

    if (!j)
        abort();
    j->job.run = run_intake;
    j->job.done = intake_done;
    j->r = r;
    j->x = x;
    j->message = (struct message){.kind = MESSAGE_FHIR,
                                  .feed = str_of(r->set.feed),
                                  .type = call->body.type,
                                  .lane = fhir_lane(&call->body, r->set.seal),
                                  .body = x->request.body,
                                  .received_ms = clock_now_ms(r->set.clock)};
    identify(r, &x->request, call, &j->message);
    j->message.ack = fhir_reply_pack(call, j->message.key, INDEX_BYTES, &x->arena);
    r->waiting++;
    store_queue_submit(r->set.queue, &j->job);
}

static void on_write(struct http_exchange *x)
{
    struct fhir_receiver *r = x->ctx;
    struct fhir_rules rules = {r->set.max_depth, r->set.max_entries};
    struct fhir_refusal why;
    struct fhir_call call;

    if (r->waiting >= r->set.max_waiting) {
        why = trouble(429, "throttled", "too many requests at once");
        refuse(r, x, &why, WAITING_RETRY_S);
    } else if (!fhir_request_read(&x->request, &rules, &x->arena, &call, &why)) {
        log_event(LOG_WARN, "receive", "fhir %s: refused, %d %s",
                  x->request.values[1].p   ? "PUT /fhir/{type}/{id}"
                  : x->request.values[0].p ? "POST /fhir/{type}"
                                           : "POST /fhir",
                  why.status, why.issue.code);
        refuse(r, x, &why, 0);
    } else {
        store(r, x, &call);
    }
}

static void on_metadata(struct http_exchange *x)
{
    struct fhir_receiver *r = x->ctx;
    struct http_answer answer = {.status = 200,
                                 .content_type = "application/fhir+json; charset=utf-8"};
    struct buf b = buf_new(16384);

    fhir_capability_add(&b, r->set.version, r->opened_ms);
    answer.body = buf_str(&b);
    http_answer(x, &answer);
    buf_reset(&b);
}

bool fhir_receiver_open(const struct fhir_receiver_settings *set, struct fhir_receiver **out,
                        struct err *e)
{
    struct fhir_receiver *r = calloc(1, sizeof *r);
    struct http_settings http;

    if (!r)
        abort();
    r->set = *set;
    r->opened_ms = clock_now_ms(set->clock);
    r->routes[0] = (struct http_route){"GET", "/fhir/metadata", 0, on_metadata, r};
    r->routes[1] = (struct http_route){"POST", "/fhir", set->max_body, on_write, r};
    r->routes[2] = (struct http_route){"POST", "/fhir/{type}", set->max_body, on_write, r};
    r->routes[3] = (struct http_route){"PUT", "/fhir/{type}/{id}", set->max_body, on_write, r};
    http = set->http;
    http.routes = r->routes;
    http.n_routes = ROUTES;
    http.dress = fhir_reply_dress;
    if (!http_server_open(&http, &r->http, e)) {
        free(r);
        return false;
    }
    *out = r;
    return true;
}

int fhir_receiver_port(const struct fhir_receiver *r)
{
    return http_server_port(r->http);
}

struct fhir_receiver_counts fhir_receiver_counts(const struct fhir_receiver *r)
{
    return r->counts;
}

static void on_http_closed(void *ctx)
{
    struct fhir_receiver *r = ctx;

    r->http_closed = true;
    maybe_closed(r);
}

void fhir_receiver_close(struct fhir_receiver *r, int64_t grace_ms, void (*on_closed)(void *ctx),
                         void *ctx)
{
    r->on_closed = on_closed;
    r->on_closed_ctx = ctx;
    http_server_close(r->http, grace_ms, on_http_closed, r);
}
