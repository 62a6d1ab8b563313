#include <stdio.h>

#include "leak.h"
#include "unicode.h"

enum {
    DATE_DIGITS = 8,
    INSTANT_DIGITS = 12,
    LEAF_MOST = 4096, /* a longer field is compared whole, not by its digits */
    PHONE_MOST = 64,  /* no number is longer, with all its blanks and brackets */
    PHONE_SUFFIX = 5, /* so many last digits in common: one number in two forms */
    PHONE_SHORTEST = 4,
};

static bool digit(char c)
{
    return c >= '0' && c <= '9';
}

static char upper(char c)
{
    return c >= 'a' && c <= 'z' ? (char)(c - 32) : c;
}

/* ---- digits ---- */

/* Takes `n` digits off the front, with one separator of `between` before each pair but the first four. */
static bool take(struct str *s, size_t n, char *out, const char *between)
{
    for (size_t i = 0; i < n; i++) {
        if (i && s->n && between && s->p[0] && strchr(between, s->p[0]))
            *s = (struct str){s->p + 1, s->n - 1};
        if (!s->n || !digit(s->p[0]))
            return false;
        out[i] = s->p[0];
        *s = (struct str){s->p + 1, s->n - 1};
    }
    return true;
}

static int number(const char *p, size_t n)
{
    int v = 0;

    for (size_t i = 0; i < n; i++)
        v = 10 * v + (p[i] - '0');
    return v;
}

/* A date and time with an offset, as HL7, FHIR or we ourselves write it. */
static bool read_instant(struct str s, char digits[INSTANT_DIGITS], int64_t *unix_s)
{
    char offset[4] = "0000", seconds[2];
    struct civil c = {0};
    int east;

    if (!take(&s, INSTANT_DIGITS, digits, "-T:"))
        return false;
    if (s.n && s.p[0] == ':')
        s = (struct str){s.p + 1, s.n - 1};
    if (s.n && digit(s.p[0]) && !take(&s, 2, seconds, NULL))
        return false;
    while (s.n && (s.p[0] == '.' || digit(s.p[0])))
        s = (struct str){s.p + 1, s.n - 1};
    if (!s.n || !strchr("+-Zz", s.p[0]))
        return false;
    east = s.p[0] == '-' ? -1 : 1;
    if (s.p[0] == '+' || s.p[0] == '-') {
        s = (struct str){s.p + 1, s.n - 1};
        if (!take(&s, 4, offset, ":"))
            return false;
    }
    c = (struct civil){number(digits, 4),     number(digits + 4, 2),  number(digits + 6, 2),
                       number(digits + 8, 2), number(digits + 10, 2), 0};
    *unix_s = civil_to_unix(&c) - east * 60 * (60 * number(offset, 2) + number(offset + 2, 2));
    return true;
}

static size_t digits_of(struct str s, char *out, size_t most)
{
    size_t n = 0;

    for (size_t i = 0; i < s.n && n < most; i++)
        if (digit(s.p[i]))
            out[n++] = s.p[i];
    return n;
}

static bool contains(struct str all, struct str part)
{
    return part.n && all.n >= part.n && memmem(all.p, all.n, part.p, part.n) != NULL;
}

/* ---- slots ---- */

static bool is_key(struct str s)
{
    if (s.n != 35 || !str_starts(s, STR("pk_")))
        return false;
    for (size_t i = 3; i < s.n; i++)
        if (!digit(s.p[i]) && (s.p[i] < 'a' || s.p[i] > 'f'))
            return false;
    return true;
}

/* [A-Z]{0,2}[0-9]{1,5} */
static bool is_ticket(struct str s)
{
    size_t letters = 0;

    while (letters < s.n && s.p[letters] >= 'A' && s.p[letters] <= 'Z')
        letters++;
    for (size_t i = letters; i < s.n; i++)
        if (!digit(s.p[i]))
            return false;
    return letters <= 2 && s.n > letters && s.n - letters <= 5;
}

static bool is_phone(struct str s)
{
    for (size_t i = 1; i < s.n; i++)
        if (!digit(s.p[i]))
            return false;
    return s.n >= 8 && s.n <= 16 && s.p[0] == '+';
}

static bool read_date(struct str s, struct sink *out)
{
    out->n_digits = DATE_DIGITS;
    return take(&s, DATE_DIGITS, out->digits, "-") && s.n == 0;
}

bool sink_of_slot(const struct slot *s, const struct slot_type *t, struct sink *out, bool *compare)
{
    *out = (struct sink){
        .what = LEAK_SLOT, .name = s->name, .slot = s, .ceiling = slot_ceiling(t->kind)};
    *compare = s->value.n > 0; /* nothing says nothing */
    if (!s->value.n)
        return true;
    switch (t->kind) {
    case SLOT_PHONE:
        if (!s->value.n) { /* known to be none: patient/1 */
            *compare = false;
            return t->carried && !t->required;
        }
        out->kind = SINK_PHONE;
        out->n_digits = digits_of(s->value, out->digits, sizeof out->digits);
        return is_phone(s->value);
    case SLOT_INSTANT:
        out->kind = SINK_INSTANT;
        out->n_digits = INSTANT_DIGITS;
        return read_instant(s->value, out->digits, &out->unix_s);
    case SLOT_DATE:
        out->kind = SINK_DATE;
        return read_date(s->value, out);
    case SLOT_TICKET:
    case SLOT_COUNT:
        out->kind = SINK_TEXT;
        return is_ticket(s->value);
    case SLOT_KEY:
        *compare = false;
        return is_key(s->value);
    case SLOT_CODE:
        *compare = false;
        return slot_code(t, s->value);
    case SLOT_TAG:
    case SLOT_SITE:
    case SLOT_FLAG:
        break;
    }
    *compare = false; /* the site and the language that follow from them are of a closed set */
    return true;
}

