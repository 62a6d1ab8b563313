#include "base/container_of.h"
#include "base/log.h"
#include "send_impl.h"

enum {
    TOKEN_MAX = 4096,
    TROUBLE_FIRST_MS = 1000,
    TROUBLE_MOST_MS = 60000,
    ASKED_MOST_S = 3600,    /* a Retry-After counts so far */
    ASKED_ABSURD_S = 86400, /* and not at all beyond */
};

bool stop_read_token(struct send *s, struct err *e)
{
    struct str token;
    struct arena a = {0};
    bool ok = secret_read(s->set.token_file, TOKEN_MAX, &a, &token, e);

    /* requests in flight keep pointing at the token they were started with */
    if (ok && (!s->bearer || !str_eq(str_of(s->bearer), token)))
        s->bearer = arena_copy(&s->arena, token).p;
    arena_reset(&a);
    return ok;
}

/* The first request without an answer rests the sender for a second, each later one twice as long. */
static void trouble(struct send *s)
{
    int64_t now = send_now(s);

    if (now < s->rest_until_ms)
        return; /* one of the same burst */
    s->trouble_ms = s->trouble_ms ? 2 * s->trouble_ms : TROUBLE_FIRST_MS;
    if (s->trouble_ms > TROUBLE_MOST_MS)
        s->trouble_ms = TROUBLE_MOST_MS;
    send_rest(s, now + s->trouble_ms);
}

/* A fault that only a probe can clear replaces one that a rest clears, never the other way round. */
static void stop(struct send *s, const struct graph_error *error, int32_t code)
{
    bool probe = error->class == GRAPH_ST;

    if (s->stopped && (s->must_probe || !probe))
        return;
    s->stopped = true;
    s->must_probe = probe;
    s->counts.stopped = error->meaning;
    s->counts.stopped_code = code;
    log_event(LOG_ERROR, "send", "stopped: %s (%d) -> %s", error->meaning, (int)code,
              s->must_probe ? "probing" : "resting");
}

/* The class's own pause, or what Retry-After asks for when that is longer: at most an hour, unless
 * our own is longer still. */
static int64_t pause_of(const struct send *s, const struct graph_error *error, int64_t asked_s)
{
    int64_t own_ms = error->class == GRAPH_ST ? s->set.probe_ms : (int64_t)error->pause_s * 1000;
    int64_t asked_ms;

    if (own_ms == 0 || asked_s <= 0 || asked_s > ASKED_ABSURD_S)
        return own_ms;
    asked_ms = (asked_s < ASKED_MOST_S ? asked_s : ASKED_MOST_S) * 1000;
    return asked_ms > own_ms ? asked_ms : own_ms;
}

void stop_after(struct send *s, const struct outcome *o, int64_t retry_after_s)
{
    bool has_pause = o->error && o->error->pause_s;
    int64_t pause_ms;

    if (o->state == ATTEMPT_UNSENT || (o->state == ATTEMPT_UNKNOWN && !has_pause)) {
        trouble(s);
        return;
    }
    s->trouble_ms = 0;
    if (!o->error)
        return;
    pause_ms = pause_of(s, o->error, retry_after_s);
    if (pause_ms)
        send_rest(s, send_now(s) + pause_ms);
    if (o->error->class == GRAPH_ST || o->error->class == GRAPH_PN)
        stop(s, o->error, o->code);
}

static void resume(struct send *s)
{
    s->stopped = s->must_probe = false;
    s->counts.stopped = NULL;
    s->counts.stopped_code = 0;
    s->wanted = true;
    log_event(LOG_INFO, "send", "running again");
}

static void probe_done(struct http_call *c)
{
    struct send *s = container_of(c, struct send, probe);

    s->probing = false;
    if (c->sent == HTTP_ANSWERED && c->status == 200)
        resume(s);
    else
        send_rest(s, send_now(s) + s->set.probe_ms);
    send_pump(s);
}

void stop_probe(struct send *s)
{
    struct err e = {0};

    if (!s->must_probe) { /* the rest is over: the next send shows whether all is well */
        resume(s);
        return;
    }
    s->probe = (struct http_call){.url = s->probe_url,
                                  .timeout_ms = s->set.timeout_ms,
                                  .max_reply = 65536,
                                  .done = probe_done};
    if (stop_read_token(s, &e)) {
        s->probe.bearer = s->bearer;
        s->probing = http_start(s->set.http, &s->probe, &e);
    }
    if (!s->probing) {
        log_event(LOG_ERROR, "send", "no probe: %s", e.text);
        send_rest(s, send_now(s) + s->set.probe_ms);
    }
}
