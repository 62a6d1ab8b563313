/* One channel: outgoing WAITING -> FLYING, committed -> written -> answered -> its outcome stored. */
#include "base/container_of.h"
#include "base/log.h"
#include "outbound/backoff.h"
#include "outbound_impl.h"

static int64_t now_of(const struct channel *ch)
{
    return clock_now_ms(ch->o->set.clock);
}

static void rest(struct channel *ch)
{
    const struct outbound_settings *set = &ch->o->set;

    ch->failures++;
    ch->rest_until_ms =
        now_of(ch) + backoff_ms(set->retry_first_ms, set->retry_most_ms, ch->failures, set->random);
}

/* ---- with the store ---- */

/* The message is written and FLYING before its first byte can leave. */
static bool take_off(struct channel *ch, struct store *s, struct err *e)
{
    if (!ch->found.body.n && !outbound_compose(&ch->found, ch, s, &ch->found_arena, e)) {
        if (e->kind != ERR_INPUT)
            return false;
        ch->found.state = OUTGOING_REFUSED;
        ch->found.reason = STR("its message cannot be answered any more");
        ch->more = true;
    } else {
        ch->found.state = OUTGOING_FLYING;
        ch->has_found = true;
    }
    return s->ops->save_outgoing(s, &ch->found, e);
}

static bool job_run(struct store_job *j, struct store *s, struct err *e)
{
    struct channel *ch = container_of(j, struct channel, job);
    struct outgoing_list list = {0};

    arena_reset(&ch->found_arena);
    ch->has_found = ch->more = false;
    ch->next_ms = 0;
    if (ch->has_outcome && !s->ops->save_outgoing(s, &ch->row, e))
        return false;
    if (!ch->looks)
        return true;
    if (!s->ops->find_outgoing(s, str_of(ch->set->name), ch->now_ms, 1, &ch->found_arena, &list, e))
        return false;
    ch->next_ms = list.next_ms;
    if (list.n == 0)
        return true;
    ch->found = list.items[0];
    return take_off(ch, s, e);
}

static void on_done(struct client_request *r);

static void fly(struct channel *ch)
{
    struct arena landed = ch->arena;

    ch->arena = ch->found_arena;
    ch->found_arena = landed;
    ch->row = ch->found;
    ch->flying = true;
    ch->request.content = ch->row.body;
    ch->request.id = ch->row.control_id;
    ch->request.done = on_done;
    client_send(ch->client, &ch->request);
}

static void job_done(struct store_job *j)
{
    struct channel *ch = container_of(j, struct channel, job);

    ch->busy = false;
    ch->o->open--;
    if (!j->ok) {
        rest(ch);
        ch->wanted = ch->store_failed = true;
        log_event(LOG_WARN, "outbound", "channel %s: %s -> again in %lld ms", ch->set->name,
                  j->err.text, (long long)(ch->rest_until_ms - now_of(ch)));
    } else {
        ch->has_outcome = false;
        ch->wanted = ch->wanted || ch->more || !ch->looks;
        if (ch->has_found && !ch->o->closing) /* else it stays FLYING: the next start sends it */
            fly(ch);
    }
    outbound_turn(ch->o);
}

static void submit(struct channel *ch)
{
    const struct random_source *random = ch->o->set.random;

    ch->now_ms = now_of(ch);
    if (!random->get(random, ch->random, sizeof ch->random)) {
        rest(ch);
        ch->wanted = ch->store_failed = true;
        log_event(LOG_ERROR, "outbound", "channel %s: no randomness -> again", ch->set->name);
        return;
    }
    ch->looks = !ch->o->closing && ch->rest_until_ms <= ch->now_ms;
    ch->wanted = ch->store_failed = false;
    ch->busy = true;
    ch->o->open++;
    ch->job = (struct store_job){.run = job_run, .done = job_done};
    store_queue_submit(ch->o->set.queue, &ch->job);
}

/* ---- what became of it ---- */

static void failed(struct channel *ch, const char *reason, const char *why)
{
    ch->row.state = OUTGOING_WAITING;
    ch->row.reason = str_of(reason);
    rest(ch);
    log_event(LOG_WARN, "outbound", "channel %s: message %lld: %s -> again in %lld ms",
              ch->set->name, (long long)ch->row.id, why,
              (long long)(ch->rest_until_ms - now_of(ch)));
}

static void refused(struct channel *ch, const char *reason)
{
    ch->row.state = OUTGOING_REFUSED;
    ch->row.reason = str_of(reason);
    ch->o->counts.refused++;
    ch->failures = 0;
    log_event(LOG_WARN, "outbound", "channel %s: message %lld: %s -> not sent again", ch->set->name,
              (long long)ch->row.id, reason);
}

static void judge(struct channel *ch, enum hl7_ack_code code)
{
    switch (code) {
    case HL7_AA:
    case HL7_CA:
        ch->row.state = OUTGOING_ACCEPTED;
        ch->row.reason = (struct str){NULL, 0};
        ch->o->counts.accepted++;
        ch->failures = 0;
        return;
    case HL7_AE:
    case HL7_CE:
        if (++ch->row.tries >= ch->o->set.max_tries)
            refused(ch, "answered with an error too often");
        else
            failed(ch, "answered with an error", hl7_ack_code_name(code));
        return;
    default:
        refused(ch, "refused by the peer");
        return;
    }
}

static void on_done(struct client_request *r)
{
    struct channel *ch = container_of(r, struct channel, request);
    struct outbound *o = ch->o;

    ch->flying = false;
    o->counts.sent += r->outcome != CLIENT_UNSENT;
    if (r->outcome == CLIENT_ANSWERED)
        judge(ch, r->code);
    else if (!o->closing)
        failed(ch, r->outcome == CLIENT_UNKNOWN ? "not answered" : "no connection", r->why);
    ch->has_outcome = r->outcome == CLIENT_ANSWERED || !o->closing;
    outbound_turn(o);
}

/* ---- the pump ---- */

void channel_pump(struct channel *ch)
{
    bool resting = ch->rest_until_ms > now_of(ch);
    bool looks = ch->wanted && !ch->o->closing && !resting;
    bool stores = ch->has_outcome && !(ch->store_failed && resting);

    if (!ch->busy && !ch->flying && (looks || stores))
        submit(ch);
}

int64_t channel_wake(const struct channel *ch)
{
    if (ch->busy || ch->flying)
        return 0;
    if (ch->wanted || ch->has_outcome)
        return ch->rest_until_ms;
    return ch->next_ms;
}
