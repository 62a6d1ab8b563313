#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/container_of.h"
#include "check.h"
#include "wa_house.h"

static const struct house_settings plain = {0};

#define OTHER_TO "+12125550199"

static struct tally_of {
    size_t accepted, by_echo, by_notice;
} tally(const struct house *h)
{
    struct sandbox_tally t = sandbox_tally(h->sandbox);

    return (struct tally_of){t.accepted, t.most_by_echo, t.most_by_notice};
}

static void rule(struct house *h, const char *json)
{
    struct err e = {0};

    CHECK(sandbox_rule(h->sandbox, str_of(json), &e), "%s: %s", json, e.text);
}

static bool idle(struct house *h)
{
    return send_counts(h->send).in_flight == 0 && !send_counts(h->send).beginning;
}

/* One notice through the sandbox under one rule. */
static void test_outcomes(void)
{
    static const struct {
        const char *name, *rule;
        enum attempt_state attempt;
        int32_t code; /* -1: any but 0 */
        enum notice_state notice;
        size_t accepted;
    } cases[] = {
        {"accepted", NULL, ATTEMPT_ACCEPTED, 0, NOTICE_ACCEPTED, 1},
        {"temporary", "{\"code\":130429,\"http\":429}", ATTEMPT_REJECTED, 130429, NOTICE_WAITING,
         0},
        {"pair limit", "{\"code\":131056}", ATTEMPT_REJECTED, 131056, NOTICE_WAITING, 0},
        {"for good", "{\"code\":131026}", ATTEMPT_REJECTED, 131026, NOTICE_HELD, 0},
        {"unlisted", "{\"code\":777777}", ATTEMPT_REJECTED, 777777, NOTICE_HELD, 0},
        {"131000", "{\"code\":131000}", ATTEMPT_UNKNOWN, 131000, NOTICE_CHECKING, 0},
        {"131016 as 500", "{\"code\":131016,\"http\":500}", ATTEMPT_UNKNOWN, 131016,
         NOTICE_CHECKING, 0},
        {"dropped before", "{\"drop\":\"before\"}", ATTEMPT_UNKNOWN, -1, NOTICE_CHECKING, 0},
        {"dropped after, echo", "{\"drop\":\"after\"}", ATTEMPT_ACCEPTED, -1, NOTICE_ACCEPTED, 1},
        {"dropped after, mute", "{\"drop\":\"after\",\"statuses\":[]}", ATTEMPT_UNKNOWN, -1,
         NOTICE_CHECKING, 1},
        {"500 after accept, mute", "{\"http\":500,\"statuses\":[]}", ATTEMPT_UNKNOWN, 0,
         NOTICE_CHECKING, 1},
        {"502 with a page", "{\"http\":502,\"body\":\"<html>\",\"statuses\":[]}", ATTEMPT_UNKNOWN,
         0, NOTICE_CHECKING, 1},
        {"200 without id", "{\"body\":\"{}\",\"statuses\":[]}", ATTEMPT_UNKNOWN, 0, NOTICE_CHECKING,
         1},
        {"200 without id, echo", "{\"body\":\"{}\"}", ATTEMPT_ACCEPTED, 0, NOTICE_ACCEPTED, 1},
        {"fails later", "{\"statuses\":[\"sent\",\"failed:131026\"]}", ATTEMPT_ACCEPTED, 0,
         NOTICE_HELD, 1},
        {"fails later, no echo", "{\"statuses\":[\"failed:131026\"],\"echo\":false}",
         ATTEMPT_ACCEPTED, 0, NOTICE_HELD, 1},
        {"failed, then read", "{\"statuses\":[\"failed:131026\",\"read\"],\"batch\":true}",
         ATTEMPT_ACCEPTED, 0, NOTICE_ACCEPTED, 1},
        {"out of order", "{\"statuses\":[\"read\",\"sent\",\"sent\",\"delivered\"]}",
         ATTEMPT_ACCEPTED, 0, NOTICE_ACCEPTED, 1},
        {"milliseconds", "{\"milliseconds\":true}", ATTEMPT_ACCEPTED, 0, NOTICE_ACCEPTED, 1},
    };

    for
        EACH (i, cases) {
            struct house h;
            int64_t id;
            struct notice n;
            struct attempt a;

            house_open(&h, &plain);
            id = house_notice(&h, HOUSE_TO, "北院門診");
            if (cases[i].rule)
                rule(&h, cases[i].rule);
            house_ring(&h);
            CHECK(house_until(&h, house_quiet), "%s: never quiet", cases[i].name);
            /* a ring too many must not send again */
            house_ring(&h);
            CHECK(house_until(&h, house_quiet), "%s: never quiet", cases[i].name);
            n = house_read(&h, id);
            a = house_attempt(&h, id);
            CHECK(a.state == cases[i].attempt, "%s: attempt %s", cases[i].name,
                  attempt_state_name(a.state));
            CHECK(n.state == cases[i].notice, "%s: notice %s", cases[i].name,
                  notice_state_name(n.state));
            CHECK(cases[i].code == -1 ? a.code != 0 : a.code == cases[i].code, "%s: code %d",
                  cases[i].name, (int)a.code);
            CHECK(tally(&h).accepted == cases[i].accepted, "%s: %zu accepted", cases[i].name,
                  tally(&h).accepted);
            CHECK(n.tries == 1 && h.plan_rings > 0, "%s: tries %d", cases[i].name, (int)n.tries);
            CHECK(n.state != NOTICE_WAITING || n.due_ms == h.now_ms + 30000, "%s: due",
                  cases[i].name);
            house_close(&h);
        }
}

