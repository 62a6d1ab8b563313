#include "check.h"
#include "plan/decide.h"
#include "plan/plan.h"

static const int64_t noon = 1795262400000, hour = 3600000;

/* A world of one store, one virtual clock, and messages that are already mapped. */
struct world {
    struct store *store;
    struct seal *seal;
    struct plan_settings set;
    struct arena arena;
    int64_t now_ms, n_messages;
    struct plan_result result;
};

static const uint8_t root[SEAL_KEY_BYTES] = {7};

static void open_world(struct world *w)
{
    struct store_settings set = {.where = "", .duplicate_ms = 1};
    struct err e = {0};

    *w = (struct world){.seal = seal_from_root(root), .now_ms = noon};
    set.seal = w->seal;
    CHECK(store_memory.open(&set, &w->store, &e), "%s", e.text);
    w->set = (struct plan_settings){
        .random = &seal_random_system,
        .seal = w->seal,
        .link_ttl_ms = 72 * hour,
        .retry = {.first_ms = 1000, .most_ms = 60000, .max_tries = 3, .unknown_ms = hour},
        .batch = 16,
    };
}

static void close_world(struct world *w)
{
    w->store->ops->close(w->store);
    seal_close(w->seal);
    arena_reset(&w->arena);
}

struct given {
    const char *type, *unit, *status, *start, *patient;
    bool test;
    int64_t stale_ms, coalesce_ms;
    bool silent;          /* nobody is told at once */
    int64_t remind_ms[2]; /* due times of reminders; 0: none */
};

static struct event event_of(struct world *w, const struct given *g)
{
    struct slot *s = NEW_ARRAY(&w->arena, struct slot, 6);
    size_t n = 0;

    s[n++] = (struct slot){STR("visit_key"), str_of(g->unit), STR("A1001"), CLASS_IDENTIFIER};
    s[n++] = (struct slot){STR("patient_key"), str_of(g->patient ? g->patient : "pk_p"),
                           STR("MRN1"), CLASS_IDENTIFIER};
    s[n++] = (struct slot){STR("phone"), STR("+886912345678"), {NULL, 0}, CLASS_CONTACT};
    s[n++] = (struct slot){STR("status"), str_of(g->status), {NULL, 0}, CLASS_LOGISTICS};
    s[n++] = (struct slot){STR("site"), STR("KH"), {NULL, 0}, CLASS_DIRECTORY};
    if (g->start)
        s[n++] = (struct slot){STR("start"), str_of(g->start), {NULL, 0}, CLASS_LOGISTICS};
    return (struct event){str_of(g->type), str_of(g->unit), s, n};
}

static int64_t resend_ms(const struct given *g)
{
    return strcmp(g->type, "result_ready/1") == 0 ? hour / 6 : 0;
}

/* Stores a message and its one instance, as map would leave them. */
static void arrives(struct world *w, struct given g)
{
    struct message m = {.kind = MESSAGE_HL7,
                        .feed = STR("demo"),
                        .type = STR("SIU^S12"),
                        .body = STR("MSH|"),
                        .ack = STR("MSA|"),
                        .received_ms = w->now_ms};
    struct instance in = {.feed = STR("demo"),
                          .rule = STR("appointment"),
                          .standing = STANDING_PENDING,
                          .emits = true,
                          .notifies = true,
                          .template = STR("visit_update"),
                          .language = STR("zh_TW"),
                          .button = true,
                          .stale_ms = g.stale_ms,
                          .coalesce_ms = g.coalesce_ms,
                          .received_ms = w->now_ms,
                          .message_ms = w->now_ms,
                          .test = g.test};
    struct intake intake;
    struct err e = {0};

    struct reminder reminders[2];

    in.notifies = !g.silent;
    in.resend_ms = resend_ms(&g);
    for (int i = 0; i < 2 && g.remind_ms[i]; i++)
        reminders[in.n_reminders++] = (struct reminder){.template = STR("reminder"),
                                                        .language = STR("zh_TW"),
                                                        .button = true,
                                                        .before_ms = (2 - i) * hour,
                                                        .due_ms = g.remind_ms[i],
                                                        .expires_ms = g.stale_ms};
    in.reminders = reminders;
    m.test = g.test;
    m.key[0] = m.digest[0] = (uint8_t)++w->n_messages;
    in.event = event_of(w, &g);
    if (g.coalesce_ms)
        in.coalesce = arena_printf(&w->arena, "demo/result/%s", g.patient ? g.patient : "pk_p");
    CHECK(w->store->ops->begin(w->store, &e), "%s", e.text);
    CHECK(w->store->ops->put_message(w->store, &m, &w->arena, &intake, &e), "%s", e.text);
    in.message_id = intake.id;
    CHECK(w->store->ops->put_mapped(w->store, intake.id, STR("v1"), &in, 1, &e), "%s", e.text);
    CHECK(w->store->ops->commit(w->store, &e), "%s", e.text);
}

