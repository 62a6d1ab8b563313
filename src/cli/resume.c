/* tidings resume FEED: by the running daemon, or in the store itself when none runs. */
#include <stdio.h>
#include <string.h>

#include "audit.h"
#include "commands.h"
#include "net/control.h"
#include "people.h"

enum { ANSWER_MOST = 1 << 16, NOT_PAUSED = 1 };

static bool in_store(struct people *p, const char *feed, bool *was, struct err *e)
{
    const struct store_settings set = {.where = p->config.state,
                                       .seal = p->seal,
                                       .duplicate_ms = p->config.receive_duplicate_window};
    struct store *s;
    bool ok;

    if (!store_sqlite.open(&set, &s, e))
        return false;
    ok =
        s->ops->begin(s, e) && s->ops->resume_feed(s, str_of(feed), was, e) && s->ops->commit(s, e);
    s->ops->close(s);
    return ok;
}

static int without_daemon(const char *config, const char *feed, struct err *e)
{
    struct people p;
    bool was = false;
    bool ok = people_open(config, &p, e) && in_store(&p, feed, &was, e);
    int code = ok ? (was ? EXIT_YES : NOT_PAUSED) : people_exit(&p);

    people_close(&p);
    if (ok)
        (void)printf(was ? "%s sends again at the next start\n" : "%s is not paused\n", feed);
    return code;
}

/* Who lifted the pause, and why, before it is lifted. */
static bool note(const char *state, const char *feed, const char *because, struct err *e)
{
    char what[200];

    if (!because || !because[strspn(because, " ")])
        return err_set(e, ERR_CONFIG, 0,
                       "resume needs --because \"why\": it is noted in audit.log");
    (void)snprintf(what, sizeof what, "resume %.40s \"%.120s\"", feed, because);
    for (char *c = what; *c; c++)
        if ((unsigned char)*c < ' ' || *c == 0x7f)
            *c = ' ';
    return audit_note(state, what, e);
}

int cli_resume(const struct cli_args *args)
{
    const char *file = args->option[OPT_CONFIG] ? args->option[OPT_CONFIG] : "tidings.yaml";
    struct buf text = buf_new(ANSWER_MOST);
    struct config config = {0};
    struct arena a = {0};
    struct err e = {0};
    int code = EXIT_USAGE;
    char words[CONTROL_WORDS];

    if (args->n_words != 1 ||
        (size_t)snprintf(words, sizeof words, "resume %s", args->words[0]) >= sizeof words) {
        (void)fprintf(stderr, "tidings resume FEED: one name of a feed\n");
        return EXIT_USAGE;
    }
    if (config_read(file, &a, &config, &e) &&
        note(config.state, args->words[0], args->option[OPT_BECAUSE], &e)) {
        if (control_call(config.state, words, &code, &text, &e)) {
            (void)fwrite(text.p ? text.p : "", 1, text.n, stdout);
        } else if (e.kind == ERR_BUSY) {
            e = (struct err){0};
            code = without_daemon(file, args->words[0], &e);
        } else {
            code = EXIT_REACH;
        }
    }
    if (e.kind != ERR_NONE)
        (void)fprintf(stderr, "%s\n", e.text);
    buf_reset(&text);
    arena_reset(&a);
    return code;
}
