#include "check.h"
#include "zone/zone.h"

static const char *text(const struct zone *z, int64_t unix_s, char out[64])
{
    struct civil c;
    int offset;

    zone_from_unix(z, unix_s, &c, &offset);
    snprintf(out, 64, "%04d-%02d-%02d %02d:%02d:%02d %+d", c.year, c.month, c.day, c.hour, c.minute,
             c.second, offset);
    return out;
}

/* Gaps and folds, from the tzdata rules of each zone. */
static void test_local(void)
{
    static const struct {
        const char *zone;
        struct civil at;
        enum zone_local is;
        int64_t unix_s;
        const char *back; /* as that zone's clock shows unix_s */
    } cases[] = {
        {"Asia/Taipei",
         {2025, 3, 4, 9, 30, 0},
         ZONE_UNIQUE,
         1741051800,
         "2025-03-04 09:30:00 +28800"},
        /* Taipei had summer time from 1 July to 30 September 1979. */
        {"Asia/Taipei",
         {1979, 7, 1, 0, 30, 0},
         ZONE_SKIPPED,
         299608200,
         "1979-07-01 01:30:00 +32400"},
        {"Asia/Taipei",
         {1979, 8, 1, 0, 30, 0},
         ZONE_UNIQUE,
         302283000,
         "1979-08-01 00:30:00 +32400"},
        {"Asia/Taipei",
         {1979, 9, 30, 23, 30, 0},
         ZONE_REPEATED,
         307549800,
         "1979-09-30 23:30:00 +32400"},
        {"America/New_York",
         {2025, 3, 9, 1, 59, 59},
         ZONE_UNIQUE,
         1741503599,
         "2025-03-09 01:59:59 -18000"},
        {"America/New_York",
         {2025, 3, 9, 2, 30, 0},
         ZONE_SKIPPED,
         1741505400,
         "2025-03-09 03:30:00 -14400"},
        {"America/New_York",
         {2025, 3, 9, 3, 0, 0},
         ZONE_UNIQUE,
         1741503600,
         "2025-03-09 03:00:00 -14400"},
        {"America/New_York",
         {2025, 11, 2, 1, 30, 0},
         ZONE_REPEATED,
         1762061400,
         "2025-11-02 01:30:00 -14400"},
        {"America/New_York",
         {2025, 11, 2, 2, 0, 0},
         ZONE_UNIQUE,
         1762066800,
         "2025-11-02 02:00:00 -18000"},
        {"Europe/London",
         {2025, 3, 30, 1, 0, 0},
         ZONE_SKIPPED,
         1743296400,
         "2025-03-30 02:00:00 +3600"},
        {"Europe/London",
         {2025, 3, 30, 2, 0, 0},
         ZONE_UNIQUE,
         1743296400,
         "2025-03-30 02:00:00 +3600"},
        {"Europe/London",
         {2025, 10, 26, 1, 30, 0},
         ZONE_REPEATED,
         1761438600,
         "2025-10-26 01:30:00 +3600"},
        {"Europe/London",
         {2025, 10, 26, 0, 59, 59},
         ZONE_UNIQUE,
         1761436799,
         "2025-10-26 00:59:59 +3600"},
        /* Lord Howe Island moves by half an hour. */
        {"Australia/Lord_Howe",
         {2025, 10, 5, 2, 15, 0},
         ZONE_SKIPPED,
         1759592700,
         "2025-10-05 02:45:00 +39600"},
        {"Australia/Lord_Howe",
         {2025, 10, 5, 2, 30, 0},
         ZONE_UNIQUE,
         1759591800,
         "2025-10-05 02:30:00 +39600"},
        {"Australia/Lord_Howe",
         {2025, 4, 6, 1, 45, 0},
         ZONE_REPEATED,
         1743864300,
         "2025-04-06 01:45:00 +39600"},
        {"Australia/Lord_Howe",
         {2025, 4, 6, 1, 29, 59},
         ZONE_UNIQUE,
         1743863399,
         "2025-04-06 01:29:59 +39600"},
        {"Asia/Kathmandu",
         {2025, 1, 1, 0, 0, 0},
         ZONE_UNIQUE,
         1735668900,
         "2025-01-01 00:00:00 +20700"},
    };
    char back[64];

    for
        EACH (i, cases) {
            const struct zone *z = zone_find(cases[i].zone);
            int64_t unix_s = 0;
            enum zone_local is;

            CHECK(z, "%s", cases[i].zone);
            if (!z)
                continue;
            is = zone_to_unix(z, &cases[i].at, &unix_s);
            CHECK(is == cases[i].is, "case %zu: %d", i, is);
            CHECK(unix_s == cases[i].unix_s, "case %zu: %lld", i, (long long)unix_s);
            CHECK(strcmp(text(z, unix_s, back), cases[i].back) == 0, "case %zu: %s", i, back);
        }
}

