/* What "a store" means, over every backend: what senders were seen to do, and recorded connections. */
#include "store_fixture.h"

static struct peer_note note(const char *address, const char *code, uint64_t n, int64_t first_ms,
                             int64_t last_ms)
{
    return (struct peer_note){.listener = STR("his"),
                              .address = str_of(address),
                              .application = STR("LAB"),
                              .facility = STR("MAIN"),
                              .code = str_of(code),
                              .n = n,
                              .offset = (uint64_t)last_ms * 10,
                              .first_ms = first_ms,
                              .last_ms = last_ms};
}

static struct peer_list peers(struct bench *b)
{
    struct peer_list list = {0};

    OK(b, b->s->ops->list_peers(b->s, &b->a, &list, &b->e));
    return list;
}

static void check_note(struct bench *b, const struct peer_note *got, const struct peer_note *want)
{
    CHECK(str_eq(got->listener, want->listener) && str_eq(got->address, want->address) &&
              str_eq(got->application, want->application) &&
              str_eq(got->facility, want->facility) && str_eq(got->code, want->code),
          "%s: " STR_FMT " " STR_FMT, b->s->ops->name, STR_ARG(got->address), STR_ARG(got->code));
    CHECK(got->n == want->n && got->offset == want->offset && got->first_ms == want->first_ms &&
              got->last_ms == want->last_ms,
          "%s: " STR_FMT ": n %llu, offset %llu, %lld to %lld", b->s->ops->name, STR_ARG(got->code),
          (unsigned long long)got->n, (unsigned long long)got->offset, (long long)got->first_ms,
          (long long)got->last_ms);
}

/* Notes of the same add up; the latest says where. */
static void test_notes(struct bench *b)
{
    struct peer_note seen[] = {
        note("10.0.0.1", "MLLP_LF_AFTER_FS", 1, 1000, 1000),
        note("10.0.0.1", "MLLP_NO_VT", 2, 1100, 1200),
        note("10.0.0.2", "MLLP_LF_AFTER_FS", 1, 1300, 1300),
        note("10.0.0.1", "MLLP_LF_AFTER_FS", 5, 900, 1500),
        note("10.0.0.2", "MLLP_LF_AFTER_FS", 3, 800, 900), /* heard of late: not the latest */
    };
    struct peer_note wants[] = {
        note("10.0.0.1", "MLLP_LF_AFTER_FS", 6, 900, 1500),
        note("10.0.0.2", "MLLP_LF_AFTER_FS", 4, 800, 1300),
        note("10.0.0.1", "MLLP_NO_VT", 2, 1100, 1200),
    };
    struct peer_list list;

    begin(b);
    CHECK(peers(b).n == 0, "none yet");
    OK(b, b->s->ops->add_peer_notes(b->s, seen, 3, 100, &b->e));
    commit(b);
    begin(b);
    OK(b, b->s->ops->add_peer_notes(b->s, seen + 3, 1, 100, &b->e));
    b->s->ops->rollback(b->s);
    begin(b);
    CHECK(peers(b).n == 3 && peers(b).items[2].n == 1, "%s: rolled back", b->s->ops->name);
    OK(b, b->s->ops->add_peer_notes(b->s, seen + 3, 2, 100, &b->e));
    commit(b);
    for (int round = 0; round < 2; round++) {
        begin(b);
        list = peers(b);
        CHECK(list.n == 3, "%s: %zu rows", b->s->ops->name, list.n);
        for (size_t i = 0; i < 3 && i < list.n; i++)
            check_note(b, &list.items[i], &wants[i]);
        commit(b);
        (void)bench_reopen(b);
    }
}

