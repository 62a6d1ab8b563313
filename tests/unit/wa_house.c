#include "wa_house.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/container_of.h"
#include "store/approval.h"

static const struct feed_body bodies[] = {
    {"zh_TW", "您在{{1}}的預約有更新。\n請點選下方按鈕。", "請勿回覆"},
    {"en", "Your booking at {{1}} was updated.", NULL},
};
static const char *const params[] = {"site_name"};
static const struct feed_template visit = {.key = "visit_update",
                                           .name = "visit_update",
                                           .link = true,
                                           .params = params,
                                           .n_params = 1,
                                           .bodies = bodies,
                                           .n_bodies = 2};
static const struct feed_template asks = {.key = "visit_question",
                                          .name = "visit_question",
                                          .link = true,
                                          .replies = QUICK_CONFIRM | QUICK_CHANGE,
                                          .params = params,
                                          .n_params = 1,
                                          .bodies = bodies,
                                          .n_bodies = 2};
static const struct feed_template *const templates[] = {&visit, &asks};

static void must(bool ok, const char *what, const struct err *e)
{
    if (ok)
        return;
    printf("house: %s: %s\n", what, e->text);
    exit(1);
}

static int64_t house_now(const struct clock *c)
{
    return container_of(c, struct house, clock)->now_ms;
}

static bool house_random(const struct random_source *r, void *out, size_t n)
{
    struct house *h = container_of(r, struct house, random);
    uint8_t *p = out;

    for (size_t i = 0; i < n; i++)
        p[i] = (uint8_t)((h->drawn++ * 2654435761U) >> 11);
    return true;
}

static void set_alarm(void *ctx, int64_t at_ms)
{
    ((struct house *)ctx)->alarm_ms = at_ms;
}

static void ring_plan(void *ctx)
{
    ((struct house *)ctx)->plan_rings++;
}

static void on_fatal(void *ctx, const struct err *e)
{
    (void)ctx;
    must(false, "fatal", e);
}

static const struct store_ops *flaky_ops;

/* Remembers which echo belongs to which notice. */
static bool begin_attempts(struct store *s, size_t most, const char (*echoes)[ECHO_BYTES + 1],
                           int64_t now_ms, struct arena *a, struct flight_list *out, struct err *e)
{
    struct house *h = container_of(container_of(s, struct flaky, store), struct house, flaky);

    if (!flaky_ops->begin_attempts(s, most, echoes, now_ms, a, out, e))
        return false;
    for (size_t i = 0; i < out->n; i++)
        memcpy(h->echoes[out->items[i].notice.id % 256], out->items[i].attempt.echo,
               ECHO_BYTES + 1);
    return true;
}

/* What the store answers for a notice whose sealed bytes no longer open. */
static bool find_attempt(struct store *s, struct str echo, const uint8_t wamid[INDEX_BYTES],
                         struct arena *a, struct flight *out, bool *found, struct err *e)
{
    struct house *h = container_of(container_of(s, struct flaky, store), struct house, flaky);

    if (!flaky_ops->find_attempt(s, echo, wamid, a, out, found, e))
        return false;
    if (*found && out->notice.id == h->damaged_id) {
        *found = false;
        h->damaged_hits++;
    }
    return true;
}

static void open_store(struct house *h)
{
    struct store_settings set = {.seal = h->seal, .duplicate_ms = 1000};
    struct store_queue_settings queue = {.loop = &h->loop, .max_batch = 16, .on_fatal = on_fatal};
    struct store *real;
    struct err e;

    must(store_memory.open(&set, &real, &e), "store", &e);
    queue.store = flaky_over(&h->flaky, real, 0);
    flaky_ops = h->flaky.store.ops;
    h->ops = *flaky_ops;
    h->ops.begin_attempts = begin_attempts;
    h->ops.find_attempt = find_attempt;
    h->flaky.store.ops = &h->ops;
    must(store_queue_start(&queue, &h->queue, &e), "queue", &e);
}

static void open_track(struct house *h)
{
    struct track_settings set = {.http = http_settings_default(&h->loop, "127.0.0.1", 0),
                                 .queue = h->queue,
                                 .clock = &h->clock,
                                 .seal = h->seal,
                                 .phone_number_id = HOUSE_PHONE_ID,
                                 .secrets = {STR(HOUSE_SECRET)},
                                 .n_secrets = 1,
                                 .verify_token = STR("verify me"),
                                 .max_body = 4 << 20,
                                 .plan = {ring_plan, h}};
    struct err e;

    must(track_open(&set, &h->track, &e), "track", &e);
}