/* ---- a server that misbehaves below HTTP ---- */

enum deed { CLOSE_AFTER, RESET_AFTER, RESET_MID, MUTE, SAY };

struct scripted {
    uv_thread_t thread;
    enum deed deed;
    const char *say;             /* SAY: the answer, then close */
    int listener, port, accepts; /* accepts: whole requests read */
    uv_sem_t leave;
};

/* Reads one whole request, headers and body. */
static bool read_request(int fd, bool half)
{
    char bytes[16384];
    size_t n = 0;

    while (n < sizeof bytes - 1) {
        ssize_t got = read(fd, bytes + n, sizeof bytes - 1 - n);
        char *end, *length;

        if (got <= 0)
            return false;
        n += (size_t)got;
        bytes[n] = '\0';
        end = strstr(bytes, "\r\n\r\n");
        length = strcasestr(bytes, "content-length:");
        if (half ||
            (end && length && n >= (size_t)(end + 4 - bytes) + strtoul(length + 15, NULL, 10)))
            return true;
    }
    return false;
}

static void misbehave(struct scripted *s, int fd)
{
    struct linger now = {1, 0};

    if (read_request(fd, s->deed == RESET_MID) && s->deed != RESET_MID)
        s->accepts++;
    if (s->deed == SAY && write(fd, s->say, strlen(s->say)) < 0)
        s->accepts = -1;
    if (s->deed == MUTE)
        uv_sem_wait(&s->leave);
    if (s->deed == RESET_AFTER || s->deed == RESET_MID)
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close(fd);
}

static void serve(void *ctx)
{
    struct scripted *s = ctx;

    for (;;) {
        int fd = accept(s->listener, NULL, NULL);

        if (fd < 0)
            return;
        misbehave(s, fd);
    }
}

static void scripted_open(struct scripted *s, enum deed deed, const char *say)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof at;

    *s = (struct scripted){.deed = deed, .say = say};
    uv_sem_init(&s->leave, 0);
    s->listener = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(s->listener, (struct sockaddr *)&at, sizeof at) != 0 || listen(s->listener, 8) != 0 ||
        getsockname(s->listener, (struct sockaddr *)&at, &size) != 0)
        abort();
    s->port = ntohs(at.sin_port);
    uv_thread_create(&s->thread, serve, s);
}

static void scripted_close(struct scripted *s)
{
    uv_sem_post(&s->leave);
    shutdown(s->listener, SHUT_RDWR);
    uv_thread_join(&s->thread);
    close(s->listener);
    uv_sem_destroy(&s->leave);
}

