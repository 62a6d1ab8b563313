#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "app/app.h"
#include "base/log.h"
#include "commands.h"
#include "feed/test.h"
#include "net/clock.h"

enum { SIGNALS = 3 };

struct serving {
    uv_loop_t loop;
    uv_signal_t signals[SIGNALS];
    struct app *app;
    struct activation sockets; /* from the service manager */
    bool stopping;
};

static void on_stopped(void *ctx)
{
    struct serving *s = ctx;

    for (int i = 0; i < SIGNALS; i++)
        uv_close((uv_handle_t *)&s->signals[i], NULL);
}

static void on_signal(uv_signal_t *h, int number)
{
    struct serving *s = h->data;

    if (s->stopping)
        _exit(EXIT_NO); /* asked twice: do not wait; the next start recovers */
    s->stopping = true;
    log_event(LOG_INFO, "app", "signal %d -> stopping", number);
    app_stop(s->app, on_stopped, s);
}

/* Nothing may be answered any more, and nothing may be tidied up: leave. */
static void on_fatal(void *ctx, const struct err *e)
{
    (void)ctx, (void)e;
    _exit(EXIT_FATAL);
}

/* A feed that has errors, or whose own tests fail, never goes into service. */
static bool feeds_fit(const struct config *c, const struct feed_set *feeds, struct err *e)
{
    if (feeds->n_errors)
        return err_set(e, ERR_CONFIG, 0, "%s: %zu error(s) in feed files; see: tidings check %s",
                       c->feeds, feeds->n_errors, c->feeds);
    for (size_t i = 0; i < feeds->n; i++) {
        struct feed_test_count count = {0, 0};

        feed_test_run(feeds->items[i], NULL, &count);
        if (count.failed)
            return err_set(e, ERR_CONFIG, 0, "%s: %d of its tests fail; see: tidings test %s",
                           feed_path(feeds->items[i]), count.failed, feed_path(feeds->items[i]));
    }
    return true;
}

static bool start(struct serving *s, const struct config *c, const struct feed_set *feeds,
                  struct err *e)
{
    static const int numbers[SIGNALS] = {SIGTERM, SIGINT, SIGHUP};
    struct app_settings set = {
        .loop = &s->loop,
        .config = c,
        .feeds = feeds,
        .clock = &clock_system,
        .random = &seal_random_system,
        .sockets = &s->sockets,
        .on_fatal = on_fatal,
        .ctx = s,
    };

    int unused;

    if (!feeds_fit(c, feeds, e) || !app_open(&set, &s->app, e))
        return false;
    unused = activation_end(&s->sockets);
    if (unused)
        log_event(LOG_WARN, "app",
                  "%d of the sockets handed over fit no entry of `listen` -> closed", unused);
    for (int i = 0; i < SIGNALS; i++) {
        (void)uv_signal_init(&s->loop, &s->signals[i]);
        s->signals[i].data = s;
        (void)uv_signal_start(&s->signals[i], on_signal, numbers[i]);
    }
    return true;
}

int cli_serve(const struct cli_args *args)
{
    const char *file = args->option[OPT_CONFIG] ? args->option[OPT_CONFIG] : "tidings.yaml";
    struct serving *s = calloc(1, sizeof *s);
    struct feed_set feeds = {0};
    struct config config = {0};
    struct arena a = {0};
    struct err e = {0};
    int code = EXIT_YES;

    if (!s)
        abort();
    activation_take(&s->sockets);
    if (uv_loop_init(&s->loop) < 0)
        abort();
    if (!config_read(file, &a, &config, &e) ||
        !feeds_load(config.feeds, &clock_system, &a, stderr, &feeds, &e) ||
        !start(s, &config, &feeds, &e)) {
        log_event(LOG_ERROR, "app", "%s -> not started", e.text);
        code = EXIT_CONFIG;
    }
    (void)uv_run(&s->loop, UV_RUN_DEFAULT);
    if (uv_loop_close(&s->loop) < 0)
        log_event(LOG_ERROR, "app", "a handle is still open at the end");
    feeds_free(&feeds);
    arena_reset(&a);
    free(s);
    return code;
}
