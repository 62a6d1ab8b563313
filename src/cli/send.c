#include "commands.h"

#include <stdlib.h>
#include <string.h>

#include "net/clock.h"
#include "post.h"

/* Sends the samples one after the other. */
struct sending {
    uv_loop_t loop;
    struct arena arena;
    struct sample *samples;
    size_t n, next;
    struct post post;
    size_t accepted, refused;
    bool unreachable;
    char host[64];
};

static void start_next(struct sending *s);

static const char *how_text(enum post_how how)
{
    switch (how) {
    case POST_ANSWERED:
        return "";
    case POST_SILENT:
        return "no answer in time";
    case POST_CLOSED:
        return "closed without an answer";
    case POST_REFUSED:
        return "no connection";
    }
    return "";
}

static void on_posted(struct post *p)
{
    struct sending *s = (struct sending *)((char *)p - offsetof(struct sending, post));
    const struct sample *m = p->sample;

    if (p->how == POST_ANSWERED)
        (void)printf("-> %s %s  %zu B   <- %s %lld ms%s%s\n", m->type, m->id, m->body.n, p->code,
                     (long long)p->took_ms, p->text[0] ? "   " : "", p->text);
    else
        (void)printf("-> %s %s  %zu B   <- %s\n", m->type, m->id, m->body.n, how_text(p->how));
    s->accepted += p->accepted;
    s->refused += !p->accepted;
    s->unreachable |= p->how == POST_REFUSED;
    start_next(s);
}

static void start_next(struct sending *s)
{
    struct err e = {0};

    if (s->next == s->n || s->unreachable) {
        if (s->post.http)
            http_client_close(s->post.http);
        s->post.http = NULL;
        return;
    }
    s->post.sample = &s->samples[s->next++];
    if (post_start(&s->post, &e))
        return;
    (void)fprintf(stderr, "%s\n", e.text);
    s->unreachable = true;
    start_next(s);
}

static bool read_peer(struct sending *s, const char *to, struct err *e)
{
    const char *colon = to ? strrchr(to, ':') : NULL;
    size_t n = colon ? (size_t)(colon - to) : 0;
    char *end = NULL;
    long port = colon ? strtol(colon + 1, &end, 10) : 0;

    if (!colon || n == 0 || n >= sizeof s->host || end == colon + 1 || *end || port < 1 ||
        port > 65535)
        return err_set(e, ERR_CONFIG, 0, "--to takes HOST:PORT, for example --to 127.0.0.1:2575");
    memcpy(s->host, to, n);
    s->host[n] = '\0';
    if (strcmp(s->host, "localhost") == 0)
        (void)snprintf(s->host, sizeof s->host, "127.0.0.1");
    s->post.host = s->host;
    s->post.port = (int)port;
    return true;
}

static bool read_samples(struct sending *s, const struct cli_args *args, long count, struct err *e)
{
    int64_t now = clock_now_ms(&clock_system);

    s->samples = NEW_ARRAY(&s->arena, struct sample, (size_t)args->n_words * (size_t)count);
    for (int i = 0; i < args->n_words; i++) {
        struct sample one;

        if (!sample_read(args->words[i], &s->arena, &one, e))
            return false;
        if (args->option[OPT_SHIFT])
            sample_shift(&one, now, &s->arena);
        for (long k = 1; k <= count; k++) {
            s->samples[s->n] = one;
            if (args->option[OPT_COUNT] && !sample_number(&s->samples[s->n], k, &s->arena, e))
                return err_in(e, args->words[i]);
            s->n++;
        }
    }
    return true;
}

static bool prepare(struct sending *s, const struct cli_args *args, struct err *e)
{
    struct http_client_settings http = {
        .loop = &s->loop, .max_host_connections = 4, .connect_ms = 10000, .max_age_s = 10};
    long count, timeout;

    if (!args->n_words)
        return err_set(e, ERR_CONFIG, 0, "no file to send. Help: tidings send --help");
    if (!cli_number(args, OPT_COUNT, 1, 100000, 1, &count) ||
        !cli_number(args, OPT_TIMEOUT, 1, 3600, 30, &timeout))
        return err_set(e, ERR_CONFIG, 0, "Help: tidings send --help");
    s->post.loop = &s->loop;
    s->post.timeout_ms = timeout * 1000;
    s->post.done = on_posted;
    return read_peer(s, args->option[OPT_TO], e) && read_samples(s, args, count, e) &&
           http_client_open(&http, &s->post.http, e);
}

int cli_send(const struct cli_args *args)
{
    struct sending *s = calloc(1, sizeof *s);
    struct err e = {0};
    int code = EXIT_USAGE;

    if (!s || uv_loop_init(&s->loop) < 0)
        abort();
    if (prepare(s, args, &e)) {
        start_next(s);
        (void)uv_run(&s->loop, UV_RUN_DEFAULT);
        (void)printf("%zu sent, %zu accepted, %zu not\n", s->accepted + s->refused, s->accepted,
                     s->refused);
        code = s->unreachable ? EXIT_REACH : s->refused ? EXIT_NO : EXIT_YES;
    } else {
        (void)fprintf(stderr, "%s\n", e.text);
    }
    (void)uv_loop_close(&s->loop);
    arena_reset(&s->arena);
    free(s);
    return code;
}
