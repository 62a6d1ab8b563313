#include "model/notice.h"

#include <assert.h>

#define TO(state) (1U << (state))

static const struct {
    const char *name;
    unsigned may_become;
    enum standing standing;
} states[] = {
    /* to accepted: a status proved that an attempt was accepted after all, though it was refused */
    [NOTICE_WAITING] = {"waiting",
                        TO(NOTICE_READY) | TO(NOTICE_WITHDRAWN) | TO(NOTICE_ACCEPTED) |
                            TO(NOTICE_MERGED),
                        STANDING_PENDING},
    [NOTICE_READY] = {"ready", TO(NOTICE_FLYING) | TO(NOTICE_WITHDRAWN) | TO(NOTICE_ACCEPTED),
                      STANDING_PENDING},
    [NOTICE_FLYING] = {"flying",
                       TO(NOTICE_ACCEPTED) | TO(NOTICE_CHECKING) | TO(NOTICE_WAITING) |
                           TO(NOTICE_HELD),
                       STANDING_PENDING},
    /* to waiting: notice_resend() alone */
    [NOTICE_CHECKING] = {"checking", TO(NOTICE_ACCEPTED) | TO(NOTICE_HELD) | TO(NOTICE_WAITING),
                         STANDING_PENDING},
    [NOTICE_ACCEPTED] = {"accepted", TO(NOTICE_HELD), STANDING_NOTIFIED},
    /* a late echo may still prove what was given up */
    [NOTICE_HELD] = {"held", TO(NOTICE_ACCEPTED), STANDING_HELD},
    [NOTICE_WITHDRAWN] = {"withdrawn", 0, STANDING_RECORDED},
    [NOTICE_MERGED] = {"merged", TO(NOTICE_WAITING) | TO(NOTICE_WITHDRAWN) | TO(NOTICE_HELD),
                       STANDING_PENDING},
};

static const char *const attempts[] = {
    [ATTEMPT_FLYING] = "flying", [ATTEMPT_ACCEPTED] = "accepted", [ATTEMPT_REJECTED] = "rejected",
    [ATTEMPT_UNSENT] = "unsent", [ATTEMPT_UNKNOWN] = "unknown",
};

const char *notice_state_name(enum notice_state s)
{
    return states[s].name;
}

const char *quick_reply_name(int bit)
{
    static const char *const names[QUICK_REPLIES] = {"confirm", "change", "cancel"};

    return names[bit];
}

const char *attempt_state_name(enum attempt_state s)
{
    return attempts[s];
}

bool notice_may_become(enum notice_state from, enum notice_state to)
{
    return (states[from].may_become & TO(to)) != 0;
}

enum standing notice_standing(enum notice_state s)
{
    return states[s].standing;
}

/* The only place where a notice changes state in a decision. */
static void become(struct notice *n, enum notice_state next, struct str reason)
{
    assert(notice_may_become(n->state, next));
    n->state = next;
    n->reason = reason;
}

static int64_t wait_ms(const struct retry_policy *p, int32_t tries)
{
    int64_t wait = p->first_ms;

    for (int32_t i = 1; i < tries && wait < p->most_ms; i++)
        wait *= 2;
    return wait < p->most_ms ? wait : p->most_ms;
}

enum { OVERTAKEN_MS = 1 }; /* an expiry that has passed, wherever the clock is set */

/* Back to WAITING, unless that was the last try or nothing is left to say. */
static void again(struct notice *n, const struct retry_policy *p, int64_t now_ms)
{
    if (n->expires_ms == OVERTAKEN_MS) {
        become(n, NOTICE_WAITING, STR("try again"));
        notice_superseded(n);
        return;
    }
    if (n->tries >= p->max_tries) {
        become(n, NOTICE_HELD, STR("too many tries"));
        return;
    }
    become(n, NOTICE_WAITING, STR("try again"));
    n->due_ms = now_ms + wait_ms(p, n->tries);
}

void notice_attempt_ended(struct notice *n, const struct attempt *a, bool temporary,
                          const struct retry_policy *p, int64_t now_ms)
{
    n->tries++;
    if (n->state != NOTICE_FLYING)
        return; /* an echo was faster than the answer and has settled it */
    switch (a->state) {
    case ATTEMPT_ACCEPTED:
        become(n, NOTICE_ACCEPTED, (struct str){NULL, 0});
        return;
    case ATTEMPT_UNSENT:
        again(n, p, now_ms);
        return;
    case ATTEMPT_REJECTED:
        if (temporary)
            again(n, p, now_ms);
        else
            become(n, NOTICE_HELD, STR("refused by WhatsApp"));
        return;
    case ATTEMPT_UNKNOWN:
        become(n, NOTICE_CHECKING, STR("answer lost"));
        return;
    case ATTEMPT_FLYING:
        break;
    }
    assert(a->state != ATTEMPT_FLYING);
}

