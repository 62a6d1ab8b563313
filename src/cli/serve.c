#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "app/app.h"
#include "base/log.h"
#include "commands.h"
#include "net/clock.h"
#include "net/service.h"
#include "simulate.h"

enum { SIGNALS = 3 };

struct serving {
    uv_loop_t loop;
    uv_signal_t signals[SIGNALS];
    uv_timer_t watchdog;
    struct app *app;
    struct feed_set feeds;
    struct activation sockets; /* from the service manager */
    struct service service;    /* who hears how we are */
    bool simulated;
    struct simulate simulate;
    bool stopping, left_behind;
};

static void end_signals(struct serving *s)
{
    for (int i = 0; i < SIGNALS; i++)
        uv_close((uv_handle_t *)&s->signals[i], NULL);
}

static void on_stopped(void *ctx)
{
    struct serving *s = ctx;

    end_signals(s);
    uv_close((uv_handle_t *)&s->watchdog, NULL);
    simulate_end(&s->simulate);
}

static void on_signal(uv_signal_t *h, int number)
{
    struct serving *s = h->data;

    if (number == SIGHUP) {
        if (!s->stopping)
            app_reload(s->app);
        return;
    }
    if (s->stopping)
        _exit(EXIT_NO); /* asked twice: do not wait; the next start recovers */
    s->stopping = true;
    log_event(LOG_INFO, "app", "signal %d -> stopping", number);
    service_stopping(&s->service);
    app_stop(s->app, on_stopped, s);
}

/* Nothing may be answered any more, and nothing may be tidied up: leave. */
static void on_fatal(void *ctx, const struct err *e)
{
    (void)ctx, (void)e;
    _exit(EXIT_FATAL);
}

static void on_left_behind(void *ctx)
{
    struct serving *s = ctx;

    s->left_behind = true;
}

static void on_feeds_unused(void *ctx)
{
    struct serving *s = ctx;

    feeds_free(&s->feeds);
}

static void on_reload(void *ctx, const char *said)
{
    struct serving *s = ctx;

    if (said)
        service_ready(&s->service, said);
    else
        service_reloading(&s->service);
}

/* A loop that hangs cannot say that it turns. */
static void on_watchdog(uv_timer_t *t)
{
    struct serving *s = t->data;

    service_alive(&s->service);
}

static void start_watchdog(struct serving *s)
{
    const uint64_t every_ms = (uint64_t)s->service.watchdog_ms / 2;

    (void)uv_timer_init(&s->loop, &s->watchdog);
    s->watchdog.data = s;
    if (every_ms)
        (void)uv_timer_start(&s->watchdog, on_watchdog, every_ms, every_ms);
}

/* Before the app says that it is ready: what comes while it opens waits for the loop. */
static void start_signals(struct serving *s)
{
    static const int numbers[SIGNALS] = {SIGTERM, SIGINT, SIGHUP};

    for (int i = 0; i < SIGNALS; i++) {
        (void)uv_signal_init(&s->loop, &s->signals[i]);
        s->signals[i].data = s;
        (void)uv_signal_start(&s->signals[i], on_signal, numbers[i]);
    }
}

/* A feed that has errors, or whose own tests fail, never goes into service. */
static bool load_feeds(struct serving *s, const struct config *c, struct arena *a, struct err *e)
{
    struct err why = {0};

    if (!feeds_load(c->feeds, &clock_system, a, stderr, &s->feeds, e))
        return false;
    return feeds_fit(&s->feeds, NULL, &why) ||
           err_set(e, ERR_CONFIG, 0, "%s; see: tidings check %s", why.text, c->feeds);
}

static bool start(struct serving *s, const struct config *c, struct err *e)
{
    struct app_settings set = {
        .loop = &s->loop,
        .config = c,
        .feeds = &s->feeds,
        .clock = &clock_system,
        .random = &seal_random_system,
        .sockets = &s->sockets,
        .on_fatal = on_fatal,
        .on_left_behind = on_left_behind,
        .on_feeds_unused = on_feeds_unused,
        .on_reload = on_reload,
        .ctx = s,
    };
    int unused;

    start_signals(s);
    if (!app_open(&set, &s->app, e)) {
        end_signals(s);
        return false;
    }
    unused = activation_end(&s->sockets);
    if (unused)
        log_event(LOG_WARN, "app",
                  "%d of the sockets handed over fit no entry of `listen` -> closed", unused);
    start_watchdog(s);
    if (s->simulated)
        simulate_connect(&s->simulate, s->app);
    service_ready(&s->service, "serving");
    return true;
}

int cli_serve(const struct cli_args *args)
{
    const char *file = args->option[OPT_CONFIG] ? args->option[OPT_CONFIG] : "tidings.yaml";
    struct serving *s;
    struct config config = {0};
    struct arena a = {0};
    struct err e = {0};
    int code = EXIT_YES;
    long port;

    if (!cli_number(args, OPT_PORT, 0, 65535, 0, &port))
        return EXIT_USAGE;
    s = calloc(1, sizeof *s);
    if (!s)
        abort();
    activation_take(&s->sockets);
    service_take(&s->service);
    s->simulated = args->option[OPT_SIMULATE] != NULL;
    if (uv_loop_init(&s->loop) < 0)
        abort();
    if (!config_read(file, &a, &config, &e) || !load_feeds(s, &config, &a, &e) ||
        (s->simulated && !simulate_open(&s->simulate, &s->loop, (int)port, &config, &e)) ||
        !start(s, &config, &e)) {
        log_event(LOG_ERROR, "app", "%s -> not started", e.text);
        simulate_end(&s->simulate);
        code = EXIT_CONFIG;
    }
    (void)uv_run(&s->loop, UV_RUN_DEFAULT);
    if (s->left_behind)
        _exit(code); /* all is closed but that thread */
    if (uv_loop_close(&s->loop) < 0)
        log_event(LOG_ERROR, "app", "a handle is still open at the end");
    feeds_free(&s->feeds);
    simulate_free(&s->simulate);
    arena_reset(&a);
    free(s);
    return code;
}
