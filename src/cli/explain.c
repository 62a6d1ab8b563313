#include "feed/explain.h"

#include <stdio.h>
#include <stdlib.h>

#include "app/feeds.h"
#include "audit.h"
#include "commands.h"
#include "feed/memory.h"
#include "net/clock.h"
#include "people.h"
#include "sample.h"
#include "samples/source.h"

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
    const struct str *bodies; /* the messages, in order */
    size_t n_bodies;
    struct feed_events events; /* of a file with several */
    struct str decided_by;     /* stored: the version that decided it; absent: none did */
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

/* "explain 42 --reveal "because text"": our words and theirs, on one line. */
static void audit_words(char *what, size_t size, int64_t id, const struct cli_args *args)
{
    int n = snprintf(what, size, "explain %lld", (long long)id);

    if (args->option[OPT_WITH])
        n += snprintf(what + n, size - (size_t)n, " --with");
    if (args->option[OPT_REVEAL])
        (void)snprintf(what + n, size - (size_t)n, " --reveal \"%.120s\"",
                       args->option[OPT_BECAUSE]);
    for (char *c = what; *c; c++)
        if ((unsigned char)*c < ' ' || *c == 0x7f)
            *c = ' ';
}

static bool ask_stored(struct question *q, const char *config, const char *id,
                       const struct cli_args *args, struct err *e)
{
    const char *draft = args->option[OPT_WITH], *because = args->option[OPT_BECAUSE];
    int64_t number = strtoll(id, NULL, 10);
    struct message m;
    char what[200];

    if (args->option[OPT_REVEAL] && !(because && because[strspn(because, " ")]))
        return err_set(e, ERR_CONFIG, 0,
                       "--reveal of a stored message needs --because \"why\": it is noted in "
                       "audit.log");
    if (!people_open(config, &q->people, e))
        return false;
    q->stored = true;
    audit_words(what, sizeof what, number, args);
    if (!audit_note(q->people.config.state, what, e) ||
        !q->people.store->ops->read_message(q->people.store, number, &q->arena, &m, e) ||
        !load(q, draft ? draft : q->people.config.feeds, draft ? (struct str){NULL, 0} : m.feed, e))
        return false;
    seal_derive(q->people.seal, "pseudonym", q->key);
    q->decided_by = m.feed_version;
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
    q->bodies = &q->in.body;
    q->n_bodies = 1;
    return true;
}

/* The messages of a file: itself, or one after the other when it holds several. */
static bool split(struct question *q, struct str whole, struct err *e)
{
    struct pieces pieces;
    struct str *bodies;

    q->in.body = whole;
    q->bodies = &q->in.body;
    q->n_bodies = 1;
    if (!source_split(whole, &q->arena, &pieces, e))
        return false;
    bodies = NEW_ARRAY(&q->arena, struct str, pieces.n + 1);
    q->n_bodies = 0;
    for (size_t i = 0; i < pieces.n; i++)
        if (pieces.items[i].kind == PIECE_HL7 || pieces.items[i].kind == PIECE_FHIR)
            bodies[q->n_bodies++] = pieces.items[i].bytes;
    if (q->n_bodies > 1)
        q->bodies = bodies;
    else
        q->n_bodies = 1;
    return true;
}

static bool ask_file(struct question *q, const char *feeds, const char *file, struct err *e)
{
    struct sample sample;

    if (!load(q, feeds, (struct str){NULL, 0}, e) || !sample_read(file, &q->arena, &sample, e))
        return false;
    q->events = (struct feed_events){.a = &q->arena};
    q->memory = feed_events_memory(&q->events);
    q->in = (struct feed_input){
        .kind = sample.fhir ? MESSAGE_FHIR : MESSAGE_HL7,
        .received_ms = clock_now_ms(&clock_system),
        .key = STR("tidings-test-key"),
        .memory = &q->memory,
    };
    return split(q, sample.body, e);
}

/* FEED FILE, FILE (feeds of the settings file), or ID (of its store); --with stands in for the feed. */
static bool ask(struct question *q, const struct cli_args *args, struct err *e)
{
    const char *config = args->option[OPT_CONFIG] ? args->option[OPT_CONFIG] : "tidings.yaml";
    const char *last = args->n_words ? args->words[args->n_words - 1] : NULL;
    const char *draft = args->option[OPT_WITH];
    struct config c;

    if (args->n_words == 2)
        return ask_file(q, draft ? draft : args->words[0], last, e);
    if (args->n_words != 1)
        return err_set(e, ERR_CONFIG, 0, "Usage: tidings explain [FEED] FILE|ID|-");
    if (is_id(last))
        return ask_stored(q, config, last, args, e);
    if (draft)
        return ask_file(q, draft, last, e);
    return config_read(config, &q->arena, &c, e) && ask_file(q, c.feeds, last, e);
}

/* Each message sees the events of those before it, as a store would have them. */
static bool explain(struct question *q, bool json, bool reveal, struct buf *out, struct err *e)
{
    for (size_t i = 0; i < q->n_bodies; i++) {
        struct feed_result r;

        q->in.body = q->bodies[i];
        if (!(json ? feed_explain_json : feed_explain_text)(q->feed, &q->in, reveal, out, e))
            return false;
        if (i + 1 == q->n_bodies)
            break;
        if (!json)
            buf_add_char(out, '\n');
        if (!feed_eval(q->feed, &q->in, &q->arena, &r, e))
            return false;
        feed_events_keep(&q->events, &r);
    }
    return !out->over ||
           err_set(e, ERR_CONFIG, 0, "more than %d MiB to explain", REPORT_MOST >> 20);
}

/* What is explained is what the files say now. Which version decided the message is a fact of the store. */
static void print_version(const struct question *q, FILE *to)
{
    const struct str now = str_of(feed_version(q->feed));

    if (!q->decided_by.n)
        (void)fprintf(to, "decided by no version of feed %s; explained by version %.12s\n",
                      feed_name(q->feed), now.p);
    else if (str_eq(q->decided_by, now))
        (void)fprintf(to, "decided by version %.12s of feed %s, explained by the same\n", now.p,
                      feed_name(q->feed));
    else
        (void)fprintf(to, "decided by version %.12s of feed %s, explained by another: %.12s\n",
                      q->decided_by.p, feed_name(q->feed), now.p);
}

int cli_explain(const struct cli_args *args)
{
    struct question q = {0};
    struct buf out = buf_new(REPORT_MOST);
    struct err e = {0};
    bool ok = ask(&q, args, &e) &&
              explain(&q, args->option[OPT_JSON], args->option[OPT_REVEAL], &out, &e);

    if (ok && q.stored)
        print_version(&q, args->option[OPT_JSON] ? stderr : stdout);
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
