#include <stdio.h>

#include "instance.h"

struct day {
    int year, month, day, hour, minute;
    bool has_time;
};

/* Reads our own canonical texts: "2025-03-04" and "2025-03-04T09:30:00+08:00[Asia/Taipei]". */
static bool read_day(struct str s, struct day *out)
{
    char text[17] = "";

    if (s.n < 10)
        return false;
    memcpy(text, s.p, s.n < 16 ? 10 : 16);
    out->has_time = sscanf(text, "%4d-%2d-%2dT%2d:%2d", &out->year, &out->month, &out->day,
                           &out->hour, &out->minute) == 5;
    return out->has_time || sscanf(text, "%4d-%2d-%2d", &out->year, &out->month, &out->day) == 3;
}

struct str render_slot(const struct slot_type *slot, struct str value, struct str language,
                       struct arena *a)
{
    static const char *const months[] = {"January",   "February", "March",    "April",
                                         "May",       "June",     "July",     "August",
                                         "September", "October",  "November", "December"};
    struct str text;
    struct day d = {0};

    if ((slot->kind != SLOT_INSTANT && slot->kind != SLOT_DATE) || !read_day(value, &d) ||
        d.month < 1 || d.month > 12)
        return value;
    if (str_starts(language, STR("zh")))
        text = arena_printf(a, "%d年%d月%d日", d.year, d.month, d.day);
    else if (str_starts(language, STR("en")))
        text = arena_printf(a, "%d %s %d", d.day, months[d.month - 1], d.year);
    else
        text = arena_printf(a, "%04d-%02d-%02d", d.year, d.month, d.day);
    if (!d.has_time)
        return text;
    return arena_printf(a, STR_FMT "%s%02d:%02d", STR_ARG(text),
                        str_starts(language, STR("en")) ? ", " : " ", d.hour, d.minute);
}

static const struct param *param_named(const struct template *t, const struct param *params,
                                       struct str name, struct arena *a)
{
    for (size_t k = 0; k < t->n_params; k++) {
        struct str own = t->shown.named ? params[k].name : arena_printf(a, "%zu", k + 1);

        if (str_eq(own, name))
            return &params[k];
    }
    return NULL;
}

struct str render_body(const struct template *t, struct str body, const struct param *params,
                       struct arena *a)
{
    struct str out = {"", 0};

    while (body.n) {
        const char *open = memmem(body.p, body.n, "{{", 2);
        size_t head = open ? (size_t)(open - body.p) : body.n;
        struct str rest = {body.p + head, body.n - head};
        const char *close = open ? memmem(rest.p, rest.n, "}}", 2) : NULL;
        const struct param *p = NULL;
        struct str shown = {"", 0};

        if (close)
            p = param_named(t, params,
                            str_trim((struct str){rest.p + 2, (size_t)(close - rest.p) - 2}), a);
        if (p)
            shown = p->text;
        out = arena_printf(a, STR_FMT STR_FMT STR_FMT, STR_ARG(out), (int)head, body.p,
                           STR_ARG(shown));
        if (!close)
            return out;
        head += (size_t)(close - rest.p) + 2;
        body = (struct str){body.p + head, body.n - head};
    }
    return out;
}

bool render_fit(struct str text)
{
    for (size_t k = 0; k < text.n; k++) {
        unsigned char c = (unsigned char)text.p[k];
        unsigned char next = k + 1 < text.n ? (unsigned char)text.p[k + 1] : 0;

        if (c < ' ' || c == 0x7F || (c == 0xC2 && next < 0xA0)) /* C0, DEL, C1 */
            return false;
        if (c == 0xE2 && next == 0x80 && k + 2 < text.n &&
            ((unsigned char)text.p[k + 2] == 0xA8 || (unsigned char)text.p[k + 2] == 0xA9))
            return false; /* line and paragraph separator */
        if (text.n - k >= 4 && memcmp(text.p + k, "    ", 4) == 0)
            return false;
    }
    return text.n > 0;
}
