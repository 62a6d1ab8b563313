/* What "a store" means, over every backend: the application acknowledgements that we owe. */
#include "store_fixture.h"

static struct str no_channel(void)
{
    return (struct str){NULL, 0};
}

/* A stored message whose sender wants a reply; gives its id. */
static int64_t put_asking(struct bench *b, enum reply_wanted reply, struct str channel,
                          int64_t received_ms)
{
    const int n = ++b->n;
    struct message m = message(n, n, received_ms);
    struct intake in = {0};

    m.reply = reply;
    m.channel = channel;
    OK(b, b->s->ops->put_message(b->s, &m, &b->a, &in, &b->e) && !in.seen);
    return in.id;
}

/* The same, mapped, so that its reply waits; the only one it has. */
static int64_t put_owed(struct bench *b, struct str channel, int64_t received_ms)
{
    int64_t id = put_asking(b, REPLY_ALWAYS, channel, received_ms);

    OK(b, b->s->ops->put_mapped(b->s, id, STR("f00d"), NULL, 0, &b->e));
    return id;
}

static struct outgoing_list due(struct bench *b, const char *channel, int64_t now, size_t most)
{
    struct outgoing_list list = {0};

    OK(b, b->s->ops->find_outgoing(b->s, str_of(channel), now, most, &b->a, &list, &b->e));
    return list;
}

static struct outgoing_list all_replies(struct bench *b, int64_t one, int64_t two)
{
    const int64_t ids[] = {one, two};
    struct outgoing_list list = {0};

    OK(b, b->s->ops->find_replies(b->s, ids, 2, &b->a, &list, &b->e));
    return list;
}

/* The waiting ones. */
static struct outgoing_list replies(struct bench *b, int64_t one, int64_t two)
{
    struct outgoing_list list = all_replies(b, one, two);
    size_t n = 0;

    for (size_t i = 0; i < list.n; i++) {
        if (list.items[i].state == OUTGOING_WAITING)
            list.items[n++] = list.items[i];
    }
    list.n = n;
    return list;
}

/* Who hears what (HL7 v2.9.1 table 0155). */
static void test_codes(struct bench *b)
{
    static const struct {
        enum standing standings[2]; /* of its instances; 0: none */
        const char *codes[4];       /* by enum reply_wanted */
    } cases[] = {
        {{0, 0}, {NULL, "AA", NULL, "AA"}}, /* no rule reads it */
        {{STANDING_RECORDED, 0}, {NULL, "AA", NULL, "AA"}},
        {{STANDING_PENDING, 0}, {NULL, "AA", NULL, "AA"}},
        {{STANDING_HELD, 0}, {NULL, "AE", "AE", NULL}},
        {{STANDING_REJECTED, 0}, {NULL, "AR", "AR", NULL}},
        {{STANDING_REJECTED, STANDING_HELD}, {NULL, "AE", "AE", NULL}},
        {{STANDING_HELD, STANDING_REJECTED}, {NULL, "AE", "AE", NULL}},
        {{STANDING_RECORDED, STANDING_REJECTED}, {NULL, "AR", "AR", NULL}},
        {{STANDING_RECORDED, STANDING_HELD}, {NULL, "AE", "AE", NULL}},
    };

    for
        EACH (i, cases) {
            for (int wanted = REPLY_NEVER; wanted <= REPLY_ON_SUCCESS; wanted++) {
                struct instance in[2];
                const char *code = cases[i].codes[wanted];
                struct outgoing_list list;
                size_t n = 0;
                int64_t id;

                begin(b);
                id = put_asking(b, (enum reply_wanted)wanted, STR("back"), 1000);
                for (; n < 2 && cases[i].standings[n]; n++)
                    in[n] = ended(cases[i].standings[n], "for a test");
                CHECK(due(b, "back", 9000, 9).n == 0, "none before it is mapped");
                OK(b, b->s->ops->put_mapped(b->s, id, STR("f00d"), in, n, &b->e));
                list = due(b, "back", 9000, 9);
                CHECK(list.n == (code != NULL), "%s: case %zu, wanted %d: %zu replies",
                      b->s->ops->name, i, wanted, list.n);
                CHECK(!list.n || (code && str_eq(list.items[0].code, str_of(code)) &&
                                  list.items[0].message_id == id &&
                                  list.items[0].state == OUTGOING_WAITING &&
                                  str_eq(list.items[0].channel, STR("back")) &&
                                  !list.items[0].body.p && !list.items[0].control_id.p &&
                                  !list.items[0].reason.p && list.items[0].tries == 0),
                      "%s: case %zu, wanted %d", b->s->ops->name, i, wanted);
                CHECK(replies(b, id, 0).n == 0, "not on its connection");
                b->s->ops->rollback(b->s);
                b->n = 0;
            }
        }
    begin(b);
    CHECK(due(b, "back", 9000, 9).n == 0, "%s: nothing is left of them", b->s->ops->name);
    commit(b);
}