static void plans(struct world *w)
{
    struct err e = {0};

    CHECK(w->store->ops->begin(w->store, &e), "%s", e.text);
    CHECK(plan_run(&w->set, w->now_ms, w->store, &w->arena, &w->result, &e), "%s", e.text);
    CHECK(w->store->ops->commit(w->store, &e), "%s", e.text);
}

/* The notices that leave now; each ends at once, as `end` says. */
static size_t leaves_as(struct world *w, enum attempt_state end)
{
    static const char echoes[4][ECHO_BYTES + 1] = {
        "a1:00000000000000000000000001", "a1:00000000000000000000000002",
        "a1:00000000000000000000000003", "a1:00000000000000000000000004"};
    static const struct retry_policy policy = {1000, 60000, 3, 3600000};
    char fresh[4][ECHO_BYTES + 1];
    struct flight_list list = {0};
    struct err e = {0};

    memcpy(fresh, echoes, sizeof fresh);
    for (int i = 0; i < 4; i++)
        (void)snprintf(fresh[i] + 3, ECHO_BYTES - 2, "%013lld%013d",
                       (long long)(w->now_ms + w->n_messages * 7), i);
    CHECK(w->store->ops->begin(w->store, &e), "%s", e.text);
    CHECK(w->store->ops->begin_attempts(w->store, 4, (const char(*)[ECHO_BYTES + 1]) fresh,
                                        w->now_ms, &w->arena, &list, &e),
          "%s", e.text);
    for (size_t i = 0; i < list.n; i++) {
        struct flight *f = &list.items[i];

        f->attempt.state = end;
        f->attempt.ended_ms = w->now_ms;
        notice_attempt_ended(&f->notice, &f->attempt, false, &policy, w->now_ms);
        CHECK(w->store->ops->save_attempt(w->store, &f->attempt, &e), "%s", e.text);
        CHECK(w->store->ops->save_notice(w->store, &f->notice, &e), "%s", e.text);
    }
    CHECK(w->store->ops->commit(w->store, &e), "%s", e.text);
    return list.n;
}

static size_t leaves(struct world *w)
{
    return leaves_as(w, ATTEMPT_ACCEPTED);
}

static struct ledger balance(struct world *w)
{
    struct ledger l = {0};
    struct err e = {0};

    CHECK(w->store->ops->begin(w->store, &e), "%s", e.text);
    CHECK(w->store->ops->ledger(w->store, &l, &e), "%s", e.text);
    w->store->ops->rollback(w->store);
    CHECK(ledger_balances(&l), "acked %lld", (long long)l.acked);
    return l;
}

static const struct given booked = {.type = "appointment/1",
                                    .unit = "pk_v",
                                    .status = "booked",
                                    .start = "2026-12-01T09:30:00+08:00[Asia/Taipei]"};

static void test_news(void)
{
    static const struct {
        const char *name;
        const char *status, *start;
        int64_t notified, recorded; /* afterwards, first booking included */
    } cases[] = {
        {"the same again", "booked", "2026-12-01T09:30:00+08:00[Asia/Taipei]", 1, 1},
        {"S14 without a difference", "changed", "2026-12-01T09:30:00+08:00[Asia/Taipei]", 1, 1},
        {"another start", "booked", "2026-12-02T09:30:00+08:00[Asia/Taipei]", 2, 0},
        {"moved", "moved", "2026-12-02T09:30:00+08:00[Asia/Taipei]", 2, 0},
        {"cancelled", "cancelled", "2026-12-01T09:30:00+08:00[Asia/Taipei]", 2, 0},
        {"withdrawn after it was told", "withdrawn", "2026-12-01T09:30:00+08:00[Asia/Taipei]", 2,
         0},
    };

    for
        EACH (i, cases) {
            struct given second = booked;
            struct world w;
            struct ledger l;

            open_world(&w);
            arrives(&w, booked);
            plans(&w);
            CHECK(leaves(&w) == 1, "%s: the booking leaves", cases[i].name);
            second.status = cases[i].status;
            second.start = cases[i].start;
            arrives(&w, second);
            plans(&w);
            (void)leaves(&w);
            l = balance(&w);
            CHECK(l.notified == cases[i].notified && l.recorded == cases[i].recorded && !l.pending,
                  "%s: %lld notified, %lld recorded, %lld pending", cases[i].name,
                  (long long)l.notified, (long long)l.recorded, (long long)l.pending);
            close_world(&w);
        }
}

