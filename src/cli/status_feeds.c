#include "status_feeds.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/encode.h"
#include "net/control.h"

enum { ANSWER_MOST = 1 << 20, SHORT = 12 };

static int64_t number(struct str text)
{
    char digits[24] = "";

    if (text.n && text.n < sizeof digits)
        memcpy(digits, text.p, text.n);
    return strtoll(digits, NULL, 10);
}

static void take_feed(struct str rest, struct status_feeds *out)
{
    struct status_feed *f = &out->items[out->n++];

    f->name = str_cut(&rest, '\t');
    f->version = str_cut(&rest, '\t');
    f->since_ms = number(str_cut(&rest, '\t'));
    f->tests = number(rest);
}

static void take_line(struct str line, struct status_feeds *out)
{
    const struct str word = str_cut(&line, '\t');

    if (str_eq(word, STR("configuration"))) {
        out->hash = str_cut(&line, '\t');
        out->policy_expired = number(line);
    } else if (str_eq(word, STR("feed"))) {
        take_feed(line, out);
    } else if (str_eq(word, STR("reload"))) {
        out->refused = str_eq(str_cut(&line, '\t'), STR("refused"));
        out->reload_ms = number(str_cut(&line, '\t'));
        out->said = line;
    }
}

void status_feeds_ask(const char *state, struct arena *a, struct status_feeds *out)
{
    struct buf text = buf_new(ANSWER_MOST);
    struct err e = {0};
    struct str rest;
    int code = 0;

    *out = (struct status_feeds){0};
    if (!control_call(state, "feeds", &code, &text, &e) || code != 0) {
        out->silent = arena_copy(a, str_of(e.text));
        buf_reset(&text);
        return;
    }
    rest = arena_copy(a, buf_str(&text));
    out->items = NEW_ARRAY(a, struct status_feed, rest.n + 1);
    while (rest.p)
        take_line(str_cut(&rest, '\n'), out);
    buf_reset(&text);
}

void status_feeds_text(const struct status_feeds *f, struct buf *out)
{
    char at[25];

    if (f->silent.p) {
        buf_printf(out, "feeds: " STR_FMT "\n", STR_ARG(f->silent));
        return;
    }
    for (size_t i = 0; i < f->n; i++) {
        const struct status_feed *one = &f->items[i];

        clock_text(one->since_ms, at);
        buf_printf(out, "feed " STR_FMT "  version %.*s  since %.19sZ", STR_ARG(one->name),
                   (int)SHORT, one->version.p, at);
        if (one->tests >= 0)
            buf_printf(out, "  %lld tests passed", (long long)one->tests);
        buf_add_char(out, '\n');
    }
    if (f->reload_ms) {
        clock_text(f->reload_ms, at);
        buf_printf(out, "%.19sZ  " STR_FMT "\n", at, STR_ARG(f->said));
    }
    if (f->policy_expired)
        buf_printf(out,
                   "%lld policy entries have expired: in force until the next reload, which they "
                   "block (E804)\n",
                   (long long)f->policy_expired);
}

void status_feeds_json(const struct status_feeds *f, struct buf *out)
{
    if (f->silent.p)
        return;
    buf_printf(out, ",\"configuration\":\"" STR_FMT "\",\"policy_expired\":%lld,\"feeds\":[",
               STR_ARG(f->hash), (long long)f->policy_expired);
    for (size_t i = 0; i < f->n; i++) {
        const struct status_feed *one = &f->items[i];

        buf_add(out, i ? STR(",{\"name\":") : STR("{\"name\":"));
        json_add_string(out, one->name);
        buf_printf(out, ",\"version\":\"" STR_FMT "\",\"since_ms\":%lld", STR_ARG(one->version),
                   (long long)one->since_ms);
        if (one->tests >= 0)
            buf_printf(out, ",\"tests_passed\":%lld", (long long)one->tests);
        buf_add_char(out, '}');
    }
    buf_add_char(out, ']');
    if (!f->reload_ms)
        return;
    buf_printf(out,
               ",\"last_reload\":{\"at_ms\":%lld,\"refused\":%s,\"said\":", (long long)f->reload_ms,
               f->refused ? "true" : "false");
    json_add_string(out, f->said);
    buf_add_char(out, '}');
}
