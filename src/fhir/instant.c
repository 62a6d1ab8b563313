#include "fhir/resource.h"

/* Reads exactly n digits at *at. */
static bool digits(struct str t, size_t *at, size_t n, int *out)
{
    *out = 0;
    if (t.n < n || *at > t.n - n)
        return false;
    for (size_t end = *at + n; *at < end; (*at)++) {
        if (t.p[*at] < '0' || t.p[*at] > '9')
            return false;
        *out = *out * 10 + (t.p[*at] - '0');
    }
    return true;
}

static bool sign(struct str t, size_t *at, char c)
{
    if (*at >= t.n || t.p[*at] != c)
        return false;
    (*at)++;
    return true;
}

static int days_in(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    return month == 2 && leap ? 29 : days[month - 1];
}

/* Days since 1970-01-01 of the proleptic Gregorian calendar. */
static int64_t days_since_epoch(int year, int month, int day)
{
    int64_t y = month <= 2 ? year - 1 : year, era = (y >= 0 ? y : y - 399) / 400;
    int64_t of_era = y - era * 400,
            of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

/* Milliseconds of an optional ".fff…". */
static bool fraction(struct str t, size_t *at, int *ms)
{
    int scale = 100;
    size_t from;

    *ms = 0;
    if (!sign(t, at, '.'))
        return true;
    from = *at;
    while (*at < t.n && t.p[*at] >= '0' && t.p[*at] <= '9') {
        *ms += (t.p[*at] - '0') * scale;
        scale /= 10;
        (*at)++;
    }
    return *at > from;
}

/* Minutes east of UTC. */
static bool offset(struct str t, size_t *at, int *minutes)
{
    int h, m, way;

    *minutes = 0;
    if (sign(t, at, 'Z'))
        return true;
    way = *at < t.n && t.p[*at] == '-' ? -1 : 1;
    if (!sign(t, at, way < 0 ? '-' : '+') || !digits(t, at, 2, &h) || !sign(t, at, ':') ||
        !digits(t, at, 2, &m) || h > 14 || m > 59)
        return false;
    *minutes = way * (h * 60 + m);
    return true;
}

bool fhir_instant_ms(struct str t, int64_t *unix_ms)
{
    int year, month, day, h, m, s, ms, minutes;
    size_t at = 0;

    if (!digits(t, &at, 4, &year) || !sign(t, &at, '-') || !digits(t, &at, 2, &month) ||
        !sign(t, &at, '-') || !digits(t, &at, 2, &day) || !sign(t, &at, 'T') ||
        !digits(t, &at, 2, &h) || !sign(t, &at, ':') || !digits(t, &at, 2, &m) ||
        !sign(t, &at, ':') || !digits(t, &at, 2, &s) || !fraction(t, &at, &ms) ||
        !offset(t, &at, &minutes) || at != t.n)
        return false;
    if (year < 1 || month < 1 || month > 12 || day < 1 || day > days_in(year, month) || h > 23 ||
        m > 59 || s > 60)
        return false;
    *unix_ms = ((days_since_epoch(year, month, day) * 24 + h) * 60 + m - minutes) * 60000 +
               (int64_t)s * 1000 + ms;
    return true;
}
