/* Golden stories: HL7 messages of invented people in order, and who is told what, or nothing.
 * fixtures/stories/feed is the tenant, each fixtures/stories/NAME.yaml a list of stories: data, read here.
 *
 *   story    its name; it begins at 2026-03-02T14:00:00Z
 *   steps    wait    duration that passes first: 500ms, 15m, 2h, 3d
 *            hl7     a message arrives; bytes that came before are a resend
 *            line    down: nothing can be sent in this step
 *            became  one text an instance: what map and plan made of it: a reason, or state and start
 *            sent    what leaves: template, language, number
 *            links   of all notices sent so far, in order: open or dead
 *
 * A message is mapped, planned and sent by the steps of the daemon over the memory store; WhatsApp takes
 * what it gets. Nothing is printed about a story that passes. */
#include <glob.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/container_of.h"
#include "check.h"
#include "feed/test.h"
#include "map/map.h"
#include "plan/plan.h"
#include "store/approval.h"
#include "yaml/yaml.h"

enum { MOST = 32, TEXT_MOST = 1 << 14, FILE_MOST = 1 << 18, STORIES_WANTED = 60 };

static const int64_t start_ms = 1772460000000; /* 2026-03-02T14:00:00Z */

/* What became of one instance in the running step. */
struct outcome {
    int64_t id;
    enum standing standing;
    struct str reason, facts, warnings;
};

struct told {
    struct str line;
    struct str token;
};

struct world {
    struct store *store;
    struct store_ops
        ops; /* the memory store's, but what is written about instances is noted down */
    struct random_source random; /* counts, so that every run is the same */
    struct seal *seal;
    struct map_settings map;
    struct plan_settings plan;
    uint8_t key[SEAL_KEY_BYTES];
    struct arena arena; /* of the story */
    int64_t now_ms;
    int drawn, n_echoes;
    struct outcome outcomes[MOST]; /* of the step */
    struct told told[MOST];        /* of the story */
    size_t n_outcomes, n_told;
    const struct yaml_node *at; /* the step */
    struct str story;
    size_t step;
};

#define OK(w, call, e)                                                                             \
    CHECK(call, STR_FMT ", step %zu: %s", STR_ARG((w)->story), (w)->step, (e).text)

/* ---- what the store is asked to write ---- */

static struct world *world_of(struct store *s)
{
    return container_of((struct store_ops *)s->ops, struct world, ops);
}

static struct str facts_of(struct world *w, const struct instance *in)
{
    static const char *const slots[] = {"status", "state", "change", "start", "blocked"};
    struct str all = {NULL, 0};

    for (size_t i = 0; in->emits && i < sizeof slots / sizeof *slots; i++) {
        struct str value = event_value(&in->event, slots[i]);
        struct str shown = str_cut(&value, '[');

        if (shown.n)
            all = arena_printf(&w->arena, STR_FMT " " STR_FMT, STR_ARG(all), STR_ARG(shown));
    }
    return all;
}

static bool put_mapped(struct store *s, int64_t id, struct str version, struct instance *all,
                       size_t n, struct err *e)
{
    struct world *w = world_of(s);

    if (!store_memory.put_mapped(s, id, version, all, n, e))
        return false;
    for (size_t i = 0; i < n && w->n_outcomes < MOST; i++)
        w->outcomes[w->n_outcomes++] =
            (struct outcome){.id = all[i].id,
                             .standing = all[i].standing,
                             .reason = arena_copy(&w->arena, all[i].reason),
                             .facts = facts_of(w, &all[i]),
                             .warnings = arena_copy(&w->arena, all[i].warnings)};
    return true;
}

static bool settle(struct store *s, int64_t id, enum standing standing, struct str reason,
                   struct err *e)
{
    struct world *w = world_of(s);

    for (size_t i = 0; i < w->n_outcomes; i++) {
        if (w->outcomes[i].id == id) {
            w->outcomes[i].standing = standing;
            w->outcomes[i].reason = arena_copy(&w->arena, reason);
        }
    }
    return store_memory.settle(s, id, standing, reason, e);
}

/* ---- the steps of the daemon ---- */

