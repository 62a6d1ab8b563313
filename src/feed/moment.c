#include "feed/moment.h"

/* Takes exactly n digits off the front. */
static bool take_number(struct str *s, size_t n, int *out)
{
    int value = 0;

    if (s->n < n)
        return false;
    for (size_t i = 0; i < n; i++) {
        if (s->p[i] < '0' || s->p[i] > '9')
            return false;
        value = value * 10 + (s->p[i] - '0');
    }
    *s = (struct str){s->p + n, s->n - n};
    *out = value;
    return true;
}

static bool take_char(struct str *s, char c)
{
    if (!s->n || s->p[0] != c)
        return false;
    *s = (struct str){s->p + 1, s->n - 1};
    return true;
}

/* [.s…]: at least one digit when there is a point. */
static bool skip_fraction(struct str *s)
{
    int digit;

    if (!take_char(s, '.'))
        return true;
    if (!take_number(s, 1, &digit))
        return false;
    while (take_number(s, 1, &digit))
        ;
    return true;
}

/* "+0800", or "+08:00" with a colon; what is left must be nothing. */
static bool take_offset(struct str *s, bool colon, struct moment *m)
{
    int sign = take_char(s, '-') ? -1 : 1, hours, minutes;

    if (sign > 0 && !take_char(s, '+'))
        return false;
    if (!take_number(s, 2, &hours) || (colon && !take_char(s, ':')) || !take_number(s, 2, &minutes))
        return false;
    if (minutes > 59 || hours * 60 + minutes > 14 * 60)
        return false;
    m->has_offset = true;
    m->offset_s = sign * (hours * 3600 + minutes * 60);
    return s->n == 0;
}

static bool read_hl7(struct str s, struct moment *m)
{
    int *const parts[] = {&m->local.month, &m->local.day, &m->local.hour, &m->local.minute,
                          &m->local.second};

    m->precision = MOMENT_YEAR;
    for (size_t i = 0; i < 5 && s.n && s.p[0] >= '0' && s.p[0] <= '9'; i++) {
        if (!take_number(&s, 2, parts[i]))
            return false;
        m->precision = (enum moment_precision)(MOMENT_MONTH + i);
    }
    if (m->precision == MOMENT_SECOND && !skip_fraction(&s))
        return false;
    if (s.n == 0)
        return true;
    return m->precision >= MOMENT_HOUR && take_offset(&s, false, m);
}

static bool read_fhir_time(struct str s, struct moment *m)
{
    if (!take_number(&s, 2, &m->local.hour) || !take_char(&s, ':') ||
        !take_number(&s, 2, &m->local.minute) || !take_char(&s, ':') ||
        !take_number(&s, 2, &m->local.second) || !skip_fraction(&s))
        return false;
    m->precision = MOMENT_SECOND;
    if (s.n == 0)
        return true;
    if (take_char(&s, 'Z')) {
        m->has_offset = true;
        return s.n == 0;
    }
    return take_offset(&s, true, m);
}

static bool read_fhir(struct str s, struct moment *m)
{
    m->fhir = true;
    m->precision = MOMENT_MONTH;
    if (!take_char(&s, '-') || !take_number(&s, 2, &m->local.month))
        return false;
    if (s.n == 0)
        return true;
    m->precision = MOMENT_DAY;
    if (!take_char(&s, '-') || !take_number(&s, 2, &m->local.day))
        return false;
    return s.n == 0 || (take_char(&s, 'T') && read_fhir_time(s, m));
}

bool moment_read(struct str text, struct moment *out)
{
    struct str s = text;

    *out = (struct moment){.local = {.month = 1, .day = 1}};
    if (!take_number(&s, 4, &out->local.year))
        return false;
    if (s.n && s.p[0] == '-' ? !read_fhir(s, out) : !read_hl7(s, out))
        return false;
    return civil_valid(&out->local);
}

int64_t moment_unix(const struct moment *m)
{
    return civil_to_unix(&m->local) - m->offset_s;
}

struct str moment_write(const struct zone *z, int64_t unix_s, struct arena *a)
{
    struct civil c;
    int offset, minutes;

    zone_from_unix(z, unix_s, &c, &offset);
    if (offset % 60) { /* local mean time of long ago: RFC 3339 offsets have no seconds */
        int ignored;

        offset -= offset % 60;
        zone_from_unix(zone_find("UTC"), unix_s + offset, &c, &ignored);
    }
    minutes = (offset < 0 ? -offset : offset) / 60;
    return arena_printf(a, "%04d-%02d-%02dT%02d:%02d:%02d%c%02d:%02d[%s]", c.year, c.month, c.day,
                        c.hour, c.minute, c.second, offset < 0 ? '-' : '+', minutes / 60,
                        minutes % 60, zone_name(z));
}

bool moment_read_ours(struct str text, int64_t *unix_s)
{
    struct str rest = text, stamp = str_cut(&rest, '[');
    struct moment m;

    if (rest.n < 2 || rest.p[rest.n - 1] != ']' || !moment_read(stamp, &m) || !m.fhir ||
        !m.has_offset)
        return false;
    *unix_s = moment_unix(&m);
    return true;
}

int moment_compare(int64_t unix_s, const struct moment *m, const struct zone *zone)
{
    const struct zone *z = m->has_offset ? zone_find("UTC") : zone;
    struct civil c;
    int offset;

    zone_from_unix(z, m->has_offset ? unix_s + m->offset_s : unix_s, &c, &offset);

    const int now[] = {c.year, c.month, c.day, c.hour, c.minute, c.second};
    const int then[] = {m->local.year, m->local.month,  m->local.day,
                        m->local.hour, m->local.minute, m->local.second};

    for (int i = 0; i < (int)m->precision; i++)
        if (now[i] != then[i])
            return now[i] < then[i] ? -1 : 1;
    return 0;
}