/* Each of the names tells senders apart; one without names adds up, too. */
static void test_names(struct bench *b)
{
    struct peer_note all[6], unnamed = {.code = STR("MLLP_TLS_NO_CERT"), .n = 1, .last_ms = 5};
    struct peer_list list;

    for
        EACH (i, all)
            all[i] = note("10.0.0.1", "HL7_NO_MSH", 1, 1000, 1000 + (int64_t)i);
    all[1].listener = STR("ris");
    all[2].address = STR("10.0.0.9");
    all[3].application = STR("");
    all[4].facility = STR("OTHER");
    all[5].code = STR("HL7_NO_MSH9");
    begin(b);
    OK(b, b->s->ops->add_peer_notes(b->s, all, 6, 100, &b->e));
    OK(b, b->s->ops->add_peer_notes(b->s, &unnamed, 1, 100, &b->e));
    OK(b, b->s->ops->add_peer_notes(b->s, &unnamed, 1, 100, &b->e));
    list = peers(b);
    CHECK(list.n == 7, "%s: %zu rows", b->s->ops->name, list.n);
    CHECK(list.n == 7 && list.items[6].n == 2 && list.items[6].listener.p &&
              list.items[6].address.n == 0,
          "%s: without names", b->s->ops->name);
    commit(b);
}

/* The least recent make room, of one time the earlier; what is seen again stays. */
static void test_room(struct bench *b)
{
    static const char *const codes[] = {"A", "B", "C", "D", "E"};
    struct peer_list list;
    struct peer_note p;

    begin(b);
    for
        EACH (i, codes) {
            p = note("10.0.0.1", codes[i], 1, 1000, 1000 + (i < 2 ? 0 : (int64_t)i));
            OK(b, b->s->ops->add_peer_notes(b->s, &p, 1, 4, &b->e));
        }
    list = peers(b);
    CHECK(list.n == 4 && str_eq(list.items[0].code, STR("E")) &&
              str_eq(list.items[3].code, STR("B")),
          "%s: %zu kept", b->s->ops->name, list.n);
    p = note("10.0.0.1", "B", 1, 2000, 2000);
    OK(b, b->s->ops->add_peer_notes(b->s, &p, 1, 2, &b->e));
    list = peers(b);
    CHECK(list.n == 2 && str_eq(list.items[0].code, STR("B")) && list.items[0].n == 2 &&
              str_eq(list.items[1].code, STR("E")),
          "%s: seen again", b->s->ops->name);
    p = note("10.0.0.1", "A", 7, 3000, 3000);
    OK(b, b->s->ops->add_peer_notes(b->s, &p, 1, 2, &b->e));
    CHECK(peers(b).items[0].n == 7, "%s: what made room begins anew", b->s->ops->name);
    OK(b, b->s->ops->add_peer_notes(b->s, NULL, 0, 0, &b->e));
    CHECK(peers(b).n == 0, "%s: no room at all", b->s->ops->name);
    b->s->ops->rollback(b->s);
    begin(b);
    CHECK(peers(b).n == 0, "%s: rolled back", b->s->ops->name);
    commit(b);
}

/* ---- recordings ---- */

static struct recording recording(int i)
{
    return (struct recording){.listener = STR("his"),
                              .address = STR("10.0.0.1"),
                              .code = STR("MLLP_JUNK"),
                              .opened_ms = 1000,
                              .saved_ms = 2000 + i,
                              .offset = (uint64_t)1 << 40,
                              .bytes = {"\x0b"
                                        "CANARY\0\x1c\r",
                                        10}};
}

static bool put(struct bench *b, int i, size_t most, int64_t *id)
{
    struct recording r = recording(i);
    bool ok = b->s->ops->put_recording(b->s, &r, most, &b->e);

    *id = r.id;
    return ok;
}

