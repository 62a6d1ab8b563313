#include "feed/explain.h"

#include <stdio.h>
#include <stdlib.h>

#include "app/feeds.h"
#include "audit.h"
#include "commands.h"
#include "net/clock.h"
#include "people.h"
#include "sample.h"

enum { REPORT_MOST = 16 << 20 };

struct question {
    struct arena arena;
    struct feed_set feeds;
    const struct feed *feed;
    struct feed_input in;
    struct people people; /* for a stored message */
    struct feed_memory memory;
    uint8_t key[SEAL_KEY_BYTES];
    bool stored;
};

static bool is_id(const char *word)
{
    return word[0] >= '1' && word[0] <= '9' && strspn(word, "0123456789") == strlen(word);
}

static bool load(struct question *q, const char *path, struct str name, struct err *e)
{
    if (!feeds_load(path, &clock_system, &q->arena, stderr, &q->feeds, e))
        return false;
    for (size_t i = 0; i < q->feeds.n; i++) {
        if (!name.p || str_eq(name, str_of(feed_name(q->feeds.items[i]))))
            q->feed = q->feeds.items[i];
    }
    if (!q->feed)
        return err_set(e, ERR_CONFIG, 0, "%s: the feed has errors, or is not here", path);
    if (!name.p && q->feeds.n > 1)
        return err_set(e, ERR_CONFIG, 0, "%s: there are %zu feeds here; name the file of one", path,
                       q->feeds.n);
    return true;
}

static bool find(void *ctx, struct str event_type, struct str unit_key, struct arena *a,
                 struct event *out, bool *found, struct err *e)
{
    struct question *q = ctx;
    struct unit unit;

    if (!q->people.store->ops->find_unit(q->people.store, event_type, unit_key, a, &unit, found, e))
        return false;
    if (*found)
        *out = unit.event;
    return true;
}

static bool ask_stored(struct question *q, const char *config, const char *id, struct err *e)
{
    int64_t number = strtoll(id, NULL, 10);
    struct message m;
    char what[60];

    if (!people_open(config, &q->people, e))
        return false;
    q->stored = true;
    (void)snprintf(what, sizeof what, "explain %lld", (long long)number);
    if (!audit_note(q->people.config.state, what, e) ||
        !q->people.store->ops->read_message(q->people.store, number, &q->arena, &m, e) ||
        !load(q, q->people.config.feeds, m.feed, e))
        return false;
    seal_derive(q->people.seal, "pseudonym", q->key);
    q->memory = (struct feed_memory){find, q};
    q->in = (struct feed_input){
        .kind = m.kind,
        .body = m.body,
        .charset = m.charset,
        .fallback = m.fallback,
        .received_ms = m.received_ms,
        .key = {(const char *)q->key, sizeof q->key},
        .memory = &q->memory,
    };
    return true;
}

static bool ask_file(struct question *q, const char *feeds, const char *file, struct err *e)
{
    struct sample sample;

    if (!load(q, feeds, (struct str){NULL, 0}, e) || !sample_read(file, &q->arena, &sample, e))
        return false;
    q->in = (struct feed_input){
        .kind = sample.fhir ? MESSAGE_FHIR : MESSAGE_HL7,
        .body = sample.body,
        .received_ms = clock_now_ms(&clock_system),
        .key = STR("tidings-test-key"),
    };
    return true;
}

/* FEED FILE, FILE (feeds of the settings file), or ID (of its store). */
static bool ask(struct question *q, const struct cli_args *args, struct err *e)
{
    const char *config = args->option[OPT_CONFIG] ? args->option[OPT_CONFIG] : "tidings.yaml";
    const char *last = args->n_words ? args->words[args->n_words - 1] : NULL;
    struct config c;

    if (args->n_words == 2)
        return ask_file(q, args->words[0], last, e);
    if (args->n_words != 1)
        return err_set(e, ERR_CONFIG, 0, "Usage: tidings explain [FEED] FILE|ID|-");
    if (is_id(last))
        return ask_stored(q, config, last, e);
    return config_read(config, &q->arena, &c, e) && ask_file(q, c.feeds, last, e);
}

int cli_explain(const struct cli_args *args)
{
    struct question q = {0};
    struct buf out = buf_new(REPORT_MOST);
    struct err e = {0};
    bool ok =
        ask(&q, args, &e) && (args->option[OPT_JSON] ? feed_explain_json(q.feed, &q.in, &out, &e)
                                                     : feed_explain_text(q.feed, &q.in, &out, &e));

    if (ok)
        (void)fwrite(out.p ? out.p : "", 1, out.n, stdout);
    else
        (void)fprintf(stderr, "%s\n", e.text);
    buf_reset(&out);
    feeds_free(&q.feeds);
    if (q.stored)
        people_close(&q.people);
    seal_wipe(q.key, sizeof q.key);
    arena_reset(&q.arena);
    return ok ? EXIT_YES : EXIT_USAGE;
}
