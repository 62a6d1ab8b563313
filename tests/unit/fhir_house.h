/* A FHIR receiver over a memory store, and a client that blocks on nothing. */
#ifndef FHIR_HOUSE_H
#define FHIR_HOUSE_H

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "check.h"
#include "fhir/resource.h"
#include "flaky_store.h"
#include "receive/fhir.h"

struct house {
    uv_loop_t loop;
    struct seal *seal;
    struct flaky flaky;
    struct store_queue *queue;
    struct fhir_receiver *receiver;
    struct arena a;
    int rung;
    bool closed, fatal;
};

static inline int64_t fixed_now(const struct clock *c)
{
    (void)c;
    return 1793268902113LL;
}

static const struct clock fixed_clock = {fixed_now};

static inline void on_bell(void *ctx)
{
    struct house *h = ctx;

    h->rung++;
}

static inline void on_fatal(void *ctx, const struct err *e)
{
    struct house *h = ctx;

    CHECK(e->kind == ERR_UNCERTAIN, "%s", e->text);
    h->fatal = true;
}

static inline void on_closed(void *ctx)
{
    struct house *h = ctx;

    h->closed = true;
}

static inline void must(bool ok, const struct err *e)
{
    if (!ok) {
        printf("%s\n", e->text);
        exit(1);
    }
}

/* at: the store call that fails; 0: none. max_entries: of one Bundle. */
static inline void house_open_with(struct house *h, int at, size_t max_entries)
{
    const uint8_t root[SEAL_KEY_BYTES] = {7};
    struct store_settings store_set = {.where = "", .duplicate_ms = 14LL * 86400000};
    struct store_queue_settings queue_set = {.max_batch = 8, .on_fatal = on_fatal};
    struct fhir_receiver_settings set = {.feed = "demo",
                                         .version = "0.1.0",
                                         .max_body = max_entries > 3 ? 16 << 20 : 100000,
                                         .max_depth = 64,
                                         .max_entries = max_entries,
                                         .max_waiting = 2};
    struct store *real;
    struct err e;

    *h = (struct house){.seal = seal_from_root(root)};
    uv_loop_init(&h->loop);
    store_set.seal = h->seal;
    must(store_memory.open(&store_set, &real, &e), &e);
    queue_set.loop = &h->loop;
    queue_set.store = flaky_over(&h->flaky, real, at);
    queue_set.ctx = h;
    must(store_queue_start(&queue_set, &h->queue, &e), &e);
    set.http = http_settings_default(&h->loop, "127.0.0.1", 0);
    set.http.max_connections = 64;
    set.http.header_ms = set.http.idle_ms = set.http.body_ms = set.http.write_ms = 60000;
    set.http.min_rate = 1;
    set.queue = h->queue;
    set.clock = &fixed_clock;
    set.seal = h->seal;
    set.next = (struct bell){on_bell, h};
    must(fhir_receiver_open(&set, &h->receiver, &e), &e);
}

static inline void house_open(struct house *h, int at)
{
    house_open_with(h, at, 3);
}

static inline void house_end(struct house *h)
{
    fhir_receiver_close(h->receiver, 0, on_closed, h);
    while (!h->closed)
        uv_run(&h->loop, UV_RUN_ONCE);
    store_queue_stop(h->queue);
    uv_run(&h->loop, UV_RUN_DEFAULT);
    CHECK(uv_loop_close(&h->loop) == 0, "a handle is still open");
    seal_close(h->seal);
    arena_reset(&h->a);
}

static inline int dial(const struct house *h)
{
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)fhir_receiver_port(h->receiver))};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    inet_pton(AF_INET, "127.0.0.1", &at.sin_addr);
    if (fd < 0 || connect(fd, (struct sockaddr *)&at, sizeof at) != 0)
        abort();
    fcntl(fd, F_SETFL, O_NONBLOCK);
    return fd;
}

static inline void turn(struct house *h)
{
    uv_run(&h->loop, UV_RUN_NOWAIT);
    usleep(100);
}

static inline void say(struct house *h, int fd, struct str text)
{
    while (text.n) {
        ssize_t n = send(fd, text.p, text.n, MSG_NOSIGNAL);

        if (n > 0)
            text = (struct str){text.p + n, text.n - (size_t)n};
        else if (errno != EAGAIN)
            return;
        turn(h);
    }
}

/* All bytes until the server closes. */
static inline struct str hear(struct house *h, int fd)
{
    struct buf all = buf_new(1 << 20);
    struct str copy;

    for (;;) {
        char piece[4096];
        ssize_t n = recv(fd, piece, sizeof piece, 0);

        if (n > 0)
            buf_add(&all, (struct str){piece, (size_t)n});
        else if (n == 0 || errno != EAGAIN)
            break;
        else
            turn(h);
    }
    close(fd);
    copy = arena_copy(&h->a, buf_str(&all));
    buf_reset(&all);
    return copy;
}

/* What a request without its length looks like; `head`: "POST /fhir/Patient" and further lines. */
static inline struct str request(struct house *h, const char *head, const char *type,
                                 struct str body)
{
    struct str rest = str_of(head), first = str_cut(&rest, '\n');

    return arena_printf(&h->a,
                        STR_FMT " HTTP/1.1\r\nHost: a\r\nConnection: close\r\n%s%s%s" STR_FMT
                                "%sContent-Length: %zu\r\n\r\n" STR_FMT,
                        STR_ARG(first), type ? "Content-Type: " : "", type ? type : "",
                        type ? "\r\n" : "", (int)rest.n, rest.n ? rest.p : "", rest.n ? "\r\n" : "",
                        body.n, STR_ARG(body));
}

static inline struct str ask(struct house *h, const char *head, const char *type, struct str body)
{
    int fd = dial(h);

    say(h, fd, request(h, head, type, body));
    return hear(h, fd);
}

static inline int status_of(struct str heard)
{
    return str_starts(heard, STR("HTTP/1.1 ")) ? atoi(heard.p + 9) : 0;
}

static inline struct str body_of(struct str heard)
{
    const char *at = heard.n ? strstr(heard.p, "\r\n\r\n") : NULL;

    return at ? (struct str){at + 4, heard.n - (size_t)(at + 4 - heard.p)} : (struct str){0};
}

/* The value of a header line, up to its end. */
static inline struct str field_of(struct str heard, const char *name)
{
    const char *at = heard.n ? strcasestr(heard.p, name) : NULL;
    struct str rest = {at ? at + strlen(name) : NULL,
                       at ? (size_t)(heard.p + heard.n - at) - strlen(name) : 0};

    return at ? str_cut(&rest, '\r') : (struct str){0};
}

static inline struct json_node *json_of(struct house *h, struct str heard)
{
    struct json_limits limits = json_limits_default();
    struct json_node *root = NULL;
    struct err e;

    CHECK(json_read(body_of(heard), &limits, &h->a, &root, NULL, &e), "%s: %s", e.text, heard.p);
    return root;
}

#endif
