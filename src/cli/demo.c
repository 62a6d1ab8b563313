/* Everything on this machine: the daemon with the shipped tenant, and a look-alike of WhatsApp.
 *
 *   OPENING -> PLAYING (post -> answered -> wait until it is settled -> next) -> WAITING -> END
 *                                                                              \-> stays up
 * Messages travel over real sockets, through the real store, feed and sender. */
#include "demo.h"

#include <stdlib.h>
#include <string.h>

#include "base/container_of.h"
#include "commands.h"
#include "ledger.h"
#include "net/clock.h"

enum { LOOK_MS = 20, SETTLE_MS = 20000, POST_MS = 10000, RECENT = 8, ANSWER_MOST = 64 << 10 };

static void look_again(struct demo *d);
static void play_next(struct demo *d);

static void print_trace(const struct demo *d, const struct trace *t, bool first)
{
    FILE *to = d->out;

    (void)fprintf(to, "%s%s", first ? "" : "; ", standing_name(t->standing));
    if (t->reason.n)
        (void)fprintf(to, " (" STR_FMT ")", STR_ARG(t->reason));
    if (t->standing == STANDING_NOTIFIED)
        (void)fprintf(to, "  " STR_FMT "/" STR_FMT, STR_ARG(t->template), STR_ARG(t->language));
}

/* Does what became of the message fit its line? Any instance may. */
static bool as_expected(const struct play_line *want, const struct app_look *l, int64_t message,
                        bool duplicate)
{
    if (duplicate || str_eq(want->outcome, STR("duplicate")))
        return duplicate && str_eq(want->outcome, STR("duplicate"));
    for (size_t i = 0; i < l->recent.n; i++) {
        const struct trace *t = &l->recent.items[i];

        if (t->message_id == message && str_eq(want->outcome, str_of(standing_name(t->standing))) &&
            (!want->reason.n || str_starts(t->reason, want->reason)))
            return true;
    }
    return false;
}

static void print_line(struct demo *d, bool duplicate, int64_t message)
{
    const struct play_line *line = &d->play.lines[d->at];
    FILE *to = d->out;
    bool first = true, ok = as_expected(line, &d->look, message, duplicate);

    (void)fprintf(to, "-> %-16s %-12s <- %-3s  ", d->sample.type, d->sample.id, d->post.code);
    if (duplicate)
        (void)fprintf(to, "duplicate (the same answer again, no second effect)");
    for (size_t i = 0; i < d->look.recent.n && !duplicate; i++) {
        if (d->look.recent.items[i].message_id != message)
            continue;
        print_trace(d, &d->look.recent.items[i], first);
        first = false;
    }
    (void)fprintf(to, "   " STR_FMT "%s\n", STR_ARG(line->words), ok ? "" : "   NOT AS EXPECTED");
    (void)fflush(to);
    d->unexpected += !ok;
}

/* The newest message is the one just sent, unless that one was a duplicate. */
static void on_look_sample(struct app_look *l)
{
    struct demo *d = container_of(l, struct demo, look);
    int64_t newest = l->recent.n ? l->recent.items[0].message_id : 0;
    bool duplicate = l->ledger.duplicate > d->seen.duplicate;
    bool late = clock_now_ms(&clock_system) > d->deadline_ms;

    if (l->err.kind != ERR_NONE || d->ending)
        return;
    if (!duplicate && !late && (newest == d->newest || l->ledger.pending)) {
        look_again(d);
        return;
    }
    print_line(d, duplicate, newest);
    d->newest = newest;
    d->seen = l->ledger;
    d->at++;
    play_next(d);
}

static void on_look_timer(uv_timer_t *t)
{
    struct demo *d = container_of(t, struct demo, timer);

    d->look.most = RECENT;
    app_look(d->app, &d->look);
}

static void look_again(struct demo *d)
{
    (void)uv_timer_start(&d->timer, on_look_timer, LOOK_MS, 0);
}

static void on_posted(struct post *p)
{
    struct demo *d = container_of(p, struct demo, post);

    if (d->ending)
        return;
    if (p->how != POST_ANSWERED || !p->accepted) {
        (void)fprintf(d->out, "-> %s %s <- %s  NOT AS EXPECTED\n", d->sample.type, d->sample.id,
                      p->how == POST_ANSWERED ? p->code : "no answer");
        d->unexpected++;
        d->at++;
        play_next(d);
        return;
    }
    d->deadline_ms = clock_now_ms(&clock_system) + SETTLE_MS;
    look_again(d);
}

