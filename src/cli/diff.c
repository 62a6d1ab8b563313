/* tidings diff: what a change of a feed means, in its own words and in patients. */
#include <stdlib.h>

#include "app/feeds.h"
#include "audit.h"
#include "commands.h"
#include "diff_replay.h"
#include "diff_show.h"
#include "net/clock.h"

enum { REPLAY_MOST = 100000, OUTPUT_MOST = 64 << 20 };

struct comparison {
    struct arena arena;
    struct feed_set old, new;
    struct diff_pair *pairs;
    struct feed_replay **replays; /* of the pairs; NULL: none */
    size_t n;
    struct people people;
    bool opened;
    const char *config;
};

static bool load(struct comparison *c, const char *path, struct feed_set *out, struct err *e)
{
    if (!feeds_load(path, &clock_system, &c->arena, stderr, out, e))
        return false;
    return !out->n_errors || err_set(e, ERR_CONFIG, 0, "%s: has errors: tidings check", path);
}

/* Without a second path the feeds in service are the old ones. */
static bool load_both(struct comparison *c, const struct cli_args *args, struct err *e)
{
    const char *old = args->words[0];
    struct config config;

    if (args->n_words == 1) {
        if (!config_read(c->config, &c->arena, &config, e))
            return false;
        old = config.feeds;
    }
    return load(c, old, &c->old, e) && load(c, args->words[args->n_words - 1], &c->new, e);
}

/* One of each is one feed, whatever a draft calls itself; else they go by their names. */
static void pair_up(struct comparison *c, bool drafts)
{
    const bool single = c->new.n == 1 && c->old.n == 1;

    c->pairs = NEW_ARRAY(&c->arena, struct diff_pair, c->old.n + c->new.n + 1);
    c->replays = NEW_ARRAY(&c->arena, struct feed_replay *, c->old.n + c->new.n + 1);
    for (size_t i = 0; i < c->new.n; i++) {
        const struct feed *new = c->new.items[i];

        c->pairs[c->n++] = (struct diff_pair){
            .old = single ? c->old.items[0] : feeds_named(&c->old, feed_name(new)), .new = new};
    }
    for (size_t i = 0; i < c->old.n && !single; i++)
        if (!feeds_named(&c->new, feed_name(c->old.items[i])) && !drafts)
            c->pairs[c->n++] = (struct diff_pair){.old = c->old.items[i]};
    for (size_t i = 0; i < c->n; i++)
        if (c->pairs[i].old && c->pairs[i].new)
            feed_diff(c->pairs[i].old, c->pairs[i].new, &c->arena, &c->pairs[i].changes);
}

static bool replay_pair(struct comparison *c, size_t i, const struct diff_source *from,
                        struct err *e)
{
    struct diff_pair *p = &c->pairs[i];
    char what[200];

    if (!p->old || !p->new)
        return true;
    (void)snprintf(what, sizeof what, "diff %s --replay %zu", feed_name(p->old), from->most);
    if (!from->samples && !audit_note(c->people.config.state, what, e))
        return false;
    c->replays[i] = feed_replay_new(p->old, p->new);
    if (!diff_replay(from, str_of(feed_name(p->old)), c->replays[i], e))
        return false;
    p->replayed = true;
    p->samples = from->samples != NULL;
    p->replay = feed_replay_report(c->replays[i]);
    return true;
}

static bool replay_all(struct comparison *c, const struct cli_args *args, long most, struct err *e)
{
    struct diff_source from = {args->option[OPT_FROM], &c->people, (size_t)most};

    if (!from.samples && !most)
        return true;
    if (!from.samples) {
        c->opened = true;
        if (!people_open(c->config, &c->people, e))
            return false;
    }
    for (size_t i = 0; i < c->n; i++)
        if (!replay_pair(c, i, &from, e))
            return false;
    return true;
}

/* With a replay outcomes decide; without one, meaning. */
static int verdict(const struct comparison *c)
{
    for (size_t i = 0; i < c->n; i++) {
        const struct diff_pair *p = &c->pairs[i];

        if (!p->old || !p->new || (p->replayed ? p->replay.n_changed > 0 : p->changes.n > 0))
            return EXIT_NO;
    }
    return EXIT_YES;
}

static bool show(const struct comparison *c, bool json, struct err *e)
{
    const struct diff_shown shown = {c->pairs, c->n, c->opened ? c->config : NULL};
    struct buf out = buf_new(OUTPUT_MOST);
    bool fits;

    (json ? diff_show_json : diff_show_text)(&shown, &out);
    fits = !out.over;
    if (fits)
        (void)fwrite(out.p ? out.p : "", 1, out.n, stdout);
    buf_reset(&out);
    return fits || err_set(e, ERR_CONFIG, 0, "more than %d MiB of changes", OUTPUT_MOST >> 20);
}

static void close_all(struct comparison *c)
{
    for (size_t i = 0; i < c->n; i++)
        feed_replay_free(c->replays[i]);
    feeds_free(&c->old);
    feeds_free(&c->new);
    if (c->opened)
        people_close(&c->people);
    arena_reset(&c->arena);
}

int cli_diff(const struct cli_args *args)
{
    struct comparison c = {.config = args->option[OPT_CONFIG] ? args->option[OPT_CONFIG]
                                                              : "tidings.yaml"};
    struct err e = {0};
    long most = 0;
    int code = EXIT_USAGE;
    bool ok;

    if (!cli_number(args, OPT_REPLAY, 1, REPLAY_MOST, 0, &most))
        return EXIT_USAGE;
    ok = args->n_words ? load_both(&c, args, &e)
                       : err_set(&e, ERR_CONFIG, 0, "Usage: tidings diff [OLD] NEW");
    if (ok) {
        pair_up(&c, args->n_words == 1);
        ok = replay_all(&c, args, most, &e);
        if (!ok && c.opened)
            code = people_exit(&c.people);
    }
    if (ok && show(&c, args->option[OPT_JSON], &e))
        code = verdict(&c);
    if (e.kind != ERR_NONE)
        (void)fprintf(stderr, "%s\n", e.text);
    close_all(&c);
    return code;
}