static void open_sandbox(struct house *h, bool webhooks)
{
    char url[64];
    struct sandbox_settings set = {.loop = &h->loop,
                                   .clock = &h->clock,
                                   .random = &h->random,
                                   .host = "127.0.0.1",
                                   .phone_number_id = HOUSE_PHONE_ID,
                                   .templates = templates,
                                   .n_templates = 2,
                                   .app_secret = STR(HOUSE_SECRET),
                                   .bearer = STR("the token"),
                                   .webhook_url = webhooks ? url : NULL,
                                   .link_base = "https://links.example/l/"};
    struct err e;

    (void)snprintf(url, sizeof url, "http://127.0.0.1:%d/webhook", track_port(h->track));
    must(sandbox_open(&set, &h->sandbox, &e), "sandbox", &e);
}

static void open_send(struct house *h, const struct house_settings *set)
{
    struct http_client_settings http = {
        .loop = &h->loop, .max_host_connections = 8, .connect_ms = 2000, .max_age_s = 30};
    struct send_settings send = {
        .queue = h->queue,
        .clock = &h->clock,
        .random = &h->random,
        .seal = h->seal,
        .graph = h->graph,
        .phone_number_id = HOUSE_PHONE_ID,
        .token_file = h->token_file,
        .in_flight = set->in_flight ? set->in_flight : 4,
        .timeout_ms = set->timeout_ms ? set->timeout_ms : 10000,
        .probe_ms = 60000,
        .grace_ms = 5000,
        .retry = {.first_ms = 30000, .most_ms = 3600000, .max_tries = 4, .unknown_ms = 600000},
        .blocked = &h->blocked,
        .plan = {ring_plan, h},
        .alarm = {set_alarm, h}};
    struct err e;

    must(http_client_open(&http, &h->http, &e), "client", &e);
    send.http = h->http;
    must(send_open(&send, &h->send, &e), "send", &e);
}

static void too_late(uv_timer_t *t)
{
    container_of(t, struct house, watch)->late = true;
}

void house_write_token(struct house *h, const char *text)
{
    FILE *f = fopen(h->token_file, "w");

    if (!f || fputs(text, f) < 0 || fclose(f) != 0 || chmod(h->token_file, 0600) != 0)
        exit(1);
}

void house_open(struct house *h, const struct house_settings *set)
{
    static const uint8_t root[SEAL_KEY_BYTES] = {7};

    *h = (struct house){.clock = {house_now}, .now_ms = 1795257600000, .random = {house_random}};
    uv_loop_init(&h->loop);
    uv_timer_init(&h->loop, &h->watch);
    temp_folder_make(&h->folder);
    temp_folder_file(&h->folder, "token", h->token_file);
    house_write_token(h, "the token\n");
    h->seal = seal_from_root(root);
    open_store(h);
    open_track(h);
    open_sandbox(h, !set->no_webhooks);
    (void)snprintf(h->graph, sizeof h->graph, "http://127.0.0.1:%d/v25.0",
                   set->graph_port ? set->graph_port : sandbox_port(h->sandbox));
    open_send(h, set);
}

static void one_closed(void *ctx)
{
    ((struct house *)ctx)->closed++;
}

static bool all_closed(struct house *h)
{
    return h->closed == 3;
}

void house_close(struct house *h)
{
    int left;

    if (h->send)
        send_close(h->send, one_closed, h);
    sandbox_close(h->sandbox, one_closed, h);
    track_close(h->track, 1000, one_closed, h);
    if (!house_until(h, all_closed))
        printf("house: something does not close\n");
    http_client_close(h->http);
    store_queue_stop(h->queue);
    uv_close((uv_handle_t *)&h->watch, NULL);
    uv_run(&h->loop, UV_RUN_DEFAULT);
    left = uv_loop_close(&h->loop);
    if (left != 0) {
        printf("house: handles left open\n");
        exit(1);
    }
    seal_close(h->seal);
    arena_reset(&h->arena);
    temp_folder_remove(&h->folder);
}

bool house_until(struct house *h, bool (*pred)(struct house *h))
{
    h->late = false;
    uv_timer_start(&h->watch, too_late, 20000, 0);
    while (!pred(h) && !h->late)
        uv_run(&h->loop, UV_RUN_ONCE);
    uv_timer_stop(&h->watch);
    return !h->late;
}

bool house_quiet(struct house *h)
{
    struct send_counts c = send_counts(h->send);

    return c.in_flight == 0 && !c.beginning && sandbox_tally(h->sandbox).hooks_open == 0;
}

void house_advance(struct house *h, int64_t ms)
{
    h->now_ms += ms;
    if (h->alarm_ms && h->alarm_ms <= h->now_ms)
        house_ring(h);
}

