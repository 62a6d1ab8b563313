/* A feed that shows what it must not, in the map step: nothing is planned, the message is held, the feed is
 * paused, and the alarm says where without saying what. */
#include <stdlib.h>
#include <unistd.h>

#include "../../src/feed/model.h"
#include "check.h"
#include "leak_feed.h"
#include "map/map.h"

static struct store *open_store(struct seal **seal)
{
    static const uint8_t root[SEAL_KEY_BYTES] = {7};
    struct store_settings set = {.where = "", .duplicate_ms = 86400000};
    struct store *s;
    struct err e = {0};

    *seal = seal_from_root(root);
    set.seal = *seal;
    CHECK(store_memory.open(&set, &s, &e), "%s", e.text);
    return s;
}

static struct feed *load(const struct tenant *t)
{
    const struct mutant m = {.of = &leak_slots[0]};
    struct arena a = {0};
    struct findings all;
    struct feed *f;

    leak_write(t, &m);
    f = feed_load(t->feed, &a, &all);
    CHECK(f != NULL, "the sound feed does not load");
    arena_reset(&a);
    if (!f)
        exit(1);
    return f;
}

/* Points the shown value at a name; its class stays what it was. */
static void break_feed(struct feed *f)
{
    for (size_t m = 0; m < f->n_maps; m++)
        for (size_t v = 0; v < f->maps[m].n_values; v++) {
            struct value *value = &f->maps[m].values[v];
            struct err e;
            size_t at;

            if (str_eq(value->name, STR("probe")))
                CHECK(hl7_path_parse(STR("PID-5.1"), &f->arena,
                                     &value->branch[SIDE_HL7].sources[0].path, &at, &e),
                      "%s", e.text);
        }
}

static void put(struct store *s, const struct map_settings *set, struct str body, uint8_t id,
                struct arena *a)
{
    static const uint8_t key[SEAL_KEY_BYTES] = {9};
    struct message m = {.kind = MESSAGE_HL7,
                        .feed = STR("leak"),
                        .type = STR("ZAD^A10"),
                        .key = {id},
                        .digest = {id},
                        .body = body,
                        .ack = STR("AA"),
                        .received_ms = INT64_C(1740788100000)};
    struct intake in;
    struct err e = {0};

    CHECK(s->ops->begin(s, &e), "%s", e.text);
    CHECK(s->ops->put_message(s, &m, a, &in, &e), "%s", e.text);
    m.id = in.id;
    CHECK(map_one(set, key, &m, s, a, &e), "%s", e.text);
    CHECK(s->ops->commit(s, &e), "%s", e.text);
}

/* What the log said meanwhile. */
static struct str read_log(FILE *log, struct arena *a)
{
    char text[1 << 16];
    size_t n;

    (void)fflush(stderr);
    rewind(log);
    n = fread(text, 1, sizeof text, log);
    return arena_copy(a, (struct str){text, n});
}

static bool says(struct str text, const char *what)
{
    return text.n && memmem(text.p, text.n, what, strlen(what)) != NULL;
}

int main(void)
{
    _Atomic uint64_t blocked = 0;
    struct seal *seal;
    struct store *s = open_store(&seal);
    FILE *log = tmpfile();
    int before = dup(STDERR_FILENO);
    struct buf body = buf_new(LEAK_TEXT_MOST);
    struct pause_list paused;
    struct trace_list recent;
    struct ledger l;
    struct arena a = {0};
    struct tenant t;
    struct err e = {0};
    const struct feed *feeds[1];
    struct map_settings set = {.seal = seal, .feeds = feeds, .n_feeds = 1, .blocked = &blocked};
    struct feed *f;
    struct str text;

    tenant_make(&t);
    leak_tables(&t);
    f = load(&t);
    feeds[0] = f;
    leak_message(&leak_slots[0], 0, &body);
    (void)dup2(fileno(log), STDERR_FILENO);
    put(s, &set, buf_str(&body), 1, &a);
    CHECK(blocked == 0, "a sound feed is not blocked");
    break_feed(f);
    put(s, &set, buf_str(&body), 2, &a);
    text = read_log(log, &a);
    (void)dup2(before, STDERR_FILENO);
    CHECK(s->ops->begin(s, &e), "%s", e.text);
    CHECK(s->ops->ledger(s, &l, &e) && ledger_balances(&l), "%s", e.text);
    CHECK(l.acked == 2 && l.held == 1 && l.pending == 1, "%lld held", (long long)l.held);
    CHECK(s->ops->list_paused(s, &a, &paused, &e), "%s", e.text);
    CHECK(paused.n == 1 && str_eq(paused.items[0].feed, STR("leak")), "the feed is not paused");
    CHECK(s->ops->list_recent(s, 9, &a, &recent, &e), "%s", e.text);
    CHECK(recent.n == 2 && says(recent.items[0].reason, "blocked: "), "the reason is ours");
    CHECK(blocked == 1, "it is counted");
    CHECK(says(text, "\"level\":\"critical\"") && says(text, "segment 2, field 7"), STR_FMT,
          STR_ARG(text));
    CHECK(!says(text, "90317"), "the log says what it was");
    s->ops->rollback(s);
    feed_free(f);
    s->ops->close(s);
    seal_close(seal);
    (void)fclose(log);
    (void)close(before);
    buf_reset(&body);
    arena_reset(&a);
    tenant_remove(&t);
    return check_end();
}