static bool count_up(const struct random_source *r, void *out, size_t n)
{
    struct world *w = container_of((struct random_source *)r, struct world, random);

    memset(out, 0, n);
    w->drawn++;
    memcpy(out, &w->drawn, n < sizeof w->drawn ? n : sizeof w->drawn);
    return true;
}

static void open_world(struct world *w, const struct feed *const *feed)
{
    static const uint8_t root[SEAL_KEY_BYTES] = {7};
    const int64_t day = 86400000;
    struct store_settings set = {.where = "", .duplicate_ms = 14 * day};
    struct err e = {0};

    *w = (struct world){.seal = seal_from_root(root), .random = {count_up}, .now_ms = start_ms};
    set.seal = w->seal;
    CHECK(store_memory.open(&set, &w->store, &e), "%s", e.text);
    w->ops = store_memory;
    w->ops.put_mapped = put_mapped;
    w->ops.settle = settle;
    w->store->ops = &w->ops;
    w->map = (struct map_settings){.seal = w->seal, .feeds = feed, .n_feeds = 1};
    seal_derive(w->seal, "pseudonym", w->key);
    w->plan = (struct plan_settings){
        .random = &w->random,
        .seal = w->seal,
        .link_ttl_ms = 3 * day,
        .retry = {.first_ms = 1000, .most_ms = 60000, .max_tries = 3, .unknown_ms = 3600000},
        .batch = 8,
    };
}

static void close_world(struct world *w)
{
    w->store->ops->close(w->store);
    seal_close(w->seal);
    arena_reset(&w->arena);
}

static void arrives(struct world *w, struct str body)
{
    struct message m = {.kind = MESSAGE_HL7,
                        .feed = STR("stories"),
                        .type = STR("HL7"),
                        .body = body,
                        .ack = STR("MSA|AA"),
                        .received_ms = w->now_ms};
    struct intake in;
    struct err e = {0};

    seal_index(w->seal, "story", &body, 1, m.key);
    memcpy(m.digest, m.key, sizeof m.digest);
    OK(w, w->ops.begin(w->store, &e), e);
    OK(w, w->ops.put_message(w->store, &m, &w->arena, &in, &e), e);
    m.id = in.id;
    if (!in.seen)
        OK(w, map_one(&w->map, w->key, &m, w->store, &w->arena, &e), e);
    OK(w, w->ops.commit(w->store, &e), e);
}

static void plans(struct world *w)
{
    struct plan_result r = {.more = true};
    struct err e = {0};

    while (r.more) {
        OK(w, w->ops.begin(w->store, &e), e);
        OK(w, plan_run(&w->plan, w->now_ms, w->store, &w->arena, &r, &e), e);
        OK(w, w->ops.commit(w->store, &e), e);
    }
}

/* WhatsApp takes it. */
static void note_sent(struct world *w, struct flight *f)
{
    const struct notice *n = &f->notice;
    const struct approved what = approved_of(n);
    struct err e = {0};

    CHECK(approval_holds(w->seal, &what, &w->arena, n->approval),
          STR_FMT ", step %zu: not approved", STR_ARG(w->story), w->step);
    if (w->n_told < MOST)
        w->told[w->n_told++] =
            (struct told){arena_printf(&w->arena, STR_FMT " " STR_FMT " " STR_FMT,
                                       STR_ARG(n->template), STR_ARG(n->language), STR_ARG(n->to)),
                          arena_copy(&w->arena, n->token)};
    f->attempt.state = ATTEMPT_ACCEPTED;
    f->attempt.ended_ms = w->now_ms;
    notice_attempt_ended(&f->notice, &f->attempt, false, &w->plan.retry, w->now_ms);
    OK(w, w->ops.save_attempt(w->store, &f->attempt, &e), e);
    OK(w, w->ops.save_notice(w->store, &f->notice, &e), e);
}