/* The request left, the answer did not come: unknown, and the server saw it once. */
static void test_transport(void)
{
    static const struct {
        const char *name;
        enum deed deed;
        int accepts;
    } cases[] = {{"accept, then close", CLOSE_AFTER, 1},
                 {"accept, then RST", RESET_AFTER, 1},
                 {"RST in the middle", RESET_MID, 0},
                 {"mute past the timeout", MUTE, 1},
                 {"answer cut", SAY, 1}};
    static const char cut[] = "HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\n{\"messages\":[{\"id\"";

    for
        EACH (i, cases) {
            struct scripted s;
            struct house h;
            int64_t id;

            scripted_open(&s, cases[i].deed, cut);
            house_open(&h, &(struct house_settings){.graph_port = s.port, .timeout_ms = 300});
            id = house_notice(&h, HOUSE_TO, "x");
            house_ring(&h);
            CHECK(house_until(&h, house_quiet), "%s: never quiet", cases[i].name);
            house_advance(&h, 3600000);
            house_ring(&h);
            CHECK(house_until(&h, house_quiet), "%s: never quiet", cases[i].name);
            CHECK(house_attempt(&h, id).state == ATTEMPT_UNKNOWN, "%s: %s", cases[i].name,
                  attempt_state_name(house_attempt(&h, id).state));
            CHECK(house_read(&h, id).state == NOTICE_CHECKING, "%s", cases[i].name);
            house_close(&h);
            scripted_close(&s);
            CHECK(s.accepts == cases[i].accepts, "%s: the server read it %d times", cases[i].name,
                  s.accepts);
        }
}

static void test_nobody_there(void)
{
    struct scripted s;
    struct house h;
    int64_t id, first_rest;

    scripted_open(&s, CLOSE_AFTER, NULL);
    scripted_close(&s); /* its port is now nobody's */
    house_open(&h, &(struct house_settings){.graph_port = s.port});
    id = house_notice(&h, HOUSE_TO, "x");
    house_ring(&h);
    CHECK(house_until(&h, house_quiet), "never quiet");
    CHECK(house_attempt(&h, id).state == ATTEMPT_UNSENT, "%s",
          attempt_state_name(house_attempt(&h, id).state));
    CHECK(house_read(&h, id).state == NOTICE_WAITING, "goes back");
    house_notice(&h, OTHER_TO, "y");
    house_ring(&h);
    first_rest = h.alarm_ms - h.now_ms;
    CHECK(first_rest == 1000 && send_counts(h.send).in_flight == 0, "rests %lld ms",
          (long long)first_rest);
    house_advance(&h, 1000);
    CHECK(house_until(&h, house_quiet), "never quiet");
    CHECK(send_counts(h.send).unsent == 2, "tried the second, too");
    house_notice(&h, "+16505558888", "z");
    house_ring(&h);
    CHECK(h.alarm_ms - h.now_ms == 2000, "rests twice as long: %lld ms",
          (long long)(h.alarm_ms - h.now_ms));
    house_close(&h);
}

/* ---- late answers, echoes first ---- */

static void test_answer_past_timeout(void)
{
    struct house h;
    int64_t id;

    house_open(&h, &(struct house_settings){.timeout_ms = 200});
    rule(&h, "{\"delay_ms\":1500}");
    id = house_notice(&h, HOUSE_TO, "x");
    house_ring(&h);
    CHECK(house_until(&h, house_quiet), "never quiet");
    CHECK(house_attempt(&h, id).state == ATTEMPT_ACCEPTED, "the echo settles it");
    CHECK(house_read(&h, id).state == NOTICE_ACCEPTED, "the echo settles it");
    CHECK(send_counts(h.send).echo_first + send_counts(h.send).unknown >= 1, "it was lost");
    CHECK(tally(&h).accepted == 1, "%zu", tally(&h).accepted);
    house_close(&h);
}

static bool tracked_two(struct house *h)
{
    return track_counts(h->track).fresh == 2;
}

static void test_echo_before_answer(void)
{
    struct house h;
    int64_t id;

    house_open(&h, &plain);
    rule(&h, "{\"delay_ms\":300}");
    id = house_notice(&h, HOUSE_TO, "x");
    house_ring(&h);
    CHECK(house_until(&h, tracked_two), "no webhooks");
    CHECK(house_attempt(&h, id).state == ATTEMPT_ACCEPTED && !house_attempt(&h, id).ended_ms,
          "accepted before it is answered");
    CHECK(house_until(&h, house_quiet), "never quiet");
    CHECK(house_attempt(&h, id).ended_ms && send_counts(h.send).echo_first == 1, "answered");
    CHECK(house_attempt(&h, id).delivery == DELIVERY_DELIVERED, "delivered");
    CHECK(house_read(&h, id).state == NOTICE_ACCEPTED && send_counts(h.send).conflicts == 0,
          "no conflict");
    house_close(&h);
}

/* ---- order, bounds, stopping ---- */