static void test_never_sent(void)
{
    struct given test = booked, stale = booked, withdrawn = booked;
    struct world w;
    struct ledger l;

    open_world(&w);
    test.test = true;
    test.unit = "pk_1";
    stale.stale_ms = noon;
    stale.unit = "pk_2";
    withdrawn.status = "withdrawn";
    withdrawn.unit = "pk_3";
    arrives(&w, test);
    arrives(&w, stale);
    arrives(&w, withdrawn);
    plans(&w);
    CHECK(leaves(&w) == 0, "something left");
    l = balance(&w);
    CHECK(l.recorded == 3 && l.pending == 0, "%lld recorded", (long long)l.recorded);
    close_world(&w);
}

/* Cancelled before the booking left: one message about the cancellation, none about the booking. */
static void test_superseded(void)
{
    struct given cancelled = booked;
    struct world w;
    struct ledger l;

    open_world(&w);
    cancelled.status = "cancelled";
    arrives(&w, booked);
    arrives(&w, cancelled);
    plans(&w);
    CHECK(leaves(&w) == 1, "only the later one leaves");
    l = balance(&w);
    CHECK(l.notified == 1 && l.recorded == 1, "%lld notified, %lld recorded", (long long)l.notified,
          (long long)l.recorded);
    close_world(&w);
}

/* Taken back before it left: silence. Taken back while a second notice waits: the first one has been read. */
static void test_taken_back(void)
{
    struct given moved = booked, withdrawn = booked;
    struct world w;
    struct ledger l;

    moved.status = "moved";
    moved.start = "2026-12-02T09:30:00+08:00[Asia/Taipei]";
    withdrawn.status = "withdrawn";
    open_world(&w);
    arrives(&w, booked);
    plans(&w);
    arrives(&w, withdrawn);
    plans(&w);
    CHECK(leaves(&w) == 0 && balance(&w).recorded == 2, "nobody was told");
    close_world(&w);
    open_world(&w);
    arrives(&w, booked);
    plans(&w);
    CHECK(leaves(&w) == 1, "the booking leaves");
    arrives(&w, moved);
    plans(&w);
    arrives(&w, withdrawn);
    plans(&w);
    CHECK(leaves(&w) == 1, "the one about the withdrawal leaves");
    l = balance(&w);
    CHECK(l.notified == 2 && l.recorded == 1, "%lld notified, %lld recorded", (long long)l.notified,
          (long long)l.recorded);
    close_world(&w);
}

/* Three results of one patient in a window of fifteen minutes: one message, at the window's end. */
static void test_coalesce(void)
{
    static const char *const units[] = {"pk_r1", "pk_r2", "pk_r3"};
    struct given result = {.type = "result_ready/1", .status = "ready", .coalesce_ms = 900000};
    struct world w;
    struct ledger l;

    open_world(&w);
    for
        EACH (i, units) {
            result.unit = units[i];
            arrives(&w, result);
            plans(&w);
            CHECK(w.result.next_ms == noon + 900000, "the window does not slide: %lld",
                  (long long)(w.result.next_ms - noon));
            CHECK(leaves(&w) == 0, "left before the window closed");
            w.now_ms += 300000 - 1;
        }
    w.now_ms = noon + 899999;
    plans(&w);
    CHECK(leaves(&w) == 0, "a millisecond early");
    w.now_ms = noon + 900000;
    plans(&w);
    CHECK(leaves(&w) == 1, "one message");
    l = balance(&w);
    CHECK(l.notified == 1 && l.recorded == 2 && l.pending == 0, "%lld notified, %lld recorded",
          (long long)l.notified, (long long)l.recorded);
    close_world(&w);
}

