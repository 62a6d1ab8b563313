/* HL7 v2: works on the text between the separators, so what it does not know it cannot disturb. */
#include "samples/scrub.h"

#include <iconv.h>

#include "base/buf.h"
#include "base/utf8.h"
#include "hl7/header.h"
#include "looks_real.h"
#include "own.h"
#include "samples/place.h"

enum { OUT_MOST = 80 << 20 };

struct scrubbing {
    const struct fake *fake;
    struct arena *arena;
    struct hl7_separators sep;
    struct buf out;
    struct own own;
    struct str segment; /* "PID"; empty when the line has no segment name */
    unsigned field, component;
};

static bool is_mail(struct str s)
{
    const char *at = s.n ? memchr(s.p, '@', s.n) : NULL;

    return at && at > s.p && at + 1 < s.p + s.n && !memchr(s.p, ' ', s.n);
}

static bool holds(struct str s, bool digits)
{
    for (size_t i = 0; i < s.n; i++)
        if (digits ? s.p[i] >= '0' && s.p[i] <= '9'
                   : (s.p[i] | 0x20) >= 'a' && (s.p[i] | 0x20) <= 'z')
            return true;
    return false;
}

/* Unlisted: what it looks like decides. */
static struct str unknown(struct scrubbing *s, struct str leaf)
{
    struct str out;

    if (fake_time(s->fake, leaf, s->arena, &out))
        return out;
    if ((leaf.p[0] == '+' || leaf.p[0] == '0' || s->segment.p[0] == 'Z') && leaf.n >= 8 &&
        !holds(leaf, false) && fake_phone(s->fake, leaf, s->arena, &out))
        return out;
    if (is_mail(leaf))
        return fake_mail(s->fake, leaf, s->arena);
    if (holds(leaf, true) && !memchr(leaf.p, ' ', leaf.n))
        return fake_text(s->fake, FAKE_ID, leaf, s->sep.escape, s->arena);
    return fake_text(s->fake, FAKE_TEXT, leaf, s->sep.escape, s->arena);
}

static struct str birth(struct scrubbing *s, struct str leaf)
{
    struct str out;

    return fake_birth(s->fake, leaf, s->arena, &out)
               ? out
               : fake_text(s->fake, FAKE_ID, leaf, s->sep.escape, s->arena);
}

static struct str phone(struct scrubbing *s, struct str leaf)
{
    struct str out;

    if (is_mail(leaf))
        return fake_mail(s->fake, leaf, s->arena);
    return fake_phone(s->fake, leaf, s->arena, &out)
               ? out
               : fake_no_phone(s->fake, leaf, s->sep.escape, s->arena);
}

static struct str kept_code(struct scrubbing *s, struct str leaf)
{
    struct str out;

    if (place_code_like(leaf) && !looks_real(leaf))
        return leaf;
    return fake_time(s->fake, leaf, s->arena, &out)
               ? out
               : fake_text(s->fake, FAKE_TEXT, leaf, s->sep.escape, s->arena);
}

static struct str replaced_by_place(struct scrubbing *s, struct str leaf)
{
    struct str out;

    if (str_eq(leaf, STR("\"\"")) || leaf.n == 0)
        return leaf;
    switch (s->segment.n ? place_of(s->segment, s->field, s->component) : PLACE_UNKNOWN) {
    case PLACE_OPEN:
        return fake_time(s->fake, leaf, s->arena, &out) ? out : leaf;
    case PLACE_CODE:
        return kept_code(s, leaf);
    case PLACE_ID:
        return fake_text(s->fake, FAKE_ID, leaf, s->sep.escape, s->arena);
    case PLACE_NAME:
        return fake_text(s->fake, FAKE_NAME, leaf, s->sep.escape, s->arena);
    case PLACE_PHONE:
        return phone(s, leaf);
    case PLACE_MAIL:
        return is_mail(leaf) ? fake_mail(s->fake, leaf, s->arena) : unknown(s, leaf);
    case PLACE_BIRTH:
        return birth(s, leaf);
    case PLACE_UNKNOWN:
        break;
    }
    return unknown(s, leaf);
}

