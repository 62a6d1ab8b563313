#include "check.h"
#include "model/event.h"
#include "model/notice.h"

static const struct retry_policy policy = {
    .first_ms = 1000, .most_ms = 5000, .max_tries = 4, .unknown_ms = 600000};

static void test_pack(void)
{
    struct slot slots[] = {
        {STR("phone"), STR("+886912345678"), {NULL, 0}, CLASS_CONTACT},
        {STR("visit_key"), STR("pk_1"), STR("A1001"), CLASS_IDENTIFIER},
        {STR("empty"), STR(""), {NULL, 0}, CLASS_PUBLIC},
    };
    struct event ev = {STR("appointment/1"), STR("pk_1"), slots, 3}, back;
    struct arena a = {0};
    struct str packed = event_pack(&ev, &a);
    struct err e;

    CHECK(event_unpack(packed, &a, &back, &e), "%s", e.text);
    CHECK(back.n_slots == 3 && str_eq(event_value(&back, "phone"), STR("+886912345678")), "phone");
    CHECK(str_eq(back.slots[1].raw, STR("A1001")) && !back.slots[0].raw.p, "raw");
    CHECK(back.slots[2].value.p && back.slots[2].value.n == 0, "empty is not absent");
    CHECK(!event_value(&back, "none").p && str_eq(back.unit_key, STR("pk_1")), "none");
    for (size_t n = 0; n < packed.n; n++)
        CHECK(!event_unpack((struct str){packed.p, n}, &a, &back, &e), "%zu bytes are enough", n);
    arena_reset(&a);
}

static void test_ended(void)
{
    static const struct {
        const char *name;
        enum attempt_state attempt;
        bool temporary;
        int32_t tries;
        enum notice_state next;
        int64_t wait_ms;
    } cases[] = {
        {"accepted", ATTEMPT_ACCEPTED, false, 0, NOTICE_ACCEPTED, 0},
        {"unknown never goes back", ATTEMPT_UNKNOWN, false, 0, NOTICE_CHECKING, 0},
        {"unknown, temporary or not", ATTEMPT_UNKNOWN, true, 0, NOTICE_CHECKING, 0},
        {"unsent, first", ATTEMPT_UNSENT, false, 0, NOTICE_WAITING, 1000},
        {"unsent, second", ATTEMPT_UNSENT, false, 1, NOTICE_WAITING, 2000},
        {"unsent, third", ATTEMPT_UNSENT, false, 2, NOTICE_WAITING, 4000},
        {"unsent, last", ATTEMPT_UNSENT, false, 3, NOTICE_HELD, 0},
        {"rate limit", ATTEMPT_REJECTED, true, 0, NOTICE_WAITING, 1000},
        {"bad parameter", ATTEMPT_REJECTED, false, 0, NOTICE_HELD, 0},
    };

    for
        EACH (i, cases) {
            struct notice n = {.state = NOTICE_FLYING, .tries = cases[i].tries};
            struct attempt a = {.state = cases[i].attempt};

            notice_attempt_ended(&n, &a, cases[i].temporary, &policy, 50);
            CHECK(n.state == cases[i].next, "%s: %s", cases[i].name, notice_state_name(n.state));
            CHECK(n.due_ms == (cases[i].wait_ms ? 50 + cases[i].wait_ms : 0), "%s", cases[i].name);
            CHECK(n.tries == cases[i].tries + 1, "%s", cases[i].name);
        }
}

/* Every multiset of up to four statuses, from every state a notice can be in: the state depends on
 * the set alone, and nothing leads back to the wire. */