static bool release(struct store *s, void *ctx, struct err *e)
{
    struct house *h = ctx;
    int64_t next;
    size_t n;

    return s->ops->release_due(s, h->now_ms, &n, &next, e);
}

/* The order in which they left. */
static void in_order(struct house *h, const int64_t *id, size_t n, const char *what)
{
    for (size_t i = 1; i < n; i++)
        CHECK(house_attempt(h, id[i - 1]).id < house_attempt(h, id[i]).id, "%s: %zu overtook", what,
              i);
}

static bool six_or_crowd(struct house *h)
{
    return send_counts(h->send).in_flight > 2 || (sandbox_accepted(h->sandbox) == 6 && idle(h));
}

/* One request a number at a time, each number's in the order of its notices. */
static void test_order(void)
{
    struct house h;
    int64_t id[6];

    house_open(&h, &(struct house_settings){.in_flight = 8, .no_webhooks = true});
    rule(&h, "{\"delay_ms\":150}"); /* what went out beside the first would overtake it */
    for (int i = 0; i < 6; i++)
        id[i] = house_notice(&h, i < 3 ? HOUSE_TO : OTHER_TO, "x");
    house_ring(&h);
    CHECK(house_until(&h, six_or_crowd), "never quiet");
    CHECK(idle(&h), "%zu in flight to two numbers", send_counts(h.send).in_flight);
    in_order(&h, id, 3, "one number");
    in_order(&h, id + 3, 3, "the other");
    CHECK(send_counts(h.send).accepted == 6 && tally(&h).by_echo == 1, "once each");
    house_close(&h);
}

/* What a policy wants in labels is a site code, or nothing. */
static void test_sites(void)
{
    static const char *const logs[] = {"KH", "KH", "SG_2", "Wang", "KH\"} 1", "ABCDEFGHIJKLMNOPQ"};
    const struct send_site *sites;
    struct house h;
    size_t n;

    house_open(&h, &(struct house_settings){.in_flight = 8, .no_webhooks = true});
    for
        EACH (i, logs) {
            h.log = str_of(logs[i]);
            (void)house_notice(&h, i % 2 ? HOUSE_TO : OTHER_TO, "x");
        }
    house_ring(&h);
    CHECK(house_until(&h, six_or_crowd), "never quiet");
    sites = send_sites(h.send, &n);
    CHECK(n == 2, "%zu sites", n);
    for (size_t i = 0; i < n; i++)
        CHECK(strcmp(sites[i].code, "KH") == 0 ? sites[i].accepted == 2
                                               : strcmp(sites[i].code, "SG_2") == 0,
              "%s: %llu", sites[i].code, (unsigned long long)sites[i].accepted);
    house_close(&h);
}

/* The first to a number goes back to waiting: those behind it stay behind it, at no cost of a try. */
static void test_back_in_order(void)
{
    struct house h;
    int64_t id[3];

    house_open(&h, &(struct house_settings){.no_webhooks = true});
    rule(&h, "{\"code\":131056}");
    for (int i = 0; i < 3; i++)
        id[i] = house_notice(&h, HOUSE_TO, i ? "b" : "a");
    house_ring(&h);
    CHECK(house_until(&h, idle), "never quiet");
    CHECK(house_attempt(&h, id[0]).state == ATTEMPT_REJECTED, "the first was refused");
    CHECK(house_read(&h, id[0]).state == NOTICE_WAITING, "and waits");
    CHECK(send_counts(h.send).unsent == 0 && tally(&h).accepted == 0, "none overtook it");
    house_advance(&h, 30000);
    house_do(&h, release, &h);
    house_ring(&h);
    CHECK(house_accepted(&h, 3), "not 3 accepted");
    CHECK(house_until(&h, idle), "never quiet");
    in_order(&h, id, 3, "after a refusal");
    for (int i = 0; i < 3; i++)
        CHECK(house_read(&h, id[i]).tries == (i ? 1 : 2), "notice %d: %d tries", i,
              (int)house_read(&h, id[i]).tries);
    house_close(&h);
}