static void test_recordings(struct bench *b)
{
    struct recording want = recording(0), got;
    struct recording_list list;
    int64_t id;

    begin(b);
    OK(b, b->s->ops->list_recordings(b->s, 9, &b->a, &list, &b->e));
    CHECK(list.n == 0, "none yet");
    OK(b, put(b, 0, 9, &id));
    CHECK(id == 1, "%s: id %lld", b->s->ops->name, (long long)id);
    commit(b);
    for (int round = 0; round < 2; round++) {
        begin(b);
        OK(b, b->s->ops->read_recording(b->s, 1, &b->a, &got, &b->e));
        CHECK(got.id == 1 && str_eq(got.listener, want.listener) &&
                  str_eq(got.address, want.address) && str_eq(got.code, want.code) &&
                  got.opened_ms == 1000 && got.saved_ms == 2000 && got.offset == want.offset &&
                  str_eq(got.bytes, want.bytes),
              "%s: comes back as it was", b->s->ops->name);
        CHECK(!b->s->ops->read_recording(b->s, 2, &b->a, &got, &b->e) && b->e.kind == ERR_INPUT,
              "%s: no such", b->s->ops->name);
        OK(b, b->s->ops->list_recordings(b->s, 9, &b->a, &list, &b->e));
        CHECK(list.n == 1 && list.items[0].id == 1 && !list.items[0].bytes.p &&
                  list.items[0].offset == want.offset,
              "%s: listed without its bytes", b->s->ops->name);
        commit(b);
        (void)bench_reopen(b);
    }
}

/* The newest are kept, and listed first. */
static void test_newest(struct bench *b)
{
    struct recording_list list;
    struct recording got;
    int64_t id;

    begin(b);
    for (int i = 1; i <= 5; i++) {
        OK(b, put(b, i, 3, &id));
        CHECK(id == i, "%s: id %lld", b->s->ops->name, (long long)id);
    }
    commit(b);
    begin(b);
    OK(b, put(b, 6, 1, &id));
    b->s->ops->rollback(b->s);
    begin(b);
    OK(b, b->s->ops->list_recordings(b->s, 9, &b->a, &list, &b->e));
    CHECK(list.n == 3 && list.items[0].id == 5 && list.items[2].id == 3, "%s: %zu kept",
          b->s->ops->name, list.n);
    OK(b, b->s->ops->list_recordings(b->s, 2, &b->a, &list, &b->e));
    CHECK(list.n == 2 && list.items[1].id == 4, "%s: so many", b->s->ops->name);
    CHECK(!b->s->ops->read_recording(b->s, 2, &b->a, &got, &b->e), "%s: it made room",
          b->s->ops->name);
    commit(b);
}

static bool put_from(struct bench *b, const char *address, int64_t *id)
{
    struct recording r = recording(0);
    bool ok;

    r.address = str_of(address);
    ok = b->s->ops->put_recording(b->s, &r, 8, &b->e);
    *id = r.id;
    return ok;
}

/* One address may have all the room, but cannot push others out with more than a quarter of it. */
static void test_fair(struct bench *b)
{
    static const char *const quiet[] = {"10.0.0.2", "10.0.0.3", "10.0.0.3", "10.0.0.4"};
    struct recording_list list;
    struct recording got;
    int64_t id, first[4];

    begin(b);
    for (int i = 0; i < 20; i++)
        OK(b, put_from(b, "10.0.0.1", &id));
    OK(b, b->s->ops->list_recordings(b->s, 99, &b->a, &list, &b->e));
    CHECK(list.n == 8, "%s: %zu of the only address", b->s->ops->name, list.n);
    for
        EACH (i, quiet)
            OK(b, put_from(b, quiet[i], &first[i]));
    for (int i = 0; i < 20; i++)
        OK(b, put_from(b, "10.0.0.1", &id));
    for
        EACH (i, quiet)
            CHECK(b->s->ops->read_recording(b->s, first[i], &b->a, &got, &b->e) &&
                      str_eq(got.address, str_of(quiet[i])),
                  "%s: %s was pushed out", b->s->ops->name, quiet[i]);
    CHECK(b->s->ops->read_recording(b->s, id, &b->a, &got, &b->e), "%s: the newest is there",
          b->s->ops->name);
    OK(b, b->s->ops->list_recordings(b->s, 99, &b->a, &list, &b->e));
    CHECK(list.n == 8, "%s: %zu kept", b->s->ops->name, list.n);
    commit(b);
}

static const struct store_case cases[] = {
    {"fair", test_fair}, {"notes", test_notes},           {"names", test_names},
    {"room", test_room}, {"recordings", test_recordings}, {"newest", test_newest},
};

int main(void)
{
    run_over_all(cases, sizeof cases / sizeof *cases);
    return check_end();
}