/* Events of one unit inside its window do not push its end away. */
static void test_window_does_not_slide(void)
{
    struct given result = {
        .type = "result_ready/1", .unit = "pk_r", .coalesce_ms = 900000, .status = "ready"};
    struct world w;

    open_world(&w);
    for (int i = 0; i < 3; i++) {
        w.now_ms = noon + i * 400000;
        result.status = i % 2 ? "updated" : "ready";
        arrives(&w, result);
        plans(&w);
        CHECK(w.result.next_ms == noon + 900000, "event %d: the window ends %lld ms late", i,
              (long long)(w.result.next_ms - noon - 900000));
    }
    w.now_ms = noon + 900000;
    plans(&w);
    CHECK(leaves(&w) == 1 && balance(&w).recorded == 2, "one message at the end of the window");
    close_world(&w);
}

/* Two results in one message; the later one is withdrawn before it leaves: the first is told all the same. */
static void test_merged_is_not_lost(void)
{
    struct given first = {.type = "result_ready/1",
                          .unit = "pk_1",
                          .coalesce_ms = 900000,
                          .status = "ready"},
                 second = first, taken_back = first;
    struct world w;
    struct ledger l;

    open_world(&w);
    second.unit = taken_back.unit = "pk_2";
    taken_back.status = "withdrawn";
    arrives(&w, first);
    arrives(&w, second);
    plans(&w);
    CHECK(balance(&w).pending == 2, "both wait");
    arrives(&w, taken_back);
    plans(&w);
    l = balance(&w);
    CHECK(l.pending == 1 && l.recorded == 2, "%lld pending", (long long)l.pending);
    w.now_ms = noon + 900000;
    plans(&w);
    CHECK(leaves(&w) == 1, "the first one leaves");
    CHECK(balance(&w).notified == 1, "and is told");
    close_world(&w);
}

/* What WhatsApp refused was told to nobody: the sender's repetition is news, with its corrected number. */
static void test_refused_is_news_again(void)
{
    struct world w;
    struct ledger l;

    open_world(&w);
    arrives(&w, booked);
    plans(&w);
    CHECK(leaves_as(&w, ATTEMPT_REJECTED) == 1, "refused");
    CHECK(balance(&w).held == 1, "held");
    arrives(&w, booked);
    plans(&w);
    CHECK(leaves(&w) == 1, "the repetition leaves");
    l = balance(&w);
    CHECK(l.notified == 1 && l.held == 1, "%lld notified", (long long)l.notified);
    close_world(&w);
}

/* More unknown sends than one run looks at: each is held at its deadline. */
static void test_many_unknown(void)
{
    enum { MANY = 11 };
    static const char echo[1][ECHO_BYTES + 1] = {"a1:0000000000000000000000000X"};
    char one[1][ECHO_BYTES + 1];
    struct world w;
    struct err e = {0};
    size_t n = 0;

    open_world(&w);
    w.set.batch = 4;
    memcpy(one, echo, sizeof one);
    for (int i = 0; i < MANY; i++) {
        char unit[8];
        struct given g = booked;
        struct flight_list list = {0};

        (void)snprintf(unit, sizeof unit, "pk_%d", i);
        g.unit = arena_printf(&w.arena, "%s", unit).p;
        arrives(&w, g);
        plans(&w);
        (void)snprintf(one[0] + 3, ECHO_BYTES - 2, "%026d", i);
        CHECK(w.store->ops->begin(w.store, &e), "%s", e.text);
        CHECK(w.store->ops->begin_attempts(w.store, 1, (const char(*)[ECHO_BYTES + 1]) one,
                                           w.now_ms, &w.arena, &list, &e) &&
                  list.n == 1,
              "%d: %s", i, e.text);
        CHECK(w.store->ops->recover(w.store, w.now_ms, &n, &e) && n == 1, "%s", e.text);
        CHECK(w.store->ops->commit(w.store, &e), "%s", e.text);
    }
    w.now_ms = noon + hour;
    for (int i = 0; i < MANY && (i == 0 || w.result.more); i++)
        plans(&w);
    CHECK(balance(&w).held == MANY, "%lld of %d held", (long long)balance(&w).held, MANY);
    close_world(&w);
}