/* Every local quarter of an hour of a year: unique ones come back, and only one gap and one fold a
 * year. */
static void test_round_trip(void)
{
    static const struct {
        const char *zone;
        int gap, fold;
    } cases[] = {
        {"Asia/Taipei", 0, 0},
        {"America/New_York", 4, 4},
        {"Europe/London", 4, 4},
        {"Australia/Lord_Howe", 2, 2},
    };

    for
        EACH (i, cases) {
            const struct zone *z = zone_find(cases[i].zone);
            struct civil start = {2025, 1, 1, 0, 0, 0}, c, back;
            int64_t utc = civil_to_unix(&start), unix_s;
            int gaps = 0, folds = 0, wrong = 0, offset;

            for (int64_t t = utc; t < utc + 365 * 86400; t += 900) {
                zone_from_unix(zone_find("UTC"), t, &c, &offset);
                switch (zone_to_unix(z, &c, &unix_s)) {
                case ZONE_SKIPPED:
                    gaps++;
                    break;
                case ZONE_REPEATED:
                    folds++;
                    break;
                case ZONE_UNIQUE:
                    zone_from_unix(z, unix_s, &back, &offset);
                    wrong += memcmp(&back, &c, sizeof c) != 0 || unix_s + offset != t;
                    break;
                }
            }
            CHECK(gaps == cases[i].gap && folds == cases[i].fold, "%s: %d gaps, %d folds",
                  cases[i].zone, gaps, folds);
            CHECK(wrong == 0, "%s: %d quarters do not come back", cases[i].zone, wrong);
        }
}

static void test_names(void)
{
    static const char *const bad[] = {
        "",
        "Taipei",
        "asia/taipei",
        "Asia/Nowhere",
        "Asia",
        "localtime",
        "libc:localtime",
        "/etc/localtime",
        "../zoneinfo/UTC",
        "Asia/../UTC",
        "Fixed/UTC+08:00:00",
        "file:UTC",
        "posixrules",
        "posix/UTC",
        "right/UTC",
        "zone.tab",
        "Factory",
        "Asia/Taipei ",
    };
    static const char *const good[] = {"UTC", "Asia/Taipei", "America/Argentina/Buenos_Aires",
                                       "Etc/GMT+8", "America/Port-au-Prince"};

    for
        EACH (i, bad)
            CHECK(!zone_find(bad[i]), "`%s` is no zone", bad[i]);
    CHECK(!zone_find(NULL), "NULL");
    for
        EACH (i, good)
            CHECK(zone_find(good[i]) && strcmp(zone_name(zone_find(good[i])), good[i]) == 0, "%s",
                  good[i]);
    CHECK(zone_find("UTC") == zone_find("UTC"), "the same zone twice");
}

static void test_civil(void)
{
    static const struct {
        struct civil c;
        bool valid;
    } cases[] = {
        {{2024, 2, 29, 0, 0, 0}, true},    {{2025, 2, 29, 0, 0, 0}, false},
        {{2000, 2, 29, 0, 0, 0}, true},    {{1900, 2, 29, 0, 0, 0}, false},
        {{2025, 4, 31, 0, 0, 0}, false},   {{2025, 13, 1, 0, 0, 0}, false},
        {{2025, 0, 1, 0, 0, 0}, false},    {{2025, 1, 0, 0, 0, 0}, false},
        {{2025, 1, 1, 24, 0, 0}, false},   {{2025, 1, 1, 23, 60, 0}, false},
        {{2025, 1, 1, 23, 59, 60}, false}, {{2025, 12, 31, 23, 59, 59}, true},
        {{0, 1, 1, 0, 0, 0}, false},       {{10000, 1, 1, 0, 0, 0}, false},
        {{2025, 1, 1, -1, 0, 0}, false},
    };
    struct civil epoch = {1970, 1, 1, 0, 0, 0}, leap = {2024, 2, 29, 12, 0, 1};

    for
        EACH (i, cases)
            CHECK(civil_valid(&cases[i].c) == cases[i].valid, "case %zu", i);
    CHECK(civil_to_unix(&epoch) == 0, "epoch");
    CHECK(civil_to_unix(&leap) == 1709208001, "%lld", (long long)civil_to_unix(&leap));
}

int main(void)
{
    test_local();
    test_round_trip();
    test_names();
    test_civil();
    return check_end();
}
