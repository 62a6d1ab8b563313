/* From field to leaf: cuts by the message's own separators, nothing kept. */
#include "hl7/escape.h"
#include "hl7/message.h"

/* Part n of s; all of it is part 1 when the message has no such separator. */
static struct str part(struct str s, char separator, size_t n)
{
    if (separator == '\0')
        return n == 1 ? s : (struct str){NULL, 0};
    while (s.p && n > 1) {
        (void)str_cut(&s, separator);
        n--;
    }
    return s.p && n == 1 ? str_cut(&s, separator) : (struct str){NULL, 0};
}

struct str hl7_field(const struct hl7_segment *s, size_t n)
{
    size_t token = n;

    if (n == 0 || n > s->n_fields)
        return (struct str){NULL, 0};
    if (hl7_segment_is(s, "MSH")) {
        if (n == 1)
            return (struct str){s->base + s->marks[0], 1};
        token--;
    }
    return (struct str){s->base + s->marks[token - 1] + 1,
                        s->marks[token] - s->marks[token - 1] - 1};
}

struct str hl7_repetition(const struct hl7_separators *sep, struct str field, size_t n)
{
    return part(field, sep->repetition, n);
}

struct str hl7_component(const struct hl7_separators *sep, struct str repetition, size_t n)
{
    return part(repetition, sep->component, n);
}

struct str hl7_subcomponent(const struct hl7_separators *sep, struct str component, size_t n)
{
    return part(component, sep->subcomponent, n);
}

struct str hl7_component_text(const struct hl7_message *m, struct str repetition, size_t n,
                              size_t sub, struct arena *a)
{
    struct str component = hl7_component(&m->sep, repetition, n);
    struct str leaf = hl7_subcomponent(&m->sep, component, sub ? sub : 1);

    return hl7_unescape(leaf, &m->sep, m->charset, a, NULL);
}

bool hl7_is_truncated(const struct hl7_message *m, struct str raw)
{
    return raw.n && m->sep.truncation && raw.p[raw.n - 1] == m->sep.truncation;
}
