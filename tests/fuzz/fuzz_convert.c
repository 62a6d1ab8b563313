/* Converters: the first byte picks one, the rest is what a sender wrote (components between 0x1F for a
 * phone's repetition). A result has the form of its type, or there is a reason. */
#include <stdlib.h>

#include "base/utf8.h"
#include "feed/convert.h"
#include "feed/moment.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { XTN_MOST = 18 };

static bool digits(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] < '0' || s.p[i] > '9')
            return false;
    return s.n > 0;
}

static void check(const struct converter *c, const struct convert_context *ctx, struct str in,
                  struct str out)
{
    int64_t unix_s;

    switch (convert_yields(c->kind)) {
    case CONVERT_TYPE_TEXT:
        if (utf8_check(in) == in.n && utf8_check(out) != out.n)
            abort();
        break;
    case CONVERT_TYPE_DATE:
        if (out.n != 10 || out.p[4] != '-' || out.p[7] != '-')
            abort();
        break;
    case CONVERT_TYPE_INSTANT:
        if (!moment_read_ours(out, &unix_s) ||
            !str_eq(moment_write(ctx->zone, unix_s, ctx->arena), out))
            abort();
        break;
    case CONVERT_TYPE_PHONE:
        if (out.p[0] != '+' || !digits((struct str){out.p + 1, out.n - 1}))
            abort();
        break;
    case CONVERT_TYPE_TAG:
        if (!str_eq(out, ctx->offered[0]) && !str_eq(out, ctx->offered[1]))
            abort();
        break;
    case CONVERT_TYPE_KEY:
        if (out.n != 35 || !str_starts(out, STR("pk_")))
            abort();
        break;
    }
}

/* What is read as a time is one of the calendar, written with what was read it is the same time, and the
 * converter of instants takes it only with a time of day. */
static void check_moment(struct str text, const struct convert_context *ctx)
{
    static const struct converter instant = {.kind = CONVERT_INSTANT};
    const struct candidate one = {.text = text};
    struct converted out;
    struct moment m, again;
    struct str written;

    if (!moment_read(text, &m))
        return;
    if (!civil_valid(&m.local) || m.precision < MOMENT_YEAR || m.precision > MOMENT_SECOND ||
        m.offset_s > 50400 || m.offset_s < -50400)
        abort();
    written = arena_printf(ctx->arena, "%04d%02d%02d%02d%02d%02d", m.local.year, m.local.month,
                           m.local.day, m.local.hour, m.local.minute, m.local.second);
    if (!moment_read(written, &again) || memcmp(&again.local, &m.local, sizeof m.local) != 0)
        abort();
    if (convert_run(&instant, 1, ctx, &one, &out) && m.precision < MOMENT_HOUR)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct str offered[] = {STR_LIT("zh-TW"), STR_LIT("en")};
    struct arena a = {0};
    struct convert_context ctx = {
        .arena = &a,
        .zone = zone_find("America/New_York"),
        .country = "TW",
        .area = STR("02"),
        .site_language = STR("en"),
        .offered = offered,
        .n_offered = 2,
        .keyspace = STR("main"),
        .message_ms = 1740788100000,
        .key = STR("tidings-test-key"),
        .domain = STR("patient"),
    };
    struct str in = {"", 0}, parts[XTN_MOST], rest;
    struct candidate one;
    struct converted out;
    struct converter c = {.from = 2, .to = 5};
    size_t n = 0;

    if (size > 1)
        in = (struct str){(const char *)data + 1, size - 1};
    c.kind = (enum convert_kind)(CONVERT_TEXT + (size ? data[0] % 10 : 0));
    for (rest = in; rest.p && n < XTN_MOST;)
        parts[n++] = str_cut(&rest, 0x1F);
    one = (struct candidate){.text = in};
    if (c.kind == CONVERT_PHONE && n > 1)
        one = (struct candidate){.xtn = parts, .n_xtn = n};
    check_moment(in, &ctx);
    if (convert_run(&c, 1, &ctx, &one, &out))
        check(&c, &ctx, in, out.text);
    else if (!out.reason || out.text.p)
        abort();
    arena_reset(&a);
    return 0;
}
