#include "hl7/edit.h"

#include "line_end.h"
#include "path_read.h"

/* before + n separators + middle + after */
static struct str join(struct arena *a, struct str before, char separator, size_t n,
                       struct str middle, struct str after)
{
    char *p = arena_get(a, before.n + n + middle.n + after.n + 1, 1);
    size_t at = before.n;

    if (before.n)
        memcpy(p, before.p, before.n);
    if (n)
        memset(p + at, separator, n);
    at += n;
    if (middle.n)
        memcpy(p + at, middle.p, middle.n);
    at += middle.n;
    if (after.n)
        memcpy(p + at, after.p, after.n);
    return (struct str){p, at + after.n};
}

/* s from byte `from` on, up to but without `to`. */
static struct str between(struct str s, size_t from, size_t to)
{
    return (struct str){s.p + from, to - from};
}

/* `whole` with `value` in the place of its part n; parts that are missing before it are made. */
static struct str replace(struct arena *a, struct str whole, char separator, size_t n,
                          struct str value)
{
    struct str rest;
    size_t have = 0;

    if (separator == '\0')
        return value; /* part 1 of 1: the caller has seen to it */
    if (!whole.p)
        whole = STR("");
    rest = whole;
    while (rest.p) {
        struct str part = str_cut(&rest, separator);
        size_t before = (size_t)(part.p - whole.p);

        if (++have == n)
            return join(a, between(whole, 0, before), separator, 0, value,
                        between(whole, before + part.n, whole.n));
    }
    return join(a, whole, separator, n - have, value, STR(""));
}

/* Which repetition is to be changed; 0: none passes the tests. */
static size_t choose(const struct hl7_path *p, const struct hl7_message *m, struct str field,
                     struct arena *a)
{
    struct str repetition;

    if (p->n_tests == 0)
        return p->repetition ? p->repetition : 1;
    for (size_t n = 1;; n++) {
        repetition = hl7_repetition(&m->sep, field, n);
        if (!repetition.p)
            return 0;
        if (path_passes(p, m, repetition, a))
            return n;
    }
}

/* The message has no separator for a part that is not the first. */
static bool unreachable(const struct hl7_separators *sep, const struct hl7_path *p, size_t n)
{
    return (n > 1 && !sep->repetition) || (p->component > 1 && !sep->component) ||
           (p->subcomponent > 1 && !sep->subcomponent);
}

/* The field's new text. */
static bool change_field(const struct hl7_path *p, const struct hl7_message *m, struct str field,
                         struct str raw, struct arena *a, struct str *out, struct err *e)
{
    struct str repetition, component;
    size_t n;

    *out = raw;
    if (p->component == 0 && p->repetition == 0 && p->n_tests == 0)
        return true;
    n = choose(p, m, field, a);
    if (n == 0)
        return err_set(e, ERR_INPUT, 0, "no repetition passes the tests of the path");
    if (unreachable(&m->sep, p, n))
        return err_set(e, ERR_INPUT, 0, "the message has no separator for that");
    repetition = hl7_repetition(&m->sep, field, n);
    component = hl7_component(&m->sep, repetition, p->component ? p->component : 1);
    if (p->subcomponent)
        *out = replace(a, component, m->sep.subcomponent, p->subcomponent, *out);
    if (p->component)
        *out = replace(a, repetition, m->sep.component, p->component, *out);
    *out = replace(a, field, m->sep.repetition, n, *out);
    return true;
}

static bool holds_line_end(struct str s)
{
    return s.n && (memchr(s.p, '\r', s.n) || memchr(s.p, '\n', s.n));
}

bool hl7_edit_set(struct str text, const struct hl7_path *p, struct str raw, struct arena *a,
                  struct str *out, struct err *e)
{
    struct hl7_limits limits = hl7_limits_default();
    const struct hl7_segment *s;
    struct hl7_message m;
    struct str field, value;
    size_t from, to;

    if (!hl7_message_index(text, NULL, &limits, a, NULL, &m, e))
        return false;
    if (path_is_separators(p))
        return err_set(e, ERR_INPUT, 0, "the separators of a message cannot be changed");
    if (holds_line_end(raw))
        return err_set(e, ERR_INPUT, 0, "the new text holds a line end");
    s = hl7_segment_find(&m, p->segment);
    if (!s)
        return err_set(e, ERR_INPUT, 0, "the message has no %s segment", p->segment);
    field = hl7_field(s, p->field);
    if (!change_field(p, &m, field, raw, a, &value, e))
        return false;
    from = (size_t)((field.p ? field.p : s->text.p + s->text.n) - m.text.p);
    to = from + field.n;
    *out = join(a, between(m.text, 0, from), m.sep.field, field.p ? 0 : p->field - s->n_fields,
                value, between(m.text, to, m.text.n));
    return true;
}

bool hl7_edit_append(struct str text, struct str segment, struct arena *a, struct str *out,
                     struct err *e)
{
    struct hl7_limits limits = hl7_limits_default();
    struct str end = line_end(text, NULL);
    struct hl7_message m, one;
    bool ended = text.n >= end.n && memcmp(text.p + text.n - end.n, end.p, end.n) == 0;

    if (!hl7_message_index(text, NULL, &limits, a, NULL, &m, e))
        return false;
    if (holds_line_end(segment))
        return err_set(e, ERR_INPUT, 0, "the new segment holds a line end");
    text = join(a, text, '\0', 0, ended ? STR("") : end, segment);
    *out = join(a, text, '\0', 0, end, STR(""));
    if (!hl7_message_index(*out, NULL, &limits, a, NULL, &one, e))
        return false;
    if (one.n_segments != m.n_segments + 1 || one.segments[m.n_segments].name[0] == '\0')
        return err_set(e, ERR_INPUT, 0, "the new segment does not start with a segment name");
    return true;
}