static void test_tracked(void)
{
    static const char *const names[] = {"sent", "delivered", "read", "failed", "played", "deleted"};
    enum { KINDS = 6, MOST = 4 };
    static const enum notice_state from[] = {NOTICE_CHECKING, NOTICE_ACCEPTED, NOTICE_FLYING,
                                             NOTICE_HELD, NOTICE_WITHDRAWN};

    for (int seed = 0; seed < KINDS * KINDS * KINDS * KINDS; seed++) {
        struct status all[MOST], turned[MOST];
        struct attempt a = {0}, b = {0}, twice = {0};

        for (int i = 0, s = seed; i < MOST; i++, s /= KINDS)
            all[i] =
                (struct status){.name = str_of(names[s % KINDS]), .error_code = 131000 + s % 7};
        for (int i = 0; i < MOST; i++)
            turned[i] = all[MOST - 1 - i];
        attempt_fold(&a, all, MOST);
        attempt_fold(&b, turned, MOST);
        for (int i = 0; i < 3; i++)
            attempt_fold(&twice, i == 1 ? turned : all, MOST);
        CHECK(a.delivery == b.delivery && a.failed_code == b.failed_code, "order matters: %d",
              seed);
        CHECK(a.delivery == twice.delivery && a.failed_code == twice.failed_code, "repeats: %d",
              seed);
        for
            EACH (k, from) {
                struct notice n = {.state = from[k]};

                notice_tracked(&n, &a);
                CHECK(n.state != NOTICE_READY && n.state != NOTICE_WAITING, "back to the wire: %d",
                      seed);
                if (from[k] == NOTICE_CHECKING && a.delivery >= DELIVERY_DELIVERED)
                    CHECK(n.state == NOTICE_ACCEPTED, "%d: %s", seed, notice_state_name(n.state));
                if (from[k] == NOTICE_ACCEPTED && a.failed_code && a.delivery < DELIVERY_DELIVERED)
                    CHECK(n.state == NOTICE_HELD, "%d: %s", seed, notice_state_name(n.state));
            }
    }
}

/* The webhook of a send may come before its HTTP answer (opengovsg/postmangovsg#2151). */
static void test_echo_first(void)
{
    static const enum attempt_state late[] = {ATTEMPT_ACCEPTED, ATTEMPT_UNKNOWN};

    for
        EACH (i, late) {
            struct notice n = {.state = NOTICE_FLYING}, failed = {.state = NOTICE_FLYING};
            struct attempt a = {.state = late[i], .delivery = DELIVERY_SENT};
            struct attempt bad = {.state = late[i], .failed_code = 131026};

            notice_tracked(&n, &a);
            CHECK(n.state == NOTICE_ACCEPTED, "%s", notice_state_name(n.state));
            notice_attempt_ended(&n, &a, false, &policy, 1);
            CHECK(n.state == NOTICE_ACCEPTED && n.tries == 1, "%s", notice_state_name(n.state));
            notice_tracked(&failed, &bad);
            notice_attempt_ended(&failed, &bad, false, &policy, 1);
            CHECK(failed.state == NOTICE_HELD, "%s", notice_state_name(failed.state));
        }
}

static void test_gave_up(void)
{
    struct notice n = {.state = NOTICE_CHECKING};
    struct attempt a = {.state = ATTEMPT_UNKNOWN, .started_ms = 1000};

    CHECK(!notice_gave_up(&n, &a, &policy, 1000 + 599999), "too early");
    CHECK(notice_gave_up(&n, &a, &policy, 1000 + 600000) && n.state == NOTICE_HELD, "deadline");
    CHECK(!notice_gave_up(&n, &a, &policy, 9000000), "twice");
}

/* From FLYING on, no chain of transitions without a fresh proof reaches READY but through WAITING.
 */
static void test_states(void)
{
    struct ledger l = {.acked = 7,
                       .notified = 1,
                       .recorded = 1,
                       .dropped = 1,
                       .held = 1,
                       .rejected = 1,
                       .duplicate = 1,
                       .pending = 1};

    CHECK(!notice_may_become(NOTICE_CHECKING, NOTICE_READY), "checking is never ready");
    CHECK(notice_may_become(NOTICE_CHECKING, NOTICE_WAITING), "a declared resend waits again");
    CHECK(!notice_may_become(NOTICE_ACCEPTED, NOTICE_READY), "accepted is never ready");
    for (int s = NOTICE_WAITING; s <= NOTICE_WITHDRAWN; s++) {
        CHECK(!notice_may_become(NOTICE_WITHDRAWN, (enum notice_state)s), "withdrawn is final");
        CHECK(standing_name(notice_standing((enum notice_state)s)) != NULL, "standing of %d", s);
    }
    CHECK(ledger_balances(&l), "seven ones");
    l.pending = 2;
    CHECK(!ledger_balances(&l), "eight is not seven");
}

int main(void)
{
    test_pack();
    test_ended();
    test_tracked();
    test_echo_first();
    test_gave_up();
    test_states();
    return check_end();
}