/* An answer that was lost is held at its deadline, never sent again. */
static void test_unknown(void)
{
    static const char echo[1][ECHO_BYTES + 1] = {"a1:0000000000000000000000000X"};
    struct flight_list list = {0};
    struct world w;
    struct err e = {0};
    size_t n = 0;

    open_world(&w);
    arrives(&w, booked);
    plans(&w);
    CHECK(w.store->ops->begin(w.store, &e), "%s", e.text);
    CHECK(w.store->ops->begin_attempts(w.store, 1, echo, w.now_ms, &w.arena, &list, &e) &&
              list.n == 1,
          "%s", e.text);
    CHECK(w.store->ops->recover(w.store, w.now_ms, &n, &e) && n == 1, "the crash: %s", e.text);
    CHECK(w.store->ops->commit(w.store, &e), "%s", e.text);
    plans(&w);
    CHECK(w.result.next_ms == noon + hour, "woken at the deadline");
    CHECK(leaves(&w) == 0 && balance(&w).pending == 1, "still pending");
    w.now_ms = noon + hour;
    plans(&w);
    CHECK(leaves(&w) == 0, "sent again");
    CHECK(balance(&w).held == 1, "held for a person");
    close_world(&w);
}

/* ---- reminders ---- */

static const struct given reminding = {
    .type = "appointment/1",
    .unit = "pk_v",
    .status = "booked",
    .start = "2026-12-01T09:30:00+08:00[Asia/Taipei]",
    .stale_ms = 1795262400000 + 30 * 3600000LL,
    .remind_ms = {1795262400000 + 6 * 3600000LL, 1795262400000 + 28 * 3600000LL}};

/* So many leave at `at_ms`. */
static void check_leaves(struct world *w, int64_t at_ms, size_t wanted, const char *what)
{
    size_t n;

    w->now_ms = at_ms;
    w->n_messages += 100; /* new echoes */
    plans(w);
    n = leaves(w);
    CHECK(n == wanted, "%s: %zu left, %zu wanted", what, n, wanted);
}

static void test_reminders(void)
{
    struct ledger l;
    struct world w;

    open_world(&w);
    arrives(&w, reminding);
    check_leaves(&w, noon, 1, "the booking");
    CHECK(w.result.next_ms == reminding.remind_ms[0], "wakes for the first reminder");
    l = balance(&w);
    CHECK(l.pending == 1 && l.notified == 0, "pending while a reminder waits");
    arrives(&w, reminding);
    check_leaves(&w, noon + hour, 0, "the same again: the reminders stay");
    check_leaves(&w, reminding.remind_ms[0] - 1, 0, "not before its time");
    check_leaves(&w, reminding.remind_ms[0], 1, "the first reminder");
    check_leaves(&w, reminding.remind_ms[0] + hour, 0, "not twice");
    check_leaves(&w, reminding.remind_ms[1], 1, "the second one");
    l = balance(&w);
    CHECK(l.pending == 0 && l.notified == 1 && l.recorded == 1, "%lld notified",
          (long long)l.notified);
    close_world(&w);
}

static void test_reminders_withdrawn(void)
{
    static const struct {
        const char *name, *status;
        int64_t again_ms; /* its own reminder; 0: none */
        bool silent;
        size_t old, new; /* what leaves at the old time, at the new one */
    } cases[] = {
        {"moved", "moved", 1795262400000 + 8 * 3600000LL, false, 0, 1},
        {"moved, and nobody is told at once", "moved", 1795262400000 + 8 * 3600000LL, true, 0, 1},
        {"moved, and nobody is told at all", "moved", 0, true, 0, 0},
        {"cancelled", "cancelled", 0, false, 0, 0},
        {"cancelled, and nobody is told", "cancelled", 0, true, 0, 0},
        {"attended", "attended", 0, true, 0, 0},
        {"the same again", "booked", 1795262400000 + 8 * 3600000LL, false, 1, 0},
    };

    for
        EACH (i, cases) {
            struct given first = reminding, second = reminding;
            struct world w;

            open_world(&w);
            first.remind_ms[1] = 0;
            arrives(&w, first);
            check_leaves(&w, noon, 1, cases[i].name);
            second.status = cases[i].status;
            second.silent = cases[i].silent;
            if (strcmp(cases[i].status, "moved") == 0)
                second.start = "2026-12-01T11:30:00+08:00[Asia/Taipei]";
            second.remind_ms[0] = cases[i].again_ms;
            second.remind_ms[1] = 0;
            arrives(&w, second);
            w.now_ms = noon + hour;
            plans(&w);
            (void)leaves(&w);
            check_leaves(&w, first.remind_ms[0], cases[i].old, cases[i].name);
            check_leaves(&w, noon + 8 * hour, cases[i].new, cases[i].name);
            CHECK(balance(&w).pending == 0, "%s: something waits", cases[i].name);
            close_world(&w);
        }
}