static enum delivery rank_of(struct str name)
{
    static const struct {
        struct str name;
        enum delivery rank;
    } ranks[] = {
        {STR_LIT("reply_confirm"), DELIVERY_READ}, /* who taps a button has read it */
        {STR_LIT("reply_change"), DELIVERY_READ},  {STR_LIT("reply_cancel"), DELIVERY_READ},
        {STR_LIT("sent"), DELIVERY_SENT},          {STR_LIT("delivered"), DELIVERY_DELIVERED},
        {STR_LIT("read"), DELIVERY_READ},          {STR_LIT("played"), DELIVERY_PLAYED},
    };

    for (size_t i = 0; i < sizeof ranks / sizeof *ranks; i++) {
        if (str_eq(name, ranks[i].name))
            return ranks[i].rank;
    }
    return DELIVERY_NONE;
}

void attempt_fold(struct attempt *a, const struct status *all, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        enum delivery rank = rank_of(all[i].name);
        int32_t code = all[i].error_code ? all[i].error_code : -1;

        if (rank > a->delivery)
            a->delivery = rank;
        /* the largest code, so that the order of several failures does not matter */
        if (str_eq(all[i].name, STR("failed")) && (a->failed_code == 0 || code > a->failed_code))
            a->failed_code = code;
    }
}

void notice_tracked(struct notice *n, const struct attempt *a)
{
    bool proven = a->delivery != DELIVERY_NONE;
    bool failed = a->failed_code != 0 && a->delivery < DELIVERY_DELIVERED;

    if (failed) {
        if (notice_may_become(n->state, NOTICE_HELD))
            become(n, NOTICE_HELD, STR("delivery failed"));
    } else if (proven && notice_may_become(n->state, NOTICE_ACCEPTED)) {
        become(n, NOTICE_ACCEPTED, (struct str){NULL, 0});
    }
}

void notice_superseded(struct notice *n)
{
    if (n->state == NOTICE_WAITING)
        become(n, NOTICE_WITHDRAWN, STR("a later event came first"));
}

bool notice_on_the_wire(const struct notice *n)
{
    return n->state == NOTICE_FLYING || n->state == NOTICE_CHECKING;
}

void notice_overtaken(struct notice *n)
{
    assert(notice_on_the_wire(n));
    n->expires_ms = OVERTAKEN_MS;
    n->resend_ms = 0;
}

void notice_stopped(struct notice *n, struct str why)
{
    if (n->state == NOTICE_WAITING)
        become(n, NOTICE_WITHDRAWN, why);
}

bool notice_forgets(const struct notice *n)
{
    static const struct str lasting[] = {STR_LIT("a later event came first"),
                                         STR_LIT("merged into a later notice"),
                                         STR_LIT("answer lost, no proof in time")};

    if (n->before_ms || (n->state != NOTICE_HELD && n->state != NOTICE_WITHDRAWN))
        return false; /* of what a reminder says, the patient was told before, or is not at all */
    for (size_t i = 0; i < sizeof lasting / sizeof *lasting; i++) {
        if (str_eq(n->reason, lasting[i]))
            return false;
    }
    return true;
}

/* When its answer was lost. */
static int64_t lost_ms(const struct attempt *a)
{
    return a->ended_ms ? a->ended_ms : a->started_ms;
}

bool notice_resend(struct notice *n, const struct attempt *a, bool alive, int64_t now_ms)
{
    if (n->state != NOTICE_CHECKING || !n->resend_ms || !alive ||
        now_ms - lost_ms(a) < n->resend_ms || (n->expires_ms && now_ms >= n->expires_ms))
        return false;
    become(n, NOTICE_WAITING, STR("answer lost, sent again"));
    n->resend_ms = 0;
    n->due_ms = now_ms;
    return true;
}

bool notice_gave_up(struct notice *n, const struct attempt *a, const struct retry_policy *p,
                    int64_t now_ms)
{
    if (n->state != NOTICE_CHECKING || now_ms - lost_ms(a) < n->resend_ms + p->unknown_ms)
        return false;
    become(n, NOTICE_HELD, STR("answer lost, no proof in time"));
    return true;
}
