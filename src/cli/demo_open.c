/* Builds the demo: a scratch folder with keys, secrets and the shipped tenant, the sandbox, the
 * daemon. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/container_of.h"
#include "demo.h"
#include "net/clock.h"
#include "seal/seal.h"

extern const struct embedded_folder shipped_demo;

enum {
    SIGNALS = sizeof((struct demo *)0)->signals / sizeof(uv_signal_t),
    COALESCE_MS = 1000,
    LISTENERS = sizeof((struct demo *)0)->listen / sizeof(struct listen)
};

static const char phone_number_id[] = "106540352242922";

static bool secret(struct demo *d, const char *name, const char **path, struct err *e)
{
    char token[TOKEN_TEXT + 1];

    return token_new(&seal_random_system, token, e) &&
           scratch_write(&d->scratch, name, str_of(token), &d->arena, path, e);
}

static bool write_files(struct demo *d, struct err *e)
{
    struct config *c = &d->config;

    config_default(c);
    c->file = "demo";
    c->state = arena_printf(&d->arena, "%s/var", d->scratch.path).p;
    c->keys = arena_printf(&d->arena, "%s/tidings.key", d->scratch.path).p;
    c->feeds = arena_printf(&d->arena, "%s/feeds", d->scratch.path).p;
    c->whatsapp_phone_number_id = phone_number_id;
    return scratch_unpack(&d->scratch, "feeds", &shipped_demo, &d->arena, e) &&
           seal_keys_init(c->keys, e) && secret(d, "whatsapp.token", &c->whatsapp_token_file, e) &&
           secret(d, "whatsapp.app-secret", &c->whatsapp_app_secret_file, e) &&
           secret(d, "whatsapp.verify", &c->whatsapp_verify_token_file, e) &&
           secret(d, "redeem.token", &c->links_redeem_token_file, e);
}

static bool load_feed(struct demo *d, struct err *e)
{
    struct str text = {NULL, 0};
    const struct feed *f;

    if (!feeds_load(d->config.feeds, &clock_system, &d->arena, stderr, &d->feeds, e))
        return false;
    f = feeds_named(&d->feeds, "demo");
    if (!f)
        return err_set(e, ERR_CONFIG, 0, "the shipped feed `demo` does not load");
    d->templates = calloc(feed_template_count(f), sizeof(const struct feed_template *));
    if (!d->templates)
        return err_set(e, ERR_BUSY, 0, "out of memory");
    for (size_t i = 0; i < feed_template_count(f); i++)
        d->templates[i] = feed_template_at(f, i);
    for (size_t i = 0; i < shipped_demo.n; i++) {
        if (strcmp(shipped_demo.files[i].path, "demo.play") == 0)
            text = shipped_demo.files[i].text;
    }
    return play_read(text, "demo.play", &d->arena, &d->play, e);
}

static bool open_sandbox(struct demo *d, struct err *e)
{
    struct sandbox_settings set = {
        .loop = &d->loop,
        .clock = &clock_system,
        .random = &seal_random_system,
        .host = "127.0.0.1",
        .port = d->port,
        .phone_number_id = phone_number_id,
        .templates = d->templates,
        .n_templates = feed_template_count(feeds_named(&d->feeds, "demo")),
        .link_base = "http://127.0.0.1/l/", /* until connect_both() knows the port */
    };

    if (!secret_read(d->config.whatsapp_app_secret_file, 4096, &d->arena, &set.app_secret, e) ||
        !secret_read(d->config.whatsapp_token_file, 4096, &d->arena, &set.bearer, e) ||
        !sandbox_open(&set, &d->sandbox, e))
        return false;
    d->config.whatsapp_graph =
        arena_printf(&d->arena, "http://127.0.0.1:%d/v25.0", sandbox_port(d->sandbox)).p;
    d->config.links_base = set.link_base;
    d->config.links_portal =
        arena_printf(&d->arena, "http://127.0.0.1:%d/portal", sandbox_port(d->sandbox)).p;
    d->phone_url = arena_printf(&d->arena, "http://127.0.0.1:%d/phone", sandbox_port(d->sandbox)).p;
    return true;
}

/* The demo ends itself through demo_end(); a broken store ends it at once. */
static void on_fatal(void *ctx, const struct err *e)
{
    (void)ctx, (void)e;
    abort();
}

static void on_left_behind(void *ctx)
{
    (void)ctx;
    _exit(0); /* whoever reloads a demo may meet a file that hangs */
}