/* A message tells what its sender wants, until it is mapped. */
static void test_asked(struct bench *b)
{
    struct message_list list;
    struct message m;
    int64_t id;

    begin(b);
    id = put_asking(b, REPLY_ON_ERROR, STR("back"), 1000);
    (void)put_asking(b, REPLY_ON_SUCCESS, no_channel(), 1000);
    commit(b);
    begin(b);
    OK(b, b->s->ops->read_message(b->s, id, &b->a, &m, &b->e));
    CHECK(m.reply == REPLY_ON_ERROR && str_eq(m.channel, STR("back")), "%s", b->s->ops->name);
    OK(b, b->s->ops->take_stored(b->s, 9, NULL, 0, &b->a, &list, &b->e));
    CHECK(list.n == 2 && list.items[0].reply == REPLY_ON_ERROR &&
              list.items[1].reply == REPLY_ON_SUCCESS && !list.items[1].channel.p,
          "%s", b->s->ops->name);
    commit(b);
}

/* Due longest first, of one channel, and when to come again. */
static void test_due(struct bench *b)
{
    static const struct {
        const char *channel;
        int64_t now;
        size_t most;
        int64_t ids[4], next;
    } cases[] = {
        {"back", 999, 9, {0}, 1000},        {"back", 1000, 9, {1}, 2000},
        {"back", 2000, 9, {1, 3, 5}, 3000}, {"back", 2000, 2, {1, 3}, 2000},
        {"back", 9000, 9, {1, 3, 5, 4}, 0}, {"back", 9000, 3, {1, 3, 5}, 3000},
        {"back", 9000, 4, {1, 3, 5, 4}, 0}, {"other", 9000, 9, {2}, 0},
        {"unheard of", 9000, 9, {0}, 0},    {"", 9000, 9, {0}, 0},
        {"other", 1499, 9, {0}, 1500},
    };

    begin(b);
    (void)put_owed(b, STR("back"), 1000);
    (void)put_owed(b, STR("other"), 1500);
    (void)put_owed(b, STR("back"), 2000);
    (void)put_owed(b, STR("back"), 3000);
    (void)put_owed(b, STR("back"), 2000);
    (void)put_owed(b, no_channel(), 500);
    commit(b);
    begin(b);
    for
        EACH (i, cases) {
            struct outgoing_list list = due(b, cases[i].channel, cases[i].now, cases[i].most);
            size_t want = 0;

            while (want < 4 && cases[i].ids[want])
                want++;
            CHECK(list.n == want && list.next_ms == cases[i].next,
                  "%s: case %zu: %zu of %zu, next %lld", b->s->ops->name, i, list.n, want,
                  (long long)list.next_ms);
            for (size_t k = 0; k < list.n && k < want; k++)
                CHECK(list.items[k].message_id == cases[i].ids[k], "%s: case %zu: %lld",
                      b->s->ops->name, i, (long long)list.items[k].message_id);
        }
    CHECK(replies(b, 1, 6).n == 1 && replies(b, 6, 1).items[0].message_id == 6,
          "%s: on its connection", b->s->ops->name);
    CHECK(replies(b, 2, 99).n == 0, "%s: none of those", b->s->ops->name);
    commit(b);
}