static bool post_sample(struct demo *d, struct err *e)
{
    const char *file =
        arena_printf(&d->arena, "%s/feeds/%s", d->scratch.path, d->play.lines[d->at].file).p;

    if (!sample_read(file, &d->arena, &d->sample, e))
        return false;
    sample_shift(&d->sample, clock_now_ms(&clock_system), &d->arena);
    d->post.sample = &d->sample;
    d->post.port = app_port(d->app, LISTEN_FHIR, 0);
    return post_start(&d->post, e);
}

/* Every status webhook of the sandbox has been taken, too. */
static void on_look_end(struct app_look *l)
{
    struct demo *d = container_of(l, struct demo, look);
    bool late = clock_now_ms(&clock_system) > d->deadline_ms;

    if (d->ending || l->err.kind != ERR_NONE)
        return;
    if ((l->ledger.pending || sandbox_tally(d->sandbox).hooks_open) && !late) {
        look_again(d);
        return;
    }
    d->seen = l->ledger;
    demo_end(d);
}

static void play_next(struct demo *d)
{
    struct err e = {0};

    if (d->at == d->play.n) {
        if (d->once) {
            d->look.done = on_look_end;
            d->deadline_ms = clock_now_ms(&clock_system) + SETTLE_MS;
            look_again(d);
        } else {
            (void)fprintf(d->out, "\nOpen the phone and tap the button:  %s\nCtrl-C ends.\n",
                          d->phone_url);
            (void)fflush(d->out);
        }
        return;
    }
    if (!post_sample(d, &e)) {
        (void)fprintf(d->out, "%s\n", e.text);
        d->unexpected++;
        d->at++;
        play_next(d);
    }
}

void demo_play(struct demo *d)
{
    struct client_settings mllp = {.loop = &d->loop,
                                   .host = "127.0.0.1",
                                   .port = app_port(d->app, LISTEN_MLLP, 0),
                                   .connect_ms = POST_MS,
                                   .answer_ms = POST_MS,
                                   .answer_most = ANSWER_MOST};

    d->mllp = client_open(&mllp);
    d->look.done = on_look_sample;
    d->post.http = d->client;
    d->post.mllp = d->mllp;
    d->post.host = "127.0.0.1";
    d->post.timeout_ms = POST_MS;
    d->post.done = on_posted;
    (void)fprintf(d->out, "Sample times are moved to the near future; windows that merge results "
                          "are cut to one second.\n\n");
    (void)fflush(d->out);
    play_next(d);
}

static int report(struct demo *d)
{
    struct sandbox_tally t = d->tally;
    bool ok = d->unexpected == 0 && d->seen.pending == 0 && ledger_balances(&d->seen) &&
              t.accepted == (size_t)d->seen.notified && t.most_by_notice <= 1;

    (void)fprintf(
        d->out,
        "\n%zu messages played, %zu not as expected; WhatsApp accepted %zu, none twice: %s\n",
        d->play.n, d->unexpected, t.accepted, t.most_by_notice <= 1 ? "yes" : "NO");
    ledger_print(&d->seen, d->json, stdout);
    return ok ? EXIT_YES : EXIT_NO;
}

int cli_demo(const struct cli_args *args)
{
    struct demo *d;
    struct err e = {0};
    int code = EXIT_USAGE;
    long port;

    if (!cli_number(args, OPT_PORT, 0, 65535, 0, &port))
        return EXIT_USAGE;
    d = calloc(1, sizeof *d);
    if (!d || uv_loop_init(&d->loop) < 0)
        abort();
    d->json = args->option[OPT_JSON] != NULL;
    d->once = args->option[OPT_ONCE] != NULL;
    d->port = (int)port;
    if (demo_open(d, &e)) {
        (void)uv_run(&d->loop, UV_RUN_DEFAULT);
        code = d->once ? report(d) : EXIT_YES;
    } else {
        (void)uv_run(&d->loop, UV_RUN_DEFAULT);
        (void)fprintf(d->out ? d->out : stderr, "%s\n", e.text);
    }
    demo_free(d);
    return code;
}
