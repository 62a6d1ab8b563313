#include "track/track.h"

#include <stdlib.h>
#include <string.h>

#include "base/container_of.h"
#include "base/log.h"
#include "update.h"
#include "whatsapp/signature.h"

enum { CHALLENGE_MAX = 256, ROUTES = 2 };

struct track {
    struct track_settings set;
    struct http_route routes[ROUTES];
    struct http_server *server;
    struct arena arena; /* copies of the secrets */
    struct track_counts counts;
    void (*on_closed)(void *ctx);
    void *on_closed_ctx;
};

/* One POST on its way through the store; lives in its exchange's arena. */
struct post {
    struct track *track;
    struct http_exchange *x;
    struct webhook hook;
    struct update update;
    struct store_job job;
};

static void answer(struct http_exchange *x, int status)
{
    struct http_answer a = {.status = status};

    http_answer(x, &a);
}

/* ---- GET: the handshake ---- */

static bool is_challenge(struct str s)
{
    if (s.n == 0 || s.n > CHALLENGE_MAX)
        return false;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] <= ' ' || s.p[i] > '~')
            return false;
    }
    return true;
}

/* Equal hashes: the comparison takes the same time whatever the texts and their lengths are. */
static bool is_verify_token(const struct track *t, struct str got)
{
    uint8_t want[SEAL_HASH_BYTES], have[SEAL_HASH_BYTES];

    seal_sha256(t->set.verify_token, want);
    seal_sha256(got, have);
    return got.p && seal_equal(want, have, sizeof want);
}

static void on_handshake(struct http_exchange *x)
{
    static const struct http_field fields[] = {{"X-Content-Type-Options", "nosniff"}};
    const struct track *t = x->ctx;
    struct str query = x->request.query;
    struct str mode = http_form_value(query, "hub.mode", &x->arena);
    struct str token = http_form_value(query, "hub.verify_token", &x->arena);
    struct str challenge = http_form_value(query, "hub.challenge", &x->arena);
    struct http_answer a = {.status = 200,
                            .content_type = "text/plain",
                            .body = challenge,
                            .fields = fields,
                            .n_fields = 1};

    if (!is_verify_token(t, token) || !str_eq(mode, STR("subscribe")) || !is_challenge(challenge))
        answer(x, 403);
    else
        http_answer(x, &a);
}

/* ---- POST: statuses ---- */

static bool run(struct store_job *j, struct store *s, struct err *e)
{
    return update_run(&container_of(j, struct post, job)->update, s, e);
}

static void count(struct track *t, const struct post *p)
{
    t->counts.statuses += p->hook.n_statuses;
    t->counts.fresh += p->update.fresh;
    t->counts.unmatched += p->update.unmatched;
    t->counts.foreign += p->update.foreign;
    t->counts.conflicts += p->update.conflicts;
    for (int i = 0; i < QUICK_REPLIES; i++)
        t->counts.taps[i] += p->update.taps[i];
    if (p->update.conflicts)
        log_event(LOG_ERROR, "track", "notice %lld: statuses contradict what we knew -> look at it",
                  (long long)p->update.conflict_id);
}

static void done(struct store_job *j)
{
    struct post *p = container_of(j, struct post, job);
    struct track *t = p->track;
    bool changed = j->ok && p->update.changed;

    if (j->ok) {
        count(t, p);
    } else {
        t->counts.busy++;
        log_event(LOG_WARN, "track", "webhook not stored: %s -> 503", j->err.text);
    }
    answer(p->x, j->ok ? 200 : 503); /* p is gone with its exchange */
    if (changed)
        bell_ring(&t->set.plan);
}

static bool authentic(const struct track *t, const struct http_request *r)
{
    return http_header_count(r, "X-Hub-Signature-256") == 1 &&
           whatsapp_signature_ok(http_header(r, "X-Hub-Signature-256"), r->body, t->set.secrets,
                                 t->set.n_secrets);
}

static void store(struct post *p)
{
    struct track *t = p->track;

    t->counts.others += p->hook.n_messages - p->hook.n_taps + p->hook.n_errors + p->hook.n_events +
                        p->hook.n_malformed;
    if (p->hook.n_statuses + p->hook.n_taps == 0) {
        answer(p->x, 200);
        return;
    }
    p->update = (struct update){.seal = t->set.seal,
                                .hook = &p->hook,
                                .phone_number_id = str_of(t->set.phone_number_id),
                                .received_ms = t->counts.last_ms};
    p->job.run = run;
    p->job.done = done;
    store_queue_submit(t->set.queue, &p->job);
}

static void on_webhook(struct http_exchange *x)
{
    struct track *t = x->ctx;
    struct post *p;
    struct err e;

    if (!authentic(t, &x->request)) {
        t->counts.refused++;
        answer(x, 401);
        return;
    }
    t->counts.posts++;
    t->counts.last_ms = clock_now_ms(t->set.clock);
    p = NEW(&x->arena, struct post);
    p->track = t;
    p->x = x;
    if (webhook_parse(x->request.body, &x->arena, &p->hook, &e)) {
        store(p);
        return;
    }
    t->counts.quarantined++;
    log_event(LOG_WARN, "track", "%s -> counted, 200", e.text);
    answer(x, 200);
}

/* ---- open, close ---- */

static void free_track(struct track *t)
{
    for (size_t i = 0; i < t->set.n_secrets; i++)
        seal_wipe((void *)(uintptr_t)t->set.secrets[i].p, t->set.secrets[i].n);
    arena_reset(&t->arena);
    free(t);
}

static bool check_settings(const struct track_settings *set, struct err *e)
{
    if (set->n_secrets == 0 || set->n_secrets > TRACK_SECRETS)
        return err_set(e, ERR_CONFIG, 0, "app secret: one, or two while it is replaced");
    for (size_t i = 0; i < set->n_secrets; i++) {
        if (set->secrets[i].n == 0)
            return err_set(e, ERR_CONFIG, 0, "app secret: empty");
    }
    return set->verify_token.n > 0 || err_set(e, ERR_CONFIG, 0, "verify token: empty");
}

static void on_server_closed(void *ctx)
{
    struct track *t = ctx;
    void (*on_closed)(void *ctx) = t->on_closed;
    void *on_closed_ctx = t->on_closed_ctx;

    free_track(t);
    on_closed(on_closed_ctx);
}

bool track_open(const struct track_settings *set, struct track **out, struct err *e)
{
    struct track *t;

    if (!check_settings(set, e))
        return false;
    t = calloc(1, sizeof *t);
    if (!t)
        abort();
    t->set = *set;
    for (size_t i = 0; i < set->n_secrets; i++)
        t->set.secrets[i] = arena_copy(&t->arena, set->secrets[i]);
    t->set.verify_token = arena_copy(&t->arena, set->verify_token);
    t->routes[0] = (struct http_route){"GET", "/webhook", 0, on_handshake, t};
    t->routes[1] = (struct http_route){"POST", "/webhook", set->max_body, on_webhook, t};
    t->set.http.routes = t->routes;
    t->set.http.n_routes = ROUTES;
    if (!http_server_open(&t->set.http, &t->server, e)) {
        free_track(t);
        return false;
    }
    *out = t;
    return true;
}

int track_port(const struct track *t)
{
    return http_server_port(t->server);
}

struct track_counts track_counts(const struct track *t)
{
    return t->counts;
}

void track_close(struct track *t, int64_t grace_ms, void (*on_closed)(void *ctx), void *ctx)
{
    t->on_closed = on_closed;
    t->on_closed_ctx = ctx;
    http_server_close(t->server, grace_ms, on_server_closed, t);
}
