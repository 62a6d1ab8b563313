#include "mllp_house.h"

#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/container_of.h"
#include "check.h"

enum { PATIENCE_S = 10 };

static int64_t fixed_now(const struct clock *c)
{
    (void)c;
    return 1795251600000;
}

static bool counting(const struct random_source *r, void *out, size_t n)
{
    /* The source is handed out as const; what it counts is the house's. */
    struct house *h = container_of((struct random_source *)(uintptr_t)r, struct house, random);

    if (h->no_random)
        return false;
    memset(out, ++h->counter, n);
    return true;
}

static void on_fatal(void *ctx, const struct err *e)
{
    struct house *h = ctx;

    (void)e;
    h->fatal++;
}

static void on_ring(void *ctx)
{
    struct house *h = ctx;

    h->rings++;
}

static void on_closed(void *ctx)
{
    struct house *h = ctx;

    CHECK(!h->closed, "told once");
    h->closed = true;
    if (h->closed_too)
        *h->closed_too = true;
}

void house_build_on(struct house *h, int at, const struct store_ops *ops, const char *where)
{
    static const uint8_t root[SEAL_KEY_BYTES] = "a root for tests";
    struct store_queue_settings qs;
    struct store_settings ss;
    struct store *store;
    struct err e = {0};

    *h = (struct house){.clock = {fixed_now}, .random = {counting}};
    (void)signal(SIGPIPE, SIG_IGN); /* as the program does */
    uv_loop_init(&h->loop);
    h->seal = seal_from_root(root);
    ss = (struct store_settings){.where = where, .seal = h->seal, .duplicate_ms = 1000000};
    CHECK(ops->open(&ss, &store, &e), "%s", e.text);
    qs = (struct store_queue_settings){.loop = &h->loop,
                                       .store = flaky_over(&h->flaky, store, 0),
                                       .max_batch = 32,
                                       .on_fatal = on_fatal,
                                       .ctx = h};
    CHECK(store_queue_start(&qs, &h->queue, &e), "%s", e.text);
    h->at = at;
    h->set = mllp_receiver_settings_default();
    h->set.loop = &h->loop;
    h->set.host = "127.0.0.1";
    h->set.name = "127.0.0.1:2575";
    h->set.feed = "demo";
    h->set.queue = h->queue;
    h->set.clock = &h->clock;
    h->set.random = &h->random;
    h->set.seal = h->seal;
    h->set.next = (struct bell){on_ring, h};
    h->set.parts_ms = 0; /* no sweep of its own: tests count the store's calls */
}

void house_build(struct house *h, int at)
{
    house_build_on(h, at, &store_memory, NULL);
}

void house_open(struct house *h)
{
    struct err e = {0};

    CHECK(mllp_receiver_open(&h->set, &h->receiver, &e), "%s", e.text);
    house_turn(h); /* the receiver looks at the store by itself */
    (void)house_stored(h);
    h->flaky.calls = 0;
    h->flaky.at = h->at;
}

void house_turn(struct house *h)
{
    (void)uv_run(&h->loop, UV_RUN_NOWAIT);
    usleep(100);
}

void house_close(struct house *h, bool *closed)
{
    h->told_close = true;
    h->closed_too = closed;
    mllp_receiver_close(h->receiver, on_closed, h);
    CHECK(!h->closed, "not inside the call");
}

void house_end_receiver(struct house *h)
{
    if (!h->told_close)
        house_close(h, NULL);
    for (uint64_t until = uv_hrtime() + PATIENCE_S * 1000000000ull;
         !h->closed && uv_hrtime() < until;)
        house_turn(h);
    CHECK(h->closed, "the receiver closed");
}

void house_end(struct house *h)
{
    house_end_receiver(h);
    store_queue_stop(h->queue);
    (void)uv_run(&h->loop, UV_RUN_DEFAULT);
    CHECK(uv_loop_close(&h->loop) == 0, "no handle is left open");
    seal_close(h->seal);
}

struct ask {
    struct store_job job;
    bool (*run)(void *ctx, struct store *s, struct err *e);
    void *ctx;
    bool done;
};

static bool ask_run(struct store_job *j, struct store *s, struct err *e)
{
    struct ask *a = container_of(j, struct ask, job);

    return a->run(a->ctx, s, e);
}

static void ask_done(struct store_job *j)
{
    container_of(j, struct ask, job)->done = true;
}

void house_ask(struct house *h, bool (*run)(void *ctx, struct store *s, struct err *e), void *ctx)
{
    struct ask a = {
        .job = {.run = ask_run, .done = ask_done, .later = true}, .run = run, .ctx = ctx};

    store_queue_submit(h->queue, &a.job);
    while (!a.done)
        house_turn(h);
    CHECK(a.job.ok, "%s", a.job.err.text);
}