/* One message of one time: past ones are not planned; after the line was down only the latest leaves. */
static void test_reminders_once(void)
{
    struct given late = reminding, alone = reminding;
    struct world w;

    open_world(&w);
    late.remind_ms[0] = noon;
    arrives(&w, late);
    check_leaves(&w, noon, 1, "a reminder that is due with the first notice");
    check_leaves(&w, noon + 7 * hour, 0, "it is not planned");
    check_leaves(&w, late.remind_ms[1], 1, "the other one is");
    close_world(&w);

    open_world(&w);
    arrives(&w, reminding);
    plans(&w);
    w.now_ms = reminding.remind_ms[0];
    plans(&w);
    check_leaves(&w, reminding.remind_ms[1], 1, "nothing could leave for a day: one message");
    CHECK(balance(&w).pending == 0 && balance(&w).notified == 1, "nothing waits");
    close_world(&w);

    open_world(&w);
    alone.silent = true;
    arrives(&w, alone);
    check_leaves(&w, noon, 0, "nobody is told at once");
    CHECK(balance(&w).pending == 1, "it waits");
    check_leaves(&w, alone.remind_ms[0], 1, "the reminder alone");
    check_leaves(&w, alone.stale_ms + 1, 0, "never after the start");
    CHECK(balance(&w).pending == 0 && balance(&w).notified == 1, "the unit was told of");
    close_world(&w);
}

/* Links of what leaves later live from then on. */
static void test_reminder_link(void)
{
    struct given far = reminding;
    struct notice_list open = {0};
    uint8_t hash[SEAL_HASH_BYTES], code[SEAL_HASH_BYTES] = {1};
    struct err e = {0};
    struct world w;
    bool ok = false;

    open_world(&w);
    far.stale_ms = noon + 300 * hour;
    far.remind_ms[0] = noon + 200 * hour;
    far.remind_ms[1] = 0;
    arrives(&w, far);
    check_leaves(&w, noon, 1, "the booking");
    CHECK(w.store->ops->begin(w.store, &e) &&
              w.store->ops->find_open(w.store, STR("appointment/1"), STR("pk_v"), &w.arena, &open,
                                      &e),
          "%s", e.text);
    CHECK(open.n == 1 && open.items[0].before_ms == 2 * hour, "the reminder waits");
    token_hash(open.n ? open.items[0].token : STR(""), hash);
    CHECK(w.store->ops->open_link(w.store, hash, far.remind_ms[0] + 71 * hour, code,
                                  far.remind_ms[0] + 72 * hour, &ok, &e) &&
              ok,
          "its link lives for 72 hours from its time");
    w.store->ops->rollback(w.store);
    close_world(&w);
}

/* ---- sent again, once ---- */

static void hear(struct world *w)
{
    struct status st = {.wamid = {(uint8_t)++w->n_messages, 9},
                        .name = STR("sent"),
                        .at_ms = w->now_ms,
                        .received_ms = w->now_ms};
    struct err e = {0};
    bool fresh;

    CHECK(w->store->ops->begin(w->store, &e) &&
              w->store->ops->put_status(w->store, &st, &fresh, &e) &&
              w->store->ops->commit(w->store, &e),
          "%s", e.text);
}