void house_ring(struct house *h)
{
    send_ring(h->send);
}

/* ---- store work, waited for ---- */

struct errand {
    struct store_job job;
    bool (*run)(struct store *s, void *ctx, struct err *e);
    void *ctx;
    bool done;
};

static bool errand_run(struct store_job *j, struct store *s, struct err *e)
{
    struct errand *w = container_of(j, struct errand, job);

    return w->run(s, w->ctx, e);
}

static void errand_done(struct store_job *j)
{
    container_of(j, struct errand, job)->done = true;
}

void house_do(struct house *h, bool (*run)(struct store *s, void *ctx, struct err *e), void *ctx)
{
    struct errand w = {.job = {.run = errand_run, .done = errand_done}, .run = run, .ctx = ctx};

    store_queue_submit(h->queue, &w.job);
    while (!w.done)
        uv_run(&h->loop, UV_RUN_ONCE);
    must(w.job.ok, "errand", &w.job.err);
}

/* With the message and the instance that it comes from. */
static bool put(struct store *s, void *ctx, struct err *e)
{
    static const struct message m = {.kind = MESSAGE_HL7,
                                     .feed = STR_LIT("demo"),
                                     .type = STR_LIT("SIU^S12"),
                                     .body = STR_LIT("MSH|"),
                                     .ack = STR_LIT("MSH|")};
    struct instance in = {.feed = STR("demo"), .standing = STANDING_PENDING, .notifies = true};
    struct message one = m;
    struct notice *n = ctx;
    const struct approved what = approved_of(n);
    struct house *h = container_of(container_of(s, struct flaky, store), struct house, flaky);
    struct arena a = {0};
    struct intake got;
    bool ok;

    one.key[0] = (uint8_t)n->tries; /* each notice comes from a message of its own */
    n->tries = 0;
    ok = s->ops->put_message(s, &one, &a, &got, e) &&
         s->ops->put_mapped(s, got.id, STR("0"), &in, 1, e);
    n->instance_id = in.id;
    approval_make(h->seal, &what, &a, n->approval);
    if (h->spoil)
        h->spoil(n);
    arena_reset(&a);
    return ok && s->ops->put_notice(s, n, NULL, e);
}

static int64_t ready(struct house *h, const char *unit, const char *to, const char *text,
                     int64_t expires_ms)
{
    struct param param = {STR("site_name"), str_of(text)};
    struct notice n = {.state = NOTICE_READY,
                       .feed = STR("demo"),
                       .event_type = STR("appointment/1"),
                       .unit_key = str_of(unit),
                       .template = h->asks ? STR("visit_question") : STR("visit_update"),
                       .language = STR("zh_TW"),
                       .params = &param,
                       .n_params = 1,
                       .to = str_of(to),
                       .expires_ms = expires_ms,
                       .log = h->log,
                       .replies = h->asks ? asks.replies : 0,
                       .tries = ++h->n_notices,
                       .token = STR("0123456789abcdefghijklmnopqrstuvwxyzABCDEFG")};

    house_do(h, put, &n);
    return n.id;
}

int64_t house_notice(struct house *h, const char *to, const char *text)
{
    char unit[16];

    (void)snprintf(unit, sizeof unit, "pk_%d", h->n_notices);
    return ready(h, unit, to, text, 0);
}

int64_t house_unit_notice(struct house *h, const char *to, const char *text, int64_t expires_ms)
{
    return ready(h, "pk_unit", to, text, expires_ms);
}

bool house_accepted(struct house *h, size_t n)
{
    h->late = false;
    uv_timer_start(&h->watch, too_late, 20000, 0);
    while (sandbox_accepted(h->sandbox) < n && !h->late)
        uv_run(&h->loop, UV_RUN_ONCE);
    uv_timer_stop(&h->watch);
    return !h->late;
}

struct lookup {
    struct house *h;
    int64_t id;
    struct flight flight;
};

static bool look(struct store *s, void *ctx, struct err *e)
{
    static const uint8_t none[INDEX_BYTES];
    struct lookup *l = ctx;
    bool found;

    return s->ops->find_attempt(s, str_of(l->h->echoes[l->id % 256]), none, &l->h->arena,
                                &l->flight, &found, e) &&
           (found || err_set(e, ERR_INPUT, 0, "no attempt"));
}

struct notice house_read(struct house *h, int64_t notice_id)
{
    struct lookup l = {.h = h, .id = notice_id};

    house_do(h, look, &l);
    return l.flight.notice;
}

struct attempt house_attempt(struct house *h, int64_t notice_id)
{
    struct lookup l = {.h = h, .id = notice_id};

    house_do(h, look, &l);
    return l.flight.attempt;
}
