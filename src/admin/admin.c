#include "admin/admin.h"

#include <stdlib.h>

#include "base/container_of.h"

enum { ROUTES = 3, METRICS_BYTES = 256 * 1024 };

struct admin {
    struct admin_settings set;
    struct http_route routes[ROUTES];
    struct http_server *server;
    void (*on_closed)(void *ctx);
    void *closed_ctx;
};

/* One GET /metrics: the ledger is read on the store's thread. */
struct scrape {
    struct store_job job;
    struct http_exchange *exchange;
    struct ledger ledger;
};

static void answer_text(struct http_exchange *x, int status, struct str text)
{
    static const struct http_field fields[] = {{"Cache-Control", "no-store"}};
    struct http_answer answer = {
        .status = status,
        .content_type = "text/plain; version=0.0.4; charset=utf-8",
        .body = text,
        .fields = fields,
        .n_fields = 1,
    };

    http_answer(x, &answer);
}

static void on_healthz(struct http_exchange *x)
{
    answer_text(x, 200, STR("ok\n"));
}

static void on_readyz(struct http_exchange *x)
{
    struct admin *a = x->ctx;

    if (a->set.ready(a->set.ctx))
        answer_text(x, 200, STR("ready\n"));
    else
        answer_text(x, 503, STR("not ready\n"));
}

static bool read_ledger(struct store_job *j, struct store *s, struct err *e)
{
    struct scrape *c = container_of(j, struct scrape, job);

    c->ledger = (struct ledger){0};
    return s->ops->ledger(s, &c->ledger, e);
}

static void write_ledger(const struct ledger *l, struct buf *out)
{
    const struct {
        const char *name;
        int64_t n;
    } rows[] = {
        {"notified", l->notified}, {"recorded", l->recorded}, {"dropped", l->dropped},
        {"held", l->held},         {"rejected", l->rejected}, {"duplicate", l->duplicate},
        {"pending", l->pending},
    };

    buf_printf(out,
               "# HELP tidings_acked_total Units answered positively.\n"
               "# TYPE tidings_acked_total counter\ntidings_acked_total %lld\n"
               "# HELP tidings_ledger Where the acknowledged units stand.\n"
               "# TYPE tidings_ledger gauge\n",
               (long long)l->acked);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        buf_printf(out, "tidings_ledger{standing=\"%s\"} %lld\n", rows[i].name,
                   (long long)rows[i].n);
    buf_printf(out,
               "# HELP tidings_ledger_balanced 1 when the equation holds.\n"
               "# TYPE tidings_ledger_balanced gauge\ntidings_ledger_balanced %d\n",
               ledger_balances(l));
}

static void scraped(struct store_job *j)
{
    struct scrape *c = container_of(j, struct scrape, job);
    struct admin *a = c->exchange->ctx;
    struct buf out = buf_new(METRICS_BYTES);

    if (j->ok)
        write_ledger(&c->ledger, &out);
    a->set.write_metrics(a->set.ctx, &out);
    answer_text(c->exchange, j->ok ? 200 : 503, buf_str(&out));
    buf_reset(&out);
    free(c);
}

static void on_metrics(struct http_exchange *x)
{
    struct admin *a = x->ctx;
    struct scrape *c = calloc(1, sizeof *c);

    if (!c)
        abort();
    c->exchange = x;
    c->job = (struct store_job){.run = read_ledger, .done = scraped};
    store_queue_submit(a->set.queue, &c->job);
}

bool admin_open(const struct admin_settings *set, struct admin **out, struct err *e)
{
    struct admin *a = calloc(1, sizeof *a);

    if (!a)
        return err_set(e, ERR_BUSY, 0, "out of memory");
    a->set = *set;
    a->routes[0] = (struct http_route){"GET", "/healthz", 0, on_healthz, a};
    a->routes[1] = (struct http_route){"GET", "/readyz", 0, on_readyz, a};
    a->routes[2] = (struct http_route){"GET", "/metrics", 0, on_metrics, a};
    a->set.http.routes = a->routes;
    a->set.http.n_routes = ROUTES;
    if (!http_server_open(&a->set.http, &a->server, e)) {
        free(a);
        return false;
    }
    *out = a;
    return true;
}

int admin_port(const struct admin *a)
{
    return http_server_port(a->server);
}

static void on_server_closed(void *ctx)
{
    struct admin *a = ctx;
    void (*on_closed)(void *) = a->on_closed;
    void *closed_ctx = a->closed_ctx;

    free(a);
    on_closed(closed_ctx);
}

void admin_close(struct admin *a, int64_t grace_ms, void (*on_closed)(void *ctx), void *ctx)
{
    a->on_closed = on_closed;
    a->closed_ctx = ctx;
    http_server_close(a->server, grace_ms, on_server_closed, a);
}
