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

static const struct str untold = STR_LIT("no notice for this event");

/* Why nobody is told, although the facts are new; absent: somebody is. */
static struct str silence(const struct instance *in, const struct unit *unit, struct str mute,
                          int64_t now_ms)
{
    struct str state = shown_state(&in->event);
    bool undone = str_eq(state, STR("withdrawn")) || str_eq(state, STR("undone"));

    if (in->stale_ms && now_ms >= in->stale_ms)
        return STR("stale");
    if (mute.p)
        return mute;
    if (!in->notifies)
        return untold;
    if (undone && (!unit || !unit->told))
        return STR("taken back before it was told");
    return (struct str){NULL, 0};
}

struct decision plan_decide(const struct seal *seal, const struct instance *in,
                            const struct unit *unit, struct str mute, int64_t now_ms)
{
    static const uint8_t nothing[INDEX_BYTES];
    bool known, same;
    struct decision d = {.verdict = VERDICT_TELL, .withdraw = WITHDRAW_ALL, .remember = true};
    const bool over = event_is_over(&in->event);

    if (in->test)
        return record(STR("test message"));
    d.reason = silence(in, unit, mute, now_ms);
    news_of(seal, &in->event, d.news);
    known = unit && memcmp(unit->news, nothing, sizeof nothing) != 0;
    same = known && memcmp(unit->news, d.news, sizeof d.news) == 0;
    if (str_eq(d.reason, STR("stale")) && !over) {
        d.verdict = VERDICT_RECORD;
        d.withdraw = known && !same ? WITHDRAW_REMINDERS : WITHDRAW_NOTHING;
        d.remember = false;
        memset(d.news, 0, sizeof d.news); /* what is true now was told to nobody */
        return d;
    }
    if (same)
        return record(in->notifies || in->n_reminders ? STR("not news") : untold);
    if (!in->notifies && !over && !mute.p)
        d.withdraw = WITHDRAW_REMINDERS;
    d.revoke = event_takes_back(&in->event);
    if (d.reason.p)
        d.verdict = VERDICT_RECORD;
    /* who was told nothing for this reason is told once that ends */
    d.remember = !mute.p && (in->notifies || over || in->n_reminders);
    return d;
}
