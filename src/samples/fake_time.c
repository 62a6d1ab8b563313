/* Times moved by days. */
#include "samples/fake.h"

#include <stdio.h>

#include "dice.h"
#include "feed/moment.h"

enum { YEAR_FIRST = 1900, YEAR_LAST = 2100, DAY_S = 86400, BIRTH_DAYS = 1095 };

/* The calendar of a day counted from 1970-01-01 (Hinnant, "chrono-compatible low-level date algorithms"). */
static void civil_of_day(int64_t day, int *y, int *m, int *d)
{
    int64_t z = day + 719468;
    int64_t era = (z >= 0 ? z : z - 146096) / 146097;
    int64_t doe = z - era * 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int64_t mp = (5 * doy + 2) / 153;

    *d = (int)(doy - (153 * mp + 2) / 5 + 1);
    *m = (int)(mp < 10 ? mp + 3 : mp - 9);
    *y = (int)(yoe + era * 400 + (*m <= 2));
}

static struct str moved(struct str text, const struct moment *t, int days, struct arena *a)
{
    struct civil local = t->local;
    int y, m, d;
    size_t n = t->fhir ? 10 : 8;

    local.hour = local.minute = local.second = 0;
    civil_of_day(civil_to_unix(&local) / DAY_S + days - (civil_to_unix(&local) % DAY_S < 0), &y, &m,
                 &d);
    return arena_printf(a, t->fhir ? "%04d-%02d-%02d" STR_FMT : "%04d%02d%02d" STR_FMT, y, m, d,
                        STR_ARG(((struct str){text.p + n, text.n - n})));
}

static bool read_day(struct str text, struct moment *t)
{
    return text.n >= 8 && moment_read(text, t) && t->precision >= MOMENT_DAY &&
           t->local.year >= YEAR_FIRST && t->local.year <= YEAR_LAST;
}

bool fake_time(const struct fake *f, struct str text, struct arena *a, struct str *out)
{
    struct moment t;

    if (!read_day(text, &t))
        return false;
    *out = moved(text, &t, f->shift_days, a);
    return true;
}

bool fake_birth(const struct fake *f, struct str text, struct arena *a, struct str *out)
{
    struct str day = {text.p, text.n > 8 && text.p[4] != '-' ? 8 : text.n};
    struct moment t;
    struct dice d;
    int days;

    dice_init(&d, f, "birth", day, 0);
    days = 1 + (int)dice_of(&d, BIRTH_DAYS);
    if (dice_of(&d, 2))
        days = -days;
    if (read_day(text, &t)) {
        *out = moved(text, &t, days, a);
        return true;
    }
    if (!moment_read(text, &t) || text.n < 4) /* a year, or a year and a month */
        return false;
    *out =
        arena_printf(a, "%04d" STR_FMT, t.local.year + (days < 0 ? -1 : 1) * (1 + days * days % 3),
                     STR_ARG(((struct str){text.p + 4, text.n - 4})));
    return true;
}
