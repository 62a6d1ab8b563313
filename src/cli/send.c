/* `tidings send`: messages to a receiver, and what it says to each. */
#include "commands.h"

#include <stdlib.h>
#include <string.h>

#include "base/container_of.h"
#include "net/clock.h"
#include "post.h"
#include "send_plan.h"
#include "send_show.h"

enum { CONNECT_MS = 10000, ANSWER_MOST = 1 << 20, TIMEOUT_S = 30, SLOW_TIMEOUT_S = 90 };

/* Sends one after the other: the next when the one before has its answer, and its time has come. */
struct sending {
    uv_loop_t loop;
    struct arena arena;
    struct send_plan plan;
    size_t next;
    struct post posts[2]; /* two when they go out in one write */
    int n_posted, n_open;
    struct tls *tls;
    struct client *mllp;
    struct http_client *http;
    uv_timer_t timer;
    int64_t timeout_ms, interval_us;
    uint64_t begun_ns;
    size_t n_groups; /* begun so far */
    size_t n_more;   /* application acknowledgements that are still to come */
    bool ended;
    struct send_show show;
    char host[256];
    int port;
};

static void start_next(struct sending *s);

static void on_client_closed(void *ctx)
{
    (void)ctx;
}

static void close_client(struct sending *s)
{
    if (s->mllp)
        client_close(s->mllp, on_client_closed, s);
    s->mllp = NULL;
}

static void end(struct sending *s)
{
    if (s->ended)
        return;
    s->ended = true;
    close_client(s);
    if (s->http)
        http_client_close(s->http);
    uv_close((uv_handle_t *)&s->timer, NULL);
}

static void on_more(void *ctx, struct str id, enum hl7_ack_code code, struct str content)
{
    struct sending *s = ctx;

    (void)content;
    send_show_more(&s->show, id, hl7_ack_code_name(code), code == HL7_AA);
    if (s->n_more && --s->n_more == 0 && s->next == s->plan.n && s->n_open == 0)
        end(s);
}

static void open_client(struct sending *s)
{
    struct client_settings set = {.loop = &s->loop,
                                  .host = s->host,
                                  .port = s->port,
                                  .tls = s->tls,
                                  .connect_ms = CONNECT_MS,
                                  .answer_ms = s->timeout_ms,
                                  .answer_most = ANSWER_MOST,
                                  .on_more = on_more,
                                  .ctx = s};

    s->mllp = client_open(&set);
}

static void on_timer(uv_timer_t *t)
{
    struct sending *s = container_of(t, struct sending, timer);

    if (s->next < s->plan.n) {
        start_next(s);
        return;
    }
    send_show_missing(&s->show, s->n_more);
    end(s);
}

/* All is sent and answered; what was promised besides may still come. */
static void finish(struct sending *s)
{
    if (s->n_more && !s->show.unreachable)
        (void)uv_timer_start(&s->timer, on_timer, (uint64_t)s->timeout_ms, 0);
    else
        end(s);
}

static void go_on(struct sending *s)
{
    uint64_t due = s->begun_ns + s->n_groups * (uint64_t)s->interval_us * 1000, now = uv_hrtime();

    if (s->next == s->plan.n || s->show.unreachable)
        finish(s);
    else
        (void)uv_timer_start(&s->timer, on_timer, due > now ? (due - now) / 1000000 : 0, 0);
}

static void on_posted(struct post *p)
{
    struct sending *s = p->ctx;

    if (s->tls && s->mllp)
        send_show_peer(&s->show, client_certificate(s->mllp));
    send_show_answer(&s->show, container_of(p->sample, struct shot, sample), p);
    s->n_more += p->how == POST_ANSWERED && strcmp(p->code, "CA") == 0 && p->sample->more_always;
    if (--s->n_open == 0)
        go_on(s);
}

static void start_post(struct sending *s, struct shot *shot)
{
    struct post *p = &s->posts[s->n_open++];
    struct err e = {0};

    *p = (struct post){.mllp = s->mllp,
                       .http = s->http,
                       .host = strcmp(s->host, "localhost") == 0 ? "127.0.0.1" : s->host,
                       .port = s->port,
                       .timeout_ms = s->timeout_ms,
                       .sample = &shot->sample,
                       .script = shot->fault ? &shot->script : NULL,
                       .done = on_posted,
                       .ctx = s};
    if (post_start(p, &e))
        return;
    p->how = POST_UNSENT;
    (void)snprintf(p->why, sizeof p->why, "%s", e.text);
    on_posted(p);
}