/* What is kept by its place is not, where the sender put the patient into it. */
static struct str replaced(struct scrubbing *s, struct str leaf)
{
    struct str out = replaced_by_place(s, leaf);

    return out.p == leaf.p && own_in(&s->own, leaf)
               ? fake_text(s->fake, FAKE_ID, leaf, s->sep.escape, s->arena)
               : out;
}

static void add(struct scrubbing *s, struct str text)
{
    (void)buf_add(&s->out, text);
}

/* Calls `each` for what stands between `sep`, and copies the separators. */
static void between(struct scrubbing *s, struct str text, char sep,
                    void (*each)(struct scrubbing *s, struct str part, unsigned n))
{
    unsigned n = 1;

    if (!sep) {
        each(s, text, n);
        return;
    }
    for (;;) {
        struct str part = str_cut(&text, sep);

        each(s, part, n++);
        if (!text.p)
            return;
        (void)buf_add_char(&s->out, sep);
    }
}

static void each_leaf(struct scrubbing *s, struct str leaf, unsigned n)
{
    (void)n;
    add(s, replaced(s, leaf));
}

static void each_component(struct scrubbing *s, struct str component, unsigned n)
{
    s->component = n;
    between(s, component, s->sep.subcomponent, each_leaf);
}

/* XTN with its number in parts: country code, area, number. They are one number, so they are replaced as
 * one, digit by digit. */
static bool phone_in_parts(struct scrubbing *s, struct str repetition, struct str *out)
{
    struct str rest = repetition, part[7], whole, fiction;
    char *to;
    size_t at;

    if (!s->sep.component || !place_is_phone_field(s->segment, s->field))
        return false;
    for (size_t i = 0; i < 7; i++)
        part[i] = str_cut(&rest, s->sep.component);
    if (!part[6].n)
        return false;
    whole = arena_printf(s->arena, "%s" STR_FMT STR_FMT STR_FMT, part[4].n ? "+" : "",
                         STR_ARG(part[4]), STR_ARG(part[5]), STR_ARG(part[6]));
    if (!fake_phone(s->fake, whole, s->arena, &fiction) || fiction.n != whole.n)
        fiction = fake_no_phone(s->fake, whole, s->sep.escape, s->arena);
    at = part[4].n ? 1 : 0;
    to = arena_get(s->arena, repetition.n, 1);
    memcpy(to, repetition.p, repetition.n);
    for (size_t i = 4; i < 7; i++) {
        if (part[i].n)
            memcpy(to + (part[i].p - repetition.p), fiction.p + at, part[i].n);
        at += part[i].n;
    }
    *out = (struct str){to, repetition.n};
    return true;
}

static void each_kept_part(struct scrubbing *s, struct str component, unsigned n)
{
    s->component = n;
    if (n >= 5 && n <= 7)
        add(s, component);
    else
        between(s, component, s->sep.subcomponent, each_leaf);
}

static void each_repetition(struct scrubbing *s, struct str repetition, unsigned n)
{
    struct str parts;

    (void)n;
    if (phone_in_parts(s, repetition, &parts))
        between(s, parts, s->sep.component, each_kept_part);
    else
        between(s, repetition, s->sep.component, each_component);
}

static void each_field(struct scrubbing *s, struct str field, unsigned n)
{
    if (n == 1) { /* the name of the segment */
        add(s, field);
        return;
    }
    s->field = n - 1;
    between(s, field, s->sep.repetition, each_repetition);
}

/* As the reader of messages takes it: lower case, too. False: no name. */
static bool read_name(struct str s, char name[4])
{
    name[0] = '\0';
    if (s.n != 3)
        return false;
    for (size_t i = 0; i < 3; i++) {
        char c = s.p[i] >= 'a' && s.p[i] <= 'z' ? (char)(s.p[i] - 32) : s.p[i];

        if (!((c >= 'A' && c <= 'Z') || (i && c >= '0' && c <= '9')))
            return false;
        name[i] = c;
    }
    name[3] = '\0';
    return true;
}

/* FHS, BHS and MSH: the first field is the separator, the second the others. */
static void each_header_field(struct scrubbing *s, struct str field, unsigned n)
{
    s->field = n;
    if (n <= 2)
        add(s, field);
    else
        between(s, field, s->sep.repetition, each_repetition);
}