static bool open_app(struct demo *d, struct err *e)
{
    static const enum listen_kind kinds[LISTENERS] = {LISTEN_MLLP, LISTEN_FHIR, LISTEN_LINK,
                                                      LISTEN_WEBHOOK, LISTEN_ADMIN};
    struct app_settings set = {
        .loop = &d->loop,
        .config = &d->config,
        .feeds = &d->feeds,
        .clock = &clock_system,
        .random = &seal_random_system,
        .coalesce_most_ms = COALESCE_MS,
        .on_fatal = on_fatal,
        .on_left_behind = on_left_behind,
    };

    for (int i = 0; i < LISTENERS; i++)
        d->listen[i] = (struct listen){
            .kind = kinds[i],
            .host = "127.0.0.1",
            .feed = kinds[i] == LISTEN_MLLP || kinds[i] == LISTEN_FHIR ? "demo" : NULL,
        };
    d->config.listen = d->listen;
    d->config.n_listen = LISTENERS;
    return app_open(&set, &d->app, e);
}

static void on_signal(uv_signal_t *s, int number)
{
    (void)number;
    demo_end(s->data);
}

static void connect_both(struct demo *d)
{
    int webhook = app_port(d->app, LISTEN_WEBHOOK, 0), link = app_port(d->app, LISTEN_LINK, 0);

    sandbox_set_webhook(d->sandbox,
                        arena_printf(&d->arena, "http://127.0.0.1:%d/webhook", webhook).p);
    sandbox_set_link_base(d->sandbox,
                          arena_printf(&d->arena, "http://127.0.0.1:%d/{language}/l/", link).p);
    (void)fprintf(d->out,
                  "tenant demo (shipped)   nothing leaves this machine; state in %s until the end\n"
                  "mllp 127.0.0.1:%d   fhir http://127.0.0.1:%d/fhir   metrics "
                  "http://127.0.0.1:%d/metrics\nlog %s/log\nphone %s\n",
                  d->scratch.path, app_port(d->app, LISTEN_MLLP, 0),
                  app_port(d->app, LISTEN_FHIR, 0), app_port(d->app, LISTEN_ADMIN, 0),
                  d->scratch.path, d->phone_url);
}

/* The daemon's log goes to a file, so that it does not run through the story on the terminal. */
static bool divert_log(struct demo *d, struct err *e)
{
    const char *path = arena_printf(&d->arena, "%s/log", d->scratch.path).p;
    int own = d->json ? dup(STDERR_FILENO) : -1;
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0600);

    d->out = own >= 0 ? fdopen(own, "w") : stdout;
    if (fd < 0 || !d->out || dup2(fd, STDERR_FILENO) < 0)
        return err_set(e, ERR_CONFIG, errno, "%s: %s", path, strerror(errno));
    (void)close(fd);
    return true;
}

bool demo_open(struct demo *d, struct err *e)
{
    struct http_client_settings http = {
        .loop = &d->loop, .max_host_connections = 2, .connect_ms = 5000, .max_age_s = 10};
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};

    (void)uv_timer_init(&d->loop, &d->timer);
    for (int i = 0; i < SIGNALS; i++) {
        (void)uv_signal_init(&d->loop, &d->signals[i]);
        d->signals[i].data = d;
        (void)uv_signal_start(&d->signals[i], on_signal, numbers[i]);
    }
    if (!scratch_open(&d->scratch, e) || !divert_log(d, e) || !write_files(d, e) ||
        !load_feed(d, e) || !open_sandbox(d, e) || !http_client_open(&http, &d->client, e) ||
        !open_app(d, e)) {
        demo_end(d);
        return false;
    }
    connect_both(d);
    demo_play(d);
    return true;
}

static void on_sandbox_closed(void *ctx)
{
    (void)ctx;
}

static void on_app_stopped(void *ctx)
{
    struct demo *d = ctx;

    if (d->sandbox)
        sandbox_close(d->sandbox, on_sandbox_closed, d);
    d->sandbox = NULL;
}

static void on_mllp_closed(void *ctx)
{
    (void)ctx;
}

void demo_end(struct demo *d)
{
    if (d->ending)
        return;
    d->ending = true;
    uv_close((uv_handle_t *)&d->timer, NULL);
    for (int i = 0; i < SIGNALS; i++)
        uv_close((uv_handle_t *)&d->signals[i], NULL);
    if (d->sandbox)
        d->tally = sandbox_tally(d->sandbox);
    if (d->client)
        http_client_close(d->client);
    d->client = NULL;
    if (d->mllp)
        client_close(d->mllp, on_mllp_closed, d);
    d->mllp = NULL;
    if (d->app)
        app_stop(d->app, on_app_stopped, d);
    else
        on_app_stopped(d);
    d->app = NULL;
}

void demo_free(struct demo *d)
{
    (void)uv_loop_close(&d->loop);
    feeds_free(&d->feeds);
    free(d->templates);
    scratch_remove(&d->scratch);
    arena_reset(&d->arena);
    free(d);
}