/* A goes back to waiting, yet B about the same unit was planned meanwhile: only B is still true. */
static void test_superseded(void)
{
    struct house h;
    struct scripted s;
    int64_t a, b;

    house_open(&h, &plain);
    rule(&h, "{\"code\":131056,\"delay_ms\":150}");
    a = house_unit_notice(&h, HOUSE_TO, "a", 0);
    house_ring(&h);
    while (!send_counts(h.send).in_flight)
        uv_run(&h.loop, UV_RUN_ONCE);
    b = house_unit_notice(&h, HOUSE_TO, "b", 0);
    CHECK(house_accepted(&h, 1), "not 1 accepted");
    CHECK(house_until(&h, house_quiet), "never quiet");
    CHECK(house_read(&h, a).state == NOTICE_WITHDRAWN, "A: %s",
          notice_state_name(house_read(&h, a).state));
    CHECK(str_eq(house_read(&h, a).reason, STR("a later event came first")), "why");
    CHECK(house_read(&h, b).state == NOTICE_ACCEPTED && tally(&h).accepted == 1, "B left, once");
    house_close(&h);

    scripted_open(&s, CLOSE_AFTER, NULL);
    scripted_close(&s); /* nobody there: unsent */
    house_open(&h, &(struct house_settings){.graph_port = s.port});
    a = house_unit_notice(&h, HOUSE_TO, "a", 0);
    b = house_unit_notice(&h, HOUSE_TO, "b", 0);
    house_ring(&h);
    CHECK(house_until(&h, house_quiet), "never quiet");
    CHECK(house_attempt(&h, a).state == ATTEMPT_UNSENT, "A was unsent");
    CHECK(house_read(&h, a).state == NOTICE_WITHDRAWN, "A: %s",
          notice_state_name(house_read(&h, a).state));
    house_advance(&h, 1000);
    CHECK(house_until(&h, house_quiet), "never quiet");
    CHECK(house_read(&h, b).state == NOTICE_WAITING, "B is the last: it waits");
    house_close(&h);
}

/* ---- the store is slow ---- */

struct stall {
    struct store_job job;
    uv_sem_t go;
    bool done;
};

static bool stall_run(struct store_job *j, struct store *s, struct err *e)
{
    struct stall *w = container_of(j, struct stall, job);

    (void)s, (void)e;
    uv_sem_wait(&w->go);
    uv_sem_post(&w->go); /* a batch that failed runs again */
    return true;
}

static void stall_done(struct store_job *j)
{
    container_of(j, struct stall, job)->done = true;
}

static void closed(void *ctx)
{
    (*(int *)ctx)++;
}

/* What the store hands out too late never leaves: it ends as unsent. */
static void test_too_late(void)
{
    enum { STOPPED, STALE, CLOSING };

    for (int why = STOPPED; why <= CLOSING; why++) {
        struct stall w = {.job = {.run = stall_run, .done = stall_done}};
        struct house h;
        int64_t id;
        int done = 0;

        house_open(&h, &(struct house_settings){.no_webhooks = true});
        uv_sem_init(&w.go, 0);
        if (why == STOPPED) {
            rule(&h, "{\"code\":190,\"delay_ms\":100}");
            house_notice(&h, OTHER_TO, "the one that is refused");
            house_ring(&h);
            while (!send_counts(h.send).in_flight)
                uv_run(&h.loop, UV_RUN_ONCE);
        }
        id = house_unit_notice(&h, HOUSE_TO, "x", h.now_ms + 1000);
        store_queue_submit(h.queue, &w.job);
        house_ring(&h);
        CHECK(send_counts(h.send).beginning, "%d: it is not being begun", why);
        while (why == STOPPED && !send_counts(h.send).stopped)
            uv_run(&h.loop, UV_RUN_ONCE);
        if (why == STALE)
            h.now_ms += 1001;
        if (why == CLOSING)
            send_close(h.send, closed, &done);
        uv_sem_post(&w.go);
        while (!w.done || (why == CLOSING ? !done : !idle(&h)))
            uv_run(&h.loop, UV_RUN_ONCE);
        CHECK(house_attempt(&h, id).state == ATTEMPT_UNSENT, "%d: %s", why,
              attempt_state_name(house_attempt(&h, id).state));
        CHECK(house_read(&h, id).state == NOTICE_WAITING, "%d: goes back", why);
        CHECK(tally(&h).accepted == 0, "%d: it left", why);
        if (why == CLOSING) {
            h.send = NULL;
            h.closed = 1;
        }
        house_close(&h);
        uv_sem_destroy(&w.go);
    }
}

