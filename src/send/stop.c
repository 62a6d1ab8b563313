#include "base/container_of.h"
#include "base/log.h"
#include "send_impl.h"

enum { TOKEN_MAX = 4096, TROUBLE_FIRST_MS = 1000, TROUBLE_MOST_MS = 60000 };

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

static void stop(struct send *s, const struct graph_error *error, int32_t code)
{
    s->stopped = true;
    s->must_probe = error->class == GRAPH_ST;
    s->counts.stopped = error->meaning;
    s->counts.stopped_code = code;
    log_event(LOG_ERROR, "send", "stopped: %s (%d) -> %s", error->meaning, (int)code,
              s->must_probe ? "probing" : "resting");
}

void stop_after(struct send *s, const struct outcome *o, int64_t retry_after_s)
{
    int64_t pause_ms = o->error ? (int64_t)o->error->pause_s * 1000 : 0;

    if (o->state == ATTEMPT_UNSENT || (o->state == ATTEMPT_UNKNOWN && !pause_ms)) {
        trouble(s);
        return;
    }
    s->trouble_ms = 0;
    if (!o->error)
        return;
    if (o->error->class == GRAPH_ST)
        pause_ms = s->set.probe_ms;
    if (pause_ms && retry_after_s * 1000 > pause_ms)
        pause_ms = retry_after_s * 1000;
    if (pause_ms)
        send_rest(s, send_now(s) + pause_ms);
    if (!s->stopped && (o->error->class == GRAPH_ST || o->error->class == GRAPH_PN))
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