static bool same(const struct outgoing *a, const struct outgoing *b)
{
    return a->id == b->id && a->message_id == b->message_id && str_eq(a->code, b->code) &&
           a->state == b->state && a->due_ms == b->due_ms && a->tries == b->tries &&
           str_eq(a->control_id, b->control_id) && str_eq(a->body, b->body) &&
           (a->body.p != NULL) == (b->body.p != NULL) &&
           (a->reason.p != NULL) == (b->reason.p != NULL) && str_eq(a->reason, b->reason);
}

/* What is saved comes back, byte for byte, after a new start, too. */
static void test_save(struct bench *b)
{
    struct outgoing o, got;

    begin(b);
    (void)put_owed(b, STR("back"), 1000);
    o = due(b, "back", 9000, 9).items[0];
    o.control_id = STR("TD1");
    o.body = (struct str){"MSH|^~\\&|CANARY\rMSA|AA|\0x\r", 27};
    o.due_ms = 4000;
    o.tries = 1;
    o.reason = STR("no answer");
    OK(b, b->s->ops->save_outgoing(b->s, &o, &b->e));
    commit(b);
    for (int round = 0; round < 2; round++) {
        begin(b);
        got = due(b, "back", 9000, 9).items[0];
        CHECK(same(&got, &o), "%s: as saved", b->s->ops->name);
        CHECK(due(b, "back", 3999, 9).n == 0 && due(b, "back", 0, 9).next_ms == 4000,
              "%s: due later", b->s->ops->name);
        commit(b);
        (void)bench_reopen(b);
    }
    begin(b);
    o.body = o.control_id = o.reason = no_channel();
    OK(b, b->s->ops->save_outgoing(b->s, &o, &b->e));
    b->s->ops->rollback(b->s);
    begin(b);
    got = due(b, "back", 9000, 9).items[0];
    CHECK(got.body.n == 27 && str_eq(got.control_id, STR("TD1")), "%s: rolled back",
          b->s->ops->name);
    o.id = 99;
    CHECK(!b->s->ops->save_outgoing(b->s, &o, &b->e) && b->e.kind == ERR_INPUT, "%s: no such",
          b->s->ops->name);
    b->s->ops->rollback(b->s);
}

/* Every state but WAITING is out of the lists; a start puts back what flew, and gives up what nobody can
 * answer any more. */
static void test_states(struct bench *b)
{
    static const struct {
        enum outgoing_state state;
        size_t before, after; /* listed, on a channel */
    } cases[] = {
        {OUTGOING_WAITING, 1, 1}, {OUTGOING_FLYING, 0, 1}, {OUTGOING_ACCEPTED, 0, 0},
        {OUTGOING_REFUSED, 0, 0}, {OUTGOING_GONE, 0, 0},
    };

    for
        EACH (i, cases) {
            struct outgoing o, mine;
            int64_t there, here;

            begin(b);
            there = put_owed(b, STR("back"), 1000);
            here = put_owed(b, no_channel(), 1000);
            o = due(b, "back", 9000, 9).items[0];
            mine = replies(b, here, 0).items[0];
            o.state = mine.state = cases[i].state;
            o.body = mine.body = STR("MSH|CANARY");
            o.control_id = mine.control_id = STR("TD1");
            OK(b, b->s->ops->save_outgoing(b->s, &o, &b->e));
            OK(b, b->s->ops->save_outgoing(b->s, &mine, &b->e));
            CHECK(due(b, "back", 9000, 9).n == cases[i].before &&
                      replies(b, here, there).n == cases[i].before,
                  "%s: state %d", b->s->ops->name, cases[i].state);
            OK(b, b->s->ops->recover_outgoing(b->s, 9000, &b->e));
            CHECK(due(b, "back", 9000, 9).n == cases[i].after && replies(b, here, there).n == 0,
                  "%s: state %d, recovered", b->s->ops->name, cases[i].state);
            CHECK(!cases[i].after ||
                      (str_eq(due(b, "back", 9000, 9).items[0].body, STR("MSH|CANARY")) &&
                       str_eq(due(b, "back", 9000, 9).items[0].control_id, STR("TD1"))),
                  "%s: the same bytes again", b->s->ops->name);
            b->s->ops->rollback(b->s);
            b->n = 0;
        }
}

/* A copy of a message asks for its reply again: the same bytes, whatever became of it; but what was never
 * owed, or was damaged, is none. */