/* The notice does not open any more when its answer comes: the seat is free again, it is not sent again. */
static void test_damaged(void)
{
    struct house h;
    int64_t id;

    house_open(&h, &(struct house_settings){.in_flight = 1, .no_webhooks = true});
    id = house_notice(&h, HOUSE_TO, "x");
    h.damaged_id = id;
    house_ring(&h);
    CHECK(house_accepted(&h, 1), "not 1 accepted");
    CHECK(house_until(&h, idle), "never quiet");
    CHECK(h.damaged_hits == 1 && send_counts(h.send).damaged == 1, "%d times damaged",
          h.damaged_hits);
    CHECK(send_counts(h.send).accepted == 1 && send_counts(h.send).store_retries == 0, "counted");
    h.damaged_id = 0;
    id = house_notice(&h, OTHER_TO, "y");
    house_ring(&h);
    CHECK(house_accepted(&h, 2), "not 2 accepted");
    CHECK(house_until(&h, idle), "never quiet");
    CHECK(house_read(&h, id).state == NOTICE_ACCEPTED, "its seat was free");
    CHECK(tally(&h).by_echo == 1 && send_counts(h.send).damaged == 1, "once each");
    house_close(&h);
}

static void test_bounds(void)
{
    struct house h;
    int begun = 0;

    house_open(&h, &(struct house_settings){.in_flight = 2});
    for (int i = 0; i < 9; i++) {
        char to[20];

        (void)snprintf(to, sizeof to, "+1650555123%d", i);
        house_notice(&h, to, "x");
    }
    house_ring(&h);
    while (sandbox_accepted(h.sandbox) < 9 || send_counts(h.send).in_flight) {
        if (send_counts(h.send).in_flight > 2)
            begun++;
        uv_run(&h.loop, UV_RUN_ONCE);
    }
    CHECK(begun == 0, "more than two in flight");
    CHECK(house_until(&h, house_quiet), "never quiet");
    CHECK(tally(&h).accepted == 9 && tally(&h).by_echo == 1 && tally(&h).by_notice == 1,
          "once each");
    house_close(&h);
}

static bool running(struct house *h)
{
    return !send_counts(h->send).stopped && idle(h);
}

static void test_token(void)
{
    struct house h;
    int64_t id;
    struct send_counts c;

    house_open(&h, &plain);
    rule(&h, "{\"code\":190}");
    id = house_notice(&h, HOUSE_TO, "x");
    house_ring(&h);
    CHECK(house_until(&h, house_quiet), "never quiet");
    c = send_counts(h.send);
    CHECK(c.stopped && c.stopped_code == 190, "stopped");
    CHECK(house_read(&h, id).state == NOTICE_WAITING, "the notice is not to blame");
    house_notice(&h, OTHER_TO, "y");
    for (int i = 0; i < 5; i++)
        house_ring(&h);
    CHECK(send_counts(h.send).in_flight == 0 && h.alarm_ms == h.now_ms + 60000, "no tight loop");
    house_write_token(&h, "a wrong token\n");
    house_advance(&h, 60000);
    while (h.alarm_ms <= h.now_ms)
        uv_run(&h.loop, UV_RUN_ONCE);
    CHECK(send_counts(h.send).stopped, "the probe is refused");
    CHECK(remove(h.token_file) == 0, "no token file");
    house_advance(&h, 60000);
    CHECK(send_counts(h.send).stopped && h.alarm_ms == h.now_ms + 60000, "no token: no probe");
    house_write_token(&h, "the token\n");
    house_advance(&h, 60000);
    CHECK(house_until(&h, running), "the probe is answered");
    house_ring(&h);
    while (!sandbox_accepted(h.sandbox))
        uv_run(&h.loop, UV_RUN_ONCE);
    CHECK(house_until(&h, house_quiet) && sandbox_accepted(h.sandbox) == 1, "sends again");
    house_close(&h);
}

static void test_number_paused(void)
{
    struct house h;

    house_open(&h, &plain);
    rule(&h, "{\"code\":131048}");
    house_notice(&h, HOUSE_TO, "x");
    house_ring(&h);
    CHECK(house_until(&h, house_quiet), "never quiet");
    CHECK(send_counts(h.send).stopped && h.alarm_ms == h.now_ms + 86400000, "rests a day");
    house_advance(&h, 86400000);
    CHECK(!send_counts(h.send).stopped, "goes on after it");
    house_close(&h);
}

