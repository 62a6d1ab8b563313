#include <stdio.h>
#include <string.h>

#include "base/container_of.h"
#include "base/log.h"
#include "send_impl.h"
#include "store/approval.h"
#include "whatsapp/body.h"

enum { REPLY_MAX = 65536, STORE_AGAIN_MS = 1000 };

static void log_outcome(const struct seat *seat)
{
    const struct outcome *o = &seat->outcome;
    const char *next = notice_state_name(o->notice);
    long long id = (long long)seat->notice_id;

    if (o->damaged)
        log_event(LOG_ERROR, "send", "notice %lld: %s, but its record is damaged -> held", id,
                  attempt_state_name(o->state));
    else if (o->blocked)
        log_event(LOG_CRITICAL, "security",
                  "notice %lld: blocked, not what was approved when its message was mapped -> %s,"
                  " feed %s paused until `tidings resume`",
                  id, next, seat->feed);
    else if (o->ours)
        log_event(LOG_ERROR, "send", "notice %lld: not of our grammar -> %s", id, next);
    else if (o->state == ATTEMPT_ACCEPTED)
        log_event(LOG_INFO, "send", "notice %lld: accepted -> %s%s%s", id, next,
                  seat->site[0] ? ", site " : "", seat->site);
    else if (o->state == ATTEMPT_REJECTED)
        log_event(LOG_WARN, "send", "notice %lld: refused (%d %s, %s) -> %s", id, (int)o->code,
                  graph_class_name(o->error->class), o->error->meaning, next);
    else if (o->state == ATTEMPT_UNSENT)
        log_event(LOG_WARN, "send", "notice %lld: not sent (%d) -> %s", id, (int)o->code, next);
    else
        log_event(LOG_WARN, "send", "notice %lld: answer lost (%d) -> %s", id, (int)o->code, next);
    if (o->conflict != PROOF_FINE)
        log_event(LOG_ERROR, "send", "notice %lld: %s -> look at it", id,
                  o->conflict == PROOF_TWO_IDS ? "accepted twice" : "refused, yet it has a status");
}

static void count(struct send_counts *c, const struct outcome *o)
{
    switch (o->state) {
    case ATTEMPT_ACCEPTED:
        c->accepted++;
        break;
    case ATTEMPT_REJECTED:
        c->rejected++;
        break;
    case ATTEMPT_UNSENT:
        c->unsent++;
        break;
    case ATTEMPT_UNKNOWN:
        c->unknown++;
        break;
    case ATTEMPT_FLYING:
        break;
    }
    c->damaged += o->damaged;
    c->echo_first += o->echo_first;
    c->conflicts += o->conflict != PROOF_FINE;
}

static bool store_run(struct store_job *j, struct store *store, struct err *e)
{
    struct seat *seat = container_of(j, struct seat, job);

    return outcome_store(&seat->outcome, str_of(seat->echo), &seat->send->set.retry, &seat->arena,
                         store, e);
}

static void release(struct seat *seat)
{
    seat->state = SEAT_FREE;
    buf_reset(&seat->body);
    arena_reset(&seat->arena);
    seat->send->wanted = true; /* the next to the same number may go now */
}

static void store_done(struct store_job *j)
{
    struct seat *seat = container_of(j, struct seat, job);
    struct send *s = seat->send;

    if (!j->ok && j->err.kind == ERR_BUSY) {
        s->counts.store_retries++;
        seat->state = SEAT_BUSY;
        seat->again_ms = send_now(s) + STORE_AGAIN_MS;
        send_pump(s);
        return;
    }
    if (j->ok) {
        count(&s->counts, &seat->outcome);
        if (seat->outcome.blocked && s->set.blocked)
            atomic_fetch_add(s->set.blocked, 1);
        if (seat->outcome.state == ATTEMPT_ACCEPTED)
            site_count(s, seat->site);
        log_outcome(seat);
    } else { /* its attempt stays flying: unknown at the next start */
        log_event(LOG_ERROR, "send", "notice %lld: outcome not stored: %s",
                  (long long)seat->notice_id, j->err.text);
    }
    release(seat);
    bell_ring(&s->set.plan);
    send_pump(s);
}

