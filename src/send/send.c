#include "send/send.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/container_of.h"
#include "base/log.h"
#include "send_impl.h"

enum { ECHO_PREFIX = 3, BEGIN_AGAIN_MS = 1000 };

int64_t send_now(const struct send *s)
{
    return clock_now_ms(s->set.clock);
}

void send_rest(struct send *s, int64_t until_ms)
{
    if (until_ms > s->rest_until_ms)
        s->rest_until_ms = until_ms;
}

static struct seat *free_seat(struct send *s)
{
    for (size_t i = 0; i < s->set.in_flight; i++) {
        if (s->seats[i].state == SEAT_FREE)
            return &s->seats[i];
    }
    return NULL;
}

static size_t busy_seats(const struct send *s)
{
    size_t n = 0;

    for (size_t i = 0; i < s->set.in_flight; i++)
        n += s->seats[i].state != SEAT_FREE;
    return n;
}

/* ---- ready -> flying ---- */

static bool begin_run(struct store_job *j, struct store *store, struct err *e)
{
    struct send *s = container_of(j, struct send, begin);

    arena_reset(&s->begin_arena);
    s->flights = (struct flight_list){0};
    return store->ops->begin_attempts(store, s->most, (const char(*)[ECHO_BYTES + 1]) s->echoes,
                                      s->begin_ms, &s->begin_arena, &s->flights, e);
}

static void begin_done(struct store_job *j)
{
    struct send *s = container_of(j, struct send, begin);

    s->beginning = false;
    if (j->ok) {
        for (size_t i = 0; i < s->flights.n; i++)
            seat_take(free_seat(s), &s->flights.items[i]);
    } else {
        log_event(LOG_WARN, "send", "nothing begun: %s -> again", j->err.text);
        s->wanted = true;
        send_rest(s, send_now(s) + BEGIN_AGAIN_MS);
    }
    s->flights = (struct flight_list){0};
    arena_reset(&s->begin_arena);
    send_pump(s);
}

static bool new_echoes(struct send *s, struct err *e)
{
    for (size_t i = 0; i < s->most; i++) {
        memcpy(s->echoes[i], "a1:", ECHO_PREFIX);
        if (!ulid_new(s->set.random, s->begin_ms, s->echoes[i] + ECHO_PREFIX, e))
            return false;
    }
    return true;
}

static void begin(struct send *s)
{
    struct err e = {0};

    s->most = s->set.in_flight - busy_seats(s);
    s->begin_ms = send_now(s);
    if (s->most == 0)
        return;
    if (!new_echoes(s, &e)) {
        log_event(LOG_ERROR, "send", "nothing begun: %s -> again", e.text);
        send_rest(s, s->begin_ms + BEGIN_AGAIN_MS);
        return;
    }
    s->wanted = false;
    s->beginning = true;
    s->begin.run = begin_run;
    s->begin.done = begin_done;
    store_queue_submit(s->set.queue, &s->begin);
}

/* ---- the pump ---- */

static void earlier(int64_t *at, int64_t other)
{
    if (*at == 0 || other < *at)
        *at = other;
}

static void set_alarm(struct send *s)
{
    int64_t at = 0;

    for (size_t i = 0; i < s->set.in_flight; i++) {
        if (s->seats[i].state == SEAT_BUSY)
            earlier(&at, s->seats[i].again_ms);
    }
    if (s->closing && s->close_ms > send_now(s))
        earlier(&at, s->close_ms);
    if (!s->closing && (s->stopped || s->wanted) && s->rest_until_ms > send_now(s))
        earlier(&at, s->rest_until_ms);
    alarm_set(&s->set.alarm, at);
}

static void submit_again(struct send *s)
{
    for (size_t i = 0; i < s->set.in_flight; i++) {
        if (s->seats[i].state == SEAT_BUSY && s->seats[i].again_ms <= send_now(s))
            seat_again(&s->seats[i]);
    }
}

static void free_send(struct send *s)
{
    for (size_t i = 0; s->seats && i < s->set.in_flight; i++) {
        buf_reset(&s->seats[i].body);
        arena_reset(&s->seats[i].arena);
    }
    arena_reset(&s->begin_arena);
    arena_reset(&s->arena);
    free(s->seats);
    free(s->echoes);
    free(s->url);
    free(s->probe_url);
    free(s);
}

