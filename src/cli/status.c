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

enum { RECENT = 20, TEXT_BYTES = 64 * 1024 };

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

static void print_text(bool running, const struct ledger *l, const struct trace_list *recent)
{
    struct buf out = buf_new(TEXT_BYTES);

    for (size_t i = 0; i < recent->n; i++)
        add_text(&recent->items[i], &out);
    (void)printf("%s\n", running ? "running" : "not running");
    ledger_print(l, false, stdout);
    (void)printf("%s", out.n ? out.p : "no message yet\n");
    buf_reset(&out);
}

static void print_json(bool running, const struct ledger *l, const struct trace_list *recent)
{
    struct buf out = buf_new(TEXT_BYTES);

    for (size_t i = 0; i < recent->n; i++) {
        buf_add(&out, i ? STR(",") : STR(""));
        add_json(&recent->items[i], &out);
    }
    (void)printf("{\"running\":%s,\"acked\":%lld,\"pending\":%lld,\"held\":%lld,\"balanced\":%s,"
                 "\"recent\":[%s]}\n",
                 running ? "true" : "false", (long long)l->acked, (long long)l->pending,
                 (long long)l->held, ledger_balances(l) ? "true" : "false", out.n ? out.p : "");
    buf_reset(&out);
}

int cli_status(const struct cli_args *args)
{
    struct trace_list recent = {0};
    struct ledger l = {0};
    struct people p;
    struct err e = {0};
    bool running = false;
    int code;
    bool ok = people_open(args->option[OPT_CONFIG], &p, &e) &&
              p.store->ops->ledger(p.store, &l, &e) &&
              p.store->ops->list_recent(p.store, RECENT, &p.arena, &recent, &e);

    if (ok) {
        running = is_running(p.config.state, &p.arena);
        if (args->option[OPT_JSON])
            print_json(running, &l, &recent);
        else if (!args->option[OPT_QUIET])
            print_text(running, &l, &recent);
    } else {
        (void)fprintf(stderr, "%s\n", e.text);
    }
    if (ok)
        code = running ? EXIT_YES : EXIT_REACH;
    else
        code = people_exit(&p);
    people_close(&p);
    return code;
}