/* ---- what a template shows of them ---- */

static int month_named(struct str s)
{
    static const char names[] = "JanuaryFebruaryMarchAprilMayJuneJulyAugustSeptemberOctober"
                                "NovemberDecember";
    static const int ends[] = {0, 7, 15, 20, 25, 28, 32, 36, 42, 51, 58, 66, 74};

    for (int m = 1; m <= 12; m++)
        if (str_eq(s, (struct str){names + ends[m - 1], (size_t)(ends[m] - ends[m - 1])}))
            return m;
    return 0;
}

/* "3 February 2029, 11:11" and the like: the words between the numbers are the language's, not ours. */
static bool reads_as(struct str text, int year, int month, int day, struct str time)
{
    char zh[40], iso[24], word[16] = "";
    int d = 0, y = 0, end = 0;
    struct str rest;
    char copy[64];

    if (text.n >= sizeof copy)
        return false;
    memcpy(copy, text.p, text.n);
    copy[text.n] = '\0';
    (void)snprintf(zh, sizeof zh, "%d年%d月%d日", year, month, day);
    (void)snprintf(iso, sizeof iso, "%04d-%02d-%02d", year, month, day);
    if (str_starts(text, str_of(zh)))
        rest = (struct str){text.p + strlen(zh), text.n - strlen(zh)};
    else if (str_starts(text, str_of(iso)))
        rest = (struct str){text.p + 10, text.n - 10};
    else if (sscanf(copy, "%2d %15[A-Za-z] %4d%n", &d, word, &y, &end) == 3 && d == day &&
             y == year && month_named(str_of(word)) == month)
        rest = (struct str){text.p + end, text.n - (size_t)end};
    else
        return false;
    if (rest.n && rest.p[0] == ',')
        rest = (struct str){rest.p + 1, rest.n - 1};
    return str_eq(str_trim(rest), time);
}

bool sink_shown_as(const struct sink *s, struct str text)
{
    char time[8] = "";

    if (s->kind == SINK_TEXT)
        return str_eq(text, s->slot->value);
    if (s->kind == SINK_PHONE)
        return false;
    if (s->kind == SINK_INSTANT)
        (void)snprintf(time, sizeof time, "%.2s:%.2s", s->digits + 8, s->digits + 10);
    return reads_as(text, number(s->digits, 4), number(s->digits + 4, 2), number(s->digits + 6, 2),
                    str_of(time));
}

/* ---- does a field hold it? ---- */

static bool same_phone(const struct sink *s, struct str leaf)
{
    char digits[PHONE_MOST];
    size_t n, same = 0;

    if (leaf.n > PHONE_MOST)
        return false;
    n = digits_of(leaf, digits, sizeof digits);
    while (same < n && same < s->n_digits &&
           digits[n - 1 - same] == s->digits[s->n_digits - 1 - same])
        same++;
    return same >= PHONE_SUFFIX || (same == n && same >= PHONE_SHORTEST);
}

static bool same_text(const struct sink *s, struct str leaf, struct arena *a)
{
    struct str text = s->slot->value, digits;
    char *p;

    for (size_t at = 0; at + text.n <= leaf.n; at++) {
        size_t k = 0;

        while (k < text.n && upper(leaf.p[at + k]) == text.p[k])
            k++;
        if (k == text.n && (s->cut || leaf.n == text.n))
            return true;
        if (!s->cut)
            break;
    }
    if (leaf.n > LEAF_MOST || leaf.n < text.n)
        return false;
    p = arena_get(a, leaf.n, 1);
    digits = (struct str){p, digits_of(leaf, p, leaf.n)};
    return s->cut ? contains(digits, text) : str_eq(digits, text);
}

static bool same_time(const struct sink *s, struct str leaf, struct arena *a)
{
    char local[INSTANT_DIGITS], *p;
    int64_t unix_s;
    size_t n;

    if (leaf.n < s->n_digits || leaf.n > LEAF_MOST)
        return false;
    if (s->kind == SINK_INSTANT && read_instant(leaf, local, &unix_s) &&
        unix_s / 60 == s->unix_s / 60)
        return true;
    p = arena_get(a, leaf.n, 1);
    n = digits_of(leaf, p, leaf.n);
    return contains((struct str){p, n}, (struct str){s->digits, s->n_digits});
}

static bool table_gives(const struct sink *s, struct str from)
{
    struct table_row row;

    return table_find(s->table, from, &row) && str_eq(row.to, s->slot->value);
}

/* The table turns the field, as it stands or as converters leave it, or its digits, into the value. */
static bool by_table(const struct sink *s, const struct leaf *l)
{
    char digits[PHONE_MOST];

    if (table_gives(s, l->raw) || table_gives(s, unicode_trim(l->raw)) || table_gives(s, l->text))
        return true;
    if (l->text.n > sizeof digits)
        return false;
    return table_gives(s, (struct str){digits, digits_of(l->text, digits, sizeof digits)});
}

static bool holds_value(const struct sink *s, struct str leaf, struct arena *a)
{
    switch (s->kind) {
    case SINK_PHONE:
        return same_phone(s, leaf);
    case SINK_TEXT:
        return same_text(s, leaf, a);
    case SINK_DATE:
    case SINK_INSTANT:
        break;
    }
    return same_time(s, leaf, a);
}

bool sink_fits(const struct sink *s, const struct leaf *l, struct arena *a)
{
    if (s->table && by_table(s, l))
        return true;
    return holds_value(s, l->text, a) || (!str_eq(l->raw, l->text) && holds_value(s, l->raw, a));
}