static void sends(struct world *w)
{
    struct flight_list list = {.n = 1};
    struct err e = {0};

    while (list.n) {
        char echo[1][ECHO_BYTES + 1];

        (void)snprintf(echo[0], sizeof echo[0], "a1:%026d", ++w->n_echoes);
        OK(w, w->ops.begin(w->store, &e), e);
        OK(w,
           w->ops.begin_attempts(w->store, 1, (const char(*)[ECHO_BYTES + 1]) echo, w->now_ms,
                                 &w->arena, &list, &e),
           e);
        for (size_t i = 0; i < list.n; i++)
            note_sent(w, &list.items[i]);
        OK(w, w->ops.commit(w->store, &e), e);
    }
}

/* ---- what was wanted ---- */

static struct str wanted(struct world *w, const struct yaml_node *list)
{
    struct str all = {NULL, 0};

    for (size_t i = 0; list && i < list->n; i++)
        all = arena_printf(&w->arena, STR_FMT "%s" STR_FMT, STR_ARG(all), i ? "; " : "",
                           STR_ARG(list->items[i]->text));
    return all;
}

static void expect(struct world *w, const char *key, struct str got)
{
    const struct yaml_node *list = yaml_get(w->at, key);
    struct str want = wanted(w, list);

    CHECK(list && list->kind == YAML_LIST && str_eq(want, got),
          "%s:%d: " STR_FMT ", step %zu, %s:\n    expected [" STR_FMT "]\n    got      [" STR_FMT
          "]",
          w->at->file, w->at->line, STR_ARG(w->story), w->step, key, STR_ARG(want), STR_ARG(got));
}

static struct str became(struct world *w)
{
    static const char *const words[] = {"?",      "notice",   "hold", "reject",
                                        "notice", "recorded", "drop"};
    struct str all = {NULL, 0};

    for (size_t i = 0; i < w->n_outcomes; i++) {
        const struct outcome *o = &w->outcomes[i];
        bool notice = o->standing == STANDING_PENDING || o->standing == STANDING_NOTIFIED;
        struct str why = notice ? o->facts : o->reason;

        all = arena_printf(&w->arena, STR_FMT "%s%s%s" STR_FMT, STR_ARG(all), i ? "; " : "",
                           words[o->standing], notice ? "" : " ", STR_ARG(why));
        if (o->warnings.n)
            all = arena_printf(&w->arena, STR_FMT " (" STR_FMT ")", STR_ARG(all),
                               STR_ARG(o->warnings));
    }
    return all;
}

static struct str sent(struct world *w, size_t before)
{
    struct str all = {NULL, 0};

    for (size_t i = before; i < w->n_told; i++)
        all = arena_printf(&w->arena, STR_FMT "%s" STR_FMT, STR_ARG(all), i > before ? "; " : "",
                           STR_ARG(w->told[i].line));
    return all;
}

static bool is_open(struct world *w, struct str token)
{
    static const uint8_t code[SEAL_HASH_BYTES] = {1};
    uint8_t hash[SEAL_HASH_BYTES];
    struct err e = {0};
    bool open = false;

    token_hash(token, hash);
    OK(w, w->ops.begin(w->store, &e), e);
    OK(w, w->ops.open_link(w->store, hash, w->now_ms, code, w->now_ms + 1, &open, &e), e);
    w->ops.rollback(w->store);
    return open;
}

static struct str links(struct world *w)
{
    struct str all = {NULL, 0};

    for (size_t i = 0; i < w->n_told; i++)
        all = arena_printf(&w->arena, STR_FMT "%s%s", STR_ARG(all), i ? "; " : "",
                           is_open(w, w->told[i].token) ? "open" : "dead");
    return all;
}

/* ---- a story ---- */

