/* Every change of the clock from 1990 to 2035 in zones of six continents, as the C library reads tzdata,
 * against our zones, our instants and our way to write them. */
#include <stdlib.h>
#include <time.h>

#include "check.h"
#include "feed/convert.h"
#include "feed/moment.h"

enum { QUARTER = 900, AROUND = 5 * 3600, SCAN = 6 * 3600 };

static const int64_t from = 631152000, to = 2051222400; /* 1990, 2035 */

static const struct {
    const char *name;
    int most, least; /* changes; what was decided later than the oldest tzdata in use may differ */
} zones[] = {
    {"America/New_York", 100, 80}, {"America/Santiago", 120, 60},    {"America/Sao_Paulo", 100, 30},
    {"Europe/London", 100, 80},    {"Europe/Dublin", 100, 80},       {"Africa/Casablanca", 300, 60},
    {"Africa/Cairo", 200, 40},     {"Asia/Tehran", 120, 30},         {"Asia/Gaza", 400, 60},
    {"Australia/Sydney", 120, 80}, {"Australia/Lord_Howe", 120, 80}, {"Pacific/Apia", 60, 5},
    {"Pacific/Auckland", 120, 80}, {"Antarctica/Troll", 200, 40},    {"Asia/Taipei", 0, 0},
};

struct tally {
    int gaps, folds, unique, wrong;
};

/* The offset at a time, by the C library and its TZ. */
static int64_t offset_at(int64_t unix_s)
{
    time_t t = (time_t)unix_s;
    struct tm tm = {0};

    localtime_r(&t, &tm);
    return tm.tm_gmtoff;
}

/* The first second with another offset than `a` has; both ends differ. */
static int64_t bisect(int64_t a, int64_t b)
{
    int64_t first = offset_at(a);

    while (b - a > 1) {
        int64_t middle = a + (b - a) / 2;

        if (offset_at(middle) == first)
            a = middle;
        else
            b = middle;
    }
    return b;
}

/* What the instant converter makes of a time without an offset. */
static const char *convert(const struct zone *z, const struct civil *c, struct arena *a,
                           struct str *text)
{
    static const struct converter instant = {.kind = CONVERT_INSTANT};
    const struct convert_context ctx = {.arena = a, .zone = z};
    struct candidate in = {0};
    struct converted out;

    in.text = arena_printf(a, "%04d%02d%02d%02d%02d%02d", c->year, c->month, c->day, c->hour,
                           c->minute, c->second);
    (void)convert_run(&instant, 1, &ctx, &in, &out);
    *text = out.text;
    return out.reason ? out.reason : "";
}

/* One local time near a change: a Unix time is one of it if its own offset leads back to it. */
static void check_local(const struct zone *z, int64_t local, int64_t before, int64_t after,
                        struct tally *t)
{
    bool by_before = offset_at(local - before) == before,
         by_after = offset_at(local - after) == after;
    int64_t want = by_before || !by_after ? local - before : local - after, got = 0, back = 0;
    enum zone_local is =
        by_before == by_after ? by_before ? ZONE_REPEATED : ZONE_SKIPPED : ZONE_UNIQUE;
    struct arena a = {0};
    const char *reason;
    struct civil c;
    struct str text;
    int offset;

    zone_from_unix(zone_find("UTC"), local, &c, &offset);
    t->wrong += zone_to_unix(z, &c, &got) != is || got != want;
    reason = convert(z, &c, &a, &text);
    if (is == ZONE_UNIQUE)
        t->wrong += reason[0] || !moment_read_ours(text, &back) || back != want;
    else
        t->wrong += strcmp(reason, is == ZONE_SKIPPED ? "instant.gap" : "instant.fold") != 0;
    t->unique += is == ZONE_UNIQUE;
    t->gaps += is == ZONE_SKIPPED;
    t->folds += is == ZONE_REPEATED;
    arena_reset(&a);
}

/* What we write of a Unix time has the C library's offset, and reads back as it. */
static void check_written(const struct zone *z, int64_t unix_s, struct tally *t)
{
    struct arena a = {0};
    struct str text = moment_write(z, unix_s, &a);
    int64_t back = 0;
    struct civil c;
    int offset;

    zone_from_unix(z, unix_s, &c, &offset);
    t->wrong += offset != offset_at(unix_s) || !moment_read_ours(text, &back) || back != unix_s;
    arena_reset(&a);
}

static int check_zone(const struct zone *z, struct tally *t)
{
    int changes = 0;

    for (int64_t s = from; s < to; s += SCAN) {
        int64_t at, before, after;

        if (offset_at(s) == offset_at(s + SCAN))
            continue;
        at = bisect(s, s + SCAN);
        before = offset_at(at - 1);
        after = offset_at(at);
        changes++;
        for (int64_t d = -AROUND; d <= AROUND; d += QUARTER) {
            check_local(z, at + before + d, before, after, t);
            check_written(z, at + d, t);
        }
        check_written(z, at - 1, t);
    }
    return changes;
}

static void test_changes(void)
{
    struct tally all = {0};

    for
        EACH (i, zones) {
            const struct zone *z = zone_find(zones[i].name);
            struct tally t = {0};
            int changes;

            CHECK(z != NULL, "%s", zones[i].name);
            setenv("TZ", zones[i].name, 1);
            tzset();
            changes = check_zone(z, &t);
            CHECK(t.wrong == 0, "%s: %d wrong", zones[i].name, t.wrong);
            CHECK(changes >= zones[i].least && changes <= zones[i].most, "%s: %d changes",
                  zones[i].name, changes);
            CHECK(changes == 0 || (t.gaps && t.folds), "%s: %d gaps, %d folds", zones[i].name,
                  t.gaps, t.folds);
            all.gaps += t.gaps;
            all.folds += t.folds;
        }
    CHECK(all.gaps > 1000 && all.folds > 1000, "%d gaps, %d folds", all.gaps, all.folds);
}

int main(void)
{
    test_changes();
    return check_end();
}