/* The answer of the probe is there: running, or resting until the next. */
static bool probed(struct house *h)
{
    return !send_counts(h->send).stopped || h->alarm_ms > h->now_ms;
}

/* Two refusals that stop the sender, in either order: what needs a probe is not forgotten. */
static void test_stops_twice(void)
{
    static const char *const order[][2] = {
        {"{\"code\":131048}", "{\"code\":190,\"delay_ms\":200}"},
        {"{\"code\":190}", "{\"code\":131048,\"delay_ms\":200}"},
    };

    for
        EACH (i, order) {
            struct house h;

            house_open(&h, &plain);
            rule(&h, order[i][0]);
            rule(&h, order[i][1]);
            house_notice(&h, HOUSE_TO, "x");
            house_notice(&h, OTHER_TO, "y");
            house_ring(&h);
            CHECK(house_until(&h, house_quiet), "never quiet");
            CHECK(send_counts(h.send).rejected == 2, "%zu: both are refused", i);
            CHECK(send_counts(h.send).stopped_code == 190, "%zu: stopped by %d", i,
                  send_counts(h.send).stopped_code);
            CHECK(h.alarm_ms == h.now_ms + 86400000, "%zu: rests a day all the same", i);
            house_write_token(&h, "a wrong token\n");
            house_advance(&h, 86400000);
            CHECK(house_until(&h, probed), "%zu: no probe", i);
            CHECK(send_counts(h.send).stopped, "%zu: the rest is over, the probe is refused", i);
            house_write_token(&h, "the token\n");
            house_advance(&h, 60000);
            CHECK(house_until(&h, running), "%zu: the probe is answered", i);
            house_close(&h);
        }
}

static void test_retry_after(void)
{
    static const struct {
        const char *asked;
        int code;
        int64_t rest_ms;
    } cases[] = {
        {"7", 130429, 7000},         {"3600", 130429, 3600000},
        {"3601", 130429, 3600000},   {"86400", 130429, 3600000},
        {"86401", 130429, 1000}, /* absurd: our own pause */
        {"999999999", 130429, 1000}, {"9223372036854775807", 130429, 1000},
        {"-5", 130429, 1000},        {"", 130429, 1000},
        {"7200", 190, 3600000},      {"9223372036854775807", 190, 60000},
        {"7200", 131048, 86400000},  {"999999999", 131048, 86400000},
    };

    for
        EACH (i, cases) {
            char body[64], answer[256];
            struct scripted s;
            struct house h;

            (void)snprintf(body, sizeof body, "{\"error\":{\"code\":%d}}", cases[i].code);
            (void)snprintf(
                answer, sizeof answer,
                "HTTP/1.1 400 No\r\nRetry-After: %s\r\nContent-Type: application/json\r\n"
                "Content-Length: %zu\r\n\r\n%s",
                cases[i].asked, strlen(body), body);
            scripted_open(&s, SAY, answer);
            house_open(&h, &(struct house_settings){.graph_port = s.port});
            house_notice(&h, HOUSE_TO, "x");
            house_ring(&h);
            CHECK(house_until(&h, house_quiet), "case %zu: never quiet", i);
            CHECK(send_counts(h.send).rejected == 1, "case %zu: not refused", i);
            CHECK(h.alarm_ms - h.now_ms == cases[i].rest_ms, "%d, Retry-After: %s: rests %lld ms",
                  cases[i].code, cases[i].asked, (long long)(h.alarm_ms - h.now_ms));
            house_close(&h);
            scripted_close(&s);
        }
}

static void test_grammar(void)
{
    struct house h;
    int64_t id;

    house_open(&h, &plain);
    id = house_notice(&h, HOUSE_TO, "two\nlines");
    house_ring(&h);
    CHECK(house_until(&h, house_quiet), "never quiet");
    CHECK(house_read(&h, id).state == NOTICE_HELD, "held");
    CHECK(str_eq(house_read(&h, id).reason, STR("breaks the message grammar")), "why");
    CHECK(sandbox_tally(h.sandbox).refused == 0 && sandbox_accepted(h.sandbox) == 0,
          "nothing left");
    house_close(&h);
}

