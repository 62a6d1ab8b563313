#include "shift.h"

#include <stdio.h>
#include <time.h>

#include "zone/zone.h"

enum { DAY_S = 86400, AHEAD_DAYS = 3 };

static bool digits(struct str s, size_t at, size_t n, int *out)
{
    *out = 0;
    if (at + n > s.n)
        return false;
    for (size_t i = at; i < at + n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9')
            return false;
        *out = *out * 10 + (s.p[i] - '0');
    }
    return true;
}

static bool is_digit(struct str s, size_t at)
{
    return at < s.n && s.p[at] >= '0' && s.p[at] <= '9';
}

/* YYYYMMDDhhmm at `at`, and as many digits as make 12 or 14 in all. */
static bool hl7_time(struct str s, size_t at, struct civil *c)
{
    size_t n = 0;

    *c = (struct civil){0};
    while (is_digit(s, at + n))
        n++;
    return (n == 12 || n == 14) && digits(s, at, 4, &c->year) && digits(s, at + 4, 2, &c->month) &&
           digits(s, at + 6, 2, &c->day) && digits(s, at + 8, 2, &c->hour) &&
           digits(s, at + 10, 2, &c->minute) && c->year >= 1900 && c->year < 2200 && civil_valid(c);
}

/* YYYY-MM-DDThh:mm at `at`. */
static bool fhir_time(struct str s, size_t at, struct civil *c)
{
    *c = (struct civil){0};
    return at + 16 <= s.n && s.p[at + 4] == '-' && s.p[at + 7] == '-' && s.p[at + 10] == 'T' &&
           s.p[at + 13] == ':' && digits(s, at, 4, &c->year) && digits(s, at + 5, 2, &c->month) &&
           digits(s, at + 8, 2, &c->day) && digits(s, at + 11, 2, &c->hour) &&
           digits(s, at + 14, 2, &c->minute) && civil_valid(c);
}

static void moved(const struct civil *c, int64_t days, struct tm *out)
{
    time_t t = (time_t)(civil_to_unix(c) + days * DAY_S);

    gmtime_r(&t, out);
}

static int64_t days_behind(int64_t then_s, int64_t now_ms)
{
    int64_t behind = now_ms / 1000 - then_s;

    return behind >= 0 ? behind / DAY_S : -((-behind + DAY_S - 1) / DAY_S);
}

static struct str msh7(struct str text)
{
    struct str msh = text, field = {NULL, 0};
    const char *end = text.n ? memchr(text.p, '\r', text.n) : NULL;

    if (text.n < 9)
        return field;
    if (end)
        msh.n = (size_t)(end - text.p);
    for (int i = 0; i < 7 && msh.p; i++)
        field = str_cut(&msh, text.p[3]);
    return field;
}

struct str shift_hl7(struct str text, int64_t now_ms, struct arena *a)
{
    struct str out = arena_copy(a, text), sent = msh7(text);
    char *to = (char *)out.p;
    struct civil c;
    int64_t days;

    if (!sent.p || !hl7_time(sent, 0, &c))
        return out;
    days = days_behind(civil_to_unix(&c), now_ms);
    for (size_t i = 1; i < text.n; i++) {
        char date[16];
        struct tm tm;

        if (is_digit(text, i - 1) || !hl7_time(text, i, &c))
            continue;
        moved(&c, days, &tm);
        (void)strftime(date, sizeof date, "%Y%m%d", &tm);
        memcpy(to + i, date, 8);
    }
    return out;
}

/* Days to move a JSON text by. */
static int64_t fhir_days(struct str json, int64_t now_ms)
{
    static const struct str names[] = {STR_LIT("\"lastUpdated\""), STR_LIT("\"timestamp\""),
                                       STR_LIT("\"issued\"")};
    int64_t first = INT64_MAX;
    struct civil c;

    for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
        const char *at = memmem(json.p, json.n, names[k].p, names[k].n);
        size_t from = at ? (size_t)(at - json.p) + names[k].n : json.n;

        for (size_t i = from; i < json.n && i < from + 8; i++) {
            if (fhir_time(json, i, &c))
                return days_behind(civil_to_unix(&c), now_ms);
        }
    }
    for (size_t i = 0; i < json.n; i++) {
        if (fhir_time(json, i, &c) && civil_to_unix(&c) < first)
            first = civil_to_unix(&c);
    }
    return first == INT64_MAX ? 0 : days_behind(first, now_ms) + AHEAD_DAYS;
}

struct str shift_fhir(struct str json, int64_t now_ms, struct arena *a)
{
    struct str out = arena_copy(a, json);
    int64_t days = fhir_days(json, now_ms);
    char *to = (char *)out.p;
    struct civil c;

    for (size_t i = 0; i < json.n; i++) {
        char date[16];
        struct tm tm;

        if (!fhir_time(json, i, &c))
            continue;
        moved(&c, days, &tm);
        (void)strftime(date, sizeof date, "%Y-%m-%d", &tm);
        memcpy(to + i, date, 10);
    }
    return out;
}
