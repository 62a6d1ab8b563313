#include "send_impl.h"

#include <string.h>

#include "model/recipient.h"
#include "whatsapp/answer.h"

static void read_answer(struct outcome *o, const struct http_call *c, const struct seal *seal)
{
    struct arena a = {0};
    struct answer answer;

    whatsapp_answer(c->status, c->reply, &a, &answer);
    o->code = answer.code;
    o->error = answer.error;
    switch (answer.kind) {
    case ANSWER_ACCEPTED:
        o->state = ATTEMPT_ACCEPTED;
        o->has_wamid = true;
        seal_index(seal, "wamid", &answer.wamid, 1, o->wamid);
        break;
    case ANSWER_REJECTED:
        o->state = ATTEMPT_REJECTED;
        break;
    case ANSWER_UNKNOWN:
        o->state = ATTEMPT_UNKNOWN;
        break;
    }
    arena_reset(&a);
}

void outcome_read(struct outcome *o, const struct http_call *c, const struct seal *seal)
{
    switch (c->sent) {
    case HTTP_ANSWERED:
        read_answer(o, c, seal);
        return;
    case HTTP_UNSENT:
        o->state = ATTEMPT_UNSENT;
        o->code = c->curl_code;
        return;
    case HTTP_UNKNOWN:
        o->state = ATTEMPT_UNKNOWN;
        o->code = c->curl_code;
        return;
    }
}

/* The answer into attempt and notice, unless a status was faster and has proved more. */
static void apply(struct outcome *o, struct attempt *a, struct notice *n,
                  const struct retry_policy *retry)
{
    bool temporary =
        o->state == ATTEMPT_REJECTED && o->error && graph_error_temporary(o->error, n->tries + 1);

    o->echo_first = a->state == ATTEMPT_ACCEPTED;
    if (!o->echo_first)
        a->state = o->state;
    else if (o->state == ATTEMPT_REJECTED || o->state == ATTEMPT_UNSENT)
        o->conflict = PROOF_AFTER_REFUSAL;
    a->code = o->code;
    a->ended_ms = o->ended_ms;
    if (o->has_wamid && a->has_wamid && memcmp(a->wamid, o->wamid, sizeof a->wamid) != 0)
        o->conflict = PROOF_TWO_IDS;
    if (o->has_wamid && !a->has_wamid) {
        memcpy(a->wamid, o->wamid, sizeof a->wamid);
        a->has_wamid = true;
    }
    notice_attempt_ended(n, a, temporary, retry, o->ended_ms);
    if (o->ours && n->state == NOTICE_HELD)
        n->reason =
            o->blocked ? STR("blocked: not what was approved") : STR("breaks the message grammar");
}

/* What went back to waiting and was overtaken is withdrawn, and so is what the patient's record was set
 * against while it was on the wire. */
static bool supersede(struct notice *n, struct arena *a, struct store *s, struct err *e)
{
    struct unit patient = {0};
    bool later = false, known = false;

    if (n->state != NOTICE_WAITING)
        return true;
    if (!s->ops->find_later(s, n, &later, e))
        return false;
    if (n->patient_key.p &&
        !s->ops->find_unit(s, STR("patient/1"), n->patient_key, a, &patient, &known, e) &&
        e->kind != ERR_INPUT)
        return false;
    if (later)
        notice_superseded(n);
    else if (known && event_blocks(&patient.event))
        notice_stopped(n, recipient_reason(RECIPIENT_MUTE));
    else if (!n->to.p)
        notice_stopped(n, recipient_reason(RECIPIENT_NONE));
    return true;
}

bool outcome_store(struct outcome *o, struct str echo, const struct retry_policy *retry,
                   struct arena *a, struct store *s, struct err *e)
{
    static const uint8_t none[INDEX_BYTES];
    struct flight f;
    struct status_list known = {0};
    enum proof_conflict conflict;
    bool found;

    arena_reset(a);
    o->echo_first = false;
    o->conflict = PROOF_FINE;
    if (!s->ops->find_attempt(s, echo, none, a, &f, &found, e))
        return false;
    o->damaged = !found;
    if (!found)
        return true;
    apply(o, &f.attempt, &f.notice, retry);
    if (!s->ops->find_statuses(s, f.attempt.wamid, echo, a, &known, e))
        return false;
    conflict = proof_fold(&f.attempt, &f.notice, known.items, known.n);
    if (o->conflict == PROOF_FINE)
        o->conflict = conflict;
    if (!supersede(&f.notice, a, s, e))
        return false;
    o->notice = f.notice.state;
    if (o->blocked && !s->ops->pause_feed(s, f.notice.feed, f.notice.reason, e))
        return false;
    return s->ops->save_attempt(s, &f.attempt, e) && s->ops->save_notice(s, &f.notice, e);
}