/* The store is busy at every call of the outcome, once each: it is stored all the same, sent once. */
static void store_busy(const char *json, enum notice_state want, size_t accepted)
{
    bool fired = true;

    for (int at = 1; fired; at++) {
        struct house h;
        struct send_counts c;
        int64_t id;

        house_open(&h, &(struct house_settings){.no_webhooks = true});
        rule(&h, json);
        id = house_notice(&h, HOUSE_TO, "x");
        h.flaky.calls = 0;
        h.flaky.at = at;
        h.flaky.kind = ERR_BUSY;
        house_ring(&h);
        for (int i = 0; i < 3; i++) {
            while (c = send_counts(h.send), !h.alarm_ms && !c.accepted && !c.rejected)
                uv_run(&h.loop, UV_RUN_ONCE);
            house_advance(&h, 1000);
        }
        CHECK(house_until(&h, idle), "call %d: never quiet", at);
        fired = h.flaky.fired;
        h.flaky.at = 0;
        c = send_counts(h.send);
        CHECK(house_read(&h, id).state == want, "call %d: %s", at,
              notice_state_name(house_read(&h, id).state));
        CHECK(tally(&h).accepted == accepted && c.accepted + c.rejected == 1,
              "call %d: accepted %zu times", at, tally(&h).accepted);
        house_close(&h);
        CHECK(at > 2 || fired, "no fault fired");
    }
}

static void test_store_busy(void)
{
    store_busy("{\"http\":0}", NOTICE_ACCEPTED, 1);
    store_busy("{\"code\":131056}", NOTICE_WAITING, 0);
}

/* Closing waits for the answer; past the grace the attempt stays flying. */
static void test_close(void)
{
    for (int late = 0; late < 2; late++) {
        struct house h;
        int64_t id;
        int done = 0;

        house_open(&h, &(struct house_settings){.no_webhooks = true});
        rule(&h, "{\"delay_ms\":400}");
        id = house_notice(&h, HOUSE_TO, "x");
        house_notice(&h, HOUSE_TO, "behind it");
        house_ring(&h);
        while (!sandbox_accepted(h.sandbox))
            uv_run(&h.loop, UV_RUN_ONCE);
        send_close(h.send, closed, &done);
        CHECK(done == 0, "something is in flight");
        if (late) {
            h.now_ms += 5000;
            send_ring(h.send);
        }
        while (!done)
            uv_run(&h.loop, UV_RUN_ONCE);
        CHECK(done == 1 && h.alarm_ms == 0, "closed once, no alarm left");
        CHECK(house_attempt(&h, id).state == (late ? ATTEMPT_FLYING : ATTEMPT_ACCEPTED), "%s",
              attempt_state_name(house_attempt(&h, id).state));
        CHECK(sandbox_accepted(h.sandbox) == 1, "the second never left");
        h.closed = 1;
        h.send = NULL;
        house_close(&h);
    }
}

static void test_settings(void)
{
    struct house h;
    struct send *s;
    struct err e;

    house_open(&h, &plain);
    static const struct {
        const char *graph, *id, *file;
    } bad[] = {{"ftp://x", HOUSE_PHONE_ID, "t"},
               {"http://127.0.0.1/", HOUSE_PHONE_ID, "t"},
               {"http://127.0.0.1", "12a", "t"},
               {"http://127.0.0.1", "", "t"},
               {"http://127.0.0.1", HOUSE_PHONE_ID, "missing/file"}};

    for
        EACH (i, bad) {
            struct send_settings set = {.graph = bad[i].graph,
                                        .phone_number_id = bad[i].id,
                                        .token_file = bad[i].file,
                                        .clock = &h.clock,
                                        .in_flight = 1};

            CHECK(!send_open(&set, &s, &e) && e.kind == ERR_CONFIG, "case %zu", i);
        }
    CHECK(chmod(h.token_file, 0644) == 0, "chmod");
    CHECK(!send_open(&(struct send_settings){.graph = "http://127.0.0.1",
                                             .phone_number_id = "1",
                                             .token_file = h.token_file,
                                             .clock = &h.clock,
                                             .in_flight = 1},
                     &s, &e),
          "a token that others can read");
    house_close(&h);
}

int main(void)
{
    test_outcomes();
    test_transport();
    test_nobody_there();
    test_answer_past_timeout();
    test_echo_before_answer();
    test_order();
    test_sites();
    test_back_in_order();
    test_superseded();
    test_too_late();
    test_damaged();
    test_bounds();
    test_token();
    test_number_paused();
    test_stops_twice();
    test_retry_after();
    test_grammar();
    test_store_busy();
    test_close();
    test_settings();
    return check_end();
}
