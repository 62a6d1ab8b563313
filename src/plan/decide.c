#include "plan/decide.h"

/* The state a patient sees: words that tell the same fact are one. */
static struct str shown_state(const struct event *ev)
{
    struct str s = event_value(ev, "status");

    if (!s.p)
        s = event_value(ev, "state");
    if (!s.p)
        s = event_value(ev, "change");
    if (str_eq(s, STR("moved")) || str_eq(s, STR("changed")))
        return STR("booked");
    return s;
}

/* A cancelled appointment is cancelled whatever time the message names. */
static void news_of(const struct seal *seal, const struct event *ev, uint8_t out[INDEX_BYTES])
{
    static const char *const facts[] = {"start", "site", "due", "collect_by", "ticket"};
    enum { FACTS = sizeof facts / sizeof *facts };
    struct str parts[FACTS + 2] = {ev->type, shown_state(ev)};

    for (size_t i = 0; i < FACTS && !event_takes_back(ev); i++)
        parts[i + 2] = event_value(ev, facts[i]);
    seal_index(seal, "news", parts, FACTS + 2, out);
}

static struct decision record(struct str reason)
{
    return (struct decision){.verdict = VERDICT_RECORD, .reason = reason};
}

static const struct str blocked_reason = STR_LIT("no notices for this patient");

/* Why nobody is told, although the facts are new; absent: somebody is. */
static struct str silence(const struct instance *in, const struct unit *unit, bool blocked,
                          int64_t now_ms)
{
    struct str state = shown_state(&in->event);
    bool undone = str_eq(state, STR("withdrawn")) || str_eq(state, STR("undone"));

    if (in->stale_ms && now_ms >= in->stale_ms)
        return STR("stale");
    if (!in->notifies)
        return STR("no notice for this event");
    if (blocked)
        return blocked_reason;
    if (undone && (!unit || !unit->told))
        return STR("taken back before it was told");
    return (struct str){NULL, 0};
}

struct decision plan_decide(const struct seal *seal, const struct instance *in,
                            const struct unit *unit, bool blocked, int64_t now_ms)
{
    struct decision d = {.verdict = VERDICT_TELL, .withdraw = true, .remember = true};

    if (in->test)
        return record(STR("test message"));
    d.reason = silence(in, unit, blocked, now_ms);
    if (str_eq(d.reason, STR("stale")) && !event_is_over(&in->event))
        return record(d.reason);
    news_of(seal, &in->event, d.news);
    if (unit && memcmp(unit->news, d.news, sizeof d.news) == 0)
        return record(STR("not news"));
    d.revoke = event_takes_back(&in->event);
    if (d.reason.p)
        d.verdict = VERDICT_RECORD;
    d.remember = !str_eq(d.reason, blocked_reason); /* told nobody: news again once it may be */
    return d;
}