static void start_next(struct sending *s)
{
    struct shot *first = &s->plan.shots[s->next++], *second = NULL;

    if (s->n_groups++ == 0)
        s->begun_ns = uv_hrtime();
    if (s->next < s->plan.n && s->plan.shots[s->next].joined)
        second = &s->plan.shots[s->next++];
    if (first->fault && s->n_groups > 1) { /* each fault on a connection of its own */
        close_client(s);
        open_client(s);
    }
    start_post(s, first);
    if (second)
        start_post(s, second);
}

/* ---- the options ---- */

static bool read_peer(struct sending *s, const char *to, struct err *e)
{
    const char *colon = to ? strrchr(to, ':') : NULL;
    size_t n = colon ? (size_t)(colon - to) : 0;
    char *end_at = NULL;
    long port = colon ? strtol(colon + 1, &end_at, 10) : 0;

    if (!colon || n == 0 || n >= sizeof s->host || end_at == colon + 1 || *end_at || port < 1 ||
        port > 65535)
        return err_set(e, ERR_CONFIG, 0, "--to takes HOST:PORT, for example --to 127.0.0.1:2575");
    memcpy(s->host, to, n);
    s->host[n] = '\0';
    s->port = (int)port;
    return true;
}

/* "2/s", "0.5/s", "30/m", "2" */
static bool read_rate(struct sending *s, const char *text, struct err *e)
{
    char *end_at = NULL;
    double n = text ? strtod(text, &end_at) : 0;
    double per_s = 0;

    if (!text)
        return true;
    if (*end_at == '\0' || strcmp(end_at, "/s") == 0)
        per_s = n;
    else if (strcmp(end_at, "/m") == 0)
        per_s = n / 60;
    if (end_at == text || !(per_s >= 0.001 && per_s <= 100000))
        return err_set(e, ERR_CONFIG, 0, "--rate takes N/s or N/m, for example --rate 2/s");
    s->interval_us = (int64_t)(1000000 / per_s);
    return true;
}

static bool read_tls(struct sending *s, const struct cli_args *args, struct err *e)
{
    struct tls_settings set = {.ca = args->option[OPT_CA],
                               .certificate = args->option[OPT_CERT],
                               .key = args->option[OPT_KEY]};

    if (!args->option[OPT_TLS])
        return (!set.ca && !set.certificate && !set.key) ||
               err_set(e, ERR_CONFIG, 0, "--ca, --cert and --key go with --tls");
    if (!set.certificate != !set.key)
        return err_set(e, ERR_CONFIG, 0, "--cert and --key go together");
    return tls_open(&set, &s->tls, e);
}

static bool prepare(struct sending *s, const struct cli_args *args, struct err *e)
{
    struct http_client_settings http = {
        .loop = &s->loop, .max_host_connections = 4, .connect_ms = CONNECT_MS, .max_age_s = 10};
    long timeout;

    if (!send_plan_make(args, clock_now_ms(&clock_system), &s->arena, &s->plan, e))
        return false;
    if (!cli_number(args, OPT_TIMEOUT, 1, 3600, s->plan.slow ? SLOW_TIMEOUT_S : TIMEOUT_S,
                    &timeout))
        return err_set(e, ERR_CONFIG, 0, "Help: tidings send --help");
    s->timeout_ms = timeout * 1000;
    s->show.json = args->option[OPT_JSON] != NULL;
    s->show.faults = s->plan.faults;
    s->show.to = args->option[OPT_TO];
    return read_peer(s, args->option[OPT_TO], e) && read_rate(s, args->option[OPT_RATE], e) &&
           read_tls(s, args, e) && (!s->plan.fhir || http_client_open(&http, &s->http, e));
}

int cli_send(const struct cli_args *args)
{
    struct sending *s = calloc(1, sizeof *s);
    struct err e = {0};
    int code = EXIT_USAGE;

    if (!s || uv_loop_init(&s->loop) < 0)
        abort();
    if (prepare(s, args, &e)) {
        (void)uv_timer_init(&s->loop, &s->timer);
        if (s->plan.mllp)
            open_client(s);
        start_next(s);
        (void)uv_run(&s->loop, UV_RUN_DEFAULT);
        code = send_show_end(&s->show);
    } else {
        (void)fprintf(stderr, "%s\n", e.text);
    }
    tls_close(s->tls);
    (void)uv_loop_close(&s->loop);
    arena_reset(&s->arena);
    free(s);
    return code;
}