/* What is still on the wire stays flying in the store: unknown at the next start. */
static void abandon(struct send *s)
{
    for (size_t i = 0; i < s->set.in_flight; i++) {
        struct seat *seat = &s->seats[i];

        if (seat->state == SEAT_POSTING)
            http_cancel(s->set.http, &seat->call);
        if (seat->state == SEAT_POSTING || seat->state == SEAT_BUSY) {
            log_event(LOG_WARN, "send", "notice %lld: stopping -> unknown at the next start",
                      (long long)seat->notice_id);
            seat->state = SEAT_FREE;
        }
    }
}

static void pump_closing(struct send *s)
{
    void (*on_closed)(void *ctx) = s->on_closed;
    void *ctx = s->on_closed_ctx;

    submit_again(s);
    if (send_now(s) >= s->close_ms)
        abandon(s);
    set_alarm(s);
    if (s->beginning || busy_seats(s))
        return;
    alarm_set(&s->set.alarm, 0);
    free_send(s);
    on_closed(ctx);
}

void send_pump(struct send *s)
{
    bool resting = send_now(s) < s->rest_until_ms;

    if (s->closing) {
        pump_closing(s);
        return;
    }
    submit_again(s);
    if (s->stopped && !s->probing && !resting)
        stop_probe(s);
    resting = send_now(s) < s->rest_until_ms;
    if (s->wanted && !s->beginning && !s->stopped && !resting)
        begin(s);
    set_alarm(s);
}

void send_ring(void *send)
{
    struct send *s = send;

    s->wanted = true;
    send_pump(s);
}

struct send_counts send_counts(const struct send *s)
{
    struct send_counts c = s->counts;

    c.in_flight = busy_seats(s);
    c.beginning = s->beginning;
    return c;
}

/* ---- open, close ---- */

static bool check_settings(const struct send_settings *set, struct err *e)
{
    struct str id = str_of(set->phone_number_id), graph = str_of(set->graph);

    for (size_t i = 0; i < id.n; i++) {
        if (id.p[i] < '0' || id.p[i] > '9')
            return err_set(e, ERR_CONFIG, 0, "phone_number_id: not of digits");
    }
    if (id.n == 0 || id.n > 32)
        return err_set(e, ERR_CONFIG, 0, "phone_number_id: 1 to 32 digits");
    if (!str_starts(graph, STR("https://")) && !str_starts(graph, STR("http://")))
        return err_set(e, ERR_CONFIG, 0, "graph: not an http or https address");
    if (graph.p[graph.n - 1] == '/')
        return err_set(e, ERR_CONFIG, 0, "graph: no slash at the end");
    return set->in_flight > 0 || err_set(e, ERR_CONFIG, 0, "in_flight: at least 1");
}

static char *url_of(const struct send_settings *set, const char *tail)
{
    char *url = NULL;

    if (asprintf(&url, "%s/%s%s", set->graph, set->phone_number_id, tail) < 0)
        abort();
    return url;
}

bool send_open(const struct send_settings *set, struct send **out, struct err *e)
{
    struct send *s;

    if (!check_settings(set, e))
        return false;
    s = calloc(1, sizeof *s);
    if (!s)
        abort();
    s->set = *set;
    if (!stop_read_token(s, e)) {
        free_send(s);
        return false;
    }
    s->url = url_of(set, "/messages");
    s->probe_url = url_of(set, "?fields=id");
    s->seats = calloc(set->in_flight, sizeof *s->seats);
    s->echoes = calloc(set->in_flight, sizeof *s->echoes);
    if (!s->seats || !s->echoes)
        abort();
    for (size_t i = 0; i < set->in_flight; i++)
        s->seats[i].send = s;
    *out = s;
    return true;
}

void send_close(struct send *s, void (*on_closed)(void *ctx), void *ctx)
{
    s->closing = true;
    s->on_closed = on_closed;
    s->on_closed_ctx = ctx;
    s->close_ms = send_now(s) + s->set.grace_ms;
    if (s->probing)
        http_cancel(s->set.http, &s->probe);
    send_pump(s);
}