void seat_again(struct seat *seat)
{
    seat->state = SEAT_STORING;
    seat->job.run = store_run;
    seat->job.done = store_done;
    store_queue_submit(seat->send->set.queue, &seat->job);
}

static void end(struct seat *seat)
{
    seat->outcome.ended_ms = send_now(seat->send);
    seat_again(seat);
}

static void unsent(struct seat *seat)
{
    seat->outcome = (struct outcome){.state = ATTEMPT_UNSENT};
    end(seat);
}

static void post_done(struct http_call *c)
{
    struct seat *seat = container_of(c, struct seat, call);

    seat->outcome = (struct outcome){0};
    outcome_read(&seat->outcome, c, seat->send->set.seal);
    stop_after(seat->send, &seat->outcome, c->retry_after_s);
    end(seat);
}

static void post(struct seat *seat)
{
    struct send *s = seat->send;
    struct err e = {0};

    seat->call = (struct http_call){.url = s->url,
                                    .bearer = s->bearer,
                                    .content_type = "application/json",
                                    .body = buf_str(&seat->body),
                                    .timeout_ms = s->set.timeout_ms,
                                    .max_reply = REPLY_MAX,
                                    .done = post_done};
    seat->state = SEAT_POSTING;
    if (!http_start(s->set.http, &seat->call, &e)) {
        log_event(LOG_ERROR, "send", "no request: %s", e.text);
        unsent(seat);
    }
}

/* The notice as the bytes say it, for the unit and the feed that it stands for. */
static struct approved read_back(const struct whatsapp_body *b, const struct notice *n,
                                 struct arena *a)
{
    struct approved what = approved_of(n);
    struct param *params = NEW_ARRAY(a, struct param, b->n_params);

    for (size_t i = 0; i < b->n_params; i++)
        params[i] = (struct param){b->params[i].name, whatsapp_body_text(b->params[i].text, a)};
    what.template = b->template;
    what.language = b->language;
    what.to = b->to;
    what.link = b->token.p != NULL;
    what.named = b->named;
    what.replies = b->replies;
    what.params = params;
    what.n_params = b->n_params;
    return what;
}

/* Builds the bytes, then reads them back: what leaves is exactly this notice, as it was approved, or nothing
 * leaves. *approved is set in either case. */
static bool make_body(struct seat *seat, const struct notice *n, bool *approved)
{
    struct whatsapp_body read;
    struct approved what = approved_of(n);
    struct str echo = str_of(seat->echo);
    const struct seal *seal = seat->send->set.seal;
    struct err e = {0};
    bool fits;

    seat->body = buf_new(WHATSAPP_BODY_MAX);
    fits = whatsapp_body_build(n, echo, &seat->body, &e) &&
           whatsapp_body_check(buf_str(&seat->body), &read, &e) &&
           whatsapp_body_matches(&read, n, echo, &e);
    if (fits)
        what = read_back(&read, n, &seat->arena);
    else
        log_event(LOG_ERROR, "send", "notice %lld: %s", (long long)n->id, e.text);
    *approved = approval_holds(seal, &what, &seat->arena, n->approval);
    return fits && *approved;
}

/* The store was slow, and since then the sender has come to rest or the notice has gone stale. */
static bool too_late(const struct send *s, const struct notice *n)
{
    int64_t now = send_now(s);

    return s->closing || s->stopped || now < s->rest_until_ms ||
           (n->expires_ms && n->expires_ms < now);
}

void seat_take(struct seat *seat, const struct flight *f)
{
    const struct str feed = f->notice.feed;
    bool approved;

    (void)snprintf(seat->feed, sizeof seat->feed, "%.*s", (int)feed.n, feed.p ? feed.p : "");
    seat->notice_id = f->notice.id;
    site_read(f->notice.log, seat->site);
    memcpy(seat->echo, f->attempt.echo, sizeof seat->echo);
    if (!make_body(seat, &f->notice, &approved)) {
        seat->outcome =
            (struct outcome){.state = ATTEMPT_REJECTED, .ours = true, .blocked = !approved};
        end(seat);
    } else if (too_late(seat->send, &f->notice)) {
        unsent(seat);
    } else {
        post(seat);
    }
}
