#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/encode.h"
#include "commands.h"
#include "ledger.h"
#include "people.h"
#include "status_feeds.h"

enum { RECENT = 20, TEXT_BYTES = 64 * 1024, PEER_BYTES = 4 << 20 };

/* What `status` shows. */
struct view {
    bool running;
    struct status_feeds feeds; /* running: */
    struct ledger ledger;
    struct trace_list recent;
    struct peer_list peers;
    int64_t replies[QUICK_REPLIES];
    struct pause_list paused;
};

/* The daemon holds a lock on <state>/tidings.lock for as long as it lives. */
static bool is_running(const char *state, struct arena *a)
{
    const char *path = arena_printf(a, "%s/tidings.lock", state).p;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    bool held;

    if (fd < 0)
        return false;
    held = flock(fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK;
    (void)close(fd);
    return held;
}

static void add_text(const struct trace *t, struct buf *out)
{
    char at[25];

    clock_text(t->received_ms, at);
    buf_printf(out, "%6lld  %.19sZ  " STR_FMT "  " STR_FMT "  %s", (long long)t->message_id, at,
               STR_ARG(t->feed), STR_ARG(t->type), standing_name(t->standing));
    if (t->reason.n)
        buf_printf(out, " (" STR_FMT ")", STR_ARG(t->reason));
    if (t->template.n)
        buf_printf(out, "  " STR_FMT "/" STR_FMT, STR_ARG(t->template), STR_ARG(t->language));
    buf_add_char(out, '\n');
}

static void add_json(const struct trace *t, struct buf *out)
{
    const struct {
        const char *name;
        struct str value;
    } texts[] = {
        {"feed", t->feed},     {"type", t->type},         {"rule", t->rule},
        {"reason", t->reason}, {"template", t->template}, {"language", t->language},
    };

    buf_printf(out, "{\"message\":%lld,\"received_ms\":%lld,\"standing\":\"%s\"",
               (long long)t->message_id, (long long)t->received_ms, standing_name(t->standing));
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        if (!texts[i].value.n)
            continue;
        buf_printf(out, ",\"%s\":", texts[i].name);
        json_add_string(out, texts[i].value);
    }
    buf_add_char(out, '}');
}

static void add_peer(const struct peer_note *p, struct buf *out)
{
    char at[25];

    clock_text(p->last_ms, at);
    buf_printf(out, "%8llu x " STR_FMT "  %.19sZ  " STR_FMT, (unsigned long long)p->n,
               STR_ARG(p->code), at, STR_ARG(p->listener));
    if (p->application.n || p->facility.n)
        buf_printf(out, "  " STR_FMT "/" STR_FMT, STR_ARG(p->application), STR_ARG(p->facility));
    buf_printf(out, "  " STR_FMT "\n", STR_ARG(p->address));
}

static void add_peer_json(const struct peer_note *p, struct buf *out)
{
    const struct {
        const char *name;
        struct str value;
    } texts[] = {
        {"code", p->code},         {"listener", p->listener}, {"application", p->application},
        {"facility", p->facility}, {"address", p->address},
    };

    buf_printf(out, "{\"count\":%llu,\"offset\":%llu,\"first_ms\":%lld,\"last_ms\":%lld",
               (unsigned long long)p->n, (unsigned long long)p->offset, (long long)p->first_ms,
               (long long)p->last_ms);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        if (!texts[i].value.n)
            continue;
        buf_printf(out, ",\"%s\":", texts[i].name);
        json_add_string(out, texts[i].value);
    }
    buf_add_char(out, '}');
}

/* Quick replies of patients, where there are any. */
static void print_replies(const int64_t n[QUICK_REPLIES])
{
    if (n[0] + n[1] + n[2] == 0)
        return;
    (void)printf("replies of patients:");
    for (int i = 0; i < QUICK_REPLIES; i++)
        (void)printf("%s %lld %s", i ? "," : "", (long long)n[i], quick_reply_name(i));
    (void)printf("\n");
}