static void one_segment(struct scrubbing *s, struct str line)
{
    struct str rest = line, name = str_cut(&rest, s->sep.field);
    char known[4];

    s->segment = read_name(name, known) ? (struct str){known, 3} : STR("");
    s->field = 1;
    s->component = 1;
    if (!s->segment.n) {
        between(s, line, s->sep.field, each_repetition);
    } else if (str_eq(s->segment, STR("MSH")) || str_eq(s->segment, STR("FHS")) ||
               str_eq(s->segment, STR("BHS"))) {
        between(s, line, s->sep.field, each_header_field);
    } else {
        between(s, line, s->sep.field, each_field);
    }
    s->segment = STR("");
}

/* The end of the first segment holds for all: a bare LF is content where that is CR. */
static struct str end_of_segments(struct str text)
{
    size_t n = 0;

    while (n < text.n && text.p[n] != '\r' && text.p[n] != '\n')
        n++;
    if (n < text.n && text.p[n] == '\n')
        return STR("\n");
    return n + 1 < text.n && text.p[n + 1] == '\n' ? STR("\r\n") : STR("\r");
}

static void all_segments(struct scrubbing *s, struct str text)
{
    struct str end = end_of_segments(text);

    while (text.n) {
        const char *at = memmem(text.p, text.n, end.p, end.n);
        size_t n = at ? (size_t)(at - text.p) : text.n;

        if (n)
            one_segment(s, (struct str){text.p, n});
        if (at)
            (void)buf_add(&s->out, end);
        n += at ? end.n : 0;
        text = (struct str){text.p + n, text.n - n};
    }
}

/* One character, or "x" where the set lacks it. */
static bool encode_point(iconv_t cd, struct str point, char **to, size_t *left)
{
    char x[] = "x", *in = (char *)(uintptr_t)point.p;
    size_t n = point.n;

    if (iconv(cd, &in, &n, to, left) != (size_t)-1 && n == 0)
        return true;
    in = x;
    n = 1;
    return iconv(cd, &in, &n, to, left) != (size_t)-1;
}

static bool encode(struct str text, const char *set, struct arena *a, struct str *out,
                   struct err *e)
{
    iconv_t cd = iconv_open(set, "UTF-8");
    size_t room = text.n * 4 + 64, left = room;
    char *bytes = arena_get(a, room, 1), *to = bytes;
    struct str rest = text;
    bool ok = cd != (iconv_t)-1;

    while (ok && rest.n) {
        struct str before = rest;

        (void)utf8_next(&rest);
        ok = encode_point(cd, (struct str){before.p, before.n - rest.n}, &to, &left);
    }
    if (ok)
        ok = iconv(cd, NULL, NULL, &to, &left) != (size_t)-1;
    if (cd != (iconv_t)-1)
        (void)iconv_close(cd);
    if (!ok)
        return err_set(e, ERR_INPUT, 0, "its character set cannot be written here");
    *out = (struct str){bytes, room - left};
    return true;
}

bool scrub_hl7(const struct fake *f, struct str body, struct arena *a, struct str *out,
               struct err *e)
{
    struct hl7_charset_settings set = {NULL, NULL, false};
    struct scrubbing s = {.fake = f, .arena = a, .out = buf_new(OUT_MOST)};
    struct hl7_decoded text;
    struct hl7_header h;
    bool ok;

    if (!hl7_header_scan(body, &h, e) || !hl7_decode(body, h.fields[18], &set, a, NULL, &text, e))
        return false;
    s.sep = h.sep;
    own_of_hl7(&s.own, text.text, &s.sep);
    all_segments(&s, text.text);
    ok = !s.out.over || err_set(e, ERR_INPUT, 0, "too large");
    if (ok && (text.text.p == body.p || !text.charset || !text.charset->iconv))
        *out = arena_copy(a, buf_str(&s.out));
    else if (ok)
        ok = encode(buf_str(&s.out), text.charset->iconv, a, out, e);
    buf_reset(&s.out);
    return ok;
}