static void test_resend(void)
{
    const struct given result = {.type = "result_ready/1", .unit = "pk_r", .status = "ready"};
    const int64_t ten = hour / 6;
    struct world w;

    open_world(&w);
    arrives(&w, result);
    plans(&w);
    CHECK(leaves_as(&w, ATTEMPT_UNKNOWN) == 1, "the answer is lost");
    check_leaves(&w, noon + ten - 1, 0, "not before its time");
    check_leaves(&w, noon + ten, 0, "no webhook has come: a proof would not have, either");
    w.now_ms = noon + ten + 1000;
    hear(&w);
    w.now_ms += 60000;
    w.n_messages += 100;
    plans(&w);
    CHECK(leaves_as(&w, ATTEMPT_UNKNOWN) == 1, "once more, and lost again");
    w.now_ms += 1000; /* the line is alive: a proof would have come */
    hear(&w);
    check_leaves(&w, noon + 2 * hour + 2 * ten, 0, "not a third time");
    CHECK(balance(&w).held == 1, "a person decides");
    close_world(&w);

    open_world(&w); /* nothing is heard at all */
    arrives(&w, result);
    plans(&w);
    CHECK(leaves_as(&w, ATTEMPT_UNKNOWN) == 1, "the answer is lost");
    check_leaves(&w, noon + ten + hour, 0, "never without a webhook");
    CHECK(balance(&w).held == 1, "a person decides");
    close_world(&w);

    open_world(&w); /* of another event nothing is sent again */
    arrives(&w, booked);
    plans(&w);
    CHECK(leaves_as(&w, ATTEMPT_UNKNOWN) == 1, "the answer is lost");
    w.now_ms = noon + ten;
    hear(&w);
    check_leaves(&w, noon + hour, 0, "never twice");
    CHECK(balance(&w).held == 1, "a person decides");
    close_world(&w);
}

/* ---- ended while on the wire ---- */

/* Takes off what is ready; its answer is still to come. */
static void takes_off(struct world *w)
{
    static const char echo[1][ECHO_BYTES + 1] = {"a1:0000000000000000000000000W"};
    struct flight_list list = {0};
    struct err e = {0};

    CHECK(w->store->ops->begin(w->store, &e), "%s", e.text);
    CHECK(w->store->ops->begin_attempts(w->store, 1, echo, w->now_ms, &w->arena, &list, &e), "%s",
          e.text);
    CHECK(w->store->ops->commit(w->store, &e), "%s", e.text);
    CHECK(list.n == 1, "%zu on the wire", list.n);
}

/* Its answer: refused for now. */
static void is_refused(struct world *w)
{
    static const uint8_t none[INDEX_BYTES];
    struct err e = {0};
    struct flight f;
    bool found;

    CHECK(w->store->ops->begin(w->store, &e), "%s", e.text);
    CHECK(w->store->ops->find_attempt(w->store, STR("a1:0000000000000000000000000W"), none,
                                      &w->arena, &f, &found, &e) &&
              found,
          "%s", e.text);
    f.attempt.state = ATTEMPT_REJECTED;
    f.attempt.ended_ms = w->now_ms;
    notice_attempt_ended(&f.notice, &f.attempt, true, &w->set.retry, w->now_ms);
    CHECK(w->store->ops->save_attempt(w->store, &f.attempt, &e), "%s", e.text);
    CHECK(w->store->ops->save_notice(w->store, &f.notice, &e), "%s", e.text);
    CHECK(w->store->ops->commit(w->store, &e), "%s", e.text);
}

static void test_ended_on_the_wire(void)
{
    static const struct {
        const char *type, *status;
        bool test;
        size_t leave; /* once more, after it was refused for now */
    } cases[] = {
        {"appointment/1", "cancelled", false, 0},        {"appointment/1", "attended", false, 0},
        {"appointment/1", "missed", false, 0},           {"result_ready/1", "withdrawn", false, 0},
        {"prescription_ready/1", "collected", false, 0}, {"payment_due/1", "paid", false, 0},
        {"appointment/1", "booked", false, 1},           {"appointment/1", "cancelled", true, 1},
    };

    for
        EACH (i, cases) {
            struct given first = booked, second;
            struct world w;

            first.type = cases[i].type;
            first.stale_ms = noon + 30 * hour;
            second = first;
            second.status = cases[i].status;
            second.silent = true;
            second.test = cases[i].test;
            open_world(&w);
            arrives(&w, first);
            plans(&w);
            takes_off(&w);
            arrives(&w, second);
            plans(&w);
            is_refused(&w);
            check_leaves(&w, noon + hour, cases[i].leave, cases[i].status);
            CHECK(balance(&w).pending == 0, "%s: something waits", cases[i].status);
            close_world(&w);
        }
}

