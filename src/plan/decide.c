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

static bool ended(struct str state)
{
    return str_eq(state, STR("cancelled")) || str_eq(state, STR("withdrawn")) ||
           str_eq(state, STR("undone"));
}

/* A cancelled appointment is cancelled whatever time the message names. */
static void news_of(const struct seal *seal, const struct event *ev, uint8_t out[INDEX_BYTES])
{
    static const char *const facts[] = {"start", "site", "due", "collect_by", "ticket"};
    enum { FACTS = sizeof facts / sizeof *facts };
    struct str parts[FACTS + 2] = {ev->type, shown_state(ev)};

    for (size_t i = 0; i < FACTS && !ended(parts[1]); i++)
        parts[i + 2] = event_value(ev, facts[i]);
    seal_index(seal, "news", parts, FACTS + 2, out);
}

static struct decision record(struct str reason)
{
    return (struct decision){.verdict = VERDICT_RECORD, .reason = reason};
}

struct decision plan_decide(const struct seal *seal, const struct instance *in,
                            const struct unit *unit, int64_t now_ms)
{
    struct str state = shown_state(&in->event);
    bool taken_back = str_eq(state, STR("withdrawn")) || str_eq(state, STR("undone"));
    struct decision d = {.verdict = VERDICT_TELL, .withdraw = true, .remember = true};

    if (in->test)
        return record(STR("test message"));
    if (in->stale_ms && now_ms >= in->stale_ms)
        return record(STR("stale"));
    news_of(seal, &in->event, d.news);
    if (unit && memcmp(unit->news, d.news, sizeof d.news) == 0)
        return record(STR("not news"));
    d.revoke = ended(state);
    if (taken_back && (!unit || !unit->told)) {
        d.verdict = VERDICT_RECORD;
        d.reason = STR("taken back before it was told");
    }
    return d;
}