static void test_again(struct bench *b)
{
    static const struct {
        enum outgoing_state state;
        size_t found;
    } cases[] = {
        {OUTGOING_WAITING, 1},
        {OUTGOING_ACCEPTED, 1},
        {OUTGOING_REFUSED, 0},
        {OUTGOING_GONE, 1},
    };

    for
        EACH (i, cases) {
            struct outgoing_list list;
            struct outgoing o;
            int64_t id;

            begin(b);
            id = put_owed(b, no_channel(), 1000);
            o = replies(b, id, 0).items[0];
            o.state = cases[i].state;
            o.body = STR("MSH|CANARY");
            o.control_id = STR("TD1");
            OK(b, b->s->ops->save_outgoing(b->s, &o, &b->e));
            commit(b);
            (void)bench_reopen(b);
            begin(b);
            list = all_replies(b, id, 0);
            CHECK(list.n == cases[i].found && list.n_none == 2 - cases[i].found,
                  "%s: state %d: %zu, none %zu", b->s->ops->name, cases[i].state, list.n,
                  list.n_none);
            CHECK(!list.n || same(&list.items[0], &o), "%s: as it was written", b->s->ops->name);
            commit(b);
        }
}

/* Which messages need not be asked about any more. */
static void test_none(struct bench *b)
{
    struct instance held = ended(STANDING_HELD, "for a test");
    int64_t asking, content, silent, elsewhere;
    struct outgoing_list list;

    begin(b);
    asking = put_asking(b, REPLY_ALWAYS, no_channel(), 1000);
    content = put_asking(b, REPLY_ON_SUCCESS, no_channel(), 1000);
    silent = put_asking(b, REPLY_NEVER, no_channel(), 1000);
    elsewhere = put_asking(b, REPLY_ALWAYS, STR("back"), 1000);
    list = all_replies(b, asking, content);
    CHECK(list.n == 0 && list.n_none == 0, "%s: both may come", b->s->ops->name);
    list = all_replies(b, silent, elsewhere);
    CHECK(list.n == 0 && list.n_none == 2 && list.none[0] == silent && list.none[1] == elsewhere,
          "%s: neither comes here", b->s->ops->name);
    OK(b, b->s->ops->put_mapped(b->s, asking, STR("f00d"), &held, 1, &b->e));
    OK(b, b->s->ops->put_mapped(b->s, content, STR("f00d"), &held, 1, &b->e));
    list = all_replies(b, content, asking);
    CHECK(list.n == 1 && list.items[0].message_id == asking && list.n_none == 1 &&
              list.none[0] == content,
          "%s: mapped without one", b->s->ops->name);
    list = all_replies(b, 99, 0);
    CHECK(list.n == 0 && list.n_none == 2, "%s: no such messages", b->s->ops->name);
    commit(b);
}

/* Settings change: what waits for a channel that is gone ends, the others go on. */
static void test_keep_channels(struct bench *b)
{
    const struct str kept[] = {STR("back"), STR("third")};

    begin(b);
    (void)put_owed(b, STR("back"), 1000);
    (void)put_owed(b, STR("other"), 1000);
    (void)put_owed(b, no_channel(), 1000);
    (void)put_owed(b, STR("other"), 1000);
    OK(b, b->s->ops->keep_channels(b->s, kept, 2, &b->e));
    CHECK(due(b, "back", 9000, 9).n == 1 && due(b, "other", 9000, 9).n == 0 &&
              replies(b, 3, 0).n == 1,
          "%s: one channel is gone", b->s->ops->name);
    OK(b, b->s->ops->keep_channels(b->s, NULL, 0, &b->e));
    CHECK(due(b, "back", 9000, 9).n == 0 && replies(b, 3, 0).n == 1, "%s: all are",
          b->s->ops->name);
    commit(b);
}

static const struct store_case cases[] = {
    {"codes", test_codes}, {"asked", test_asked},   {"due", test_due},
    {"save", test_save},   {"states", test_states}, {"keep channels", test_keep_channels},
    {"again", test_again}, {"none", test_none},
};

int main(void)
{
    run_over_all(cases, sizeof cases / sizeof *cases);
    return check_end();
}