/* A reminder on the wire, and the appointment moves without a word: the old time is not told later. */
static void test_moved_on_the_wire(void)
{
    struct given moved = reminding;
    struct world w;

    open_world(&w);
    arrives(&w, reminding);
    check_leaves(&w, noon, 1, "the booking");
    w.now_ms = reminding.remind_ms[0];
    plans(&w);
    takes_off(&w);
    moved.start = "2026-12-01T11:30:00+08:00[Asia/Taipei]";
    moved.silent = true;
    moved.remind_ms[0] = 0;
    arrives(&w, moved);
    plans(&w);
    is_refused(&w);
    check_leaves(&w, reminding.remind_ms[0] + hour, 0, "the reminder of the old time");
    check_leaves(&w, reminding.remind_ms[1], 0, "nor the other one");
    CHECK(balance(&w).pending == 0, "something waits");
    close_world(&w);
}

/* The answer to a result was lost, and the result is withdrawn without a word. */
static void test_resend_of_withdrawn(void)
{
    const struct given result = {.type = "result_ready/1", .unit = "pk_r", .status = "ready"};
    struct given back = result;
    struct world w;

    back.status = "withdrawn";
    back.silent = true;
    open_world(&w);
    arrives(&w, result);
    plans(&w);
    CHECK(leaves_as(&w, ATTEMPT_UNKNOWN) == 1, "the answer is lost");
    w.now_ms += 1000;
    arrives(&w, back);
    plans(&w);
    w.now_ms = noon + hour / 6 + 1000;
    hear(&w);
    check_leaves(&w, w.now_ms + 60000, 0, "sent again, though it is withdrawn");
    check_leaves(&w, noon + hour, 0, "nor later");
    CHECK(balance(&w).held == 1, "a person decides");
    close_world(&w);
}

/* Whatever is due when the event is told, or before, is not reminded of: at once, or after a window. */
static void test_reminder_times(void)
{
    struct given alone = reminding, window = reminding;
    struct notice_list open = {0};
    struct err e = {0};
    struct world w;

    open_world(&w);
    alone.silent = true;
    alone.remind_ms[0] = noon;
    arrives(&w, alone);
    check_leaves(&w, noon, 0, "nobody is told, and its time is now");
    check_leaves(&w, noon + hour, 0, "nor later");
    check_leaves(&w, alone.remind_ms[1], 1, "the other one");
    close_world(&w);

    open_world(&w);
    window.coalesce_ms = 900000;
    window.remind_ms[0] = noon + 600000;
    arrives(&w, window);
    plans(&w);
    check_leaves(&w, noon + 600000, 0, "no reminder before the first notice");
    CHECK(w.store->ops->begin(w.store, &e) &&
              w.store->ops->find_open(w.store, STR("appointment/1"), STR("pk_v"), &w.arena, &open,
                                      &e),
          "%s", e.text);
    w.store->ops->rollback(w.store);
    CHECK(open.n == 2 && open.items[0].coalesce.p && !open.items[1].coalesce.p,
          "the first notice is in the window, the reminder in none");
    check_leaves(&w, noon + 900000, 1, "the first notice");
    check_leaves(&w, window.remind_ms[1], 1, "the other reminder");
    close_world(&w);
}

/* The first notice is on the wire when the time of the reminder comes: it cannot be taken back any more. */
static void test_reminder_while_on_the_wire(void)
{
    struct notice_list open = {0};
    struct err e = {0};
    struct world w;

    open_world(&w);
    arrives(&w, reminding);
    plans(&w);
    takes_off(&w);
    w.now_ms = reminding.remind_ms[0];
    plans(&w);
    CHECK(w.store->ops->begin(w.store, &e) &&
              w.store->ops->find_open(w.store, STR("appointment/1"), STR("pk_v"), &w.arena, &open,
                                      &e),
          "%s", e.text);
    w.store->ops->rollback(w.store);
    CHECK(open.n == 3 && open.items[0].state == NOTICE_FLYING &&
              open.items[1].state == NOTICE_READY && open.items[2].state == NOTICE_WAITING,
          "%zu may leave", open.n);
    close_world(&w);
}

int main(void)
{
    test_reminder_times();
    test_reminder_while_on_the_wire();
    test_ended_on_the_wire();
    test_moved_on_the_wire();
    test_resend_of_withdrawn();
    test_reminders();
    test_reminders_withdrawn();
    test_reminders_once();
    test_reminder_link();
    test_resend();
    test_news();
    test_never_sent();
    test_superseded();
    test_taken_back();
    test_coalesce();
    test_window_does_not_slide();
    test_merged_is_not_lost();
    test_refused_is_news_again();
    test_many_unknown();
    test_unknown();
    return check_end();
}
