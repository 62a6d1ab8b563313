#include "simulate.h"

#include <stdlib.h>

#include "net/clock.h"
#include "seal/seal.h"

/* What `init` writes: Meta gives no number this id. */
static const char no_number[] = "0";

/* A store that sends for real keeps its notices: none of them may end on a simulated phone. */
static bool is_for_trial(const struct config *c, struct err *e)
{
    return strcmp(c->whatsapp_phone_number_id, no_number) == 0 ||
           err_set(e, ERR_CONFIG, 0,
                   "%s: --simulate is for settings with whatsapp.phone_number_id: \"%s\" only; "
                   "these are of a number that sends",
                   c->file, no_number);
}

static bool secret(struct simulate *s, const char *name, const char **path, struct err *e)
{
    char token[TOKEN_TEXT + 1];

    return token_new(&seal_random_system, token, e) &&
           scratch_write(&s->scratch, name, str_of(token), &s->arena, path, e);
}

/* All templates of all feeds are taken as approved, as they are now. */
static bool approve(struct simulate *s, const struct config *c, struct err *e)
{
    size_t n = 0;

    if (!feeds_load(c->feeds, &clock_system, &s->arena, NULL, &s->feeds, e))
        return false;
    for (size_t i = 0; i < s->feeds.n; i++)
        n += feed_template_count(s->feeds.items[i]);
    s->templates = calloc(n + 1, sizeof(const struct feed_template *));
    if (!s->templates)
        return err_set(e, ERR_BUSY, 0, "out of memory");
    for (size_t i = 0; i < s->feeds.n; i++)
        for (size_t k = 0; k < feed_template_count(s->feeds.items[i]); k++)
            s->templates[s->n_templates++] = feed_template_at(s->feeds.items[i], k);
    return true;
}

static bool listen_as_whatsapp(struct simulate *s, uv_loop_t *loop, int port,
                               const struct config *c, struct err *e)
{
    struct sandbox_settings set = {
        .loop = loop,
        .clock = &clock_system,
        .random = &seal_random_system,
        .host = "127.0.0.1",
        .port = port,
        .phone_number_id = no_number,
        .templates = s->templates,
        .n_templates = s->n_templates,
        .link_base = "http://127.0.0.1/l/", /* until simulate_connect() knows the port */
    };

    return secret_read(c->whatsapp_app_secret_file, 4096, &s->arena, &set.app_secret, e) &&
           secret_read(c->whatsapp_token_file, 4096, &s->arena, &set.bearer, e) &&
           sandbox_open(&set, &s->sandbox, e);
}

bool simulate_open(struct simulate *s, uv_loop_t *loop, int port, struct config *c, struct err *e)
{
    if (!is_for_trial(c, e) || !scratch_open(&s->scratch, e) ||
        !secret(s, "whatsapp.token", &c->whatsapp_token_file, e) ||
        !secret(s, "whatsapp.app-secret", &c->whatsapp_app_secret_file, e) ||
        !secret(s, "whatsapp.verify", &c->whatsapp_verify_token_file, e) ||
        !secret(s, "redeem.token", &c->links_redeem_token_file, e) || !approve(s, c, e) ||
        !listen_as_whatsapp(s, loop, port, c, e))
        return false;
    c->whatsapp_graph =
        arena_printf(&s->arena, "http://127.0.0.1:%d/v25.0", sandbox_port(s->sandbox)).p;
    c->links_portal =
        arena_printf(&s->arena, "http://127.0.0.1:%d/portal", sandbox_port(s->sandbox)).p;
    return true;
}

void simulate_connect(struct simulate *s, const struct app *app)
{
    int webhook = app_port(app, LISTEN_WEBHOOK, 0), link = app_port(app, LISTEN_LINK, 0);

    if (webhook)
        sandbox_set_webhook(s->sandbox,
                            arena_printf(&s->arena, "http://127.0.0.1:%d/webhook", webhook).p);
    if (link)
        sandbox_set_link_base(s->sandbox,
                              arena_printf(&s->arena, "http://127.0.0.1:%d/{language}/l/", link).p);
    (void)printf("simulated: nothing leaves this machine\nphone http://127.0.0.1:%d/phone\n",
                 sandbox_port(s->sandbox));
    (void)fflush(stdout);
}

static void on_closed(void *ctx)
{
    (void)ctx;
}

void simulate_end(struct simulate *s)
{
    if (s->sandbox)
        sandbox_close(s->sandbox, on_closed, NULL);
    s->sandbox = NULL;
}

void simulate_free(struct simulate *s)
{
    feeds_free(&s->feeds);
    free(s->templates);
    if (s->scratch.path[0])
        scratch_remove(&s->scratch);
    arena_reset(&s->arena);
}