static int64_t duration(struct str text)
{
    static const struct {
        const char *unit;
        int64_t ms;
    } units[] = {{"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {"d", 86400000}};
    char *end;
    long n = strtol(text.p, &end, 10);

    for
        EACH (i, units) {
            if (strcmp(end, units[i].unit) == 0)
                return n * units[i].ms;
        }
    CHECK(false, STR_FMT " is no duration", STR_ARG(text));
    return 0;
}

static void check_keys(const struct yaml_node *map, const char *const *keys)
{
    for (size_t i = 0; i < map->n; i++) {
        size_t k = 0;

        while (keys[k] && !str_eq(map->pairs[i].key->text, str_of(keys[k])))
            k++;
        CHECK(keys[k], "%s:%d: " STR_FMT " is no key", map->file, map->pairs[i].key->line,
              STR_ARG(map->pairs[i].key->text));
    }
}

static void run_step(struct world *w)
{
    static const char *const keys[] = {"wait", "hl7", "line", "became", "sent", "links", NULL};
    const struct yaml_node *wait = yaml_get(w->at, "wait"), *hl7 = yaml_get(w->at, "hl7");
    size_t before = w->n_told;

    check_keys(w->at, keys);
    w->n_outcomes = 0;
    if (wait)
        w->now_ms += duration(wait->text);
    if (hl7)
        arrives(w, hl7->text);
    plans(w);
    if (!yaml_get(w->at, "line"))
        sends(w);
    if (hl7)
        expect(w, "became", became(w));
    expect(w, "sent", sent(w, before));
    if (yaml_get(w->at, "links"))
        expect(w, "links", links(w));
}

static void run_story(const struct yaml_node *story, const struct feed *const *feed)
{
    static const char *const keys[] = {"story", "steps", NULL};
    const struct yaml_node *steps = yaml_get(story, "steps"), *name = yaml_get(story, "story");
    struct ledger l = {0};
    struct world w;
    struct err e = {0};

    check_keys(story, keys);
    open_world(&w, feed);
    w.story = name->text;
    for (size_t i = 0; i < steps->n; i++) {
        w.step = i + 1;
        w.at = steps->items[i];
        run_step(&w);
    }
    OK(&w, w.ops.begin(w.store, &e), e);
    OK(&w, w.ops.ledger(w.store, &l, &e), e);
    w.ops.rollback(w.store);
    CHECK(ledger_balances(&l), STR_FMT ": the ledger does not balance", STR_ARG(w.story));
    close_world(&w);
}

static void fault(void *ctx, const char *code, int line, int column, const char *text,
                  const char *hint)
{
    (void)hint;
    CHECK(false, "%s:%d:%d: %s %s", (const char *)ctx, line, column, code, text);
}

/* How many stories the file has. */
static size_t run_file(char *path, const struct feed *const *feed)
{
    struct yaml_report report = {fault, path};
    struct arena a = {0};
    char *text = arena_get(&a, FILE_MOST, 1);
    FILE *from = fopen(path, "rb");
    size_t n = from ? fread(text, 1, FILE_MOST, from) : 0;
    const struct yaml_node *list;
    size_t stories;

    CHECK(from && n < FILE_MOST, "%s cannot be read", path);
    if (from)
        fclose(from);
    list = yaml_get(yaml_parse((struct str){text, n}, path, &yaml_limits_standard, &a, &report),
                    "stories");
    CHECK(list && list->kind == YAML_LIST && list->n, "%s: no stories", path);
    stories = list ? list->n : 0;
    for (size_t i = 0; i < stories; i++)
        run_story(list->items[i], feed);
    arena_reset(&a);
    return stories;
}

/* The tenant loads without a finding and passes the tests of its own, as `tidings check` and `test` see it. */
static struct feed *load(void)
{
    struct arena a = {0};
    struct findings all;
    struct feed_test_count count = {0};
    struct feed *f = feed_load("fixtures/stories/feed/stories.yaml", &a, &all);

    for (size_t i = 0; i < all.n; i++)
        finding_print(&all.items[i], stdout);
    CHECK(f && all.n == 0, "the feed of the stories has findings");
    if (f)
        feed_test_run(f, NULL, &count);
    CHECK(count.failed == 0 && count.passed > 0, "%d of the feed's own tests fail: tidings test",
          count.failed);
    arena_reset(&a);
    return f;
}

int main(void)
{
    struct feed *f = load();
    const struct feed *const feed[] = {f};
    size_t n = 0;
    glob_t files;

    CHECK(glob("fixtures/stories/*.yaml", 0, NULL, &files) == 0, "no stories");
    for (size_t i = 0; f && i < files.gl_pathc; i++)
        n += run_file(files.gl_pathv[i], feed);
    globfree(&files);
    CHECK(n >= STORIES_WANTED, "%zu stories, %d wanted", n, STORIES_WANTED);
    feed_free(f);
    return check_end();
}
