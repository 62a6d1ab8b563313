/* What an idle connection costs the server: resident memory of the server's process alone.
 *
 *   idle FOLDER CONNECTIONS tls|plain [PORT PID]
 *
 * FOLDER holds ca.pem, server.pem, server.key, client.pem and client.key (tests/blackbox/harness/
 * certificates.py makes them). A child dials, each connection with a client certificate; the server
 * answers four bytes on each, then all are idle. With PORT and PID the server is that process (a Tidings
 * with room for so many), and nothing is said on a connection. The last line is one JSON object. Each end needs a
 * descriptor a connection (`ulimit -n`). */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/container_of.h"
#include "net/stream.h"

enum { AT_ONCE = 64 };

struct idle {
    uv_loop_t loop;
    struct tls *tls;
    int port;
    int wanted, open, answered;
    bool silent; /* nobody will answer */
};

struct conn {
    struct idle *idle;
    struct stream *s;
    struct stream_connect connect; /* the client's */
};

static void give_up(const char *what)
{
    (void)fprintf(stderr, "idle: %s\n", what);
    exit(1);
}

static struct conn *conn_new(struct idle *i, struct stream *s)
{
    struct conn *c = calloc(1, sizeof *c);

    if (!c)
        abort();
    c->idle = i;
    c->s = s;
    return c;
}

static struct tls *tls_of(const char *folder, bool server)
{
    char paths[3][512];
    struct tls_settings set = {server, paths[0], paths[1], paths[2]};
    const char *who = server ? "server" : "client";
    struct tls *t = NULL;
    struct err e;

    (void)snprintf(paths[0], sizeof paths[0], "%s/%s.pem", folder, who);
    (void)snprintf(paths[1], sizeof paths[1], "%s/%s.key", folder, who);
    (void)snprintf(paths[2], sizeof paths[2], "%s/ca.pem", folder);
    if (!tls_open(&set, &t, &e))
        give_up(e.text);
    return t;
}

/* The server's side. */
static void on_asked(void *ctx, struct str data)
{
    struct conn *c = ctx;

    (void)data;
    stream_write(c->s, STR("pong"));
}

static void on_answered(void *ctx, bool ok)
{
    struct conn *c = ctx;

    c->idle->answered += ok;
}

static void on_end(void *ctx, const struct err *why)
{
    struct conn *c = ctx;

    (void)why;
    stream_close(c->s);
}

static void on_closed(void *ctx)
{
    free(ctx);
}

static bool on_stream(void *ctx, struct stream *s)
{
    s->on = (struct stream_events){on_asked, on_end, on_answered, on_closed};
    s->ctx = conn_new(ctx, s);
    stream_read(s, true);
    return true;
}

static void on_refused(void *ctx, enum listener_refusal r, const char *peer, const char *why)
{
    (void)ctx;
    (void)peer;
    (void)fprintf(stderr, "idle: %s %s\n", listener_refusal_name(r), why);
}

/* The client's side. */
static void dial(struct conn *c);

static void dial_next(struct idle *i)
{
    i->answered++;
    if (i->open < i->wanted) {
        i->open++;
        dial(conn_new(i, NULL));
    }
}

static void on_pong(void *ctx, struct str data)
{
    struct conn *c = ctx;
    struct idle *i = c->idle;

    (void)data;
    dial_next(i);
}

static void on_sent(void *ctx, bool ok)
{
    (void)ctx;
    (void)ok;
}

static void on_dialed(struct stream_connect *connect, struct stream *s, const struct err *e)
{
    struct conn *c = s ? container_of(connect, struct conn, connect) : NULL;

    if (!c)
        give_up(e->text);
    c->s = s;
    s->on = (struct stream_events){on_pong, on_end, on_sent, on_closed};
    s->ctx = c;
    stream_read(s, true);
    if (c->idle->silent)
        dial_next(c->idle);
    else
        stream_write(s, STR("ping"));
}

