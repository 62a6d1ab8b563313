#include "xml_value.h"

#include "hl7/escape.h"

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

bool xml_value_is_blank(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (!is_space(s.p[i]))
            return false;
    }
    return true;
}

struct str xml_value_trim(struct str s)
{
    size_t lead = 0, trail = 0;

    while (lead < s.n && is_space(s.p[lead]))
        lead++;
    if (memchr(s.p, '\n', lead))
        s = (struct str){s.p + lead, s.n - lead};
    while (trail < s.n && is_space(s.p[s.n - trail - 1]))
        trail++;
    if (trail && memchr(s.p + s.n - trail, '\n', trail))
        s.n -= trail;
    return s;
}

void xml_value_write(struct buf *out, struct str s, const struct hl7_separators *sep)
{
    const char stops[] = {XML_ESCAPE_START, '\n', '\0'};

    while (s.n) {
        size_t n = 0;

        while (n < s.n && !(s.p[n] && strchr(stops, s.p[n])))
            n++;
        hl7_escape(out, (struct str){s.p, n}, sep);
        s = (struct str){s.p + n, s.n - n};
        if (s.n == 0)
            return;
        if (s.p[0] == '\n') {
            buf_printf(out, "%c.br%c", sep->escape, sep->escape);
            s = (struct str){s.p + 1, s.n - 1};
        } else {
            s = (struct str){s.p + 1, s.n - 1};
            buf_add_char(out, sep->escape);
            buf_add(out, str_cut(&s, XML_ESCAPE_END));
            buf_add_char(out, sep->escape);
        }
    }
}