static bool read_ledger(void *ctx, struct store *s, struct err *e)
{
    return s->ops->ledger(s, ctx, e);
}

struct ledger house_ledger(struct house *h)
{
    struct ledger ledger;

    house_ask(h, read_ledger, &ledger);
    return ledger;
}

int64_t house_stored(struct house *h)
{
    struct ledger ledger = house_ledger(h);

    return ledger.acked - ledger.duplicate;
}

static bool map_all(void *ctx, struct store *s, struct err *e)
{
    const enum standing *standing = ctx;
    struct message_list all = {0};
    struct arena a = {0};
    bool ok = s->ops->take_stored(s, 1000, NULL, 0, &a, &all, e);

    for (size_t i = 0; ok && i < all.n; i++) {
        struct instance in = {.message_id = all.items[i].id,
                              .feed = all.items[i].feed,
                              .standing = *standing,
                              .reason = STR("a test")};

        ok = s->ops->put_mapped(s, all.items[i].id, STR("v"), &in, 1, e);
    }
    arena_reset(&a);
    return ok;
}

void house_map(struct house *h, enum standing standing)
{
    house_ask(h, map_all, &standing);
    mllp_receiver_ring(h->receiver);
}

void peer_open(struct house *h, struct peer *p)
{
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)mllp_receiver_port(h->receiver)),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

    *p = (struct peer){.heard = buf_new(64 << 20)};
    p->fd = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(connect(p->fd, (struct sockaddr *)&at, sizeof at) == 0, "errno %d", errno);
    house_turn(h);
}

void peer_end(struct peer *p)
{
    close(p->fd);
    buf_reset(&p->heard);
}

static void listen_once(struct peer *p)
{
    ssize_t n;

    if (p->eof || !buf_room(&p->heard, 65536))
        return;
    n = recv(p->fd, p->heard.p + p->heard.n, 65536, MSG_DONTWAIT);
    if (n > 0)
        p->heard.n += (size_t)n;
    p->eof = n == 0 || (n < 0 && errno != EAGAIN);
}

void peer_say(struct house *h, struct peer *p, struct str bytes, size_t piece)
{
    uint64_t until = uv_hrtime() + PATIENCE_S * 1000000000ull;

    while (bytes.n && !p->eof && uv_hrtime() < until) {
        size_t most = piece && piece < bytes.n ? piece : bytes.n;
        ssize_t n = send(p->fd, bytes.p, most, MSG_DONTWAIT | MSG_NOSIGNAL);

        if (n > 0)
            bytes = (struct str){bytes.p + n, bytes.n - (size_t)n};
        house_turn(h);
        listen_once(p);
    }
    CHECK(bytes.n == 0 || p->eof, "%zu bytes were not taken", bytes.n);
}

void peer_half_close(struct peer *p)
{
    (void)shutdown(p->fd, SHUT_WR);
}

bool peer_hear_end(struct house *h, struct peer *p)
{
    uint64_t until = uv_hrtime() + PATIENCE_S * 1000000000ull;

    while (!p->eof && uv_hrtime() < until) {
        house_turn(h);
        listen_once(p);
    }
    return p->eof;
}

size_t peer_count(const struct peer *p)
{
    size_t n = 0;

    for (size_t i = 0; i < p->heard.n; i++)
        n += p->heard.p[i] == '\x1c';
    return n;
}

bool peer_hear(struct house *h, struct peer *p, size_t n)
{
    uint64_t until = uv_hrtime() + PATIENCE_S * 1000000000ull;

    while (!p->eof && peer_count(p) < n && uv_hrtime() < until) {
        house_turn(h);
        listen_once(p);
    }
    return peer_count(p) >= n;
}

void peer_answers(const struct peer *p, struct buf *out)
{
    struct mllp_settings set = mllp_settings_default();
    struct str in = buf_str(&p->heard);
    struct mllp_framer f;
    struct mllp_event ev;

    mllp_framer_init(&f, &set);
    while (mllp_next(&f, &in, &ev) != MLLP_MORE) {
        struct str rest = ev.content, line;

        if (ev.step != MLLP_FRAME || !hl7_ack_is_sound(ev.content)) {
            buf_add(out, STR("? "));
            continue;
        }
        (void)str_cut(&rest, '\r');
        line = str_cut(&rest, '\r');
        (void)str_cut(&line, '|');
        buf_add(out, str_cut(&line, '|'));
        buf_add_char(out, ':');
        buf_add(out, str_cut(&line, '|'));
        buf_add_char(out, ' ');
    }
    if (mllp_waits(&f) != MLLP_WAIT_START)
        buf_add(out, STR("cut "));
    mllp_framer_end(&f);
}