static void print_paused(const struct pause_list *all)
{
    for (size_t i = 0; i < all->n; i++)
        (void)printf("PAUSED " STR_FMT ": " STR_FMT " (tidings resume " STR_FMT ")\n",
                     STR_ARG(all->items[i].feed), STR_ARG(all->items[i].reason),
                     STR_ARG(all->items[i].feed));
}

static void print_text(const struct view *v)
{
    struct buf out = buf_new(TEXT_BYTES), peers = buf_new(PEER_BYTES), feeds = buf_new(TEXT_BYTES);

    for (size_t i = 0; i < v->recent.n; i++)
        add_text(&v->recent.items[i], &out);
    for (size_t i = 0; i < v->peers.n; i++)
        add_peer(&v->peers.items[i], &peers);
    if (v->running)
        status_feeds_text(&v->feeds, &feeds);
    (void)printf("%s\n%s", v->running ? "running" : "not running", feeds.n ? feeds.p : "");
    print_paused(&v->paused);
    ledger_print(&v->ledger, false, stdout);
    print_replies(v->replies);
    (void)printf("%s", out.n ? out.p : "no message yet\n");
    if (peers.n)
        (void)printf("\nwhat senders do (meaning: docs/hl7-codes.md)\n%s", peers.p);
    buf_reset(&feeds);
    buf_reset(&out);
    buf_reset(&peers);
}

static void print_json(const struct view *v)
{
    struct buf out = buf_new(TEXT_BYTES), peers = buf_new(PEER_BYTES), feeds = buf_new(TEXT_BYTES);
    struct buf paused = buf_new(TEXT_BYTES);
    const struct ledger *l = &v->ledger;

    for (size_t i = 0; i < v->recent.n; i++) {
        buf_add(&out, i ? STR(",") : STR(""));
        add_json(&v->recent.items[i], &out);
    }
    if (v->running)
        status_feeds_json(&v->feeds, &feeds);
    for (size_t i = 0; i < v->peers.n; i++) {
        buf_add(&peers, i ? STR(",") : STR(""));
        add_peer_json(&v->peers.items[i], &peers);
    }
    for (size_t i = 0; i < v->paused.n; i++) {
        buf_add(&paused, i ? STR(",") : STR(""));
        json_add_string(&paused, v->paused.items[i].feed);
    }
    (void)printf("{\"running\":%s,\"acked\":%lld,\"pending\":%lld,\"held\":%lld,\"balanced\":%s,"
                 "\"replies\":{\"confirm\":%lld,\"change\":%lld,\"cancel\":%lld},"
                 "\"paused\":[%s],\"recent\":[%s],\"senders\":[%s]%s}\n",
                 v->running ? "true" : "false", (long long)l->acked, (long long)l->pending,
                 (long long)l->held, ledger_balances(l) ? "true" : "false",
                 (long long)v->replies[0], (long long)v->replies[1], (long long)v->replies[2],
                 paused.n ? paused.p : "", out.n ? out.p : "", peers.n ? peers.p : "",
                 feeds.n ? feeds.p : "");
    buf_reset(&paused);
    buf_reset(&feeds);
    buf_reset(&out);
    buf_reset(&peers);
}

int cli_status(const struct cli_args *args)
{
    struct view v = {0};
    struct people p;
    struct err e = {0};
    int code;
    bool ok = people_open(args->option[OPT_CONFIG], &p, &e) &&
              p.store->ops->ledger(p.store, &v.ledger, &e) &&
              p.store->ops->list_recent(p.store, RECENT, &p.arena, &v.recent, &e) &&
              p.store->ops->list_peers(p.store, &p.arena, &v.peers, &e) &&
              p.store->ops->count_replies(p.store, v.replies, &e) &&
              p.store->ops->list_paused(p.store, &p.arena, &v.paused, &e);

    if (ok) {
        v.running = is_running(p.config.state, &p.arena);
        if (v.running)
            status_feeds_ask(p.config.state, &p.arena, &v.feeds);
        if (args->option[OPT_JSON])
            print_json(&v);
        else if (!args->option[OPT_QUIET])
            print_text(&v);
    } else {
        (void)fprintf(stderr, "%s\n", e.text);
    }
    code = !ok ? people_exit(&p) : v.running ? EXIT_YES : EXIT_REACH;
    people_close(&p);
    return code;
}