static void dial(struct conn *c)
{
    struct err e;

    c->connect = (struct stream_connect){.host = "127.0.0.1",
                                         .port = c->idle->port,
                                         .timeout_ms = 60000,
                                         .tls = c->idle->tls,
                                         .done = on_dialed};
    if (!stream_connect_start(&c->idle->loop, &c->connect, &e))
        give_up(e.text);
}

/* Resident memory of a process in KB, as the kernel counts it. */
static long resident_kb(const char *pid)
{
    char path[64];
    FILE *f;
    long pages = 0;

    (void)snprintf(path, sizeof path, "/proc/%.20s/statm", pid);
    f = fopen(path, "r");
    if (!f || fscanf(f, "%*s %ld", &pages) != 1)
        give_up("no /proc/PID/statm");
    fclose(f);
    return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

static void begin(struct idle *i)
{
    for (; i->open < AT_ONCE && i->open < i->wanted; i->open++)
        dial(conn_new(i, NULL));
}

/* The child: dials AT_ONCE at a time until all are open, and waits to be killed. */
static int run_client(struct idle *i, int from)
{
    if (read(from, &i->port, sizeof i->port) != (ssize_t)sizeof i->port)
        give_up("no port");
    begin(i);
    return uv_run(&i->loop, UV_RUN_DEFAULT);
}

static void report(const struct idle *i, long before, long after)
{
    printf("{\"what\": \"%s\", \"connections\": %d, \"kb_before\": %ld, \"kb_after\": %ld, "
           "\"kb_each\": %.1f}\n",
           i->tls ? "tls" : "plain", i->wanted, before, after,
           (double)(after - before) / i->wanted);
}

static void run_server(struct idle *i, int to)
{
    struct listener_settings set = {.loop = &i->loop,
                                    .host = "127.0.0.1",
                                    .backlog = AT_ONCE,
                                    .max_connections = i->wanted,
                                    .tls = i->tls,
                                    .handshake_ms = 60000,
                                    .keepalive_s = 60,
                                    .on_stream = on_stream,
                                    .on_refused = on_refused,
                                    .ctx = i};
    struct listener *l = NULL;
    struct err e;
    long before;

    if (!listener_open(&set, &l, &e))
        give_up(e.text);
    i->port = listener_port(l);
    before = resident_kb("self");
    if (write(to, &i->port, sizeof i->port) != (ssize_t)sizeof i->port)
        give_up("no client");
    while (i->answered < i->wanted)
        uv_run(&i->loop, UV_RUN_ONCE);
    report(i, before, resident_kb("self"));
}

/* Both ends here. */
static int run_both(struct idle *i, const char *folder, bool plain)
{
    int ends[2];
    pid_t client;

    if (pipe(ends) != 0)
        give_up("no pipe");
    client = fork();
    uv_loop_init(&i->loop);
    i->tls = plain ? NULL : tls_of(folder, client != 0);
    if (client == 0)
        return run_client(i, ends[0]);
    run_server(i, ends[1]);
    kill(client, SIGKILL);
    return waitpid(client, NULL, 0) != client;
}

/* The server is another process. */
static int run_against(struct idle *i, const char *folder, bool plain, const char *pid)
{
    long before = resident_kb(pid);

    uv_loop_init(&i->loop);
    i->silent = true;
    i->tls = plain ? NULL : tls_of(folder, false);
    begin(i);
    while (i->answered < i->wanted)
        uv_run(&i->loop, UV_RUN_ONCE);
    sleep(2); /* the last handshakes end on the other side */
    report(i, before, resident_kb(pid));
    return 0;
}

int main(int argc, char **argv)
{
    struct idle i = {.wanted = argc > 2 ? atoi(argv[2]) : 0};
    bool plain = argc > 3 && strcmp(argv[3], "plain") == 0;

    signal(SIGPIPE, SIG_IGN);
    if (i.wanted <= 0 || (argc != 4 && argc != 6))
        give_up("usage: idle FOLDER CONNECTIONS tls|plain [PORT PID]");
    if (argc == 4)
        return run_both(&i, argv[1], plain);
    i.port = atoi(argv[4]);
    return run_against(&i, argv[1], plain, argv[5]);
}
